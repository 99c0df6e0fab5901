"""Resolution, from the question to the answer: claims, hops, what is asked outside."""

from __future__ import annotations

import pytest

from proxy.dns.names import Name
from proxy.model.answers import Ask, Reply, StaleReply
from proxy.model.steps import (
    Asked,
    ClaimsWeighed,
    CnameFollowed,
    NameMissing,
    RecordsFound,
    Replied,
    Step,
    Stopped,
    TypeMissing,
)
from tests.worlds import SYSTEM_SERVER, ask, placed, reply, texts, world_of

LIVE = """
    vpcs:
      a: {cidr: 10.0.0.0/16}
      b: {cidr: 10.1.0.0/16}
    private_zones:
      - name: example.com
        vpcs: [a]
        records:
          www: {A: 10.0.5.10, ttl: 300}
          api: {CNAME: www.example.com, ttl: 120}
          out: {CNAME: www.example.net, ttl: 120}
          round: {CNAME: about.example.com}
          about: {CNAME: round.example.com}
          dead: {CNAME: nope.example.com, ttl: 120}
          half: {CNAME: note.example.com}
          note: {TXT: x}
          "*.any": {A: 10.0.5.30, TXT: t}
      - {name: c.example.com, vpcs: [a], records: {top: 10.0.6.1}}
    public_records:
      in.example.org: {CNAME: www.example.com, ttl: 30}
      "*.buckets.example": 203.0.113.9
      host.buckets.example: 203.0.113.8
      kept.example.org: 203.0.113.7
    public_zones:
      - {name: example.org, records: {"@": {SOA: ns.example.org. mail.example.org. 7 1 1 1 20, ttl: 40}}}
    """


@pytest.mark.parametrize(
    ("query", "rcode", "answers"),
    [
        ("www.example.com", 0, ["10.0.5.10"]),
        ("api.example.com", 0, ["CNAME www.example.com", "10.0.5.10"]),
        ("api.example.com CNAME", 0, ["CNAME www.example.com"]),
        ("api.example.com ANY", 0, ["CNAME www.example.com"]),
        ("half.example.com", 0, ["CNAME note.example.com"]),
        ("dead.example.com", 3, ["CNAME nope.example.com"]),
        ("any.example.com", 0, []),
        ("x.any.example.com", 0, ["10.0.5.30"]),
        ("y.x.any.example.com", 0, ["10.0.5.30"]),
        ("x.any.example.com ANY", 0, ["10.0.5.30", '"t"']),
        ("x.any.example.com AAAA", 0, []),
        ("nope.example.com", 3, []),
        ("nope.www.example.com", 3, []),
        ("top.c.example.com", 0, ["10.0.6.1"]),
        ("nope.c.example.com", 3, []),
        ("in.example.org", 0, ["CNAME www.example.com", "10.0.5.10"]),
        ("x.buckets.example", 0, ["203.0.113.9"]),
        ("host.buckets.example", 0, ["203.0.113.8"]),
        ("host.buckets.example AAAA", 0, []),
        ("kept.example.org AAAA", 0, []),
        ("nope.example.org", 3, []),
        ("round.example.com", 2, []),
    ],
)
def test_what_the_file_decides_needs_no_network(query: str, rcode: int, answers: list[str]) -> None:
    answer = ask(world_of(LIVE), "a", query)
    assert (answer.sections.rcode, texts(answer)) == (rcode, answers)


@pytest.mark.parametrize(
    ("query", "owner", "ttl"),
    [
        ("nope.c.example.com", "c.example.com", 60),
        ("www.example.com AAAA", "example.com", 60),
        ("nope.example.org", "example.org", 20),
        ("kept.example.org AAAA", "example.org", 60),
        ("host.buckets.example AAAA", "buckets.example", 60),
        ("dead.example.com", "example.com", 60),
    ],
)
def test_a_negative_answer_has_the_soa_of_its_zone(query: str, owner: str, ttl: int) -> None:
    ((name, soa),) = ask(world_of(LIVE), "a", query).sections.authority
    assert name == Name.from_text(owner)
    assert (soa.type, soa.ttl) == (6, ttl)


def test_the_same_name_has_another_answer_in_another_view() -> None:
    world = world_of(LIVE)
    outside = reply(placed(None, "A", 40, "203.0.113.10"))
    assert texts(ask(world, "b", "www.example.com", lambda _: outside)) == ["203.0.113.10"]
    assert texts(ask(world, "internet", "www.example.com", lambda _: outside)) == ["203.0.113.10"]
    assert texts(ask(world, "a", "www.example.com")) == ["10.0.5.10"]


