"""Who watches an engine is told of every answer once."""

from __future__ import annotations

from dataclasses import replace

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from proxy.model.answers import Ask, Reply, UpstreamError
from proxy.model.outcome import Outcome
from proxy.model.plan import ClientAddress
from tests.engines import HOME, Clock, engine_of, hear, question, say
from tests.worlds import reply


def test_an_observer_is_told_of_every_answer_once_with_its_reason() -> None:
    seen: list[Outcome] = []
    engine = engine_of(observe=seen.append)
    say(engine, question("WWW.Example.com"), "10.0.1.1", tcp=True)
    say(engine, question("nope.example.com"), "10.0.7.1")
    say(engine, question("www.example.com"), "198.51.100.1")
    assert [(each.client.host, each.view.name, each.transport, each.answer.reason.kind.word) for each in seen] == [
        ("10.0.1.1", "a", "TCP", "private zone"),
        ("10.0.7.1", "small", "UDP", "private zone"),
        ("198.51.100.1", "internet", "UDP", "client not allowed"),
    ]
    assert seen[0].query.question.startswith(b"\x03WWW\x07Example\x03com\0")
    assert {(each.instance, each.resolver_endpoint) for each in seen} == {(None, None)}


async def test_an_observer_is_told_how_long_it_took_and_of_failures() -> None:
    clock = Clock()

    async def network(_: Ask) -> Reply:
        clock.time += 2
        raise UpstreamError("no reply")

    seen: list[Outcome] = []
    engine = engine_of(exchange=network, clock=clock, observe=seen.append)
    await hear(engine, question("a.example.net"))
    assert [(each.seconds, each.answer.sections.rcode) for each in seen] == [(2, 2)]


async def test_an_observer_is_told_of_an_alert_to_a_name_that_cannot_be_looked_up() -> None:
    async def network(_: Ask) -> Reply:
        raise UpstreamError("no reply")

    seen: list[Outcome] = []
    text = """
        vpcs: {a: {}}
        firewall_rule_groups:
          - {name: g, vpcs: {a: 101}, rules: [{name: r, priority: 1, domains: a.example.net, action: alert}]}
        """
    await hear(engine_of(text, network, observe=seen.append), question("a.example.net"))
    assert [(each.answer.sections.rcode, each.answer.firewall and each.answer.firewall.rule) for each in seen] == [
        (2, "g/r")
    ]


async def test_an_observer_that_comes_while_a_query_is_under_way_is_told_of_it_without_a_time() -> None:
    seen: list[Outcome] = []

    async def network(_: Ask) -> Reply:
        engine.observe = seen.append
        return reply()

    engine = engine_of(exchange=network)
    await hear(engine, question("a.example.net"))
    assert [each.seconds for each in seen] == [0]


def test_packets_that_are_no_questions_and_silence_are_not_observed() -> None:
    engine = engine_of(observe=lambda outcome: pytest.fail(f"observed {outcome}"))
    engine.handle(b"\x12\x34\x01\x00" + bytes(8), HOME, None)
    engine.handle(question("www.example.com").to_wire(), HOME, "mute")


def test_who_asks_by_a_client_subnet_counts_as_that_client() -> None:
    seen: list[Outcome] = []
    query = question("www.example.com", options=[dns.edns.ECSOption("10.0.1.5", 32)])
    say(engine_of(observe=seen.append), query)
    assert [(each.client, each.view.name) for each in seen] == [(ClientAddress("10.0.1.5", 40000, tcp=False), "a")]


def test_an_outcome_tells_the_inbound_endpoint_and_the_instance() -> None:
    seen: list[Outcome] = []
    engine = engine_of("vpcs: {a: {cidr: 10.0.0.0/16, inbound_endpoints: {onprem: {}}}}", observe=seen.append)
    say(engine, question("vpcdns.test", "TXT"), view="a/onprem")
    vpc = replace(engine.world.views["a"].vpc, instances={"10.0.1.5": "i-0abc"})  # type: ignore[type-var]
    engine.adopt(replace(engine.world, views={"a": replace(engine.world.views["a"], vpc=vpc)}))
    say(engine, question("vpcdns.test", "TXT"), "10.0.1.5")
    first, second = seen
    assert str(first.resolver_endpoint).startswith("rslvr-in-0")
    assert first.instance is None
    assert (second.instance, second.resolver_endpoint) == ("i-0abc", None)
