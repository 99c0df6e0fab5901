"""Asking in process: from where, with or without the network, and what comes of it."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from proxy.asking import AT_A_TIME, Finding, Outcome, UnknownView, ask_all, ask_server, outcome_of, place
from proxy.configuration import Configuration, load
from proxy.dns.codes import type_number
from proxy.dns.names import Name
from proxy.dns.write import Sections
from proxy.model.answers import Protocol, Question, ReasonKind, ServerAddress, UpstreamError
from proxy.model.steps import Asked, ClaimsWeighed, CnameFollowed, RecordsFound, Replied
from proxy.source import Files
from tests.upstream.servers import framed, says, serve, silent, truncated
from tests.worlds import texts

TEXT = """
upstream: {{servers: ["127.0.0.1:{port}"], timeout: {timeout}}}
default_view: b
vpcs:
  a: {{cidr: 10.0.0.0/16}}
  b: {{cidr: 10.1.0.0/16}}
  mute: {{cidr: 10.2.0.0/16, enable_dns_support: false}}
private_zones:
  - {{name: example.com, vpcs: [a], records: {{www: 10.0.5.10, away: {{CNAME: www.elsewhere.example}}, txt: {{TXT: hi}}}}}}
"""


def configuration(folder: Path, port: int = 9, timeout: str = "2s") -> Configuration:
    path = folder / "vpcdns.yaml"
    path.write_text(TEXT.format(port=port, timeout=timeout))
    return load(Files(path, "vpcdns.yaml", "-c"))


def question(query: str) -> Question:
    name, _, kind = query.partition(" ")
    return Question(Name.from_text(name), type_number(kind or "A"))


async def find(
    configured: Configuration, query: str, view: str | None = "a", client: str | None = None, *, live: bool = False
) -> Finding:
    address = None if client is None else ipaddress.ip_address(client)
    [finding] = await ask_all(configured, [place(configured.world, question(query), view, address)], live=live)
    return finding


# From where


def test_a_question_is_placed_in_the_view_asked_for(tmp_path: Path) -> None:
    placed = place(configuration(tmp_path).world, question("x.example"), view="a")
    assert (placed.placement.view.name, placed.placement.why, placed.allowed) == ("a", "the view asked for", True)


def test_a_client_has_its_view_and_may_be_one_that_must_not_ask(tmp_path: Path) -> None:
    world = configuration(tmp_path).world
    inside = place(world, question("x.example"), client=ipaddress.ip_address("10.0.1.5"))
    stranger = place(world, question("x.example"), client=ipaddress.ip_address("192.0.2.1"))
    assert (inside.placement.view.name, inside.placement.why) == ("a", "client 10.0.1.5 in 10.0.0.0/16")
    assert inside.allowed
    assert not stranger.allowed


def test_with_neither_it_is_the_default_view(tmp_path: Path) -> None:
    assert place(configuration(tmp_path).world, question("x.example")).placement.view.name == "b"


def test_a_view_that_is_not_there_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(UnknownView, match=r"there is no view mut \(did you mean mute\?\)"):
        place(configuration(tmp_path).world, question("x.example"), view="mut")


# What comes of it


@pytest.mark.parametrize(
    ("query", "view", "outcome"),
    [
        ("www.example.com", "a", Outcome.ANSWER),
        ("WWW.example.COM.", "a", Outcome.ANSWER),
        ("www.example.com ANY", "a", Outcome.ANSWER),
        ("www.example.com AAAA", "a", Outcome.NODATA),
        ("nope.example.com", "a", Outcome.NXDOMAIN),
        ("www.example.com", "mute", Outcome.SILENCE),
        ("www.example.com", "b", Outcome.UNASKED),
        ("away.example.com", "a", Outcome.UNASKED),
        ("away.example.com CNAME", "a", Outcome.ANSWER),
    ],
)
async def test_outcomes_without_the_network(tmp_path: Path, query: str, view: str, outcome: Outcome) -> None:
    assert (await find(configuration(tmp_path), query, view)).outcome is outcome


async def test_steps_are_kept_in_their_order(tmp_path: Path) -> None:
    finding = await find(configuration(tmp_path), "www.example.com")
    assert [type(step) for step in finding.steps] == [ClaimsWeighed, RecordsFound]


async def test_what_was_not_asked_is_said(tmp_path: Path) -> None:
    finding = await find(configuration(tmp_path), "away.example.com")
    assert [type(step) for step in finding.steps] == [ClaimsWeighed, CnameFollowed, ClaimsWeighed, Asked]
    assert finding.answer is None
    assert finding.unasked is not None
    assert finding.unasked.ask.name == Name.from_text("www.elsewhere.example")


async def test_a_client_that_must_not_ask_is_refused_before_anything_is_looked_up(tmp_path: Path) -> None:
    finding = await find(configuration(tmp_path), "www.example.com", None, "192.0.2.1")
    assert finding.outcome is Outcome.FAILURE
    assert finding.answer is not None
    assert finding.answer.reason.kind is ReasonKind.CLIENT_REFUSED
    assert finding.steps == ()


async def test_live_asks_upstream_and_many_questions_keep_their_order(tmp_path: Path) -> None:
    async with serve(says("www.elsewhere.example. 60 A 198.51.100.7")) as server:
        configured = configuration(tmp_path, server.port)
        queries = ["www.example.com", "away.example.com"] * AT_A_TIME
        inquiries = [place(configured.world, question(query), "a") for query in queries]
        findings = await ask_all(configured, inquiries, live=True)
    assert [finding.inquiry for finding in findings] == inquiries
    answer = findings[1].answer
    assert answer is not None
    assert texts(answer) == ["CNAME www.elsewhere.example", "198.51.100.7"]
    assert [type(step) for step in findings[1].steps][-2:] == [Asked, Replied]
    assert len(server.over_udp) == 1


async def test_without_live_nobody_is_asked(tmp_path: Path) -> None:
    async with serve(says()) as server:
        assert (await find(configuration(tmp_path, server.port), "x.elsewhere.example")).outcome is Outcome.UNASKED
    assert server.over_udp == []


async def test_an_upstream_that_is_silent_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    async with serve(silent) as server:
        finding = await find(configuration(tmp_path, server.port, "100ms"), "x.elsewhere.example", live=True)
    assert finding.outcome is Outcome.FAILURE
    assert finding.answer is not None
    assert finding.answer.reason.kind is ReasonKind.UPSTREAM_FAILED


@pytest.mark.parametrize(
    ("rcode", "outcome"), [(0, Outcome.NODATA), (2, Outcome.FAILURE), (3, Outcome.NXDOMAIN), (5, Outcome.FAILURE)]
)
def test_an_rcode_is_an_outcome(rcode: int, outcome: Outcome) -> None:
    assert outcome_of(question("x.example"), Sections(rcode)) is outcome


# A running server


async def test_a_server_is_asked_over_tcp_where_its_reply_does_not_fit() -> None:
    long = says(*(f"x.example. 60 A 198.51.100.{last}" for last in range(100)))
    async with serve(truncated, framed(long)) as server:
        reply = await ask_server(server.udp, question("x.example"), 2.0)
    assert sum(len(found.records) for _, found in reply.answer) == 100


async def test_a_server_that_says_nothing_is_an_error_in_time() -> None:
    async with serve(silent) as server:
        with pytest.raises(UpstreamError):
            await ask_server(server.udp, question("x.example"), 0.05)


async def test_a_server_that_is_not_there_is_an_error() -> None:
    with pytest.raises(UpstreamError):
        await ask_server(ServerAddress(Protocol.UDP, "127.0.0.1", 9), question("x.example"), 1.0)
