"""VPC endpoints: their names, their addresses, and what EC2 would refuse of them ("CreateVpcEndpoint").

An interface endpoint has public names of its own under `vpce.amazonaws.com` and, with private DNS, a hidden hosted zone for
each private name of its service.  A gateway endpoint has neither; S3's takes record types away from S3's names
(AWS PrivateLink, "Gateway endpoints for Amazon S3").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from proxy.compile.catalogue import Service, find_service, service_hint
from proxy.compile.ids import endpoint_id, vpc_id
from proxy.compile.interfaces import Addresses, Interface, addresses_by_version, ip_type_of
from proxy.compile.problems import Problems
from proxy.dns.codes import TYPE_A, TYPE_AAAA
from proxy.dns.names import Name
from proxy.dns.records import RecordSet
from proxy.dns.text import pack_rdata
from proxy.settings.problems import Path
from proxy.settings.shape import EndpointSetting, Settings, VpcSetting

TTL = 60

_RECORD_IP_TYPES = {
    ("interface", "ipv4"): ("ipv4",),
    ("interface", "ipv6"): ("ipv6",),
    ("interface", "dualstack"): ("dualstack", "ipv4", "ipv6", "service-defined"),
    ("gateway", "ipv4"): ("service-defined", "ipv4"),
    ("gateway", "ipv6"): ("service-defined", "ipv6"),
    ("gateway", "dualstack"): ("service-defined", "ipv4", "ipv6", "dualstack"),
}
"""Which records fit which addresses, the default first (AWS PrivateLink, "DNS record IP type")."""

_TYPES = {"ipv4": (TYPE_A,), "ipv6": (TYPE_AAAA,), "dualstack": (TYPE_A, TYPE_AAAA), "service-defined": (TYPE_A, TYPE_AAAA)}
_PRIVATE_TYPES = {**_TYPES, "service-defined": (TYPE_A,)}
_VERSION = {TYPE_A: 4, TYPE_AAAA: 6}
_WILDCARD_LABEL = b"\x01*"

_HAVE_INTERFACES = frozenset(("pending", "available", "deleting"))
_HOLD_PRIVATE_NAMES = frozenset(("pending", "available", "deleting"))
_SERVE_PRIVATE_NAMES = frozenset(("available", "deleting"))

Sets = dict[int, RecordSet]


class HiddenZone(NamedTuple):
    """The hosted zone that AWS makes for a private name; `inbound_only`: for queries by an inbound endpoint alone."""

    name: Name
    records: Mapping[Name, Sets]
    inbound_only: bool


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A compiled endpoint.

    `dns_names` are its own public names, all under `vpce_zone`.  `gateway_names` lack the types of `hidden_types` in its VPC.
    """

    vpc: str
    handle: str
    id: str
    path: Path
    private_zones: tuple[HiddenZone, ...] = ()
    vpce_zone: Name | None = None
    dns_names: Mapping[Name, Sets] = field(default_factory=dict)
    gateway_names: tuple[Name, ...] = ()
    hidden_types: frozenset[int] = frozenset()


class _Place(NamedTuple):
    """An endpoint of the file and all around it that it is checked against."""

    vpc: str
    vpc_setting: VpcSetting
    vpc_id: str
    handle: str
    setting: EndpointSetting
    service: Service
    region: str
    local: bool
    path: Path

    @property
    def id(self) -> str:
        return self.setting.id or endpoint_id(self.vpc, self.handle)

    @property
    def service_name(self) -> str:
        return self.service.full_name(self.region)


def compile_endpoints(settings: Settings, problems: Problems) -> dict[str, tuple[Endpoint, ...]]:
    """The endpoints of every VPC that has any, in the order of the file."""
    return {name: tuple(_compile_vpc(name, vpc, settings, problems)) for name, vpc in settings.vpcs.items() if vpc.endpoints}


def _compile_vpc(name: str, vpc: VpcSetting, settings: Settings, problems: Problems) -> Iterable[Endpoint]:
    places = [
        place
        for handle, setting in vpc.endpoints.items()
        if (place := _find_place(name, handle, setting, settings, problems)) is not None
    ]
    addresses = Addresses(vpc, problems)
    taken: set[Name] = set()
    for place in places:
        if place.setting.type == "gateway":
            yield _compile_gateway(place, problems)
        else:
            yield _compile_interface(place, places, addresses, taken, problems)


