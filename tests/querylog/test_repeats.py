"""What Route 53 Resolver would answer from the cache, and not log."""

from __future__ import annotations

import pytest

from proxy.model.world import World
from proxy.querylog import repeats
from proxy.querylog.repeats import Repeats
from tests.querylog.outcomes import outcome_of
from tests.querylog.test_lines import WORLD
from tests.worlds import world_of


@pytest.fixture(scope="module")
def world() -> World:
    return world_of(WORLD)


def test_a_client_that_asks_again_within_the_ttl_is_one_line(world: World) -> None:
    log = Repeats()
    outcome = outcome_of(world, "www.example.com")
    assert [log.wants(moment, outcome) for moment in (1000, 1000, 1299, 1300, 1301)] == [True, False, False, True, False]


def test_another_client_type_name_or_way_in_is_another_line(world: World) -> None:
    log = Repeats()
    for outcome in (
        outcome_of(world, "www.example.com"),
        outcome_of(world, "www.example.com", "10.0.1.6"),
        outcome_of(world, "www.example.com AAAA"),
        outcome_of(world, "api.example.com"),
        outcome_of(world, "www.example.com", view="a/onprem"),
    ):
        assert log.wants(1000, outcome)
        assert not log.wants(1001, outcome)


def test_the_shortest_ttl_counts_and_a_negative_answers_too(world: World) -> None:
    log = Repeats()
    chain, missing = outcome_of(world, "api.example.com"), outcome_of(world, "nope.example.com")
    assert [log.wants(moment, chain) for moment in (0, 119, 120)] == [True, False, True]
    assert [log.wants(moment, missing) for moment in (0, 59, 60)] == [True, False, True]


def test_failures_and_what_the_firewall_tells_of_are_logged_each_time(world: World) -> None:
    log = Repeats()
    for query in ("www.elsewhere.example", "bad.example.net", "w.net"):
        outcome = outcome_of(world, query)
        assert log.wants(0, outcome)
        assert log.wants(0, outcome)


@pytest.mark.parametrize(
    ("query", "client", "view"),
    [
        ("www.example.com", "10.0.1.5", "internet"),
        ("www.example.com", "198.51.100.1", "a"),
        ("health.vpcdns.test", "10.0.1.5", "a"),
    ],
)
def test_what_aws_never_sees_is_not_logged(world: World, query: str, client: str, view: str) -> None:
    assert not Repeats().wants(0, outcome_of(world, query, client, view=view))


def test_it_remembers_a_bounded_number(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "_REMEMBERED", 4)
    log = Repeats()
    short, long = outcome_of(world, "nope.example.com"), outcome_of(world, "www.example.com")
    assert [log.wants(0, short._replace(client=short.client._replace(host=f"10.0.2.{n}"))) for n in range(3)] == [True] * 3
    assert log.wants(0, long)
    assert log.wants(100, long._replace(client=long.client._replace(host="10.0.1.9")))  # three are over: forgotten
    assert not log.wants(100, long)
    for number in range(10):
        log.wants(100, long._replace(client=long.client._replace(host=f"10.0.3.{number}")))
    assert len(log._until) <= 4
