"""Lists, mappings, and mappings with known keys, of what `takes.py` has.

>>> OneOrList(Text("a word", "app")).check("x", Place((), []))
('x',)
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, NamedTuple

from proxy.nouns import dataclass
from proxy.settings.problems import Path, did_you_mean
from proxy.settings.takes import Data, Place, Takes, Text, Wrong, refuse


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list; `make` makes a value of what its items are."""

    item: Takes
    make: Callable[[Iterable[Any]], Any] = tuple

    @property
    def expects(self) -> str:
        """A list of what."""
        return f"a list (each item {self.item.expects})"

    @property
    def example(self) -> str:
        """A list of one."""
        return f"[{self.item.example}]"

    def check(self, data: Data, place: Place) -> Any:
        """The values of the items."""
        if not isinstance(data, list):
            return refuse(self, data, place)
        return self.make(self.item.check(item, place.at(index)) for index, item in enumerate(data))


@dataclass(frozen=True, slots=True)
class OneOrList:
    """One thing, or a list of such; a tuple of them all the same."""

    item: Takes

    @property
    def expects(self) -> str:
        """One of what."""
        return f"{self.item.expects} (or a list of such)"

    @property
    def example(self) -> str:
        """One."""
        return self.item.example

    def check(self, data: Data, place: Place) -> Any:
        """The values of the items."""
        if isinstance(data, list):
            return tuple(self.item.check(item, place.at(index)) for index, item in enumerate(data))
        return (self.item.check(data, place),)


@dataclass(frozen=True, slots=True)
class OrFalse:
    """One thing, or `false` where there is to be none: the value is then False."""

    item: Takes

    @property
    def expects(self) -> str:
        """One of what."""
        return f"{self.item.expects} (or false)"

    @property
    def example(self) -> str:
        """One."""
        return self.item.example

    def check(self, data: Data, place: Place) -> Any:
        """The value of the item, or False."""
        return False if data is False else self.item.check(data, place)


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping whose keys are the user's own."""

    key: Text
    item: Takes

    @property
    def expects(self) -> str:
        """From what to what."""
        return f"a mapping from {self.key.expects} to {self.item.expects}"

    @property
    def example(self) -> str:
        """A mapping with one key."""
        return f"{{{self.key.example}: {self.item.example}}}"

    def check(self, data: Data, place: Place) -> Any:
        """The values by the values of their keys, which may be equal though their texts are not."""
        if not isinstance(data, dict):
            return refuse(self, data, place)
        found = {}
        for name, value in data.items():
            inner = place.at(name)
            key = self.key.check(name, inner)
            if key in found and key is not None:
                inner.wrong(f"{self.key.show(key)} stands twice here", "keep one of the two")
            found[key] = self.item.check(value, inner)
        return found


@dataclass(frozen=True, slots=True)
class ByKind:
    """One thing where a scalar stands, others where a list or a mapping does."""

    expects: str
    example: str
    scalar: Takes | None = None
    sequence: Takes | None = None
    mapping: Takes | None = None

    @property
    def choices(self) -> tuple[Takes, ...]:
        """What may stand here, the simplest first."""
        return tuple(takes for takes in (self.scalar, self.sequence, self.mapping) if takes)

    def check(self, data: Data, place: Place) -> Any:
        """The value of what stands there."""
        if isinstance(data, dict):
            chosen = self.mapping
        elif isinstance(data, list):
            chosen = self.sequence
        else:
            chosen = self.scalar if data is not None else None
        return chosen.check(data, place) if chosen else refuse(self, data, place)


class Key(NamedTuple):
    """Stands in the annotation of a dataclass's field: what the key of that name takes, and what it is for.

    `name` where the file has another word for it; `default` says what happens without it, where the value does not.
    `unless` is another key and those of its words with which this one may be absent: it is required with all others.
    """

    takes: Takes
    about: str
    name: str = ""
    default: str = ""
    unless: tuple[str, ...] = ()


class KeyOf(NamedTuple):
    """A key of an object: the dataclass's field, what the key takes, what it is for, and its value where it is absent.

    `unless` is as in `Key`.
    """

    field: str
    takes: Takes
    about: str
    default: str
    value: Any
    unless: tuple[str, ...]

    @property
    def required(self) -> bool:
        """True where it may never be absent."""
        return self.value is MISSING

    def is_missed(self, data: Mapping[str, Data]) -> bool:
        """True where an object that does not have it should."""
        return self.required or (bool(self.unless) and data.get(self.unless[0]) not in self.unless[1:])


@cache
def keys_of(shape: type) -> Mapping[str, KeyOf]:
    """The keys of an object, by their names, in the order of the dataclass."""
    hints = typing.get_type_hints(shape, include_extras=True)
    found = {}
    for field in fields(shape):
        key: Key = hints[field.name].__metadata__[0]
        value = field.default_factory() if field.default_factory is not MISSING else field.default
        found[key.name or field.name] = KeyOf(field.name, key.takes, key.about, key.default, value, key.unless)
    return found


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """A mapping whose keys are the fields of a dataclass, to one of these.

    `after` makes the final value of it and of its path, or raises Wrong.
    """

    shape: type
    example: str
    after: Callable[[Any, Path], Any] = lambda made, _: made
    expects: str = "a mapping"

    def check(self, data: Data, place: Place) -> Any:
        """The object.  Nothing at all is one without keys: `app:`, when everything below is a comment."""
        if data is None:
            data = {}
        if not isinstance(data, dict):
            return refuse(self, data, place)
        before = len(place.problems)
        values = self._values(data, place)
        if len(place.problems) > before:
            return None
        try:
            return self.after(self.shape(**values), place.path)
        except Wrong as wrong:
            return place.catch(wrong)

    def _values(self, data: dict[str, Data], place: Place) -> dict[str, Any]:
        keys = keys_of(self.shape)
        values = {}
        for name, value in data.items():
            if name not in keys:
                _unknown(place.at(name), keys)
            elif value is not None or keys[name].value not in ((), {}):  # a list whose items are all comments is none
                values[keys[name].field] = keys[name].takes.check(value, place.at(name, data))
        if data.keys() <= keys.keys():  # else one that is missing may be there, misspelt
            for name, key in keys.items():
                if name not in data and key.is_missed(data):
                    place.wrong(f"{name} is missing", f"write for example {name}: {key.takes.example}")
        return values


def _unknown(place: Place, keys: Iterable[str]) -> None:
    name = str(place.path[-1])
    place.wrong(f"unknown key {name}", did_you_mean(name, keys))
