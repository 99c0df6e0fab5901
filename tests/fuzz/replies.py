"""Replies from a server, from the check whether they are one to the answer that a client gets, kept, aged and given again.

An input is three octets (who asks, what is asked, how the rest is meant and how much time goes by) and a reply: as it is, or
with its id and question put in front, so that most of what is tried is about what comes behind.  What begins with a brace is
the file of a cache instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

from proxy.cache import ReplyCache
from proxy.cachefile import dump_cache, load_cache
from proxy.cassette import Cassette
from proxy.course import UnderWay
from proxy.dns.codes import TYPE_NUMBERS
from proxy.dns.names import Name, mix_case
from proxy.dns.write import Sections, write_query
from proxy.engine import Engine
from proxy.model.answers import Ask, Reply, UpstreamError
from proxy.model.plan import CacheBounds, ClientAddress
from proxy.model.world import World
from proxy.settings.cassette import read_cassette, write_cassette
from proxy.upstream.bailiwick import within_bailiwick
from proxy.upstream.sent import Verdict, judge
from tests.fuzz.asking import Clock, check_answer, client_of, no_defects, world

BOUNDS = CacheBounds(entries=100, min_ttl=0, max_ttl=86_400, negative_max_ttl=900, serve_stale=1000)
NAMES = tuple(
    Name.from_text(text)
    for text in (
        "www.public.example", "out.corp.example", "www.site.example", "www.eu.corp.example", "www.asia.corp.example",
        "a.own.example", "x.allowed.example", ".", "bad.example", "eu.corp.example", "7.1.168.192.in-addr.arpa", "far.example",
        "www.far.example", "b.b.example", "dns.example", "test.example",
    )
)  # fmt: skip
TYPES = tuple(
    TYPE_NUMBERS[word]
    for word in (
        "A", "AAAA", "CNAME", "NS", "SOA", "MX", "TXT", "ANY", "HTTPS", "SRV", "DS", "PTR", "NAPTR", "DNAME", "CAA", "RRSIG",
    )
)  # fmt: skip
AGES = (0, 0.5, 1, 29, 61, 301, 1500, 100_000)
VIEWS = (None, None, "app", "lab", "internet", None, None, None)
WALL = 1_700_000_000.0

_MOST_ASKED = 100
_Replied = Callable[[Reply | Exception], None]


def run(data: bytes) -> None:
    """Reply with what `data` hold, or read them as a cache's file."""
    with no_defects():
        if data.startswith(b"{"):
            _read_file(data)
        elif len(data) >= 3:
            _Exchange(data[0], data[1], data[2], data[3:]).run()


def words() -> Iterator[bytes]:
    """What replies are made of."""
    for name in NAMES:
        yield bytes(name)
    yield b"\xc0\x0c"
    yield b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
    yield from (kind.to_bytes(2, "big") + b"\0\x01\0\0\0\x3c" for kind in TYPES)


