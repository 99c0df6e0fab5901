"""The names that a VPC's Resolver defines by itself ("Domain names that VPC Resolver creates autodefined system rules for").

With both DNS attributes a VPC has EC2's private names of its region, the reverse zones of private addresses and of its own
/24 networks, and localhost; and of each peer whose private names it sees, the ranges, and the region if it is another.

What AWS does not tell is chosen here: localhost leads to the loopback addresses (RFC 6761 section 6.3), as do all names
below it; 169.254.169.254 is `instance-data`, a name that programs on instances are known to use; addresses that nobody
has are treated like those that somebody has.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from proxy.compile.ec2_names import FIRST_REGION, private_domain, public_domain
from proxy.compile.instances import Instance
from proxy.compile.sites import Site, has_private_dns, public_hostnames
from proxy.compile.tables import DEFAULT_NS, DEFAULT_SOA, NEGATIVE_SOA, build_node, build_zone
from proxy.dns.codes import TYPE_A, TYPE_AAAA, TYPE_NS, TYPE_PTR, TYPE_SOA
from proxy.dns.names import Name
from proxy.dns.records import RecordSet
from proxy.dns.text import pack_rdata
from proxy.model.answers import Reason, ReasonKind
from proxy.model.claims import Action, Claim, ClaimKind, ComputeZone, Internet, Node, PublicHostnames, ReverseZone, Zone
from proxy.model.networks import NetworkTable
from proxy.settings.problems import path_text
from proxy.settings.shape import Network

TTL = 60

_RFC_1918 = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_PRIVATE_REVERSE = ("10", *(f"{octet}.172" for octet in range(16, 32)), "168.192")
_INSTANCE_DATA = "169.254.169.254"
_APEX = {TYPE_SOA: DEFAULT_SOA, TYPE_NS: DEFAULT_NS}
_ONE = "1." + "0." * 31 + "ip6.arpa"
_ZERO = "0." * 32 + "ip6.arpa"


def compile_autodefined(sites: Mapping[str, Site], internet: Internet) -> dict[str, tuple[Claim, ...]]:
    """The autodefined names of every VPC; of those that lack a DNS attribute there are none."""
    return {
        name: tuple(_claims(site, [sites[peer] for peer in site.peers], internet)) if has_private_dns(site.setting) else ()
        for name, site in sites.items()
    }


def _claims(site: Site, peers: Sequence[Site], internet: Internet) -> Iterator[Claim]:
    """Those of a VPC; `peers` are the VPCs whose private names it sees."""
    origin = path_text(("vpcs", site.name))

    def claim(name: Name, action: Action) -> Claim:
        return Claim(name, ClaimKind.AUTODEFINED, origin, action)

    for region in dict.fromkeys((site.region, *(peer.region for peer in peers))):
        here = [each for each in (site, *peers) if each.region == region]
        compute = _compute_zone(region, here, own=region == site.region)
        yield claim(compute.zone.name, compute)
        public = _public_hostnames(site, region, here)
        yield claim(public.name, PublicHostnames(public, internet))
        if region == FIRST_REGION:
            yield claim(*_plain("compute-1.internal"))
    for name, action in _localhost():
        yield claim(name, action)
    if site.setting.autodefined_reverse:
        for name, action in _reverse_zones(site, peers):
            yield claim(name, action)


def _compute_zone(region: str, sites: Iterable[Site], *, own: bool) -> ComputeZone:
    """The private names of a region.  In a VPC's own one every RFC 1918 address has a name, whoever has the address."""
    domain = private_domain(region)
    ranges: list[tuple[Network, str]] = [(network, f"VPC {site.name}") for site in sites for network in site.ranges]
    if own:
        ranges += [(network, f"{network} (RFC 1918)") for network in _RFC_1918]
    nodes: dict[bytes, Node] = {
        domain.child(instance.id.encode("ascii")): build_node(
            _resource_sets(instance), _reason(f"resource name of {instance}")
        )
        for site in sites
        for instance in site.instances
    }
    table = {domain.child(b"instance-data"): {TYPE_A: _set(TYPE_A, _INSTANCE_DATA)}} if own else {}
    reason = _reason(f"EC2's private names in {region} ({domain})")
    return ComputeZone(build_zone(domain, table, reason, nodes), NetworkTable.of(ranges))


def _resource_sets(instance: Instance) -> dict[int, RecordSet]:
    return {kind: _set(kind, str(address)) for kind, address in instance.named.items()}


