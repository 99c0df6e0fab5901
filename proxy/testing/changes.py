"""Changes of a world within a test: settings with other records in one zone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from proxy.settings import read_settings
from proxy.settings.problems import did_you_mean
from proxy.settings.shape import PrivateZoneSetting, PublicZoneSetting, RecordSpec, Settings

_PLACEHOLDER = "192.0.2.1"
_WHERE = "the changed records"


class UnknownZone(LookupError):
    """No zone is so named, or several are; the text says which there are."""


def with_records(settings: Settings, zone: str | None, records: Mapping[str, Any]) -> Settings:
    """`settings` where each name has just these records, none where its value is None; names are as in the file.

    `zone` is the name of a private or public zone or a private zone's id; None for `public_records`.  Raises UnknownZone, and
    ConfigError where the records are not right.
    """
    if zone is None:
        return replace(settings, public_records=_changed(settings.public_records, *_read("public_records", None, records)))
    section, index = _find(settings, zone)
    zones: list[Any] = list(getattr(settings, section))
    found = zones[index]
    zones[index] = replace(found, records=_changed(found.records, *_read(section, str(found.name), records)))
    changed: dict[str, Any] = {section: tuple(zones)}
    return replace(settings, **changed)


def _find(settings: Settings, zone: str) -> tuple[str, int]:
    plain = zone.lower().removesuffix(".")
    every: list[tuple[str, int, PrivateZoneSetting | PublicZoneSetting]] = [
        *(("private_zones", at, each) for at, each in enumerate(settings.private_zones)),
        *(("public_zones", at, each) for at, each in enumerate(settings.public_zones)),
    ]
    found = [each for each in every if isinstance(each[2], PrivateZoneSetting) and each[2].id == zone]
    found = found or [each for each in every if each[0] == "private_zones" and str(each[2].name) == plain]
    found = found or [each for each in every if str(each[2].name) == plain]
    if len(found) > 1:
        raise UnknownZone(f"there are {len(found)} private zones {zone}: give them an `id`, and name that")
    if not found:
        raise UnknownZone(f"there is no zone {zone} ({did_you_mean(zone, (str(each[2].name) for each in every))})")
    return found[0][0], found[0][1]


def _read(section: str, zone: str | None, records: Mapping[str, Any]) -> tuple[Sequence[RecordSpec], Sequence[RecordSpec]]:
    """The records as the file's reader takes them, and one of each name."""
    new = {name: value for name, value in records.items() if value is not None}
    return _specs(section, zone, new), _specs(section, zone, dict.fromkeys(records, _PLACEHOLDER))


def _specs(section: str, zone: str | None, records: Mapping[str, Any]) -> Sequence[RecordSpec]:
    value: Any = records if zone is None else [{"name": zone, "records": records}]
    settings = read_settings([(_WHERE, json.dumps({section: value}))]).settings
    if section == "public_records":
        return settings.public_records
    zones: Sequence[PrivateZoneSetting | PublicZoneSetting] = getattr(settings, section)
    return zones[0].records


def _changed(old: Sequence[RecordSpec], new: Sequence[RecordSpec], names: Sequence[RecordSpec]) -> tuple[RecordSpec, ...]:
    owners = {spec.owner for spec in names}
    return (*(spec for spec in old if spec.owner not in owners), *new)
