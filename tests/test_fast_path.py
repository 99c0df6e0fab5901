"""What is known gives the same octets as what is worked out anew.

Two engines hear the same traffic in every world of the conformance files: one knows what it answered before, and is asked as
`listen/` does it; the other takes the true path every time.  The traffic is random, but from a seed, and of all that may tell
one packet from another: names that are there, that are not, beside and below those, letter case, types, flags, EDNS with and
without options, clients, transports, and what other servers say, while time goes by.
"""

from __future__ import annotations

import asyncio
import inspect
import random
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from ipaddress import ip_address, ip_network

import pytest

from proxy.cache import ReplyCache
from proxy.configuration import load
from proxy.course import Passing, UnderWay, by_tasks
from proxy.dns.codes import TYPE_A, TYPE_AAAA, TYPE_ANY, TYPE_CNAME, TYPE_HTTPS, TYPE_MX, TYPE_SOA, TYPE_TXT
from proxy.dns.names import Name
from proxy.engine import Engine
from proxy.flow import Flow
from proxy.known import MOST_SHAPES, MOST_YOUNG, Bounds
from proxy.listen.handle import Door, NothingKnown, repeat
from proxy.listen.udp import UdpListening
from proxy.model.answers import Ask, Reply, UpstreamError
from proxy.model.claims import Internet, Zone
from proxy.model.outcome import Outcome
from proxy.model.plan import CacheBounds, ClientAddress
from proxy.model.world import World
from tests.engines import Clock
from tests.test_conformance import SERVED, source
from tests.worlds import placed, reply, world_of

QUERIES = 1500
BOUNDS = CacheBounds(entries=200, min_ttl=0, max_ttl=86400, negative_max_ttl=900)
TYPES = (
    TYPE_A,
    TYPE_A,
    TYPE_A,
    TYPE_AAAA,
    TYPE_TXT,
    TYPE_CNAME,
    TYPE_MX,
    TYPE_ANY,
    TYPE_HTTPS,
    TYPE_HTTPS + 32,
    TYPE_SOA,
    41,
)
HOME = ClientAddress("127.0.0.1", 40000, tcp=False)
LABELS = (b"a", b"b", b"www", b"nothing", b"with\0zero", b"*", b"_srv", b"AB")


def names_of(world: World) -> list[bytes]:
    """All names that the world has a word about."""
    found: set[bytes] = set()
    for view in world.views.values():
        if view.firewall is not None:
            found.update(view.firewall.exact, view.firewall.below)
        for name, claim in view.claims.items():
            found.add(name)
            action = claim.action
            if isinstance(action, Zone):
                found.update(action.nodes)
            if isinstance(action, Internet):
                found.update(
                    action.names, *(zone.nodes for zone in (*action.zones.values(), *action.endpoint_zones.values()))
                )
    return sorted(found)


