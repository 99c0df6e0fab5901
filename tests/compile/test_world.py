"""Worlds: the views of a file, who belongs to which, and what each claims."""

from __future__ import annotations

import ipaddress

import pytest

from proxy.dns.names import ROOT, Name
from proxy.model.claims import ClaimKind
from tests.worlds import ask, compiled, problems_of, texts, world_of

TWO_VPCS = """
    region: eu-west-2
    vpcs:
      a: {cidr: [10.0.0.0/16, "2001:db8:a::/56"], clients: [10.99.0.0/24], inbound_endpoints: {onprem: {}}}
      b: {id: vpc-0bbbbbbbbbbbbbbbb, region: eu-west-1, account: "222222222222", cidr: 10.0.8.0/24}
    private_zones:
      - {name: example.com, vpcs: [a], records: {www: 10.0.5.10}}
    """


def test_every_vpc_inbound_endpoint_and_the_internet_is_a_view() -> None:
    world = world_of(TWO_VPCS)
    assert set(world.views) == {"internet", "a", "a/onprem", "b"}
    assert world.views["internet"].vpc is None
    vpc = world.views["b"].vpc
    assert vpc is not None
    assert (vpc.name, vpc.id, vpc.region, vpc.account) == ("b", "vpc-0bbbbbbbbbbbbbbbb", "eu-west-1", "222222222222")
    other = world.views["a/onprem"].vpc
    assert other is not None
    assert other == world.views["a"].vpc
    assert other.region == "eu-west-2"
    assert other.id == world_of(TWO_VPCS).views["a"].vpc.id  # type: ignore[union-attr]


def test_an_inbound_endpoint_is_asked_as_if_from_inside() -> None:
    world = world_of(TWO_VPCS)
    assert texts(ask(world, "a/onprem", "www.example.com")) == ["10.0.5.10"]


@pytest.mark.parametrize(
    ("client", "view", "why"),
    [
        ("10.0.1.1", "a", "client 10.0.1.1 in 10.0.0.0/16"),
        ("10.0.8.1", "b", "client 10.0.8.1 in 10.0.8.0/24"),
        ("10.99.0.3", "a", "client 10.99.0.3 in 10.99.0.0/24"),
        ("2001:db8:a::7", "a", "client 2001:db8:a::7 in 2001:db8:a::/56"),
        ("192.0.2.1", "internet", "the default view"),
        ("2001:db8:b::7", "internet", "the default view"),
    ],
)
def test_the_longest_network_that_holds_the_client_decides(client: str, view: str, why: str) -> None:
    placed = world_of(TWO_VPCS).view_for(ipaddress.ip_address(client))
    assert (placed.view.name, placed.why) == (view, why)


@pytest.mark.parametrize(
    ("cidr", "client", "view"),
    [
        ("10.0.0.0/16", "2001:db8::7", "a"),
        ("10.0.0.0/16", "10.0.1.7", "a"),
        ("[]", "10.0.1.7", "a"),
        ("'2001:db8::/56'", "10.0.1.7", "a"),
        ("10.0.0.0/16", "2001:db8:0:1::7", "internet"),
    ],
)
def test_subnets_tell_the_clients_of_a_vpc_of_which_it_says_no_range_itself(cidr: str, client: str, view: str) -> None:
    world = world_of(f"""
        vpcs:
          a: {{cidr: {cidr}, subnets: {{s: {{cidr: 10.0.1.0/24, az: us-east-1a, ipv6_cidr: "2001:db8::/64"}}}}}}
          b: {{}}
        """)
    address = ipaddress.ip_address(client)
    assert world.view_for(address).view.name == view
    assert (world.allowed.find(address) is not None) is (view == "a")


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("{}", "internet"),
        ("vpcs: {a: {cidr: 10.0.0.0/16}}", "a"),
        ("vpcs: {a: {}, b: {}}", "internet"),
        ("{default_view: b, vpcs: {a: {}, b: {}}}", "b"),
        ("{default_view: internet, vpcs: {a: {}}}", "internet"),
        ("{default_view: a/in, vpcs: {a: {inbound_endpoints: {in: {}}}}}", "a/in"),
        ("endpoints: {monitoring: 172.16.2.49}", "vpc"),
    ],
)
def test_the_default_view(text: str, view: str) -> None:
    assert world_of(text).default_view == view


@pytest.mark.parametrize(
    ("allow", "client", "allowed"),
    [
        ("[loopback, vpcs]", "127.0.0.1", True),
        ("[loopback, vpcs]", "::1", True),
        ("[loopback, vpcs]", "10.99.0.1", True),
        ("[loopback, vpcs]", "192.0.2.1", False),
        ("[vpcs]", "127.0.0.1", False),
        ("[any]", "192.0.2.1", True),
        ("[any]", "2001:db8::1", True),
        ("[192.0.2.0/24]", "192.0.2.1", True),
        ("[192.0.2.0/24]", "10.0.0.1", False),
    ],
)
def test_who_may_ask(allow: str, client: str, allowed: bool) -> None:
    world = world_of(f"allow_clients: {allow}\n" + TWO_VPCS.replace("\n    ", "\n"))
    assert (world.allowed.find(ipaddress.ip_address(client)) is not None) is allowed


