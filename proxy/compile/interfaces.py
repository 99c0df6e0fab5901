"""Where an endpoint stands: its network interfaces, one a subnet, and their addresses.

AWS PrivateLink, "Access an AWS service using an interface VPC endpoint": one subnet of a zone, an IP address type that every
subnet has, addresses of the subnet's range.  VPC guide, "Subnet sizing": the first four and the last one are reserved.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from proxy.compile.hints import did_you_mean
from proxy.compile.problems import Problems
from proxy.settings.problems import Path
from proxy.settings.shape import Address, EndpointSetting, Network, SubnetSetting, VpcSetting

_VERSIONS = {"ipv4": (4,), "ipv6": (6,), "dualstack": (4, 6)}
_RESERVED_FIRST = 4


class Interface(NamedTuple):
    """A network interface: its availability zone, None where the file models no subnets, and its addresses."""

    zone: str | None
    addresses: tuple[Address, ...]


def ip_type_of(setting: EndpointSetting, vpc: VpcSetting) -> str:
    """The kind of an endpoint's addresses: what it says, else what its addresses and subnets are."""
    if setting.ip_address_type is not None:
        return setting.ip_address_type
    given = {address.version for address in _given(setting)}
    if given:
        return "dualstack" if len(given) == 2 else "ipv4" if 4 in given else "ipv6"
    subnets = [vpc.subnets[name] for name in setting.subnets or () if name in vpc.subnets]
    return "ipv6" if subnets and all(subnet.cidr is None for subnet in subnets) else "ipv4"


class Addresses:
    """The addresses of one VPC: who holds which.  Those that the file leaves open are made up last, always the same."""

    def __init__(self, vpc: VpcSetting, problems: Problems) -> None:
        self._vpc = vpc
        self._problems = problems
        self._held: dict[Address, str] = {}
        for handle, endpoint in vpc.endpoints.items():
            for address in _given(endpoint):
                self._held.setdefault(address, handle)

    def interfaces(self, handle: str, setting: EndpointSetting, ip_type: str, path: Path) -> tuple[Interface, ...]:
        """The interfaces of an endpoint; what AWS would refuse of them is a problem."""
        if setting.subnets is not None and setting.addresses is not None:
            self._problems.add((*path, "addresses"), "addresses beside subnets", "give each subnet its address")
        versions = _VERSIONS[ip_type]
        if setting.addresses is not None:
            self._check_versions(setting.addresses, ip_type, (*path, "addresses"))
            return tuple(Interface(None, (address,)) for address in setting.addresses)
        found = []
        zones: set[str] = set()
        for name, given in (setting.subnets or {}).items():
            subnet = self._vpc.subnets.get(name)
            here = (*path, "subnets", name)
            if subnet is None:
                self._problems.add(here, f"there is no subnet {name}", did_you_mean(name, self._vpc.subnets))
                continue
            if subnet.az in zones:
                self._problems.add(
                    path,
                    f"DuplicateSubnetsInSameZone: Found another VPC endpoint subnet in the availability zone of {name}",
                    f"an endpoint takes one subnet of {subnet.az}",
                )
            zones.add(subnet.az)
            if not _fits(ip_type, subnet):
                self._problems.add(here, f"ip_address_type {ip_type} does not fit subnet {name}", _why_not(name, subnet))
                continue
            if isinstance(given, str):
                addresses = tuple(self._make_up(subnet, version, (handle, name), here) for version in versions)
            else:
                self._check_versions(given, ip_type, here)
                self._check_given(given, name, subnet, handle, here)
                addresses = given
            found.append(Interface(subnet.az, addresses))
        return tuple(found)

    def _check_versions(self, addresses: Iterable[Address], ip_type: str, path: Path) -> None:
        for address in addresses:
            if address.version not in _VERSIONS[ip_type]:
                self._problems.add(path, f"{address} does not fit ip_address_type {ip_type}", "change one of them")

    def _check_given(self, addresses: Iterable[Address], name: str, subnet: SubnetSetting, handle: str, path: Path) -> None:
        for address in addresses:
            network = _network(subnet, address.version)
            if network is None or address not in network:
                self._problems.add(path, f"{address} is not in subnet {name}", f"its range is {_ranges(subnet)}")
            elif _is_reserved(address, network):
                self._problems.add(
                    path,
                    f"{address} is reserved: the first four addresses and the last one of subnet {name} are AWS's",
                    f"take {network[_RESERVED_FIRST]} or a later one",
                )
            elif self._held[address] != handle:
                self._problems.add(path, f"{address} is in use already, by endpoint {self._held[address]}", "take another")

    def _make_up(self, subnet: SubnetSetting, version: int, seed: tuple[str, str], path: Path) -> Address:
        """A free address of a subnet, the same at every start as long as nothing else takes it."""
        network = _network(subnet, version)
        if network is None:  # not reached for a subnet that fits
            raise AssertionError(seed)
        size = min(network.num_addresses - _RESERVED_FIRST - 1, 1 << 16)
        start = int.from_bytes(hashlib.sha256("\0".join(seed).encode()).digest()[:8], "big")
        for step in range(size):
            address: Address = network[_RESERVED_FIRST + (start + step) % size]
            if address not in self._held:
                self._held[address] = seed[0]
                return address
        self._problems.add(path, "the subnet has no free address left", "take a larger subnet")
        return network[_RESERVED_FIRST]


def _given(setting: EndpointSetting) -> Iterator[Address]:
    yield from setting.addresses or ()
    for given in (setting.subnets or {}).values():
        if not isinstance(given, str):
            yield from given


def _network(subnet: SubnetSetting, version: int) -> Network | None:
    return subnet.cidr if version == 4 else subnet.ipv6_cidr


def _is_reserved(address: Address, network: Network) -> bool:
    place = int(address) - int(network.network_address)
    return place < _RESERVED_FIRST or place == network.num_addresses - 1


def _fits(ip_type: str, subnet: SubnetSetting) -> bool:
    if ip_type == "ipv6":
        return subnet.cidr is None and subnet.ipv6_cidr is not None
    return all(_network(subnet, version) is not None for version in _VERSIONS[ip_type])


def _why_not(name: str, subnet: SubnetSetting) -> str:
    if subnet.cidr is None:
        return f"{name} is IPv6-only"
    return f"{name} has IPv4 and IPv6" if subnet.ipv6_cidr is not None else f"{name} has IPv4 alone"


def _ranges(subnet: SubnetSetting) -> str:
    return " and ".join(str(each) for each in (subnet.cidr, subnet.ipv6_cidr) if each is not None)


def addresses_by_version(interfaces: Iterable[Interface]) -> Mapping[int, list[str]]:
    """The addresses of interfaces as text, IPv4 and IPv6 apart, each once."""
    found: dict[int, dict[str, None]] = {4: {}, 6: {}}
    for interface in interfaces:
        for address in interface.addresses:
            found[address.version][str(ipaddress.ip_address(address))] = None
    return {version: list(texts) for version, texts in found.items()}