class Traffic:
    """Packets, of which some come again and many nearly so."""

    def __init__(self, world: World, seed: int) -> None:
        self.random = random.Random(seed)
        outside = [*(f"name{number}" for number in range(5)), *(f"name{number}.lone" for number in range(100))]
        self._names = [*names_of(world), *(Name.from_text(f"{name}.example.net") for name in outside)]

    def packet(self) -> bytes:
        choose = self.random.choice
        name = choose(self._names[: choose((3, 12, len(self._names)))])
        while self.random.random() < 0.3 and len(name) < 200:
            label = choose(LABELS)
            name = bytes((len(label),)) + label + name
        while self.random.random() < 0.1 and name[0]:
            name = name[name[0] + 1 :]
        if self.random.random() < 0.3:
            name = bytes(self.other_case(octet) for octet in name)
        flags = choose((0x0100, 0x0100, 0x0100, 0, 0x0120, 0x0110, 0x0900))
        opt = choose(
            (b"", b"", self.opt(1232), self.opt(choose((512, 4096, 0x4141, 0x6161))), self.opt(1232, self.option()))
        )
        question = name + struct.pack("!HH", choose(TYPES), choose((1, 1, 1, 1, 1, 1, 1, 3)))
        head = struct.pack("!HHHHHH", self.random.getrandbits(16), flags, 1, 0, 0, 1 if opt else 0)
        return head + question + opt + (b"\0" if self.random.random() < 0.02 else b"")

    def other_case(self, octet: int) -> int:
        letter = octet | 0x20
        return octet ^ 0x20 if 0x61 <= letter <= 0x7A and self.random.random() < 0.5 else octet

    def opt(self, size: int, option: bytes = b"") -> bytes:
        flags = self.random.choice((0, 0x8000, 0x10000))  # DO; EDNS version 1
        return struct.pack("!BHHIH", 0, 41, size, flags, len(option)) + option

    def option(self) -> bytes:
        cookie = struct.pack("!HH", 10, 8) + self.random.randbytes(8)
        subnet = struct.pack("!HHHBB", 8, 8, 1, 32, 0) + bytes((10, self.random.getrandbits(1), 0, 5))
        return self.random.choice((cookie, subnet))

    def client(self, world: World) -> ClientAddress:
        networks = [ip_network("127.0.0.0/30"), ip_network("198.51.100.0/30"), ip_network("::1/128")]
        networks += [
            ip_network((number << shift, {4: 32, 6: 128}[version] - shift))
            for version, shift, table in world.networks.tables
            for number in table
        ]
        chosen = self.random.choice(networks[:5])
        return ClientAddress(str(chosen[0] + self.random.getrandbits(1)), 40000, tcp=self.random.random() < 0.2)


def network(answers: list[bytes]) -> Callable[[Ask], Awaitable[Reply]]:
    """What other servers say: always the same of one name, and of all kinds."""

    async def exchange(ask: Ask) -> Reply:
        kind = sum(ask.name) % 5
        if b"\4lone\7example\3net" in ask.name and kind != 2:
            return reply(placed(None, "A", kind * 3, "203.0.113.8"))  # one record, be it what was asked for or not
        if kind == 0:
            raise UpstreamError("no server")
        if kind == 1:
            return reply(
                rcode=3, authority=[placed("example.net", "SOA", 60, "ns.example.net. mail.example.net. 1 2 3 4 5")]
            )
        if kind == 2:
            target = Name(answers[sum(ask.name) % len(answers)])
            return reply(placed(None, "CNAME", 30, "hop.example.net."), placed("hop.example.net", "CNAME", 9, str(target)))
        return reply(placed(None, "A", kind * 3, *(f"203.0.113.{number}" for number in range(1, kind))))

    return exchange


class Pair:
    """The two engines, their clock, and what each tells its observer."""

    def __init__(self, world: World, seed: int = 0, *, observed: bool = False) -> None:
        self.clock = Clock()
        self.told: tuple[list[Outcome], list[Outcome]] = ([], [])
        observers = [told.append if observed else None for told in self.told]
        self.quick, self.true = (
            Engine(
                world,
                ReplyCache(BOUNDS),
                by_tasks(network(names_of(world))),
                self.clock,
                observe,
                repeating=repeating,
                chance=random.Random(
                    seed
                ).random,  # of its own, but the same: what is decided by chance is decided each time
            )
            for observe, repeating in zip(observers, (True, False), strict=True)
        )
        self.known = 0
        self.passed = 0
        self._sockets = Sockets()

    async def ask(self, packet: bytes, client: ClientAddress, view: str | None) -> tuple[bytes | None, bytes | None]:
        answer: object = None
        door = self.quick.door(view)
        if self._sockets.take(client):
            repeated = self._sockets.ask(packet, client, door)
        else:
            known = (door.tcp if client.tcp else door.udp).get(ip_address(client.host).packed)
            repeated = repeat(packet, client, known, door)
        if repeated is None:
            answer = self.quick.handle(packet, client, view)
            self.passed += isinstance(answer, Passing)
        else:
            self.known += 1
            answer = repeated
        expected = self.true.handle(packet, client, view)
        return await settle(answer), await settle(expected)