def _public_hostnames(site: Site, region: str, sites: Iterable[Site]) -> Zone:
    """The public host names that are private here: those of the VPC itself, and of the peers that it sees."""
    domain = public_domain(region)
    nodes: dict[bytes, Node] = {}
    for each in sites:
        why = "private in its own VPC" if each is site else f"private here, as {each.name} allows DNS resolution by its peer"
        for name, instance, ip, _ in public_hostnames(each):
            reason = Reason(ReasonKind.PUBLIC_HOSTNAME, f"public host name of {instance}, {why}")
            nodes[name] = build_node({TYPE_A: _set(TYPE_A, str(ip))}, reason)
    zone = build_zone(domain, {}, Reason(ReasonKind.PUBLIC_HOSTNAME, f"public host names in {region}"), nodes)
    return replace(zone, nodes=nodes)


def compile_public_hostnames(sites: Iterable[Site]) -> dict[bytes, Node]:
    """What the internet has of instances with a public address, in VPCs with both DNS attributes."""
    return {
        name: build_node(
            {TYPE_A: _set(TYPE_A, str(public_ip))},
            Reason(ReasonKind.PUBLIC_HOSTNAME, f"public host name of {instance}"),
        )
        for site in sites
        if has_private_dns(site.setting)
        for name, instance, _, public_ip in public_hostnames(site)
    }


def _reverse_zones(site: Site, peers: Sequence[Site]) -> Iterator[tuple[Name, Action]]:
    """Those of all private addresses, and of every /24 of the VPC and its peers: no rule for less takes these away."""
    own = str(private_domain(site.region))
    networks = [(network, str(private_domain(each.region))) for each in (site, *peers) for network in each.ranges]
    domains = NetworkTable.of([*networks, *((network, own) for network in _RFC_1918)])
    reason = _reason("reverse names of EC2")
    names = dict.fromkeys(Name.from_text(f"{private}.in-addr.arpa") for private in _PRIVATE_REVERSE)
    for network, _ in networks:
        names.update(dict.fromkeys(reverse_names(network)))
    for name in names:
        yield name, ReverseZone(name, domains, _APEX, NEGATIVE_SOA, reason)
    yield _plain("254.169.254.169.in-addr.arpa", f"instance-data.{own}")


def reverse_names(network: Network) -> Iterator[Name]:
    """The zones of the /24 networks of an IPv4 range; for a range beyond AWS's largest, /16, those of a larger step.

    >>> [str(name) for name in reverse_names(ipaddress.ip_network("10.0.0.0/23"))]
    ['0.0.10.in-addr.arpa', '1.0.10.in-addr.arpa']
    """
    octets = 3 if network.prefixlen >= 16 else 2 if network.prefixlen >= 8 else 1
    outer = network.supernet(new_prefix=octets * 8) if network.prefixlen > octets * 8 else network
    for part in outer.subnets(new_prefix=octets * 8):
        shown = str(part.network_address).split(".")[:octets]
        yield Name.from_text(".".join((*reversed(shown), "in-addr", "arpa")))


@cache
def _localhost() -> tuple[tuple[Name, Action], ...]:
    """The zones that lead to the machine itself (RFC 6303, RFC 6761)."""
    sets = {TYPE_A: _set(TYPE_A, "127.0.0.1"), TYPE_AAAA: _set(TYPE_AAAA, "::1")}
    zones = {
        "localhost": {"localhost": sets, "*.localhost": sets},
        "localdomain": {"localhost.localdomain": sets},
        "127.in-addr.arpa": {"1.0.0.127.in-addr.arpa": {TYPE_PTR: _set(TYPE_PTR, "localhost")}},
    }
    found = [
        (Name.from_text(zone), {Name.from_text(owner): records for owner, records in table.items()})
        for zone, table in zones.items()
    ]
    made: list[tuple[Name, Action]] = [
        (zone, build_zone(zone, table, _reason(f"autodefined name {zone}"))) for zone, table in found
    ]
    return (*made, _plain(_ONE, "localhost"), _plain(_ZERO))


def _plain(text: str, pointer: str | None = None) -> tuple[Name, Action]:
    """A zone with nothing but its apex, and that with a pointer or without."""
    name = Name.from_text(text)
    table = {} if pointer is None else {name: {TYPE_PTR: _set(TYPE_PTR, pointer)}}
    return name, build_zone(name, table, _reason(f"autodefined name {name}"))


def _set(kind: int, text: str) -> RecordSet:
    return RecordSet.pack(kind, TTL, [pack_rdata(kind, text)])


def _reason(text: str) -> Reason:
    return Reason(ReasonKind.AUTODEFINED, text)
