"""`vpcs`: the VPCs of a file, their subnets and their endpoints.

A field with a `Key` is a key of the file, as in `shape.py`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from proxy.settings.composites import Key, MapOf, ObjectOf, OneOrList
from proxy.settings.endpoints import ENDPOINT, EndpointSetting
from proxy.settings.sockets import LISTEN, ListenSetting
from proxy.settings.takes import Flag
from proxy.settings.values import (
    ACCOUNT,
    CIDR,
    CIDR_V4,
    CIDR_V6,
    NETWORK,
    REGION,
    VPC_ID,
    VPC_NAME,
    WORD,
    ZONE,
    Network,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SubnetSetting:
    """`vpcs.V.subnets.S`: at least one of the two ranges; `az` is a zone's name (ap-northeast-1a)."""

    az: Annotated[str, Key(ZONE, "The availability zone.")]
    cidr: Annotated[
        ipaddress.IPv4Network | None, Key(CIDR_V4, "The IPv4 range.", default="without it, the subnet is IPv6-only")
    ] = None
    ipv6_cidr: Annotated[ipaddress.IPv6Network | None, Key(CIDR_V6, "The IPv6 range.", default="none")] = None


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
        Key(MapOf(WORD, ENDPOINT), "Its endpoints."),
    ] = field(default_factory=dict)
    inbound_endpoints: Annotated[
        Mapping[str, InboundEndpointSetting],
        Key(MapOf(WORD, ObjectOf(InboundEndpointSetting, '{listen: "127.0.0.1:1055"}')), "Its inbound resolver endpoints."),
    ] = field(default_factory=dict)


VPCS = MapOf(VPC_NAME, ObjectOf(VpcSetting, "{cidr: 10.0.0.0/16}"))
