"""DNS Firewall: which rule decides, what a blocked query gets, and chains of CNAMEs."""

from __future__ import annotations

import pytest

from proxy.dns.names import Name
from proxy.model.answers import Ask, Question, Reply, UpstreamError
from proxy.model.steps import ClaimsWeighed, CnameFollowed, FirewallJudged, Step
from proxy.model.world import World
from proxy.resolve import resolve
from tests.worlds import ask, placed, reply, texts, world_of

GUARDED = """
    vpcs:
      a: {cidr: 10.0.0.0/16, inbound_endpoints: {onprem: {}}}
      b: {cidr: 10.1.0.0/16}
    private_zones:
      - {name: corp.example, vpcs: [a], records: {www: 10.0.5.10, out: {CNAME: bad.example}, fine: {CNAME: www.corp.example}}}
    firewall_rule_groups:
      - name: late
        vpcs: {a: 300}
        rules:
          - {priority: 1, domains: [twice.example, "*.deep.example"], action: block, block_response: nxdomain}
      - name: guard
        vpcs: {a: 101}
        rules:
          - {name: bad, priority: 20, domains: bad.example, action: block, block_response: nxdomain}
          - {name: deep, priority: 5, domains: ok.deep.example, action: allow}
          - {name: empty, priority: 30, domains: empty.example, action: block}
          - name: sunk
            priority: 40
            domains: sunk.example
            action: block
            block_response: override
            override: {cname: Sink.example.org}
          - {name: twice, priority: 50, domains: [twice.example, watched.example], action: alert}
          - {name: six, priority: 60, domains: six.example, action: block, block_response: nxdomain, query_type: AAAA}
          - {name: six-again, priority: 70, domains: six.example, action: alert}
          - {name: first-alone, priority: 80, domains: first.example, action: block, redirection: trust}
    """
A_RECORD = reply(placed(None, "A", 60, "203.0.113.1"))


@pytest.fixture(scope="module")
def world() -> World:
    return world_of(GUARDED)


def logged(world: World, query: str, reply: Reply = A_RECORD) -> tuple[str, str] | None:
    match = ask(world, "a", query, lambda _: reply).firewall
    return None if match is None else (match.action, match.rule)


@pytest.mark.parametrize(
    ("query", "rcode", "answers", "reason"),
    [
        ("bad.example", 3, [], "firewall block"),
        ("www.bad.example", 0, ["203.0.113.1"], "upstream"),
        ("empty.example", 0, [], "firewall block"),
        ("sunk.example", 0, ["CNAME sink.example.org"], "firewall override"),
        ("sunk.example TXT", 0, ["CNAME sink.example.org"], "firewall override"),
        ("deep.example", 0, ["203.0.113.1"], "upstream"),
        ("x.deep.example", 3, [], "firewall block"),
        ("y.x.deep.example", 3, [], "firewall block"),
        ("ok.deep.example", 0, ["203.0.113.1"], "upstream"),
        ("twice.example", 0, ["203.0.113.1"], "upstream"),
        ("six.example", 0, ["203.0.113.1"], "upstream"),
        ("six.example AAAA", 3, [], "firewall block"),
        ("www.corp.example", 0, ["10.0.5.10"], "private zone"),
    ],
)
def test_the_first_rule_that_fits_decides(query: str, rcode: int, answers: list[str], reason: str) -> None:
    world = world_of(GUARDED)
    answer = ask(world, "a", query, lambda _: A_RECORD)
    assert answer == ask(world, "a/onprem", query, lambda _: A_RECORD)
    assert (answer.sections.rcode, texts(answer), answer.reason.kind.word) == (rcode, answers, reason)
    if "block" in reason:
        assert answer.sections[1:] == ((), (), ())
        assert answer.reason.kind.error_code == 15


def test_a_firewall_is_one_vpcs_alone(world: World) -> None:
    for view in ("b", "internet"):
        assert texts(ask(world, view, "bad.example", lambda _: A_RECORD)) == ["203.0.113.1"]
    assert world.views["b"].firewall is None


def test_what_is_logged_of_it(world: World) -> None:
    assert logged(world, "bad.example") == ("BLOCK", "guard/bad")
    assert logged(world, "twice.example") == ("ALERT", "guard/twice")
    assert logged(world, "x.deep.example") == ("BLOCK", "late/1")
    assert logged(world, "ok.deep.example") is None
    assert logged(world, "www.corp.example") is None
    assert logged(world, "six.example") == ("ALERT", "guard/six-again")
    match = ask(world, "a", "bad.example").firewall
    assert match is not None
    assert match.group_id.startswith("rslvr-frg-0")
    assert match.domain_list_id.startswith("rslvr-fdl-0")
    assert len(match.group_id) == len("rslvr-frg-01234567890abcdef")


# What CNAMEs lead to


