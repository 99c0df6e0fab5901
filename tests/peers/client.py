"""Asking a server many questions at a time, each over UDP, and over TCP where the answer says so."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import NamedTuple, cast

import dns.flags

from tests.peers.questions import Asked
from tests.peers.servers import HOST

AT_A_TIME = 50
WAITS = (4.0, 12.0)  # seconds: a datagram may be lost


class Came(NamedTuple):
    """What came of a question, over UDP, and over TCP if that was truncated, None for silence; and between which two moments."""

    udp: bytes | None
    tcp: bytes | None
    since: float
    until: float


async def ask_all(port: int, asked: Sequence[Asked]) -> list[Came]:
    """What comes of each question, in their order.  The number of a question is its id."""
    places = asyncio.Semaphore(AT_A_TIME)
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(_Client, remote_addr=(HOST, port))

    async def ask(number: int) -> Came:
        packet = asked[number].message(number).to_wire()
        async with places:
            since = time.monotonic()
            udp = await protocol.ask(packet)
            truncated = udp is not None and int.from_bytes(udp[2:4], "big") & dns.flags.TC
            tcp = await _ask_tcp(port, packet) if truncated else None
            return Came(udp, tcp, since, time.monotonic())

    try:
        return await asyncio.gather(*map(ask, range(len(asked))))
    finally:
        transport.close()


class _Client(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.waiting: dict[bytes, asyncio.Future[bytes]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        waiting = self.waiting.pop(data[:2], None)
        if waiting is not None and not waiting.done():
            waiting.set_result(data)

    async def ask(self, packet: bytes) -> bytes | None:
        for seconds in WAITS:
            future = self.waiting[packet[:2]] = asyncio.get_running_loop().create_future()
            self.transport.sendto(packet)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    packet_back: bytes = await future
                    return packet_back
        return None


async def _ask_tcp(port: int, packet: bytes) -> bytes | None:
    try:
        async with asyncio.timeout(sum(WAITS)):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(len(packet).to_bytes(2, "big") + packet)
                return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
            finally:
                writer.close()
    except (TimeoutError, OSError, asyncio.IncompleteReadError):
        return None
