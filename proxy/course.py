"""course: a resolution on its way, from ask to ask.

Owns what is kept of other servers' replies, that equal questions under way are asked once, and who goes on when a reply is
there.  Nothing here waits: whoever has a reply calls, and the last call is that of whoever wants the answer.  A task and a
future for each query would cost as much as all the rest of a forwarded query (25 of 50 µs).

Must never decide an answer, nor make one of an error: both are handed on.

A worked example::

    asks = Asks(ReplyCache(bounds), upstream.start, time.monotonic)
    resolution = resolve(question, view)
    Course(asks, resolution, next(resolution)).start(print)     # in time prints the Answer, or the UpstreamError
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Protocol

from proxy.cache import ReplyCache
from proxy.model.answers import Answer, Ask, ReasonKind, Reply, UpstreamError
from proxy.resolve import Resolution

Replied = Callable[[Reply | Exception], None]
Answered = Callable[[Answer | Exception], None]

Start = Callable[[Ask, Replied], object]
"""Asks, and calls with the reply or with why there is none: once, and not before it has returned."""


_GIVEN_UP = UpstreamError("given up for newer questions: too many are waited for", ReasonKind.OVERLOADED)


class Waits(Protocol):
    """Who wants a reply."""

    def replied(self, reply: Reply | Exception) -> None:
        """It is there, or it is known why there is none."""


class Asks:
    """Questions to other servers.  `now` gives seconds of a clock that never goes back."""

    def __init__(self, cache: ReplyCache, start: Start, now: Callable[[], float]) -> None:
        self.cache = cache
        self.now = now
        self._start = start
        self._waiting: dict[Ask, dict[Waits, None]] = {}

    def ask(self, ask: Ask, course: Waits) -> None:
        """Have `course` told the reply, or why there is none."""
        waiting = self._waiting.get(ask)
        if waiting is not None:
            waiting[course] = None
            return
        self._waiting[ask] = {course: None}
        try:
            self._start(ask, partial(self._replied, ask))
        except BaseException:
            del self._waiting[ask]
            raise

    def forget(self, ask: Ask, course: Waits) -> None:
        """Tell `course` nothing any more; a reply that is under way is kept all the same."""
        self._waiting.get(ask, {}).pop(course, None)

    def _replied(self, ask: Ask, reply: Reply | Exception) -> None:
        waiting = self._waiting.pop(ask)
        if not isinstance(reply, Exception):
            reply = self.cache.put(ask, reply, self.now())
        for course in waiting:
            course.replied(reply)


class Course:
    """A resolution that wants a reply to `ask`."""

    __slots__ = ("_answered", "_ask", "_asks", "_resolution")

    def __init__(self, asks: Asks, resolution: Resolution, ask: Ask) -> None:
        self._asks = asks
        self._resolution = resolution
        self._ask = ask
        self._answered: Answered | None = None

    def start(self, answered: Answered) -> None:
        """Have `answered` called with the answer or the error, as soon as it is there; never before this has returned."""
        self._answered = answered
        self._asks.ask(self._ask, self)

    def resume(self, reply: Reply | Exception, answered: Answered) -> None:
        """The same as `start`, where somebody else has asked, and this is what came of it; `answered` may be called at once."""
        self._answered = answered
        self.replied(reply)

    def cancel(self) -> None:
        """Nobody wants the answer any more; a reply that is under way is kept all the same."""
        self._answered = None
        self._asks.forget(self._ask, self)
        self._resolution.close()

    def replied(self, reply: Reply | Exception) -> None:
        """The reply to the ask that was under way, or why there is none."""
        answered, asks = self._answered, self._asks
        if answered is None:
            return
        resolution = self._resolution
        try:
            ask = resolution.throw(reply) if isinstance(reply, Exception) else resolution.send(reply)
            while (kept := asks.cache.get(ask, asks.now())) is not None:
                ask = resolution.send(kept)
            self._ask = ask
            asks.ask(ask, self)
        except StopIteration as done:
            result: Answer | Exception = done.value
        except UpstreamError as error:
            # It may be remembered, and go to others: with the frames of all who were told of it, it would never be small.
            result = error.with_traceback(None)
        except Exception as error:  # noqa: BLE001  an answer is made of it where all the others are
            result = error
        else:
            return
        self._answered = None  # it knows this course: what is a circle is only freed by the collector of garbage
        answered(result)


class UnderWay:
    """An answer that asks the network once it is started, or awaited."""

    __slots__ = ("_course", "_done", "_write")

    def __init__(self, course: Course, write: Callable[[Answer | Exception], bytes]) -> None:
        self._course = course
        self._write = write

    def start(self, done: Callable[[bytes], None]) -> None:
        """Have `done` called with the answer, in time."""
        self._done = done
        self._course.start(self._answered)

    def give_up(self) -> None:
        """Too many are waited for, and this one for longest: the answer is that."""
        self._course.cancel()
        self._answered(_GIVEN_UP)

    def cancel(self) -> None:
        """Nobody wants it any more."""
        self._course.cancel()

    def __await__(self) -> Generator[object, None, bytes]:
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.start(answered.set_result)
        try:
            return (yield from answered)
        except asyncio.CancelledError:
            self.cancel()
            raise

    def _answered(self, result: Answer | Exception) -> None:
        self._done(self._write(result))


class Passing(UnderWay):
    """An answer that is the reply to `ask`, where that is such as most replies are: `repeat` makes it.

    For any other one `begin` makes what there would have been without all this: a course, and what writes its answer.
    """

    __slots__ = ("_ask", "_asks", "_begin", "_repeat", "_resumed")

    def __init__(
        self,
        asks: Asks,
        ask: Ask,
        repeat: Callable[[Reply], bytes | None],
        begin: Callable[[], tuple[Course, Callable[[Answer | Exception], bytes]]],
    ) -> None:
        self._asks = asks
        self._ask = ask
        self._repeat = repeat
        self._begin = begin
        self._resumed = False

    def start(self, done: Callable[[bytes], None]) -> None:
        """Have `done` called with the answer, in time."""
        self._done = done
        self._asks.ask(self._ask, self)

    def replied(self, reply: Reply | Exception) -> None:
        """The reply, or why there is none."""
        octets = None if isinstance(reply, Exception) else self._repeat(reply)
        if octets is not None:
            self._done(octets)
            return
        self._take_course()
        self._course.resume(reply, self._answered)

    def give_up(self) -> None:
        """Too many are waited for, and this one for longest: the answer is that."""
        if not self._resumed:
            self.cancel()
            self._take_course()
        super().give_up()

    def cancel(self) -> None:
        """Nobody wants it any more."""
        if self._resumed:
            super().cancel()
        else:
            self._asks.forget(self._ask, self)

    def _take_course(self) -> None:
        self._course, self._write = self._begin()
        self._resumed = True


def by_tasks(exchange: Callable[[Ask], Awaitable[Reply]]) -> Start:
    """A way to ask by a coroutine, each in a task of its own."""
    tasks: set[asyncio.Future[Reply]] = set()

    def start(ask: Ask, replied: Replied) -> None:
        task = asyncio.ensure_future(exchange(ask))
        tasks.add(task)
        task.add_done_callback(partial(done, replied))

    def done(replied: Replied, task: asyncio.Future[Reply]) -> None:
        tasks.discard(task)
        if task.cancelled():
            replied(UpstreamError("given up"))
        else:
            error = task.exception()
            if error is not None and not isinstance(error, Exception):
                raise error
            replied(task.result() if error is None else error)

    return start
