"""Which server is asked first: health by evidence, and the three strategies; time is a number here."""

from __future__ import annotations

import pytest

from proxy.model.answers import Protocol, ServerAddress, Strategy
from proxy.upstream.chance import Chance
from proxy.upstream.peer import LONGEST_REST, REMEMBERED, Peer, in_order

REST = 5.0


def peers(number: int) -> list[Peer]:
    return [Peer(ServerAddress(Protocol.UDP, f"192.0.2.{last}", 53), REST) for last in range(1, number + 1)]


def order(of: list[Peer], strategy: Strategy, now: float, chance: Chance | None = None) -> list[int]:
    return [of.index(peer) for peer in in_order(of, strategy, now, chance or Chance())]


def take(peer: Peer, seconds: float, now: float) -> None:
    """It is asked, and replies after so many seconds at the time `now`."""
    peer.ask(now - seconds)
    peer.hear(now, now - seconds)


def test_failover_keeps_to_the_order_of_the_file_but_those_that_rest_come_last() -> None:
    three = peers(3)
    assert order(three, Strategy.FAILOVER, 0.0) == [0, 1, 2]
    three[0].fail(0.0)
    assert order(three, Strategy.FAILOVER, 0.0) == [1, 2, 0]
    three[1].fail(1.0)
    assert order(three, Strategy.FAILOVER, 1.0) == [2, 0, 1]
    assert order(three, Strategy.FAILOVER, 0.0 + REST) == [0, 2, 1], "the first has rested"


def test_the_quickest_is_asked_first_and_the_others_are_tried_again_in_time() -> None:
    slow, quick = two = peers(2)
    take(slow, 0.2, 1.0)
    take(quick, 0.1, 1.0)
    assert order(two, Strategy.FASTEST, 1.0) == [1, 0]
    for second in range(2, 60):
        take(quick, 0.1, float(second))
    assert order(two, Strategy.FASTEST, 60.0) == [0, 1], "what is known of the slow one is old"
    take(slow, 0.2, 60.5)
    assert order(two, Strategy.FASTEST, 60.5) == [1, 0]
    for second in range(61, 70):
        take(quick, 2.0, float(second))
    assert order(two, Strategy.FASTEST, 70.0) == [0, 1], "it has become slow"


def test_who_was_never_asked_is_tried_first() -> None:
    known, unknown = two = peers(2)
    take(known, 0.01, 1.0)
    assert order(two, Strategy.FASTEST, 1.0) == [1, 0]
    unknown.fail(1.0)
    assert order(two, Strategy.FASTEST, 1.0) == [0, 1]


def test_random_is_each_order_about_as_often() -> None:
    three = peers(3)
    chance = Chance()
    seen = [tuple(order(three, Strategy.RANDOM, 0.0, chance)) for _ in range(600)]
    assert len(set(seen)) == 6
    assert min(seen.count(each) for each in set(seen)) > 50
    three[1].fail(0.0)
    assert all(order(three, Strategy.RANDOM, 0.0, chance)[-1] == 1 for _ in range(50))


def test_one_question_tries_a_server_that_has_rested_and_its_failure_doubles_the_rest() -> None:
    peer = peers(1)[0]
    now, rests = 0.0, []
    peer.fail(now)
    for _ in range(7):
        rests.append(peer.status(now).rests)
        now = peer.rests_until
        peer.ask(now)
        assert peer.rests_until > now, "the others wait for what comes of this one"
        peer.fail(now)
    assert rests == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 60.0]
    assert max(rests) == LONGEST_REST
    peer.ask(peer.rests_until)
    peer.hear(1000.0, 999.9)
    assert peer.status(1000.0).rests == 0
    peer.fail(1001.0)
    assert peer.status(1001.0).rests == REST, "it was well meanwhile"


def test_many_questions_that_fail_together_are_one_failure() -> None:
    peer = peers(1)[0]
    for _ in range(100):
        peer.fail(0.0)
    assert peer.status(0.0).rests == REST
    assert peer.failures == 100


@pytest.mark.parametrize("word", ["edns", "case"])
def test_what_a_server_cannot_do_is_remembered_for_an_hour(word: str) -> None:
    peer = peers(1)[0]
    learn, knows = {"edns": (peer.knew_no_edns, peer.knows_edns), "case": (peer.changed_case, peer.keeps_case)}[word]
    assert knows(0.0)
    learn(0.0)
    assert not knows(REMEMBERED - 1)
    assert knows(REMEMBERED)


def test_chance_gives_no_octet_twice_and_is_even() -> None:
    source = iter(range(1000))
    chance = Chance(lambda count: bytes(next(source) % 256 for _ in range(10)) + bytes(count - 10))
    assert (chance.octets(2), chance.octets(3)) == (b"\0\1", b"\2\3\4")
    thrown = [Chance().below(6) for _ in range(600)]
    assert set(thrown) == set(range(6))
