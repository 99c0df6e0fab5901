"""`vpcs`: the VPCs of a file, their subnets and their endpoints.

A field with a `Key` is a key of the file, as in `shape.py`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from proxy.dns.names import Name
from proxy.settings.composites import ByKind, Key, ListOf, MapOf, ObjectOf, OneOrList
from proxy.settings.sockets import LISTEN, ListenSetting
from proxy.settings.takes import Choice, Flag, Text
from proxy.settings.values import (
    ACCOUNT,
    ADDRESS,
    CIDR,
    CIDR_V4,
    CIDR_V6,
    ENDPOINT_ID,
    NAME,
    NETWORK,
    REGION,
    SERVICE,
    VPC_ID,
    VPC_NAME,
    WORD,
    ZONE,
    Address,
    Network,
)  # fmt: skip

IpType = Literal["ipv4", "ipv6", "dualstack"]
DnsRecordIpType = Literal["ipv4", "ipv6", "dualstack", "service-defined"]
EndpointState = Literal["pending-acceptance", "pending", "available", "rejected", "expired", "failed", "deleting"]

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
class SubnetSetting:
    """`vpcs.V.subnets.S`: at least one of the two ranges; `az` is a zone's name (ap-northeast-1a)."""

    az: Annotated[str, Key(ZONE, "The availability zone.")]
    cidr: Annotated[
        ipaddress.IPv4Network | None, Key(CIDR_V4, "The IPv4 range.", default="without it, the subnet is IPv6-only")
    ] = None
    ipv6_cidr: Annotated[ipaddress.IPv6Network | None, Key(CIDR_V6, "The IPv6 range.", default="none")] = None


@dataclass(frozen=True, slots=True)
class EndpointSetting:
    """`vpcs.V.endpoints.E`.

    `subnets` leads from a subnet's name to the addresses given for it, or to `auto`; None where the key is absent, which
    is not the same as an endpoint in no subnet.  None elsewhere: the key is absent, AWS's default applies.
    """

    service: Annotated[
        str, Key(SERVICE, "The service: its short name (monitoring) or its full one (com.amazonaws.REGION.monitoring).")
    ]
    id: Annotated[str | None, Key(ENDPOINT_ID, "The endpoint's id.", default="derived from its name, always the same")] = (
        None
    )
    type: Annotated[
        Literal["interface", "gateway"], Key(Choice(("interface", "gateway")), "What kind of endpoint it is.")
    ] = "interface"
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
        bool | None, Key(Flag(), "Whether the service's own names lead to it.", default="as AWS: true, and false for S3")
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


@dataclass(frozen=True, slots=True)
class InboundEndpointSetting:
    """`vpcs.V.inbound_endpoints.I`: the socket of the view V/I, if it has one."""

    listen: Annotated[ListenSetting | None, Key(LISTEN, "Where to listen for it.", default="no socket of its own")] = None


@dataclass(frozen=True, slots=True)
class VpcSetting:
    """`vpcs.V`."""

    id: Annotated[str | None, Key(VPC_ID, "The VPC's id.", default="derived from its name, always the same")] = None
    region: Annotated[str | None, Key(REGION, "Its region.", default="`region`")] = None
    account: Annotated[str | None, Key(ACCOUNT, "Its account.", default="`account`")] = None
    cidr: Annotated[tuple[Network, ...], Key(OneOrList(CIDR), "Its ranges; the first is the primary one.")] = ()
    clients: Annotated[tuple[Network, ...], Key(OneOrList(NETWORK), "Further networks whose clients count as inside.")] = ()
    enable_dns_support: Annotated[bool, Key(Flag(), "The VPC's attribute of that name.")] = True
    enable_dns_hostnames: Annotated[
        bool, Key(Flag(), "The VPC's attribute of that name.  AWS has it false except in a default VPC; here it is true.")
    ] = True
    subnets: Annotated[
        Mapping[str, SubnetSetting],
        Key(MapOf(WORD, ObjectOf(SubnetSetting, "{cidr: 10.0.1.0/24, az: us-east-1a}")), "Its subnets."),
    ] = field(default_factory=dict)
    endpoints: Annotated[
        Mapping[str, EndpointSetting],
        Key(MapOf(WORD, ObjectOf(EndpointSetting, "{service: monitoring, addresses: 10.0.1.50}")), "Its endpoints."),
    ] = field(default_factory=dict)
    inbound_endpoints: Annotated[
        Mapping[str, InboundEndpointSetting],
        Key(MapOf(WORD, ObjectOf(InboundEndpointSetting, '{listen: "127.0.0.1:1055"}')), "Its inbound resolver endpoints."),
    ] = field(default_factory=dict)


VPCS = MapOf(VPC_NAME, ObjectOf(VpcSetting, "{cidr: 10.0.0.0/16}"))
