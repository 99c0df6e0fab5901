"""EC2 instances: where they stand, and what EC2 would refuse of that ("RunInstances").

VPC guide, "Subnet sizing": the first four addresses of a subnet and its last one are AWS's own.  EC2 guide, "Amazon EC2
instance hostnames and domains": an IPv6-only subnet has resource names alone, with AAAA records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

from proxy.compile.ids import instance_id
from proxy.compile.problems import Problems
from proxy.dns.codes import TYPE_A, TYPE_AAAA
from proxy.settings.problems import Path, did_you_mean
from proxy.settings.shape import Address, EndpointSetting, InstanceSetting, Network, Settings, SubnetSetting, VpcSetting

_RESERVED_FIRST = 4
_Key = TypeVar("_Key")


class Instance(NamedTuple):
    """A compiled instance.

    `named` are the addresses that its resource name (`i-….ec2.internal`) has records of, by type.
    """

    vpc: str
    name: str
    id: str
    addresses: tuple[Address, ...]
    ip: Address | None
    public_ip: Address | None
    named: dict[int, Address]

    def __str__(self) -> str:
        return f"instance {self.vpc}/{self.name} ({self.id})"


def compile_instances(settings: Settings, problems: Problems) -> dict[str, tuple[Instance, ...]]:
    """The instances of every VPC, in the order of the file."""
    public: dict[Address, str] = {}
    ids: dict[str, str] = {}
    found = {}
    for name, vpc in settings.vpcs.items():
        found[name] = tuple(_compile_vpc(name, vpc, problems))
        for instance in found[name]:
            path = ("vpcs", name, "instances", instance.name)
            _hold(ids, instance.id, instance, (*path, "id"), problems)
            if instance.public_ip is not None:
                _hold(public, instance.public_ip, instance, (*path, "public_ip"), problems)
    return found


def _hold(held: dict[_Key, str], key: _Key, instance: Instance, path: Path, problems: Problems) -> None:
    holder = held.setdefault(key, f"{instance.vpc}/{instance.name}")
    if holder != f"{instance.vpc}/{instance.name}":
        problems.add(path, f"{key} is in use already, by instance {holder}", "give each its own")


def _compile_vpc(vpc: str, setting: VpcSetting, problems: Problems) -> Iterator[Instance]:
    held = {address: f"endpoint {handle}" for handle, each in setting.endpoints.items() for address in _given(each)}
    for name, instance in setting.instances.items():
        path: Path = ("vpcs", vpc, "instances", name)
        given = {"ip": instance.ip, "ipv6": instance.ipv6}
        addresses = {key: address for key, address in given.items() if address is not None}
        subnet = _subnet_of(instance, addresses.values(), setting)
        if not addresses:
            problems.add(path, "an instance without an address", "give it an ip, or an ipv6 in an IPv6-only subnet")
        if instance.public_ip is not None and instance.ip is None:
            problems.add((*path, "public_ip"), "a public IPv4 address without a private one", "give it an ip")
        if subnet is not None and subnet not in setting.subnets:
            problems.add((*path, "subnet"), f"there is no subnet {subnet}", did_you_mean(subnet, setting.subnets))
            continue
        for key, address in addresses.items():
            _check_address(address, subnet, setting, (*path, key), problems)
            if address in held:
                problems.add((*path, key), f"{address} is in use already, by {held[address]}", "take another")
            held[address] = f"instance {name}"
        six_only = subnet is not None and setting.subnets[subnet].cidr is None
        named = dict(_named(instance, six_only=six_only))
        ident = instance.id or instance_id(vpc, name)
        yield Instance(vpc, name, ident, tuple(addresses.values()), instance.ip, instance.public_ip, named)


def _subnet_of(instance: InstanceSetting, addresses: Iterable[Address], vpc: VpcSetting) -> str | None:
    """The subnet that it names, or the one that holds one of its addresses."""
    if instance.subnet is not None:
        return instance.subnet
    for name, subnet in vpc.subnets.items():
        for address in addresses:
            network = _network(subnet, address)
            if network is not None and address in network:
                return name
    return None


def _named(instance: InstanceSetting, *, six_only: bool) -> Iterator[tuple[int, Address]]:
    """The records of the resource name: none by default; but in an IPv6-only subnet it is the only name, with an AAAA."""
    if instance.resource_name_a and instance.ip is not None:
        yield TYPE_A, instance.ip
    wanted = six_only if instance.resource_name_aaaa is None else instance.resource_name_aaaa
    if wanted and instance.ipv6 is not None:
        yield TYPE_AAAA, instance.ipv6


def _check_address(address: Address, subnet: str | None, vpc: VpcSetting, path: Path, problems: Problems) -> None:
    if subnet is None:
        outer = [each for each in vpc.cidr if each.version == address.version]
        if vpc.subnets:
            problems.add(path, f"{address} is in no subnet of the VPC", "add its subnet, or take an address of one")
        elif outer and not any(address in each for each in outer):
            problems.add(path, f"{address} is not in the VPC", f"its ranges are {', '.join(map(str, outer))}")
        return
    network = _network(vpc.subnets[subnet], address)
    if network is None or address not in network:
        ranges = [str(each) for each in (vpc.subnets[subnet].cidr, vpc.subnets[subnet].ipv6_cidr) if each is not None]
        problems.add(path, f"{address} is not in subnet {subnet}", f"its range is {' and '.join(ranges)}")
        return
    place = int(address) - int(network.network_address)
    if place < _RESERVED_FIRST or place == network.num_addresses - 1:
        problems.add(
            path,
            f"{address} is reserved: the first four addresses and the last one of subnet {subnet} are AWS's",
            f"take {network.network_address + _RESERVED_FIRST} or a later one",
        )


def _given(endpoint: EndpointSetting) -> Iterator[Address]:
    yield from endpoint.addresses or ()
    for given in (endpoint.subnets or {}).values():
        if not isinstance(given, str):
            yield from given


def _network(subnet: SubnetSetting, address: Address) -> Network | None:
    return subnet.cidr if address.version == 4 else subnet.ipv6_cidr
