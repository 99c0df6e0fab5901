"""engine: drives one resolution per query, and holds *the* World.

Owns the way from a packet to its answer: reading it, who may ask, the view, the resolution, the cache, what goes outside,
and that every error becomes an answer with a reason.  A query that needs no network is answered before `handle` returns.

Must never contain a rule of DNS or of AWS.

A worked example::

    engine = Engine(world, ReplyCache(plan.cache), start=upstream.start, now=time.monotonic)
    engine.handle(packet, ClientAddress("127.0.0.1", 40000, tcp=False), None)       # bytes, or None for silence
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import math
import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from proxy.cache import ReplyCache
from proxy.course import Asks, Course, Passing, Start, UnderWay
from proxy.dns.codes import RCODE_SERVFAIL
from proxy.dns.errors import MalformedMessage
from proxy.dns.query import Query, read_query
from proxy.dns.write import TCP_SIZE, ExtendedError, Sections, udp_limit, write_answer, write_refusal, write_truncated
from proxy.flow import Flow, place_of
from proxy.known import FOR_EVER, MOST_TURNS, Bounds, Door, Passage, Table, answer_with, is_plain
from proxy.model.answers import Answer, Question, Reason, ReasonKind, Reply, UpstreamError
from proxy.model.outcome import Outcome
from proxy.model.plan import ClientAddress
from proxy.model.routing import Chance
from proxy.model.steps import Trace
from proxy.model.world import Placement, View, World
from proxy.refusals import refusal
from proxy.repeated import ObserveRepeated, Said, one_by_one
from proxy.resolve import find_siblings, find_straight, resolve
from proxy.seldom import Seldom

Observe = Callable[[Outcome], None]
Vpcs = tuple[str, ...] | None
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_log = logging.getLogger(__name__)
_REMEMBERED_CLIENTS = 4096
_DEFECT = Answer(Sections(RCODE_SERVFAIL), Reason(ReasonKind.DEFECT, "a defect in vpcdns; its log has the traceback"))


class Seat(NamedTuple):
    """Where a client sits: whether it may ask, its view, whether it may ask as if from elsewhere, and what is known there."""

    allowed: bool
    view: View
    movable: bool
    udp: Table
    tcp: Table


class Counted(NamedTuple):
    """A kind of answers that are counted together: those of a view, over TCP or UDP, with an rcode and a kind of reason."""

    view: str
    tcp: bool
    rcode: int
    kind: ReasonKind


class _Heard(NamedTuple):
    """A query as it came, and where from; `began` is the time, 0.0 where nobody wants to know."""

    query: Query
    client: ClientAddress
    view: View
    began: float


def by_reason(answers: Mapping[Counted, int]) -> Counter[str]:
    """Counts of answers, added up by the word of their reason."""
    found: Counter[str] = Counter()
    for counted, number in answers.items():
        found[counted.kind.word] += number
    return found


class Engine:
    """Answers packets and questions in the World that it holds.

    `start` asks a route's servers; `now` gives seconds of a clock that never goes back; `chance`
    decides among weighted records.  `observe` is told of every query that was answered, in the loop's thread: it must neither
    wait nor raise.  `malformed` counts the packets that were no query, `dropped` those that were too many, `limited` those whose
    answers would have been.  Without `repeating` nothing that was answered is known again.
    """

    def __init__(
        self,
        world: World,
        cache: ReplyCache,
        start: Start,
        now: Callable[[], float],
        observe: Observe | None = None,
        *,
        repeating: bool = True,
        chance: Chance = random.random,
    ) -> None:
        self.world = world
        self.malformed = 0
        self.dropped = 0
        self.limited = 0
        self._observe = observe
        self._observe_repeated = None if observe is None else one_by_one(observe)
        self._flow: Flow | None = None
        self._rate: Flow | None = None
        self._seldom = Seldom(now)
        self._repeating = repeating
        self._tallies: dict[Counted, list[int]] = {}
        self._asks = Asks(cache, start, now)
        self._now = now
        self._chance = chance
        self._drawn = 0
        self._seats: dict[tuple[str, str | None, Vpcs], Seat] = {}
        self._tables: dict[tuple[object, ...], Table] = {}
        self._doors: dict[tuple[str | None, Vpcs], Door] = {}
        self._bounds = Bounds(self._forget)
        self._turn = 0

    @property
    def observe(self) -> Observe | None:
        """Who is told of every query; whoever is set is told from the next one on."""
        return self._observe

    @observe.setter
    def observe(self, observe: Observe | None) -> None:
        self.tell(observe, None if observe is None else one_by_one(observe))

    def tell(self, observe: Observe | None, observe_repeated: ObserveRepeated | None) -> None:
        """Tell these from the next query on: of what was worked out each by itself, of what was known in heaps."""
        self._observe, self._observe_repeated = observe, observe_repeated
        for door in self._doors.values():
            door.tell = observe_repeated

    @property
    def flow(self) -> Flow | None:
        """How many packets a client inside a VPC may send; None for any number."""
        return self._flow

    @flow.setter
    def flow(self, flow: Flow | None) -> None:
        self._flow = flow
        self._forget()

    @property
    def rate(self) -> Flow | None:
        """How many answers over UDP a client may be sent; None for any number."""
        return self._rate

    @rate.setter
    def rate(self, rate: Flow | None) -> None:
        self._rate = rate
        self._forget()

    @property
    def reasons(self) -> Counter[str]:
        """How many answers there were by the word of their reason."""
        return by_reason(self.answers)

    @property
    def answers(self) -> dict[Counted, int]:
        """How many answers there were of each kind."""
        return {counted: number for counted, (number,) in self._tallies.items() if number}

    @property
    def cache(self) -> ReplyCache:
        """The replies that are kept."""
        return self._asks.cache

    def adopt(self, world: World, cache: ReplyCache | None = None) -> None:
        """Answer from `world` from now on, with another `cache` if given; what is under way ends in its own world."""
        self.world = world
        if cache is not None:
            self._asks.cache = cache
        self._forget()

    def door(self, view: str | None, vpcs: Vpcs = None) -> Door:
        """Where whoever serves a listener of `view` finds answers without asking `handle`."""
        door = self._doors.get((view, vpcs))
        if door is None:
            door = self._doors[view, vpcs] = Door(self._now, self._observe_repeated)
        return door

    def handle(self, packet: bytes, client: ClientAddress, view: str | None, vpcs: Vpcs = None) -> bytes | UnderWay | None:
        """The answer to a packet that came in by a listener of `view`; None is silence, an UnderWay asks the network.

        `vpcs`, if not None, are the only VPCs whose clients that listener answers.
        """
        try:
            if self._rate is not None and not client.tcp and not self._rate.admits(place_of(client.host), self._now()):
                return self._limit(packet)
            return self._handle(packet, client, view, vpcs)
        except MalformedMessage as error:
            self.malformed += 1
            seat = self._seats.get((client.host, view, vpcs)) or self._take_seat(client.host, view, vpcs)
            if error.rcode is None or not seat.view.serves:
                return None
            return write_refusal(packet, error.rcode)
        except Exception as error:  # noqa: BLE001  the one place where a defect becomes an answer
            self._tell_defect(f"the query {packet.hex()}", error)
            return write_refusal(packet, RCODE_SERVFAIL)

    async def answer(self, question: Question, view: View, trace: Trace | None = None) -> Answer:
        """The answer to one question in a view, the network asked where it must be."""
        resolution = resolve(question, view, trace, self._draw)
        try:
            ask = next(resolution)
            while (kept := self._asks.cache.get(ask, self._now())) is not None:
                ask = resolution.send(kept)
        except StopIteration as done:
            return _answer_of(done)
        answered: asyncio.Future[Answer | Exception] = asyncio.get_running_loop().create_future()
        course = Course(self._asks, resolution, ask)
        course.start(answered.set_result)
        try:
            result = await answered
        except asyncio.CancelledError:
            course.cancel()
            raise
        if isinstance(result, Exception) and not isinstance(result, UpstreamError):
            raise result
        return self._settle(result, question.name)

    def _handle(self, packet: bytes, client: ClientAddress, view: str | None, vpcs: Vpcs) -> bytes | UnderWay | None:
        began = 0.0 if self._observe is None else self._now()
        seat = self._seats.get((client.host, view, vpcs)) or self._take_seat(client.host, view, vpcs)
        table = seat.tcp if client.tcp else seat.udp
        if self._flow is None and (passage := table.passage(packet)) is not None and not self.cache.remembers(passage.ask):
            return self._pass_on(packet, client, passage, began)
        query = read_query(packet)
        here = seat.view
        if seat.movable and query.edns is not None and query.edns.subnet is not None:
            here = self.world.view_for(query.edns.subnet).view
            client = client._replace(host=str(query.edns.subnet))
        if not here.serves:
            return None
        if (
            self._flow is not None
            and (flow := self._flow_of(here)) is not None
            and not flow.admits((here.name, client.host), self._now())
        ):
            self.dropped += 1
            return None
        heard = _Heard(query, client, here, began)
        refused = refusal(query, allowed=seat.allowed)
        if refused is not None:
            return self._write(heard, refused)
        resolution = resolve(Question(query.name, query.type), here, chance=self._draw)
        until, drawn = FOR_EVER, self._drawn
        try:
            ask = next(resolution)
            cache = self._asks.cache
            while (kept := cache.get(ask, now := self._now())) is not None:
                until = min(until, cache.same_until(ask, now))
                ask = resolution.send(kept)
        except StopIteration as done:
            answer = _answer_of(done)
        else:
            finish = partial(self._finish, heard)
            if self._repeating and is_plain(packet, query.question):
                finish = partial(self._finish_and_learn, heard, table, packet)
            return UnderWay(Course(self._asks, resolution, ask), finish)
        octets = self._write(heard, answer)
        by_chance = self._drawn != drawn  # then another one may come the next time
        if self._repeating and not by_chance and is_plain(packet, query.question):
            self._keep(table, packet, heard, answer, octets=octets, until=until)
        return octets

    def _pass_on(self, packet: bytes, client: ClientAddress, passage: Passage, began: float) -> UnderWay:
        """Ask for a packet without a course, for which the reply itself will most likely be the answer."""
        self.cache.misses += 1
        way = packet, client, passage, began
        return Passing(self._asks, passage.ask, partial(self._repeat, *way), partial(self._begin, *way))

    def _keep(self, table: Table, packet: bytes, heard: _Heard, answer: Answer, *, octets: bytes, until: float) -> None:
        """Have `packet` known from now on, with all turns of its answer."""
        turns = self._turns_of(answer)
        if turns > MOST_TURNS:
            return
        tails = [octets[2:]] if turns == 1 else [self._pack(heard, answer, turn)[2:] for turn in range(turns)]
        siblings = None
        if all(owner is None for owner, _ in answer.sections.answer):  # behind a CNAME there are other names
            siblings = find_siblings(heard.view, heard.query.name)
        table.keep(packet, Said(self._tally(heard, answer), answer, heard.view), tails, until, siblings)

    def _flow_of(self, view: View) -> Flow | None:
        """What bounds packets in a view: AWS has it for a VPC's own network interfaces, not for its endpoints."""
        return None if view.vpc is None or view.resolver_endpoint is not None else self._flow

    def _admits(self, view: View, host: str, *, tcp: bool) -> Callable[[float], bool] | None:
        """Whether one packet more of a client may come at a time; None where any number may.

        Those that may not come by `handle`, which drops and counts them, or says less.
        """
        flow, rate = self._flow_of(view), None if tcp else self._rate
        if flow is None and rate is None:
            return None
        client, place = (view.name, host), place_of(host)

        def admits(now: float) -> bool:
            return (rate is None or rate.admits(place, now)) and (flow is None or flow.admits(client, now))

        return admits

    def _limit(self, packet: bytes) -> bytes | None:
        """Silence, but every second time word to ask over TCP: whoever made up the client's address can't do that."""
        self.limited += 1
        with suppress(MalformedMessage):
            return write_truncated(read_query(packet)) if self.limited % 2 else None
        return None

    def _tell_defect(self, what: str, error: Exception) -> None:
        """One traceback a minute of a kind."""
        if times := self._seldom.times(type(error).__name__):
            _log.error("a defect in vpcdns: %s was answered with SERVFAIL (%d times)", what, times, exc_info=error)

    def _take_seat(self, host: str, view: str | None, vpcs: Vpcs) -> Seat:
        address = ipaddress.ip_address(host)
        if view is None:
            placed = self.world.view_for(address).view
        else:
            placed = self.world.seen_from(Placement(self.world.views[view], ""), address).view
        allowed = self.world.allowed.find(address) is not None
        if vpcs is not None and (placed.vpc is None or placed.vpc.name not in vpcs):
            placed = replace(placed, serves=False)
        movable = view is None and vpcs is None and address.is_loopback
        if len(self._seats) >= _REMEMBERED_CLIENTS:
            self._forget()
        udp, tcp = (self._table(placed, placed.serves, allowed, movable, tcp) for tcp in (False, True))
        seat = self._seats[host, view, vpcs] = Seat(allowed, placed, movable, udp, tcp)
        door = self.door(view, vpcs)
        door.udp[address.packed] = udp.answers.get, udp.find, self._admits(placed, host, tcp=False)
        door.tcp[address.packed] = tcp.answers.get, tcp.find, self._admits(placed, host, tcp=True)
        return seat

    def _table(self, view: View, *kind: object) -> Table:
        """What is known to one kind of client, all of whom get the same answers to the same packets."""
        key = view.name, view.dns64, *kind
        table = self._tables.get(key)
        if table is None:
            table = self._tables[key] = Table(self._bounds, self._next_turn, find_straight(view))
        return table

    def _forget(self) -> None:
        """Know nothing any more: neither clients nor answers."""
        self._seats, self._tables = {}, {}
        for door in self._doors.values():
            door.udp, door.tcp = {}, {}

    def _settle(self, result: Answer | Exception, name: bytes) -> Answer:
        """The answer that a course led to, or that an error deserves."""
        if not isinstance(result, Exception):
            return result
        if isinstance(result, UpstreamError):
            return Answer(Sections(result.rcode), result.reason)
        self._tell_defect(f"a query for {name!r}", result)
        return _DEFECT

    def _finish(self, heard: _Heard, result: Answer | Exception) -> bytes:
        return self._write(heard, self._settle(result, heard.query.name) if isinstance(result, Exception) else result)

    def _finish_and_learn(self, heard: _Heard, table: Table, packet: bytes, result: Answer | Exception) -> bytes:
        octets = self._finish(heard, result)
        if isinstance(result, Answer):
            said = Said(self._tally(heard, result), result, heard.view)
            table.learn(packet, heard.query.name, heard.query.type, said, octets)
        return octets

    def _repeat(self, packet: bytes, client: ClientAddress, passage: Passage, began: float, reply: Reply) -> bytes | None:
        """The answer that is the reply itself, counted and told."""
        octets = answer_with(reply, packet, passage.shape)
        if octets is None:
            return None
        tally, answer, view = passage.shape.said
        tally[0] += 1
        if self._observe is not None:
            seconds = self._now() - began if began else 0.0
            self._observe(Outcome(read_query(packet), client, view, Answer(reply, answer.reason), seconds))
        return octets

    def _begin(
        self, packet: bytes, client: ClientAddress, passage: Passage, began: float
    ) -> tuple[Course, Callable[[Answer | Exception], bytes]]:
        """The course of a packet whose question was asked without one."""
        view = passage.shape.said.view
        resolution = resolve(Question(passage.ask.name, passage.ask.type), view, chance=self._draw)
        heard = _Heard(read_query(packet), client, view, began)
        return Course(self._asks, resolution, next(resolution)), partial(self._finish, heard)

    def _write(self, heard: _Heard, answer: Answer) -> bytes:
        """The packet of an answer.  Every answer that was not known passes here once, so here it is counted and observed."""
        self._tally(heard, answer)[0] += 1
        octets = self._pack(heard, answer, self._next_turn() if self._turns_of(answer) > 1 else 0)
        if self._observe is not None:
            query, client, view, began = heard
            self._observe(Outcome(query, client, view, answer, self._now() - began if began else 0.0))
        return octets

    def _tally(self, heard: _Heard, answer: Answer) -> list[int]:
        """What counts the answers of one kind; those that are known again carry theirs with them."""
        counted = Counted(heard.view.name, heard.client.tcp, answer.sections.rcode, answer.reason.kind)
        return self._tallies.get(counted) or self._tallies.setdefault(counted, [0])

    def _pack(self, heard: _Heard, answer: Answer, turn: int) -> bytes:
        query, client = heard.query, heard.client
        kind, text = answer.reason
        limit = TCP_SIZE if client.tcp else udp_limit(query)
        error = None if kind.error_code is None else ExtendedError(kind.error_code, text)
        return write_answer(query, answer.sections, limit, turn, error)

    def _draw(self) -> float:
        """Chance, counted."""
        self._drawn += 1
        return self._chance()

    def _turns_of(self, answer: Answer) -> int:
        """How many different turns an answer has."""
        sets = answer.sections.answer
        if not self.world.rotates:
            return 1
        return len(sets[0][1].records) if len(sets) == 1 else math.lcm(*(len(found.records) for _, found in sets))

    def _next_turn(self) -> int:
        """By how many places the sets of an answer turn.

        A plain count would not do: a client that asks for A and AAAA in turn would see every second turn of each.  These are
        the upper bits of a linear congruential generator (with the constants of ISO C's example of `rand`).
        """
        self._turn = (self._turn * 1103515245 + 12345) & 0x7FFFFFFF
        return self._turn >> 16


def _answer_of(done: StopIteration) -> Answer:
    answer: Answer = done.value
    return answer
