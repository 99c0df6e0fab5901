r"""Where things stand in the files: the mark of a path, found only when it is asked for.

>>> Marks([("a.yaml", "vpcs:\n  app: {}\n")]).mark(("vpcs", "app"))
Mark(file='a.yaml', line=2, column=3)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import yaml

from proxy.settings.problems import Mark, Path

Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where PyYAML was built with it; the other gives the same, twenty times as slowly."""

_Place = tuple[Mark, yaml.Node]


class Marks:
    """The marks of several texts that are read as one: their mappings merged, their lists appended."""

    def __init__(self, texts: Sequence[tuple[str, str]]) -> None:
        self._texts = texts

    def mark(self, path: Path) -> Mark:
        """The mark of what stands at `path`, or of the last part of it that is there."""
        places = self._roots
        mark = places[0][0] if places else Mark(self._texts[0][0] if self._texts else "", 1, 1)
        for part in path:
            places = _children(places, part)
            if not places:
                break
            mark = places[0][0]
        return mark

    @cached_property
    def _roots(self) -> list[_Place]:
        found = ((name, _compose(text)) for name, text in self._texts)
        return [(mark_of(name, node), node) for name, node in found if node is not None]


def mark_of(name: str, thing: Any) -> Mark:
    """The mark where a node or an event of YAML begins."""
    return Mark(name, thing.start_mark.line + 1, thing.start_mark.column + 1)


def _compose(text: str) -> yaml.Node | None:
    """The nodes of a text; None where there are none, or where the text is so broken that they cannot be had."""
    loader_type = type(
        "Loader", (Parser,), {"resolve": lambda *_: "", "descend_resolver": _nothing, "ascend_resolver": _nothing}
    )
    try:
        loader = loader_type(text)
        node: yaml.Node | None = loader.get_single_node()
    except yaml.YAMLError:
        return None
    return node


def _nothing(*_: object) -> None:
    """In place of YAML's guesses about types, which take most of the time."""


def _children(places: list[_Place], part: str | int) -> list[_Place]:
    if isinstance(part, str):
        return [found for mark, node in places for found in _values(mark.file, node, part)]
    for mark, node in places:
        if isinstance(node, yaml.SequenceNode):
            if part < len(node.value):
                return [(mark_of(mark.file, node.value[part]), node.value[part])]
            part -= len(node.value)
    return []


def _values(file: str, node: yaml.Node, key: str) -> list[_Place]:
    """The value of a key with the key's mark; one of a merged mapping where it has none of its own."""
    if not isinstance(node, yaml.MappingNode):
        return []
    for own, value in node.value:
        if own.value == key:
            return [(mark_of(file, own), value)]
    for own, merged in node.value:
        if own.value == "<<":
            for source in merged.value if isinstance(merged, yaml.SequenceNode) else [merged]:
                if found := _values(file, source, key):
                    return found
    return []
