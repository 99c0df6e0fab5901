"""What a cassette keeps of what came, and what it says of what it lacks."""

from __future__ import annotations

import pytest

from proxy.cassette import MOST_MISSING, Cassette, heading_of, heading_text
from proxy.dns.names import Name
from proxy.model.answers import Ask, Protocol, ReasonKind, Reply, Route, ServerAddress, StaleReply, UpstreamError
from tests.worlds import placed, reply

ROUTE = Route((ServerAddress(Protocol.UDP, "192.0.2.9", 53),), 2.0)
ASK = Ask(ROUTE, Name.from_text("www.example.com"), 1)
FIRST = reply(placed(None, "A", 300, "192.0.2.1", "192.0.2.2"))
ROUTED = Ask(ROUTE._replace(label="system"), ASK.name, 28)


def test_a_reply_comes_back_as_it_came() -> None:
    cassette = Cassette({})
    assert cassette.record(ASK, FIRST)
    assert cassette.replay(ASK) == FIRST
    assert type(cassette.replay(ASK)) is Reply
    assert cassette.missing == {}


def test_a_route_goes_by_its_words() -> None:
    assert heading_of(ASK)[0] == "192.0.2.9:53"
    assert heading_text(heading_of(ROUTED)) == "www.example.com AAAA from system"
    elsewhere = Route((), 9.0, label="system")
    cassette = Cassette({})
    cassette.record(ROUTED, FIRST)
    assert cassette.replay(ROUTED._replace(route=elsewhere)) == FIRST, "another machine has other resolvers"


SAME = [
    reply(placed(None, "A", 7, "192.0.2.1", "192.0.2.2")),
    reply(placed(None, "A", 300, "192.0.2.2", "192.0.2.1")),
]
OTHERS = [
    reply(placed(None, "A", 300, "192.0.2.1")),
    reply(placed(None, "A", 300, "192.0.2.1", "192.0.2.3")),
    reply(placed("web.example.com", "A", 300, "192.0.2.1", "192.0.2.2")),
    reply(placed(None, "A", 300, "192.0.2.1", "192.0.2.2"), rcode=3),
    reply(placed(None, "A", 300, "192.0.2.1", "192.0.2.2"), authority=(placed("example.com", "NS", 1, "ns.example.com."),)),
]


@pytest.mark.parametrize("again", SAME)
def test_what_says_the_same_changes_nothing(again: Reply) -> None:
    cassette = Cassette({})
    cassette.record(ASK, FIRST)
    assert not cassette.record(ASK, again)
    assert cassette.replay(ASK) == FIRST


@pytest.mark.parametrize("again", OTHERS)
def test_what_says_something_else_takes_its_place(again: Reply) -> None:
    cassette = Cassette({})
    cassette.record(ASK, FIRST)
    assert cassette.record(ASK, again)
    assert cassette.replay(ASK) == again


def test_a_failure_is_kept_until_there_is_a_reply() -> None:
    cassette = Cassette({})
    assert cassette.record(ASK, UpstreamError("gave no reply"))
    assert not cassette.record(ASK, UpstreamError("refused the connection"))
    failed = cassette.replay(ASK)
    assert isinstance(failed, UpstreamError)
    assert (failed.reason, failed.rcode) == ((ReasonKind.UPSTREAM_FAILED, "gave no reply"), 2)
    assert cassette.record(ASK, FIRST)
    assert not cassette.record(ASK, UpstreamError("gave no reply"))
    assert cassette.replay(ASK) == FIRST


def test_that_we_were_busy_is_no_reply_of_anybody() -> None:
    cassette = Cassette({})
    assert not cassette.record(ASK, UpstreamError("shutting down", ReasonKind.OVERLOADED))
    assert cassette.recorded == {}


def test_what_is_kept_is_a_plain_reply() -> None:
    cassette = Cassette({})
    cassette.record(ASK, StaleReply(*FIRST))
    assert type(cassette.recorded[heading_of(ASK)]) is Reply


def test_what_is_missing_is_refused_and_remembered() -> None:
    cassette = Cassette({})
    for _ in range(3):
        missing = cassette.replay(ASK)
        assert isinstance(missing, UpstreamError)
        what = "www.example.com A from 192.0.2.9:53 is not in the cassette (mode: replay)"
        assert (missing.reason, missing.rcode) == ((ReasonKind.NOT_RECORDED, what), 5)
    assert cassette.missing == {heading_of(ASK): 3}
    for number in range(MOST_MISSING + 10):
        cassette.replay(ASK._replace(type=number))
    assert len(cassette.missing) == MOST_MISSING


def test_it_is_bounded() -> None:
    cassette = Cassette({}, most=1)
    assert cassette.record(ASK, FIRST)
    assert not cassette.record(ROUTED, FIRST)
    assert not cassette.record(ROUTED, UpstreamError("silent"))
    assert (len(cassette.recorded), cassette.left_out) == (1, 2)
    assert cassette.record(ASK, OTHERS[0]), "what is there may change"
