"""VPCs and their subnets: what EC2 would refuse of them ("CreateSubnet")."""

from __future__ import annotations

from itertools import combinations

from proxy.compile.ids import vpc_id
from proxy.compile.problems import Problems
from proxy.settings.problems import Path
from proxy.settings.shape import Network, Settings, SubnetSetting, VpcSetting

_LONGEST_PREFIX = {4: 28, 6: 64}


def check_subnets(settings: Settings, problems: Problems) -> None:
    """Every subnet has a range, inside of its VPC and apart from the others, and stands in a zone of the VPC's region."""
    _check_ids(settings, problems)
    for name, vpc in settings.vpcs.items():
        region = vpc.region or settings.region
        for subnet, setting in vpc.subnets.items():
            _check_subnet(setting, vpc, region, ("vpcs", name, "subnets", subnet), problems)
        for (one, first), (other, second) in combinations(vpc.subnets.items(), 2):
            for range_of in (_ipv4, _ipv6):
                a, b = range_of(first), range_of(second)
                if a is not None and b is not None and a.overlaps(b):
                    problems.add(
                        ("vpcs", name, "subnets", other),
                        f"InvalidSubnet.Conflict: The CIDR '{b}' conflicts with another subnet",
                        f"it overlaps {a} of subnet {one}",
                    )


def _check_ids(settings: Settings, problems: Problems) -> None:
    holders: dict[str, str] = {}
    for name, vpc in settings.vpcs.items():
        ident = vpc.id or vpc_id(name)
        holder = holders.setdefault(ident, name)
        if holder != name:
            problems.add(("vpcs", name, "id"), f"{ident} is the id of VPC {holder} already", "give another")


def _check_subnet(subnet: SubnetSetting, vpc: VpcSetting, region: str, path: Path, problems: Problems) -> None:
    if subnet.cidr is None and subnet.ipv6_cidr is None:
        problems.add(path, "a subnet without a range", "give it a cidr, or an ipv6_cidr for an IPv6-only one")
    if not subnet.az.startswith(region) or subnet.az.removeprefix(region)[:1].isdecimal():
        problems.add((*path, "az"), f"{subnet.az} is no availability zone of {region}", f"write for example {region}a")
    for network in (subnet.cidr, subnet.ipv6_cidr):
        if network is not None:
            _check_range(network, [each for each in vpc.cidr if each.version == network.version], path, problems)


def _check_range(network: Network, outer: list[Network], path: Path, problems: Problems) -> None:
    longest = _LONGEST_PREFIX[network.version]
    if network.prefixlen > longest:
        hint = f"the smallest IPv{network.version} range of a subnet is a /{longest}"
    elif outer and not any(each.prefixlen <= network.prefixlen and network.network_address in each for each in outer):
        hint = f"the ranges of the VPC are {', '.join(map(str, outer))}"
    else:
        return
    problems.add(path, f"InvalidSubnet.Range: The CIDR '{network}' is invalid.", hint)


def _ipv4(subnet: SubnetSetting) -> Network | None:
    return subnet.cidr


def _ipv6(subnet: SubnetSetting) -> Network | None:
    return subnet.ipv6_cidr