class _Exchange:
    """A question, asked three times: of the network, some time later, and with what a cassette recorded."""

    def __init__(self, who: int, what: int, how: int, octets: bytes) -> None:
        self._client = client_of(who)
        self._view = VIEWS[who >> 4 & 7]
        self._packet = write_query(7, NAMES[what & 15], TYPES[what >> 4], 1232 if how & 2 else None)
        self._whole, self._age, self._octets = bool(how & 1), AGES[how >> 2 & 7], octets
        self._clock, self._cassette = Clock(), Cassette({})

    def run(self) -> None:
        cache = ReplyCache(BOUNDS)
        first = self._ask(cache, self._reply)
        self._clock.time += self._age
        self._ask(cache, partial(_nobody, cache, self._clock))
        self._restore(cache)
        self._replay(first)

    def _ask(self, cache: ReplyCache, network: Callable[[Ask], Reply | UpstreamError]) -> bytes | None:
        answer = ask(self._packet, self._client, self._view, cache, network, clock=self._clock)
        check_answer(self._packet, answer, tcp=self._client.tcp, others_data=True)
        return answer

    def _reply(self, ask: Ask) -> Reply | UpstreamError:
        """As an exchange has it: what is a reply, without what is none of its business; what is recorded as well."""
        question = mix_case(ask.name, self._octets[:1] * len(ask.name)) if self._octets else ask.name
        question += ask.type.to_bytes(2, "big") + b"\0\1"
        packet = self._octets if self._whole else packet_of(question, self._octets)
        found = judge(packet, question, ask.name)
        result = UpstreamError(found.value) if isinstance(found, Verdict) else within_bailiwick(found, ask.name)
        self._cassette.record(ask, result)
        return result

    def _restore(self, cache: ReplyCache) -> None:
        """What was kept outlives a restart."""
        now = self._clock.time
        restored = ReplyCache(BOUNDS)
        load_cache(restored, dump_cache(cache, now, WALL), now, WALL)
        kept = {ask: _records(reply) for ask, reply, _ in cache.entries(now)}
        for ask, reply, _ in restored.entries(now):
            assert _records(reply) == kept[ask]

    def _replay(self, first: bytes | None) -> None:
        """What was recorded is written, read, and answers as the network did."""
        recorded = read_cassette("cassette", write_cassette(self._cassette.recorded))
        assert write_cassette(recorded) == write_cassette(self._cassette.recorded)
        assert self._ask(ReplyCache(BOUNDS), Cassette(recorded).replay) == first


def ask(
    packet: bytes,
    client: ClientAddress,
    view: str | None,
    cache: ReplyCache,
    network: Callable[[Ask], Reply | UpstreamError],
    *,
    clock: Clock,
) -> bytes | None:
    """What an engine answers, `network` saying at once what it is asked."""
    waiting: list[tuple[Ask, _Replied]] = []
    engine = Engine(_world(), cache, lambda ask, replied: waiting.append((ask, replied)), clock)
    answer = engine.handle(packet, client, view)
    if not isinstance(answer, UnderWay):
        return answer
    done: list[bytes] = []
    answer.start(done.append)
    asked = 0
    while waiting:
        asked += 1
        assert asked <= _MOST_ASKED, "a resolution ends"
        wanted, replied = waiting.pop(0)
        replied(network(wanted))
    assert len(done) == 1, "whoever waits is answered, once"
    assert not any(counted.kind.word == "defect" for counted in engine.answers)
    return done[0]


@cache
def _world() -> World:
    return world("upstream.yaml")


def packet_of(question: bytes, octets: bytes) -> bytes:
    """A reply: flags and the numbers of records from `octets`, and behind the question the rest of them."""
    head = octets[:8].ljust(8, b"\0")
    return b"".join((b"\0\0", bytes((head[0] & 0x07 | 0x80, head[1])), b"\0\1", head[2:8], question, octets[8:]))


def _nobody(cache: ReplyCache, clock: Clock, ask: Ask) -> Reply | UpstreamError:
    """Nobody replies any more, but what has expired is still there."""
    return cache.stale(ask, clock.time) or UpstreamError("nobody is there")


def _records(reply: Sections) -> object:
    """Every record of a reply, but for its TTL and the letter case of its owner: what points to the question has that one's."""
    sections = [[(owner or b"", record) for owner, found in section for record in found.records] for section in reply[1:]]
    return reply.rcode, [[(owner.lower(), record[:6] + record[10:]) for owner, record in section] for section in sections]


def _read_file(octets: bytes) -> None:
    """A cache's file of any content: what of it is taken can be given."""
    clock, cache = Clock(), ReplyCache(BOUNDS)
    load_cache(cache, octets, clock.time, WALL)
    again = ReplyCache(BOUNDS)
    load_cache(again, dump_cache(cache, clock.time, WALL), clock.time, WALL)
    assert len(again) <= len(cache)
    for wanted, _, _ in list(cache.entries(clock.time)):
        packet = write_query(7, wanted.name, wanted.type)
        for host in ("10.0.1.7", "2001:db8:64:1::7"):
            answer = ask(
                packet, ClientAddress(host, 40000, tcp=False), None, cache, partial(_nobody, cache, clock), clock=clock
            )
            check_answer(packet, answer, tcp=False, others_data=True)
