"""What a key can take: small pieces that check plain data and can be put together.

A piece is frozen and knows four things: what it `expects` in words, an `example` to copy, how to `check` data into the value
that `Settings` has, and how that value is `written` in a file.  Nothing else in this room walks over data, so a key that
is added to `shape.py` is parsed, explained, put into the JSON schema and into the reference by its own line there.

Checking goes on after a mistake: every problem is gathered, and then the values are of no use.

    >>> place = Place((), problems := [])
    >>> one_or_list(Text("a word", "app")).check("app", place)
    ('app',)
"""

from __future__ import annotations

import typing
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, NamedTuple

from proxy.settings.problems import Path, did_you_mean
from proxy.settings.unsupported import not_yet

Data = Any
Found = tuple[Path, str, str]
_NOTHING = (None, "~", "null")


class Wrong(ValueError):
    """What is wrong with a text, and what to write instead."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class Place(NamedTuple):
    """Where data stand, the list that takes their problems, and the mapping around them."""

    path: Path
    problems: list[Found]
    around: Mapping[str, Data] = {}

    def at(self, part: str | int, around: Mapping[str, Data] | None = None) -> Place:
        """The place of a key or of an item."""
        return Place((*self.path, part), self.problems, around or {})

    def wrong(self, what: str, hint: str = "") -> None:
        """Note a problem of these data."""
        self.problems.append((self.path, what, hint))


class Takes(ABC):
    """What a key takes."""

    expects: str
    example: str

    @abstractmethod
    def check(self, data: Data, place: Place) -> Any:
        """The value of `data`; where there is none, a problem is noted, and what comes back is of no use."""

    def written(self, value: Any) -> Data:
        """A value as a file has it."""
        return value

    def refuse(self, data: Data, place: Place) -> None:
        """Note that these data are of the wrong kind."""
        place.wrong(f"{self.expects} is expected here, not {kind_of(data)}", f"write for example {self.example}")


def kind_of(data: Data) -> str:
    """What data are, in words."""
    if isinstance(data, dict):
        return "a mapping"
    return "a list" if isinstance(data, list) else "nothing" if data is None else text_of(data)


def text_of(data: Data) -> str:
    """A scalar as it was written."""
    return str(data).lower() if isinstance(data, bool) else str(data)


def _is_scalar(data: Data) -> bool:
    return isinstance(data, str | bool)


@dataclass(frozen=True, slots=True)
class Text(Takes):
    """One scalar.  `parse` gives its value or raises Wrong; `pattern` is for the JSON schema."""

    expects: str
    example: str
    parse: Callable[[str], Any] = str
    show: Callable[[Any], str] = str
    pattern: str | None = None

    def check(self, data: Data, place: Place) -> Any:
        if not _is_scalar(data):
            return self.refuse(data, place)
        text = text_of(data)
        try:
            return self.parse(text)
        except Wrong as wrong:
            later = not_yet(place.path, text)
            return place.wrong(later) if later else place.wrong(wrong.what, wrong.hint)

    def written(self, value: Any) -> Data:
        return None if value is None else self.show(value)


@dataclass(frozen=True, slots=True)
class Choice(Takes):
    """One of several words."""

    words: tuple[str, ...]

    @property
    def expects(self) -> str:  # type: ignore[override]
        return f"one of {', '.join(self.words)}"

    @property
    def example(self) -> str:  # type: ignore[override]
        return self.words[0]

    def check(self, data: Data, place: Place) -> Any:
        if not _is_scalar(data):
            return self.refuse(data, place)
        text = text_of(data)
        if text not in self.words:
            later = not_yet(place.path, text)
            return (
                place.wrong(later) if later else place.wrong(f"{text} is not {self.expects}", did_you_mean(text, self.words))
            )
        return text


@dataclass(frozen=True, slots=True)
class Flag(Takes):
    """`true` or `false`, and no other word."""

    expects = "true or false"
    example = "true"

    def check(self, data: Data, place: Place) -> Any:
        if isinstance(data, bool):
            return data
        if not isinstance(data, str):
            return self.refuse(data, place)
        means = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(data.lower(), "true or false")
        return place.wrong(f"{data} is neither true nor false", f"write {means}, without quotation marks")


@dataclass(frozen=True, slots=True)
class Integer(Takes):
    """A whole number in decimal digits."""

    low: int
    high: int

    @property
    def expects(self) -> str:  # type: ignore[override]
        return f"a whole number from {self.low} to {self.high}"

    @property
    def example(self) -> str:  # type: ignore[override]
        return str(self.low)

    def check(self, data: Data, place: Place) -> Any:
        if not _is_scalar(data):
            return self.refuse(data, place)
        number = whole_number(text_of(data))
        if number is None or not self.low <= number <= self.high:
            return place.wrong(f"{text_of(data)} is not {self.expects}")
        return number


def whole_number(text: str) -> int | None:
    """The number of decimal digits without leading zeros; None for anything else (`012`, `0x10`, `1e3`, `1_000`)."""
    if text.isdecimal() and text.isascii() and len(text) < 20 and (text == "0" or text[0] != "0"):
        return int(text)
    return None


@dataclass(frozen=True, slots=True)
class ListOf(Takes):
    """A list, to a tuple."""

    item: Takes

    @property
    def expects(self) -> str:  # type: ignore[override]
        return f"a list, each {self.item.expects}"

    @property
    def example(self) -> str:  # type: ignore[override]
        return f"[{self.item.example}]"

    def check(self, data: Data, place: Place) -> Any:
        if data in _NOTHING:
            return ()
        if not isinstance(data, list):
            return self.refuse(data, place)
        return tuple(self.item.check(item, place.at(index)) for index, item in enumerate(data))

    def written(self, value: Any) -> Data:
        return None if value is None else [self.item.written(item) for item in value]


@dataclass(frozen=True, slots=True)
class MapOf(Takes):
    """A mapping whose keys are the user's own."""

    key: Text
    item: Takes

    @property
    def expects(self) -> str:  # type: ignore[override]
        return f"a mapping from {self.key.expects} to {self.item.expects}"

    @property
    def example(self) -> str:  # type: ignore[override]
        return f"{{{self.key.example}: {self.item.example}}}"

    def check(self, data: Data, place: Place) -> Any:
        if data in _NOTHING:
            return {}
        if not isinstance(data, dict):
            return self.refuse(data, place)
        return {self.key.check(key, place.at(key)): self.item.check(item, place.at(key)) for key, item in data.items()}

    def written(self, value: Any) -> Data:
        return None if value is None else {self.key.written(key): self.item.written(item) for key, item in value.items()}


