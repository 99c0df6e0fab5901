r"""Where things stand in the files: the mark of a path, found only when it is asked for.

>>> Marks([("a.yaml", "vpcs:\n  app: {}\n")]).mark(("vpcs", "app"))
Mark(file='a.yaml', line=2, column=3)
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import yaml

from proxy.settings.problems import Mark, Path

Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where PyYAML was built with it; the other gives the same, twenty times as slowly."""


class _Place(NamedTuple):
    """A node, and the mark of the key in front of it, or its own where there is none."""

    mark: Mark
    node: yaml.Node


class Marks:
    """The marks of several texts that are read as one: their mappings merged, their lists appended.

    The texts have to be such as `reader.py` could read: its bounds are what keeps these nodes within theirs.
    """

    def __init__(self, texts: Sequence[tuple[str, str]]) -> None:
        self._texts = texts
        self._indexes: dict[int, dict[str, _Place]] = {}

    def mark(self, path: Path) -> Mark:
        """The mark of what stands at `path`, or of the last part of it that is there."""
        places = self._roots
        mark = places[0].mark if places else Mark(self._texts[0][0] if self._texts else "", 1, 1)
        for part in path:
            places = self._keyed(places, part) if isinstance(part, str) else _counted(places, part)
            if not places:
                break
            mark = places[0].mark
        return mark

    @cached_property
    def _roots(self) -> list[_Place]:
        found = ((name, _compose(text)) for name, text in self._texts)
        return [_Place(mark_of(name, node), node) for name, node in found if node is not None]

    def _keyed(self, places: list[_Place], key: str) -> list[_Place]:
        found = (self._index(place.mark.file, place.node).get(key) for place in places)
        return [place for place in found if place is not None]

    def _index(self, file: str, node: yaml.Node) -> dict[str, _Place]:
        """The places of a mapping's keys, a merged mapping's among them; of anything else, none."""
        index = self._indexes.get(id(node))
        if index is None:
            index = self._indexes[id(node)] = {}
            for key, value in _pairs(node):
                index.setdefault(key.value, _Place(mark_of(file, key), value))
        return index


def _pairs(node: yaml.Node) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """The keys and values of a mapping, then those of each mapping that is merged into it, and so on.

    One that is merged in twice has nothing to add the second time.  It does not call itself, as a chain of references may be
    longer than calls may be deep.
    """
    waiting, seen = [node], set()
    while waiting:
        source = waiting.pop()
        if id(source) in seen or not isinstance(source, yaml.MappingNode):
            continue
        seen.add(id(source))
        yield from source.value
        waiting += reversed([merged for key, value in source.value if key.value == "<<" for merged in _sources(value)])


def mark_of(name: str, thing: Any) -> Mark:
    """The mark where a node or an event of YAML begins."""
    return Mark(name, thing.start_mark.line + 1, thing.start_mark.column + 1)


def _sources(merged: yaml.Node) -> list[yaml.Node]:
    return merged.value if isinstance(merged, yaml.SequenceNode) else [merged]


def _counted(places: list[_Place], index: int) -> list[_Place]:
    """The item of a list that begins in one file and goes on in the next."""
    for mark, node in places:
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        if index < len(items):
            return [_Place(mark_of(mark.file, items[index]), items[index])]
        index -= len(items)
    return []


class _Loader(Parser):  # type: ignore[misc]
    """Composes nodes without YAML's guesses about types, which take most of the time."""

    def resolve(self, *_: object) -> str:
        return ""

    def descend_resolver(self, *_: object) -> None: ...

    def ascend_resolver(self) -> None: ...


def _compose(text: str) -> yaml.Node | None:
    """The nodes of a text.  None of these many objects can be garbage, and looking for some would take thrice the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        node: yaml.Node | None = _Loader(text).get_single_node()
        return node
    finally:
        if collecting:
            gc.enable()
