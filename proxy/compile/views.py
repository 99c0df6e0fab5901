"""The views of a file, each with its table of claims: here it is gathered what a VPC's resolver knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from proxy.compile.claims import Vantage, endpoint_claims, internet_claim, private_zone_claims, self_claim
from proxy.compile.delegations import Delegations
from proxy.compile.ec2_names import private_domain
from proxy.compile.endpoints import Endpoint
from proxy.compile.ids import inbound_endpoint_id, vpc_id
from proxy.compile.machine import Machine
from proxy.compile.private_zones import PrivateZone
from proxy.compile.profiles import Association, Profile, profile_claims, profile_rules, profiles_of
from proxy.compile.rules import AppliedRule, Rule, apply_rules, rules_of
from proxy.compile.sites import Site, has_private_dns
from proxy.model.claims import Claim, Internet
from proxy.model.firewall import Firewall
from proxy.model.world import INTERNET_VIEW, View, Vpc
from proxy.nouns import dataclass
from proxy.settings.problems import Path
from proxy.settings.shape import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """All that views are put together from, each compiled for the whole file."""

    settings: Settings
    machine: Machine
    sites: Mapping[str, Site]
    endpoints: Mapping[str, Sequence[Endpoint]]
    zones: Sequence[PrivateZone]
    autodefined: Mapping[str, Sequence[Claim]]
    rules: Sequence[Rule]
    firewalls: Mapping[str, Firewall]
    profiles: Mapping[Path, Profile]
    delegations: Delegations
    internet: Internet


def compile_views(parts: Parts) -> Iterator[View]:
    """The view outside every VPC, those of the VPCs, and those of their inbound endpoints."""
    yield _view(INTERNET_VIEW, None, (), (), parts)
    for name, setting in parts.settings.vpcs.items():
        profiles = profiles_of(parts.settings, name)
        rules = (*rules_of(name, parts.rules), *profile_rules(profiles, parts.profiles))
        vpc = _vpc(parts.sites[name], parts.settings)
        yield _view(name, vpc, _claims(vpc, profiles, parts, inbound=False), rules, parts)
        for inbound in setting.inbound_endpoints:
            through = _view(f"{name}/{inbound}", vpc, _claims(vpc, profiles, parts, inbound=True), rules, parts)
            yield replace(through, resolver_endpoint=inbound_endpoint_id(name, inbound))


def _vpc(site: Site, settings: Settings) -> Vpc:
    setting = site.setting
    return Vpc(
        site.name,
        setting.id or vpc_id(site.name),
        site.region,
        setting.account or settings.account,
        setting.dhcp.domain_name or private_domain(site.region),
        {str(address): instance.id for instance in site.instances for address in instance.addresses},
    )


def _view(name: str, vpc: Vpc | None, claims: Iterable[Claim], rules: Iterable[AppliedRule], parts: Parts) -> View:
    own = self_claim(name, parts.machine)
    table = apply_rules((own, *claims, internet_claim(parts.internet)), rules, parts.delegations)
    if vpc is None:
        return View(name, None, True, table)
    serves = parts.settings.vpcs[vpc.name].enable_dns_support
    return View(name, vpc, serves, table, firewall=parts.firewalls.get(vpc.name))


def _claims(vpc: Vpc, profiles: Iterable[Association], parts: Parts, *, inbound: bool) -> Iterator[Claim]:
    """What a VPC's resolver answers itself, as asked from inside or by an inbound endpoint."""
    if has_private_dns(parts.settings.vpcs[vpc.name]):
        vantage = Vantage(vpc.region, parts.internet, parts.settings.quirks.negative_ttl, inbound)
        yield from private_zone_claims(vpc, parts.zones)
        yield from endpoint_claims(parts.endpoints.get(vpc.name, ()), vantage)
        yield from parts.autodefined[vpc.name]
        yield from profile_claims(profiles, parts.profiles, vantage)
