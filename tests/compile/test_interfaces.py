"""Interfaces of endpoints: their subnets, and addresses that are given or made up."""

from __future__ import annotations

import ipaddress

import pytest

from tests.worlds import ask, problems_of, texts, world_of

SUBNETS = """
        a1: {cidr: 10.0.1.0/24, az: us-east-1a}
        a2: {cidr: 10.0.2.0/24, az: us-east-1b}
        bis: {cidr: 10.0.3.0/24, az: us-east-1a}
        six: {ipv6_cidr: "2001:db8:0:6::/64", az: us-east-1c}
        both: {cidr: 10.0.5.0/24, ipv6_cidr: "2001:db8:0:5::/64", az: us-east-1d}
        tiny: {cidr: 10.0.7.0/28, az: us-east-1e}
"""


def vpc_with(*endpoints: str) -> str:
    lines = "".join(f"        {endpoint}\n" for endpoint in endpoints)
    return f"region: us-east-1\nvpcs:\n  a:\n    cidr: 10.0.0.0/16\n    subnets:{SUBNETS}    endpoints:\n{lines}"


def addresses(*endpoints: str, service: str = "kms", kind: str = "A") -> list[str]:
    return texts(ask(world_of(vpc_with(*endpoints)), "a", f"{service}.us-east-1.amazonaws.com {kind}"))


def test_a_list_of_subnets_means_auto() -> None:
    made = addresses("k: {service: kms, subnets: [a1, a2]}")
    assert made == addresses("k: {service: kms, subnets: {a1: auto, a2: auto}}")
    first, second = map(ipaddress.ip_address, made)
    assert first in ipaddress.ip_network("10.0.1.0/24")
    assert second in ipaddress.ip_network("10.0.2.0/24")


@pytest.mark.parametrize(
    ("endpoint", "v4", "v6"),
    [
        ("k: {service: kms, ip_address_type: dualstack, subnets: [both]}", 1, 1),
        ("k: {service: kms, ip_address_type: dualstack, subnets: {both: 10.0.5.50}}", 1, 1),
        ("k: {service: kms, ip_address_type: dualstack, subnets: {both: '2001:db8:0:5::50'}}", 1, 1),
        ("k: {service: kms, ip_address_type: dualstack, subnets: {both: []}}", 1, 1),
        ("k: {service: kms, subnets: {both: [10.0.5.50, '2001:db8:0:5::50']}}", 1, 1),
        ("k: {service: kms, addresses: [10.0.5.50, '2001:db8:0:5::50', 10.0.5.51]}", 2, 1),
        ("k: {service: kms, subnets: [both]}", 1, 0),
        ("k: {service: kms, subnets: [six]}", 0, 1),
        ("k: {service: kms, subnets: {six: '2001:db8:0:6::50'}}", 0, 1),
        ("k: {service: kms, addresses: ['2001:db8:0:6::50']}", 0, 1),
        ("k: {service: kms}", 0, 0),
        ("k: {service: kms, subnets: {}}", 0, 0),
    ],
)
def test_an_endpoint_has_addresses_of_its_kind(endpoint: str, v4: int, v6: int) -> None:
    assert len(addresses(endpoint)) == v4
    assert len(addresses(endpoint, kind="AAAA")) == v6


def test_made_up_addresses_do_not_depend_on_the_order_of_the_file() -> None:
    endpoints = [
        f"e{n}: {{service: {service}, subnets: [tiny]}}" for n, service in enumerate(("kms", "sqs", "sns", "ssm", "sts"))
    ]

    def made(order: list[str]) -> dict[str, list[str]]:
        world = world_of(vpc_with(*order))
        return {
            name: texts(ask(world, "a", f"{name}.us-east-1.amazonaws.com")) for name in ("kms", "sqs", "sns", "ssm", "sts")
        }

    once = made(endpoints)
    assert made(endpoints[::-1]) == once
    assert made(endpoints[2:] + endpoints[:2]) == once
    assert len({address for (address,) in once.values()}) == 5


def test_made_up_addresses_keep_off_those_that_are_given() -> None:
    every = [f"e{n}: {{service: kms, private_dns: false, subnets: {{tiny: 10.0.7.{n}}}}}" for n in range(4, 15) if n != 9]
    assert addresses("k: {service: kms, subnets: [tiny]}", *every) == ["10.0.7.9"]


def test_a_full_subnet_is_refused() -> None:
    every = [f"e{n}: {{service: kms, private_dns: false, subnets: {{tiny: 10.0.7.{n}}}}}" for n in range(4, 15)]
    assert problems_of(vpc_with("k: {service: kms, subnets: [tiny]}", *every)) == [
        "vpcs.a.endpoints.k.subnets.tiny: subnet tiny has no free address left (take a larger one)"
    ]


