"""Resolver rules: whom they lead to, which names they win, and what AWS refuses of them."""

from __future__ import annotations

import pytest

from proxy.compile.ids import rule_id
from proxy.dns.names import ROOT, Name
from proxy.model.answers import Protocol, Route, ServerAddress
from proxy.model.claims import Claim, ClaimKind, Forward, Internet, WithoutTypes, Zone
from tests.worlds import problems_of, world_of

CORP = Name.from_text("corp.example.com")


def claim_of(text: str, name: str = "corp.example.com", view: str = "a") -> Claim:
    return world_of(text).views[view].claims[Name.from_text(name)]


def forward_of(targets: str, more: str = "") -> Forward:
    text = f"""
        vpcs: {{a: {{}}}}
        upstream: {{timeout: 3s}}
        resolver_rules: [{{name: corp, domain: corp.example.com, targets: {targets}, vpcs: a}}]
        {more}
        """
    action = claim_of(text).action
    assert isinstance(action, Forward)
    return action


def test_a_forwarding_rule_leads_to_its_targets_in_their_order() -> None:
    forward = forward_of('[192.168.9.9, "192.168.9.10:5353", "2001:db8::9", "[2001:db8::a]:54", 192.168.9.9]')
    assert isinstance(forward.to, Route)
    assert [str(server) for server in forward.to.servers] == [
        "192.168.9.9:53",
        "192.168.9.10:5353",
        "[2001:db8::9]:53",
        "[2001:db8::a]:54",
    ]
    assert forward.to.timeout == 3
    assert forward.targets[0] == ServerAddress(Protocol.UDP, "192.168.9.9", 53)
    assert forward.reason.text.startswith("rule corp for corp.example.com, to 192.168.9.9:53, 192.168.9.10:5353")


def test_a_simulated_target_answers_in_process_at_any_port() -> None:
    forward = forward_of('"192.168.9.9:5353"', "simulated_servers: {192.168.9.9: {}}")
    assert isinstance(forward.to, Zone)
    assert forward.to.nodata.reason.text == "simulated server 192.168.9.9"


def test_an_unreachable_one_is_passed_over() -> None:
    simulated = "simulated_servers: {10.9.0.1: {unreachable: true}, 10.9.0.2: {}, 10.9.0.3: {unreachable: true}}"
    passed_over = forward_of("[10.9.0.1, 10.9.0.2]", simulated).to
    assert isinstance(passed_over, Zone)
    assert passed_over.nodata.reason.text == "simulated server 10.9.0.2"
    assert forward_of("[10.9.0.1, 10.9.0.3]", simulated).to is None
    real = forward_of("[10.9.0.1, 192.0.2.1, 10.9.0.2]", simulated).to
    assert isinstance(real, Route)
    assert [server.host for server in real.servers] == ["192.0.2.1"]


WITH_ZONE = """
    vpcs: {a: {inbound_endpoints: {in: {}}}, b: {}}
    private_zones: [{name: corp.example.com, vpcs: [a, b]}]
    resolver_rules: [{domain: corp.example.com, type: TYPE, TARGETS vpcs: a}]
    """


@pytest.mark.parametrize("view", ["a", "a/in"])
def test_a_rule_wins_over_the_zone_of_its_name_where_it_is_and_by_inbound_endpoints_too(view: str) -> None:
    text = WITH_ZONE.replace("TYPE", "forward").replace("TARGETS", "targets: 192.168.9.9,")
    claim = claim_of(text, view=view)
    assert (claim.kind, claim.origin) == (ClaimKind.FORWARD_RULE, "resolver_rules[0]")
    assert [loser.kind for loser in claim.shadowed] == [ClaimKind.PRIVATE_ZONE]
    assert claim_of(text, view="b").kind is ClaimKind.PRIVATE_ZONE


def test_a_rule_for_the_root_wins_over_the_internet() -> None:
    claim = claim_of('{vpcs: {a: {}}, resolver_rules: [{domain: ".", targets: 192.168.9.9, vpcs: a}]}', ".")
    assert claim.kind is ClaimKind.FORWARD_RULE
    assert [loser.kind for loser in claim.shadowed] == [ClaimKind.INTERNET]


def test_a_system_rule_leads_to_the_zone_that_covers_its_name() -> None:
    claims = (
        world_of("""
        vpcs: {a: {}}
        private_zones: [{name: example.com, vpcs: a}, {name: sys.example.com, vpcs: a}]
        resolver_rules:
          - {domain: example.com, targets: 192.168.9.9, vpcs: a}
          - {domain: sys.example.com, type: system, vpcs: a}
          - {domain: www.example.com, type: system, vpcs: a}
        """)
        .views["a"]
        .claims
    )
    own, covered = (claims[Name.from_text(f"{label}.example.com")] for label in ("sys", "www"))
    assert own.kind is covered.kind is ClaimKind.SYSTEM_RULE
    assert isinstance(own.action, Zone)
    assert own.action.name == Name.from_text("sys.example.com")
    assert isinstance(covered.action, Zone)
    assert covered.action.name == Name.from_text("example.com")


