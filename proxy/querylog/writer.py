"""Lines, and the thread that writes them.

Lines are made where queries are answered: handing queries over to another thread, to have it make the lines, takes longer than
to make them, as both want the interpreter's lock.  Only writing, which may wait for a disk, is left to a thread of its own.  What
waits for it is bounded: when that is too much, lines are dropped and counted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

from proxy.model.outcome import Outcome
from proxy.model.plan import QueryLogFormat, QueryLogPlan
from proxy.querylog.file import LogFile
from proxy.querylog.lines import FORMS, Lines
from proxy.querylog.repeats import Repeats
from proxy.repeated import Repeated
from proxy.seldom import Seldom

MOST_WAITING = 10_000
_GATHER_SECONDS = 0.05
_CLOSE_SECONDS = 5.0
_TELL_SECONDS = 60.0

_log = logging.getLogger(__name__)

Told = TypeVar("Told", Outcome, Repeated)


class QueryLogError(Exception):
    """The log's file cannot be opened; `cause` says why."""

    def __init__(self, path: str, cause: OSError) -> None:
        super().__init__(f"cannot write the query log {path}: {cause.strerror or cause}")
        self.path = path
        self.cause = cause


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
        self._form = FORMS[plan.format]
        self._wants = Repeats().wants if plan.format is QueryLogFormat.ROUTE53 else None
        self._lines = Lines(self._form, self._wants)
        self._waiting: deque[str] = deque()
        self._made = 0  # lines that were ever put there, by the loop's thread
        self._taken = 0  # lines that were ever taken from there, by the writing one
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
        if self._made - self._taken >= MOST_WAITING:
            self.dropped += 1
        else:
            self._put(self._line, outcome)

    def observe_repeated(self, repeated: Repeated) -> None:
        """The same for a heap of them; where it is too large for what waits, its end is dropped."""
        count, room = len(repeated.records), MOST_WAITING - (self._made - self._taken)
        if count > room:
            self.dropped += count - room
            repeated = repeated._replace(records=repeated.records[:room])
        self._put(self._lines.of, repeated)

    def _line(self, moment: float, now: float, outcome: Outcome) -> list[str]:
        wanted = self._wants is None or self._wants(now, outcome)
        return [self._form.line(moment, outcome) + "\n"] if wanted else []

    def _put(self, make: Callable[[float, float, Told], Iterable[str]], told: Told) -> None:
        try:
            lines = [*make(self._clock(), self._now(), told)]
        except Exception:  # noqa: BLE001  a defect here must not end the answering
            if times := self._seldom.times("line"):
                _log.exception("a defect in vpcdns: no line could be made of a query (%d times)", times)
            return
        if lines:
            self._made += len(lines)
            self._waiting.append("".join(lines))
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
        """Write all that waits."""
        texts = []
        while self._waiting:
            texts.append(self._waiting.popleft())
        text = "".join(texts)
        if text:
            lines = text.count("\n")
            self._try(lambda: self._file.write(text.encode()), lines)
            self._taken += lines

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
