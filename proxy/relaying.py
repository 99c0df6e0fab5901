"""relaying: passing queries on to one server as they are, and its answers back.

Owns sockets that are served so.  Must never look into a packet.

A worked example::

    async with relaying(ServerAddress(Protocol.UDP, "10.0.0.2", 1053), [(udp, tcp)]):
        ...     # what comes in there is answered by that server
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from proxy.listen import start_listening
from proxy.model.answers import ServerAddress
from proxy.model.plan import ClientAddress, Listener, TcpLimits

PATIENCE = 30.0  # seconds: longer than any client waits, which asks again before

_LIMITS = TcpLimits(connections=256, idle=60.0)
_MAX_DATAGRAM = 65535


@asynccontextmanager
async def relaying(server: ServerAddress, bound: Iterable[tuple[socket.socket, socket.socket]]) -> AsyncIterator[None]:
    """Pass on what comes in by each pair of a UDP and a TCP socket, by the protocol that it came by."""

    async def handle(packet: bytes, client: ClientAddress) -> bytes | None:
        try:
            async with asyncio.timeout(PATIENCE):
                return await (_ask_tcp if client.tcp else _ask_udp)(server, packet)
        except (OSError, asyncio.IncompleteReadError):  # a time-out is one of these: the client notices as with the server
            return None

    listening = []
    try:
        for pair in bound:
            host, port = pair[0].getsockname()[:2]
            listening.append(await start_listening(Listener(host, port, None), handle, _LIMITS, bound=pair))
        yield
    finally:
        await asyncio.gather(*(each.close(0) for each in listening))


async def _ask_udp(server: ServerAddress, packet: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET6 if ":" in server.host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect((server.host, server.port))
        await loop.sock_sendall(sock, packet)
        while (answer := await loop.sock_recv(sock, _MAX_DATAGRAM))[:2] != packet[:2]:
            continue
        return answer


async def _ask_tcp(server: ServerAddress, packet: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        writer.write(len(packet).to_bytes(2, "big") + packet)
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    finally:
        writer.close()
