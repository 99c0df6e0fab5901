"""The shape of a configuration file, as frozen types: what the user wrote, checked key by key, still in the user's terms.

`auto` may stand here, and a name that no VPC has; `compile/` turns the whole into a World or says what does not fit
together.  Everything has its default here, so that a reader of one section sees what an empty file means.

A field with a `Key` is a key of the file.  To add a key, add its field: reading it, its error texts, the JSON schema and the
table of the reference all come from that line.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from proxy.dns.names import Name
from proxy.model.answers import ServerAddress
from proxy.settings.expect import EXPECT, ExpectationSetting, RefusalExpected
from proxy.settings.problems import Path
from proxy.settings.records import Records, RecordSpec
from proxy.settings.sockets import LISTEN, SERVER, ListenSetting
from proxy.settings.takes import (
    ByKind,
    Choice,
    Converted,
    Flag,
    Integer,
    Key,
    ListOf,
    MapOf,
    ObjectOf,
    OneOrList,
    Text,
    Wrong,
)
from proxy.settings.values import (
    ACCOUNT,
    ADDRESS,
    CIDR,
    CIDR_V4,
    CIDR_V6,
    ENDPOINT_ID,
    MAX_TTL,
    NAME,
    NETWORK,
    REGION,
    SERVICE,
    VIEW,
    VPC_ID,
    VPC_NAME,
    WORD,
    ZONE,
    ZONE_ID,
    Address,
    Network,
    duration,
    parse_network,
)

__all__ = [
    "Address", "CacheSetting", "EndpointSetting", "ExpectationSetting", "InboundEndpointSetting", "LimitsSetting",
    "ListenSetting", "Network", "Path", "PeeringSetting", "PrivateZoneSetting", "PublicZoneSetting", "RecordSpec",
    "RefusalExpected", "Settings", "SimulatedServerSetting", "SubnetSetting", "UpstreamSetting", "VpcSetting",
]  # fmt: skip

IpType = Literal["ipv4", "ipv6", "dualstack"]
DnsRecordIpType = Literal["ipv4", "ipv6", "dualstack", "service-defined"]
EndpointState = Literal["pending-acceptance", "pending", "available", "rejected", "expired", "failed", "deleting"]

_IP_TYPE = Choice(("ipv4", "ipv6", "dualstack"))
_AUTO = "auto"
_ALLOWED_WORDS = ("loopback", "vpcs", "any")
_CACHE_TIME = duration(0, MAX_TTL)


def _parse_interface(text: str) -> tuple[Address, ...] | str:
    return text if text == _AUTO else (ADDRESS.parse(text),)


def _parse_allowed(text: str) -> Network | str:
    if text in _ALLOWED_WORDS:
        return text
    try:
        return parse_network(text)
    except Wrong as wrong:
        raise Wrong(wrong.what, f"write {', '.join(_ALLOWED_WORDS)} or a network such as 10.0.0.0/16") from None


_INTERFACE = ByKind(scalar=Text("an address, or auto", "10.0.1.50", _parse_interface), sequence=ListOf(ADDRESS))
_INTERFACES = ByKind(
    mapping=MapOf(WORD, _INTERFACE), sequence=Converted(ListOf(WORD), lambda subnets: dict.fromkeys(subnets, _AUTO))
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


@dataclass(frozen=True, slots=True)
class PrivateZoneSetting:
    """`private_zones[N]`."""

    name: Annotated[Name, Key(NAME, "The zone's name.")]
    id: Annotated[str | None, Key(ZONE_ID, "The zone's id.", default="derived, always the same")] = None
    vpcs: Annotated[tuple[str, ...], Key(OneOrList(VPC_NAME), "The VPCs that it is associated with.")] = ()
    account: Annotated[str | None, Key(ACCOUNT, "Its account.", default="`account`")] = None
    authorized: Annotated[bool, Key(Flag(), "Whether VPCs of other accounts may be associated with it.")] = True
    records: Annotated[tuple[RecordSpec, ...], Key(Records(), "Its records.")] = ()


@dataclass(frozen=True, slots=True)
class PublicZoneSetting:
    """`public_zones[N]`."""

    name: Annotated[Name, Key(NAME, "The zone's name.")]
    records: Annotated[tuple[RecordSpec, ...], Key(Records(), "Its records.")] = ()


@dataclass(frozen=True, slots=True)
class SimulatedServerSetting:
    """`simulated_servers.ADDRESS`."""

    records: Annotated[tuple[RecordSpec, ...], Key(Records(whole_names=True), "What it answers, by whole names.")] = ()
    unreachable: Annotated[bool, Key(Flag(), "Whether it never answers.")] = False


@dataclass(frozen=True, slots=True)
class PeeringSetting:
    """`peerings[N]`: two VPCs, and the sides that allow DNS resolution from the other."""

    vpcs: tuple[str, str]
    dns_resolution: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _WrittenPeering:
    vpcs: Annotated[tuple[str, ...], Key(ListOf(VPC_NAME), "The two VPCs.")]
    dns_resolution: Annotated[
        bool | tuple[str, ...],
        Key(
            ByKind(scalar=Flag(), sequence=ListOf(VPC_NAME)),
            "The sides that allow DNS resolution from the other; true: both.",
        ),
    ] = False


def _settle_peering(written: _WrittenPeering, _: Path) -> PeeringSetting:
    if len(set(written.vpcs)) != 2 or len(written.vpcs) != 2:
        raise Wrong("a peering has two VPCs", "write for example vpcs: [app, data]")
    first, second = written.vpcs
    sides = written.dns_resolution
    if isinstance(sides, bool):
        sides = written.vpcs if sides else ()
    for side in sides:
        if side not in written.vpcs:
            raise Wrong(f"dns_resolution names {side}, which is not in this peering", f"its sides are {first} and {second}")
    return PeeringSetting((first, second), sides)


@dataclass(frozen=True, slots=True)
class UpstreamSetting:
    """`upstream`.  `timeout` in seconds.  `system` stands for the machine's own resolvers."""

    servers: Annotated[
        tuple[ServerAddress | Literal["system"], ...],
        Key(OneOrList(SERVER), "The servers to ask: system for the machine's own, 1.1.1.1, 1.1.1.1:53, tcp://1.1.1.1."),
    ] = ("system",)
    strategy: Annotated[
        Literal["failover"], Key(Choice(("failover",)), "failover: the next server when one fails, in order.")
    ] = "failover"
    timeout: Annotated[float, Key(duration(0.001, 60), "How long all servers together may take.")] = 2.0
    mode: Annotated[
        Literal["live", "off"], Key(Choice(("live", "off")), "off: ask nobody, refuse what this file lacks.")
    ] = "live"