class Sockets:
    """The loop that answers datagrams, without a network."""

    def __init__(self) -> None:
        self.door = NothingKnown().door
        self._asked = False
        self._linux = sys.platform == "linux"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            self._served = UdpListening(sock, self._handle, self)
            asyncio.get_running_loop().remove_reader(sock.fileno())
        if self._linux:
            self._served._batch.send = lambda *_: 0  # type: ignore[method-assign]

    def take(self, client: ClientAddress) -> bool:
        """Whether datagrams of such a client are read in batches."""
        return self._linux and not client.tcp and ":" not in client.host

    def _handle(self, _packet: bytes, _client: ClientAddress) -> None:
        self._asked = True

    def ask(self, packet: bytes, client: ClientAddress, door: Door) -> bytes | None:
        """What it knows; nothing where it would ask `handle`, empty where it is silent."""
        batch = self._served._batch
        _, start, _, address, size_at, answer_size_at = batch.slots[0]
        self.door = door
        batch.memory[start : start + len(packet)] = packet
        batch.names[address], batch.names[batch.ports[0]] = socket.inet_aton(client.host), client.port.to_bytes(2, "big")
        batch.sizes[size_at], batch.answer_sizes[answer_size_at] = len(packet), 0
        self._asked = False
        self._served._answer_batch(1)
        return None if self._asked else batch.memory[start : start + batch.answer_sizes[answer_size_at]]


async def settle(answer: object) -> bytes | None:
    settled = await answer if inspect.isawaitable(answer) else answer
    assert settled is None or isinstance(settled, bytes)
    return settled


UPSTREAM = """
    listen: "127.0.0.1:0"
    upstream: {servers: [192.0.2.53]}
    default_view: a
    vpcs: {a: {cidr: 10.0.0.0/16}, b: {cidr: 10.1.0.0/16}}
    private_zones:
      - name: example.com
        vpcs: [a]
        records:
          www: 10.0.5.10
          two: [10.0.5.1, 10.0.5.2]
          many: [10.0.6.1, 10.0.6.2, 10.0.6.3, 10.0.6.4, 10.0.6.5, 10.0.6.6, 10.0.6.7]
          both: [10.0.7.1, 10.0.7.2, 10.0.7.3, "2001:db8::1", "2001:db8::2"]
          out: {CNAME: name1.example.net}
          chain: {CNAME: two.example.com}
          "*.wild": 10.0.8.1
          "*.led": {CNAME: many.example.com}
      - {name: sub.example.com, vpcs: [a, b], records: {www: 10.0.5.11}}
    public_records: {name0.example.net: 203.0.113.99}
    firewall_rule_groups:
      - name: f
        vpcs: {a: 101}
        rules:
          - {name: list, priority: 1, domains: [bad.example.com, "*.bad.wild.example.com"], action: block, block_response: nodata}
          - {name: log, priority: 2, domains: [two.example.com, name3.example.net], action: alert}
    """


UNGUARDED = UPSTREAM[: UPSTREAM.index("firewall_rule_groups")]
OWN = {"upstream": UPSTREAM, "unguarded": UNGUARDED}


