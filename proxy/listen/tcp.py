"""Serving TCP: the connections of one listening socket, and which of them goes where there are too many."""

from __future__ import annotations

import asyncio
import socket
from typing import Self

from proxy.listen.connection import Connection
from proxy.listen.handle import Handle, Known
from proxy.listen.sockets import BACKLOG
from proxy.model.plan import TcpLimits

# How many connections are accepted in a row.  Where the machine has no file left for one, the loop says so as often.
_ACCEPTED_IN_A_ROW = 8


class TcpListening:
    """A TCP socket that is served.

    Where `limits.connections` are open and one more comes, the one goes whose client has done nothing for longest.
    `evicted` counts these, `timed_out` those that were closed for idleness.
    """

    _server: asyncio.Server

    def __init__(self, handle: Handle, known: Known, limits: TcpLimits) -> None:
        self.limits = limits
        self.evicted = 0
        self.timed_out = 0
        self._handle = handle
        self._known = known
        self._open: set[Connection] = set()
        self._closing = False

    @classmethod
    async def start(cls, sock: socket.socket, handle: Handle, known: Known, limits: TcpLimits) -> Self:
        """Accept connections on `sock`, which listens."""
        listening = cls(handle, known, limits)
        loop = asyncio.get_running_loop()
        listening._server = await loop.create_server(listening._connection, sock=sock, backlog=_ACCEPTED_IN_A_ROW)
        sock.listen(BACKLOG)  # create_server takes one number for both; more may wait than are accepted in a row
        return listening

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open)

    async def close(self, drain: float) -> None:
        """Accept and read no more; send what is answered within `drain` seconds."""
        self._closing = True
        self._server.close()
        for connection in tuple(self._open):
            connection.finish()
        if self._open:
            await asyncio.wait([connection.lost for connection in self._open], timeout=drain)
        left = tuple(self._open)
        for connection in left:
            connection.abort()
        await asyncio.gather(*(connection.lost for connection in left))

    def _connection(self) -> Connection:
        return Connection(self._handle, self._known, self.limits.idle, self._opened, self._count_time_out)

    def _opened(self, connection: Connection) -> None:
        if self._closing:  # it was accepted in the same turn of the loop
            connection.abort()
            return
        while self._open and len(self._open) >= self.limits.connections:
            least = min(self._open, key=lambda each: each.worth)
            self._open.discard(least)
            least.abort()
            self.evicted += 1
        self._open.add(connection)
        connection.lost.add_done_callback(lambda _: self._open.discard(connection))

    def _count_time_out(self) -> None:
        self.timed_out += 1
