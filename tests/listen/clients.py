"""A listener on loopback and clients that ask it.  Packets here are no DNS: what listens must not care."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from proxy.listen import Handle, Listening, start_listening
from proxy.model.plan import ClientAddress, Listener, TcpLimits

LIMITS = TcpLimits(connections=10, idle=5.0)


def shout(packet: bytes, _client: ClientAddress) -> bytes:
    """Answers in upper case."""
    return packet.upper()


def message(number: int = 0) -> bytes:
    """A packet as long as a DNS header."""
    return f"message {number:04}".encode()


@contextlib.asynccontextmanager
async def listening(handle: Handle = shout, host: str = "127.0.0.1", limits: TcpLimits = LIMITS) -> AsyncIterator[Listening]:
    started = await start_listening(Listener(host, 0, None), handle, limits)
    try:
        yield started
    finally:
        await started.close(0)


class UdpClient:
    """Asks from one UDP socket."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._sock = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setblocking(False)
        self._sock.connect(server)

    @property
    def address(self) -> ClientAddress:
        host, port = self._sock.getsockname()[:2]
        return ClientAddress(host, port, tcp=False)

    def send(self, packet: bytes) -> None:
        self._sock.send(packet)

    async def receive(self, seconds: float = 2.0) -> bytes:
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self._sock, 65535), seconds)

    async def ask(self, packet: bytes) -> bytes:
        self.send(packet)
        return await self.receive()

    def __enter__(self) -> UdpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()


def framed(*messages: bytes) -> bytes:
    return b"".join(len(each).to_bytes(2, "big") + each for each in messages)


class TcpClient:
    """Asks over one TCP connection."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server

    async def __aenter__(self) -> TcpClient:
        self.reader, self.writer = await asyncio.open_connection(*self._server)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    def send(self, *messages: bytes) -> None:
        self.writer.write(framed(*messages))

    async def receive(self, seconds: float = 2.0) -> bytes:
        async with asyncio.timeout(seconds):
            length = await self.reader.readexactly(2)
            return await self.reader.readexactly(int.from_bytes(length, "big"))

    async def ask(self, packet: bytes) -> bytes:
        self.send(packet)
        return await self.receive()

    async def is_closed(self, seconds: float = 2.0) -> bool:
        """Whether the server closes within `seconds`, without another word."""
        try:
            return await asyncio.wait_for(self.reader.read(1), seconds) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False
