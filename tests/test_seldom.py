"""Once a minute, and how often it was."""

from __future__ import annotations

import asyncio

import pytest

from proxy import seldom as module
from proxy.seldom import Seldom, report_seldom


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


async def test_what_goes_wrong_in_a_loop_is_told_once_a_minute_of_a_kind(caplog: pytest.LogCaptureFixture) -> None:
    def fail(error: Exception) -> None:
        raise error

    loop = asyncio.get_running_loop()
    report_seldom(loop)
    for _ in range(5):
        loop.call_soon(fail, ValueError("one kind"))
        loop.call_soon(fail, OSError("another"))
        await asyncio.sleep(0)
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["one kind", "another"]
