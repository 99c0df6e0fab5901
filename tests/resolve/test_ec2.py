"""EC2's names: private names computed from addresses, resource names, public host names, reverse names, localhost."""

from __future__ import annotations

import pytest

from proxy.dns.names import Name
from proxy.model.answers import Ask, ReasonKind, Reply
from proxy.model.claims import ClaimKind
from proxy.model.steps import ClaimsWeighed, NameComputed, NameMissing, RecordsFound, Step, TypeMissing
from tests.worlds import ask, placed, problems_of, reply, texts, world_of

WORLD = """
    region: us-east-1
    vpcs:
      a:
        cidr: [10.0.0.0/16, 100.64.0.0/28]
        subnets:
          both: {cidr: 10.0.1.0/24, ipv6_cidr: "2001:db8::/64", az: us-east-1a}
          six: {ipv6_cidr: "2001:db8:0:1::/64", az: us-east-1b}
        instances:
          web: {subnet: both, ip: 10.0.1.5, ipv6: "2001:db8::5", id: i-0aaa, public_ip: 203.0.113.25,
                resource_name_a: true, resource_name_aaaa: true}
          quiet: {subnet: both, ip: 10.0.1.6, id: i-0bbb}
          six: {ipv6: "2001:db8:0:1::5", id: i-0ccc}
          mute: {ipv6: "2001:db8:0:1::6", id: i-0ddd, resource_name_aaaa: false}
      b: {cidr: 10.1.0.0/16}
      odd: {cidr: 198.51.100.0/24}
      west: {region: us-west-2, cidr: [10.3.0.0/16, 198.18.0.0/24],
             instances: {db: {ip: 10.3.52.200, public_ip: 203.0.113.30, id: i-0eee, resource_name_a: true}}}
      no-hostnames: {cidr: 10.2.0.0/16, enable_dns_hostnames: false,
                     instances: {web: {ip: 10.2.0.5, public_ip: 203.0.113.40}}}
      no-support: {cidr: 10.4.0.0/16, enable_dns_support: false}
    peerings:
      - {vpcs: [b, odd], dns_resolution: [odd]}
      - {vpcs: [b, west], dns_resolution: true}
      - {vpcs: [b, a]}
      - {vpcs: [b, no-hostnames], dns_resolution: true}
    """


def nowhere(_: Ask) -> Reply:
    """An internet that has none of these names."""
    return reply(rcode=3)


