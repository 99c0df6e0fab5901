"""YAML text into plain data, without YAML's guesses.

Every scalar stays the text that was written: `no`, `012`, `22:30`, `~` and `2021-01-01` are words until a key says what it
takes.  Data are dicts, lists, str, True and False (`true` and `false` without quotation marks), and None (nothing at all).

Refused: two keys that are equal, tags, several documents, references that grow beyond bounds, nesting without end.

Marks are not kept while reading, a file of 100,000 records has no time for them: `marks.py` finds them once something is
wrong.

    >>> read_yaml("x.yaml", "listen: [on, 012, true]")
    {'listen': ['on', '012', True]}
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from proxy.settings import marks as parsing
from proxy.settings.marks import Marks, mark_of
from proxy.settings.problems import MAX_PROBLEMS, ConfigError, ConfigProblem, Mark, Path, shortened

MAX_OCTETS = 64 * 1024 * 1024
MAX_DEPTH = 64
MAX_VALUES = 2_000_000

Data = Any
_PLAIN = {"": None, "true": True, "false": False}
_CORE_TAGS = frozenset((None, "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"))
_NO_CHARACTER = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HINTS = {
    "mapping values are not allowed": "a text with a colon and a blank in it stands in quotation marks",
    "expected ',' or": "a bracket is not closed, or a comma is missing",
    "cannot start any token": "indent with blanks, and put a text that begins with a special character into quotation marks",
    "could not find expected ':'": "a key is followed by a colon and a blank",
    "did not find expected key": "keys of one mapping begin in one column",
    "block end": "keys of one mapping begin in one column",
}


def decode(name: str, content: str | bytes) -> str:
    """The text of a file; ConfigError where it is too large or not UTF-8."""
    if len(content) > MAX_OCTETS:
        what = f"this has {len(content):,} octets, and vpcdns reads {MAX_OCTETS:,} at most"
        raise ConfigError([ConfigProblem(Mark(name, 1, 1), (), what)])
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()
        mark = _mark_of_offset(name, before, len(before))
        raise ConfigError([ConfigProblem(mark, (), "this is not UTF-8", "save the file as UTF-8")]) from None


def forbidden_character(text: str) -> str:
    """The first character that YAML does not allow; an empty text where there is none."""
    found = _NO_CHARACTER.search(text)
    return found[0] if found else ""


def read_yaml(name: str, text: str) -> Data:
    """The data of one YAML document; ConfigError where there is none to be read."""
    try:
        parser = parsing.Parser(text)
        try:
            return _Composer(name, text, parser.get_event).document()
        finally:
            parser.dispose()
    except yaml.MarkedYAMLError as error:
        raise ConfigError([_no_yaml(name, error)]) from None
    except (yaml.reader.ReaderError, UnicodeEncodeError):
        found = _NO_CHARACTER.search(text)
        position, letter = (found.start(), found[0]) if found else (0, "\ufeff")
        what = f"the character U+{ord(letter):04X} is not allowed in YAML"
        raise ConfigError([ConfigProblem(_mark_of_offset(name, text, position), (), what)]) from None


def _no_yaml(name: str, error: yaml.MarkedYAMLError) -> ConfigProblem:
    at: Any = error.problem_mark
    what = f"this is no YAML: {error.problem}"
    if error.context and error.context_mark:
        what += f", {error.context} that begins in line {error.context_mark.line + 1}"
    hint = next((hint for part, hint in _HINTS.items() if part in what), "")
    return ConfigProblem(Mark(name, at.line + 1, at.column + 1), (), what, hint)


class _Composer:
    """Builds data from events, its references bounded; all that is wrong in it is told at once."""

    def __init__(self, name: str, text: str, next_event: Callable[[], Any]) -> None:
        self._name = name
        self._text = text
        self._next = next_event
        self._problems: list[ConfigProblem] = []
        self._anchors: dict[str, tuple[Data, int] | None] = {}
        self._values = 0
        self._path: list[str | int] = []
        self._twice: list[tuple[Mark, Path]] = []

    def document(self) -> Data:
        data = None
        documents = 0
        while (event := self._next()).__class__ is not StreamEndEvent:
            if event.__class__ is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._problem(
                        event, "a second document begins here", "a configuration is one; a folder holds several files"
                    )
                    break
                data = self._value(self._next())
        if self._problems or self._twice:
            raise ConfigError([*self._problems, *self._all_twice()])
        return data

    def _all_twice(self) -> Iterator[ConfigProblem]:
        """The keys that stand twice, and where first: found last, when the text is known to be whole and within bounds."""
        marks = None if self._problems else Marks([(self._name, self._text)])
        for mark, path in self._twice:
            first = f", first in line {marks.mark(path).line}" if marks else ""
            yield ConfigProblem(mark, path, f"{path[-1]} stands twice{first}", "keep one of the two")

    def _value(self, event: Any) -> Data:
        """Any value, with whatever may stand before it."""
        if event.__class__ is AliasEvent:
            return self._reference(event)
        before = self._values
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        if event.tag not in _CORE_TAGS:
            self._problem(event, f"the tag {event.tag} is nothing that vpcdns takes", "leave it out")
        if event.__class__ is ScalarEvent:
            data: Data = event.value if event.style or event.tag else _PLAIN.get(event.value, event.value)
        elif len(self._path) >= MAX_DEPTH:
            self._fail(event, f"this is nested more than {MAX_DEPTH} deep")
        else:
            data = self._mapping() if event.__class__ is MappingStartEvent else self._sequence()
        self._count(event, 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = data, self._values - before
        return data

    def _reference(self, event: Any) -> Data:
        if event.anchor not in self._anchors:
            self._problem(
                event, f"*{event.anchor} refers to nothing", f"put &{event.anchor} before what is meant, further up"
            )
            return None
        known = self._anchors[event.anchor]
        if known is None:
            self._problem(event, f"*{event.anchor} refers to what it stands in")
            return None
        self._count(event, known[1])
        return known[0]

    def _sequence(self) -> list[Data]:
        data: list[Data] = []
        self._path.append(0)
        while (event := self._next()).__class__ is not SequenceEndEvent:
            self._path[-1] = len(data)
            data.append(self._value(event))
        self._path.pop()
        return data

    def _mapping(self) -> dict[str, Data]:
        data: dict[str, Data] = {}
        merged: list[Data] = []
        self._path.append("")
        while (event := self._next()).__class__ is not MappingEndEvent:
            if event.__class__ is not ScalarEvent or event.tag is not None or event.anchor is not None:
                self._odd_key(event)
                continue
            key = self._path[-1] = event.value
            value = self._next()
            if value.__class__ is ScalarEvent and value.tag is None and value.anchor is None:
                self._values += 1  # as `_value` does, without the call: most of a large file passes here
                value = value.value if value.style else _PLAIN.get(value.value, value.value)
            else:
                value = self._value(value)
            if key == "<<" and not event.style:
                merged += self._sources(event, value)
            elif key in data:
                self._stands_twice(event)
            else:
                data[key] = value
        self._path.pop()
        return _put_behind(data, merged) if merged else data

    def _stands_twice(self, event: Any) -> None:
        self._twice.append((mark_of(self._name, event), tuple(self._path)))
        if len(self._twice) >= MAX_PROBLEMS:
            self._fail(event, f"with this there are {MAX_PROBLEMS:,} keys that stand twice")

    def _odd_key(self, event: Any) -> None:
        """A key with a tag, an anchor, or that is no scalar: `{{name}}` is one of the latter."""
        self._value(event)
        self._value(self._next())
        self._problem(event, "a key is a plain word", "put a key with special characters into quotation marks")

    def _sources(self, event: Any, value: Data) -> list[dict[str, Data]]:
        sources = value if isinstance(value, list) else [value]
        if any(not isinstance(source, dict) for source in sources):
            self._problem(event, "<< takes a mapping, or a list of them", "write for example <<: *defaults")
            return []
        return sources

    def _count(self, event: Any, values: int) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            what = f"with this there are more than {MAX_VALUES:,} values"
            self._fail(event, what, "those of a reference count wherever it stands")

    def _problem(self, event: Any, what: str, hint: str = "") -> None:
        self._problems.append(ConfigProblem(mark_of(self._name, event), (), shortened(what), hint))
        if len(self._problems) >= MAX_PROBLEMS:
            raise ConfigError(self._problems)

    def _fail(self, event: Any, what: str, hint: str = "") -> None:
        self._problem(event, what, hint)
        raise ConfigError(self._problems)


def _put_behind(data: dict[str, Data], merged: list[dict[str, Data]]) -> dict[str, Data]:
    """`data` with what it lacks from the `merged` ones, of which the first with a key has its value.

    Each is walked over once, however many there are: values are bounded by what is read here, their products would not be.
    """
    whole: dict[str, Data] = {}
    for source in reversed(merged):
        whole.update(source)
    whole.update(data)
    return whole


def _mark_of_offset(name: str, text: str, offset: int) -> Mark:
    before = text[:offset]
    return Mark(name, before.count("\n") + 1, offset - before.rfind("\n"))
