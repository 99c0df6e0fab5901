"""What a VPC's resolver answers where rules send names away."""

from __future__ import annotations

import pytest

from proxy.dns.codes import RCODE_NXDOMAIN, RCODE_SERVFAIL
from proxy.dns.names import Name
from proxy.model.answers import Ask, ReasonKind, Reply
from proxy.model.steps import (
    Asked,
    ClaimsWeighed,
    CnameFollowed,
    Forwarded,
    NameMissing,
    RecordsFound,
    Replied,
    Step,
    Stopped,
)
from tests.worlds import ask, placed, reply, texts, world_of

TEXT = """
    region: us-east-1
    upstream: {mode: off}
    vpcs:
      a: {inbound_endpoints: {in: {}}}
      b: {}
    private_zones:
      - name: example.com
        vpcs: [a, b]
        records:
          www: 10.0.5.10
          h.corp: 10.0.5.11
          away: {CNAME: h.corp.example.com}
    resolver_rules:
      - {name: corp, domain: corp.example.com, targets: [10.9.0.1, 192.168.9.9], vpcs: a}
      - {name: real, domain: real.example, targets: ["192.0.2.1:5353", "2001:db8::1"], vpcs: a}
      - {name: dead, domain: dead.example, targets: [10.9.0.1, 10.9.0.2], vpcs: a}
      - {name: back, domain: back.real.example, type: system, vpcs: a}
    simulated_servers:
      10.9.0.1: {unreachable: true}
      10.9.0.2: {unreachable: true}
      192.168.9.9:
        records:
          h.corp.example.com: {A: 192.168.7.7, ttl: 100}
          alias.corp.example.com: {CNAME: h.corp.example.com, ttl: 50}
          out.corp.example.com: {CNAME: www.example.com}
          round.corp.example.com: {CNAME: round.corp.example.com}
    public_records: {h.back.real.example: 203.0.113.9}
    """
WORLD = world_of(TEXT)


@pytest.mark.parametrize("view", ["a", "a/in"])
def test_a_name_below_a_zone_is_forwarded_and_the_rest_stays(view: str) -> None:
    answer = ask(WORLD, view, "h.corp.example.com")
    assert texts(answer) == ["192.168.7.7"]
    assert answer.sections.answer[0][1].ttl == 100
    assert answer.reason.kind is ReasonKind.SIMULATED
    assert texts(ask(WORLD, view, "www.example.com")) == ["10.0.5.10"]
    assert texts(ask(WORLD, "b", "h.corp.example.com")) == ["10.0.5.11"]


def test_a_cname_of_a_zone_may_lead_to_a_forwarded_name() -> None:
    assert texts(ask(WORLD, "a", "away.example.com")) == ["CNAME h.corp.example.com", "192.168.7.7"]


def test_a_simulated_server_follows_its_own_cnames_and_knows_nothing_else() -> None:
    assert texts(ask(WORLD, "a", "alias.corp.example.com")) == ["CNAME h.corp.example.com", "192.168.7.7"]
    out = ask(WORLD, "a", "out.corp.example.com")
    assert texts(out) == ["CNAME www.example.com"]
    assert out.sections.rcode == RCODE_NXDOMAIN
    assert ask(WORLD, "a", "nope.corp.example.com").sections.rcode == RCODE_NXDOMAIN
    assert ask(WORLD, "a", "h.corp.example.com TXT").sections == ask(WORLD, "a", "h.corp.example.com MX").sections
    assert ask(WORLD, "a", "round.corp.example.com").reason.kind is ReasonKind.CHAIN_TOO_LONG


def test_a_forwarded_cname_may_be_followed_by_the_view() -> None:
    def network(asked: Ask) -> Reply:
        return reply(
            placed(None, "CNAME", 20, "www.example.com."), placed("www.example.com", "A", 20, "198.51.100.66"),
        )  # fmt: skip

    world = world_of(TEXT + "quirks: {forwarded_cname: follow}\n")
    assert texts(ask(world, "a", "out.corp.example.com")) == ["CNAME www.example.com", "10.0.5.10"]
    assert texts(ask(world, "a", "alias.corp.example.com")) == ["CNAME h.corp.example.com", "192.168.7.7"]
    assert texts(ask(world, "a", "h.real.example", network)) == ["CNAME www.example.com", "10.0.5.10"]
    assert texts(ask(world, "a", "h.real.example CNAME", network)) == ["CNAME www.example.com", "198.51.100.66"]


def test_where_no_target_answers_the_answer_is_servfail() -> None:
    answer = ask(WORLD, "a", "h.dead.example")
    assert answer.sections.rcode == RCODE_SERVFAIL
    assert answer.reason.kind is ReasonKind.UPSTREAM_FAILED
    assert answer.reason.text == "10.9.0.1:53, 10.9.0.2:53: unreachable"


def test_a_real_target_is_asked_and_its_reply_passed_on() -> None:
    def network(asked: Ask) -> Reply:
        assert [str(server) for server in asked.route.servers] == ["192.0.2.1:5353", "[2001:db8::1]:53"]
        assert asked.name == Name.from_text("h.real.example")
        return reply(
            placed(None, "CNAME", 20, "www.example.com."),
            placed("www.example.com", "A", 20, "198.51.100.7"),
            placed(None, "RRSIG", 20, r"\# 1 00"),
        )

    answer = ask(WORLD, "a", "h.real.example", network)
    assert texts(answer) == ["CNAME www.example.com", "198.51.100.7"]
    assert answer.reason.kind is ReasonKind.FORWARDED
    assert "rule real for real.example" in answer.reason.text


def test_a_system_rule_takes_a_name_back() -> None:
    assert texts(ask(WORLD, "a", "h.back.real.example")) == ["203.0.113.9"]


@pytest.mark.parametrize(
    ("query", "steps"),
    [
        ("h.corp.example.com", [ClaimsWeighed, Forwarded, RecordsFound]),
        ("alias.corp.example.com", [ClaimsWeighed, Forwarded, CnameFollowed, RecordsFound]),
        ("nope.corp.example.com", [ClaimsWeighed, Forwarded, NameMissing]),
        ("h.dead.example", [ClaimsWeighed, Forwarded, Stopped]),
        ("h.real.example", [ClaimsWeighed, Forwarded, Asked, Replied]),
        ("round.corp.example.com", [ClaimsWeighed, Forwarded, *[CnameFollowed] * 16, Stopped]),
    ],
)
def test_every_decision_is_told(query: str, steps: list[type[Step]]) -> None:
    told: list[Step] = []
    answer = ask(WORLD, "a", query, lambda _: reply(), told.append)
    assert [type(step) for step in told] == steps
    assert answer == ask(WORLD, "a", query, lambda _: reply())
    forwarded = told[1]
    assert isinstance(forwarded, Forwarded)
    assert forwarded.simulated is ("corp" in query)
