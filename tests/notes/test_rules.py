"""Notes on resolver rules, delegations and Profiles."""

from __future__ import annotations

import pytest

from tests.test_notes import notes_of

ZONE = "{name: example.com, vpcs: [a], records: {www: 10.0.0.1, h.corp: 10.0.0.2, i.corp: 10.0.0.3, '@': {TXT: x}}}"


def noted(rules: str, zones: str = "", more: str = "") -> list[str]:
    """The notes, without the pages that they name."""
    text = f"""
region: us-east-1
vpcs:
  a:
    cidr: [10.0.0.0/16, 10.9.0.0/16]
    inbound_endpoints: {{in: {{}}}}
    endpoints: {{k: {{service: kms, addresses: 10.0.1.9}}}}
  b: {{cidr: 2001:db8::/56}}
  c: {{cidr: 10.2.0.0/31}}
private_zones: [{zones}]
resolver_rules: [{rules}]
simulated_servers: {{192.168.9.9: {{}}, 192.168.9.8: {{}}, 192.168.9.7: {{unreachable: true}}}}
{more}
"""
    return [what.split(" (https")[0] for what in notes_of(text)]


def forward(domain: str, targets: str = "192.168.9.9", vpcs: str = "a") -> str:
    return f"{{domain: {domain}, targets: [{targets}], vpcs: [{vpcs}]}}"


def system(domain: str) -> str:
    return f"{{domain: {domain}, type: system, vpcs: [a]}}"


def delegate(domain: str) -> str:
    return f"{{domain: {domain}, type: delegate, vpcs: [a]}}"


BESIDE = (
    "the rule for every name forwards AWS's own names, but for those of endpoints: AWS advises a system rule "
    "for amazonaws.com "
    "beside it"
)


@pytest.mark.parametrize(
    ("rules", "zones", "expected"),
    [
        (forward("corp.example"), ZONE, []),
        (
            forward("example.com"),
            ZONE,
            [
                f"private_zones[0]: in view {view}, the private zone example.com (private_zones[0]) does "
                f"nothing: the forwarding "
                "rule example.com (resolver_rules[0]) wins"
                for view in ("a", "a/in")
            ],
        ),
        (
            forward("corp.example.com"),
            ZONE,
            [
                "resolver_rules[0]: in view a, the rule for corp.example.com forwards h.corp.example.com, "
                "i.corp.example.com, which "
                "the private zone example.com (private_zones[0]) has"
            ],
        ),
        (forward("empty.example.com"), ZONE, []),
        (forward("x.kms.us-east-1.amazonaws.com"), "", []),
        (forward("."), "", [f"resolver_rules[0]: in view a, {BESIDE}"]),
        (f"{forward('.')}, {system('amazonaws.com')}", "", []),
        (f"{forward('.')}, {forward('amazonaws.com', '192.168.9.8')}", "", []),
        (
            f"{forward('.')}, {system('amazonaws.com')}, {forward('x.example')}",
            "",
            ["resolver_rules[2]: in view a, the rule for x.example changes nothing: that for . "
             "(resolver_rules[0]) has the same targets"],
        ),
        (
            f"{forward('x.example')}, {system('y.example')}, {system('z.x.example')}",
            "",
            ["resolver_rules[1]: in view a, the system rule for y.example changes nothing, as nothing would "
             "forward that name"],
        ),
        (
            system("example.com"),
            ZONE,
            [
                "resolver_rules[0]: in view a, the system rule for example.com changes nothing, as nothing "
                "would forward that name",
            ],
        ),
        (
            "{domain: x.example, type: system}",
            "",
            ["resolver_rules[0]: the rule for x.example is on no VPC and in no Profile, so it does nothing"],
        ),
        (
            forward("x.example", "192.168.9.7"),
            "",
            ["resolver_rules[0]: no target of the rule can be reached: every name below x.example is SERVFAIL"],
        ),
        (forward("x.example", "192.168.9.7, 192.168.9.9"), "", []),
        (
            forward("x.example", "192.0.2.1, 192.168.9.9"),
            "",
            [
                "resolver_rules[0]: of targets that are partly simulated and partly real, only the kind that "
                "comes first is asked",
            ],
        ),
        (
            forward("x.example", "10.0.0.2, '169.254.169.253:54', 10.9.0.2, 10.2.0.2", "b"),
            "",
            [
                "resolver_rules[0]: the target 10.0.0.2:53 is the resolver of VPC a, which AWS does not let be "
                "asked from elsewhere: a "
                "rule needs the addresses of an inbound endpoint there",
                "resolver_rules[0]: the target 169.254.169.253:54 is the address of the VPC's own resolver, "
                "which AWS does not let be "
                "asked from elsewhere: a rule needs the addresses of an inbound endpoint there",
            ],
        ),
    ],
)  # fmt: skip
def test_rules(rules: str, zones: str, expected: list[str]) -> None:
    assert noted(rules, zones) == expected


