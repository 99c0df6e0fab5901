"""`records`: what the names of a zone, of a simulated server or of the internet have, as texts of one type each.

It is checked by its own code, not by the pieces of `takes.py`: a file may have 100,000 of these.  Record data are left as
they were written; whether they are data of their type is seen when they are packed.

    >>> place = Place(("records",), [])
    >>> read_records({"www": "10.0.5.10"}, place, Name.from_text("example.com"))
    (RecordSpec(owner=Name('www.example.com'), type=1, values=('10.0.5.10',), ttl=None, path=('records', 'www')),)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from proxy.dns.codes import (
    TYPE_A,
    TYPE_AAAA,
    TYPE_CAA,
    TYPE_CNAME,
    TYPE_DS,
    TYPE_HTTPS,
    TYPE_MX,
    TYPE_NAPTR,
    TYPE_NS,
    TYPE_PTR,
    TYPE_SOA,
    TYPE_SPF,
    TYPE_SRV,
    TYPE_SSHFP,
    TYPE_SVCB,
    TYPE_TLSA,
    TYPE_TXT,
    TYPE_WORDS,
)
from proxy.dns.names import MAX_LABEL, MAX_NAME, Name
from proxy.settings.problems import Path, did_you_mean, path_text
from proxy.settings.takes import Data, Place, Wrong, is_scalar, kind_of, refuse, text_of
from proxy.settings.unsupported import not_yet
from proxy.settings.values import parse_address, parse_name, parse_ttl

_TYPES = (
    TYPE_SOA, TYPE_A, TYPE_TXT, TYPE_NS, TYPE_CNAME, TYPE_MX, TYPE_NAPTR, TYPE_PTR, TYPE_SRV, TYPE_SPF, TYPE_AAAA, TYPE_CAA,
    TYPE_DS, TYPE_TLSA, TYPE_SSHFP, TYPE_SVCB, TYPE_HTTPS,
)  # fmt: skip
RECORD_TYPES = {TYPE_WORDS[number]: number for number in _TYPES}
"""The types that a record can have, those of Route 53 and PTR's like, by their words."""

_KEYS = (*RECORD_TYPES, "ttl")
_TOGETHER = "put the values into one list"
_A_RECORD = "write for example 10.0.5.10, [10.0.5.10, 10.0.5.11] or {CNAME: www.example.com, ttl: 60}"


class RecordSpec(NamedTuple):
    """The values of one type at one name, as text in zone-file form.

    `owner` is absolute; a wildcard has the label `*` in front.  `path` is where it stands in the file.
    """

    owner: Name
    type: int
    values: tuple[str, ...]
    ttl: int | None
    path: Path


@dataclass(frozen=True, slots=True)
class Records:
    """The records of the zone whose `name` stands beside them; with `whole_names`, of any names."""

    whole_names: bool = False
    expects: str = "a mapping from names to records"
    example: str = '{www: 10.0.5.10, "@": {MX: ["10 mail.example.com."], ttl: 60}}'

    def check(self, data: Data, place: Place) -> Any:
        """The records, in the order of the file."""
        if not isinstance(data, dict):
            return refuse(self, data, place)
        if self.whole_names:
            return read_records(data, place, None)
        try:
            zone = parse_name(text_of(place.around.get("name")))
        except Wrong:
            return ()  # the zone's name is a problem itself, and without it there are no names here
        return read_records(data, place, zone)


def read_records(data: dict[str, Data], place: Place, zone: Name | None) -> tuple[RecordSpec, ...]:
    """The records of a mapping; relative names are those of `zone`, and where there is none, every name is whole."""
    found: list[RecordSpec] = []
    path = place.path
    for name, value in data.items():
        try:
            owner = _absolute(name, zone)
        except Wrong as wrong:
            place.at(name).catch(wrong)
            continue
        if value.__class__ is str:
            try:
                kind = TYPE_AAAA if ":" in value else TYPE_A
                parse_address(value)
            except Wrong:
                place.at(name).wrong(f"{value} is no address", _A_RECORD)
            else:
                found.append(RecordSpec(owner, kind, (value,), None, (*path, name)))
        else:
            found += _records_of(owner, value, place.at(name))
    _check_twice(found, place)
    return tuple(found)


