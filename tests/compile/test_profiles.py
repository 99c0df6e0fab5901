"""Profiles: what they bring to their VPCs, who wins, and what AWS refuses of them."""

from __future__ import annotations

import pytest

from proxy.compile.profiles import profiles_of
from proxy.dns.names import ROOT, Name
from proxy.model.claims import Claim, ClaimKind
from proxy.settings import read_settings
from tests.worlds import ask, problems_of, texts, world_of

EXAMPLE = Name.from_text("example.com")

HUB = """
    region: us-east-1
    upstream: {mode: off}
    vpcs:
      hub:
        subnets: {s: {cidr: 10.0.1.0/24, az: us-east-1a}}
        endpoints:
          k: {service: kms, subnets: {s: 10.0.1.50}}
          s3: {service: s3, subnets: {s: 10.0.1.51}, private_dns: true}
          s3-gateway: {service: s3, type: gateway}
      a: {inbound_endpoints: {in: {}}}
      bare: {enable_dns_hostnames: false}
    private_zones:
      - {name: example.com, id: Z0HUB, vpcs: [hub], records: {www: 10.9.9.9}}
      - {name: example.com, id: Z0OTHER, records: {www: 10.9.9.8}}
      - {name: example.com, id: Z0OWN, vpcs: [], records: {www: 10.0.5.10}}
      - {name: sub.example.com, records: {www: 10.9.9.7}}
    resolver_rules:
      - {name: corp, domain: corp.example, targets: [192.168.9.9]}
      - {name: all, domain: ., targets: [192.168.9.9]}
      - {name: aws, domain: amazonaws.com, type: system}
      - {name: same, domain: example.com, targets: [192.168.9.9]}
    simulated_servers: {192.168.9.9: {records: {h.corp.example: 192.168.7.7, www.example.com: 192.168.7.8}}}
    public_records: {kms.us-east-1.amazonaws.com: 198.51.100.20, sts.us-east-1.amazonaws.com: 198.51.100.21}
    """


def with_profiles(profiles: str, own: str = "vpcs: []") -> str:
    return HUB.replace("id: Z0OWN, vpcs: []", f"id: Z0OWN, {own}") + f"profiles: {profiles}\n"


def answer(profiles: str, query: str, view: str = "a", own: str = "vpcs: []") -> list[str]:
    return texts(ask(world_of(with_profiles(profiles, own)), view, query))


def claim(profiles: str, name: Name, own: str = "vpcs: []") -> Claim:
    return world_of(with_profiles(profiles, own)).views["a"].claims[name]


@pytest.mark.parametrize("view", ["a", "a/in"])
def test_a_profile_brings_zones_rules_and_endpoints(view: str) -> None:
    shared = "[{vpcs: {a: 100}, private_zones: Z0HUB, resolver_rules: corp, endpoints: hub/k}]"
    assert answer(shared, "www.example.com", view) == ["10.9.9.9"]
    assert answer(shared, "h.corp.example", view) == ["192.168.7.7"]
    assert answer(shared, "kms.us-east-1.amazonaws.com", view) == ["10.0.1.50"]
    assert answer("[]", "kms.us-east-1.amazonaws.com", view) == ["198.51.100.20"]


def test_what_is_for_inbound_endpoints_alone_stays_so() -> None:
    shared = with_profiles("[{vpcs: [a], endpoints: [hub/s3]}]")
    views = world_of(shared).views
    name = Name.from_text("s3.us-east-1.amazonaws.com")
    assert name not in views["a"].claims
    assert views["a/in"].claims[name].profile == 100


def test_the_vpcs_own_wins_against_a_profile_of_the_same_name() -> None:
    won = claim("[{vpcs: [a], private_zones: Z0HUB, resolver_rules: same}]", EXAMPLE, own="vpcs: [a]")
    assert (won.kind, won.origin, won.profile) == (ClaimKind.PRIVATE_ZONE, "private_zones[2]", 0)
    assert [(loser.kind, loser.profile) for loser in won.shadowed] == [
        (ClaimKind.FORWARD_RULE, 100),
        (ClaimKind.PRIVATE_ZONE, 100),
    ]


def test_of_two_profiles_the_lower_priority_wins_equal_names() -> None:
    two = "[{vpcs: {a: 200}, private_zones: Z0HUB}, {vpcs: {a: 150}, private_zones: Z0OTHER}]"
    assert answer(two, "www.example.com") == ["10.9.9.8"]


