"""Private zones, and what Route 53 would refuse of them ("CreateHostedZone", "ChangeResourceRecordSets")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cache
from pkgutil import get_data
from typing import NamedTuple

from proxy.compile.aliases import Aliases
from proxy.compile.endpoints import Endpoint
from proxy.compile.ids import vpc_id, zone_id
from proxy.compile.problems import Problems
from proxy.compile.record_sets import compile_sets, settle_sets
from proxy.compile.records import compile_records
from proxy.compile.tables import build_zone, with_routed, without_wildcard_parents
from proxy.dns.codes import TYPE_CNAME, TYPE_NS, type_word
from proxy.dns.names import Name
from proxy.model.answers import Reason, ReasonKind
from proxy.model.claims import Zone
from proxy.nouns import dataclass
from proxy.settings.problems import Path, did_you_mean
from proxy.settings.shape import PrivateZoneSetting, RecordSpec, Settings

_WILDCARD_LABEL = b"\x01*"


class PrivateZone(NamedTuple):
    """A compiled private zone, the VPCs that it is associated with, and where it stands in the file.

    Where policies look at the region that asks, `by_region` has the zone for each that a VPC is in.
    """

    zone: Zone
    id: str
    vpcs: tuple[str, ...]
    path: Path
    by_region: Mapping[str, Zone] = {}

    def in_region(self, region: str) -> Zone:
        """The zone for those who ask in a region."""
        return self.by_region.get(region, self.zone)


def compile_private_zones(
    settings: Settings, endpoints: Mapping[str, Sequence[Endpoint]], problems: Problems
) -> tuple[PrivateZone, ...]:
    """The private zones of the file.  Endpoints were made before: a zone of an endpoint's private name is refused."""
    associations = _Associations(settings, problems)
    for vpc, made in endpoints.items():
        for endpoint in made:
            for name in endpoint.held_names:
                associations.taken[vpc, name] = zone_id(str(name), endpoint.id)
    return tuple(
        _compile_zone(zone, ("private_zones", index), associations, endpoints)
        for index, zone in enumerate(settings.private_zones)
    )


def _compile_zone(
    setting: PrivateZoneSetting, path: Path, associations: _Associations, endpoints: Mapping[str, Sequence[Endpoint]]
) -> PrivateZone:
    problems = associations.problems
    ident = setting.id or zone_id(str(setting.name), *sorted(setting.vpcs))
    _check_name(setting.name, path, problems)
    for vpc in dict.fromkeys(setting.vpcs):
        associations.add(setting, vpc, ident, path)
    _check_records(setting, problems)
    reason = Reason(ReasonKind.PRIVATE_ZONE, f"private zone {setting.name} ({ident})")
    zone, *others = _build(setting, ident, reason, associations, endpoints)
    regions = associations.regions if others else ()
    return PrivateZone(zone, ident, setting.vpcs, path, dict(zip(regions, (zone, *others), strict=False)))


def _build(
    setting: PrivateZoneSetting,
    ident: str,
    reason: Reason,
    associations: _Associations,
    endpoints: Mapping[str, Sequence[Endpoint]],
) -> list[Zone]:
    """The zone for each region that is asked from, or one alone where it is the same for all."""
    problems, quirks = associations.problems, associations.settings.quirks
    further = [spec for spec in setting.records if not spec.is_plain]
    plain = [spec for spec in setting.records if spec.is_plain] if further else setting.records
    table = compile_records(plain, problems)
    zones = [build_zone(setting.name, table, reason, negative_ttl=quirks.negative_ttl)]
    if further:
        before = len(problems.found)
        keys = {spec[:2] for spec in setting.records}
        sets = compile_sets(further, Aliases(setting, ident, keys, endpoints, problems), table)
        if len(problems.found) == before:  # else some lead nowhere
            regions = associations.regions if sets.regional else associations.regions[:1]
            zones = [with_routed(zones[0], settle_sets(sets, zones[0], region)) for region in regions]
    return [without_wildcard_parents(zone) for zone in zones] if quirks.wildcard_parent == "nxdomain" else zones


