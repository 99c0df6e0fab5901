"""Endpoints of VPCs, and the services of one's own that some of them lead to.

A field with a `Key` is a key of the file, as in `shape.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Annotated, Literal, get_args

from proxy.dns.names import Name
from proxy.nouns import dataclass
from proxy.settings.composites import ByKind, Key, ListOf, MapOf, ObjectOf, OneOrList
from proxy.settings.takes import Choice, Flag, Text
from proxy.settings.values import (
    ADDRESS,
    CONFIGURATION_ID,
    ENDPOINT_ID,
    NAME,
    REGION,
    SERVICE,
    SERVICE_ID,
    VPC_NAME,
    WORD,
    ZONE,
    Address,
)  # fmt: skip

LATTICE_TYPES = ("resource", "service_network")

EndpointType = Literal["interface", "gateway", "gateway_load_balancer", "resource", "service_network"]
IpType = Literal["ipv4", "ipv6", "dualstack"]
DnsRecordIpType = Literal["ipv4", "ipv6", "dualstack", "service-defined"]
EndpointState = Literal["pending-acceptance", "pending", "available", "rejected", "expired", "failed", "deleting"]
PrivateDnsPreference = Literal[
    "verified_domains_only", "all_domains", "verified_domains_and_specified_domains", "specified_domains_only"
]
NameState = Literal["pending_verification", "verified", "failed"]

_IP_TYPE = Choice(("ipv4", "ipv6", "dualstack"))
_AUTO = "auto"


def _parse_interface(text: str) -> tuple[Address, ...] | str:
    return text if text == _AUTO else (ADDRESS.parse(text),)


def _all_auto(subnets: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(subnets, _AUTO)


_INTERFACE = ByKind(
    "an address, a list of addresses or auto",
    "10.0.1.50",
    scalar=Text("an address, or auto", "10.0.1.50", _parse_interface),
    sequence=ListOf(ADDRESS),
)
_INTERFACES = ByKind(
    "a mapping from subnets to addresses, or a list of subnets,",
    "{private-a: 10.0.1.50}",
    sequence=ListOf(WORD, _all_auto),
    mapping=MapOf(WORD, _INTERFACE),
)


@dataclass(frozen=True, slots=True)
class DomainSetting:
    """`vpcs.V.endpoints.E.domains.D`: the resource configuration of a domain, as far as DNS shows it."""

    verified: Annotated[bool, Key(Flag(), "Whether it was proved that the domain is the provider's.")] = False
    arn: Annotated[
        bool,
        Key(Flag(), "Whether the resource is one that AWS names (RDS): such a name leads to it without private DNS too."),
    ] = False
    resource_gateway: Annotated[
        str | None,
        Key(VPC_NAME, "The VPC of its resource gateway: there, the name of an `arn` stays as it is.", default="elsewhere"),
    ] = None
    id: Annotated[
        str | None,
        Key(
            CONFIGURATION_ID,
            "The resource configuration's id, with the hash behind it that its DNS name has.",
            default="derived, always the same",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class EndpointSetting:
    """`vpcs.V.endpoints.E`.

    `subnets` leads from a subnet's name to the addresses given for it, or to `auto`; None where the key is absent, which
    is not the same as an endpoint in no subnet.  None elsewhere: the key is absent, AWS's default applies.
    """

    service: Annotated[
        str | None,
        Key(
            SERVICE,
            "The service: its short name (monitoring), its full one (com.amazonaws.REGION.monitoring), or that of one under "
            "`endpoint_services`.",
            default="required, but for types resource and service_network",
            unless=("type", *LATTICE_TYPES),
        ),
    ] = None
    id: Annotated[
        str | None,
        Key(
            ENDPOINT_ID,
            "The endpoint's id, with the word behind it that its DNS names have.",
            default="derived from its name, always the same",
        ),
    ] = None
    type: Annotated[EndpointType, Key(Choice(get_args(EndpointType)), "What kind of endpoint it is.")] = "interface"
    subnets: Annotated[
        Mapping[str, tuple[Address, ...] | Literal["auto"]] | None,
        Key(
            _INTERFACES,
            "The subnets it stands in, each with its address, with [IPv4, IPv6] or with auto; a list means auto.",
        ),
    ] = None
    addresses: Annotated[
        tuple[Address, ...] | None,
        Key(OneOrList(ADDRESS), "Its addresses instead of subnets: there are no names for zones then."),
    ] = None
    private_dns: Annotated[
        bool | None,
        Key(
            Flag(),
            "Whether the service's own names, or its domains, lead to it.",
            default="as AWS: true for services of AWS, but not S3; false for others",
        ),
    ] = None
    private_dns_names: Annotated[
        tuple[Name, ...] | None, Key(OneOrList(NAME), "The names that lead to it.", default="those of the catalogue")
    ] = None
    region: Annotated[str | None, Key(REGION, "The region of the service.", default="the VPC's")] = None
    ip_address_type: Annotated[IpType | None, Key(_IP_TYPE, "The kind of its addresses.", default="as AWS")] = None
    dns_record_ip_type: Annotated[
        DnsRecordIpType | None,
        Key(Choice(("ipv4", "ipv6", "dualstack", "service-defined")), "The kind of its records.", default="as AWS"),
    ] = None
    private_dns_only_for_inbound_resolver_endpoint: Annotated[
        bool | None,
        Key(Flag(), "Whether only those see its private names who ask by an inbound endpoint.", default="as AWS"),
    ] = None
    state: Annotated[
        EndpointState,
        Key(
            Choice(("pending-acceptance", "pending", "available", "rejected", "expired", "failed", "deleting")), "Its state."
        ),
    ] = "available"
    unhealthy_zones: Annotated[
        tuple[str, ...], Key(OneOrList(ZONE), "Availability zones whose interface is down: out of the regional name.")
    ] = ()
    private_dns_preference: Annotated[
        PrivateDnsPreference,
        Key(Choice(get_args(PrivateDnsPreference)), "Which domains of a resource or service_network endpoint lead to it."),
    ] = "verified_domains_only"
    private_dns_specified_domains: Annotated[
        tuple[Name, ...],
        Key(OneOrList(NAME), "The domains that the preference calls specified, 1 to 10; *.example.com is all below it."),
    ] = ()
    domains: Annotated[
        Mapping[Name, DomainSetting],
        Key(
            MapOf(NAME, ObjectOf(DomainSetting, "{verified: true}")),
            "The domains of the resource configurations that a resource or service_network endpoint leads to.",
        ),
    ] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EndpointServiceSetting:
    """`endpoint_services.S`: a service of one's own, or of a partner, that is made of a load balancer."""

    id: Annotated[str | None, Key(SERVICE_ID, "Its id.", default="derived from its name, always the same")] = None
    region: Annotated[str | None, Key(REGION, "Its region.", default="`region`")] = None
    private_dns_name: Annotated[Name | None, Key(NAME, "Its private DNS name.", default="none")] = None
    private_dns_name_state: Annotated[
        NameState, Key(Choice(get_args(NameState)), "Whether it was proved that the name's domain is its owner's.")
    ] = "verified"


ENDPOINT = ObjectOf(EndpointSetting, "{service: monitoring, addresses: 10.0.1.50}")
ENDPOINT_SERVICES = MapOf(WORD, ObjectOf(EndpointServiceSetting, "{private_dns_name: api.partner.com}"))