@pytest.mark.parametrize("observed", [False, True], ids=["unobserved", "observed"])
@pytest.mark.parametrize("name", [*SERVED, *OWN])
async def test_what_is_known_is_what_would_be_worked_out(name: str, *, observed: bool) -> None:
    world = world_of(OWN[name]) if name in OWN else load(source(name)).world
    pair, traffic = Pair(world, observed=observed), Traffic(world, seed=7)
    views = [None, *world.views]
    client, view, earlier = HOME, None, [traffic.packet()]
    for _ in range(QUERIES):
        again = traffic.random.random() < 0.6
        packet = traffic.random.choice(earlier) if again else traffic.packet()
        earlier = [*earlier[-15:], packet]
        if traffic.random.random() < 0.05:
            client, view = traffic.client(world), traffic.random.choice(views[:3])
        pair.clock.time += traffic.random.choice((0, 0, 0.001, 0.3))
        answer, expected = await pair.ask(traffic.random.randbytes(2) + packet[2:], client, view)
        assert answer == expected, (packet.hex(), client, view)
    assert pair.quick.reasons == pair.true.reasons
    assert pair.quick.malformed == pair.true.malformed
    assert pair.told[0] == pair.told[1]
    assert len(pair.told[0]) == (sum(pair.true.reasons.values()) if observed else 0)
    assert pair.quick.cache.misses == pair.true.cache.misses
    assert pair.known > QUERIES / 20


def query(name: str, kind: int = TYPE_A, ident: bytes = b"id") -> bytes:
    return ident + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + Name.from_text(name) + struct.pack("!HH", kind, 1)


async def known_of(pair: Pair, *names: str) -> int:
    """How many of `names`, asked in turn, are known."""
    before = pair.known
    for name in names:
        answer, expected = await pair.ask(query(name), HOME, None)
        assert answer == expected
    return pair.known - before


async def test_a_name_that_is_there_is_known_from_the_second_time_on() -> None:
    pair = Pair(world_of(UPSTREAM))
    assert await known_of(pair, "www.example.com", "www.example.com", "WWW.example.com") == 2


async def test_an_answer_that_counts_down_is_right_at_every_moment() -> None:
    pair, seen = Pair(world_of(UPSTREAM)), set[bytes]()
    asked = query("name3.example.net")
    for _ in range(100):  # 25 seconds, in which it expires and is fetched again
        for _ in range(3):
            answer, expected = await pair.ask(asked, HOME, None)
            assert answer == expected
        assert answer is not None
        seen.add(answer)
        pair.clock.time += 0.25
    assert len(seen) == 18, "TTLs of 9 down to 1, the two records in either order"
    assert pair.known > 200


async def test_an_answer_that_counts_down_is_found_without_a_call() -> None:
    pair = Pair(world_of(UPSTREAM))
    asked = query("name1.example.net")
    for _ in range(4):
        await pair.ask(asked, HOME, None)
    [table, _] = pair.quick._tables.values()
    for _ in range(2):
        tail, until, _, _ = table.answers[asked[2:]]
        assert pair.clock.time < until <= pair.clock.time + 1
        pair.clock.time = until
        answer, expected = await pair.ask(asked, HOME, None)
        assert answer == expected
        assert answer is not None
        assert answer[2:] != tail


async def test_a_type_whose_number_looks_like_a_letter_is_no_other_one() -> None:
    pair = Pair(world_of(UPSTREAM))
    for kind in (TYPE_HTTPS, TYPE_HTTPS + 32):
        for name in ("www.example.com", "WWW.example.com", "no.example.com", "NO.EXAMPLE.COM"):
            for _ in range(3):
                answer, expected = await pair.ask(query(name, kind), HOME, None)
                assert answer == expected


async def test_names_that_nothing_tells_apart_are_known_before_they_were_asked() -> None:
    pair = Pair(world_of(UPSTREAM))
    assert (
        await known_of(pair, "no1.example.com", "no2.example.com", "no3.example.com", "sub.example.com", "bad.example.com")
        == 2
    )
    assert await known_of(pair, "aa.wild.example.com", "bb.wild.example.com", "wild.example.com") == 1
    assert await known_of(pair, "longer.example.com", "as-long.example.com") == 0, "another length has other pointers"


async def test_no_name_is_taken_for_another_of_the_internet() -> None:
    pair = Pair(world_of(UPSTREAM.replace("servers: [192.0.2.53]", "mode: off")))
    assert await known_of(pair, "name1.example.net", "name2.example.net", "name0.example.net") == 0


