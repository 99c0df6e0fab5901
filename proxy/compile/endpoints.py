"""VPC endpoints: their names, their addresses, and what EC2 would refuse of them ("CreateVpcEndpoint").

An interface endpoint has public names of its own under `vpce.amazonaws.com` and, with private DNS, a hidden hosted zone for
each private name of its service.  So has a resource or service-network endpoint for the domains of what it leads to.  A
gateway endpoint has neither; S3's takes record types away from S3's names (AWS PrivateLink, "Gateway endpoints for Amazon
S3").  A Gateway Load Balancer endpoint has no names at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import NamedTuple

from proxy.compile.catalogue import partition_of
from proxy.compile.endpoint_keys import check_keys
from proxy.compile.interfaces import Addresses, Interface, ip_type_of
from proxy.compile.lattice import configurations, lattice_zone
from proxy.compile.places import Place, Target, find_target, place_of
from proxy.compile.private_names import HeldNames, HiddenZone, check_gateways, hidden_zones, is_inbound_only, service_names
from proxy.compile.problems import Problems
from proxy.compile.record_types import PRIVATE_TYPES, TYPES, Sets, address_sets, record_ip_type
from proxy.compile.service_names import EndpointServices
from proxy.dns.codes import TYPE_A, TYPE_AAAA
from proxy.dns.errors import MalformedMessage
from proxy.dns.names import Name
from proxy.nouns import dataclass
from proxy.settings.problems import Path
from proxy.settings.shape import Settings

_HAVE_INTERFACES = frozenset(("pending", "available", "deleting"))
_HOLD_PRIVATE_NAMES = frozenset(("pending", "available", "deleting"))
_SERVE_PRIVATE_NAMES = frozenset(("available", "deleting"))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A compiled endpoint.

    `private_zones` are those that answer, `held_names` the names that no other zone of the VPC can have.  `dns_names` are its
    own public names, all under `vpce_zone`.  `api_name` is what the names of private APIs have behind their own id, and
    `api_sets` where they lead.  `gateway_names` lack the types of `hidden_types` in its VPC.
    """

    vpc: str
    handle: str
    id: str
    path: Path
    private_zones: tuple[HiddenZone, ...] = ()
    held_names: tuple[Name, ...] = ()
    vpce_zone: Name | None = None
    dns_names: Mapping[Name, Sets] = field(default_factory=dict)
    api_name: Name | None = None
    api_sets: Sets = field(default_factory=dict)
    gateway_names: tuple[Name, ...] = ()
    hidden_types: frozenset[int] = frozenset()


class _Shared(NamedTuple):
    """What the endpoints of one VPC share."""

    places: list[tuple[Place, Target | None]]
    addresses: Addresses
    held: HeldNames
    vpcs: Iterable[str]
    problems: Problems

    def gateways(self, target: Target) -> list[Place]:
        """The gateway endpoints of a service."""
        return [place for place, its in self.places if its and place.setting.type == "gateway" and its.name == target.name]


class _Standing(NamedTuple):
    """Where an endpoint stands, those of its interfaces that are up, and its dns_record_ip_type."""

    interfaces: tuple[Interface, ...]
    healthy: tuple[Interface, ...]
    ip_type: str
    kind: str


def compile_endpoints(settings: Settings, problems: Problems) -> dict[str, tuple[Endpoint, ...]]:
    """The endpoints of every VPC that has any, in the order of the file."""
    _check_ids(settings, problems)
    services = EndpointServices(settings, problems)
    return {
        name: tuple(_compile_vpc(name, settings, services, problems)) for name, vpc in settings.vpcs.items() if vpc.endpoints
    }


def _check_ids(settings: Settings, problems: Problems) -> None:
    holders: dict[str, str] = {}
    for name, vpc in settings.vpcs.items():
        for handle in vpc.endpoints:
            place = place_of(name, handle, settings)
            holder = holders.setdefault(place.id, f"{name}/{handle}")
            if holder != f"{name}/{handle}":
                problems.add((*place.path, "id"), f"{place.id} is the id of endpoint {holder} already", "give another")


def _compile_vpc(name: str, settings: Settings, services: EndpointServices, problems: Problems) -> Iterable[Endpoint]:
    vpc = settings.vpcs[name]
    places = [place_of(name, handle, settings) for handle in vpc.endpoints]
    targets = [None if place.is_lattice else find_target(place, services, problems) for place in places]
    pairs = list(zip(places, targets, strict=True))
    shared = _Shared(pairs, Addresses(vpc, problems), HeldNames(problems), settings.vpcs, problems)
    for place, target in pairs:
        check_keys(place, problems)
        try:
            if place.is_lattice:
                yield _compile_lattice(place, shared)
            elif target is not None:
                yield _COMPILE[place.setting.type](place, target, shared)
        except MalformedMessage as error:  # ids and zones of any length are put together into one label
            problems.add(place.path, f"the endpoint's names cannot be made: {error.what}", "give shorter ids")


