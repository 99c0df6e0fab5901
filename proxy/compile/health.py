"""The health of record sets, changed while a configuration is served: the same settings with one set up or down.

Health is part of the plan, not of the running server: whoever changes it compiles the settings anew and serves that World.

A worked example::

    with_health(settings, "example.com", Name.from_text("app.example.com"), TYPE_A, "blue", up=False)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from proxy.compile.ids import zone_id
from proxy.dns.codes import type_word
from proxy.dns.names import Name
from proxy.settings.problems import did_you_mean
from proxy.settings.shape import PrivateZoneSetting, RecordSpec, RoutingSetting, Settings


class UnknownRecordSet(LookupError):
    """No record set is so named; the text says which there are."""


def with_health(settings: Settings, zone: str, name: Name, kind: int, ident: str, *, up: bool) -> Settings:
    """`settings` in which the record set `ident` of a name and type is healthy, or is not.

    `zone` is a private zone's name or its id, which may be one that the file leaves out.  Raises UnknownRecordSet where there
    is no such set, and where the zone's name is that of several.
    """
    index = _find_zone(settings, zone)
    records = settings.private_zones[index].records
    at, routing = _find_set(records, name, kind, ident)
    changed = records[at]._replace(routing=replace(routing, health="up" if up else "down"))
    zones = list(settings.private_zones)
    zones[index] = replace(zones[index], records=(*records[:at], changed, *records[at + 1 :]))
    return replace(settings, private_zones=tuple(zones))


def _find_zone(settings: Settings, zone: str) -> int:
    zones = settings.private_zones
    found = [at for at, each in enumerate(zones) if zone == _id_of(each)]
    found = found or [at for at, each in enumerate(zones) if zone.lower().removesuffix(".") == str(each.name)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(_id_of(zones[at]) for at in found)
        raise UnknownRecordSet(f"there are {len(found)} private zones {zone} (name one by its id: {ids})")
    raise UnknownRecordSet(_with_hint(f"there is no private zone {zone}", zone, (str(each.name) for each in zones)))


def _id_of(zone: PrivateZoneSetting) -> str:
    return zone.id or zone_id(str(zone.name), *sorted(zone.vpcs))


def _find_set(records: Iterable[RecordSpec], name: Name, kind: int, ident: str) -> tuple[int, RoutingSetting]:
    """The place of a record set among the records, and what makes it one of several."""
    ids: dict[str, tuple[int, RoutingSetting]] = {}
    for at, spec in enumerate(records):
        if spec.owner == name and spec.type == kind and spec.routing is not None:
            ids[spec.routing.id] = at, spec.routing
    if ident in ids:
        return ids[ident]
    raise UnknownRecordSet(_with_hint(f"{name} {type_word(kind)} has no record set {ident}", ident, ids))


def _with_hint(what: str, word: str, choices: Iterable[str]) -> str:
    hint = did_you_mean(word, choices)
    return f"{what} ({hint})" if hint else what
