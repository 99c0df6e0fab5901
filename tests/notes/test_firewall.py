"""Notes on DNS Firewall."""

from __future__ import annotations

import textwrap
import time

import pytest

from tests.test_notes import notes_of


def noted(rules: str, more: str = "") -> list[str]:
    """The notes on one group of a VPC; each line of `rules` is what a rule says beside its name and priority."""
    lines = [f"{{name: r{place}, priority: {place}, {rule}}}" for place, rule in enumerate(rules.strip().splitlines(), 1)]
    text = f"vpcs: {{a: {{}}}}\nfirewall_rule_groups: [{{name: g, vpcs: {{a: 101}}, rules: [{', '.join(lines)}]}}]\n"
    return [note.removeprefix("firewall_rule_groups[0].") for note in notes_of(text + textwrap.dedent(more))]


def never(place: int, domains: str, first: str = "g/r1") -> str:
    rule = f"the firewall's rule g/r{place + 1}"
    return f"rules[{place}]: in view a, {rule} never decides about {domains}: {first} comes first"


@pytest.mark.parametrize(
    ("rules", "notes"),
    [
        ("domains: x.net, action: block\ndomains: x.net, action: alert", [never(1, "x.net")]),
        ("domains: '*.net', action: block\ndomains: [x.net, '*.x.net', y.org], action: alert", [never(1, "x.net, *.x.net")]),
        ("domains: '*', action: block\ndomains: [a.a, b.b, c.c, d.d, '*.e'], action: alert",
         [never(1, "a.a, b.b, c.c and 2 more")]),
        ("domains: '*', action: block\ndomains: '*', action: alert", [never(1, "*")]),
        ("domains: '*.x.net', action: block\ndomains: x.net, action: alert", []),
        ("domains: x.net, action: block\ndomains: '*.x.net', action: alert", []),
        ("domains: x.net, action: block, query_type: A\ndomains: x.net, action: alert", []),
        ("domains: x.net, action: block, query_type: A\ndomains: x.net, action: alert, query_type: A", [never(1, "x.net")]),
        ("domains: x.net, action: block, query_type: A\ndomains: x.net, action: alert\ndomains: x.net, action: block",
         [never(2, "x.net", "g/r2")]),
        ("domains: x.net, action: block, redirection: trust\ndomains: x.net, action: block", []),
        ("domains: x.net, action: block\ndomains: x.net, action: block, redirection: trust", [never(1, "x.net")]),
        ("domains: [x.net, x.net], action: block", []),
    ],
)  # fmt: skip
def test_a_rule_that_an_earlier_one_leaves_nothing_to_decide(rules: str, notes: list[str]) -> None:
    assert noted(rules) == notes


NOTHING = (
    "rules[0]: in view a, the firewall's rule g/r1 changes nothing: no rule after it blocks or alerts to its domains "
    "(a list of what alone is allowed ends with a rule that blocks *)"
)


@pytest.mark.parametrize(
    ("rules", "notes"),
    [
        ("domains: x.net, action: allow", [NOTHING]),
        ("domains: x.net, action: allow\ndomains: [y.net, '*.x.net'], action: block", [NOTHING]),
        ("domains: x.net, action: allow\ndomains: '*', action: block", []),
        ("domains: [y.org, x.net], action: allow\ndomains: '*.net', action: alert", []),
        ("domains: '*.net', action: allow\ndomains: [x.net, x.org], action: block", [never(1, "x.net")]),
        ("domains: x.net, action: allow, redirection: trust", []),
    ],
)
def test_a_rule_that_allows_what_would_pass_anyhow(rules: str, notes: list[str]) -> None:
    assert noted(rules) == notes


CHAINS = """
    private_zones: [{name: corp.example, vpcs: [a], records: {go: {CNAME: bad.net}, www: 10.0.0.9}}]
    public_zones: [{name: y.net, records: {"@": 10.0.0.9, go: {CNAME: Bad.net}}}]
    public_records: {go.x.net: {CNAME: bad.net}, fine.x.net: {CNAME: www.x.net}}
    """


def test_an_allowed_name_that_leads_to_a_blocked_one() -> None:
    allowed = "domains: [go.corp.example, www.corp.example, go.y.net, go.x.net, fine.x.net], action: allow"
    blocked = "domains: [bad.net, '*.corp.example', '*.y.net', '*.x.net'], action: block"
    fine = "domains: www.x.net, action: allow"
    assert noted(f"{allowed}\n{fine}\n{blocked}", CHAINS) == [
        f"rules[0]: in view a, the firewall's rule g/r1 allows {name}, but not bad.net, which it leads to: g/r3 blocks that "
        "(allow it too, or give redirection: trust)"
        for name in ("go.corp.example", "go.x.net", "go.y.net")
    ]
    assert noted(f"{allowed}, redirection: trust\n{fine}\n{blocked}", CHAINS) == []


def test_a_firewall_that_cannot_decide_has_no_chains() -> None:
    rules = "domains: go.x.net, action: allow\ndomains: '*', action: block"
    for fails in ("", "firewall_fail_open: [a]\n"):
        assert noted(rules, f"{textwrap.dedent(CHAINS)}firewall_unavailable: [a]\n{fails}") == []


def test_a_group_on_no_vpc_does_nothing_unless_a_profile_brings_it() -> None:
    text = "vpcs: {a: {}}\nfirewall_rule_groups: [{name: g}, {name: h}]\nprofiles: [{vpcs: [a], firewall_rule_groups: {h: 100}}]"
    assert notes_of(text) == ["firewall_rule_groups[0]: the rule group g is on no VPC, so it does nothing"]


def test_many_domains_are_looked_at_in_no_time() -> None:
    domains = ", ".join(f"host{number}.bad.example" for number in range(10_000))
    began = time.perf_counter()
    assert len(noted(f"domains: [{domains}], action: block\ndomains: [{domains}], action: block")) == 1
    assert time.perf_counter() - began < 5
