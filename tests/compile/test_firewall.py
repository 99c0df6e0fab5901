"""Rule groups into tables: order, mistakes, and many domains."""

from __future__ import annotations

import time

import pytest

from proxy.dns.names import Name
from tests.worlds import problems_of, world_of


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            """
            vpcs: {a: {}, b: {}}
            firewall_rule_groups:
              - {name: one, vpcs: {a: 101, b: 101}}
              - {name: two, vpcs: {a: 102, b: 101}}
            """,
            [
                "firewall_rule_groups[1].vpcs.b: ValidationException: priority 101 is taken on b by another rule group "
                "(give each of a VPC's rule groups a priority of its own)"
            ],
        ),
        (
            """
            vpcs: {a: {}}
            firewall_rule_groups:
              - name: one
                rules:
                  - {priority: 10, domains: x.example, action: allow}
                  - {priority: 20, domains: x.example, action: allow}
                  - {priority: 10, domains: x.example, action: allow}
              - {name: two, rules: [{priority: 10, domains: x.example, action: allow}]}
            """,
            [
                "firewall_rule_groups[0].rules[2].priority: ValidationException: priority 10 is taken by another rule of one "
                "(give each rule of a group a priority of its own)"
            ],
        ),
        (
            "firewall_rule_groups: [{name: one}, {name: one}]",
            ["firewall_rule_groups[1].name: a second rule group one (give it another name)"],
        ),
        (
            """
            firewall_rule_groups: [{name: one}, {name: two}]
            profiles: [{firewall_rule_groups: {one: 100, two: 100, on: 99}}]
            """,
            [
                "profiles[0].firewall_rule_groups.two: ValidationException: priority 100 is taken in this Profile by another "
                "rule group (give each of a Profile's rule groups a priority of its own)",
                "profiles[0].firewall_rule_groups.on: there is no rule group on (did you mean one?)",
                "profiles[0].firewall_rule_groups.on: ValidationException: priority 99 is out of range "
                "(give another, from 100 to 9900)",
            ],
        ),
        (
            """
            profiles: [{vpcs: [app], firewall_rule_groups: {one: 100}}]
            vpcs: {app: {}}
            """,
            ["profiles[0].firewall_rule_groups.one: there is no rule group one"],
        ),
        (
            """
            vpcs: {app: {}}
            firewall_rule_groups: [{name: one, vpcs: {ap: 101}}]
            firewall_fail_open: [apps]
            firewall_unavailable: nope
            """,
            [
                "firewall_rule_groups[0].vpcs: there is no VPC ap (did you mean app?)",
                "firewall_fail_open: there is no VPC apps (did you mean app?)",
                "firewall_unavailable: there is no VPC nope (there is app)",
            ],
        ),
    ],
)
def test_mistakes(text: str, problems: list[str]) -> None:
    assert problems_of(text) == problems


def test_a_rule_that_an_earlier_one_hides_from_a_domain_is_not_kept_there() -> None:
    firewall = (
        world_of("""
        vpcs: {a: {}}
        firewall_rule_groups:
          - name: g
            vpcs: {a: 101}
            rules:
              - {name: third, priority: 30, domains: [x.example, y.example, y.example], action: block}
              - {name: first, priority: 10, domains: x.example, action: allow, query_type: A}
              - {name: second, priority: 20, domains: x.example, action: alert}
        """)
        .views["a"]
        .firewall
    )
    assert firewall is not None
    kept = [[rule.name for _, rule in firewall.exact[Name.from_text(name)]] for name in ("x.example", "y.example")]
    assert kept == [["g/first", "g/second"], ["g/third"]]
    assert firewall.below == {}


def test_vpcs_with_the_same_groups_share_one_table() -> None:
    views = world_of("""
        vpcs: {a: {}, b: {}, c: {}}
        firewall_rule_groups:
          - {name: one, vpcs: {a: 101, b: 900, c: 102}}
          - {name: two, vpcs: {a: 200, b: 901, c: 101}}
        """).views
    assert views["a"].firewall is views["b"].firewall
    assert views["a"].firewall is not views["c"].firewall


def test_ten_thousand_domains_are_read_and_compiled_in_no_time() -> None:
    domains = "\n".join(f"          - '*.host{number}.bad.example'" for number in range(10_000))
    text = f"""
vpcs: {{a: {{}}}}
firewall_rule_groups:
  - name: g
    vpcs: {{a: 101}}
    rules:
      - priority: 1
        action: block
        domains:
{domains}
"""
    began = time.perf_counter()
    firewall = world_of(text).views["a"].firewall
    assert firewall is not None
    assert len(firewall.below) == 10_000
    assert time.perf_counter() - began < 3  # a second where nothing else runs; what is quadratic takes minutes