HERE = "vpcs.a.endpoints.k"
REFUSED = [
    ("subnets: [a3]", f"{HERE}.subnets.a3: there is no subnet a3 (there is a1, a2, bis, six, both, tiny)"),
    (
        "subnets: {a1: 10.0.1.9}, addresses: [10.0.1.9]",
        f"{HERE}.addresses: addresses beside subnets (give each subnet its address)",
    ),
    (
        "subnets: [a1, bis]",
        f"{HERE}: DuplicateSubnetsInSameZone: Found another VPC endpoint subnet in the availability zone of bis "
        "(a1 is in us-east-1a too, and an endpoint takes one subnet of a zone)",
    ),
    ("subnets: {a1: 10.0.2.9}", f"{HERE}.subnets.a1: 10.0.2.9 is not in subnet a1 (its range is 10.0.1.0/24)"),
    (
        "ip_address_type: dualstack, subnets: {both: [10.0.5.9, '2001:db8::9']}",
        f"{HERE}.subnets.both: 2001:db8::9 is not in subnet both (its range is 10.0.5.0/24 and 2001:db8:0:5::/64)",
    ),
    (
        "subnets: {six: '2001:db8:0:6::3'}",
        f"{HERE}.subnets.six: 2001:db8:0:6::3 is reserved: the first four addresses and the last one of subnet six are AWS's "
        "(take 2001:db8:0:6::4 or a later one)",
    ),
    (
        "subnets: {a1: [10.0.1.9, 10.0.1.10]}",
        f"{HERE}.subnets.a1: several addresses of one kind in subnet a1 (an endpoint has one interface in a subnet)",
    ),
    (
        "ip_address_type: ipv4, addresses: ['2001:db8::9']",
        f"{HERE}.addresses: 2001:db8::9 does not fit ip_address_type ipv4 (change one of them)",
    ),
    (
        "ip_address_type: dualstack, subnets: [a1]",
        f"{HERE}.subnets.a1: ip_address_type dualstack does not fit subnet a1 (a1 has IPv4 alone)",
    ),
    (
        "ip_address_type: ipv6, subnets: [both]",
        f"{HERE}.subnets.both: ip_address_type ipv6 does not fit subnet both (both has IPv4 and IPv6)",
    ),
    ("subnets: [six, a1]", f"{HERE}.subnets.six: ip_address_type ipv4 does not fit subnet six (six is IPv6-only)"),
    (
        "subnets: [a1], unhealthy_zones: [us-east-1b]",
        f"{HERE}.unhealthy_zones: the endpoint has no interface in us-east-1b (leave it out)",
    ),
    (
        "addresses: [10.0.1.9], unhealthy_zones: [us-east-1a]",
        f"{HERE}.unhealthy_zones: the endpoint has no interface in us-east-1a (leave it out)",
    ),
]


@pytest.mark.parametrize(("keys", "problem"), REFUSED)
def test_it_is_refused_at_its_place(keys: str, problem: str) -> None:
    assert problems_of(vpc_with(f"k: {{service: kms, {keys}}}")) == [problem]


def test_an_address_of_another_kind_is_out_of_place_twice() -> None:
    assert problems_of(vpc_with("k: {service: kms, ip_address_type: ipv4, subnets: {a1: '2001:db8::9'}}")) == [
        f"{HERE}.subnets.a1: 2001:db8::9 does not fit ip_address_type ipv4 (change one of them)",
        f"{HERE}.subnets.a1: 2001:db8::9 is not in subnet a1 (its range is 10.0.1.0/24)",
    ]


def test_an_address_that_two_endpoints_have_is_the_later_ones_mistake() -> None:
    first, second = ("{service: kms, subnets: {a1: 10.0.1.9}}", "{service: sqs, subnets: {a1: 10.0.1.9}}")
    assert problems_of(vpc_with(f"z: {first}", f"k: {second}")) == [
        f"{HERE}.subnets.a1: 10.0.1.9 is in use already, by endpoint z (take another)"
    ]


def test_without_subnets_endpoints_may_share_an_address() -> None:
    """A stand-in for all services at once, on one address, is a thing that people have."""
    both = ("k: {service: kms, addresses: [127.0.0.1]}", "q: {service: sqs, addresses: [127.0.0.1]}")
    assert addresses(*both) == addresses(*both, service="sqs") == ["127.0.0.1"]
