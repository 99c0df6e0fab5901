"""The shape of a configuration file, as frozen types: what the user wrote, checked key by key, still in the user's terms.

`auto` may stand here, and a name that no VPC has; `compile/` turns the whole into a World or says what does not fit
together.  Everything has its default here, so that a reader of one section sees what an empty file means.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from proxy.dns.names import Name
from proxy.model.answers import ServerAddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Path = tuple[str | int, ...]
IpType = Literal["ipv4", "ipv6", "dualstack"]
DnsRecordIpType = Literal["ipv4", "ipv6", "dualstack", "service-defined"]


class RecordSpec(NamedTuple):
    """The values of one type at one name, as text in zone-file form.

    `owner` is absolute; a wildcard has the label `*` in front.  `path` is where it stands in the file.
    """

    owner: Name
    type: int
    values: tuple[str, ...]
    ttl: int | None
    path: Path


@dataclass(frozen=True, slots=True)
class ListenSetting:
    """`listen`: an address (port 0 = any free one) and, where it names one, the view of all who ask there."""

    host: str
    port: int
    view: str | None = None


@dataclass(frozen=True, slots=True)
class SubnetSetting:
    """`vpcs.V.subnets.S`: at least one of the two ranges; `az` is a zone's name (ap-northeast-1a)."""

    az: str
    cidr: ipaddress.IPv4Network | None = None
    ipv6_cidr: ipaddress.IPv6Network | None = None


@dataclass(frozen=True, slots=True)
class EndpointSetting:
    """`vpcs.V.endpoints.E`.

    `subnets` leads from a subnet's name to the addresses given for it, or to `auto`; None where the key is absent, which
    is not the same as an endpoint in no subnet.  None elsewhere: the key is absent, AWS's default applies.
    """

    service: str
    id: str | None = None
    type: Literal["interface", "gateway"] = "interface"
    subnets: Mapping[str, tuple[Address, ...] | Literal["auto"]] | None = None
    addresses: tuple[Address, ...] | None = None
    private_dns: bool | None = None
    private_dns_names: tuple[Name, ...] | None = None
    region: str | None = None
    ip_address_type: IpType | None = None
    dns_record_ip_type: DnsRecordIpType | None = None
    private_dns_only_for_inbound_resolver_endpoint: bool | None = None
    state: Literal["pending-acceptance", "pending", "available", "rejected", "expired", "failed", "deleting"] = "available"
    unhealthy_zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InboundEndpointSetting:
    """`vpcs.V.inbound_endpoints.I`: the socket of the view V/I, if it has one."""

    listen: ListenSetting | None = None


@dataclass(frozen=True, slots=True)
class VpcSetting:
    """`vpcs.V`."""

    id: str | None = None
    region: str | None = None
    account: str | None = None
    cidr: tuple[Network, ...] = ()
    clients: tuple[Network, ...] = ()
    enable_dns_support: bool = True
    enable_dns_hostnames: bool = True
    subnets: Mapping[str, SubnetSetting] = field(default_factory=dict)
    endpoints: Mapping[str, EndpointSetting] = field(default_factory=dict)
    inbound_endpoints: Mapping[str, InboundEndpointSetting] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PrivateZoneSetting:
    """`private_zones[N]`."""

    name: Name
    id: str | None = None
    vpcs: tuple[str, ...] = ()
    account: str | None = None
    authorized: bool = True
    records: tuple[RecordSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicZoneSetting:
    """`public_zones[N]`."""

    name: Name
    records: tuple[RecordSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class SimulatedServerSetting:
    """`simulated_servers.ADDRESS`."""

    records: tuple[RecordSpec, ...] = ()
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class PeeringSetting:
    """`peerings[N]`: two VPCs, and the sides that allow DNS resolution from the other."""

    vpcs: tuple[str, str]
    dns_resolution: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UpstreamSetting:
    """`upstream`.  `timeout` in seconds.  `system` stands for the machine's own resolvers."""

    servers: tuple[ServerAddress | Literal["system"], ...] = ("system",)
    timeout: float = 2.0
    mode: Literal["live", "off"] = "live"


@dataclass(frozen=True, slots=True)
class CacheSetting:
    """`cache`: all times in seconds."""

    entries: int = 10_000
    min_ttl: float = 0.0
    max_ttl: float = 86_400.0
    negative_max_ttl: float = 900.0


@dataclass(frozen=True, slots=True)
class LimitsSetting:
    """`limits`: `tcp_idle` in seconds."""

    tcp_connections: int = 256
    tcp_idle: float = 10.0


@dataclass(frozen=True, slots=True)
class ExpectationSetting:
    """`expect[N]`: one question and what its answer has to be.

    `answers` is one set of rdata texts, or with `any_of` several of which one has to come; None: not looked at.
    """

    query: Name
    type: int
    path: Path
    view: str | None = None
    client: Address | None = None
    rcode: int = 0
    any_of: tuple[tuple[str, ...], ...] | None = None
    ttl: int | None = None
    ttls: tuple[int, ...] | None = None
    authority: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class RefusalExpected:
    """`expect: {error, at}`: the file has to be refused with a problem whose text holds `error`, at `at` or below."""

    error: str
    at: Path | None


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole file, or a whole folder of them."""

    region: str = "us-east-1"
    account: str = "000000000000"
    listen: tuple[ListenSetting, ...] = (ListenSetting("127.0.0.1", 1053),)
    default_view: str | None = None
    allow_clients: tuple[Network | Literal["loopback", "vpcs", "any"], ...] = ("loopback", "vpcs")
    vpcs: Mapping[str, VpcSetting] = field(default_factory=dict)
    private_zones: tuple[PrivateZoneSetting, ...] = ()
    public_records: tuple[RecordSpec, ...] = ()
    public_zones: tuple[PublicZoneSetting, ...] = ()
    simulated_servers: Mapping[Address, SimulatedServerSetting] = field(default_factory=dict)
    peerings: tuple[PeeringSetting, ...] = ()
    upstream: UpstreamSetting = UpstreamSetting()
    cache: CacheSetting = CacheSetting()
    limits: LimitsSetting = LimitsSetting()
    expect: tuple[ExpectationSetting, ...] | RefusalExpected = ()
