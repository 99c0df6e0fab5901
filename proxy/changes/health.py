"""The health of record sets, turned while they are served.

Health is part of the plan, not of the running server: whoever changes it compiles the settings anew and serves that World.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from proxy.changes.zones import NotThere, ZonePlace, find_zone, sees, zones_of
from proxy.dns.codes import type_word
from proxy.dns.names import Name
from proxy.nouns import dataclass
from proxy.settings.problems import did_you_mean
from proxy.settings.shape import RecordSpec, Settings


@dataclass(frozen=True, slots=True)
class HealthChange:
    """Let the record sets `id` of a name be healthy or not, those of one `type` or of all that have that id.

    `zone` is a private zone's name or id; without it, the zone is the one that has such a set.
    """

    name: Name
    id: str
    up: bool
    type: int | None = None
    zone: str | None = None
    view: str | None = None

    def __call__(self, settings: Settings) -> Settings:
        """Those settings; NotThere where there is no such set, or where several zones have it."""
        place = self._place(settings)
        return place.with_records(settings, [self._turned(spec) if self._is_meant(spec) else spec for spec in place.records])

    def _place(self, settings: Settings) -> ZonePlace:
        if self.zone is not None:
            zones = [find_zone(settings, self.zone, self.view)]
        else:
            zones = [each for each in zones_of(settings) if self.view is None or sees(self.view, each)]
        found = [each for each in zones if any(map(self._is_meant, each.records))]
        if len(found) > 1:
            ids = ", ".join(each.id for each in found)
            raise NotThere(
                f"{len(found)} zones have a record set {self.id} of {self.name}", f"give a view, or a zone: {ids}"
            )
        if not found:
            raise NotThere(f"{self._words} has no record set {self.id}", did_you_mean(self.id, self._known(zones)))
        return found[0]

    def _is_meant(self, spec: RecordSpec) -> bool:
        return self._is_of_name(spec) and spec.routing is not None and spec.routing.id == self.id

    def _is_of_name(self, spec: RecordSpec) -> bool:
        return spec.owner == self.name and self.type in (None, spec.type)

    def _known(self, zones: Sequence[ZonePlace]) -> list[str]:
        every = (spec for each in zones for spec in each.records if self._is_of_name(spec))
        return list(dict.fromkeys(spec.routing.id for spec in every if spec.routing is not None))

    def _turned(self, spec: RecordSpec) -> RecordSpec:
        assert spec.routing is not None  # noqa: S101
        return spec._replace(routing=replace(spec.routing, health="up" if self.up else "down"))

    @property
    def _words(self) -> str:
        return str(self.name) if self.type is None else f"{self.name} {type_word(self.type)}"

    def __str__(self) -> str:
        return f"{self._words}: {self.id} is {'up' if self.up else 'down'}"