@pytest.mark.parametrize("attribute", ["enable_dns_support", "enable_dns_hostnames"])
def test_without_one_of_the_dns_attributes_private_names_are_public(attribute: str) -> None:
    world = world_of(f"""
        vpcs:
          a:
            cidr: 10.0.0.0/16
            {attribute}: false
            endpoints: {{k: {{service: kms, addresses: [10.0.1.5], private_dns: false}}}}
        private_zones: [{{name: example.com, vpcs: [a], records: {{www: 10.0.5.10}}}}]
        public_records: {{www.example.com: 203.0.113.10}}
        """)
    assert texts(ask(world, "a", "www.example.com")) == ["203.0.113.10"]
    assert world.views["a"].serves is (attribute != "enable_dns_support")


def test_the_claim_of_an_endpoint_below_a_private_zone_wins_its_own_name_alone() -> None:
    world = world_of("""
        region: us-east-1
        vpcs: {a: {cidr: 10.0.0.0/16, endpoints: {k: {service: kms, addresses: [10.0.1.5]}}}}
        private_zones: [{name: amazonaws.com, vpcs: [a]}]
        """)
    claims = world.views["a"].claims
    assert claims[Name.from_text("kms.us-east-1.amazonaws.com")].kind is ClaimKind.ENDPOINT_ZONE
    assert claims[Name.from_text("amazonaws.com")].origin == "private_zones[0]"
    assert claims[ROOT].kind is ClaimKind.INTERNET
    assert texts(ask(world, "a", "kms.us-east-1.amazonaws.com")) == ["10.0.1.5"]
    assert ask(world, "a", "sts.us-east-1.amazonaws.com").sections.rcode == 3


def test_the_weaker_claim_on_one_name_stands_beside_the_winner() -> None:
    world = world_of("""
        region: us-east-1
        vpcs:
          a:
            cidr: 10.0.0.0/16
            endpoints:
              s3-gateway: {service: s3, type: gateway, ip_address_type: ipv4, dns_record_ip_type: ipv4}
              s3: {service: s3, private_dns: true, addresses: [10.0.1.5],
                   private_dns_only_for_inbound_resolver_endpoint: false}
        """)
    claim = world.views["a"].claims[Name.from_text("s3.us-east-1.amazonaws.com")]
    assert claim.kind is ClaimKind.ENDPOINT_ZONE
    assert [loser.kind for loser in claim.shadowed] == [ClaimKind.GATEWAY_RECORDS]


PROBLEMS = [
    ("{default_view: ap, vpcs: {app: {}, b: {}}}", "default_view: there is no view ap (did you mean app?)"),
    (
        "{listen: {address: '127.0.0.1:1053', view: ap}, vpcs: {app: {}}}",
        "listen[0].view: there is no view ap (did you mean app?)",
    ),
    (
        "listen: ['127.0.0.1:1053', '127.0.0.1:1053']",
        "listen[1]: 127.0.0.1 port 1053 is listened on already (give another port)",
    ),
    (
        "{listen: '127.0.0.1:1053', vpcs: {a: {inbound_endpoints: {i: {listen: '127.0.0.1:1053'}}}}}",
        "vpcs.a.inbound_endpoints.i.listen: 127.0.0.1 port 1053 is listened on already (give another port)",
    ),
    (
        "{vpcs: {a: {}, b: {}}, peerings: [{vpcs: [a, x]}]}",
        "peerings[0].vpcs: there is no VPC x (there is a, b)",
    ),
    (
        "public_zones: [{name: example.com}, {name: Example.com.}]",
        "public_zones[1].name: a second public zone example.com (put its records into the first)",
    ),
    (
        "public_zones: [{name: example.com, records: {www: {CNAME: a.example, A: 192.0.2.1}}}]",
        "public_zones[0].records.www.CNAME: a CNAME record at www.example.com beside other records (keep one or the other)",
    ),
]


@pytest.mark.parametrize(("text", "problem"), PROBLEMS)
def test_what_does_not_fit_together_is_a_problem_at_its_place(text: str, problem: str) -> None:
    assert problems_of(text) == [problem]


def test_a_listener_at_a_vpcs_own_address_is_for_that_vpc() -> None:
    _, plan, problems = compiled("""
        listen: ["10.0.0.2:53", "10.5.0.2:53", "10.9.0.2:53", {address: "10.0.0.2:54", view: b}, "[fd00:ec2::253]:53",
                 "10.0.0.3:53"]
        vpcs:
          a: {cidr: ["2001:db8::/56", 10.0.0.0/16, 10.5.0.0/16, 10.9.0.0/16]}
          b: {cidr: 10.9.0.0/16}
          c: {cidr: 10.9.0.0/16}
        """)
    assert problems == []
    assert [each.vpcs for each in plan.listeners] == [("a",), (), ("b", "c"), None, None, None]


def test_the_plan_has_the_listeners_of_inbound_endpoints_too() -> None:
    _, plan, problems = compiled("""
        listen: ["127.0.0.1:1053", {address: "[::1]:1054", view: internet}, "127.0.0.1:0", "127.0.0.1:0"]
        vpcs: {a: {inbound_endpoints: {onprem: {listen: "127.0.0.1:1055"}, quiet: {}}}}
        limits: {tcp_connections: 7, tcp_idle: 3s}
        cache: {entries: 5, min_ttl: 1s, max_ttl: 1h, negative_max_ttl: 1m}
        """)
    assert problems == []
    assert [(str(each), each.view) for each in plan.listeners] == [
        ("127.0.0.1:1053", None),
        ("[::1]:1054", "internet"),
        ("127.0.0.1:0", None),
        ("127.0.0.1:0", None),
        ("127.0.0.1:1055", "a/onprem"),
    ]
    assert plan.tcp == (7, 3.0)
    assert plan.cache[:4] == (5, 1.0, 3600.0, 60.0)