@pytest.mark.parametrize("observed", [False, True], ids=["unobserved", "observed"])
async def test_what_is_passed_on_is_answered_as_what_is_resolved(*, observed: bool) -> None:
    """Names that nobody asked before, of which the file has nothing to say, whatever comes back; at times two at once."""
    pair, chance = Pair(world_of(UNGUARDED), observed=observed), random.Random(3)
    for number in range(600):
        name = (
            f"n{number}.{chance.choice(('lone.', 'LONE.', ''))}example.{chance.choice(('net', 'net', 'NET', 'com', 'org'))}"
        )
        packet = query(name, chance.choice((TYPE_A, TYPE_A, TYPE_AAAA)), chance.randbytes(2))
        if chance.random() < 0.3:
            packet = packet[:11] + b"\1" + packet[12:] + struct.pack("!BHHIH", 0, 41, chance.choice((512, 1232)), 0, 0)
        client = HOME._replace(tcp=chance.random() < 0.2)
        for answer, expected in await asyncio.gather(*(pair.ask(packet, client, "b") for _ in range(chance.choice((1, 2))))):
            assert answer == expected, packet.hex()
        pair.clock.time += 0.3
    assert pair.passed > 300
    assert pair.quick.reasons == pair.true.reasons
    assert {"upstream", "upstream failed"} < set(pair.quick.reasons), "some CNAMEs lead into the file"
    assert pair.told[0] == pair.told[1]
    assert pair.quick.cache.misses == pair.true.cache.misses


async def test_one_that_is_passed_on_and_given_up_or_cancelled_is_no_other_than_one_that_is_resolved() -> None:
    pair = Pair(world_of(UNGUARDED))
    await pair.ask(query("name1.lone.example.net"), HOME, None)
    await pair.ask(query("name2.lone.example.net"), HOME, None)
    packets: list[bytes] = []
    for engine in (pair.quick, pair.true):
        waiting = [engine.handle(query(f"other{number}.lone.example.net"), HOME, None) for number in range(3)]
        assert all(isinstance(each, UnderWay) for each in waiting)
        assert all(isinstance(each, Passing) for each in waiting) == (engine is pair.quick)
        for each in waiting:
            assert isinstance(each, UnderWay)
            each.start(packets.append)
        assert isinstance(waiting[0], UnderWay)
        assert isinstance(waiting[1], UnderWay)
        waiting[0].give_up()
        waiting[1].cancel()
        await asyncio.sleep(0.01)
    assert packets[:2] == packets[2:]
    assert [packet[3] & 0xF for packet in packets] == [2, 0, 2, 0]
    assert pair.quick.reasons == pair.true.reasons


async def test_one_that_goes_on_after_its_reply_can_be_given_up_or_cancelled_as_well() -> None:
    """A CNAME has to be looked at, and may lead to another question."""
    go = asyncio.Event()

    async def servers(ask: Ask) -> Reply:
        if ask.name.startswith(b"\3hop"):
            await go.wait()
        if ask.name.startswith(b"\5alias"):
            return reply(placed(None, "CNAME", 30, "hop.zone.example."))
        return reply(placed(None, "A", 30, "203.0.113.8"))

    text = UNGUARDED + "resolver_rules: [{name: r, domain: zone.example, vpcs: [b], targets: [192.0.2.9]}]"
    engine = Engine(world_of(text), ReplyCache(BOUNDS), by_tasks(servers), Clock())
    first = engine.handle(query("name.example.net"), HOME, "b")
    assert isinstance(first, UnderWay)
    await first
    packets: list[bytes] = []
    for way in ("give_up", "cancel", "start"):
        each = engine.handle(query("alias.example.net" if way == "give_up" else f"alias.{way}.example.net"), HOME, "b")
        assert isinstance(each, Passing)
        each.start(packets.append)
        await asyncio.sleep(0.01)
        if way != "start":
            getattr(each, way)()
    assert [packet[3] & 0xF for packet in packets] == [2]
    go.set()
    await asyncio.sleep(0.01)
    assert [packet[3] & 0xF for packet in packets] == [2, 0]
    assert packets[1][6:8] == b"\0\2", "the alias, and what it leads to"


