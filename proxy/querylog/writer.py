"""The thread that writes.

The loop's thread only puts an outcome into a queue; making lines of it and writing them happens here, a few at a time, so
that the interpreter's lock is never held for long.  The queue is bounded: when it is full, lines are dropped and counted.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from proxy.model.outcome import Outcome
from proxy.model.plan import QueryLogFormat, QueryLogPlan
from proxy.querylog.file import LogFile
from proxy.querylog.lines import LINES
from proxy.querylog.repeats import Repeats
from proxy.seldom import Seldom

MOST_WAITING = 10_000
_SLICE_SECONDS = 0.0001
_GATHER_SECONDS = 0.05
_CLOSE_SECONDS = 5.0
_TELL_SECONDS = 60.0

_log = logging.getLogger(__name__)


class QueryLogError(Exception):
    """The log's file cannot be opened; `cause` says why."""

    def __init__(self, path: str, cause: OSError) -> None:
        super().__init__(f"cannot write the query log {path}: {cause.strerror or cause}")
        self.path = path
        self.cause = cause


class _Event(NamedTuple):
    moment: float
    outcome: Outcome


class QueryLog:
    """A running query log.

    `dropped` counts the lines that came while too many waited, `unwritten` those that the machine did not take.  `clock` gives
    seconds since 1970, and may be set back; `now` those of a clock that never goes back.
    """

    def __init__(
        self, plan: QueryLogPlan, clock: Callable[[], float] = time.time, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.plan = plan
        self.dropped = 0
        self.unwritten = 0
        self._clock = clock
        self._now = now
        self._line = LINES[plan.format]
        self._repeats = Repeats() if plan.format is QueryLogFormat.ROUTE53 else None
        self._waiting: deque[_Event] = deque()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._reopening = False
        self._teller = _Teller(plan.path)
        self._seldom = Seldom()
        try:
            self._file = LogFile(plan.path, plan.max_size, plan.keep)
        except OSError as error:
            raise QueryLogError(plan.path, error) from error
        self._thread = threading.Thread(target=self._run, name="query log", daemon=True)
        self._thread.start()

    def observe(self, outcome: Outcome) -> None:
        """Log an answered query, some time soon.  Never waits, never raises."""
        moment = self._clock()
        if self._repeats is not None and not self._repeats.wants(self._now(), outcome):
            return  # most of a busy server's queries: they are not worth waking the other thread
        if len(self._waiting) >= MOST_WAITING:
            self.dropped += 1
            return
        self._waiting.append(_Event(moment, outcome))
        if not self._wake.is_set():
            self._wake.set()

    def reopen(self) -> None:
        """Go on in a file of the same name, which may be a new one."""
        self._reopening = True
        self._wake.set()

    def close(self) -> None:
        """Write what waits, for a few seconds at most, and stop."""
        self._closing.set()
        self._wake.set()
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            self._closing.wait(_GATHER_SECONDS)  # so that a busy server wakes this thread twenty times a second, not always
            self._wake.clear()
            if self._reopening:
                self._reopening = False
                self._try(self._file.reopen, 0)
            self._drain()
            self._teller.tell(self.dropped, self.unwritten, time.monotonic())
        self._drain()
        self._teller.tell(self.dropped, self.unwritten, None)
        self._file.close()

    def _drain(self) -> None:
        """Write all that waits; every now and then let other threads have the interpreter's lock."""
        left = len(self._waiting)
        while left:
            lines = []
            until = time.perf_counter() + _SLICE_SECONDS
            while left and time.perf_counter() < until:
                lines.append(self._take())
                left -= 1
            self._try(functools.partial(self._file.write, "".join(lines).encode()), len(lines))
            time.sleep(0)

    def _take(self) -> str:
        """The next line; nothing, where a defect keeps it from being made."""
        event = self._waiting.popleft()
        try:
            return self._line(*event) + "\n"
        except Exception:  # noqa: BLE001  a defect here must not end the log
            if times := self._seldom.times("line"):
                _log.exception("a defect in vpcdns: no line could be made of a query (%d times)", times)
            return ""

    def _try(self, action: Callable[[], None], lines: int) -> None:
        try:
            action()
        except OSError as error:
            self.unwritten += lines
            self._teller.trouble = error.strerror or repr(error)


class _Teller:
    """Tells the program's log what was lost, once a minute at most."""

    def __init__(self, path: str) -> None:
        self.trouble = ""
        self._name = "on standard error" if path == "-" else path
        self._told = (0, 0)
        self._next = 0.0

    def tell(self, dropped: int, unwritten: int, now: float | None) -> None:
        """Say what is new; `now` in seconds, None for the last time."""
        if (self._told == (dropped, unwritten) and not self.trouble) or (now is not None and now < self._next):
            return
        if self.trouble:
            _log.error("the query log %s cannot be written: %s", self._name, self.trouble)
        if self._told != (dropped, unwritten):
            _log.warning(
                "the query log %s lacks lines: %d came faster than they could be written, %d could not be written",
                self._name,
                dropped,
                unwritten,
            )
        self._told = (dropped, unwritten)
        self.trouble = ""
        if now is not None:
            self._next = now + _TELL_SECONDS
