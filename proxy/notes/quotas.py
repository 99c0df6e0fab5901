"""Quotas of AWS that a file goes beyond: it is served nevertheless, and AWS makes it so only after a request.

"Route 53 quotas", "Amazon VPC quotas" and "AWS PrivateLink quotas", each as every account has it in the beginning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from proxy.dns.codes import type_word
from proxy.notes.note import Note
from proxy.settings.problems import Path
from proxy.settings.shape import Settings, VpcSetting

_ONE_HUNDRED = ("geolocation", "latency", "multivalue", "weight")
_WITH_INTERFACES = frozenset(("interface", "gateway_load_balancer"))


class _Count(NamedTuple):
    """How many of a thing there are, where they stand, and what has them ("VPC app")."""

    path: Path
    holder: str
    number: int


class _Quota(NamedTuple):
    """A quota by its name at AWS."""

    name: str
    limit: int
    counts: Callable[[Settings], Iterator[_Count]]


def quota_notes(settings: Settings) -> Iterator[Note]:
    """A note for every quota that is exceeded."""
    for quota in _QUOTAS:
        for path, holder, number in quota.counts(settings):
            if number > quota.limit:
                yield Note(
                    path, f"{holder} has {number}, and AWS's quota {quota.name!r} is {quota.limit} unless it was raised"
                )


def _per_vpc(key: str, count: Callable[[VpcSetting], int]) -> Callable[[Settings], Iterator[_Count]]:
    def counts(settings: Settings) -> Iterator[_Count]:
        for name, vpc in settings.vpcs.items():
            yield _Count(("vpcs", name, key), f"VPC {name}", count(vpc))

    return counts


def _per_region(count: Callable[[VpcSetting], int]) -> Callable[[Settings], Iterator[_Count]]:
    """By account and region of the VPCs."""

    def counts(settings: Settings) -> Iterator[_Count]:
        found: Counter[tuple[str, str]] = Counter()
        for vpc in settings.vpcs.values():
            found[vpc.account or settings.account, vpc.region or settings.region] += count(vpc)
        for (account, region), number in found.items():
            yield _Count(("vpcs",), f"account {account} in {region}", number)

    return counts


def _zones_per_account(settings: Settings) -> Iterator[_Count]:
    for account, number in Counter(zone.account or settings.account for zone in settings.private_zones).items():
        yield _Count(("private_zones",), f"account {account}", number)


def _vpcs_per_zone(settings: Settings) -> Iterator[_Count]:
    for index, zone in enumerate(settings.private_zones):
        yield _Count(("private_zones", index, "vpcs"), f"zone {zone.name}", len(set(zone.vpcs)))


def _records_per_zone(settings: Settings) -> Iterator[_Count]:
    for index, zone in enumerate(settings.private_zones):
        yield _Count(("private_zones", index, "records"), f"zone {zone.name}", len(zone.records))


def _values_per_record_set(settings: Settings) -> Iterator[_Count]:
    for spec in (spec for zone in settings.private_zones for spec in zone.records):
        yield _Count(spec.path, f"{spec.owner} {type_word(spec.type)}", len(spec.values))


def _sets_of(*policies: str) -> Callable[[Settings], Iterator[_Count]]:
    """By name and type: the record sets that have one of `policies`."""

    def counts(settings: Settings) -> Iterator[_Count]:
        for zone in settings.private_zones:
            routed = [spec for spec in zone.records if spec.routing is not None and spec.routing.policy in policies]
            paths = {spec[:2]: spec.path for spec in routed}
            for (owner, kind), number in Counter(spec[:2] for spec in routed).items():
                yield _Count(paths[owner, kind], f"{owner} {type_word(kind)}", number)

    return counts


def _peerings_per_vpc(settings: Settings) -> Iterator[_Count]:
    for vpc, number in Counter(vpc for peering in settings.peerings for vpc in peering.vpcs).items():
        yield _Count(("peerings",), f"VPC {vpc}", number)


def _rules_per_region(settings: Settings) -> Iterator[_Count]:
    yield _Count(("resolver_rules",), f"account {settings.account}", len(settings.resolver_rules))


def _rule_associations(settings: Settings) -> Iterator[_Count]:
    associations = sum(len(set(rule.vpcs)) for rule in settings.resolver_rules)
    yield _Count(("resolver_rules",), f"account {settings.account}", associations)


def _firewall_groups_per_vpc(settings: Settings) -> Iterator[_Count]:
    groups = Counter(vpc for group in settings.firewall_rule_groups for vpc in group.vpcs)
    for vpc, number in groups.items():
        yield _Count(("firewall_rule_groups",), f"VPC {vpc}", number)


def _rules_per_firewall_group(settings: Settings) -> Iterator[_Count]:
    for index, group in enumerate(settings.firewall_rule_groups):
        yield _Count(("firewall_rule_groups", index, "rules"), f"group {group.name}", len(group.rules))


def _firewall_domains(settings: Settings) -> Iterator[_Count]:
    domains = sum(len(rule.domains) for group in settings.firewall_rule_groups for rule in group.rules)
    yield _Count(("firewall_rule_groups",), f"account {settings.account}", domains)


def _profiles(settings: Settings) -> Iterator[_Count]:
    yield _Count(("profiles",), f"account {settings.account}", len(settings.profiles))


def _per_profile(key: str) -> Callable[[Settings], Iterator[_Count]]:
    def counts(settings: Settings) -> Iterator[_Count]:
        for index, profile in enumerate(settings.profiles):
            yield _Count(("profiles", index, key), f"Profile {profile.name or index}", len(getattr(profile, key)))

    return counts


def _endpoints(vpc: VpcSetting, types: frozenset[str]) -> int:
    return sum(endpoint.type in types for endpoint in vpc.endpoints.values())


def _gateways(vpc: VpcSetting) -> int:
    return _endpoints(vpc, frozenset(("gateway",)))


def _cidrs(vpc: VpcSetting, version: int) -> int:
    return sum(network.version == version for network in vpc.cidr)


_QUOTAS = (
    _Quota("VPCs per Region", 5, _per_region(lambda _: 1)),
    _Quota("IPv4 CIDR blocks per VPC", 5, _per_vpc("cidr", lambda vpc: _cidrs(vpc, 4))),
    _Quota("IPv6 CIDR blocks per VPC", 5, _per_vpc("cidr", lambda vpc: _cidrs(vpc, 6))),
    _Quota("Subnets per VPC", 200, _per_vpc("subnets", lambda vpc: len(vpc.subnets))),
    _Quota("Active VPC peering connections per VPC", 50, _peerings_per_vpc),
    _Quota(
        "Interface and Gateway Load Balancer endpoints per VPC",
        50,
        _per_vpc("endpoints", lambda vpc: _endpoints(vpc, _WITH_INTERFACES)),
    ),
    _Quota("Gateway VPC endpoints per Region", 20, _per_region(_gateways)),
    _Quota("Gateway VPC endpoints per VPC", 255, _per_vpc("endpoints", _gateways)),
    _Quota("Hosted zones", 500, _zones_per_account),
    _Quota("Amazon VPCs that you can associate with a private hosted zone", 300, _vpcs_per_zone),
    _Quota("Records per hosted zone", 10_000, _records_per_zone),
    _Quota("Records in a record set", 400, _values_per_record_set),
    _Quota("Geolocation, latency, multivalue answer, weighted, and IP-based records", 100, _sets_of(*_ONE_HUNDRED)),
    _Quota("Geoproximity records", 30, _sets_of("geoproximity")),
    _Quota("Resolver endpoints per AWS Region", 4, _per_region(lambda vpc: len(vpc.inbound_endpoints))),
    _Quota("Rules per AWS Region", 1000, _rules_per_region),
    _Quota("Associations between rules and VPCs per AWS Region", 2000, _rule_associations),
    _Quota("Rule group associations per VPC", 5, _firewall_groups_per_vpc),
    _Quota("Rules in a rule group", 100, _rules_per_firewall_group),
    _Quota("Domains in all domain lists of an account", 100_000, _firewall_domains),
    _Quota("Profiles per account per AWS Region", 5, _profiles),
    _Quota("VPC associations per Profile", 1000, _per_profile("vpcs")),
    _Quota("Hosted zones per Profile", 5000, _per_profile("private_zones")),
    _Quota("Resolver rules per Profile", 1000, _per_profile("resolver_rules")),
    _Quota("DNS Firewall rule groups per Profile", 5, _per_profile("firewall_rule_groups")),
)
