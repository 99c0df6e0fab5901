"""What a reload changed, in words."""

from __future__ import annotations

import pytest

from proxy.difference import MAX_LINES, describe_difference
from tests.worlds import world_of

BEFORE = """
default_view: a
upstream: {mode: off}
vpcs: {a: {cidr: 10.0.0.0/16}, b: {cidr: 10.1.0.0/16}}
private_zones: [{name: example.com, vpcs: [a], records: {www: 10.0.5.10}}]
"""


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("", "", []),
        ("www: 10.0.5.10", "www: 10.0.5.11", ["view a: ~ example.com (private zone)"]),
        ("example.com", "example.org", ["view a: - example.com (private zone)", "view a: + example.org (private zone)"]),
        ("vpcs: [a]", "vpcs: [b]", ["view a: - example.com (private zone)", "view b: + example.com (private zone)"]),
        ("b: {cidr: 10.1.", "c: {cidr: 10.1.", ["+ view c", "- view b", "the clients of the views"]),
        ("b: {", "b: {enable_dns_support: false, ", ["view b: - autodefined names", "view b: enable_dns_support is now off"]),
        ("upstream:", "firewall_rule_groups: [{name: g, vpcs: {a: 101}}]\nupstream:", ["view a: the firewall's rules"]),
        ("b: {", "b: {subnets: {s: {cidr: 10.1.1.0/24, az: us-east-1a, dns64: true}}, ", ["the subnets with DNS64"]),
        ("default_view: a", "default_view: b", ["default_view: a -> b"]),
        (
            "{cidr: 10.1.0.0/16}", "{cidr: 10.2.0.0/16}",
            ["allow_clients", "the clients of the views", "view b: ~ autodefined names"],
        ),
        ("b: {", "b: {enable_dns_hostnames: false, ", ["view b: - autodefined names"]),
        ("b: {", "b: {instances: {web: {ip: 10.1.0.5, id: i-0a}}, ", ["view b: ~ autodefined names"]),
        ("name: example.com", "name: ec2.internal",
         ["view a: - example.com (private zone)", "view a: ~ ec2.internal (private zone)"]),
        ("upstream:", "allow_clients: any\nupstream:", ["allow_clients"]),
        ("upstream:", "quirks: {answer_order: fixed}\nupstream:", ["the order of several records is now that of the file"]),
        ("mode: off", "servers: [192.0.2.1]", [f"view {view}: ~ internet" for view in ("a", "b", "internet")]),
    ],
)  # fmt: skip
def test_every_change_is_a_line(old: str, new: str, lines: list[str]) -> None:
    assert sorted(describe_difference(world_of(BEFORE), world_of(BEFORE.replace(old, new)))) == sorted(lines)


def test_an_order_that_is_free_again() -> None:
    fixed = world_of(f"quirks: {{answer_order: fixed}}{BEFORE}")
    assert describe_difference(fixed, world_of(BEFORE)) == ["the order of several records is now another one each time"]


def test_many_changes_are_cut_short() -> None:
    zones = "".join(f", {{name: z{number}.example, vpcs: [a]}}" for number in range(MAX_LINES + 10))
    said = describe_difference(world_of(BEFORE), world_of(BEFORE.replace("}}]", f"}}}}{zones}]")))
    assert len(said) == MAX_LINES + 1
    assert said[-1] == "and 10 more changes"
