"""What is passed on to the internet without being resolved is answered with the same octets as what is resolved."""

from __future__ import annotations

import asyncio
import random
import struct

import pytest

from proxy.cache import ReplyCache
from proxy.course import Passing, UnderWay, by_tasks
from proxy.dns.codes import TYPE_A, TYPE_AAAA
from proxy.engine import Engine
from proxy.known import MOST_SHAPES
from proxy.model.answers import Ask, Reply
from tests.engines import Clock
from tests.pairs import BOUNDS, HOME, UNGUARDED, Pair, query
from tests.worlds import placed, reply, world_of


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
