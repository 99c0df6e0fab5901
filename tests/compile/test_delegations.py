"""Delegations: which NS records hand a name over, to whom, and what stands before them."""

from __future__ import annotations

import pytest

from proxy.dns.names import Name
from proxy.model.claims import Claim, ClaimKind, Delegation, Zone
from tests.worlds import world_of

EU = Name.from_text("eu.hr.example")

WORLD = """
    vpcs: {a: {inbound_endpoints: {in: {}}}, b: {}}
    QUIRKS
    private_zones:
      - name: hr.example
        vpcs: [a, b]
        records:
          eu: {NS: [ns1.eu.hr.example, NS2.eu.hr.example, ns.elsewhere.example]}
          ns1.eu: [192.168.9.9, "2001:db8::9"]
          deep.eu: {NS: ns1.deep.eu.hr.example}
          "*.any": {TXT: x}
      - MORE
    resolver_rules:
      - {domain: hr.example, type: delegate, vpcs: a}
      - RULE
    """


def claims(view: str = "a", more: str = "{name: x.example}", rule: str = "", quirks: str = "") -> dict[Name, Claim]:
    rule = rule or "{domain: x.example, type: system}"
    world = world_of(WORLD.replace("MORE", more).replace("RULE", rule).replace("QUIRKS", quirks))
    return {Name(name): claim for name, claim in world.views[view].claims.items()}


@pytest.mark.parametrize("view", ["a", "a/in"])
def test_ns_records_below_a_zones_name_hand_over_what_is_below_them(view: str) -> None:
    claim = claims(view)[EU]
    assert (claim.kind, claim.origin) == (ClaimKind.DELEGATION, "private_zones[0]")
    delegation = claim.action
    assert isinstance(delegation, Delegation)
    assert [(str(server.name), server.addresses) for server in delegation.servers] == [
        ("ns1.eu.hr.example", ("192.168.9.9", "2001:db8::9")),
        ("ns2.eu.hr.example", ()),
        ("ns.elsewhere.example", ()),
    ]
    assert [str(server.name) for server in delegation.followed(delegation.servers)] == [
        "ns1.eu.hr.example",
        "ns2.eu.hr.example",
    ]


def test_a_cut_below_a_cut_is_not_the_zones_any_more() -> None:
    assert {name for name, claim in claims().items() if claim.kind is ClaimKind.DELEGATION} == {EU}


def test_without_a_rule_the_cut_is_there_and_nobody_follows_it() -> None:
    delegation = claims("b")[EU].action
    assert isinstance(delegation, Delegation)
    assert delegation.followed(delegation.servers) == ()


def test_such_a_cut_can_be_ignored() -> None:
    quirks = "quirks: {delegation_without_rule: ignored}"
    assert EU in claims("a", quirks=quirks)
    assert EU not in claims("b", quirks=quirks)


@pytest.mark.parametrize(
    ("more", "rule", "kind"),
    [
        ("{name: eu.hr.example, vpcs: a}", "", ClaimKind.PRIVATE_ZONE),
        ("", "{domain: eu.hr.example, targets: 192.168.9.9, vpcs: a}", ClaimKind.FORWARD_RULE),
        ("", "{domain: hr.example, targets: 192.168.9.9, vpcs: a}", None),
    ],
)
def test_a_zone_or_a_rule_of_the_name_goes_before(more: str, rule: str, kind: ClaimKind | None) -> None:
    claim = claims(more=more or "{name: x.example}", rule=rule).get(EU)
    assert (claim and claim.kind) is kind


def test_a_system_rule_leads_to_the_delegation_and_to_what_the_zone_keeps() -> None:
    at, below = (claims(rule=f"{{domain: {name}, type: system, vpcs: a}}") for name in ("eu.hr.example", "x.eu.hr.example"))
    assert at[EU].kind is ClaimKind.SYSTEM_RULE
    assert isinstance(at[EU].action, Delegation)
    assert isinstance(below[Name.from_text("x.eu.hr.example")].action, Delegation)
    kept = claims(rule="{domain: hr.example, type: system, vpcs: a}")
    assert isinstance(kept[Name.from_text("hr.example")].action, Zone)
    assert kept[EU].kind is ClaimKind.DELEGATION


def test_a_profile_may_bring_the_rule_and_the_zone() -> None:
    world = world_of("""
        vpcs: {a: {}}
        private_zones: [{name: hr.example, records: {eu: {NS: ns.corp.example}}}]
        resolver_rules: [{name: follow, domain: corp.example, type: delegate}]
        profiles: [{vpcs: {a: 300}, private_zones: hr.example, resolver_rules: follow}]
        """)
    claim = world.views["a"].claims[EU]
    assert claim.profile == 300
    assert isinstance(claim.action, Delegation)
    assert claim.action.rules == (Name.from_text("corp.example"),)


def test_only_private_zones_hand_over() -> None:
    world = world_of("""
        vpcs: {a: {}}
        public_zones: [{name: hr.example, records: {eu: {NS: ns.corp.example}}}]
        """)
    assert EU not in world.views["a"].claims
