"""forward: from an Ask to its reply, by the network or by what is left of it.

Owns what is done while the network is slow or away: a reply that has expired is given out all the same, at once where a
question has just failed, or when it takes too long (RFC 8767); what has failed is not asked again for some seconds (RFC
9520); what is popular is fetched anew before it expires.

Must never decide what may be kept, nor know how a server is asked.

A worked example::

    forwarder = Forwarder(cache, upstream.start, time.monotonic)
    forwarder.start(ask, print)             # later prints a Reply, a StaleReply or an UpstreamError
    reply = await forwarder.exchange(ask)   # the same, awaited
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from proxy.cache import ReplyCache
from proxy.model.answers import Ask, ReasonKind, Reply, StaleReply, UpstreamError

Done = Callable[[Reply | UpstreamError], None]
Start = Callable[[Ask, Done], object]

PATIENCE = 1.8  # seconds until a stale reply is better than a late one (RFC 8767 section 5)


class Forwarder:
    """`start_upstream` asks the network and calls back; `now` gives seconds of a clock that never goes back."""

    def __init__(self, cache: ReplyCache, start_upstream: Start, now: Callable[[], float]) -> None:
        self._start_upstream = start_upstream
        self._now = now
        self._cache = cache
        self.use(cache)

    def use(self, cache: ReplyCache) -> None:
        """Keep replies in `cache` from now on."""
        self._cache.fetch = None
        self._cache = cache
        cache.fetch = self._fetch

    def start(self, ask: Ask, done: Done) -> None:
        """Ask; `done` is called once, after this has returned."""
        if not self._cache.remembers(ask):  # as nearly always
            self._start_upstream(ask, partial(self._came, ask, done))
            return
        now = self._now()
        failure = self._cache.failure(ask, now)
        stale = self._cache.stale(ask, now)
        if failure is not None:
            asyncio.get_running_loop().call_soon(done, self._rather(stale, failure))
        elif stale is None:
            self._start_upstream(ask, partial(self._came, ask, done))
        else:
            Impatient(self._start_upstream, self._cache, self._now).start(ask, stale, done)

    async def exchange(self, ask: Ask) -> Reply:
        """The reply to `ask`; UpstreamError where there is none."""
        waiting: asyncio.Future[Reply | UpstreamError] = asyncio.get_running_loop().create_future()
        self.start(ask, lambda result: None if waiting.done() else waiting.set_result(result))
        result = await waiting
        if isinstance(result, UpstreamError):
            raise result
        return result

    def _came(self, ask: Ask, done: Done, result: Reply | UpstreamError) -> None:
        if isinstance(result, UpstreamError):
            note_failure(self._cache, ask, result, self._now())
        done(result)

    def _rather(self, stale: StaleReply | None, failure: UpstreamError) -> Reply | UpstreamError:
        if stale is None:
            return failure
        self._cache.count_stale()
        return stale

    def _fetch(self, ask: Ask) -> None:
        cache = self._cache

        def came(result: Reply | UpstreamError) -> None:
            if not isinstance(result, UpstreamError):
                cache.put(ask, result, self._now())

        self._start_upstream(ask, came)


class Impatient:
    """A question to which a stale reply is at hand: given out when the network fails, or takes too long."""

    def __init__(self, start_upstream: Start, cache: ReplyCache, now: Callable[[], float]) -> None:
        self._start_upstream = start_upstream
        self._cache = cache
        self._now = now

    def start(self, ask: Ask, stale: StaleReply, done: Done) -> None:
        """Ask, and wait for a time."""
        self._ask = ask
        self._stale = stale
        self._done: Done | None = done
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._give_stale)
        self._start_upstream(ask, self._came)

    def _came(self, result: Reply | UpstreamError) -> None:
        self._timer.cancel()
        if isinstance(result, UpstreamError):
            note_failure(self._cache, self._ask, result, self._now())
            self._give_stale()
        elif result.rcode in _FAILED:
            self._give_stale()
        elif self._done is not None:
            done, self._done = self._done, None
            done(result)
        else:  # whoever asked has the stale one, and the next will have this
            self._cache.put(self._ask, result, self._now())

    def _give_stale(self) -> None:
        if self._done is not None:
            done, self._done = self._done, None
            self._cache.count_stale()
            done(self._stale)


_FAILED = frozenset((2, 5))  # SERVFAIL and REFUSED: the server is alive, and knows nothing (RFC 8767 section 4)


def note_failure(cache: ReplyCache, ask: Ask, error: UpstreamError, now: float) -> None:
    """Remember that servers failed; not that this program was busy, or on its way out."""
    if error.reason.kind is ReasonKind.UPSTREAM_FAILED:
        cache.put_failure(ask, error, now)
