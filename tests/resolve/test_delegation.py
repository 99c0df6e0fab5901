"""What is answered where a private zone hands names over to other name servers."""

from __future__ import annotations

import pytest

from proxy.dns.codes import RCODE_NOERROR, RCODE_NXDOMAIN, RCODE_SERVFAIL
from proxy.dns.names import Name, name_text
from proxy.model.answers import Answer, Ask, ReasonKind, Reply
from proxy.model.steps import (
    Asked,
    ClaimsWeighed,
    CnameFollowed,
    Delegated,
    DelegationMet,
    Forwarded,
    NameMissing,
    RecordsFound,
    Replied,
    ServerSought,
    Step,
    Stopped,
    TypeMissing,
)  # fmt: skip
from proxy.model.world import World
from tests.worlds import ask, placed, reply, texts, world_of

TEXT = """
    region: us-east-1
    upstream: {mode: off}
    vpcs: {a: {}, none: {}}
    private_zones:
      - name: hr.example
        vpcs: [a, none]
        records:
          www: 10.0.5.11
          away: {CNAME: test.eu.hr.example}
          eu: {NS: ns1.eu.hr.example, A: 10.0.5.12, DS: "1 8 2 00"}
          ns1.eu: 10.0.0.30
          na: {NS: ns3.na.hr.net}
          dead: {NS: [ns.dead.hr.example, ns3.na.hr.net]}
          ns.dead: 10.0.0.31
          gone: {NS: ns.dead.hr.example}
          lost: {NS: ns.nowhere.hr.example}
          round: {NS: ns.back.hr.example}
          back: {NS: ns.round.hr.example}
          real: {NS: [ns1.real.hr.example, ns2.real.hr.example]}
          ns1.real: [192.0.2.1, "2001:db8::1"]
          six: {NS: ns6.six.hr.net}
      - {name: kept.eu.hr.example, vpcs: a, records: {h: 10.0.5.13}}
    resolver_rules:
      - {domain: hr.example, type: delegate, vpcs: a}
      - {domain: hr.net, type: delegate, vpcs: a}
      - {domain: hr.net, targets: 10.0.0.50, vpcs: a}
    simulated_servers:
      10.0.0.30:
        records:
          test.eu.hr.example: {A: 1.2.3.4, ttl: 100}
          inside.eu.hr.example: {CNAME: test.eu.hr.example}
          out.eu.hr.example: {CNAME: www.hr.example}
          hop.eu.hr.example: {CNAME: h.kept.eu.hr.example}
      10.0.0.31: {unreachable: true}
      10.0.0.50:
        records:
          ns3.na.hr.net: 10.0.0.50
          ns6.six.hr.net: "2001:db8::6"
          test.na.hr.example: 9.10.11.12
          test.dead.hr.example: 9.10.11.13
    """
WORLD = world_of(TEXT)


def answered(query: str, view: str = "a") -> list[str]:
    return texts(ask(WORLD, view, query))


def test_a_name_server_inside_the_zone_is_asked_at_its_glue() -> None:
    answer = ask(WORLD, "a", "test.eu.hr.example")
    assert texts(answer) == ["1.2.3.4"]
    assert answer.sections.answer[0][1].ttl == 100
    assert ask(WORLD, "a", "nope.eu.hr.example").sections.rcode == RCODE_NXDOMAIN
    assert answered("www.hr.example") == ["10.0.5.11"]


def test_the_address_of_one_outside_is_looked_up_by_the_rules_of_the_view() -> None:
    assert answered("test.na.hr.example") == ["9.10.11.12"]


def test_where_the_first_is_unreachable_the_next_is_found() -> None:
    assert answered("test.dead.hr.example") == ["9.10.11.13"]


def test_a_cname_leads_to_the_other_side_and_back() -> None:
    assert answered("away.hr.example") == ["CNAME test.eu.hr.example", "1.2.3.4"]
    assert answered("inside.eu.hr.example") == ["CNAME test.eu.hr.example", "1.2.3.4"]
    assert answered("out.eu.hr.example") == ["CNAME www.hr.example", "10.0.5.11"]
    assert answered("hop.eu.hr.example") == ["CNAME h.kept.eu.hr.example", "10.0.5.13"]
    assert answered("out.eu.hr.example CNAME") == ["CNAME www.hr.example"]


def test_a_zone_below_the_cut_wins() -> None:
    assert answered("h.kept.eu.hr.example") == ["10.0.5.13"]


def test_at_the_cut_the_parent_has_the_ds_records_and_knows_the_name_servers() -> None:
    assert answered("eu.hr.example DS") == ["1 8 2 00"]
    assert answered("eu.hr.example NS") == ["ns1.eu.hr.example"]
    assert answered("eu.hr.example A") == []


