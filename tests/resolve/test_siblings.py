"""Which names get the same answer as one that was asked."""

from __future__ import annotations

import pytest

from proxy.dns.names import Name
from proxy.resolve import find_siblings
from tests.worlds import ask, world_of

TEXT = """
    upstream: {mode: off}
    vpcs: {a: {cidr: 10.0.0.0/16}}
    private_zones:
      - {name: example.com, vpcs: [a], records: {www: 10.0.5.10, "*.wild": 10.0.5.11, deep.down: 10.0.5.12}}
      - {name: sub.example.com, vpcs: [a], records: {www: 10.0.5.13}}
    firewall_rule_groups:
      - name: f
        vpcs: {a: 101}
        rules: [{name: r, priority: 1, domains: bad.example.com, action: block, block_response: nodata}]
    """


@pytest.mark.parametrize("name", ["no.example.com", "no.wild.example.com", "no.sub.example.com", "no.such.example.com"])
def test_nothing_tells_a_name_that_is_not_there_from_those_beside_it(name: str) -> None:
    view = world_of(TEXT).views["a"]
    found = find_siblings(view, Name.from_text(name))
    assert found is not None
    beside = "other." + name.partition(".")[2]
    assert Name.from_text(beside) not in found.claims
    assert Name.from_text(beside) not in found.nodes
    assert ask(world_of(TEXT), "a", name) == ask(world_of(TEXT), "a", beside)


@pytest.mark.parametrize(
    "name", ["www.example.com", "bad.example.com", "example.com", "sub.example.com", "down.example.com", "example.org", "."]
)
def test_a_name_that_is_there_or_is_looked_up_outside_has_none(name: str) -> None:
    assert find_siblings(world_of(TEXT).views["a"], Name.from_text(name)) is None
