"""`records`: what the names of a zone, of a simulated server or of the internet have, as texts of one type each.

It is checked by its own code, not by the pieces of `takes.py`: a file may have 100,000 of these.  Record data are left as
they were written; whether they are data of their type is seen when they are packed.

    >>> place = Place(("records",), [])
    >>> read_records({"www": "10.0.5.10"}, place, Name.from_text("example.com"))[0].values
    ('10.0.5.10',)
"""

from __future__ import annotations

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
from proxy.nouns import dataclass
from proxy.settings.problems import Path, did_you_mean, path_text
from proxy.settings.routing import ROUTING_KEYS, RoutingSetting, read_routing
from proxy.settings.takes import Data, Place, Wrong, is_scalar, kind_of, refuse, text_of
from proxy.settings.values import parse_address, parse_name, parse_ttl

_TYPES = (
    TYPE_SOA, TYPE_A, TYPE_TXT, TYPE_NS, TYPE_CNAME, TYPE_MX, TYPE_NAPTR, TYPE_PTR, TYPE_SRV, TYPE_SPF, TYPE_AAAA, TYPE_CAA,
    TYPE_DS, TYPE_TLSA, TYPE_SSHFP, TYPE_SVCB, TYPE_HTTPS,
)  # fmt: skip
RECORD_TYPES = {TYPE_WORDS[number]: number for number in _TYPES}
"""The types that a record can have, those of Route 53 and PTR's like, by their words."""

_PLAIN_KEYS = (*RECORD_TYPES, "ttl")
_KEYS = (*_PLAIN_KEYS, "alias", "type")
_IP_BASED = ("cidr", "cidr_routing", "cidr_routing_config", "ip_based")
_ONLY_PRIVATE = "only private zones have them: write what is answered"
_A_RECORD = "write for example 10.0.5.10, [10.0.5.10, 10.0.5.11] or {CNAME: www.example.com, ttl: 60}"


class AliasTarget(NamedTuple):
    """Where an alias leads, as it was written: an endpoint (HANDLE, VPC/HANDLE) or the name that the same text is."""

    text: str
    name: Name


class RecordSpec(NamedTuple):
    """The values of one type at one name, as text in zone-file form; or the `alias` that stands for them.

    `owner` is absolute; a wildcard has the label `*` in front.  `path` is where it stands in the file.  With `routing`, it is
    one of several of its name and type.
    """

    owner: Name
    type: int
    values: tuple[str, ...]
    ttl: int | None
    path: Path
    alias: AliasTarget | None = None
    routing: RoutingSetting | None = None

    @property
    def is_plain(self) -> bool:
        """True for values of its own that are answered whatever else there is."""
        return self.alias is None and self.routing is None


@dataclass(frozen=True, slots=True)
class Records:
    """The records of the zone whose `name` stands beside them; with `whole_names`, of any names.

    Those of a private zone, `routed`, may be aliases and have routing policies.
    """

    whole_names: bool = False
    routed: bool = False
    expects: str = "a mapping from names to records"
    example: str = '{www: 10.0.5.10, "@": {MX: ["10 mail.example.com."], ttl: 60}}'

    def check(self, data: Data, place: Place) -> Any:
        """The records, in the order of the file."""
        if not isinstance(data, dict):
            return refuse(self, data, place)
        if self.whole_names:
            return read_records(data, place, None, routed=self.routed)
        try:
            zone = parse_name(text_of(place.around.get("name")))
        except Wrong:
            return ()  # the zone's name is a problem itself, and without it there are no names here
        return read_records(data, place, zone, routed=self.routed)


def read_records(data: dict[str, Data], place: Place, zone: Name | None, *, routed: bool = False) -> tuple[RecordSpec, ...]:
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
            found += _records_of(owner, value, place.at(name), routed)
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