@pytest.mark.parametrize(
    "query", ["test.eu.hr.example", "eu.hr.example", "ns1.eu.hr.example", "deep.nope.eu.hr.example TXT"]
)
def test_without_a_rule_all_is_empty_from_the_cut_down(query: str) -> None:
    answer = ask(WORLD, "none", query)
    assert (answer.sections.rcode, texts(answer)) == (RCODE_NOERROR, [])
    assert [name_text(owner or b"\0") for owner, _ in answer.sections.authority] == ["hr.example"]


def test_without_a_rule_the_records_of_the_cut_are_answered() -> None:
    assert answered("eu.hr.example NS", "none") == ["ns1.eu.hr.example"]
    assert answered("eu.hr.example ANY", "none") == ["ns1.eu.hr.example"]
    assert answered("eu.hr.example DS", "none") == ["1 8 2 00"]
    assert answered("na.hr.example DS", "none") == []


def test_where_ns_records_are_ignored_the_zone_answers_for_all() -> None:
    world = world_of(TEXT + "quirks: {delegation_without_rule: ignored}\n")
    assert texts(ask(world, "none", "ns1.eu.hr.example")) == ["10.0.0.30"]
    assert ask(world, "none", "test.eu.hr.example").sections.rcode == RCODE_NXDOMAIN
    assert texts(ask(world, "a", "test.eu.hr.example")) == ["1.2.3.4"]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("x.gone.hr.example", "ns.dead.hr.example could be found"),
        ("x.lost.hr.example", "no address of ns.nowhere.hr.example could be found"),
        ("x.round.hr.example", "no address of ns.back.hr.example could be found"),
    ],
)
def test_where_no_name_server_is_found_the_answer_is_servfail(query: str, why: str) -> None:
    answer = ask(WORLD, "a", query)
    assert answer.sections.rcode == RCODE_SERVFAIL
    assert answer.reason.kind is ReasonKind.UPSTREAM_FAILED
    assert why in answer.reason.text


class Network:
    """Servers outside, by the hosts of a route: what they reply, and what they were asked."""

    def __init__(self, **replies: Reply) -> None:
        self.replies = {host.replace("_", "."): each for host, each in replies.items()}
        self.asked: list[str] = []

    def __call__(self, asked: Ask) -> Reply:
        hosts = [server.host for server in asked.route.servers]
        assert all(server.port == 53 for server in asked.route.servers)
        self.asked.append(f"{name_text(asked.name)} of {' '.join(hosts)}")
        return self.replies[hosts[0]]


def over(network: Network, query: str, world: World = WORLD) -> Answer:
    return ask(world, "a", query, network)


def test_real_name_servers_are_asked_all_by_one_route() -> None:
    network = Network(**{"192_0_2_1": reply(placed(None, "A", 30, "192.0.2.80"))})
    answer = over(network, "www.real.hr.example")
    assert texts(answer) == ["192.0.2.80"]
    assert answer.reason.text == "delegation of real.hr.example to ns1.real.hr.example, ns2.real.hr.example"
    assert network.asked == ["www.real.hr.example of 192.0.2.1 2001:db8::1"]


def test_a_name_server_may_have_an_ipv6_address_alone() -> None:
    network = Network(**{"2001:db8::6": reply(placed(None, "A", 30, "192.0.2.81"))})
    assert texts(over(network, "www.six.hr.example")) == ["192.0.2.81"]


def test_what_a_reply_leaves_open_is_asked_for_and_other_names_are_looked_up_anew() -> None:
    chain = placed(None, "CNAME", 30, "next.real.hr.example.")
    done = reply(chain, placed("next.real.hr.example", "A", 30, "192.0.2.80"))
    assert texts(over(Network(**{"192_0_2_1": done}), "x.real.hr.example")) == ["CNAME next.real.hr.example", "192.0.2.80"]
    forged = reply(placed(None, "CNAME", 30, "www.hr.example."), placed("www.hr.example", "A", 30, "192.0.2.66"))
    assert texts(over(Network(**{"192_0_2_1": forged}), "x.real.hr.example")) == ["CNAME www.hr.example", "10.0.5.11"]
    open_end = reply(placed(None, "CNAME", 30, "next.real.hr.example."))

    def network(asked: Ask) -> Reply:
        return open_end if asked.name == Name.from_text("x.real.hr.example") else reply(placed(None, "A", 30, "192.0.2.80"))

    assert texts(ask(WORLD, "a", "x.real.hr.example", network)) == ["CNAME next.real.hr.example", "192.0.2.80"]


