"""VPCs and subnets: what EC2 would refuse."""

from __future__ import annotations

import pytest

from tests.worlds import problems_of

REFUSED = [
    (
        "{a: {subnets: {s: {az: us-east-1a}}}}",
        "vpcs.a.subnets.s: a subnet without a range (give it a cidr, or an ipv6_cidr for an IPv6-only one)",
    ),
    (
        "{a: {subnets: {s: {cidr: 10.0.1.0/24, az: us-west-2a}}}}",
        "vpcs.a.subnets.s.az: us-west-2a is no availability zone of us-east-1 (write for example us-east-1a)",
    ),
    (
        "{a: {subnets: {s: {cidr: 10.0.1.0/24, az: us-east-10a}}}}",
        "vpcs.a.subnets.s.az: us-east-10a is no availability zone of us-east-1 (write for example us-east-1a)",
    ),
    (
        "{a: {region: eu-west-3, subnets: {s: {cidr: 10.0.1.0/24, az: us-east-1a}}}}",
        "vpcs.a.subnets.s.az: us-east-1a is no availability zone of eu-west-3 (write for example eu-west-3a)",
    ),
    (
        "{a: {cidr: [10.0.0.0/16, 10.2.0.0/24], subnets: {s: {cidr: 10.1.1.0/24, az: us-east-1a}}}}",
        "vpcs.a.subnets.s: InvalidSubnet.Range: The CIDR '10.1.1.0/24' is invalid. "
        "(the ranges of the VPC are 10.0.0.0/16, 10.2.0.0/24)",
    ),
    (
        "{a: {cidr: 10.0.1.0/24, subnets: {s: {cidr: 10.0.0.0/16, az: us-east-1a}}}}",
        "vpcs.a.subnets.s: InvalidSubnet.Range: The CIDR '10.0.0.0/16' is invalid. (the ranges of the VPC are 10.0.1.0/24)",
    ),
    (
        "{a: {cidr: ['2001:db8::/56'], subnets: {s: {ipv6_cidr: '2001:db9::/64', az: us-east-1a}}}}",
        "vpcs.a.subnets.s: InvalidSubnet.Range: The CIDR '2001:db9::/64' is invalid. (the ranges of the VPC are 2001:db8::/56)",
    ),
    (
        "{a: {subnets: {s: {cidr: 10.0.1.0/29, az: us-east-1a}}}}",
        "vpcs.a.subnets.s: InvalidSubnet.Range: The CIDR '10.0.1.0/29' is invalid. "
        "(the smallest IPv4 range of a subnet is a /28)",
    ),
    (
        "{a: {subnets: {s: {ipv6_cidr: '2001:db8::/65', az: us-east-1a}}}}",
        "vpcs.a.subnets.s: InvalidSubnet.Range: The CIDR '2001:db8::/65' is invalid. "
        "(the smallest IPv6 range of a subnet is a /64)",
    ),
    (
        "{a: {subnets: {s: {cidr: 10.0.1.0/24, az: us-east-1a}, t: {cidr: 10.0.1.128/28, az: us-east-1b}}}}",
        "vpcs.a.subnets.t: InvalidSubnet.Conflict: The CIDR '10.0.1.128/28' conflicts with another subnet "
        "(it overlaps 10.0.1.0/24 of subnet s)",
    ),
    (
        "{a: {subnets: {s: {ipv6_cidr: '2001:db8::/64', az: us-east-1a}, t: {ipv6_cidr: '2001:db8::/64', az: us-east-1b}}}}",
        "vpcs.a.subnets.t: InvalidSubnet.Conflict: The CIDR '2001:db8::/64' conflicts with another subnet "
        "(it overlaps 2001:db8::/64 of subnet s)",
    ),
    ("{a: {id: vpc-0aaa}, b: {id: vpc-0aaa}}", "vpcs.b.id: vpc-0aaa is the id of VPC a already (give another)"),
]


@pytest.mark.parametrize(("vpcs", "problem"), REFUSED)
def test_it_is_refused_at_its_place(vpcs: str, problem: str) -> None:
    assert problems_of(f"{{region: us-east-1, vpcs: {vpcs}}}") == [problem]


@pytest.mark.parametrize(
    "vpcs",
    [
        "{a: {subnets: {s: {cidr: 10.0.1.0/28, az: us-east-1a}}}}",
        "{a: {cidr: 10.0.0.0/16, subnets: {s: {cidr: 10.0.0.0/16, az: us-east-1f}}}}",
        "{a: {subnets: {s: {cidr: 10.0.1.0/24, az: us-east-1-bos-1a}, w: {cidr: 10.0.2.0/24, az: us-east-1-wl1-bos-wlz-1}}}}",
        "{a: {cidr: 10.0.0.0/16, subnets: {s: {cidr: 10.0.1.0/24, ipv6_cidr: '2001:db8::/64', az: us-east-1a}}}}",
        "{a: {subnets: {s: {cidr: 10.0.1.0/24, az: us-east-1a}}}, b: {subnets: {s: {cidr: 10.0.1.0/24, az: us-east-1a}}}}",
    ],
)
def test_it_is_accepted(vpcs: str) -> None:
    assert problems_of(f"{{region: us-east-1, vpcs: {vpcs}}}") == []