def test_a_private_name_that_leads_to_a_blocked_one_is_blocked_and_nobody_is_asked(world: World) -> None:
    answer = ask(world, "a", "out.corp.example")
    assert (answer.sections.rcode, texts(answer), answer.reason.text) == (3, [], "firewall rule guard/bad")


def test_a_chain_that_no_rule_is_about_passes(world: World) -> None:
    answer = ask(world, "a", "fine.corp.example")
    assert texts(answer) == ["CNAME www.corp.example", "10.0.5.10"]
    assert answer.firewall is None


@pytest.mark.parametrize(
    ("chain", "rcode", "match"),
    [
        ([placed(None, "CNAME", 9, "bad.example")], 3, ("BLOCK", "guard/bad")),
        ([placed(None, "CNAME", 9, "BAD.example"), placed("bad.example", "A", 9, "203.0.113.9")], 3, ("BLOCK", "guard/bad")),
        ([placed(None, "CNAME", 9, "m.example"), placed("M.example", "CNAME", 9, "bad.example")], 3, ("BLOCK", "guard/bad")),
        ([placed(None, "CNAME", 9, "watched.example"), placed("watched.example", "CNAME", 9, "bad.example")], 3,
         ("BLOCK", "guard/bad")),
        ([placed(None, "CNAME", 9, "watched.example"), placed("watched.example", "CNAME", 9, "twice.example")], 0,
         ("ALERT", "guard/twice")),
        ([placed(None, "CNAME", 9, "watched.example"), placed("watched.example", "CNAME", 9, "out.corp.example")], 3,
         ("BLOCK", "guard/bad")),
        ([placed(None, "CNAME", 9, "watched.example"), placed("watched.example", "CNAME", 9, "fine.corp.example")], 0,
         ("ALERT", "guard/twice")),
        ([placed(None, "CNAME", 9, "first.example"), placed("first.example", "A", 9, "203.0.113.9")], 0, None),
        ([placed("stray.example", "CNAME", 9, "bad.example"), placed(None, "A", 9, "203.0.113.9")], 0, None),
        ([placed(None, "CNAME", 9, "ok.deep.example"), placed("ok.deep.example", "A", 9, "203.0.113.9")], 0, None),
    ],
)  # fmt: skip
def test_chains_in_upstreams_replies_are_looked_at(
    world: World, chain: list[object], rcode: int, match: tuple[str, str] | None
) -> None:
    answer = ask(world, "a", "x.example", lambda _: reply(*chain))  # type: ignore[arg-type]
    assert answer.sections.rcode == rcode
    assert (answer.firewall and answer.firewall[:2]) == match


def test_an_alert_at_the_first_name_stays_an_alert_unless_the_chain_is_blocked(world: World) -> None:
    assert logged(world, "watched.example", reply(placed(None, "CNAME", 9, "twice.example"))) == ("ALERT", "guard/twice")
    assert logged(world, "watched.example", reply(placed(None, "CNAME", 9, "bad.example"))) == ("BLOCK", "guard/bad")


def test_behind_a_rule_that_trusts_another_looks_at_what_cnames_lead_to() -> None:
    world = world_of("""
        vpcs: {a: {}}
        firewall_rule_groups:
          - name: g
            vpcs: {a: 101}
            rules:
              - {priority: 1, domains: [x.example, "*.x.example"], action: allow, redirection: trust}
              - {priority: 2, domains: [x.example, "*.x.example"], action: block, block_response: nxdomain}
        """)
    for name in ("x.example", "www.x.example"):
        assert texts(ask(world, "a", name, lambda _: A_RECORD)) == ["203.0.113.1"]
        led = reply(placed(None, "CNAME", 9, name), placed(name, "A", 9, "203.0.113.9"))
        assert ask(world, "a", "other.example", lambda _, led=led: led).sections.rcode == 3  # type: ignore[misc]


def test_an_alert_is_told_of_also_where_upstream_fails(world: World) -> None:
    for query, alerts in (("watched.example", True), ("ok.deep.example", False)):
        resolution = resolve(Question(Name.from_text(query), 1), world.views["a"])
        next(resolution)
        with pytest.raises(StopIteration if alerts else UpstreamError) as caught:
            resolution.throw(UpstreamError("no reply"))
        if alerts:
            answer = caught.value.value  # type: ignore[attr-defined]
            assert (answer.sections.rcode, answer.reason.text, answer.firewall[:2]) == (
                2, "no reply", ("ALERT", "guard/twice"),
            )  # fmt: skip


def test_who_asks_for_the_cname_itself_is_led_nowhere(world: World) -> None:
    assert texts(ask(world, "a", "out.corp.example CNAME")) == ["CNAME bad.example"]
    assert texts(ask(world, "a", "out.corp.example ANY")) == ["CNAME bad.example"]


