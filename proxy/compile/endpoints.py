"""VPC endpoints: their names, their addresses, and what EC2 would refuse of them ("CreateVpcEndpoint").

An interface endpoint has public names of its own under `vpce.amazonaws.com` and, with private DNS, a hidden hosted zone for
each private name of its service.  A gateway endpoint has neither; S3's takes record types away from S3's names
(AWS PrivateLink, "Gateway endpoints for Amazon S3").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from proxy.compile.interfaces import Addresses, Interface, ip_type_of
from proxy.compile.places import Place, Target, find_target, place_of
from proxy.compile.private_names import HeldNames, HiddenZone, check_gateways, hidden_zones, is_inbound_only, service_names
from proxy.compile.problems import Problems
from proxy.compile.record_types import PRIVATE_TYPES, TYPES, Sets, address_sets, record_ip_type
from proxy.dns.codes import TYPE_A, TYPE_AAAA
from proxy.dns.names import Name
from proxy.settings.problems import Path
from proxy.settings.shape import Settings

_HAVE_INTERFACES = frozenset(("pending", "available", "deleting"))
_HOLD_PRIVATE_NAMES = frozenset(("pending", "available", "deleting"))
_SERVE_PRIVATE_NAMES = frozenset(("available", "deleting"))

_NO_GATEWAY_HAS = {
    "subnets": "InvalidParameter: Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints.",
    "addresses": "a gateway endpoint has no addresses",
    "private_dns": "InvalidParameter: Private DNS can be enabled for interface endpoints, not for gateway endpoints",
    "private_dns_names": "a gateway endpoint has no private names",
    "private_dns_only_for_inbound_resolver_endpoint": "InvalidParameter: DnsOptions PrivateDnsOnlyForInboundResolverEndpoint "
    "is applicable only to Interface VPC Endpoints.",
    "unhealthy_zones": "a gateway endpoint has no unhealthy_zones",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A compiled endpoint.

    `private_zones` are those that answer, `held_names` the names that no other zone of the VPC can have.  `dns_names` are its
    own public names, all under `vpce_zone`.  `gateway_names` lack the types of `hidden_types` in its VPC.
    """

    vpc: str
    handle: str
    id: str
    path: Path
    private_zones: tuple[HiddenZone, ...] = ()
    held_names: tuple[Name, ...] = ()
    vpce_zone: Name | None = None
    dns_names: Mapping[Name, Sets] = field(default_factory=dict)
    gateway_names: tuple[Name, ...] = ()
    hidden_types: frozenset[int] = frozenset()


class _Shared(NamedTuple):
    """What the endpoints of one VPC share."""

    targets: list[tuple[Place, Target]]
    addresses: Addresses
    held: HeldNames
    problems: Problems

    def gateways(self, target: Target) -> list[Place]:
        """The gateway endpoints of a service."""
        return [place for place, its in self.targets if place.setting.type == "gateway" and its.name == target.name]


def compile_endpoints(settings: Settings, problems: Problems) -> dict[str, tuple[Endpoint, ...]]:
    """The endpoints of every VPC that has any, in the order of the file."""
    _check_ids(settings, problems)
    return {name: tuple(_compile_vpc(name, settings, problems)) for name, vpc in settings.vpcs.items() if vpc.endpoints}


def _check_ids(settings: Settings, problems: Problems) -> None:
    holders: dict[str, str] = {}
    for name, vpc in settings.vpcs.items():
        for handle in vpc.endpoints:
            place = place_of(name, handle, settings)
            holder = holders.setdefault(place.id, f"{name}/{handle}")
            if holder != f"{name}/{handle}":
                problems.add((*place.path, "id"), f"{place.id} is the id of endpoint {holder} already", "give another")


def _compile_vpc(name: str, settings: Settings, problems: Problems) -> Iterable[Endpoint]:
    vpc = settings.vpcs[name]
    targets = [
        (place, target)
        for handle in vpc.endpoints
        if (target := find_target(place := place_of(name, handle, settings), problems)) is not None
    ]
    shared = _Shared(targets, Addresses(vpc, problems), HeldNames(problems), problems)
    for place, target in targets:
        if place.setting.type == "gateway":
            yield _compile_gateway(place, target, problems)
        else:
            yield _compile_interface(place, target, shared)