CASES = [
    # The address that a name says: any of RFC 1918, those of the VPC, those of peers that allow it.
    ("a", "ip-10-0-1-5.ec2.internal", 0, ["10.0.1.5"]),
    ("a", "IP-10-0-1-5.EC2.internal", 0, ["10.0.1.5"]),
    ("a", "ip-10-0-1-77.ec2.internal", 0, ["10.0.1.77"]),
    ("a", "ip-10-0-1-77.ec2.internal ANY", 0, ["10.0.1.77"]),
    ("a", "ip-10-1-0-5.ec2.internal", 0, ["10.1.0.5"]),
    ("a", "ip-192-168-9-9.ec2.internal", 0, ["192.168.9.9"]),
    ("a", "ip-172-31-255-255.ec2.internal", 0, ["172.31.255.255"]),
    ("a", "ip-172-32-0-0.ec2.internal", 3, []),
    ("a", "ip-100-64-0-15.ec2.internal", 0, ["100.64.0.15"]),
    ("a", "ip-100-64-0-16.ec2.internal", 3, []),
    ("a", "ip-198-51-100-7.ec2.internal", 3, []),
    ("b", "ip-198-51-100-7.ec2.internal", 0, ["198.51.100.7"]),
    ("b", "ip-198-18-0-7.ec2.internal", 3, []),
    ("b", "ip-198-18-0-7.us-west-2.compute.internal", 0, ["198.18.0.7"]),
    ("b", "ip-10-3-52-200.us-west-2.compute.internal", 0, ["10.3.52.200"]),
    ("b", "ip-10-9-9-9.us-west-2.compute.internal", 3, []),
    ("west", "ip-10-3-52-200.us-west-2.compute.internal", 0, ["10.3.52.200"]),
    ("west", "ip-10-9-9-9.us-west-2.compute.internal", 0, ["10.9.9.9"]),
    ("west", "ip-10-1-0-5.ec2.internal", 0, ["10.1.0.5"]),
    ("west", "ip-10-0-1-5.ec2.internal", 3, []),
    # Nothing else does.
    ("a", "ip-10-0-1-5.ec2.internal AAAA", 0, []),
    ("a", "ip-10-0-1-5.ec2.internal TXT", 0, []),
    ("a", "ip-10-0-1-256.ec2.internal", 3, []),
    ("a", "ip-10-0-01-5.ec2.internal", 3, []),
    ("a", "ip-10-0-1.ec2.internal", 3, []),
    ("a", "ip-10-0-1-5x.ec2.internal", 3, []),
    ("a", "x.ip-10-0-1-5.ec2.internal", 3, []),
    ("a", "not-existing-10.ec2.internal", 3, []),
    ("a", "ec2.internal", 0, []),
    ("a", "instance-data.ec2.internal", 0, ["169.254.169.254"]),
    ("a", "ip-10-0-1-5.compute-1.internal", 3, []),
    # Resource names.
    ("a", "i-0aaa.ec2.internal", 0, ["10.0.1.5"]),
    ("a", "i-0aaa.ec2.internal AAAA", 0, ["2001:db8::5"]),
    ("a", "i-0bbb.ec2.internal", 0, []),
    ("a", "i-0bbb.ec2.internal AAAA", 0, []),
    ("a", "i-0ccc.ec2.internal", 0, []),
    ("a", "i-0ccc.ec2.internal AAAA", 0, ["2001:db8:0:1::5"]),
    ("a", "i-0ddd.ec2.internal AAAA", 0, []),
    ("a", "i-0fff.ec2.internal", 3, []),
    ("b", "i-0aaa.ec2.internal", 3, []),
    ("b", "i-0eee.us-west-2.compute.internal", 0, ["10.3.52.200"]),
    # Reverse names.
    ("a", "5.1.0.10.in-addr.arpa PTR", 0, ["ip-10-0-1-5.ec2.internal"]),
    ("a", "5.1.0.10.in-addr.arpa ANY", 0, ["ip-10-0-1-5.ec2.internal"]),
    ("a", "1.0.17.172.in-addr.arpa PTR", 0, ["ip-172-17-0-1.ec2.internal"]),
    ("a", "5.1.0.10.in-addr.arpa A", 0, []),
    ("a", "x.5.1.0.10.in-addr.arpa PTR", 3, []),
    ("a", "1.5.1.0.10.in-addr.arpa PTR", 3, []),
    ("a", "256.1.0.10.in-addr.arpa PTR", 3, []),
    ("a", "05.1.0.10.in-addr.arpa PTR", 3, []),
    ("a", "x.0.10.in-addr.arpa PTR", 3, []),
    ("a", "99.10.in-addr.arpa PTR", 0, []),
    ("a", "10.in-addr.arpa PTR", 0, []),
    ("a", "15.0.64.100.in-addr.arpa PTR", 0, ["ip-100-64-0-15.ec2.internal"]),
    ("a", "16.0.64.100.in-addr.arpa PTR", 3, []),
    ("b", "7.100.51.198.in-addr.arpa PTR", 0, ["ip-198-51-100-7.ec2.internal"]),
    ("b", "200.52.3.10.in-addr.arpa PTR", 0, ["ip-10-3-52-200.us-west-2.compute.internal"]),
    ("west", "200.52.3.10.in-addr.arpa PTR", 0, ["ip-10-3-52-200.us-west-2.compute.internal"]),
    ("a", "254.169.254.169.in-addr.arpa PTR", 0, ["instance-data.ec2.internal"]),
    # The machine itself.
    ("a", "localhost", 0, ["127.0.0.1"]),
    ("a", "localhost AAAA", 0, ["::1"]),
    ("a", "app.localhost", 0, ["127.0.0.1"]),
    ("a", "localhost.localdomain", 0, ["127.0.0.1"]),
    ("a", "x.localdomain", 3, []),
    ("a", "1.0.0.127.in-addr.arpa PTR", 0, ["localhost"]),
    ("a", "2.0.0.127.in-addr.arpa PTR", 3, []),
    ("a", "1." + "0." * 31 + "ip6.arpa PTR", 0, ["localhost"]),
    ("a", "0." * 32 + "ip6.arpa PTR", 0, []),
]