WALLED = """
    upstream: {mode: off}
    vpcs: {inspect: {}, trust: {}, both: {}}
    firewall_rule_groups:
      - name: inspecting
        vpcs: {inspect: 101}
        rules:
          - {priority: 10, domains: [go.a.net], action: allow}
          - {priority: 20, domains: "*", action: block}
      - name: trusting
        vpcs: {trust: 101}
        rules:
          - {priority: 10, domains: [go.a.net], action: allow, redirection: trust}
          - {priority: 20, domains: "*", action: block}
      - name: both
        vpcs: {both: 101}
        rules:
          - {priority: 10, domains: [go.a.net, t.org], action: allow}
          - {priority: 20, domains: "*", action: block}
    public_records: {go.a.net: {CNAME: t.org}, t.org: 203.0.113.82}
    """


@pytest.mark.parametrize(
    ("view", "query", "answers"),
    [
        ("inspect", "go.a.net", []),
        ("trust", "go.a.net", ["CNAME t.org", "203.0.113.82"]),
        ("both", "go.a.net", ["CNAME t.org", "203.0.113.82"]),
        ("trust", "t.org", []),
        ("trust", ".", []),
    ],
)
def test_a_walled_garden(view: str, query: str, answers: list[str]) -> None:
    answer = ask(world_of(WALLED), view, query)
    assert (answer.sections.rcode, texts(answer)) == (0, answers)


def test_behind_every_wall_the_server_still_says_who_it_is() -> None:
    world = world_of(WALLED)
    assert texts(ask(world, "inspect", "health.vpcdns.test")) == ["127.0.0.1"]
    assert texts(ask(world, "inspect", "vpcdns.test TXT")) != []
    assert texts(ask(world, "inspect", "other.vpcdns.test")) == []


# Profiles


def test_groups_that_profiles_bring_come_after_the_vpcs_own_and_by_the_profiles_priorities() -> None:
    world = world_of("""
        vpcs: {a: {}, b: {}}
        firewall_rule_groups:
          - {name: own, vpcs: {a: 9000}, rules: [{priority: 1, domains: x.example, action: allow}]}
          - name: shared
            rules: [{priority: 1, domains: [x.example, y.example], action: block, block_response: nxdomain}]
          - {name: more, rules: [{priority: 1, domains: [y.example, z.example], action: block, block_response: nodata}]}
        profiles:
          - {vpcs: {a: 200}, firewall_rule_groups: {more: 100}}
          - {vpcs: {a: 100, b: 100}, firewall_rule_groups: {shared: 300}}
        """)
    kinds = {
        (view, name): ask(world, view, f"{name}.example", lambda _: A_RECORD).reason.text for view in "ab" for name in "xyz"
    }
    assert kinds == {
        ("a", "x"): "upstream 192.0.2.53:53",
        ("a", "y"): "firewall rule shared/1",
        ("a", "z"): "firewall rule more/1",
        ("b", "x"): "firewall rule shared/1",
        ("b", "y"): "firewall rule shared/1",
        ("b", "z"): "upstream 192.0.2.53:53",
    }


# A firewall that cannot decide

UNABLE = """
    vpcs: {shut: {}, open: {}, without: {}}
    firewall_rule_groups:
      - {name: guard, vpcs: {shut: 101, open: 101}, rules: [{priority: 1, domains: bad.example, action: block}]}
    firewall_unavailable: [shut, open, without]
    firewall_fail_open: [open]
    """


def test_it_fails_closed_with_servfail() -> None:
    answer = ask(world_of(UNABLE), "shut", "www.example")
    assert (answer.sections.rcode, answer.reason.kind.word, answer.reason.kind.error_code) == (2, "firewall unavailable", 14)
    assert answer.firewall is None
    assert texts(ask(world_of(UNABLE), "shut", "health.vpcdns.test")) == ["127.0.0.1"]


def test_it_fails_open_with_the_answer_that_there_would_be_without_it() -> None:
    assert texts(ask(world_of(UNABLE), "open", "bad.example", lambda _: A_RECORD)) == ["203.0.113.1"]


def test_without_a_rule_group_the_fail_mode_means_nothing() -> None:
    assert texts(ask(world_of(UNABLE), "without", "www.example", lambda _: A_RECORD)) == ["203.0.113.1"]


# Steps


def test_every_judgement_is_a_step_and_a_trace_changes_nothing(world: World) -> None:
    steps: list[Step] = []
    answer = ask(world, "a", "out.corp.example", trace=steps.append)
    assert [type(step) for step in steps] == [FirewallJudged, ClaimsWeighed, CnameFollowed, FirewallJudged]
    rules = [step.rule for step in steps if isinstance(step, FirewallJudged)]
    assert [rule and (rule.name, rule.origin) for rule in rules] == [
        None,
        ("guard/bad", "firewall_rule_groups[1].rules[0]"),
    ]
    assert answer == ask(world, "a", "out.corp.example")


def test_what_is_blocked_is_asked_of_nobody(world: World) -> None:
    asked: list[Ask] = []

    def network(what: Ask) -> Reply:
        asked.append(what)
        return A_RECORD

    ask(world, "a", "bad.example", network)
    ask(world, "a", "out.corp.example", network)
    assert asked == []