class Key(NamedTuple):
    """Stands in the annotation of a dataclass's field: what the key of that name takes, and what it is for.

    `name` where the file has another word for it; `default` tells, for the reference, what happens without it.
    """

    takes: Takes
    about: str
    name: str = ""
    default: str = ""


class KeyOf(NamedTuple):
    """A key of an object: its name in the file, the dataclass's field, and what is known of both."""

    name: str
    field: str
    key: Key
    value: Any
    required: bool


@cache
def keys_of(shape: type) -> Mapping[str, KeyOf]:
    """The keys of an object, by their names, in the order of the dataclass."""
    hints = typing.get_type_hints(shape, include_extras=True)
    found = {}
    for field in fields(shape):
        for key in getattr(hints[field.name], "__metadata__", ()):
            value = field.default_factory() if field.default_factory is not MISSING else field.default
            name = key.name or field.name
            found[name] = KeyOf(name, field.name, key, value, value is MISSING)
    return found


@dataclass(frozen=True, slots=True)
class ObjectOf(Takes):
    """A mapping whose keys are the fields of a dataclass, to one of these.

    `after` makes the final value of it, or raises Wrong.  It is given the path, too.
    """

    shape: type
    example: str
    after: Callable[[Any, Path], Any] | None = None

    @property
    def expects(self) -> str:  # type: ignore[override]
        return f"a mapping (keys: {', '.join(keys_of(self.shape))})"

    def check(self, data: Data, place: Place) -> Any:
        if data in _NOTHING:
            data = {}
        if not isinstance(data, dict):
            return self.refuse(data, place)
        keys = keys_of(self.shape)
        before = len(place.problems)
        values = {}
        for name, value in data.items():
            if name in keys:
                key = keys[name]
                values[key.field] = key.key.takes.check(value, place.at(name, data))
            else:
                _unknown(place.at(name), keys)
        missing = [key for key in keys.values() if key.required and key.name not in data]
        if data.keys() <= keys.keys():  # else one that is missing may be there, misspelt
            for key in missing:
                place.wrong(f"{key.name} is missing", f"write for example {key.name}: {key.key.takes.example}")
        return self._made(values, place) if len(place.problems) == before else None

    def _made(self, values: dict[str, Any], place: Place) -> Any:
        made = self.shape(**values)
        try:
            return self.after(made, place.path) if self.after else made
        except Wrong as wrong:
            return place.wrong(wrong.what, wrong.hint)

    def written(self, value: Any) -> Data:
        if value is None:
            return None
        return {
            key.name: key.key.takes.written(getattr(value, key.field))
            for key in keys_of(self.shape).values()
            if getattr(value, key.field) != key.value
        }


