"""Notes on listeners at a VPC's own addresses, and on rules for reverse names."""

from __future__ import annotations

import pytest

from tests.test_notes import notes_of


@pytest.mark.parametrize(
    ("listen", "told"),
    [
        ("10.0.0.2:53", ""),
        ("10.5.0.2:53", "listen[0]: nobody is answered at 10.5.0.2: the VPC's resolver is at 10.0.0.2 alone"),
        ("{address: '10.5.0.2:53', view: a}", ""),
        ("10.9.0.2:53", ""),
        ("127.0.0.1:53", ""),
    ],
)
def test_a_vpc_has_its_resolver_in_its_first_range(listen: str, told: str) -> None:
    text = f"""
        listen: [{listen}]
        vpcs: {{a: {{cidr: [10.0.0.0/16, 10.5.0.0/16, 10.9.0.0/16]}}, b: {{cidr: [10.9.0.0/16]}}}}
        """
    assert notes_of(text) == ([told] if told else [])


@pytest.mark.parametrize(
    ("domain", "vpc", "told"),
    [
        ("1.18.198.in-addr.arpa", "", ""),
        ("18.198.in-addr.arpa", "autodefined_reverse: false, ", ""),
        ("example.com", "", ""),
        (
            "18.198.in-addr.arpa",
            "",
            "resolver_rules[0]: the rule for 18.198.in-addr.arpa forwards nothing below 0.18.198.in-addr.arpa and 1 more: a has "
            "more specific reverse zones of its own, unless autodefined_reverse is false",
        ),
        (
            "0.0.198.in-addr.arpa",
            "",
            "",
        ),
        (
            "192.in-addr.arpa",
            "",
            "resolver_rules[0]: the rule for 192.in-addr.arpa forwards nothing below 168.192.in-addr.arpa: a has more specific "
            "reverse zones of its own, unless autodefined_reverse is false",
        ),
    ],
)
def test_a_rule_for_many_networks_does_not_reach_those_of_the_vpc(domain: str, vpc: str, told: str) -> None:
    text = f"""
        vpcs: {{a: {{{vpc}cidr: 198.18.0.0/23}}}}
        resolver_rules: [{{domain: {domain}, type: forward, targets: [192.0.2.1], vpcs: [a]}}]
        """
    assert notes_of(text) == ([told] if told else [])