@pytest.mark.parametrize(("view", "query", "rcode", "expected"), CASES)
def test_ec2s_names_stay_inside(view: str, query: str, rcode: int, expected: list[str]) -> None:
    answer = ask(world_of(WORLD), view, query)
    assert (answer.sections.rcode, texts(answer)) == (rcode, expected)
    assert bool(answer.sections.authority) is not bool(expected)
    assert {found.ttl for _, found in answer.sections.answer} <= {60}


@pytest.mark.parametrize(
    ("view", "query"),
    [
        ("no-hostnames", "5.100.51.198.in-addr.arpa PTR"),
        ("a", "5.100.51.198.in-addr.arpa PTR"),
        ("west", "ip-10-3-52-200.compute-1.internal.example"),
        ("internet", "ec2-203-0-113-40.compute-1.amazonaws.com"),
        ("a", "ec2-198-51-100-99.compute-1.amazonaws.com"),
    ],
)
def test_what_a_vpc_does_not_define_is_asked_outside(view: str, query: str) -> None:
    asked: list[Ask] = []

    def network(what: Ask) -> Reply:
        asked.append(what)
        return nowhere(what)

    assert ask(world_of(WORLD), view, query, network).sections.rcode == 3
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("view", "query"),
    [
        ("internet", "ip-10-0-1-5.ec2.internal"),
        ("no-hostnames", "ip-10-2-0-5.ec2.internal"),
        ("no-support", "ip-10-4-0-5.ec2.internal"),
        ("a", "ip-10-0-1-5.us-east-1.compute.internal"),
        ("a", "ip-10-3-52-200.us-west-2.compute.internal"),
        ("a", "foo.compute.internal"),
    ],
)
def test_ec2s_private_names_never_leave(view: str, query: str) -> None:
    answer = ask(world_of(WORLD), view, query)
    assert (answer.sections.rcode, answer.reason.kind) == (3, ReasonKind.SPECIAL_USE)


def test_a_negative_answer_has_the_soa_of_its_zone() -> None:
    world = world_of(WORLD)
    owners = {
        "nope.ec2.internal": "ec2.internal",
        "ec2.internal": "ec2.internal",
        "ip-10-0-1-5.ec2.internal AAAA": "ec2.internal",
        "x.1.0.10.in-addr.arpa PTR": "1.0.10.in-addr.arpa",
        "x.9.10.in-addr.arpa PTR": "10.in-addr.arpa",
        "ec2-203-0-113-25.compute-1.amazonaws.com AAAA": "compute-1.amazonaws.com",
        "x.16.172.in-addr.arpa PTR": "16.172.in-addr.arpa",
    }
    for query, owner in owners.items():
        ((placed_at, soa),) = ask(world, "a", query).sections.authority
        assert (placed_at, soa.ttl) == (Name.from_text(owner), 60), query
    assert len(ask(world, "a", "1.0.10.in-addr.arpa NS").sections.answer[0][1].records) == 4
    assert ask(world, "a", "1.0.10.in-addr.arpa SOA").sections.answer[0][1].ttl == 900


