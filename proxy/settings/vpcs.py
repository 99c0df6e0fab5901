"""`vpcs`: the VPCs of a file, their subnets, instances and endpoints.

A field with a `Key` is a key of the file, as in `shape.py`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from proxy.dns.names import Name
from proxy.nouns import dataclass
from proxy.settings.composites import Key, MapOf, ObjectOf, OneOrList
from proxy.settings.endpoints import ENDPOINT, EndpointSetting
from proxy.settings.sockets import LISTEN, ListenSetting
from proxy.settings.takes import Flag
from proxy.settings.values import (
    ACCOUNT,
    ADDRESS_V4,
    ADDRESS_V6,
    CIDR,
    CIDR_V4,
    CIDR_V6,
    INSTANCE_ID,
    NAME,
    NETWORK,
    REGION,
    VPC_ID,
    VPC_NAME,
    WORD,
    ZONE,
    Address,
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
    dns64: Annotated[
        bool, Key(Flag(), "Whether its clients get an address below 64:ff9b::/96 of a name that has IPv4 addresses alone.")
    ] = False


@dataclass(frozen=True, slots=True)
class InstanceSetting:
    """`vpcs.V.instances.I`.  None where AWS's default applies, which depends on the subnet."""

    subnet: Annotated[
        str | None, Key(WORD, "The subnet it stands in.", default="the one that holds its addresses, if there are subnets")
    ] = None
    ip: Annotated[ipaddress.IPv4Address | None, Key(ADDRESS_V4, "Its private IPv4 address.", default="none")] = None
    ipv6: Annotated[ipaddress.IPv6Address | None, Key(ADDRESS_V6, "Its IPv6 address.", default="none")] = None
    id: Annotated[str | None, Key(INSTANCE_ID, "Its id.", default="derived from its name, always the same")] = None
    public_ip: Annotated[
        ipaddress.IPv4Address | None,
        Key(ADDRESS_V4, "Its public IPv4 address: gives it a public host name.", default="none"),
    ] = None
    resource_name_a: Annotated[
        bool | None,
        Key(
            Flag(),
            "Whether the name of its id (i-….ec2.internal) has an A record; without any, the name is an empty answer.",
            default="false",
        ),
    ] = None
    resource_name_aaaa: Annotated[
        bool | None,
        Key(Flag(), "Whether that name has an AAAA record.", default="as AWS: false, and true in an IPv6-only subnet"),
    ] = None


@dataclass(frozen=True, slots=True)
class InboundEndpointSetting:
    """`vpcs.V.inbound_endpoints.I`: the socket of the view V/I, if it has one."""

    listen: Annotated[ListenSetting | None, Key(LISTEN, "Where to listen for it.", default="no socket of its own")] = None


@dataclass(frozen=True, slots=True)
class DhcpSetting:
    """`vpcs.V.dhcp`: the DHCP options set."""

    domain_name: Annotated[
        Name | None,
        Key(NAME, "The search domain of its machines.", default="ec2.internal in us-east-1, else REGION.compute.internal"),
    ] = None


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
    autodefined_reverse: Annotated[
        bool, Key(Flag(), "Whether its Resolver answers the reverse names of private addresses (AutodefinedReverse).")
    ] = True
    dhcp: Annotated[DhcpSetting, Key(ObjectOf(DhcpSetting, "{domain_name: corp.example.com}"), "Its DHCP options.")] = (
        DhcpSetting()
    )
    subnets: Annotated[
        Mapping[str, SubnetSetting],
        Key(MapOf(WORD, ObjectOf(SubnetSetting, "{cidr: 10.0.1.0/24, az: us-east-1a}")), "Its subnets."),
    ] = field(default_factory=dict)
    instances: Annotated[
        Mapping[str, InstanceSetting],
        Key(
            MapOf(WORD, ObjectOf(InstanceSetting, "{subnet: private-a, ip: 10.0.1.5}")),
            "Its EC2 instances.  A name that says an address, such as ip-10-0-1-5.ec2.internal, is there for every private "
            "address, whether an instance has it or not.",
        ),
    ] = field(default_factory=dict)
    endpoints: Annotated[
        Mapping[str, EndpointSetting],
        Key(MapOf(WORD, ENDPOINT), "Its endpoints."),
    ] = field(default_factory=dict)
    inbound_endpoints: Annotated[
        Mapping[str, InboundEndpointSetting],
        Key(MapOf(WORD, ObjectOf(InboundEndpointSetting, '{listen: "127.0.0.1:1055"}')), "Its inbound resolver endpoints."),
    ] = field(default_factory=dict)

    @property
    def networks(self) -> tuple[Network, ...]:
        """Whose clients are inside: its ranges and `clients`, and the subnets' ranges of an IP version that it has none of."""
        versions = {cidr.version for cidr in self.cidr}
        subnets = (each for subnet in self.subnets.values() for each in (subnet.cidr, subnet.ipv6_cidr) if each is not None)
        return (*self.cidr, *self.clients, *(each for each in subnets if each.version not in versions))

    @property
    def resolver_addresses(self) -> tuple[Address, ...]:
        """What is kept for the resolver: the third address of each IPv4 range.  It answers at that of the first alone."""
        return tuple(cidr.network_address + 2 for cidr in self.cidr if cidr.version == 4)


VPCS = MapOf(VPC_NAME, ObjectOf(VpcSetting, "{cidr: 10.0.0.0/16}"))
