"""Packets from a client, through the true path and the fast path: both say the same, and nothing is ever an exception.

An input is one octet that says who asks (a client, its transport, the listener's view), then packets as over TCP, each behind
its length.  Each is asked three times, in other letters too, as the fast path learns from what came before.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

from proxy.cache import ReplyCache
from proxy.engine import Engine
from proxy.listen.handle import pack_address, repeat
from proxy.model.answers import Ask
from proxy.model.plan import CacheBounds, ClientAddress
from proxy.model.world import World
from tests.fuzz.asking import Clock, check_answer, client_of, no_defects, world

MOST = 4
BOUNDS = CacheBounds(entries=10, min_ttl=0, max_ttl=100, negative_max_ttl=100)
VIEWS = (None, "app", "lab", "app/onprem", "internet", "mute", None, None)


def run(data: bytes) -> None:
    """Ask what `data` hold."""
    if data:
        with no_defects():
            _run(data)


def _run(data: bytes) -> None:
    client, view = client_of(data[0]), VIEWS[data[0] >> 4 & 7]
    quick, true = _engine(repeating=True), _engine(repeating=False)
    for packet in _packets(data[1:]):
        for asked in (packet, b"\0\1" + packet[2:], _in_other_letters(packet)):
            expected = true.handle(asked, client, view)
            answer = _ask_quickly(quick, asked, client, view)
            assert answer == expected, "the fast path says what the true path says"
            assert answer is None or isinstance(answer, bytes), "nobody is asked"
            check_answer(asked, answer, tcp=client.tcp)
    assert quick.reasons == true.reasons
    assert quick.malformed == true.malformed
    assert "defect" not in true.reasons


def words() -> Iterator[bytes]:
    """What packets are made of."""
    for name in ("www", "corp", "example", "public", "amazonaws", "com", "arpa", "in-addr", "many", "wild", "eu", "vpcdns"):
        yield bytes((len(name),)) + name.encode()
    yield b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
    yield b"\0\x08\0\x08\0\x01\x20\0\x0a\0\0\x05"
    yield from (b"\0\0" + kind + b"\0\x01" for kind in (b"\x01", b"\x1c", b"\xff", b"\x06", b"\x10", b"\x41", b"\x2b"))


@cache
def _world() -> World:
    return world("offline.yaml")


def _engine(*, repeating: bool) -> Engine:
    return Engine(_world(), ReplyCache(BOUNDS), _no_start, Clock(), repeating=repeating, chance=random.Random(1).random)


def _no_start(ask: Ask, replied: object) -> None:
    raise AssertionError(f"the network was asked for {ask}")


def _packets(octets: bytes) -> Iterator[bytes]:
    for _ in range(MOST):
        if len(octets) < 2:
            return
        length = int.from_bytes(octets[:2], "big")
        yield octets[2 : 2 + length]
        octets = octets[2 + length :]


def _in_other_letters(packet: bytes) -> bytes:
    """The same question to any resolver: the name's letters the other way round, where there is a name."""
    at = 12
    while at < len(packet) and 0 < packet[at] < 64:
        at += packet[at] + 1
    return packet[:12] + packet[12:at].swapcase() + packet[at:]


def _ask_quickly(engine: Engine, packet: bytes, client: ClientAddress, view: str | None) -> object:
    """As `listen/` does: what is known does not come by `handle`."""
    door = engine.door(view)
    known = (door.tcp if client.tcp else door.udp).get(pack_address(client.host))
    return repeat(packet, client, known, door) or engine.handle(packet, client, view)
