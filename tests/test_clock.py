"""Which clock it is, on which system."""

from __future__ import annotations

import sys
import time

import pytest

from proxy import clock


def test_it_goes_on_and_never_back() -> None:
    seen = [clock.seconds() for _ in range(1000)]
    assert seen == sorted(seen)
    before = clock.seconds()
    time.sleep(0.02)
    assert 0.015 < clock.seconds() - before < 5


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other clocks")
def test_on_linux_it_is_the_one_that_counts_the_time_asleep() -> None:
    assert abs(clock.seconds() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 1


@pytest.mark.parametrize(("platform", "name"), [("darwin", "CLOCK_MONOTONIC"), ("linux", "CLOCK_BOOTTIME")])
def test_each_system_has_its_own(platform: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(time, name, 7, raising=False)
    monkeypatch.setattr(time, "clock_gettime", float)
    assert clock._choose()() == 7


def test_elsewhere_it_is_pythons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert clock._choose() is time.monotonic
