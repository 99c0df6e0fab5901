"""Queries as they come, for as long as somebody looks.

To be told of every query costs the server more than to answer it.  So nobody is told of any until one asks for them,
and who does not ask again within a minute is taken to have gone.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import NamedTuple

from proxy.model.outcome import Outcome

KEPT = 1000
LOOKED_SECONDS = 60.0

Observe = Callable[[Outcome], None]


class Seen(NamedTuple):
    """A query: its number, when it was answered (seconds since 1970), and what came of it."""

    number: int
    moment: float
    outcome: Outcome


class Watching:
    """The last KEPT queries while somebody looks.

    `watch` and `unwatch` are the server's; `clock` gives seconds since 1970, `now` those of a clock that never goes back.
    """

    def __init__(
        self,
        watch: Callable[[Observe], None],
        unwatch: Callable[[Observe], None],
        clock: Callable[[], float] = time.time,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.latest = 0
        self.since: float | None = None
        self._watch = watch
        self._unwatch = unwatch
        self._clock = clock
        self._now = now
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._seen: deque[Seen] = deque(maxlen=KEPT)

    def look(self) -> None:
        """Somebody looks now: watch for a while from now on."""
        self._until = self._now() + LOOKED_SECONDS
        if self.since is None:
            self.since = self._clock()
            self._watch(self._observe)
            self._wait()

    def stop(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.since is not None:
            self.since = None
            self._unwatch(self._observe)
            self._seen.clear()

    def newer_than(self, number: int) -> list[Seen]:
        """What came after the query of that number, the oldest first, as far as it is kept."""
        newest_first: Iterator[Seen] = takewhile(lambda seen: seen.number > number, reversed(self._seen))
        return list(newest_first)[::-1]

    def _observe(self, outcome: Outcome) -> None:
        self.latest += 1
        self._seen.append(Seen(self.latest, self._clock(), outcome))

    def _wait(self) -> None:
        left = self._until - self._now()
        if left <= 0:
            self.stop()
        else:
            self._timer = asyncio.get_running_loop().call_later(left, self._wait)
