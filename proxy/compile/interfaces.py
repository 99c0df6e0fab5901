"""Where an endpoint stands: its network interfaces, one a subnet, and their addresses.

AWS PrivateLink, "Access an AWS service using an interface VPC endpoint": one subnet of a zone, an IP address type that every
subnet has, addresses of the subnet's range.  VPC guide, "Subnet sizing": the first four and the last one are reserved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from proxy.compile.problems import Problems
from proxy.settings.problems import Path, did_you_mean
from proxy.settings.shape import Address, EndpointSetting, Network, SubnetSetting, VpcSetting

_VERSIONS = {"ipv4": (4,), "ipv6": (6,), "dualstack": (4, 6)}
_RESERVED_FIRST = 4
_RESERVED = _RESERVED_FIRST + 1
_AUTO = "auto"


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
    """The addresses of one VPC: who holds which.

    Those that the file leaves open are made up when all others are known, and in the order of the endpoints' names: so they
    are the same at every start, whatever the order of the file.
    """

    def __init__(self, vpc: VpcSetting, problems: Problems) -> None:
        self._vpc = vpc
        self._problems = problems
        self._held: dict[Address, str] = {}
        for handle, endpoint in vpc.endpoints.items():
            for address in _given(endpoint):
                self._held.setdefault(address, handle)
        for name, instance in vpc.instances.items():
            for taken in (instance.ip, instance.ipv6):
                if taken is not None:
                    self._held.setdefault(taken, name)
        self._made = {key: self._make_up(*key) for key in sorted(self._open())}

    def interfaces(self, handle: str, setting: EndpointSetting, ip_type: str, path: Path) -> tuple[Interface, ...]:
        """The interfaces of an endpoint; what AWS would refuse of them is a problem."""
        if setting.addresses is not None:
            if setting.subnets is not None:
                self._problems.add((*path, "addresses"), "addresses beside subnets", "give each subnet its address")
            self._check_versions(setting.addresses, ip_type, (*path, "addresses"))
            return tuple(Interface(None, (address,)) for address in setting.addresses)
        found = []
        zones: dict[str, str] = {}
        for name, given in (setting.subnets or {}).items():
            here = (*path, "subnets", name)
            subnet = self._vpc.subnets.get(name)
            if subnet is None:
                self._problems.add(here, f"there is no subnet {name}", did_you_mean(name, self._vpc.subnets))
                continue
            if subnet.az in zones:
                self._problems.add(
                    path,
                    f"DuplicateSubnetsInSameZone: Found another VPC endpoint subnet in the availability zone of {name}",
                    f"{zones[subnet.az]} is in {subnet.az} too, and an endpoint takes one subnet of a zone",
                )
            zones.setdefault(subnet.az, name)
            if _fits(ip_type, subnet):
                addresses = () if isinstance(given, str) else given
                found.append(Interface(subnet.az, self._addresses(handle, name, addresses, ip_type, here)))
            else:
                self._problems.add(here, f"ip_address_type {ip_type} does not fit subnet {name}", _why_not(name, subnet))
        return tuple(found)

    def _addresses(
        self, handle: str, name: str, given: tuple[Address, ...], ip_type: str, path: Path
    ) -> tuple[Address, ...]:
        """Those of the interface in a subnet: what is given for it, and what is made up for the rest."""
        self._check_versions(given, ip_type, path)
        self._check_given(given, name, handle, path)
        keys = ((handle, name, version) for version in _VERSIONS[ip_type])
        made = [self._made[key] for key in keys if key in self._made]
        if None in made:
            self._problems.add(path, f"subnet {name} has no free address left", "take a larger one")
        return given + tuple(address for address in made if address is not None)

    def _check_versions(self, addresses: Iterable[Address], ip_type: str, path: Path) -> None:
        for address in addresses:
            if address.version not in _VERSIONS[ip_type]:
                self._problems.add(path, f"{address} does not fit ip_address_type {ip_type}", "change one of them")

    def _check_given(self, addresses: tuple[Address, ...], name: str, handle: str, path: Path) -> None:
        subnet = self._vpc.subnets[name]
        if len({address.version for address in addresses}) < len(addresses):
            self._problems.add(
                path, f"several addresses of one kind in subnet {name}", "an endpoint has one interface in a subnet"
            )
        for address in addresses:
            network = _network(subnet, address.version)
            if network is None or address not in network:
                self._problems.add(path, f"{address} is not in subnet {name}", f"its range is {_ranges(subnet)}")
            elif _is_reserved(address, network):
                self._problems.add(
                    path,
                    f"{address} is reserved: the first four addresses and the last one of subnet {name} are AWS's",
                    f"take {network.network_address + _RESERVED_FIRST} or a later one",
                )
            elif self._held[address] != handle:
                self._problems.add(path, f"{address} is in use already, by endpoint {self._held[address]}", "take another")

    def _open(self) -> Iterator[tuple[str, str, int]]:
        """What has no address yet: endpoint, subnet and IP version."""
        for handle, setting in self._vpc.endpoints.items():
            ip_type = ip_type_of(setting, self._vpc)
            for name, given in (setting.subnets or {}).items():
                subnet = self._vpc.subnets.get(name)
                if subnet is not None and _fits(ip_type, subnet):
                    there = {address.version for address in given} if not isinstance(given, str) else ()
                    yield from ((handle, name, version) for version in _VERSIONS[ip_type] if version not in there)

    def _make_up(self, handle: str, name: str, version: int) -> Address | None:
        """A free address, the same at every start as long as nothing else takes it; None where there is none."""
        network = _network(self._vpc.subnets[name], version)
        size = 0 if network is None else min(network.num_addresses - _RESERVED, 1 << 16)
        start = int.from_bytes(hashlib.sha256(f"{handle}\0{name}".encode()).digest()[:8], "big")
        for step in range(size):
            address: Address = network[_RESERVED_FIRST + (start + step) % size]  # type: ignore[index]
            if address not in self._held:
                self._held[address] = handle
                return address
        return None


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
