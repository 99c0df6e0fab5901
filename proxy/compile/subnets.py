"""Subnets: what EC2 would refuse of them ("CreateSubnet")."""

from __future__ import annotations

from itertools import combinations

from proxy.compile.problems import Problems
from proxy.settings.problems import Path
from proxy.settings.shape import Network, Settings, SubnetSetting, VpcSetting


def check_subnets(settings: Settings, problems: Problems) -> None:
    """Every subnet has a range, inside of its VPC and apart from the others, and stands in a zone of the VPC's region."""
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


def _check_subnet(subnet: SubnetSetting, vpc: VpcSetting, region: str, path: Path, problems: Problems) -> None:
    if subnet.cidr is None and subnet.ipv6_cidr is None:
        problems.add(path, "a subnet without a range", "give it a cidr, or an ipv6_cidr for an IPv6-only one")
    if not subnet.az.startswith(region):
        problems.add((*path, "az"), f"{subnet.az} is no availability zone of {region}", f"write for example {region}a")
    for network in (subnet.cidr, subnet.ipv6_cidr):
        outer = [each for each in vpc.cidr if network is not None and each.version == network.version]
        if outer and not any(_holds(each, network) for each in outer):
            problems.add(
                path,
                f"InvalidSubnet.Range: The CIDR '{network}' is invalid.",
                f"the ranges of the VPC are {', '.join(map(str, outer))}",
            )


def _holds(outer: Network, inner: Network | None) -> bool:
    return inner is not None and outer.prefixlen <= inner.prefixlen and inner.network_address in outer


def _ipv4(subnet: SubnetSetting) -> Network | None:
    return subnet.cidr


def _ipv6(subnet: SubnetSetting) -> Network | None:
    return subnet.ipv6_cidr
