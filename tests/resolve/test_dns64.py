"""DNS64: who gets IPv6 addresses for names that have IPv4 addresses alone, and which."""

from __future__ import annotations

import ipaddress

import pytest

from proxy.dns.names import Name
from proxy.model.answers import Ask, ReasonKind, Reply
from proxy.model.steps import ClaimsWeighed, CnameFollowed, Dns64Begun, Dns64Ended, RecordsFound, Step, TypeMissing
from proxy.model.world import View
from tests.worlds import ask, placed, reply, texts, world_of

WORLD = world_of("""
    region: us-east-1
    vpcs:
      a:
        cidr: [10.0.0.0/16, "2001:db8::/56"]
        clients: [10.99.0.0/24]
        subnets:
          a1: {cidr: 10.0.1.0/24, ipv6_cidr: "2001:db8:0:1::/64", az: us-east-1a, dns64: true}
          a2: {cidr: 10.0.2.0/24, az: us-east-1b}
          a3: {ipv6_cidr: "2001:db8:0:3::/64", az: us-east-1b, dns64: true}
        endpoints: {k: {service: kms, addresses: [10.0.1.50]}, g: {service: s3, type: gateway, ip_address_type: ipv4,
                    dns_record_ip_type: ipv4}}
        instances: {web: {ip: 10.0.1.5, public_ip: 203.0.113.25}}
      b: {cidr: 10.0.1.0/25}
    private_zones:
      - name: example.com
        vpcs: [a]
        records:
          www: {A: [10.0.5.10, 10.0.5.11], ttl: 30}
          long: {A: 10.0.5.12, ttl: 300}
          six: {A: 10.0.5.60, AAAA: "2001:db8::60", ttl: 300}
          api: {CNAME: www.example.com, ttl: 120}
          out: {CNAME: www.example.net, ttl: 120}
          note: {TXT: x}
    public_records: {s3.us-east-1.amazonaws.com: [198.51.100.32, "2001:db8:53::32"]}
    """)
INSIDE = WORLD.dns64["a"].view


@pytest.mark.parametrize(
    ("client", "name", "dns64"),
    [
        ("10.0.1.200", "a", True),
        ("10.0.1.20", "b", False),  # another VPC is the more specific one
        ("2001:db8:0:1::7", "a", True),
        ("2001:db8:0:3::7", "a", True),
        ("10.0.2.20", "a", False),
        ("10.0.9.20", "a", False),
        ("10.99.0.1", "a", False),
        ("192.0.2.1", "internet", False),
    ],
)
def test_the_clients_subnet_decides(client: str, name: str, dns64: bool) -> None:
    view, why = WORLD.view_for(ipaddress.ip_address(client))
    assert (view.name, view.dns64) == (name, dns64)
    assert why.endswith(" with DNS64") is dns64


def test_its_view_is_that_of_the_vpc_in_all_else() -> None:
    assert INSIDE.claims is WORLD.views["a"].claims
    assert WORLD.view_for(ipaddress.ip_address("10.0.1.200")).why == (
        "client 10.0.1.200 in 10.0.0.0/16, in subnet a1 with DNS64"
    )


@pytest.mark.parametrize(
    ("query", "rcode", "answers", "ttl"),
    [
        ("www.example.com AAAA", 0, ["64:ff9b::a00:50a", "64:ff9b::a00:50b"], 30),
        ("long.example.com AAAA", 0, ["64:ff9b::a00:50c"], 60),
        ("www.example.com A", 0, ["10.0.5.10", "10.0.5.11"], 30),
        ("six.example.com AAAA", 0, ["2001:db8::60"], 300),
        ("note.example.com AAAA", 0, [], 0),
        ("nope.example.com AAAA", 3, [], 0),
        ("note.example.com MX", 0, [], 0),
        ("kms.us-east-1.amazonaws.com AAAA", 0, ["64:ff9b::a00:132"], 60),
        ("s3.us-east-1.amazonaws.com AAAA", 0, ["64:ff9b::c633:6420"], 60),
        ("ip-10-0-1-5.ec2.internal AAAA", 0, ["64:ff9b::a00:105"], 60),
        ("ec2-203-0-113-25.compute-1.amazonaws.com AAAA", 0, ["64:ff9b::a00:105"], 60),
        ("ec2.internal AAAA", 0, [], 0),
    ],
)
def test_names_without_aaaa_get_one(query: str, rcode: int, answers: list[str], ttl: int) -> None:
    answer = ask(WORLD, INSIDE, query)
    assert (answer.sections.rcode, texts(answer)) == (rcode, answers)
    assert {found.ttl for _, found in answer.sections.answer} <= {ttl}
    assert bool(answer.sections.authority) is not bool(answers)


def test_outside_of_such_subnets_there_is_no_aaaa() -> None:
    assert texts(ask(WORLD, "a", "www.example.com AAAA")) == []