def _unknown(place: Place, keys: Iterable[str]) -> None:
    name = str(place.path[-1])
    later = not_yet(place.path)
    if later:
        place.wrong(later)
    else:
        place.wrong(f"unknown key {name}", did_you_mean(name, keys))


@dataclass(frozen=True, slots=True)
class ByKind(Takes):
    """One thing where a scalar stands, others where a list or a mapping does.  `written` chooses how a value is shown."""

    scalar: Takes | None = None
    sequence: Takes | None = None
    mapping: Takes | None = None
    show: Callable[[Any], Data] | None = None

    @property
    def choices(self) -> tuple[Takes, ...]:
        """What may stand here, the simplest first."""
        return tuple(takes for takes in (self.scalar, self.sequence, self.mapping) if takes)

    @property
    def expects(self) -> str:  # type: ignore[override]
        return ", or ".join(takes.expects for takes in self.choices)

    @property
    def example(self) -> str:  # type: ignore[override]
        return self.choices[0].example

    def check(self, data: Data, place: Place) -> Any:
        if isinstance(data, dict):
            chosen = self.mapping
        elif isinstance(data, list):
            chosen = self.sequence
        else:
            chosen = self.scalar if data is not None else None
        return chosen.check(data, place) if chosen else self.refuse(data, place)

    def written(self, value: Any) -> Data:
        return self.show(value) if self.show else value


@dataclass(frozen=True, slots=True)
class Converted(Takes):
    """What another piece takes, its value put into another form."""

    takes: Takes
    convert: Callable[[Any], Any]

    @property
    def expects(self) -> str:  # type: ignore[override]
        return self.takes.expects

    @property
    def example(self) -> str:  # type: ignore[override]
        return self.takes.example

    def check(self, data: Data, place: Place) -> Any:
        return self.convert(self.takes.check(data, place))


@dataclass(frozen=True, slots=True)
class OneOrList(Takes):
    """One thing, or a list of such; a tuple of them all the same."""

    item: Takes

    @property
    def expects(self) -> str:  # type: ignore[override]
        return f"{self.item.expects}, or a list of such"

    @property
    def example(self) -> str:  # type: ignore[override]
        return self.item.example

    def check(self, data: Data, place: Place) -> Any:
        if isinstance(data, list):
            return tuple(self.item.check(item, place.at(index)) for index, item in enumerate(data))
        if data is None:
            return self.refuse(data, place)
        return (self.item.check(data, place),)

    def written(self, value: Any) -> Data:
        return None if value is None else [self.item.written(item) for item in value]