def test_only_what_nothing_covers_is_asked_and_of_the_machines_resolver() -> None:
    asked: list[Ask] = []

    def network(what: Ask) -> Reply:
        asked.append(what)
        return reply(placed(None, "A", 40, "203.0.113.50"))

    answer = ask(world_of(LIVE), "a", "out.example.com", network)
    assert [(str(Name(each.name)), each.type, each.route.servers) for each in asked] == [
        ("www.example.net", 1, (SYSTEM_SERVER,))
    ]
    assert texts(answer) == ["CNAME www.example.net", "203.0.113.50"]
    assert [owner for owner, _ in answer.sections.answer] == [None, Name.from_text("www.example.net")]
    assert answer.reason.text == "upstream 192.0.2.53:53"


def test_a_public_cname_that_leads_to_a_private_name_ends_there() -> None:
    outside = reply(
        placed(None, "CNAME", 50, "middle.example.net"),
        placed("Middle.Example.net", "CNAME", 50, "WWW.example.com"),
        placed("www.example.com", "A", 50, "203.0.113.66"),
    )
    answer = ask(world_of(LIVE), "a", "public.example.net", lambda _: outside)
    assert texts(answer) == ["CNAME middle.example.net", "CNAME WWW.example.com", "10.0.5.10"]
    assert texts(ask(world_of(LIVE), "b", "public.example.net", lambda _: outside))[-1] == "203.0.113.66"


def test_a_public_cname_that_leads_to_a_record_of_the_file_ends_there() -> None:
    outside = reply(placed(None, "CNAME", 50, "kept.example.org"), placed("kept.example.org", "A", 50, "198.51.100.1"))
    assert texts(ask(world_of(LIVE), "b", "x.example.net", lambda _: outside)) == ["CNAME kept.example.org", "203.0.113.7"]


def test_a_cname_that_is_asked_for_is_not_followed() -> None:
    outside = reply(placed(None, "CNAME", 50, "www.example.com"))
    assert texts(ask(world_of(LIVE), "a", "public.example.net CNAME", lambda _: outside)) == ["CNAME www.example.com"]


def test_an_upstreams_reply_goes_back_whole_but_for_dnssecs_proofs() -> None:
    proof = (None, placed(None, "RRSIG", 40, r"\# 1 00")[1])
    odd = (None, placed(None, "TYPE65280", 40, r"\# 2 abcd")[1])
    outside = Reply(0, (odd, proof), (proof,), (placed("ns.example.net", "A", 9, "192.0.2.1"),))
    answer = ask(world_of(LIVE), "b", "odd.example.net TYPE65280", lambda _: outside)
    assert answer.sections == Reply(0, (odd,), (), outside.additional)
    assert ask(world_of(LIVE), "b", "odd.example.net RRSIG", lambda _: outside).sections == outside
    assert ask(world_of(LIVE), "b", "odd.example.net ANY", lambda _: outside).sections == outside


def test_with_upstream_off_the_rest_is_refused_with_a_reason() -> None:
    answer = ask(world_of("upstream: {mode: off}"), "internet", "www.example.net")
    assert answer.sections.rcode == 5
    assert answer.reason.text == "upstream is off (mode: off)"


def test_a_simulated_server_as_upstream_answers_in_process() -> None:
    world = world_of("""
        upstream: {servers: [192.0.2.1, 192.0.2.2]}
        simulated_servers:
          192.0.2.1: {unreachable: true}
          192.0.2.2: {records: {a.b.example: 203.0.113.1, c.example: {CNAME: a.b.example}}}
        """)
    assert texts(ask(world, "internet", "a.b.example")) == ["203.0.113.1"]
    assert texts(ask(world, "internet", "c.example")) == ["CNAME a.b.example", "203.0.113.1"]
    assert ask(world, "internet", "b.example").sections.rcode == 0
    assert ask(world, "internet", "z.example").sections.rcode == 3


def test_a_real_server_before_a_simulated_one_is_asked() -> None:
    world = world_of("""
        upstream: {servers: [192.0.2.7, 192.0.2.2]}
        simulated_servers: {192.0.2.2: {records: {a.example: 203.0.113.1}}}
        """)
    asked: list[Ask] = []

    def network(what: Ask) -> Reply:
        asked.append(what)
        return reply(rcode=3)

    ask(world, "internet", "a.example", network)
    assert [str(server) for server in asked[0].route.servers] == ["192.0.2.7:53"]