def _records_of(owner: Name, value: Data, place: Place, routed: bool) -> list[RecordSpec]:
    """The records of a name that has more than one address: a list of them, TYPE: value, or a list of record sets."""
    if isinstance(value, dict):
        return _records_by_type(owner, value, place, routed, _KEYS if routed else _PLAIN_KEYS)
    if isinstance(value, list):
        if any(isinstance(item, dict) for item in value):
            return _record_sets(owner, value, place, routed)
        return _addresses(owner, value, place)
    place.wrong(f"{kind_of(value)} stands where a record is expected", _A_RECORD)
    return []


def _record_sets(owner: Name, items: list[Data], place: Place, routed: bool) -> list[RecordSpec]:
    """Record sets with a routing policy, and those without one that stand beside them."""
    if not routed:
        place.wrong("a list of record sets cannot stand here", _ONLY_PRIVATE)
        return []
    found = []
    for index, item in enumerate(items):
        here = place.at(index)
        if not isinstance(item, dict):
            here.wrong(f"{kind_of(item)} stands among record sets", "write for example {id: blue, A: 10.0.5.10, weight: 1}")
            continue
        own = {word: value for word, value in item.items() if word in ROUTING_KEYS}
        records = {word: value for word, value in item.items() if word not in ROUTING_KEYS}
        routing = read_routing(own, here) if own else None
        specs = _records_by_type(owner, records, here, routed, (*_KEYS, *ROUTING_KEYS))
        if not own:
            found += specs
        elif routing:
            found += [spec._replace(routing=routing) for spec in specs]
    return found


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


def _records_by_type(
    owner: Name, data: dict[str, Data], place: Place, routed: bool, keys: tuple[str, ...]
) -> list[RecordSpec]:
    ttl = _ttl(data["ttl"], place.at("ttl")) if "ttl" in data else None
    found = []
    for word, value in data.items():
        kind = RECORD_TYPES.get(word)
        if kind is not None:
            found.append(RecordSpec(owner, kind, _texts(value, place.at(word)), ttl, (*place.path, word)))
        elif word in ("alias", "type") and not routed:
            place.at(word).wrong("an alias cannot stand here", _ONLY_PRIVATE)
        elif word == "alias":
            only = data.keys().isdisjoint(RECORD_TYPES)  # else the TTL is that of the records beside it
            found += _aliases(owner, value, data.get("type", "A"), ttl if only else None, place)
        elif word in _IP_BASED and routed:
            place.at(word).wrong("InvalidInput: IP-based routing is not possible in a private zone", "take another policy")
        elif word not in ("ttl", "type"):
            place.at(word).wrong(f"there is no record type {word} here", did_you_mean(word, keys))
    if not data.keys() - {"ttl", "type"}:
        place.wrong("there is no record here", _A_RECORD)
    elif "type" in data and "alias" not in data and routed:
        place.at("type").wrong("type goes with an alias", "write TYPE: value")
    return found


def _aliases(owner: Name, target: Data, types: Data, ttl: int | None, place: Place) -> list[RecordSpec]:
    """An alias, one of each of its types."""
    inner, here = place.at("alias"), place.at("type")
    if not is_scalar(target):
        inner.wrong(f"{kind_of(target)} stands where an alias's target is expected", "write for example www.example.com")
        return []
    text = text_of(target)
    try:
        to = AliasTarget(text, parse_name(text))
    except Wrong as wrong:
        inner.catch(wrong)
        return []
    found = []
    for word in types if isinstance(types, list) else [types]:
        kind = RECORD_TYPES.get(word) if is_scalar(word) else None
        if kind is None:
            here.wrong(f"{kind_of(word)} is no record type", did_you_mean(kind_of(word), RECORD_TYPES))
        else:
            found.append(RecordSpec(owner, kind, (), ttl, inner.path, to))
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
    """Names are equal however their letters are written, and whole or relative; a type at one of them is given once.

    Those with a routing policy are several; what they have to have in common is seen when they are compiled.
    """
    known: dict[tuple[Name, int], RecordSpec] = {}
    for spec in found:
        first = known.setdefault(spec[:2], spec)
        if first is not spec and spec.routing is None and first.routing is None:
            what = f"{path_text(first.path)} is of the same name and type"
            place.wrong(what, "put the values together in one of the two", spec.path[len(place.path) :])
