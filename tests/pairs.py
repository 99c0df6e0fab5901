"""Two engines that hear the same traffic: one knows what it answered before, the other takes the true path every time.

The first is asked as `listen/` does it.  The traffic is random, but from a seed, and of all that may tell packets from one
another.
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

from proxy.cache import ReplyCache
from proxy.course import Passing, by_tasks
from proxy.dns.codes import TYPE_A, TYPE_AAAA, TYPE_ANY, TYPE_CNAME, TYPE_HTTPS, TYPE_MX, TYPE_SOA, TYPE_TXT
from proxy.dns.names import Name
from proxy.engine import Engine
from proxy.listen.handle import Door, NothingKnown, repeat
from proxy.listen.udp import UdpListening
from proxy.model.answers import Ask, Reply, UpstreamError
from proxy.model.claims import Internet, Zone
from proxy.model.outcome import Outcome
from proxy.model.plan import CacheBounds, ClientAddress
from proxy.model.world import World
from tests.engines import Clock
from tests.worlds import placed, reply

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


def query(name: str, kind: int = TYPE_A, ident: bytes = b"id") -> bytes:
    return ident + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + Name.from_text(name) + struct.pack("!HH", kind, 1)


async def known_of(pair: Pair, *names: str) -> int:
    """How many of `names`, asked in turn, are known."""
    before = pair.known
    for name in names:
        answer, expected = await pair.ask(query(name), HOME, None)
        assert answer == expected
    return pair.known - before