def test_an_s3_gateway_endpoint_can_take_a_record_type_away() -> None:
    world = world_of("""
        region: us-east-1
        vpcs:
          v6:
            cidr: 10.3.0.0/16
            endpoints: {s3: {service: s3, type: gateway, ip_address_type: dualstack, dns_record_ip_type: ipv6}}
        public_records: {s3.dualstack.us-east-1.amazonaws.com: [198.51.100.32, "2001:db8:53::32"]}
        """)
    steps: list[Step] = []
    answer = ask(world, "v6", "s3.dualstack.us-east-1.amazonaws.com A", trace=steps.append)
    assert (answer.sections.rcode, texts(answer), answer.reason.kind.word) == (0, [], "gateway endpoint")
    assert isinstance(steps[-1], TypeMissing)
    assert ask(world, "v6", "s3.dualstack.us-east-1.amazonaws.com A").sections == answer.sections
    assert texts(ask(world, "v6", "s3.dualstack.us-east-1.amazonaws.com AAAA")) == ["2001:db8:53::32"]
    assert texts(ask(world, "internet", "s3.dualstack.us-east-1.amazonaws.com A")) == ["198.51.100.32"]


def test_the_server_says_who_it_is_in_every_view() -> None:
    world = world_of(LIVE)
    for view in ("a", "internet"):
        assert texts(ask(world, view, "vpcdns.test TXT")) == [f'"version=0.0.0" "view={view}" "configuration=digest"']
        assert texts(ask(world, view, "health.vpcdns.test A")) == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("view", "query", "kinds"),
    [
        ("a", "www.example.com", [ClaimsWeighed, RecordsFound]),
        ("a", "x.any.example.com", [ClaimsWeighed, RecordsFound]),
        ("a", "www.example.com AAAA", [ClaimsWeighed, TypeMissing]),
        ("a", "nope.example.com", [ClaimsWeighed, NameMissing]),
        ("a", "api.example.com", [ClaimsWeighed, CnameFollowed, ClaimsWeighed, RecordsFound]),
        ("a", "x.example.net", [ClaimsWeighed, Asked, Replied]),
        ("a", "x.buckets.example", [ClaimsWeighed, RecordsFound]),
        ("a", "host.buckets.example TXT", [ClaimsWeighed, TypeMissing]),
        ("a", "nope.example.org", [ClaimsWeighed, NameMissing]),
        ("a", "round.example.com", [ClaimsWeighed, CnameFollowed] * 16 + [Stopped]),
    ],
)
def test_a_trace_tells_the_steps_and_changes_nothing(view: str, query: str, kinds: list[type[Step]]) -> None:
    world = world_of(LIVE)
    outside = reply(placed(None, "A", 40, "203.0.113.50"))
    steps: list[Step] = []
    traced = ask(world, view, query, lambda _: outside, steps.append)
    assert [type(step) for step in steps] == kinds
    assert traced == ask(world, view, query, lambda _: outside)


def test_the_trace_names_every_claim_the_longest_first_and_the_wildcard() -> None:
    steps: list[Step] = []
    ask(world_of(LIVE), "a", "top.c.example.com", trace=steps.append)
    weighed = steps[0]
    assert isinstance(weighed, ClaimsWeighed)
    assert [str(claim.name) for claim in weighed.claims] == ["c.example.com", "example.com", "."]
    steps.clear()
    ask(world_of(LIVE), "a", "x.any.example.com", trace=steps.append)
    ask(world_of(LIVE), "a", "x.buckets.example", trace=steps.append)
    found = [step.wildcard for step in steps if isinstance(step, RecordsFound)]
    assert found == [Name.from_text("*.any.example.com"), Name.from_text("*.buckets.example")]


def test_a_public_name_keeps_a_wildcard_from_all_below_it() -> None:
    world = world_of("""
        upstream: {mode: off}
        public_records: {"*.example.com": 203.0.113.1, a.example.com: 203.0.113.2}
        """)
    assert texts(ask(world, "internet", "x.y.example.com")) == ["203.0.113.1"]
    assert ask(world, "internet", "x.a.example.com").sections.rcode == 5


def test_a_stale_reply_is_told_as_such() -> None:
    world = world_of("{}")
    answer = ask(world, "internet", "a.example", lambda _: StaleReply(0, (placed(None, "A", 30, "192.0.2.1"),)))
    assert texts(answer) == ["192.0.2.1"]
    assert answer.reason.kind.name == "STALE"