def _absolute(name: str, zone: Name | None) -> Name:
    if zone is None:
        return parse_name(name)
    if name == "@":
        return zone
    if name.endswith(".") and not name.endswith("\\."):
        owner = parse_name(name)
        if not owner.is_under(zone):
            raise Wrong(f"{name} does not lie in the zone {zone}", "write a name of the zone, without a final dot")
        return owner
    if name.isalnum() and name.isascii() and len(name) <= MAX_LABEL and len(name) + len(zone) < MAX_NAME:
        return Name(bytes((len(name),)) + name.lower().encode("ascii") + zone)
    whole = parse_name(name)[:-1] + zone
    if len(whole) > MAX_NAME:
        raise Wrong(f"with its zone {zone}, this name is longer than {MAX_NAME} octets")
    return Name(whole)


def _records_of(owner: Name, value: Data, place: Place) -> list[RecordSpec]:
    """The records of a name that has more than one address: a list of them, or TYPE: value."""
    if isinstance(value, dict):
        return _records_by_type(owner, value, place)
    if isinstance(value, list):
        if any(isinstance(item, dict) for item in value):
            later = not_yet(place.path, "a list with a routing policy")
            place.wrong(later or "a list of mappings stands where a record is expected")
            return []
        return _addresses(owner, value, place)
    place.wrong(f"{kind_of(value)} stands where a record is expected", _A_RECORD)
    return []


def _addresses(owner: Name, items: list[Data], place: Place) -> list[RecordSpec]:
    values: dict[int, list[str]] = {}
    for index, item in enumerate(items):
        try:
            address = parse_address(text_of(item) if is_scalar(item) else kind_of(item))
            values.setdefault(TYPE_A if address.version == 4 else TYPE_AAAA, []).append(item)
        except Wrong as wrong:
            place.at(index).catch(wrong)
    if not items:
        place.wrong("the list is empty", _A_RECORD)
    return [RecordSpec(owner, kind, tuple(texts), None, place.path) for kind, texts in values.items()]


def _records_by_type(owner: Name, data: dict[str, Data], place: Place) -> list[RecordSpec]:
    ttl = _ttl(data["ttl"], place.at("ttl")) if "ttl" in data else None
    found = []
    for word, value in data.items():
        kind = RECORD_TYPES.get(word)
        if kind is not None:
            found.append(RecordSpec(owner, kind, _texts(value, place.at(word)), ttl, (*place.path, word)))
        elif word != "ttl":
            inner = place.at(word)
            later = not_yet(inner.path)
            inner.wrong(later) if later else inner.wrong(f"there is no record type {word} here", did_you_mean(word, _KEYS))
    if not data.keys() - {"ttl"}:
        place.wrong("there is no record here", _A_RECORD)
    return found


def _ttl(data: Data, place: Place) -> int | None:
    try:
        return parse_ttl(text_of(data) if is_scalar(data) else kind_of(data))
    except Wrong as wrong:
        place.catch(wrong)
        return None


def _texts(data: Data, place: Place) -> tuple[str, ...]:
    if data.__class__ is str:
        return (data,)
    items = data if isinstance(data, list) else [data]
    if not items:
        place.wrong("the list is empty", "leave the key out, or write a value")
    for index, item in enumerate(items):
        if not is_scalar(item):
            inner = place.at(index) if items is data else place
            inner.wrong(f"{kind_of(item)} stands where the data of a record are expected", "write them as one text")
    return tuple(text_of(item) for item in items)


def _check_twice(found: list[RecordSpec], place: Place) -> None:
    """Names are equal however their letters are written, and whole or relative; a type at one of them is given once."""
    known: dict[tuple[Name, int], RecordSpec] = {}
    for spec in found:
        first = known.setdefault(spec[:2], spec)
        if first is not spec:
            what = f"{path_text(first.path)} is of the same name and type"
            place.wrong(what, "put the values together in one of the two", spec.path[len(place.path) :])
