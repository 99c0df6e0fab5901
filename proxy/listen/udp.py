"""Serving UDP.

The fast path of the whole program: datagrams are read in the loop's callback until none is left, and what `handle` answers
at once goes out at once, without a task, a transport or a copy.  At most `_BURST` in a row, so that other sockets get
their turn.

At most `MOST_IN_FLIGHT` answers are waited for at a time.  A query that would need one more is dropped: those that came
before have waited longer, and a client asks again.
"""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import Callable

from proxy.listen.handle import Handle, InFlight
from proxy.listen.wildcard import Way, WildcardSocket, is_wildcard
from proxy.model.plan import ClientAddress

MOST_IN_FLIGHT = 4096

_BURST = 64
_MAX_QUERY = 4096  # octets; what is longer is cut, and so no query


class UdpListening:
    """A UDP socket that is served.

    `unsent` counts the answers that the machine did not take, `dropped` the queries that came while too many were under way.
    """

    def __init__(self, sock: socket.socket, handle: Handle) -> None:
        self.unsent = 0
        self.dropped = 0
        self._sock = sock
        self._handle = handle
        self._in_flight = InFlight(MOST_IN_FLIGHT)
        self._receive: Callable[[int], tuple[bytes, Way]] = sock.recvfrom
        self._send_to: Callable[[bytes, Way], object] = sock.sendto
        if is_wildcard(sock):
            wildcard = WildcardSocket(sock)
            self._receive, self._send_to = wildcard.receive, wildcard.send
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._read)

    async def close(self, drain: float) -> None:
        """Read no more; send what is answered within `drain` seconds."""
        self._loop.remove_reader(self._sock.fileno())
        await self._in_flight.drain(drain)
        self._sock.close()

    def _read(self) -> None:
        receive, handle = self._receive, self._handle
        for _ in range(_BURST):
            try:
                packet, way = receive(_MAX_QUERY)
            except BlockingIOError:
                return
            except OSError:  # word of an earlier answer that did not arrive; the queue behind it is still good
                continue
            if way[1] == 0:  # a source port that no answer reaches (RFC 768: no reply is expected)
                continue
            answer = handle(packet, ClientAddress(way[0], way[1], False))
            if isinstance(answer, bytes):
                self._send(way, answer)
            elif answer is not None:
                if self._in_flight.full:
                    asyncio.ensure_future(answer).cancel()
                    self.dropped += 1
                else:
                    self._in_flight.start(answer, functools.partial(self._send, way))

    def _send(self, way: Way, answer: bytes) -> None:
        """Send, or count what the machine refuses: too long, no route, forbidden by a filter, no room.  UDP may lose it."""
        try:
            self._send_to(answer, way)
        except OSError:
            self.unsent += 1