@dataclass(slots=True)
class _Associations:
    """Which zone holds which name in which VPC ("AssociateVPCWithHostedZone")."""

    settings: Settings
    problems: Problems
    taken: dict[tuple[str, Name], str] = field(default_factory=dict)

    @property
    def regions(self) -> list[str]:
        """The regions of all VPCs, the file's own first."""
        home = self.settings.region
        return list(dict.fromkeys((home, *(vpc.region or home for vpc in self.settings.vpcs.values()))))

    def add(self, zone: PrivateZoneSetting, vpc: str, ident: str, path: Path) -> None:
        """Associate a zone with a VPC, unless AWS would refuse that."""
        setting = self.settings.vpcs.get(vpc)
        if setting is None:
            self.problems.add((*path, "vpcs"), f"there is no VPC {vpc}", did_you_mean(vpc, self.settings.vpcs))
            return
        shown = setting.id or vpc_id(vpc)
        owner, other = (each.account or self.settings.account for each in (zone, setting))
        if owner != other and not zone.authorized:
            self.problems.add(
                path,
                f"NotAuthorizedException: account {owner} of zone {zone.name} has not authorized the association with the "
                f"VPC {shown} of account {other}",
                "create the authorization, and say authorized: true",
            )
        holder = self.taken.get((vpc, zone.name))
        if holder is None:
            self.taken[vpc, zone.name] = ident
        else:
            self.problems.add(
                path,
                f"ConflictingDomainExists: The VPC {shown} in region {setting.region or self.settings.region} has already "
                f"been associated with the hosted zone {holder} with the same domain name.",
                f"two zones of the name {zone.name} cannot be on one VPC, {vpc}",
            )


def _check_name(name: Name, path: Path, problems: Problems) -> None:
    labels = name.labels()
    if not labels:
        problems.add((*path, "name"), "a private zone of the root, which Route 53 does not make", "name a domain")
    elif labels[0] == b"*":
        problems.add((*path, "name"), f"InvalidDomainName: the name of a zone cannot begin with a wildcard ({name})")
    elif len(labels) == 1 and labels[0].decode("ascii", "replace") in _top_level_domains():
        problems.add(
            (*path, "name"),
            f"InvalidDomainName: {name} is a top-level domain of the internet, which no zone can be made for",
            f"name a domain below it, such as example.{name}",
        )


def _check_records(zone: PrivateZoneSetting, problems: Problems) -> None:
    by_owner: dict[Name, list[RecordSpec]] = {}
    for spec in zone.records:
        by_owner.setdefault(spec.owner, []).append(spec)
        if spec.type == TYPE_NS and spec.owner.startswith(_WILDCARD_LABEL):
            problems.add(spec.path, "InvalidChangeBatch: a wildcard cannot have NS records", "name the domain itself")
    for owner, specs in by_owner.items():
        for spec in specs:
            if spec.type == TYPE_CNAME:
                _check_cname(zone.name, owner, spec, specs, problems)


def _check_cname(zone: Name, owner: Name, cname: RecordSpec, all_there: list[RecordSpec], problems: Problems) -> None:
    refused = f"InvalidChangeBatch: RRSet of type CNAME with DNS name {owner}. is not permitted"
    if owner == zone:
        problems.add(cname.path, f"{refused} at apex in zone {zone}.", "an A or AAAA record can stand there")
    elif any(spec.type != TYPE_CNAME for spec in all_there):
        others = ", ".join(type_word(spec.type) for spec in all_there if spec.type != TYPE_CNAME)
        problems.add(
            cname.path,
            f"{refused} as it conflicts with other records with the same DNS name in zone {zone}.",
            f"the others are {others}",
        )
    elif len(cname.values) > 1:
        problems.add(cname.path, "InvalidChangeBatch: a CNAME record set has one value", "give one name")


@cache
def _top_level_domains() -> frozenset[str]:
    lines = (get_data("proxy.compile", "tlds.txt") or b"").decode("ascii").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