def referral(cut: str, server: str, *glue: str) -> Reply:
    authority = (placed(cut, "NS", 60, f"{server}."),)
    additional = tuple(placed(server, "AAAA" if ":" in address else "A", 60, address) for address in glue)
    return Reply(RCODE_NOERROR, (), authority, (placed(server, "TXT", 60, '"x"'), *additional))


def test_a_referral_is_followed_where_a_rule_covers_the_next_name_server() -> None:
    network = Network(
        **{
            "192_0_2_1": referral("sub.real.hr.example", "ns.sub.real.hr.example", "192.0.2.2", "2001:db8::2"),
            "192_0_2_2": reply(placed(None, "A", 30, "192.0.2.80")),
        }
    )
    assert texts(over(network, "www.sub.real.hr.example")) == ["192.0.2.80"]
    assert network.asked[1] == "www.sub.real.hr.example of 192.0.2.2 2001:db8::2"


def test_a_referral_to_a_name_server_that_no_rule_covers_is_an_empty_answer() -> None:
    network = Network(**{"192_0_2_1": referral("sub.real.hr.example", "ns.other.example", "192.0.2.2")})
    answer = over(network, "www.sub.real.hr.example")
    assert (answer.sections.rcode, texts(answer)) == (RCODE_NOERROR, [])


def test_addresses_of_name_servers_elsewhere_are_not_believed() -> None:
    network = Network(**{
        "192_0_2_1": referral("sub.real.hr.example", "ns3.na.hr.net", "192.0.2.66"),
        "10_0_0_50": reply(),
    })  # fmt: skip
    assert over(network, "test.sub.real.hr.example").reason.text == "simulated server 10.0.0.50"


@pytest.mark.parametrize("cut", ["real.hr.example", "hr.example", "other.real.hr.example"])
def test_what_leads_nowhere_is_no_referral(cut: str) -> None:
    network = Network(**{"192_0_2_1": referral(cut, "ns.sub.real.hr.example", "192.0.2.2")})
    assert texts(over(network, "www.sub.real.hr.example")) == []
    assert len(network.asked) == 1


def test_referrals_end() -> None:
    labels = [f"l{index}" for index in range(20)]
    name = ".".join([*labels, "real.hr.example"])

    def network(asked: Ask) -> Reply:
        network.count += 1  # type: ignore[attr-defined]
        cut = ".".join([*labels[-network.count :], "real.hr.example"])  # type: ignore[attr-defined]
        return referral(cut, f"ns.{cut}", "192.0.2.1")

    network.count = 0  # type: ignore[attr-defined]
    answer = ask(WORLD, "a", name, network)
    assert answer.sections.rcode == RCODE_SERVFAIL
    assert answer.reason.text == "more than 8 referrals from real.hr.example on"


def test_a_firewall_does_not_look_at_the_resolvers_own_questions() -> None:
    rule = "{priority: 1, action: block, domains: [hr.net, '*.hr.net']}"
    world = world_of(TEXT + f"firewall_rule_groups: [{{name: g, vpcs: {{a: 101}}, rules: [{rule}]}}]\n")
    assert texts(ask(world, "a", "test.na.hr.example")) == ["9.10.11.12"]


@pytest.mark.parametrize(
    ("query", "view", "steps"),
    [
        ("test.eu.hr.example", "a", [ClaimsWeighed, DelegationMet, Delegated, RecordsFound]),
        (
            "test.na.hr.example",
            "a",
            [ClaimsWeighed, DelegationMet, ServerSought, ClaimsWeighed, Forwarded, RecordsFound, Delegated, RecordsFound],
        ),
        ("test.eu.hr.example", "none", [ClaimsWeighed, DelegationMet, TypeMissing]),
        ("eu.hr.example NS", "none", [ClaimsWeighed, DelegationMet, RecordsFound]),
        ("eu.hr.example DS", "none", [ClaimsWeighed, RecordsFound]),
        ("x.real.hr.example", "a", [ClaimsWeighed, DelegationMet, Delegated, Asked, Replied]),
        ("x.lost.hr.example", "a", [ClaimsWeighed, DelegationMet, ServerSought, *[ClaimsWeighed, NameMissing] * 2, Stopped]),
        ("out.eu.hr.example", "a", [ClaimsWeighed, DelegationMet, Delegated, CnameFollowed, ClaimsWeighed, RecordsFound]),
    ],
)  # fmt: skip
def test_every_decision_is_told(query: str, view: str, steps: list[type[Step]]) -> None:
    told: list[Step] = []
    answer = ask(WORLD, view, query, lambda _: reply(), told.append)
    assert [type(step) for step in told] == steps
    assert answer == ask(WORLD, view, query, lambda _: reply())