def test_a_system_rule_leads_to_the_internet_where_no_zone_covers_it() -> None:
    text = """
        vpcs: {a: {}}
        resolver_rules:
          - {domain: ., targets: 192.168.9.9, vpcs: a}
          - {domain: com, targets: 192.168.9.9, vpcs: a}
          - {domain: corp.example.com, type: system, vpcs: a}
        """
    assert isinstance(claim_of(text).action, Internet)


def test_a_system_rule_keeps_what_a_gateway_endpoint_takes_away() -> None:
    text = """
        vpcs: {a: {endpoints: {s3: {service: s3, type: gateway, ip_address_type: ipv6, dns_record_ip_type: ipv6}}}}
        resolver_rules:
          - {domain: ., targets: 192.168.9.9, vpcs: a}
          - {domain: s3.us-east-1.amazonaws.com, type: system, vpcs: a}
        """
    claim = claim_of(text, "s3.us-east-1.amazonaws.com")
    assert claim.kind is ClaimKind.SYSTEM_RULE
    assert isinstance(claim.action, WithoutTypes)


def test_rules_need_no_dns_host_names() -> None:
    text = """
        vpcs: {a: {enable_dns_hostnames: false}}
        private_zones: [{name: corp.example.com, vpcs: a}]
        resolver_rules: [{domain: ., targets: 192.168.9.9, vpcs: a}]
        """
    claims = world_of(text).views["a"].claims
    assert claims[ROOT].kind is ClaimKind.FORWARD_RULE
    assert CORP not in claims


def test_an_id_depends_on_what_the_rule_says_alone() -> None:
    assert rule_id("corp") == rule_id("corp")
    assert rule_id("corp") != rule_id("other")
    assert len(rule_id("corp")) == len("rslvr-rr-b86d94d3af4a49f19")


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        (
            "[{domain: x.example, vpcs: a}]",
            "resolver_rules[0].targets: a forward rule has 1 to 6 targets, not 0 (write for example [192.168.9.9])",
        ),
        (
            "[{domain: x.example, vpcs: a, targets: [10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6, 10.0.0.7]}]",
            "resolver_rules[0].targets: a forward rule has 1 to 6 targets, not 7 (write for example [192.168.9.9])",
        ),
        (
            "[{domain: x.example, type: system, vpcs: a, targets: 10.0.0.1}]",
            "resolver_rules[0].targets: a system rule has no targets (leave them out, or say type: forward)",
        ),
        (
            "[{domain: x.example, type: system, vpcs: [app]}]",
            "resolver_rules[0].vpcs: there is no VPC app (there is a, b)",
        ),
        (
            "[{name: x, domain: x.example, type: system}, {name: x, domain: y.example, type: system}]",
            "resolver_rules[1].name: a second rule x (give it another name)",
        ),
        (
            "[{name: x, domain: x.example, type: system, vpcs: [a, b]}, {domain: X.example., targets: 10.0.0.1, vpcs: a}]",
            "resolver_rules[1]: InvalidRequestException: Cannot associate rules with same domain name with same VPC. Conflict "
            f"with resolver rule '{rule_id('x', 'system', 'x.example', 'a', 'b')}' (x is for x.example on a, too)",
        ),
        (
            '[{domain: x.example, targets: [10.0.0.1, "127.0.0.1:1055"], vpcs: [a, b]}]',
            "resolver_rules[0].targets[1]: InvalidRequestException: Cannot associate rule "
            f"{rule_id('', 'forward', 'x.example', 'a', 'b')} to VPC vpc-0aaa because the VPC include an INBOUND resolver "
            "endpoints with rule's target IP. Please try a different rule or update rule's target IP. (127.0.0.1:1055 is "
            "vpcs.a.inbound_endpoints.in, which would forward the name to itself)",
        ),
    ],
)
def test_what_is_refused(rules: str, problem: str) -> None:
    text = f"""
        vpcs:
          a: {{id: vpc-0aaa, inbound_endpoints: {{in: {{listen: "127.0.0.1:1055"}}, quiet: {{}}}}}}
          b: {{}}
        resolver_rules: {rules}
        """
    assert problems_of(text) == [problem]


def test_one_name_may_have_a_rule_on_every_vpc_and_a_vpc_named_twice_is_one() -> None:
    text = """
        vpcs: {a: {}, b: {}}
        resolver_rules:
          - {domain: x.example, type: system, vpcs: [a, a]}
          - {domain: x.example, targets: 10.0.0.1, vpcs: b}
        """
    assert problems_of(text) == []
