"""VPCs as EC2's names look at them: their region, their ranges, their instances, and which of them see each other.

VPC peering guide, "Enable DNS resolution for a VPC peering connection": where a side allows it, and both VPCs have both DNS
attributes, the other side gets its private addresses.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from proxy.compile.ec2_names import public_hostname
from proxy.compile.instances import Instance
from proxy.compile.problems import Problems
from proxy.dns.names import Name
from proxy.settings.problems import did_you_mean
from proxy.settings.shape import Address, Network, Settings, VpcSetting


class Site(NamedTuple):
    """A VPC.  `ranges` are its IPv4 networks, `peers` the names of the VPCs whose private names it sees."""

    name: str
    region: str
    setting: VpcSetting
    instances: Sequence[Instance]
    ranges: tuple[Network, ...]
    peers: tuple[str, ...]


def has_private_dns(vpc: VpcSetting) -> bool:
    """Private zones and names need both attributes ("DNS attributes for your VPC"); without, names resolve publicly."""
    return vpc.enable_dns_support and vpc.enable_dns_hostnames


def compile_sites(settings: Settings, instances: Mapping[str, Sequence[Instance]]) -> dict[str, Site]:
    """The VPCs of a file, by name."""
    return {
        name: Site(
            name, vpc.region or settings.region, vpc, instances[name], _ranges(vpc), tuple(_peers(name, vpc, settings))
        )
        for name, vpc in settings.vpcs.items()
    }


class PublicHostname(NamedTuple):
    """The public host name of an instance, and what it means inside and outside."""

    name: Name
    instance: Instance
    ip: Address
    public_ip: Address


def public_hostnames(site: Site) -> Iterator[PublicHostname]:
    """The public host names of a VPC's instances."""
    for instance in site.instances:
        if instance.public_ip is not None and instance.ip is not None:
            name = public_hostname(site.region, str(instance.public_ip))
            yield PublicHostname(name, instance, instance.ip, instance.public_ip)


def check_peerings(settings: Settings, problems: Problems) -> None:
    """Both sides are there, and their ranges apart (VPC peering guide, "VPC peering limitations")."""
    for index, peering in enumerate(settings.peerings):
        for vpc in peering.vpcs:
            if vpc not in settings.vpcs:
                problems.add(("peerings", index, "vpcs"), f"there is no VPC {vpc}", did_you_mean(vpc, settings.vpcs))
        sides = [settings.vpcs[vpc].cidr for vpc in peering.vpcs if vpc in settings.vpcs]
        for one, other in product(*sides) if len(sides) == 2 else ():
            if one.version == other.version and one.overlaps(other):
                problems.add(
                    ("peerings", index),
                    f"the VPC peering connection fails: {one} of {peering.vpcs[0]} and {other} of {peering.vpcs[1]} overlap",
                    "VPCs with overlapping ranges cannot be peered",
                )


def _ranges(vpc: VpcSetting) -> tuple[Network, ...]:
    """Those of the VPC; where it has none, of its subnets; and whatever else its instances have."""
    networks: list[Network | None] = [network for network in vpc.cidr if network.version == 4]
    if not networks:
        networks = [subnet.cidr for subnet in vpc.subnets.values()]
    hosts = [ipaddress.ip_network(each.ip) for each in vpc.instances.values() if each.ip is not None]
    known = [network for network in networks if network is not None]
    outside = [host for host in hosts if not any(host.network_address in network for network in known)]
    return (*known, *outside)


def _peers(name: str, vpc: VpcSetting, settings: Settings) -> dict[str, None]:
    found: dict[str, None] = {}
    for peering in settings.peerings:
        for side in peering.dns_resolution if name in peering.vpcs else ():
            other = settings.vpcs.get(side)
            if side != name and other is not None and has_private_dns(other) and has_private_dns(vpc):
                found[side] = None
    return found
