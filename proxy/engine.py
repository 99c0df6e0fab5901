"""engine: drives one resolution per query, and holds *the* World.

Owns the way from a packet to its answer: reading it, who may ask, the view, the resolution, the cache, what goes outside,
and that every error becomes an answer with a reason.  A query that needs no network is answered before `handle` returns.

Must never contain a rule of DNS or of AWS.

A worked example::

    engine = Engine(world, ReplyCache(plan.cache), exchange=upstream.exchange, now=time.monotonic)
    engine.handle(packet, ClientAddress("127.0.0.1", 40000, tcp=False), None)       # bytes, or None for silence
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from proxy.cache import ReplyCache
from proxy.dns.codes import CLASS_IN, RCODE_BADVERS, RCODE_REFUSED, RCODE_SERVFAIL
from proxy.dns.errors import MalformedMessage
from proxy.dns.query import Query, read_query
from proxy.dns.write import TCP_SIZE, ExtendedError, Sections, udp_limit, write_answer, write_refusal
from proxy.model.answers import Answer, Ask, Question, Reason, ReasonKind, Reply, UpstreamError
from proxy.model.outcome import Outcome
from proxy.model.plan import ClientAddress
from proxy.model.steps import Trace
from proxy.model.world import View, World
from proxy.resolve import Resolution, resolve

Exchange = Callable[[Ask], Awaitable[Reply]]
Observe = Callable[[Outcome], None]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_log = logging.getLogger(__name__)
_REMEMBERED_CLIENTS = 4096
_NEVER_ANSWERED = frozenset((41, 249, 250, 251, 252, 253, 254))  # OPT, TKEY, TSIG and the transfers (RFC 5936, RFC 1035)
_NOT_ALLOWED = Answer(Sections(RCODE_REFUSED), Reason(ReasonKind.CLIENT_REFUSED, "this client is not in allow_clients"))
_OTHER_CLASS = Answer(Sections(RCODE_REFUSED), Reason(ReasonKind.NOT_SUPPORTED, "only class IN is answered"))
_OTHER_TYPE = Answer(Sections(RCODE_REFUSED), Reason(ReasonKind.NOT_SUPPORTED, "this type cannot be asked for here"))
_OTHER_EDNS = Answer(Sections(RCODE_BADVERS), Reason(ReasonKind.NOT_SUPPORTED, "only EDNS version 0 is spoken"))
_DEFECT = Answer(Sections(RCODE_SERVFAIL), Reason(ReasonKind.DEFECT, "a defect in vpcdns; its log has the traceback"))


class Seat(NamedTuple):
    """Where a client sits: whether it may ask, its view, and whether it may ask as if from elsewhere."""

    allowed: bool
    view: View
    movable: bool


class Engine:
    """Answers packets and questions in the World that it holds.

    `exchange` asks a route's servers and raises UpstreamError; `now` gives seconds of a clock that never goes back.
    `observe` is told of every query that was answered, in the loop's thread: it must neither wait nor raise.
    `reasons` counts answers by the word of their reason, `malformed` the packets that were no query.
    """

    def __init__(
        self,
        world: World,
        cache: ReplyCache,
        exchange: Exchange,
        now: Callable[[], float],
        observe: Observe | None = None,
    ) -> None:
        self.world = world
        self.observe = observe
        self.reasons: dict[str, int] = {}
        self.malformed = 0
        self._cache = cache
        self._exchange = exchange
        self._now = now
        self._seats: dict[tuple[str, str | None], Seat] = {}
        self._asked: dict[Ask, asyncio.Future[Reply]] = {}
        self._turn = 0

    def adopt(self, world: World, cache: ReplyCache | None = None) -> None:
        """Answer from `world` from now on, with another `cache` if given; what is under way ends in its own world."""
        self.world = world
        if cache is not None:
            self._cache = cache
        self._seats = {}

    def handle(self, packet: bytes, client: ClientAddress, view: str | None) -> bytes | Awaitable[bytes | None] | None:
        """The answer to a packet that came in by a listener of `view`; None is silence, an awaitable asks the network."""
        try:
            return self._handle(packet, client, view)
        except MalformedMessage as error:
            self.malformed += 1
            return None if error.rcode is None else write_refusal(packet, error.rcode)
        except Exception:  # noqa: BLE001  the one place where a defect becomes an answer
            _log.exception("a defect in vpcdns: the query %s was answered with SERVFAIL", packet.hex())
            return write_refusal(packet, RCODE_SERVFAIL)

    async def answer(self, question: Question, view: View, trace: Trace | None = None) -> Answer:
        """The answer to one question in a view, the network asked where it must be."""
        resolution = resolve(question, view, trace)
        try:
            return await self._drive(resolution, next(resolution))
        except StopIteration as done:
            return _answer_of(done)

    def _handle(self, packet: bytes, client: ClientAddress, view: str | None) -> bytes | Awaitable[bytes | None] | None:
        began = 0.0 if self.observe is None else self._now()
        query = read_query(packet)
        seat = self._seats.get((client.host, view)) or self._take_seat(client.host, view)
        refused = _refusal(query, seat)
        if refused is not None:
            return self._write(query, refused, client, seat.view, began)
        here = seat.view
        if seat.movable and query.edns is not None and query.edns.subnet is not None:
            here = self.world.view_for(query.edns.subnet).view
            client = client._replace(host=str(query.edns.subnet))
        if not here.serves:
            return None
        resolution = resolve(Question(query.name, query.type), here)
        try:
            ask = next(resolution)
            while (kept := self._cache.get(ask, self._now())) is not None:
                ask = resolution.send(kept)
        except StopIteration as done:
            return self._write(query, _answer_of(done), client, here, began)
        return self._finish(query, client, here, began=began, resolution=resolution, ask=ask)

    def _take_seat(self, host: str, view: str | None) -> Seat:
        address = ipaddress.ip_address(host)
        placed = self.world.view_for(address).view if view is None else self.world.views[view]
        allowed = self.world.allowed.find(address) is not None
        seat = Seat(allowed, placed, view is None and address.is_loopback)
        if len(self._seats) >= _REMEMBERED_CLIENTS:
            self._seats.clear()
        self._seats[host, view] = seat
        return seat

    async def _finish(
        self, query: Query, client: ClientAddress, view: View, *, began: float, resolution: Resolution, ask: Ask
    ) -> bytes:
        try:
            answer = await self._drive(resolution, ask)
        except Exception:  # noqa: BLE001  as in `handle`
            _log.exception("a defect in vpcdns: a query for %s was answered with SERVFAIL", query.name)
            answer = _DEFECT
        return self._write(query, answer, client, view, began)

    async def _drive(self, resolution: Resolution, ask: Ask) -> Answer:
        try:
            while True:
                ask = resolution.send(await self._reply(ask))
        except StopIteration as done:
            return _answer_of(done)
        except UpstreamError as error:
            return Answer(Sections(RCODE_SERVFAIL), error.reason)

    async def _reply(self, ask: Ask) -> Reply:
        """A kept reply, or that of the network; equal questions that are under way are asked once."""
        kept = self._cache.get(ask, self._now())
        if kept is not None:
            return kept
        asked = self._asked.get(ask)
        if asked is None:
            asked = asyncio.ensure_future(self._ask(ask))
            self._asked[ask] = asked
            asked.add_done_callback(_retrieve)
        return await asyncio.shield(asked)

    async def _ask(self, ask: Ask) -> Reply:
        try:
            reply = await self._exchange(ask)
        finally:
            del self._asked[ask]
        self._cache.put(ask, reply, self._now())
        return reply

    def _write(self, query: Query, answer: Answer, client: ClientAddress, view: View, began: float) -> bytes:
        """The packet of an answer.  Every answer to a question passes here once, so here it is counted and observed."""
        sections, (kind, text), _ = answer
        self.reasons[kind.word] = self.reasons.get(kind.word, 0) + 1
        self._turn += 1
        limit = TCP_SIZE if client.tcp else udp_limit(query)
        error = None if kind.error_code is None else ExtendedError(kind.error_code, text)
        packet = write_answer(query, sections, limit, self._turn, error)
        if self.observe is not None:
            self.observe(Outcome(query, client, view, answer, self._now() - began if began else 0.0))
        return packet


def _refusal(query: Query, seat: Seat) -> Answer | None:
    """What a query gets that is never looked up."""
    if not seat.allowed:
        return _NOT_ALLOWED
    if query.qclass != CLASS_IN:
        return _OTHER_CLASS
    if query.type in _NEVER_ANSWERED:
        return _OTHER_TYPE
    if query.edns is not None and query.edns.version:
        return _OTHER_EDNS
    return None


def _answer_of(done: StopIteration) -> Answer:
    answer: Answer = done.value
    return answer


def _retrieve(asked: asyncio.Future[Reply]) -> None:
    """Look at the outcome, so that nothing is logged where everyone who waited for it has gone."""
    if not asked.cancelled():
        asked.exception()
