"""Notes on record sets with a routing policy: groups that answer less than their writer may think."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proxy.compile.regions import place
from proxy.dns.codes import type_word
from proxy.notes.note import Note
from proxy.settings.routing import ANYWHERE
from proxy.settings.shape import PrivateZoneSetting, RecordSpec, RoutingSetting, Settings

_BY_PLACE = ("latency", "geolocation", "geoproximity")


def record_set_notes(settings: Settings) -> Iterator[Note]:
    """All notes on record sets."""
    for zone in settings.private_zones:
        groups = list(_groups(zone))
        for specs, routings in groups:
            what = f"{specs[0].owner} {type_word(specs[0].type)}"
            for told in (*_failover(routings), *_geolocation(routings)):
                yield Note(specs[0].path, f"{what} {told}")
        if any(routings[0].policy in _BY_PLACE for _, routings in groups):
            yield from _regions_off_the_map(zone, settings)


def _groups(zone: PrivateZoneSetting) -> Iterator[tuple[Sequence[RecordSpec], Sequence[RoutingSetting]]]:
    """The record sets of a zone by name and type, with what tells them apart."""
    by_key: dict[tuple[bytes, int], list[tuple[RecordSpec, RoutingSetting]]] = {}
    for spec in zone.records:
        if spec.routing is not None:
            by_key.setdefault((spec.owner, spec.type), []).append((spec, spec.routing))
    for group in by_key.values():
        yield [spec for spec, _ in group], [routing for _, routing in group]


def _failover(routings: Sequence[RoutingSetting]) -> Iterator[str]:
    given = {routing.failover for routing in routings if routing.failover is not None}
    for there, missing in (("primary", "secondary"), ("secondary", "primary")):
        if given == {there}:
            yield f"has a {there} record set and no {missing} one: it is answered whatever its health is"


def _geolocation(routings: Sequence[RoutingSetting]) -> Iterator[str]:
    places = [routing.geolocation for routing in routings if routing.geolocation is not None]
    if places and all(where.country != ANYWHERE for where in places):
        yield "has no default record set: for who is in none of its places the answer is empty"


def _regions_off_the_map(zone: PrivateZoneSetting, settings: Settings) -> Iterator[Note]:
    for name in zone.vpcs:
        region = settings.vpcs[name].region or settings.region
        if place(region) is None:
            what = (
                f"{region} is not on the map of regions, so policies of {zone.name} that look at it cannot tell what is near"
            )
            yield Note(("vpcs", name), what)