def _find_place(vpc: str, handle: str, setting: EndpointSetting, settings: Settings, problems: Problems) -> _Place | None:
    vpc_setting = settings.vpcs[vpc]
    path: Path = ("vpcs", vpc, "endpoints", handle)
    home = vpc_setting.region or settings.region
    found = find_service(setting.service, home)
    if found is None:
        problems.add((*path, "service"), f"there is no endpoint service {setting.service}", service_hint(setting.service))
        return None
    region = found.region or setting.region or home
    if setting.region is not None and setting.region != region:
        problems.add(
            (*path, "region"), f"{setting.service} is of {region}, not of {setting.region}", "leave one of them out"
        )
    if setting.type not in found.service.types:
        problems.add(
            (*path, "type"),
            f"InvalidParameter: there is no {setting.type} endpoint for {found.service.full_name(region)}",
            f"its type is {' or '.join(sorted(found.service.types))}",
        )
    ident = vpc_setting.id or vpc_id(vpc)
    return _Place(vpc, vpc_setting, ident, handle, setting, found.service, region, region == home, path)


def _compile_gateway(place: _Place, problems: Problems) -> Endpoint:
    setting = place.setting
    for key in (
        "subnets",
        "addresses",
        "private_dns",
        "private_dns_names",
        "private_dns_only_for_inbound_resolver_endpoint",
    ):
        if getattr(setting, key):
            problems.add((*place.path, key), f"a gateway endpoint has no {key}", "it is a route, without an interface")
    if not place.local:
        problems.add(place.path, f"a gateway endpoint is for a service of its own region, not of {place.region}")
    kind = _record_ip_type(place, setting.ip_address_type or "ipv4", problems)
    if place.service.short != "s3":
        if kind != "service-defined":
            problems.add(
                place.path,
                f"a gateway endpoint for {place.service.short} has dns_record_ip_type service-defined alone, not {kind}",
                "leave it out",
            )
        return Endpoint(place.vpc, place.handle, place.id, place.path)
    names = dict.fromkeys(name.removeprefix("*.") for name in place.service.private_names(place.region, dualstack=True))
    hidden = frozenset((TYPE_A, TYPE_AAAA)).difference(_TYPES[kind])
    return Endpoint(
        place.vpc,
        place.handle,
        place.id,
        place.path,
        gateway_names=tuple(map(Name.from_text, names)),
        hidden_types=hidden,
    )


def _compile_interface(
    place: _Place, places: Iterable[_Place], addresses: Addresses, taken: set[Name], problems: Problems
) -> Endpoint:
    setting = place.setting
    ip_type = ip_type_of(setting, place.vpc_setting)
    kind = _record_ip_type(place, ip_type, problems)
    interfaces = addresses.interfaces(place.handle, setting, ip_type, place.path)
    healthy = _healthy(place, interfaces, problems)
    made = dict.fromkeys(_private_names(place, ip_type, problems))
    inbound_only = _inbound_only(place, bool(made), places, kind, problems)
    zones = _hidden_zones(made, _sets(healthy, _PRIVATE_TYPES[kind]), inbound_only)
    if setting.state in _HOLD_PRIVATE_NAMES:
        _take(place, zones, taken, problems)
    zone = place.service.vpce_zone(place.region)
    return Endpoint(
        place.vpc,
        place.handle,
        place.id,
        place.path,
        zones if setting.state in _SERVE_PRIVATE_NAMES else (),
        Name.from_text(zone),
        _dns_names(place, zone, interfaces, healthy, _TYPES[kind]) if setting.state in _HAVE_INTERFACES else {},
    )


def _record_ip_type(place: _Place, ip_type: str, problems: Problems) -> str:
    allowed = _RECORD_IP_TYPES[place.setting.type, ip_type]
    wanted = place.setting.dns_record_ip_type
    if wanted is None:
        return allowed[0]
    if wanted not in allowed:
        problems.add(
            place.path,
            f"dns_record_ip_type {wanted} does not fit ip_address_type {ip_type}",
            f"it can be {' or '.join(allowed)}",
        )
    return wanted


def _healthy(place: _Place, interfaces: tuple[Interface, ...], problems: Problems) -> tuple[Interface, ...]:
    """The interfaces that the regional name leads to: those that are up, or all where none is."""
    zones = {interface.zone for interface in interfaces}
    for zone in place.setting.unhealthy_zones:
        if zone not in zones:
            problems.add((*place.path, "unhealthy_zones"), f"the endpoint has no interface in {zone}", "leave it out")
    up = tuple(interface for interface in interfaces if interface.zone not in place.setting.unhealthy_zones)
    return up or interfaces