async def test_shapes_without_end_take_no_memory() -> None:
    pair = Pair(world_of(UNGUARDED))
    for number in range(3 * MOST_SHAPES):
        packet = query(f"n{number}.lone.example.net")[:11] + b"\1" + query(f"n{number}.lone.example.net")[12:]
        packet += struct.pack("!BHHIH", 0, 41, 512 + number, 0, 0)
        answer, expected = await pair.ask(packet, HOME, None)
        assert answer == expected
    [table, _] = pair.quick._tables.values()
    assert len(table._shapes) == MOST_SHAPES


async def test_another_world_is_known_nothing_of() -> None:
    pair = Pair(world_of(UPSTREAM))
    await known_of(pair, "www.example.com", "www.example.com")
    for engine in (pair.quick, pair.true):
        engine.adopt(world_of(UPSTREAM.replace("10.0.5.10", "10.0.5.99")))
    assert await known_of(pair, "www.example.com", "www.example.com") == 1


async def test_whoever_begins_to_observe_is_told_of_every_query_from_then_on() -> None:
    pair = Pair(world_of(UPSTREAM))
    await known_of(pair, "www.example.com", "www.example.com")
    pair.quick.observe = pair.told[0].append
    pair.true.observe = pair.told[1].append
    assert await known_of(pair, "www.example.com", "www.example.com", "no.example.com", "of.example.com") == 3
    assert pair.told[0] == pair.told[1]
    assert len(pair.told[0]) == 4


async def test_packets_beyond_a_client_s_number_are_dropped_also_where_their_answer_is_known() -> None:
    pair = Pair(world_of(UPSTREAM), observed=True)
    for engine in (pair.quick, pair.true):
        engine.flow = Flow(10)
    inside = ClientAddress("10.0.1.5", 40000, tcp=False)
    for client in (inside, inside._replace(tcp=True)):
        answers = 0
        for _ in range(40):
            pair.clock.time += 0.06
            answer, expected = await pair.ask(query("www.example.com"), client, None)
            assert answer == expected
            answers += answer is not None
        assert answers < 30
    assert pair.known > 40
    assert pair.quick.dropped == pair.true.dropped > 20
    assert pair.told[0] == pair.told[1]


async def test_answers_beyond_a_client_s_number_are_shortened_also_where_they_are_known() -> None:
    pair = Pair(world_of(UPSTREAM), observed=True)
    for engine in (pair.quick, pair.true):
        engine.rate = Flow(10)
    for tcp in (False, True):
        for _ in range(40):
            pair.clock.time += 0.06
            answer, expected = await pair.ask(query("www.example.com"), HOME._replace(tcp=tcp), None)
            assert answer == expected
    assert pair.known > 60
    assert pair.quick.limited == pair.true.limited > 10
    assert pair.told[0] == pair.told[1]


async def test_names_without_end_take_no_memory_and_push_nothing_out() -> None:
    pair = Pair(world_of(UPSTREAM.replace("servers: [192.0.2.53]", "mode: off")))
    await known_of(pair, "www.example.com")
    [table, _] = pair.quick._tables.values()
    for number in range(MOST_YOUNG + 100):
        pair.quick.handle(query(f"n{number}.example.org"), HOME, None)
        pair.quick.handle(query(f"n{number:06}.example.com"), HOME, None)
    assert len(table._kept) <= MOST_YOUNG
    assert len(table._siblings) == 1
    assert await known_of(pair, "www.example.com", "no-such.example.com") == 2


def test_where_too_much_is_known_all_of_it_is_forgotten() -> None:
    forgotten: list[bool] = []
    bounds = Bounds(lambda: forgotten.append(True), most=10)
    for _ in range(22):
        bounds.count()
    assert len(forgotten) == 2
