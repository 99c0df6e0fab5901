"""Once a minute, and how often it was."""

from __future__ import annotations

from proxy import seldom as module
from proxy.seldom import Seldom


class Clock:
    time = 5.0

    def __call__(self) -> float:
        return self.time


def test_the_first_time_is_told_then_a_minute_of_it_at_once() -> None:
    clock = Clock()
    seldom = Seldom(clock)
    assert seldom.times("a") == 1
    clock.time += 59.9
    assert [seldom.times("a") for _ in range(4)] == [None] * 4
    assert seldom.times("b") == 1, "another kind is told by itself"
    clock.time += 0.2
    assert seldom.times("a") == 5
    assert seldom.times("a") is None
    clock.time += 1000
    assert seldom.times("a") == 2


def test_kinds_are_bounded() -> None:
    seldom = Seldom(Clock())
    for number in range(module._MOST_KINDS + 10):
        assert seldom.times(str(number)) == 1
    assert len(seldom._told) == 10
    assert seldom.times("5") == 1, "it was forgotten"