@dataclass(frozen=True, slots=True)
class CacheSetting:
    """`cache`: all times in seconds."""

    entries: Annotated[int, Key(Integer(0, 10_000_000), "How many replies of upstream servers are kept; 0: none.")] = 10_000
    min_ttl: Annotated[float, Key(_CACHE_TIME, "The shortest time that a reply is kept.")] = 0.0
    max_ttl: Annotated[float, Key(_CACHE_TIME, "The longest time that a reply is kept.")] = 86_400.0
    negative_max_ttl: Annotated[float, Key(_CACHE_TIME, "The same for replies that say that there is nothing.")] = 900.0


@dataclass(frozen=True, slots=True)
class LimitsSetting:
    """`limits`: `tcp_idle` in seconds."""

    tcp_connections: Annotated[int, Key(Integer(1, 65_535), "How many TCP connections there may be at once.")] = 256
    tcp_idle: Annotated[float, Key(duration(0.001, 86_400), "How long a TCP connection may be idle.")] = 10.0


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole file, or a whole folder of them.

    `short_endpoints` is the short form, `endpoints` at the top, as it was written: from a service, or a host name, to its
    addresses.
    """

    region: Annotated[str, Key(REGION, "The region of every VPC that names none.")] = "us-east-1"
    account: Annotated[str, Key(ACCOUNT, "The account of everything that names none.")] = "000000000000"
    listen: Annotated[
        tuple[ListenSetting, ...], Key(OneOrList(LISTEN), "Where to listen, by UDP and TCP; port 0: any free one.")
    ] = (ListenSetting("127.0.0.1", 1053),)
    default_view: Annotated[
        str | None,
        Key(
            VIEW, "The view of clients that belong to none.", default="the VPC, where there is exactly one; else `internet`"
        ),
    ] = None
    allow_clients: Annotated[
        tuple[Network | Literal["loopback", "vpcs", "any"], ...],
        Key(
            OneOrList(Text("loopback, vpcs, any or a network", "loopback", _parse_allowed)),
            "Who may ask: loopback, vpcs (the networks of every VPC), any, or networks.  Others are refused.",
        ),
    ] = ("loopback", "vpcs")
    short_endpoints: Annotated[
        Mapping[str, tuple[Address, ...]],
        Key(
            MapOf(WORD, OneOrList(ADDRESS)),
            "Instead of `vpcs`: one VPC with these endpoints, services or host names with their addresses.",
            "endpoints",
        ),
    ] = field(default_factory=dict)
    vpcs: Annotated[
        Mapping[str, VpcSetting], Key(MapOf(VPC_NAME, ObjectOf(VpcSetting, "{cidr: 10.0.0.0/16}")), "The VPCs, by name.")
    ] = field(default_factory=dict)
    private_zones: Annotated[
        tuple[PrivateZoneSetting, ...],
        Key(
            ListOf(ObjectOf(PrivateZoneSetting, "{name: example.com, vpcs: [app], records: {www: 10.0.5.10}}")),
            "The private hosted zones.  Two of one name may stand on different VPCs.",
        ),
    ] = ()
    public_records: Annotated[
        tuple[RecordSpec, ...], Key(Records(whole_names=True), "What the internet answers, by whole names.")
    ] = ()
    public_zones: Annotated[
        tuple[PublicZoneSetting, ...],
        Key(
            ListOf(ObjectOf(PublicZoneSetting, "{name: example.com, records: {www: 203.0.113.10}}")),
            "What the internet answers, by zones: nothing below such a name is asked for upstream.",
        ),
    ] = ()
    simulated_servers: Annotated[
        Mapping[Address, SimulatedServerSetting],
        Key(
            MapOf(ADDRESS, ObjectOf(SimulatedServerSetting, "{records: {h.corp.example.com: 192.168.7.7}}")),
            "DNS servers elsewhere that exist only in this file.",
        ),
    ] = field(default_factory=dict)
    peerings: Annotated[
        tuple[PeeringSetting, ...],
        Key(
            ListOf(ObjectOf(_WrittenPeering, "{vpcs: [app, data], dns_resolution: true}", _settle_peering)), "The peerings."
        ),
    ] = ()
    upstream: Annotated[
        UpstreamSetting, Key(ObjectOf(UpstreamSetting, "{servers: [1.1.1.1]}"), "Where everything else is asked for.")
    ] = UpstreamSetting()
    cache: Annotated[CacheSetting, Key(ObjectOf(CacheSetting, "{max_ttl: 1h}"), "How replies are kept.")] = CacheSetting()
    limits: Annotated[LimitsSetting, Key(ObjectOf(LimitsSetting, "{tcp_idle: 10s}"), "The bounds of TCP.")] = LimitsSetting()
    expect: Annotated[
        tuple[ExpectationSetting, ...] | RefusalExpected, Key(EXPECT, "The file's own tests, which `check` runs.")
    ] = ()


def settle(settings: Settings, _: Path) -> Settings:
    """What keys of the top rule out each other; raises Wrong."""
    if settings.short_endpoints and settings.vpcs:
        raise Wrong(
            "endpoints at the top and vpcs exclude each other", "put the endpoints into their VPC: vpcs.NAME.endpoints"
        )
    return settings


SETTINGS = ObjectOf(Settings, "region: us-east-1", settle)
