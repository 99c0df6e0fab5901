"""Time-outs of many queries for the price of one timer.

A timer of the event loop costs more than sending a packet, and nearly every query is answered long before its time-out.
So whoever waits is put into a bucket by the time of its waking; a bucket is looked at once, when its time has come, and who
waits no longer is passed over.
"""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from typing import Protocol

_BUCKETS_A_SECOND = 64


Bucket = dict["Waiter", None]
"""Those that wake within one 64th of a second."""

NOWHERE: Bucket = {}


class Waiter(Protocol):
    """Who waits: until the loop's time `wakes_at`, or for nothing any more where that is infinite; `bucket` is the wheel's."""

    wakes_at: float
    bucket: Bucket

    def wake(self) -> None:
        """It is time."""


class Wheel:
    """Wakes waiters, at most one 64th of a second late."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._buckets: dict[int, Bucket] = {}
        self._order: list[int] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, waiter: Waiter) -> None:
        """Wake `waiter` at its time.  Who puts that off is to be added again; the earlier place is then passed over."""
        bucket = int(waiter.wakes_at * _BUCKETS_A_SECOND) + 1
        waiting = self._buckets.get(bucket)
        if waiting is not None:
            waiting[waiter] = None
            waiter.bucket = waiting
            return
        waiter.bucket = self._buckets[bucket] = {waiter: None}
        heappush(self._order, bucket)
        if self._order[0] == bucket:
            self._set()

    def remove(self, waiter: Waiter) -> None:
        """Let go of a waiter that was added and waits no longer.

        It would be passed over; but what has waited in memory for nothing, with a question and its packet, made every forwarded
        question a sixth dearer.
        """
        waiter.bucket.pop(waiter, None)

    def close(self) -> None:
        """Wake nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._buckets.clear()
        self._order.clear()

    def _set(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._order[0] / _BUCKETS_A_SECOND, self._turn) if self._order else None

    def _turn(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._order and self._order[0] <= now * _BUCKETS_A_SECOND:
            for waiter in self._buckets.pop(heappop(self._order)):
                if waiter.wakes_at <= now:
                    self._loop.call_soon(waiter.wake)  # one that fails must not keep the others from waking
        self._set()
