"""A day in the life of a server, in seconds: time goes on as fast as there is nothing to do.

Half a hundred popular names with TTLs from seconds to hours, names that are asked once, names that do not exist, names whose
servers fail or say nothing, and an hour and a half in which nobody answers at all.  Every answer says when it was made, so that
its TTL can be held against it.
"""

from __future__ import annotations

import asyncio
import gc
import random
import selectors
import socket
from collections import Counter
from collections.abc import Callable

from proxy.cache import STALE_TTL, ReplyCache
from proxy.dns.names import Name
from proxy.dns.reply import read_reply
from proxy.dns.write import write_query
from proxy.engine import Engine
from proxy.forward import Done, Forwarder
from proxy.model.answers import Ask, UpstreamError
from proxy.model.plan import CacheBounds, ClientAddress
from tests.worlds import placed, reply, world_of

DAY = 86_400
EVERY = 4  # seconds between two questions
AWAY = range(6 * 3600, 6 * 3600 + 5400)
TTLS = (2, 7, 30, 60, 300, 3600, 4 * 3600, 2 * DAY)
NEGATIVE_TTL = 300
BOUNDS = CacheBounds(400, 0, DAY, 900, size=64_000_000, serve_stale=3600, prefetch=True)
HOME = ClientAddress("127.0.0.1", 40000, tcp=False)
FILE = """
    default_view: a
    vpcs: {a: {cidr: 10.0.0.0/16}}
    private_zones: [{name: example.com, vpcs: [a], records: {www: 10.0.5.10}}]
"""


class Clock(selectors.DefaultSelector):
    """A selector that never waits: where nothing has happened, the time until something would is over at once."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        happened = super().select(0)
        if not happened and timeout is not None:
            self.time += max(timeout, 0)
        return happened


class Network:
    """Other servers; an address that they give is the second at which they gave it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.asked: Counter[str] = Counter()
        self.under_way = 0

    def start(self, ask: Ask, done: Done) -> None:
        self.asked[str(Name(ask.name))] += 1
        self.under_way += 1
        silent = int(self._loop.time()) in AWAY or ask.name[1:2] == b"d"
        self._loop.call_later(2.0 if silent else 0.02, self._reply, ask, done, silent)

    def _reply(self, ask: Ask, done: Done, silent: bool) -> None:
        self.under_way -= 1
        kind = ask.name[1:2]
        if silent:
            done(UpstreamError("192.0.2.53:53 gave no reply within 2 s"))
        elif kind == b"f":
            done(reply()._replace(rcode=2))
        elif kind == b"n":
            soa = placed("net", "SOA", 900, f"ns.net. h.net. 1 2 3 4 {NEGATIVE_TTL}")
            done(reply()._replace(rcode=3, authority=(soa,)))
        else:
            made = socket.inet_ntoa(int(self._loop.time()).to_bytes(4, "big"))
            done(reply(placed(None, "A", ttl_of(str(Name(ask.name))), made)))


def ttl_of(name: str) -> int:
    """p17.net has the TTL at place 17, and so on in a circle."""
    return TTLS[int(name[1:].partition(".")[0]) % len(TTLS)]


class Day:
    """Whoever asks, and looks at the answers."""

    def __init__(self, engine: Engine, network: Network, clock: Clock) -> None:
        self.engine = engine
        self.network = network
        self.clock = clock
        self.chance = random.Random(8767)
        self.answered: Counter[str] = Counter()
        self.asked = 0
        self.once = 0
        self.objects: list[int] = []

    def ask(self, name: str) -> None:
        self.asked += 1
        packet = write_query(self.chance.randrange(0x10000), Name.from_text(name), 1)
        answer = self.engine.handle(packet, HOME, None)
        if isinstance(answer, bytes):
            self.look(name, answer)
        else:
            assert answer is not None
            answer.start(lambda came: self.look(name, came))

    def look(self, name: str, packet: bytes) -> None:
        sections = read_reply(packet).sections
        now = self.clock.time
        if sections.rcode:
            self.answered[f"{name[0]} {sections.rcode}"] += 1
            if sections.rcode == 3:
                assert sections.authority[0][1].ttl <= NEGATIVE_TTL
            return
        [(_, found)] = sections.answer
        if name == "www.example.com":
            assert found.ttl == 300
            self.answered["private"] += 1
            return
        age, ttl = now - int.from_bytes(found.rdatas()[0], "big"), min(ttl_of(name), DAY)
        if age <= ttl:
            assert abs(found.ttl - (ttl - age)) <= 1, f"{name} is {age} s old, and has {found.ttl} of {ttl} s left"
            self.answered["fresh"] += 1
        else:
            assert found.ttl == STALE_TTL
            assert age < ttl + BOUNDS.serve_stale
            self.answered["stale"] += 1

    def choose(self) -> str:
        kind = self.chance.random()
        if kind < 0.7:
            return f"p{int(50 * self.chance.random() ** 2)}.net"
        if kind < 0.8:
            return "www.example.com"
        if kind < 0.9:
            return f"{self.chance.choice('nfd')}{self.chance.randrange(8)}.net"
        self.once += 1
        return f"q{self.once}.net"

    async def live(self) -> None:
        for second in range(0, DAY, EVERY):
            self.ask(self.choose())
            await asyncio.sleep(EVERY)
            if second % (6 * 3600) == 6 * 3600 - EVERY:
                gc.collect()
                self.objects.append(len(gc.get_objects()))


def in_a_day_of_its_own(live: Callable[[Clock], Day]) -> Day:
    clock = Clock()
    loop = asyncio.SelectorEventLoop(clock)
    loop.time = lambda: clock.time  # type: ignore[method-assign]
    try:
        asyncio.set_event_loop(loop)
        day = live(clock)
        loop.run_until_complete(day.live())
        loop.run_until_complete(asyncio.sleep(10))
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    return day


def begin(clock: Clock) -> Day:
    network = Network(asyncio.get_event_loop())
    cache = ReplyCache(BOUNDS)
    forwarder = Forwarder(cache, network.start, lambda: clock.time)
    engine = Engine(world_of(FILE), cache, forwarder.start, lambda: clock.time)
    return Day(engine, network, clock)


def test_a_day_leaves_every_ttl_true_and_nothing_behind() -> None:
    day = in_a_day_of_its_own(begin)
    cache = day.engine.cache
    assert day.clock.time >= DAY
    assert sum(day.answered.values()) == day.asked == DAY // EVERY
    assert sum(day.engine.reasons.values()) == day.asked
    assert day.network.under_way == 0
    assert len(cache) <= BOUNDS.entries
    assert len(cache._failures) <= BOUNDS.entries
    assert cache.hits + cache.misses <= 2 * day.asked
    assert cache.stale_hits >= day.answered["stale"] > 100
    assert cache.fetches > 50
    assert cache.evictions > 500
    assert day.answered["fresh"] > 0.6 * day.asked
    assert day.answered["n 3"] > 100
    assert set(day.answered) == {"fresh", "stale", "private", "p 2", "q 2", "n 2", "n 3", "f 2", "d 2"}
    popular = sum(number for name, number in day.network.asked.items() if name[0] == "p")
    assert popular < 0.5 * day.asked, "most of what is popular was kept"
    assert max(day.objects) - min(day.objects[1:]) < 0.1 * min(day.objects), f"objects of this program: {day.objects}"