def _compile_gateway(place: Place, target: Target, shared: _Shared) -> Endpoint:
    setting, problems = place.setting, shared.problems
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


def _compile_gateway_load_balancer(place: Place, _: Target, shared: _Shared) -> Endpoint:
    """An endpoint that packets are routed to: it has addresses, and no name."""
    _stand(place, shared)
    if len(place.setting.subnets or ()) > 1:
        shared.problems.add(place.path, "a Gateway Load Balancer endpoint stands in one subnet", "make one for each")
    return Endpoint(place.vpc, place.handle, place.id, place.path)


def _compile_interface(place: Place, target: Target, shared: _Shared) -> Endpoint:
    standing = _stand(place, shared)
    names = service_names(place, target, standing.ip_type, shared.problems)
    inbound_only = is_inbound_only(place, target, bool(names), shared.problems)
    if inbound_only:
        check_gateways(place, standing.kind, shared.gateways(target), shared.problems)
    zones = hidden_zones(names, address_sets(standing.healthy, PRIVATE_TYPES[standing.kind]), inbound_only)
    behind = Name.from_text(target.service.vpce_zone(target.region))
    endpoint = _with_names(place, shared, zones, behind, _dns_names(place, target, standing))
    if target.service.short != "execute-api" or place.setting.state not in _HAVE_INTERFACES:
        return endpoint
    return replace(
        endpoint, api_name=_api_name(place, target), api_sets=address_sets(standing.healthy, TYPES[standing.kind])
    )


def _compile_lattice(place: Place, shared: _Shared) -> Endpoint:
    standing = _stand(place, shared)
    every = tuple(configurations(place, shared.vpcs, shared.problems))
    names = [each.private_name for each in every if each.private_name is not None]
    zones = hidden_zones(names, address_sets(standing.healthy, PRIVATE_TYPES[standing.kind]), inbound_only=False)
    sets = address_sets(standing.healthy, TYPES[standing.kind])
    return _with_names(place, shared, zones, lattice_zone(place.home), {each.dns_name: sets for each in every})


_COMPILE = {
    "interface": _compile_interface,
    "gateway": _compile_gateway,
    "gateway_load_balancer": _compile_gateway_load_balancer,
}


def _api_name(place: Place, target: Target) -> Name:
    """`API-ENDPOINT.execute-api.REGION.amazonaws.com` without the API and its hyphen.

    That is a public name of a private API (API Gateway, "How to invoke a private API").  Which APIs are associated with the
    endpoint the file does not tell: here, every one is.
    """
    ident = "-".join(place.id.split("-")[:2])
    return Name.from_text(f"{ident}.execute-api.{target.region}.{partition_of(target.region).suffix}")


def _stand(place: Place, shared: _Shared) -> _Standing:
    setting = place.setting
    ip_type = ip_type_of(setting, place.vpc_setting)
    kind = record_ip_type(setting, ip_type, place.path, shared.problems)
    interfaces = shared.addresses.interfaces(place.handle, setting, ip_type, place.path)
    return _Standing(interfaces, _healthy(place, interfaces, shared.problems), ip_type, kind)


def _with_names(
    place: Place, shared: _Shared, zones: tuple[HiddenZone, ...], vpce_zone: Name, dns_names: Mapping[Name, Sets]
) -> Endpoint:
    """The endpoint with those of its names that it has in its state."""
    state = place.setting.state
    return Endpoint(
        place.vpc,
        place.handle,
        place.id,
        place.path,
        private_zones=zones if state in _SERVE_PRIVATE_NAMES else (),
        held_names=shared.held.take(place, zones) if state in _HOLD_PRIVATE_NAMES else (),
        vpce_zone=vpce_zone,
        dns_names=dns_names if state in _HAVE_INTERFACES else {},
    )


def _healthy(place: Place, interfaces: tuple[Interface, ...], problems: Problems) -> tuple[Interface, ...]:
    """The interfaces that the regional name leads to: those that are up, or all where none is."""
    zones = {interface.zone for interface in interfaces}
    for zone in place.setting.unhealthy_zones:
        if zone not in zones:
            problems.add((*place.path, "unhealthy_zones"), f"the endpoint has no interface in {zone}", "leave it out")
    up = tuple(interface for interface in interfaces if interface.zone not in place.setting.unhealthy_zones)
    return up or interfaces


def _dns_names(place: Place, target: Target, standing: _Standing) -> dict[Name, Sets]:
    """The name of the region with every healthy address and, for a service of this region, one for each zone."""
    types = TYPES[standing.kind]
    behind = f"{target.service.label}.{target.service.vpce_zone(target.region)}"
    named = {f"{place.id}.{behind}": address_sets(standing.healthy, types)}
    if target.local:
        for interface in standing.interfaces:
            if interface.zone is not None:
                named[f"{place.id}-{interface.zone}.{behind}"] = address_sets((interface,), types)
    if target.service.wildcard_only:
        named |= {f"*.{name}": sets for name, sets in named.items()}
    return {Name.from_text(name): sets for name, sets in named.items()}
