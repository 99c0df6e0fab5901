"""Private DNS: which names lead to an endpoint in its VPC, and what EC2 would refuse of that ("CreateVpcEndpoint").

For every private name AWS attaches a hidden hosted zone to the VPC.  It holds that one name, or with `*.x` all below x, so
what the public zone of the name has beside hides behind it (AWS PrivateLink, "DNS resolution").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from proxy.compile.places import Place, Target
from proxy.compile.problems import Problems
from proxy.compile.record_types import Sets
from proxy.dns.names import Name

_WILDCARD_LABEL = b"\x01*"


class HiddenZone(NamedTuple):
    """The hosted zone that AWS makes for a private name; `inbound_only`: for queries by an inbound endpoint alone."""

    name: Name
    records: Mapping[Name, Sets]
    inbound_only: bool


def hidden_zones(names: Iterable[Name], sets: Sets, inbound_only: bool) -> tuple[HiddenZone, ...]:
    """A zone for each name; `*.x` is a record beside that of x, in the zone x."""
    zones: dict[Name, dict[Name, Sets]] = {}
    for name in names:
        apex = name.parent() if name.startswith(_WILDCARD_LABEL) else name
        zones.setdefault(apex, {apex: sets})[name] = sets
    return tuple(HiddenZone(name, records, inbound_only) for name, records in zones.items())


class HeldNames:
    """The names of one VPC's hidden zones, and which endpoint holds each."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._holders: dict[Name, str] = {}

    def take(self, place: Place, zones: Iterable[HiddenZone]) -> tuple[Name, ...]:
        """Hold the names of `zones`; one that another endpoint holds is a problem."""
        names = tuple(zone.name for zone in zones)
        for name in names:
            holder = self._holders.setdefault(name, place.handle)
            if holder != place.handle:
                self._problems.add(
                    place.path,
                    "InvalidParameter: private-dns-enabled cannot be set because there is already a conflicting DNS domain "
                    f"for {name} in the VPC {place.vpc_id}",
                    f"endpoint {holder} has it already: say private_dns: false for one of the two",
                )
        return names


def service_names(place: Place, target: Target, ip_type: str, problems: Problems) -> tuple[Name, ...]:
    """The names that private DNS covers for an endpoint of a service, none where it is off."""
    setting = place.setting
    given = setting.private_dns_names
    wanted = setting.private_dns
    if wanted is None:
        wanted = (target.service.private_dns or given is not None) and setting.state != "pending-acceptance"
    if not wanted:
        return ()
    check_private_dns(place, problems)
    if setting.state == "pending-acceptance":
        problems.add(
            place.path,
            "InvalidParameter: Private DNS can only be enabled after the endpoint connection is accepted by the owner of "
            f"{target.name}.",
            "say private_dns: false, or another state",
        )
    names = given
    if names is None:
        names = tuple(map(Name.from_text, target.service.private_names(target.region, dualstack=ip_type == "dualstack")))
    if not names and (setting.private_dns or given is not None):
        problems.add(
            place.path,
            f"InvalidParameter: Private DNS can't be enabled because the service {target.name} does not provide a private DNS "
            "name.",
            "leave private_dns out, or give private_dns_names",
        )
    if given is None and target.unverified is not None:
        problems.add(
            place.path,
            f"InvalidParameter: Private DNS can't be enabled because the private DNS name {target.unverified} is not verified.",
            "its owner has to prove the domain with a TXT record: private_dns_name_state: verified",
        )
    _check_names(place, names, problems)
    return names


def check_private_dns(place: Place, problems: Problems) -> None:
    """What the VPC of any endpoint with private DNS needs."""
    if not place.has_dns_attributes:
        problems.add(
            place.path,
            "InvalidParameter: Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set "
            f"to true for {place.vpc_id}",
            "turn them on, or say private_dns: false",
        )


def _check_names(place: Place, names: Iterable[Name], problems: Problems) -> None:
    for name in names:
        if len(name.removeprefix(_WILDCARD_LABEL)) == 1:
            what = f"{name} is no private name: it would lead every name of the world to this endpoint"
            problems.add((*place.path, "private_dns_names"), what, "name a domain")


def is_inbound_only(place: Place, target: Target, has_private_dns: bool, problems: Problems) -> bool:
    """Whether only inbound endpoints see the private names (PrivateDnsOnlyForInboundResolverEndpoint).

    True by default for a service that has gateway endpoints, but not across regions, where there can be no gateway.
    """
    wanted = place.setting.private_dns_only_for_inbound_resolver_endpoint
    if has_private_dns and target.has_gateway:
        return target.local if wanted is None else wanted
    if wanted:
        problems.add(
            (*place.path, "private_dns_only_for_inbound_resolver_endpoint"),
            "private DNS for inbound endpoints alone is for endpoints with private DNS of a service that has gateway endpoints",
            "leave it out",
        )
    return False


def check_gateways(place: Place, kind: str, gateways: Sequence[Place], problems: Problems) -> None:
    """What an endpoint that is for inbound endpoints alone needs of the gateway endpoints of its service.

    `kind` is its dns_record_ip_type.  Where the two differ, the later one of the file is at fault.
    """
    if not gateways:
        problems.add(
            place.path,
            f"InvalidParameter: To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {place.vpc_id} must have a "
            "Gateway endpoint for the service.",
            "add one, or say private_dns_only_for_inbound_resolver_endpoint: false",
        )
    order = list(place.vpc_setting.endpoints)
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
