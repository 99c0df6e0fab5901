"""Asking one server: over UDP, over TCP where the reply was truncated, without EDNS where the server knows none.

Every query over UDP has a socket of its own.  It is connected, so the kernel drops what comes from any other address, and
its port is the kernel's random choice; with the random id, that is what RFC 5452 asks for.  What comes from the right
address and does not fit the query is passed over, as a forger's guesses would be, and the right reply is waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable

from proxy.dns.codes import RCODE_BADVERS, RCODE_FORMERR, RCODE_NOTIMP
from proxy.dns.reply import ReplyMessage
from proxy.model.answers import Ask, Protocol, Reply, ServerAddress, UpstreamError
from proxy.upstream.sent import Sent

_UDP_SIZE = 1232  # what passes any IPv6 path whole
_MAX_DATAGRAM = 65535

# When a query over UDP is sent again, in parts of the time that its server has: each wait is twice the one before.
_SENT_AGAIN = (1 / 7, 3 / 7)

_WITHOUT_EDNS = frozenset({RCODE_FORMERR, RCODE_NOTIMP, RCODE_BADVERS})
_OUT_OF_FILES = frozenset({errno.EMFILE, errno.ENFILE})


class ServerFailure(Exception):
    """One server gave no usable reply; the text goes behind its name: "refused the connection"."""


class Asker:
    """Asks one server at a time.  `ignored` counts the packets that were no reply to their query."""

    def __init__(self, new_id: Callable[[], int]) -> None:
        self._new_id = new_id
        self.ignored = 0

    async def ask(self, server: ServerAddress, ask: Ask, until: float) -> Reply:
        """The server's reply, before the loop's time `until`; ServerFailure where there is none.

        A server that does not understand EDNS is asked again without (RFC 6891 section 6.2.2).
        """
        loop = asyncio.get_running_loop()
        since = loop.time()
        try:
            async with asyncio.timeout_at(until):
                reply = await self._ask_once(server, self._query(ask, _UDP_SIZE), until)
                if reply.rcode in _WITHOUT_EDNS:
                    reply = await self._ask_once(server, self._query(ask, None), until)
                return reply
        except TimeoutError:
            raise ServerFailure(f"gave no reply within {loop.time() - since:.2g} s") from None
        except ConnectionRefusedError:
            raise ServerFailure("refused the connection") from None
        except OSError as error:
            raise ServerFailure(f"cannot be reached: {error.strerror or error}") from None

    def _query(self, ask: Ask, udp_size: int | None) -> Sent:
        return Sent(self._new_id(), ask.name, ask.type, udp_size)

    async def _ask_once(self, server: ServerAddress, query: Sent, until: float) -> Reply:
        if server.protocol is Protocol.UDP:
            message = await self._ask_udp(server, query, until)
            if not message.truncated:
                return message.sections
        message = await self._ask_tcp(server, query)
        if message.truncated:
            raise ServerFailure("gave a truncated reply over TCP")
        return message.sections

    async def _ask_udp(self, server: ServerAddress, query: Sent, until: float) -> ReplyMessage:
        loop = asyncio.get_running_loop()
        since = loop.time()
        with _open_socket(server, socket.SOCK_DGRAM) as sock:
            sock.connect((server.host, server.port))
            for part in _SENT_AGAIN:
                _send(sock, query.packet())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(since + (until - since) * part):
                        return await self._next_match(query, lambda: loop.sock_recv(sock, _MAX_DATAGRAM))
            _send(sock, query.packet())
            return await self._next_match(query, lambda: loop.sock_recv(sock, _MAX_DATAGRAM))

    async def _ask_tcp(self, server: ServerAddress, query: Sent) -> ReplyMessage:
        loop = asyncio.get_running_loop()
        packet = query.packet()
        with _open_socket(server, socket.SOCK_STREAM) as sock:
            await loop.sock_connect(sock, (server.host, server.port))
            await loop.sock_sendall(sock, len(packet).to_bytes(2, "big") + packet)
            return await self._next_match(query, lambda: _receive_message(sock))

    async def _next_match(self, query: Sent, receive: Callable[[], Awaitable[bytes]]) -> ReplyMessage:
        while (message := query.match(await receive())) is None:
            self.ignored += 1
            await asyncio.sleep(0)  # receiving what is there already does not yield, and a flood would hold up everybody
        return message


def _open_socket(server: ServerAddress, kind: socket.SocketKind) -> socket.socket:
    try:
        sock = socket.socket(socket.AF_INET6 if ":" in server.host else socket.AF_INET, kind)
    except OSError as error:
        if error.errno in _OUT_OF_FILES:  # not the server's fault, and no other server would do better
            raise UpstreamError(
                f"no socket left to ask {server} with: {error.strerror}; raise the limit of open files"
            ) from None
        raise
    sock.setblocking(False)
    return sock


def _send(sock: socket.socket, packet: bytes) -> None:
    """A send buffer that is full is as good as a packet that got lost: it goes again later."""
    try:
        sock.send(packet)
    except BlockingIOError:
        return


async def _receive_message(sock: socket.socket) -> bytes:
    """The next message on a TCP connection, which its length goes before (RFC 1035 section 4.2.2)."""
    length = await _receive_exactly(sock, 2)
    return await _receive_exactly(sock, int.from_bytes(length, "big"))


async def _receive_exactly(sock: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = b""
    while len(data) < size:
        chunk = await loop.sock_recv(sock, size - len(data))
        if not chunk:
            raise ServerFailure("closed the connection before its reply was whole")
        data += chunk
    return data