def test_the_more_specific_name_wins_wherever_it_comes_from() -> None:
    two = "[{vpcs: {a: 100}, private_zones: Z0HUB}, {vpcs: {a: 9900}, private_zones: sub.example.com}]"
    assert answer(two, "www.sub.example.com") == ["10.9.9.7"]
    assert answer(two, "www.sub.example.com", own="vpcs: [a]") == ["10.9.9.7"]
    assert answer(two, "www.example.com", own="vpcs: [a]") == ["10.0.5.10"]


def test_a_profiles_rule_for_the_root_wins_against_the_internet_and_its_system_rule_takes_back() -> None:
    shared = "[{vpcs: [a], resolver_rules: [all, aws]}]"
    assert claim(shared, ROOT).kind is ClaimKind.FORWARD_RULE
    assert answer(shared, "h.corp.example") == ["192.168.7.7"]
    assert answer(shared, "sts.us-east-1.amazonaws.com") == ["198.51.100.21"]


def test_without_dns_host_names_a_vpc_gets_rules_alone() -> None:
    shared = "[{vpcs: [bare], private_zones: Z0HUB, resolver_rules: corp, endpoints: hub/k}]"
    assert world_of(with_profiles(shared)).views["bare"].claims.keys() >= {Name.from_text("corp.example"), ROOT}
    assert EXAMPLE not in world_of(with_profiles(shared)).views["bare"].claims
    assert answer(shared, "kms.us-east-1.amazonaws.com", "bare") == ["198.51.100.20"]


def test_the_associations_of_a_vpc_in_their_order() -> None:
    text = with_profiles("[{name: x, vpcs: {a: 200, hub: 100}}, {name: y, vpcs: [a], firewall_rule_groups: {guard: 101}}]")
    first, second = profiles_of(read_settings([("x", text)]).settings, "a")
    assert (first.profile.name, first.priority, first.path) == ("y", 100, ("profiles", 1))
    assert first.profile.firewall_rule_groups == {"guard": 101}
    assert (second.profile.name, second.priority, second.path) == ("x", 200, ("profiles", 0))


@pytest.mark.parametrize(
    ("profiles", "problem"),
    [
        (
            "[{vpcs: {a: 99}}]",
            "profiles[0].vpcs.a: ValidationException: priority 99 is out of range on the VPC vpc-0a (give another, from 100 to "
            "9900)",
        ),
        (
            "[{vpcs: {a: 9901}}]",
            "profiles[0].vpcs.a: ValidationException: priority 9901 is out of range on the VPC vpc-0a (give another, from 100 "
            "to 9900)",
        ),
        (
            "[{vpcs: [a]}, {vpcs: {a: 100}}]",
            "profiles[1].vpcs.a: ValidationException: priority 100 is taken on the VPC vpc-0a (give another, from 100 to 9900)",
        ),
        (
            "[{vpcs: {a: 200}}, {vpcs: [a]}]",
            "profiles[1].vpcs: ValidationException: a second Profile needs a priority on the VPC vpc-0a (give another, from 100 "
            "to 9900)",
        ),
        (
            "[{vpcs: {a: 100}}, {vpcs: {a: 200}}, {vpcs: {a: 300}}]",
            "profiles[2].vpcs.a: LimitExceededException: the VPC vpc-0a has 2 Profiles already (take it off a)",
        ),
        ("[{vpcs: [b]}]", "profiles[0].vpcs: there is no VPC b (there is hub, a, bare)"),
        (
            "[{private_zones: [Z0HUB, exampel.com]}]",
            "profiles[0].private_zones[1]: there is no private zone exampel.com (did you mean example.com?)",
        ),
        (
            "[{private_zones: Example.com.}]",
            "profiles[0].private_zones[0]: there are 3 private zones Example.com. (name one by its id: Z0HUB or "
            "Z0OTHER or Z0OWN)",
        ),
        (
            "[{resolver_rules: [corp, crop]}]",
            "profiles[0].resolver_rules[1]: there is no resolver rule crop (did you mean corp?)",
        ),
        (
            "[{endpoints: [hub/k, hub/x, z/k]}]",
            "profiles[0].endpoints[1]: there is no endpoint hub/x (did you mean hub/k?)",
        ),
        (
            "[{endpoints: [hub/s3-gateway]}]",
            "profiles[0].endpoints[0]: a Profile brings interface endpoints, and hub/s3-gateway is of type gateway "
            "(leave it out)",
        ),
    ],
)
def test_what_is_refused(profiles: str, problem: str) -> None:
    text = with_profiles(profiles).replace("a: {inbound", "a: {id: vpc-0a, inbound")
    assert problems_of(text)[0] == problem


def test_an_endpoint_that_is_wrong_is_told_once() -> None:
    text = with_profiles("[{endpoints: [hub/k]}]").replace("service: kms", "service: kmz")
    assert len(problems_of(text)) == 1
