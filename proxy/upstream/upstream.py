"""All questions under way, and all servers that were asked."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from proxy.dns.codes import TYPE_A
from proxy.dns.errors import MalformedMessage
from proxy.dns.names import Name
from proxy.model.answers import Ask, Protocol, ReasonKind, Reply, Route, ServerAddress, UpstreamError
from proxy.seldom import Seldom
from proxy.upstream.chance import Chance
from proxy.upstream.exchange import Done, Exchange
from proxy.upstream.peer import Peer, PeerStatus
from proxy.upstream.stream import StreamPool
from proxy.upstream.transport import Transport
from proxy.upstream.udp import UdpPool
from proxy.upstream.wheel import Wheel

if TYPE_CHECKING:
    import ssl

_SWEEP_SECONDS = 10.0
_LOOK_UP_SECONDS = 2.0
_REMEMBERED_ROUTES = 1024

_log = logging.getLogger(__name__)


class UpstreamBounds(NamedTuple):
    """How many asks are under way at a time, and how many seconds a failed server rests for the first time."""

    in_flight: int = 4096
    rest: float = 5.0


def _trust_as_the_machine_does() -> ssl.SSLContext:
    import ssl  # noqa: PLC0415  20 ms, and most configurations have no server that is asked by TLS

    return ssl.create_default_context()


class Upstream:
    """Asks the servers of routes.

    `new_context` makes the contexts that check servers' certificates; it is called in a thread of its own.  `bootstrap` gives
    the servers that are asked for the address of an HTTPS server that is known by its name alone.  `pushed_out` counts the asks
    that were given up for newer ones.
    """

    def __init__(
        self,
        bounds: UpstreamBounds | None = None,
        chance: Chance | None = None,
        new_context: Callable[[], ssl.SSLContext] = _trust_as_the_machine_does,
        bootstrap: Callable[[], Iterable[ServerAddress]] = tuple,
    ) -> None:
        self.bounds = bounds or UpstreamBounds()
        self.chance = chance or Chance()
        self.pushed_out = 0
        self._new_context = new_context
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._making_context = asyncio.Lock()
        self._bootstrap = bootstrap
        self.now: Callable[[], float]
        self.wheel: Wheel
        self._loop: asyncio.AbstractEventLoop | None = None
        self._peers: dict[ServerAddress, Peer] = {}
        self._routes: dict[Route, tuple[Peer, ...]] = {}
        # The oldest first.  A plain dict would walk over its deleted front again at each look at the oldest.
        self._under_way: OrderedDict[Exchange, None] = OrderedDict()
        self._never_asked: frozenset[ServerAddress] = frozenset()
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False
        self._seldom = Seldom()

    @property
    def in_flight(self) -> int:
        """How many asks are under way."""
        return len(self._under_way)

    @property
    def ignored(self) -> int:
        """How many packets came that were no reply to a query on whose socket they came."""
        return sum(peer.ignored for peer in self._peers.values())

    def servers(self) -> list[PeerStatus]:
        """What is known of every server that was asked."""
        return [peer.status(self.now()) for peer in self._peers.values()]

    def start(self, ask: Ask, done: Done) -> Exchange | None:
        """Ask; `done` is called once, after this has returned, with the reply or with why there is none.

        What comes back can be cancelled.  Where too many are under way, the oldest ends for this one.
        """
        if self._closed:
            asyncio.get_running_loop().call_soon(
                done, UpstreamError("no server is asked any more: shutting down", ReasonKind.OVERLOADED)
            )
            return None
        if self._loop is None:
            self._begin()
        under_way = self._under_way
        if len(under_way) >= self.bounds.in_flight:
            self._push_out()
        peers = self._routes.get(ask.route) or self._peers_of(ask.route)
        exchange = Exchange(self, ask, peers, done)
        if not exchange.over:
            under_way[exchange] = None
        return exchange

    async def exchange(self, ask: Ask) -> Reply:
        """The reply to `ask`; UpstreamError where there is none."""
        waiting: asyncio.Future[Reply | UpstreamError] = asyncio.get_running_loop().create_future()
        exchange = self.start(ask, lambda result: None if waiting.done() else waiting.set_result(result))
        try:
            result = await waiting
        except asyncio.CancelledError:
            if exchange is not None:
                exchange.cancel()
            raise
        if isinstance(result, UpstreamError):
            raise result
        return result

    def never_ask(self, servers: Iterable[ServerAddress]) -> None:
        """These servers lead back here: routes are taken as if they did not have them."""
        self._never_asked = frozenset(servers)
        self._routes.clear()

    def close(self) -> None:
        """Take no more asks; those under way end with UpstreamError."""
        if self._closed:
            return
        self._closed = True
        for exchange in list(self._under_way):
            exchange.finish(UpstreamError("given up: shutting down", ReasonKind.OVERLOADED))
        for transport in self._transports():
            transport.close()
        if self._loop is not None:
            self.wheel.close()
        if self._sweeping is not None:
            self._sweeping.cancel()

    # What exchanges call.

    def ended(self, exchange: Exchange) -> None:
        """It is under way no more."""
        self._under_way.pop(exchange, None)

    def blame(self, peer: Peer, what: str) -> None:
        """A server failed: it rests, and that is told once a minute."""
        peer.fail(self.now())
        if times := self._seldom.times(str(peer.address)):
            _log.info("upstream %s %s%s", peer.address, what, "" if times == 1 else f" ({times} times in the last minute)")

    def later(self, done: Done, result: Reply | UpstreamError) -> None:
        """Call `done` in the loop's next turn."""
        asyncio.get_running_loop().call_soon(done, result)

    def stream_to(self, peer: Peer) -> Transport:
        """The way to a server that is no UDP."""
        if peer.stream is None:
            peer.stream = self._new_stream(peer)
        return peer.stream

    # The rest.

    def _begin(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time
        self.wheel = Wheel(self._loop)
        self._sweep()

    def _push_out(self) -> None:
        """The oldest has waited longest in vain; what is new may be answered at once."""
        oldest = next(iter(self._under_way))
        self.pushed_out += 1
        what = f"given up for newer questions: {self.bounds.in_flight} are under way"
        oldest.finish(UpstreamError(what, ReasonKind.OVERLOADED), at_once=False)

    def _peers_of(self, route: Route) -> tuple[Peer, ...]:
        if len(self._routes) >= _REMEMBERED_ROUTES:
            self._routes.clear()
        peers = tuple(self._peer(server) for server in route.servers if server not in self._never_asked)
        self._routes[route] = peers
        return peers

    def _peer(self, server: ServerAddress) -> Peer:
        peer = self._peers.get(server)
        if peer is None:
            peer = self._peers[server] = Peer(server, self.bounds.rest)
            if server.protocol is Protocol.UDP:
                peer.datagrams = UdpPool(peer, self.chance)
        return peer

    def _new_stream(self, peer: Peer) -> StreamPool:
        protocol = peer.address.protocol
        if protocol in (Protocol.UDP, Protocol.TCP):
            return StreamPool(peer, self.chance)
        from proxy.upstream import https, tls  # noqa: PLC0415  they need ssl

        if protocol is Protocol.TLS:
            over_tls = tls.TlsPool(peer, self.chance)
            over_tls.find_context = partial(self._context_for, tls.DNS_OVER_TLS)
            return over_tls
        over_https = https.HttpsPool(peer, self.chance)
        over_https.find_context = partial(self._context_for, tls.HTTP_2)
        over_https.look_up = self._look_up
        return over_https

    async def _context_for(self, protocol: str) -> ssl.SSLContext:
        """One for all servers that speak `protocol`; OSError where the authorities cannot be read.

        Reading them takes 60 ms and more, in which this thread has others to answer.
        """
        from proxy.upstream.tls import context_for  # noqa: PLC0415  it needs ssl

        async with self._making_context:  # who comes second finds what the first has made
            context = self._contexts.get(protocol)
            if context is None:
                try:
                    made = await asyncio.to_thread(self._new_context)
                except OSError as error:
                    what = f"the certificate authorities cannot be read: {error.strerror or error}"
                    raise OSError(what) from None
                context = self._contexts[protocol] = context_for(made, protocol)
        return context

    async def _look_up(self, name: str) -> str:
        """The address of an HTTPS server's name, from the bootstrap servers; OSError where it cannot be had."""
        servers = tuple(server for server in self._bootstrap() if server.host and server not in self._never_asked)
        try:
            reply = await self.exchange(Ask(Route(servers, _LOOK_UP_SECONDS), Name.from_text(name), TYPE_A))
        except (UpstreamError, MalformedMessage) as error:
            raise OSError(f"the address of {name} is not known: {error}; write it behind a #") from None
        for _, found in reply.answer:
            if found.type == TYPE_A:
                return ".".join(map(str, found.rdatas()[0]))
        raise OSError(f"{name} has no address")

    def _transports(self) -> list[Transport]:
        return [way for peer in self._peers.values() for way in (peer.datagrams, peer.stream) if way is not None]

    def _sweep(self) -> None:
        for transport in self._transports():
            transport.sweep()
        self._sweeping = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._sweep)
