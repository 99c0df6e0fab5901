"""The shape of a configuration file, as frozen types: what the user wrote, checked key by key, still in the user's terms.

`auto` may stand here, and a name that no VPC has; `compile/` turns the whole into a World or says what does not fit
together.  Everything has its default here, so that a reader of one section sees what an empty file means.

A field with a `Key` is a key of the file.  To add a key, add its field: reading it, its error texts, the JSON schema and the
table of the reference all come from that line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal

from proxy.dns.names import Name
from proxy.nouns import dataclass
from proxy.settings.admin import ADMIN, AdminSetting
from proxy.settings.composites import ByKind, Key, ListOf, MapOf, ObjectOf, OneOrList
from proxy.settings.endpoints import ENDPOINT_SERVICES, DomainSetting, EndpointServiceSetting, EndpointSetting
from proxy.settings.expect import EXPECT, ExpectationSetting, RefusalExpected
from proxy.settings.firewall import FIREWALL_GROUPS, FirewallGroupSetting
from proxy.settings.problems import Path, did_you_mean
from proxy.settings.profiles import PROFILES, ProfileSetting
from proxy.settings.query_log import QueryLogSetting
from proxy.settings.quirks import QUIRKS, QuirksSetting
from proxy.settings.records import AliasTarget, Records, RecordSpec
from proxy.settings.routing import RoutingSetting
from proxy.settings.rules import RULES, ResolverRuleSetting
from proxy.settings.sockets import LISTEN, ListenSetting
from proxy.settings.takes import Flag, Integer, Text, Wrong
from proxy.settings.upstream import CacheSetting, UpstreamSetting, settle_upstream
from proxy.settings.values import (
    ACCOUNT,
    ADDRESS,
    MAX_TTL,
    NAME,
    REGION,
    VIEW,
    VPC_NAME,
    WORD,
    ZONE_ID,
    Address,
    Network,
    duration,
    parse_network,
)  # fmt: skip
from proxy.settings.vpcs import (
    VPCS,
    DhcpSetting,
    InboundEndpointSetting,
    InstanceSetting,
    SubnetSetting,
    VpcSetting,
)

__all__ = [
    "Address", "AdminSetting", "AliasTarget", "CacheSetting", "DhcpSetting", "DomainSetting",
    "EndpointServiceSetting", "EndpointSetting", "ExpectationSetting", "InboundEndpointSetting", "InstanceSetting",
    "LimitsSetting", "ListenSetting", "Network", "Path", "PeeringSetting", "PrivateZoneSetting", "ProfileSetting",
    "PublicZoneSetting", "QuirksSetting", "RecordSpec", "RefusalExpected", "ResolverRuleSetting", "RoutingSetting",
    "Settings", "SimulatedServerSetting", "SubnetSetting", "UpstreamSetting", "VpcSetting",
]  # fmt: skip

_ALLOWED_WORDS = ("loopback", "vpcs", "any")
_SIDES = ByKind("true, false or a list of VPCs", "true", scalar=Flag(), sequence=ListOf(VPC_NAME))
_CACHE_TIME = duration(0, MAX_TTL)


def _parse_allowed(text: str) -> Network | str:
    if text in _ALLOWED_WORDS:
        return text
    if text[:1].isdecimal() or ":" in text:
        return parse_network(text)
    raise Wrong(f"{text} is neither a network nor one of {', '.join(_ALLOWED_WORDS)}", did_you_mean(text, _ALLOWED_WORDS))


@dataclass(frozen=True, slots=True)
class PrivateZoneSetting:
    """`private_zones[N]`."""

    name: Annotated[Name, Key(NAME, "The zone's name.")]
    id: Annotated[str | None, Key(ZONE_ID, "The zone's id.", default="derived, always the same")] = None
    vpcs: Annotated[tuple[str, ...], Key(OneOrList(VPC_NAME), "The VPCs that it is associated with.")] = ()
    account: Annotated[str | None, Key(ACCOUNT, "Its account.", default="`account`")] = None
    authorized: Annotated[bool, Key(Flag(), "Whether VPCs of other accounts may be associated with it.")] = True
    records: Annotated[tuple[RecordSpec, ...], Key(Records(routed=True), "Its records.")] = ()


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
            _SIDES,
            "The sides that allow DNS resolution from the other; true: both.",
        ),
    ] = False


def _settle_peering(written: _WrittenPeering, _: Path) -> PeeringSetting:
    if len(set(written.vpcs)) != 2 or len(written.vpcs) != 2:
        raise Wrong("a peering has two VPCs", "write for example [app, data]", ("vpcs",))
    first, second = written.vpcs
    sides = written.dns_resolution
    if isinstance(sides, bool):
        sides = written.vpcs if sides else ()
    for side in sides:
        if side not in written.vpcs:
            raise Wrong(f"{side} is no side of this peering", f"its sides are {first} and {second}", ("dns_resolution",))
    return PeeringSetting((first, second), sides)


@dataclass(frozen=True, slots=True)
class LimitsSetting:
    """`limits`: `tcp_idle` in seconds."""

    tcp_connections: Annotated[int, Key(Integer(1, 65_535), "How many TCP connections there may be at once.")] = 256
    tcp_idle: Annotated[float, Key(duration(0.001, 86_400), "How long a TCP connection may be idle.")] = 10.0
    packets_per_second: Annotated[
        int,
        Key(
            Integer(0, 10_000_000),
            "How many queries a second of one client address in a VPC are answered, the others get no reply; 0: all.  AWS's "
            "bound is 1024, and does not hold for inbound endpoints.",
        ),
    ] = 0
    responses_per_second: Annotated[
        int,
        Key(
            Integer(0, 10_000_000),
            "How many answers a second one client address, or one /64 of IPv6, is sent over UDP, whoever it is; 0: all.  Of "
            "those over it, every second one says no more than to ask over TCP, and the others are not sent: so nobody is "
            "flooded in whose name somebody else asks.",
        ),
    ] = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole file, or a whole folder of them.

    `short_endpoints` is the short form, `endpoints` at the top, as it was written: from a service, or a host name, to its
    addresses.
    """

    region: Annotated[str, Key(REGION, "The region of every VPC that names none.")] = "us-east-1"
    account: Annotated[str, Key(ACCOUNT, "The account of everything that names none.")] = "000000000000"
    listen: Annotated[
        tuple[ListenSetting, ...],
        Key(
            OneOrList(LISTEN),
            "Where to listen, by UDP and TCP; port 0: any free one.  At a VPC's resolver (10.0.0.2 of 10.0.0.0/16) nobody "
            "but its clients is answered.",
        ),
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
    vpcs: Annotated[Mapping[str, VpcSetting], Key(VPCS, "The VPCs, by name.")] = field(default_factory=dict)
    endpoint_services: Annotated[
        Mapping[str, EndpointServiceSetting],
        Key(ENDPOINT_SERVICES, "Endpoint services that are not AWS's own, by the name that `service` calls them."),
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
    resolver_rules: Annotated[
        tuple[ResolverRuleSetting, ...],
        Key(RULES, "The resolver rules: which names VPCs ask other servers for.  On one VPC there is one for each name."),
    ] = ()
    profiles: Annotated[
        tuple[ProfileSetting, ...], Key(PROFILES, "Route 53 Profiles: what several VPCs have in common.")
    ] = ()
    simulated_servers: Annotated[
        Mapping[Address, SimulatedServerSetting],
        Key(
            MapOf(ADDRESS, ObjectOf(SimulatedServerSetting, "{records: {h.corp.example.com: 192.168.7.7}}")),
            "DNS servers elsewhere that exist only in this file.",
        ),
    ] = field(default_factory=dict)
    firewall_rule_groups: Annotated[
        tuple[FirewallGroupSetting, ...],
        Key(FIREWALL_GROUPS, "DNS Firewall: groups of rules, looked at before anything else."),
    ] = ()
    firewall_fail_open: Annotated[
        tuple[str, ...],
        Key(OneOrList(VPC_NAME), "The VPCs that answer as if they had no rule group when the firewall cannot decide."),
    ] = ()
    firewall_unavailable: Annotated[
        tuple[str, ...],
        Key(
            OneOrList(VPC_NAME),
            "The VPCs whose firewall cannot decide: SERVFAIL, unless they fail open.  AWS has no such switch; it is for "
            "trying what your programs do then.",
        ),
    ] = ()
    peerings: Annotated[
        tuple[PeeringSetting, ...],
        Key(
            ListOf(ObjectOf(_WrittenPeering, "{vpcs: [app, data], dns_resolution: true}", _settle_peering)), "The peerings."
        ),
    ] = ()
    upstream: Annotated[
        UpstreamSetting,
        Key(ObjectOf(UpstreamSetting, "{servers: [1.1.1.1]}", settle_upstream), "Where everything else is asked for."),
    ] = field(default_factory=UpstreamSetting)
    cache: Annotated[CacheSetting, Key(ObjectOf(CacheSetting, "{max_ttl: 1h}"), "How replies are kept.")] = field(
        default_factory=CacheSetting
    )
    limits: Annotated[LimitsSetting, Key(ObjectOf(LimitsSetting, "{tcp_idle: 10s}"), "Bounds.")] = LimitsSetting()
    query_log: Annotated[
        QueryLogSetting | None,
        Key(ObjectOf(QueryLogSetting, "{path: queries.log, format: json}"), "A line for every query.", default="no log"),
    ] = None
    quirks: Annotated[QuirksSetting, Key(QUIRKS, "What AWS leaves undocumented: change it where you know better.")] = field(
        default_factory=QuirksSetting
    )
    admin: Annotated[
        AdminSetting | Literal[False] | None,
        Key(
            ADMIN,
            "The control API and the metrics; they need the extra `vpcdns[admin]`.  false: none.",
            default="on 127.0.0.1:8053, where that can be had",
        ),
    ] = None
    expect: Annotated[
        tuple[ExpectationSetting, ...] | RefusalExpected, Key(EXPECT, "The file's own tests, which `check` runs.")
    ] = ()


def settle(settings: Settings, _: Path) -> Settings:
    """What keys of the top rule out each other; raises Wrong."""
    if settings.short_endpoints and settings.vpcs:
        raise Wrong("endpoints at the top and vpcs exclude each other", "write vpcs.NAME.endpoints", ("endpoints",))
    return settings


SETTINGS = ObjectOf(Settings, "region: us-east-1", settle)