def _compile_gateway(place: Place, target: Target, problems: Problems) -> Endpoint:
    setting = place.setting
    for key, refusal in _NO_GATEWAY_HAS.items():
        if getattr(setting, key):
            problems.add((*place.path, key), refusal, "a gateway endpoint is a route, without an interface")
    if not target.local:
        problems.add(place.path, f"a gateway endpoint is for a service of its own region, not of {target.region}")
    kind = record_ip_type(setting, setting.ip_address_type or "ipv4", place.path, problems)
    if target.service.short == "s3":
        every = target.service.private_names(target.region, dualstack=True)
        names = tuple(Name.from_text(name) for name in every if not name.startswith("*."))
        hidden = frozenset((TYPE_A, TYPE_AAAA)).difference(TYPES[kind])
        return Endpoint(place.vpc, place.handle, place.id, place.path, gateway_names=names, hidden_types=hidden)
    if kind != "service-defined":
        problems.add(
            place.path,
            f"a gateway endpoint for {target.service.short} has dns_record_ip_type service-defined alone, not {kind}",
            "leave it out",
        )
    return Endpoint(place.vpc, place.handle, place.id, place.path)


def _compile_interface(place: Place, target: Target, shared: _Shared) -> Endpoint:
    setting, problems = place.setting, shared.problems
    ip_type = ip_type_of(setting, place.vpc_setting)
    kind = record_ip_type(setting, ip_type, place.path, problems)
    interfaces = shared.addresses.interfaces(place.handle, setting, ip_type, place.path)
    healthy = _healthy(place, interfaces, problems)
    names = service_names(place, target, ip_type, problems)
    inbound_only = is_inbound_only(place, target, bool(names), problems)
    if inbound_only:
        check_gateways(place, kind, shared.gateways(target), problems)
    zones = hidden_zones(names, address_sets(healthy, PRIVATE_TYPES[kind]), inbound_only)
    zone = target.service.vpce_zone(target.region)
    return Endpoint(
        place.vpc,
        place.handle,
        place.id,
        place.path,
        private_zones=zones if setting.state in _SERVE_PRIVATE_NAMES else (),
        held_names=shared.held.take(place, zones) if setting.state in _HOLD_PRIVATE_NAMES else (),
        vpce_zone=Name.from_text(zone),
        dns_names=_dns_names(place, target, interfaces, healthy, TYPES[kind]) if setting.state in _HAVE_INTERFACES else {},
    )


def _healthy(place: Place, interfaces: tuple[Interface, ...], problems: Problems) -> tuple[Interface, ...]:
    """The interfaces that the regional name leads to: those that are up, or all where none is."""
    zones = {interface.zone for interface in interfaces}
    for zone in place.setting.unhealthy_zones:
        if zone not in zones:
            problems.add((*place.path, "unhealthy_zones"), f"the endpoint has no interface in {zone}", "leave it out")
    up = tuple(interface for interface in interfaces if interface.zone not in place.setting.unhealthy_zones)
    return up or interfaces


def _dns_names(
    place: Place, target: Target, interfaces: Iterable[Interface], healthy: Iterable[Interface], types: Iterable[int]
) -> dict[Name, Sets]:
    """The name of the region with every healthy address and, for a service of this region, one for each zone."""
    behind = f"{target.service.label}.{target.service.vpce_zone(target.region)}"
    named = {f"{place.id}.{behind}": address_sets(healthy, types)}
    if target.local:
        for interface in interfaces:
            if interface.zone is not None:
                named[f"{place.id}-{interface.zone}.{behind}"] = address_sets((interface,), types)
    if target.service.wildcard_only:
        named |= {f"*.{name}": sets for name, sets in named.items()}
    return {Name.from_text(name): sets for name, sets in named.items()}
