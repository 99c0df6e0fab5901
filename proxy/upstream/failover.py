"""Which server of a route is asked, and for how long.

The servers are asked in the order of the route.  Each gets an equal part of the time that is left, so a silent one leaves
time for those behind it, and one that fails at once leaves them all of its own.  A server that failed rests for some
seconds, in which it is asked after all others; so a dead first server costs one query its time, not every query.

A server that answers SERVFAIL, REFUSED, NOTIMP or FORMERR is alive and does not rest, but the next one may know better.  If
none does, the last such reply is the reply.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import NamedTuple

from proxy.dns.codes import RCODE_FORMERR, RCODE_NOTIMP, RCODE_REFUSED, RCODE_SERVFAIL
from proxy.model.answers import Ask, Reply, ServerAddress, UpstreamError
from proxy.upstream.server import Asker, ServerFailure

_UNHELPFUL = frozenset({RCODE_FORMERR, RCODE_SERVFAIL, RCODE_NOTIMP, RCODE_REFUSED})


class UpstreamBounds(NamedTuple):
    """How many asks are under way at a time, each with one socket at most, and how many seconds a failed server rests."""

    in_flight: int = 512
    rest: float = 5.0


class Upstream:
    """Asks the servers of routes.  `new_id` gives a message id, of 16 bits that nobody can foresee."""

    def __init__(
        self, bounds: UpstreamBounds | None = None, new_id: Callable[[], int] = lambda: secrets.randbits(16)
    ) -> None:
        self._bounds = bounds or UpstreamBounds()
        self._asker = Asker(new_id)
        self._scopes: set[asyncio.Timeout] = set()
        self._rests_until: dict[ServerAddress, float] = {}
        self._closed = False

    @property
    def in_flight(self) -> int:
        """How many asks are under way."""
        return len(self._scopes)

    @property
    def ignored(self) -> int:
        """How many packets came that were no reply to the query on whose socket they came."""
        return self._asker.ignored

    async def exchange(self, ask: Ask) -> Reply:
        """The reply of the first server of the route that has a usable one, within the route's time.

        UpstreamError where none has, where too many asks are under way, or after `close`.
        """
        if self._closed:
            raise UpstreamError("no server is asked any more: shutting down")
        if len(self._scopes) >= self._bounds.in_flight:
            raise UpstreamError(f"{self._bounds.in_flight} questions to other servers are under way, no more are taken")
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._scopes.add(scope)
                return await self._ask_in_turn(ask)
        except TimeoutError:
            raise UpstreamError("given up: shutting down") from None
        finally:
            self._scopes.discard(scope)

    def close(self) -> None:
        """Take no more asks; those under way end with UpstreamError."""
        if self._closed:
            return
        self._closed = True
        for scope in self._scopes:
            scope.reschedule(0)

    async def _ask_in_turn(self, ask: Ask) -> Reply:
        now = asyncio.get_running_loop().time
        deadline = now() + ask.route.timeout
        servers = self._rested_first(ask.route.servers, now())
        unhelpful: Reply | None = None
        failures: list[str] = []
        for place, server in enumerate(servers):
            share = (deadline - now()) / (len(servers) - place)
            try:
                reply = await self._asker.ask(server, ask, now() + share)
            except ServerFailure as failure:
                self._rests_until[server] = now() + self._bounds.rest
                failures.append(f"{server} {failure}")
                continue
            self._rests_until.pop(server, None)
            if reply.rcode not in _UNHELPFUL:
                return reply
            unhelpful = reply
        if unhelpful is not None:
            return unhelpful
        raise UpstreamError("; ".join(failures) or "the route has no servers")

    def _rested_first(self, servers: tuple[ServerAddress, ...], now: float) -> list[ServerAddress]:
        """`servers` in their order, but those that rest behind the others."""
        if self._rests_until:
            self._rests_until = {server: until for server, until in self._rests_until.items() if until > now}
        return sorted(servers, key=self._rests_until.__contains__)