def test_a_real_target_though_upstream_is_off() -> None:
    off = "upstream: {mode: off}"
    assert noted(forward("x.example", "192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4"), more=off) == [
        "resolver_rules[0]: upstream is off, but the rule asks 192.0.2.1:53, 192.0.2.2:53, 192.0.2.3:53 and 1 "
        "more over the network: "
        "give simulated_servers to stay without"
    ]
    assert noted(forward("x.example"), more=off) == []


EU = "{name: hr.example, vpcs: [a], records: {eu: {NS: ns1.eu.hr.example}, ns1.eu: 192.168.9.9}}"
ELSEWHERE = "{name: hr.example, vpcs: [a], records: {eu: {NS: ns.corp.example}}}"
NOBODY = "NS records hand eu.hr.example over to {}, but no delegate rule is for these{}: all names below are empty"


@pytest.mark.parametrize(
    ("rules", "zones", "expected"),
    [
        (delegate("hr.example"), EU, []),
        ("", EU, [f"private_zones[0]: in view a, {NOBODY.format('ns1.eu.hr.example', '')}"]),
        (
            delegate("eu.hr.example"),
            ELSEWHERE,
            [
                "private_zones[0]: in view a, "
                + NOBODY.format("ns.corp.example", ", as that for eu.hr.example would have to be for their names"),
                "resolver_rules[0]: in view a, the delegate rule for eu.hr.example does nothing: no NS record "
                "of a private zone names a "
                "name server below it",
            ],
        ),
        (
            delegate("hr.example"),
            EU.replace("ns1.eu:", "www.eu: 10.0.0.1, ns1.eu:"),
            ["private_zones[0]: in view a, NS records hand eu.hr.example over to ns1.eu.hr.example, so "
             "www.eu.hr.example in the zone is "
             "not seen"],
        ),
        (
            delegate("corp.example"),
            ELSEWHERE,
            ["private_zones[0]: in view a, the address of ns.corp.example, to which NS records hand "
             "eu.hr.example over, is looked up in "
             "public DNS: where it is private, it needs a forward rule or a zone"],
        ),
        (f"{delegate('corp.example')}, {forward('corp.example')}", ELSEWHERE, []),
    ],
)  # fmt: skip
def test_delegations(rules: str, zones: str, expected: list[str]) -> None:
    assert noted(rules, zones) == expected


def test_a_rule_that_a_profile_brings_does_something() -> None:
    rules = "{name: r, domain: x.example, targets: [192.168.9.9]}, {name: d, domain: hr.example, type: delegate}"
    assert noted(rules, EU, "profiles: [{vpcs: [a], resolver_rules: [r, d]}]") == []
    assert noted(rules, more="profiles: [{vpcs: [a], resolver_rules: [r, d]}]") == [
        "resolver_rules[1]: in view a, the delegate rule for hr.example does nothing: no NS record of a private "
        "zone names a name "
        "server below it"
    ]


def test_profiles() -> None:
    assert noted("", more="profiles: [{private_zones: []}]") == [
        "profiles[0]: the Profile is on no VPC, so nobody has what it brings"
    ]
    text = """
        vpcs:
          a: {endpoints: {k: {service: kms, private_dns: false, addresses: 10.0.1.9}, s: {service: sqs, addresses: 10.0.1.8}}}
          b: {}
        profiles: [{vpcs: [b], endpoints: [a/s, a/k]}]
        """
    assert notes_of(text) == [
        "profiles[0].endpoints[1]: endpoint a/k has no private DNS, so the Profile brings no names of it "
        "(https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/profiles.html)"
    ]