def test_cnames_stay_in_front() -> None:
    answer = ask(WORLD, INSIDE, "api.example.com AAAA")
    assert texts(answer) == ["CNAME www.example.com", "64:ff9b::a00:50a", "64:ff9b::a00:50b"]
    assert [found.ttl for _, found in answer.sections.answer] == [120, 30]
    assert [owner for owner, _ in answer.sections.answer] == [None, Name.from_text("www.example.com")]


def network(replies: dict[int, Reply], asked: list[tuple[str, int]]):  # type: ignore[no-untyped-def]
    def answer(what: Ask) -> Reply:
        asked.append((str(Name(what.name)), what.type))
        return replies[what.type]

    return answer


SOA = placed("example.net", "SOA", 40, "a.example.net b.example.net 1 2 3 4 5")
FOUR = reply(placed(None, "A", 100, "203.0.113.5"))


@pytest.mark.parametrize(
    ("six", "four", "rcode", "answers", "ttl"),
    [
        (reply(authority=[SOA]), FOUR, 0, ["64:ff9b::cb00:7105"], 40),
        (reply(), FOUR, 0, ["64:ff9b::cb00:7105"], 100),
        (reply(), reply(placed(None, "A", 9000, "203.0.113.5")), 0, ["64:ff9b::cb00:7105"], 600),
        (reply(rcode=2), FOUR, 0, ["64:ff9b::cb00:7105"], 100),
        (reply(), reply(rcode=2), 2, [], 0),
        (reply(rcode=3), None, 3, [], 0),
        (reply(placed(None, "AAAA", 70, "2001:db8::9")), None, 0, ["2001:db8::9"], 70),
    ],
)
def test_so_do_names_of_the_internet(six: Reply, four: Reply | None, rcode: int, answers: list[str], ttl: int) -> None:
    asked: list[tuple[str, int]] = []
    replies = {28: six} if four is None else {28: six, 1: four}
    answer = ask(WORLD, INSIDE, "www.example.net AAAA", network(replies, asked))
    assert (answer.sections.rcode, texts(answer)) == (rcode, answers)
    assert {found.ttl for _, found in answer.sections.answer} <= {ttl}
    assert asked == [("www.example.net", kind) for kind in replies]


def test_a_private_cname_to_the_internet() -> None:
    asked: list[tuple[str, int]] = []
    answer = ask(WORLD, INSIDE, "out.example.com AAAA", network({28: reply(), 1: FOUR}, asked))
    assert texts(answer) == ["CNAME www.example.net", "64:ff9b::cb00:7105"]
    assert asked == [("www.example.net", 28), ("www.example.net", 1)]


def test_the_reason_tells_both() -> None:
    reason = ask(WORLD, INSIDE, "www.example.com AAAA").reason
    assert reason.kind is ReasonKind.DNS64
    assert reason.text.startswith("DNS64 of private zone example.com")


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("www.example.com AAAA", [ClaimsWeighed, TypeMissing, Dns64Begun, ClaimsWeighed, RecordsFound, Dns64Ended]),
        ("note.example.com AAAA", [ClaimsWeighed, TypeMissing, Dns64Begun, ClaimsWeighed, TypeMissing, Dns64Ended]),
        (
            "api.example.com AAAA",
            [
                *(ClaimsWeighed, CnameFollowed, ClaimsWeighed, TypeMissing, Dns64Begun),
                *(ClaimsWeighed, CnameFollowed, ClaimsWeighed, RecordsFound, Dns64Ended),
            ],
        ),
    ],
)
def test_a_trace_tells_it_and_changes_nothing(query: str, kinds: list[type[Step]]) -> None:
    steps: list[Step] = []
    assert ask(WORLD, INSIDE, query, trace=steps.append) == ask(WORLD, INSIDE, query)
    assert [type(step) for step in steps] == kinds


@pytest.mark.parametrize(
    ("rules", "blocked", "answers"),
    [
        ("{priority: 1, domains: www.example.com, action: block, query_type: AAAA}", True, []),
        ("{priority: 1, domains: www.example.com, action: block, query_type: A}", False, ["64:ff9b::a00:50a"]),
        ("{priority: 1, domains: www.example.com, action: alert}", True, ["64:ff9b::a00:50a"]),
    ],
)
def test_the_firewall_looks_at_the_question_that_was_asked(rules: str, blocked: bool, answers: list[str]) -> None:
    world = world_of(f"""
        vpcs: {{a: {{cidr: 10.0.0.0/16, subnets: {{s: {{cidr: 10.0.1.0/24, az: us-east-1a, dns64: true}}}}}}}}
        private_zones: [{{name: example.com, vpcs: [a], records: {{www: 10.0.5.10}}}}]
        firewall_rule_groups: [{{name: g, vpcs: {{a: 101}}, rules: [{rules}]}}]
        """)
    view: View = world.dns64["a"].view
    answer = ask(world, view, "www.example.com AAAA")
    assert texts(answer) == answers
    assert (answer.firewall is not None) is blocked
