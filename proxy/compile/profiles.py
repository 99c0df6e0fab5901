"""Route 53 Profiles: what they bring to their VPCs, and what AWS would refuse of them ("AssociateProfile").

What a Profile brings is weaker than what the VPC has itself under the same name, and a Profile of a lower priority goes before
another.  That is for equal names alone: AWS's examples let the more specific name win wherever it comes from, and it is taken
to be so between two Profiles too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from proxy.compile.claims import Vantage, endpoint_claims
from proxy.compile.endpoints import Endpoint
from proxy.compile.ids import vpc_id
from proxy.compile.private_zones import PrivateZone
from proxy.compile.problems import Problems
from proxy.compile.rules import AppliedRule, Rule
from proxy.dns.names import Name
from proxy.model.claims import Claim, ClaimKind
from proxy.settings.problems import Path, did_you_mean, path_text
from proxy.settings.shape import ProfileSetting, Settings

DEFAULT_PRIORITY = 100
PRIORITIES = range(100, 9901)
MAX_PROFILES = 2


class Association(NamedTuple):
    """A Profile on a VPC, and where the Profile stands in the file."""

    profile: ProfileSetting
    priority: int
    path: Path


class Profile(NamedTuple):
    """What a Profile brings, compiled."""

    zones: tuple[PrivateZone, ...]
    rules: tuple[Rule, ...]
    endpoints: tuple[Endpoint, ...]


class Resources(NamedTuple):
    """All of a file that a Profile can bring."""

    zones: Sequence[PrivateZone]
    rules: Sequence[Rule]
    endpoints: Mapping[str, Sequence[Endpoint]]


def profiles_of(settings: Settings, vpc: str) -> list[Association]:
    """The Profiles on a VPC, the one that wins first."""
    found = [
        Association(profile, DEFAULT_PRIORITY if priority is None else priority, ("profiles", index))
        for index, profile in enumerate(settings.profiles)
        for name, priority in profile.vpcs.items()
        if name == vpc
    ]
    return sorted(found, key=lambda association: association.priority)


def compile_profiles(settings: Settings, resources: Resources, problems: Problems) -> dict[Path, Profile]:
    """The Profiles of a file by their paths."""
    _check_associations(settings, problems)
    return {
        path: Profile(
            tuple(_zones(profile, path, resources, problems)),
            tuple(_rules(profile, path, resources, problems)),
            tuple(_endpoints(profile, path, settings, resources, problems)),
        )
        for index, profile in enumerate(settings.profiles)
        if (path := ("profiles", index))
    }


def profile_claims(
    associations: Iterable[Association], profiles: Mapping[Path, Profile], vantage: Vantage
) -> Iterator[Claim]:
    """The claims of the private zones and of the endpoints that Profiles bring."""
    for association in associations:
        profile, priority = profiles[association.path], association.priority
        for zone in profile.zones:
            here = zone.in_region(vantage.region)
            yield Claim(here.name, ClaimKind.PRIVATE_ZONE, path_text(zone.path), here, profile=priority)
        for claim in endpoint_claims(profile.endpoints, vantage):
            yield replace(claim, profile=priority)


def profile_rules(associations: Iterable[Association], profiles: Mapping[Path, Profile]) -> Iterator[AppliedRule]:
    """The resolver rules that Profiles bring."""
    for association in associations:
        yield from (AppliedRule(rule, association.priority) for rule in profiles[association.path].rules)


def _check_associations(settings: Settings, problems: Problems) -> None:
    known: dict[str, list[int]] = {}
    for index, profile in enumerate(settings.profiles):
        for vpc, priority in profile.vpcs.items():
            path: Path = ("profiles", index, "vpcs", *(() if priority is None else (vpc,)))
            if vpc not in settings.vpcs:
                problems.add(path, f"there is no VPC {vpc}", did_you_mean(vpc, settings.vpcs))
                continue
            shown = settings.vpcs[vpc].id or vpc_id(vpc)
            others = known.setdefault(vpc, [])
            if len(others) == MAX_PROFILES:
                problems.add(
                    path,
                    f"LimitExceededException: the VPC {shown} has {MAX_PROFILES} Profiles already",
                    f"take it off {vpc}",
                )
                continue
            wrong = _wrong_priority(priority, others)
            if wrong:
                problems.add(path, f"ValidationException: {wrong} on the VPC {shown}", "give another, from 100 to 9900")
            others.append(DEFAULT_PRIORITY if priority is None else priority)


def _wrong_priority(priority: int | None, others: Sequence[int]) -> str:
    """What is wrong with a priority beside those that a VPC has; the first can be left out."""
    if priority is None:
        return "a second Profile needs a priority" if others else ""
    if priority not in PRIORITIES:
        return f"priority {priority} is out of range"
    return f"priority {priority} is taken" if priority in others else ""


def _zones(profile: ProfileSetting, path: Path, resources: Resources, problems: Problems) -> Iterator[PrivateZone]:
    for place, word in enumerate(dict.fromkeys(profile.private_zones)):
        found = [zone for zone in resources.zones if zone.id == word]
        found = found or [zone for zone in resources.zones if zone.zone.name == Name.from_text(word)]
        at = (*path, "private_zones", place)
        if not found:
            known = (str(zone.zone.name) for zone in resources.zones)
            problems.add(at, f"there is no private zone {word}", did_you_mean(word, known))
        elif len(found) > 1:
            ids = " or ".join(zone.id for zone in found)
            problems.add(at, f"there are {len(found)} private zones {word}", f"name one by its id: {ids}")
        yield from found


def _rules(profile: ProfileSetting, path: Path, resources: Resources, problems: Problems) -> Iterator[Rule]:
    by_name = {rule.setting.name: rule for rule in resources.rules if rule.setting.name is not None}
    for place, name in enumerate(dict.fromkeys(profile.resolver_rules)):
        if name in by_name:
            yield by_name[name]
        else:
            problems.add(
                (*path, "resolver_rules", place),
                f"there is no resolver rule {name}",
                did_you_mean(name, filter(None, by_name)),
            )


def _endpoints(
    profile: ProfileSetting, path: Path, settings: Settings, resources: Resources, problems: Problems
) -> Iterator[Endpoint]:
    every = {(endpoint.vpc, endpoint.handle): endpoint for here in resources.endpoints.values() for endpoint in here}
    for place, (vpc, handle) in enumerate(dict.fromkeys(profile.endpoints)):
        at = (*path, "endpoints", place)
        setting = settings.vpcs[vpc].endpoints.get(handle) if vpc in settings.vpcs else None
        if setting is None:
            known = (f"{name}/{each}" for name, one in settings.vpcs.items() for each in one.endpoints)
            problems.add(at, f"there is no endpoint {vpc}/{handle}", did_you_mean(f"{vpc}/{handle}", known))
        elif setting.type != "interface":
            problems.add(
                at, f"a Profile brings interface endpoints, and {vpc}/{handle} is of type {setting.type}", "leave it out"
            )
        elif (vpc, handle) in every:
            yield every[vpc, handle]