def _private_names(place: _Place, ip_type: str, problems: Problems) -> tuple[str, ...]:
    """The names that private DNS covers, none where it is off."""
    setting = place.setting
    wanted = setting.private_dns
    if wanted is None:
        wanted = place.service.private_dns and setting.state != "pending-acceptance"
    if not wanted:
        return ()
    if setting.state == "pending-acceptance":
        problems.add(
            place.path,
            "InvalidParameter: Private DNS can only be enabled after the endpoint connection is accepted by the owner of "
            f"{place.service_name}.",
            "say private_dns: false, or another state",
        )
    if not (place.vpc_setting.enable_dns_support and place.vpc_setting.enable_dns_hostnames):
        problems.add(
            place.path,
            "InvalidParameter: Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set "
            f"to true for {place.vpc_id}",
            "turn them on, or say private_dns: false",
        )
    if setting.private_dns_names is not None:
        return tuple(map(str, setting.private_dns_names))
    names = place.service.private_names(place.region, dualstack=ip_type == "dualstack")
    if not names and setting.private_dns:
        problems.add(
            place.path,
            f"InvalidParameter: Private DNS can't be enabled because the service {place.service_name} does not provide a "
            "private DNS name.",
            "leave private_dns out, or give private_dns_names",
        )
    return names


def _inbound_only(place: _Place, private_dns: bool, places: Iterable[_Place], kind: str, problems: Problems) -> bool:
    """Whether only inbound endpoints see the private names: S3's default (PrivateDnsOnlyForInboundResolverEndpoint)."""
    both_kinds = {"interface", "gateway"} <= place.service.types
    wanted = place.setting.private_dns_only_for_inbound_resolver_endpoint
    if wanted and not (both_kinds and private_dns):
        problems.add(
            (*place.path, "private_dns_only_for_inbound_resolver_endpoint"),
            "private DNS for inbound endpoints alone is for endpoints with private DNS of a service that has gateway endpoints",
            "leave it out",
        )
    if not (private_dns and both_kinds) or wanted is False:
        return False
    gateways = [other for other in places if other.setting.type == "gateway" and other.service_name == place.service_name]
    if not gateways:
        problems.add(
            place.path,
            f"InvalidParameter: To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {place.vpc_id} must have a "
            "Gateway endpoint for the service.",
            "add one, or say private_dns_only_for_inbound_resolver_endpoint: false",
        )
    order = [each.handle for each in places]
    for gateway in gateways:
        other = gateway.setting.dns_record_ip_type or "service-defined"
        if other not in (kind, "service-defined"):
            later = max(gateway, place, key=lambda each: order.index(each.handle))
            problems.add(
                (*later.path, "dns_record_ip_type"),
                f"dns_record_ip_type {other} of {gateway.handle} differs from {kind} of {place.handle}, which needs that "
                "gateway endpoint",
                "give both the same, or the gateway service-defined",
            )
    return True


def _hidden_zones(names: Iterable[str], sets: Sets, inbound_only: bool) -> tuple[HiddenZone, ...]:
    """A zone for each name; `*.x` is a record beside that of x, in the zone x."""
    zones: dict[Name, dict[Name, Sets]] = {}
    for text in names:
        name = Name.from_text(text)
        apex = name.parent() if name.startswith(_WILDCARD_LABEL) else name
        zones.setdefault(apex, {apex: sets})[name] = sets
    return tuple(HiddenZone(name, records, inbound_only) for name, records in zones.items())


def _take(place: _Place, zones: Iterable[HiddenZone], taken: set[Name], problems: Problems) -> None:
    """Hold the zones' names, unless another endpoint of the VPC does."""
    for zone in zones:
        if zone.name in taken:
            problems.add(
                place.path,
                "InvalidParameter: private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                f"{zone.name} in the VPC {place.vpc_id}",
                "one endpoint of a VPC can have a private name",
            )
        taken.add(zone.name)


def _dns_names(
    place: _Place, zone: str, interfaces: Iterable[Interface], healthy: Iterable[Interface], types: Iterable[int]
) -> dict[Name, Sets]:
    """The name of the region with every healthy address and, for a service of this region, one for each zone."""
    label = place.service.label
    named = {f"{place.id}.{label}.{zone}": _sets(healthy, types)}
    if place.local:
        for interface in interfaces:
            if interface.zone is not None:
                named[f"{place.id}-{interface.zone}.{label}.{zone}"] = _sets((interface,), types)
    if place.service.wildcard_only:
        named |= {f"*.{name}": sets for name, sets in named.items()}
    return {Name.from_text(name): sets for name, sets in named.items()}


def _sets(interfaces: Iterable[Interface], types: Iterable[int]) -> Sets:
    by_version = addresses_by_version(interfaces)
    found = {kind: by_version[_VERSION[kind]] for kind in types}
    return {
        kind: RecordSet.pack(kind, TTL, [pack_rdata(kind, text) for text in texts]) for kind, texts in found.items() if texts
    }
