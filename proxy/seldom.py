"""seldom: lines for the log that come once a minute at most, however often there is reason for them.

Whoever sends bad packets, or takes the last file of the machine, does so a thousand times a second.  The first time is news.

Owns counting how often something was not told.  Must never write a line itself, but for an event loop's own: level and words
are the caller's.

A worked example::

    seldom = Seldom()
    if times := seldom.times("accept"):     # 1 at first, None for a minute, then how often it was
        log.error("no file left for a connection (%d times)", times)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

SECONDS = 60.0

_MOST_KINDS = 1000


class Seldom:
    """Tells of each kind of thing when it is time to tell; `now` gives seconds of a clock that never goes back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._told: dict[str, float] = {}
        self._times: dict[str, int] = {}

    def times(self, kind: str) -> int | None:
        """How often it has happened since the last line, this time included; None where the next line is not due yet."""
        now = self._now()
        if len(self._told) >= _MOST_KINDS and kind not in self._told:
            self._told, self._times = {}, {}
        number = self._times.get(kind, 0) + 1
        if now - self._told.get(kind, now - SECONDS) < SECONDS:
            self._times[kind] = number
            return None
        self._told[kind] = now
        self._times[kind] = 0
        return number


def report_seldom(loop: asyncio.AbstractEventLoop) -> None:
    """Have `loop` tell of errors in its callbacks, each kind of them once a minute."""
    seldom = Seldom()

    def report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if seldom.times(f"{context.get('message')} {type(context.get('exception')).__name__}"):
            loop.default_exception_handler(context)

    loop.set_exception_handler(report)