@pytest.mark.parametrize(
    ("view", "query", "expected"),
    [
        ("a", "ec2-203-0-113-25.compute-1.amazonaws.com", ["10.0.1.5"]),
        ("a", "ec2-203-0-113-25.compute-1.amazonaws.com AAAA", []),
        ("internet", "ec2-203-0-113-25.compute-1.amazonaws.com", ["203.0.113.25"]),
        ("internet", "ec2-203-0-113-25.compute-1.amazonaws.com AAAA", []),
        ("b", "ec2-203-0-113-25.compute-1.amazonaws.com", ["203.0.113.25"]),
        ("west", "ec2-203-0-113-30.us-west-2.compute.amazonaws.com", ["10.3.52.200"]),
        ("b", "ec2-203-0-113-30.us-west-2.compute.amazonaws.com", ["10.3.52.200"]),
        ("a", "ec2-203-0-113-30.us-west-2.compute.amazonaws.com", ["203.0.113.30"]),
        ("no-hostnames", "ec2-203-0-113-25.compute-1.amazonaws.com", ["203.0.113.25"]),
    ],
)
def test_a_public_host_name_is_private_in_its_vpc_and_where_a_peer_may_see_it(
    view: str, query: str, expected: list[str]
) -> None:
    answer = ask(world_of(WORLD), view, query)
    assert (answer.sections.rcode, texts(answer)) == (0, expected)
    assert answer.reason.kind is ReasonKind.PUBLIC_HOSTNAME


def test_a_public_cname_to_a_public_host_name_ends_inside() -> None:
    outside = reply(
        placed(None, "CNAME", 50, "ec2-203-0-113-25.compute-1.amazonaws.com"),
        placed("ec2-203-0-113-25.compute-1.amazonaws.com", "A", 50, "203.0.113.25"),
    )
    world = world_of(WORLD)
    assert texts(ask(world, "a", "www.example.net", lambda _: outside))[1] == "10.0.1.5"
    other = reply(
        placed(None, "CNAME", 50, "ec2-198-51-100-9.compute-1.amazonaws.com"),
        placed("ec2-198-51-100-9.compute-1.amazonaws.com", "A", 50, "198.51.100.9"),
    )
    assert texts(ask(world, "a", "www.example.net", lambda _: other))[1] == "198.51.100.9"


def test_china_has_a_domain_of_its_own() -> None:
    world = world_of(
        "vpcs: {a: {region: cn-north-1, cidr: 10.0.0.0/16, instances: {w: {ip: 10.0.0.5, public_ip: 203.0.113.1}}}}"
    )
    assert texts(ask(world, "a", "ec2-203-0-113-1.cn-north-1.compute.amazonaws.com.cn")) == ["10.0.0.5"]


def test_a_private_zone_of_the_same_name_wins_and_a_more_specific_one_too() -> None:
    world = world_of("""
        vpcs: {a: {cidr: 10.0.0.0/16}}
        private_zones:
          - {name: ec2.internal, vpcs: [a], records: {www: 10.0.9.9}}
          - {name: 1.0.10.in-addr.arpa, vpcs: [a], records: {"5": {PTR: five.example.com}}}
          - {name: 0.10.in-addr.arpa, vpcs: [a], records: {"5.2": {PTR: unseen.example.com}}}
        """)
    assert texts(ask(world, "a", "www.ec2.internal")) == ["10.0.9.9"]
    assert ask(world, "a", "ip-10-0-1-5.ec2.internal").sections.rcode == 3
    assert texts(ask(world, "a", "5.1.0.10.in-addr.arpa PTR")) == ["five.example.com"]
    assert texts(ask(world, "a", "5.2.0.10.in-addr.arpa PTR")) == ["ip-10-0-2-5.ec2.internal"]
    claim = world.views["a"].claims[Name.from_text("ec2.internal")]
    assert (claim.kind, [loser.kind for loser in claim.shadowed]) == (ClaimKind.PRIVATE_ZONE, [ClaimKind.AUTODEFINED])


