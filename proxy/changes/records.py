"""Records put in place of others, and taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proxy.changes.zones import NotThere, ZonePlace, find_zone
from proxy.dns.codes import type_word
from proxy.nouns import dataclass
from proxy.settings.problems import ConfigError, ConfigProblem, Mark, did_you_mean
from proxy.settings.reader import MAX_DEPTH, forbidden_character
from proxy.settings.records import read_records
from proxy.settings.shape import RecordSpec, Settings
from proxy.settings.takes import Data, Found, Place, TooManyError

_PLACEHOLDER = "192.0.2.1"
_WHERE = Mark("the changed records", 1, 1)
_MOST_WORDS = 200


@dataclass(frozen=True, slots=True)
class RecordsChange:
    """Let each name of `records` have what stands there, in the form of the file; nothing where that is None.

    `zone` is a private zone's name or id, a public zone's name, or `public_records`.  A name loses whatever else it had; when
    this is a `patch`, only the record sets of the same type, and of the same id where they have a routing policy.
    """

    zone: str
    records: Mapping[str, Any]
    view: str | None = None
    patch: bool = False

    def __call__(self, settings: Settings) -> Settings:
        """Those settings; NotThere, or ConfigError with all that is wrong."""
        place = find_zone(settings, self.zone, self.view)
        data = {name: _data(value, Place((*place.path, name), []), 0) for name, value in self.records.items()}
        new = _read(place, {name: value for name, value in data.items() if value is not None})
        named = {spec.owner: name for spec, name in zip(_read(place, dict.fromkeys(data, _PLACEHOLDER)), data, strict=True)}
        replaced = {_key(spec) for spec in new}

        def stays(spec: RecordSpec) -> bool:
            if spec.owner not in named:
                return True
            return self.patch and data[named[spec.owner]] is not None and _key(spec) not in replaced

        return place.with_records(settings, [*filter(stays, place.records), *new])

    def __str__(self) -> str:
        return _short(f"{self.zone}: {', '.join(self.records)}")


@dataclass(frozen=True, slots=True)
class RecordsRemoval:
    """Take record sets away: all of a name, those of a type, or the one of an id."""

    zone: str
    name: str
    type: int | None = None
    id: str | None = None
    view: str | None = None

    def __call__(self, settings: Settings) -> Settings:
        """The settings without them; NotThere where there is none, ConfigError where that is no name."""
        place = find_zone(settings, self.zone, self.view)
        [named] = _read(place, {self.name: _PLACEHOLDER})
        gone = [spec for spec in place.records if spec.owner == named.owner and self._is_meant(spec)]
        if not gone:
            known = dict.fromkeys(str(spec.owner) for spec in place.records)
            raise NotThere(f"{self.zone} has no {self._words}", did_you_mean(str(named.owner), known))
        return place.with_records(settings, [spec for spec in place.records if spec not in gone])

    def _is_meant(self, spec: RecordSpec) -> bool:
        if self.type not in (None, spec.type):
            return False
        return self.id is None or (spec.routing is not None and spec.routing.id == self.id)

    def __str__(self) -> str:
        return f"{self.zone}: no {self._words}"

    @property
    def _words(self) -> str:
        kind = "record" if self.type is None else f"{type_word(self.type)} record"
        return _short(f"{kind} {self.name}" + ("" if self.id is None else f" of id {self.id}"))


def _short(text: str) -> str:
    return text if len(text) <= _MOST_WORDS else f"{text[:_MOST_WORDS]}…"


def _key(spec: RecordSpec) -> tuple[object, ...]:
    return spec.owner, spec.type, None if spec.routing is None else spec.routing.id


def _read(place: ZonePlace, records: dict[str, Data]) -> Sequence[RecordSpec]:
    """The records as the reader of the file takes them, in the zone at `place`."""
    found: list[Found] = []
    here = Place(place.path, found)
    specs: Sequence[RecordSpec] = ()
    try:
        for name in records:
            _look_at(name, here)
        specs = () if found else read_records(records, here, place.name, routed=place.section == "private_zones")
    except TooManyError:
        pass
    _raise(found)
    return specs


def _data(value: Any, place: Place, depth: int) -> Data:
    """A value of Python's as the reader of YAML would give it: numbers are words until a key says what it takes."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str | int | float):
        _look_at(str(value), place)
        _raise(place.problems)
        return str(value)
    if depth >= MAX_DEPTH:
        place.wrong(f"this is nested more than {MAX_DEPTH} deep")
        _raise(place.problems)
    if isinstance(value, Mapping):
        for key in value:
            _look_at(str(key), place)
        return {str(key): _data(inner, place.at(str(key)), depth + 1) for key, inner in value.items()}
    return [_data(inner, place.at(at), depth + 1) for at, inner in enumerate(value)]


def _look_at(text: str, place: Place) -> None:
    letter = forbidden_character(text)
    if letter:
        place.wrong(f"the character U+{ord(letter):04X} is not allowed in YAML")


def _raise(found: Sequence[Found]) -> None:
    if found:
        raise ConfigError(ConfigProblem(_WHERE, path, what, hint) for path, what, hint in found)
