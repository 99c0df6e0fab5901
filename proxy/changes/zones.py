"""Where records are kept: the private zones, the public zones, and the public records that stand name by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from proxy.compile.ids import zone_id
from proxy.dns.names import Name
from proxy.settings.problems import did_you_mean
from proxy.settings.shape import PrivateZoneSetting, RecordSpec, Settings

PUBLIC_RECORDS = "public_records"
"""What `public_records` is called where a zone is named."""

INTERNET = "internet"


class NotThere(LookupError):
    """Nothing is so named, or more than one thing: `what`, and a `hint` at what there is."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what} ({hint})" if hint else what)
        self.what = what
        self.hint = hint


class ZonePlace(NamedTuple):
    """A place for records: the `section` of the file, which of its items, and the `views` that see it.

    `name` is None for the public records, whose names are whole ones; `id` is a private zone's, given or derived.
    """

    section: str
    at: int
    name: Name | None
    id: str
    views: tuple[str, ...]
    records: tuple[RecordSpec, ...]

    @property
    def reference(self) -> str:
        """What a change calls it by: a private zone's id, a public zone's name, or `public_records`."""
        return self.id or (PUBLIC_RECORDS if self.name is None else str(self.name))

    @property
    def path(self) -> tuple[str | int, ...]:
        """Where its records stand in a file."""
        return (self.section,) if self.name is None else (self.section, self.at, "records")

    def with_records(self, settings: Settings, records: Sequence[RecordSpec]) -> Settings:
        """`settings` in which these are its records."""
        changed: dict[str, Any] = {self.section: tuple(records)}
        if self.name is not None:
            zones: list[Any] = list(getattr(settings, self.section))
            zones[self.at] = replace(zones[self.at], records=tuple(records))
            changed = {self.section: tuple(zones)}
        return replace(settings, **changed)


def zones_of(settings: Settings) -> Iterator[ZonePlace]:
    """Every place for records: private zones, public zones, public records."""
    for at, private in enumerate(settings.private_zones):
        ident = private.id or zone_id(str(private.name), *sorted(private.vpcs))
        views = _vpcs_of(settings, private, ident)
        yield ZonePlace("private_zones", at, private.name, ident, views, private.records)
    for at, public in enumerate(settings.public_zones):
        yield ZonePlace("public_zones", at, public.name, "", (INTERNET,), public.records)
    yield ZonePlace(PUBLIC_RECORDS, 0, None, "", (INTERNET,), settings.public_records)


def find_zone(settings: Settings, zone: str, view: str | None = None) -> ZonePlace:
    """The zone of an id or a name, of those that `view` sees; NotThere where it is none, or several.

    Where a private and a public zone share a name and no view is given, it is the private one.
    """
    every = [each for each in zones_of(settings) if view is None or sees(view, each)]
    plain = zone.lower().removesuffix(".")
    named = [each for each in every if zone == each.reference or (each.name is not None and plain == str(each.name))]
    found = [each for each in named if each.id == zone] or [each for each in named if each.id] or named
    if len(found) > 1:
        ids = ", ".join(each.id for each in found)
        raise NotThere(f"there are {len(found)} private zones {zone}", f"name one by its id, {ids}, or give a view")
    if not found:
        where = "" if view is None else f" in view {view}"
        known = [PUBLIC_RECORDS if each.name is None else str(each.name) for each in every]
        raise NotThere(f"there is no zone {zone}{where}", did_you_mean(zone, known))
    return found[0]


def sees(view: str, zone: ZonePlace) -> bool:
    """Whether a view, which may be that of an inbound endpoint, has a zone."""
    return view.partition("/")[0] in zone.views


def _vpcs_of(settings: Settings, zone: PrivateZoneSetting, ident: str) -> tuple[str, ...]:
    """The VPCs that are associated with a zone, by themselves or by a Profile."""
    brought = [
        vpc
        for profile in settings.profiles
        if any(word == ident or Name.from_text(word) == zone.name for word in profile.private_zones)
        for vpc in profile.vpcs
    ]
    return tuple(dict.fromkeys([*zone.vpcs, *brought]))