def test_reverse_names_can_be_left_to_others_and_the_rest_stays() -> None:
    world = world_of("vpcs: {a: {cidr: 10.0.0.0/16, autodefined_reverse: false}}")
    asked = [ask(world, "a", f"{name} PTR", nowhere) for name in ("5.1.0.10.in-addr.arpa", "254.169.254.169.in-addr.arpa")]
    assert [answer.reason.kind for answer in asked] == [ReasonKind.SPECIAL_USE, ReasonKind.UPSTREAM]
    assert texts(ask(world, "a", "1.0.0.127.in-addr.arpa PTR")) == ["localhost"]
    assert texts(ask(world, "a", "ip-10-0-1-5.ec2.internal")) == ["10.0.1.5"]


@pytest.mark.parametrize(
    ("cidr", "names", "number"),
    [
        ("198.51.100.0/28", ["100.51.198"], 1),
        ("198.18.0.0/23", ["0.18.198", "1.18.198"], 2),
        ("198.18.0.0/16", ["0.18.198", "255.18.198"], 256),
        ("198.18.0.0/15", ["18.198", "19.198"], 2),
        ("198.0.0.0/7", ["198", "199"], 2),
    ],
)
def test_every_24_of_a_vpc_is_a_reverse_zone(cidr: str, names: list[str], number: int) -> None:
    claims = world_of(f"vpcs: {{a: {{cidr: {cidr}}}}}").views["a"].claims
    assert all(Name.from_text(f"{name}.in-addr.arpa") in claims for name in names)
    assert (
        len(
            [
                name
                for name in claims
                if Name(name).is_under(Name.from_text("198.in-addr.arpa"))
                or Name(name).is_under(Name.from_text("199.in-addr.arpa"))
            ]
        )
        == number
    )


def test_peers_cannot_overlap() -> None:
    text = """
        vpcs: {a: {cidr: [10.9.0.0/16, 10.0.0.0/16]}, b: {cidr: ["2001:db8::/56", 10.0.8.0/24]}, c: {}}
        peerings: [{vpcs: [a, b]}, {vpcs: [a, c]}, {vpcs: [b, x]}]
        """
    assert problems_of(text) == [
        "peerings[0]: the VPC peering connection fails: 10.0.0.0/16 of a and 10.0.8.0/24 of b overlap "
        "(VPCs with overlapping ranges cannot be peered)",
        "peerings[2].vpcs: there is no VPC x (there is a, b, c)",
    ]


@pytest.mark.parametrize(
    ("query", "kind", "value", "where"),
    [
        ("ip-10-0-1-5.ec2.internal", NameComputed, "10.0.1.5", "VPC a"),
        ("ip-10-99-1-5.ec2.internal", NameComputed, "10.99.1.5", "10.0.0.0/8 (RFC 1918)"),
        ("5.1.0.10.in-addr.arpa PTR", NameComputed, "ip-10-0-1-5.ec2.internal", "reverse names of EC2"),
        ("ip-10-0-1-5.ec2.internal AAAA", TypeMissing, "", ""),
        ("5.1.0.10.in-addr.arpa A", TypeMissing, "", ""),
        ("10.in-addr.arpa A", TypeMissing, "", ""),
        ("10.in-addr.arpa NS", RecordsFound, "", ""),
        ("x.10.in-addr.arpa PTR", NameMissing, "", ""),
        ("nope.ec2.internal", NameMissing, "", ""),
        ("ec2-203-0-113-25.compute-1.amazonaws.com", RecordsFound, "", ""),
    ],
)
def test_a_trace_tells_what_was_computed_and_changes_nothing(query: str, kind: type[Step], value: str, where: str) -> None:
    world = world_of(WORLD)
    steps: list[Step] = []
    assert ask(world, "a", query, trace=steps.append) == ask(world, "a", query)
    weighed, last = steps
    assert isinstance(weighed, ClaimsWeighed)
    assert weighed.claims[0].kind is ClaimKind.AUTODEFINED
    assert type(last) is kind
    if isinstance(last, NameComputed):
        assert (last.value, last.where) == (value, where)
    elif isinstance(last, RecordsFound) and "amazonaws" in query:
        assert last.reason.text == "public host name of instance a/web (i-0aaa), private in its own VPC"
