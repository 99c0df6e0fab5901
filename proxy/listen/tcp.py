"""Serving TCP: the connections of one listening socket, and which of them goes where there are too many.

There are too many where `limits.connections` are open, or where the machine has no file left for one more.  Then somebody goes
who has more than a fair share: of 256 connections and two clients, more than 128.  Among these, and where nobody has, it is
whoever waits for nothing, and has moved least of late.  So clients that open many connections and drip on them, or ask what
nobody answers, take them from each other: whoever comes anew is served.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from typing import Self

from proxy.listen.connection import Connection
from proxy.listen.handle import Handle, Known
from proxy.model.plan import ClientAddress, TcpLimits
from proxy.seldom import Seldom

_ACCEPTED_IN_A_ROW = 8
_SOON = 0.01  # seconds until a file is free again that was just given back
_LATER = 1.0  # where there was none to give back

_log = logging.getLogger(__name__)


class TcpListening:
    """A TCP socket that is served.

    `evicted` counts the connections that went for others, `idle` those that were closed for idleness.
    """

    def __init__(self, sock: socket.socket, handle: Handle, known: Known, limits: TcpLimits) -> None:
        self.limits = limits
        self.evicted = 0
        self.idle = 0
        self._sock = sock
        self._handle = handle
        self._known = known
        self._open: set[Connection] = set()
        self._held: Counter[str] = Counter()
        self._closing = False
        self._seldom = Seldom()
        self._beginning: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    @classmethod
    def start(cls, sock: socket.socket, handle: Handle, known: Known, limits: TcpLimits) -> Self:
        """Accept connections on `sock`, which listens."""
        sock.setblocking(False)
        listening = cls(sock, handle, known, limits)
        listening._go_on()
        return listening

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open)

    async def close(self, drain: float) -> None:
        """Accept and read no more; send what is answered within `drain` seconds."""
        self._closing = True
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()
        for connection in tuple(self._open):
            connection.finish()
        if self._open:
            await asyncio.wait([connection.lost for connection in self._open], timeout=drain)
        left = tuple(self._open)
        for connection in left:
            connection.abort()
        await asyncio.gather(*self._beginning, *(connection.lost for connection in left))

    def _go_on(self) -> None:
        self._pause = None
        self._loop.add_reader(self._sock.fileno(), self._accept)

    def _accept(self) -> None:
        """A few connections, so that other sockets get their turn."""
        for _ in range(_ACCEPTED_IN_A_ROW):
            try:
                sock, address = self._sock.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:  # no file left, or no memory; the connection waits on, and the loop would call at once
                self._hold_off(error)
                return
            sock.setblocking(False)
            beginning = self._loop.create_task(self._begin(sock, ClientAddress(address[0], address[1], tcp=True)))
            self._beginning.add(beginning)
            beginning.add_done_callback(self._beginning.discard)

    def _hold_off(self, error: OSError) -> None:
        """Accept no more for a moment, and give a file back if one is to spare."""
        if times := self._seldom.times("accept"):
            what = error.strerror or error
            _log.error("cannot accept a TCP connection: %s (%d times); raise the limit of open files", what, times)
        idle = self._first_to_go()
        given_back = idle is not None and not idle.is_waited_for
        if idle is not None and given_back:
            self._evict(idle)
        self._loop.remove_reader(self._sock.fileno())
        self._pause = self._loop.call_later(_SOON if given_back else _LATER, self._go_on)

    async def _begin(self, sock: socket.socket, client: ClientAddress) -> None:
        connection = Connection(self._handle, self._known, client, self.limits.idle, self)
        try:
            await self._loop.connect_accepted_socket(lambda: connection, sock)
        except OSError:  # it is gone already
            sock.close()

    def opened(self, connection: Connection) -> None:
        """It stands, and may be one too many."""
        if self._closing:  # it was accepted in the same turn of the loop
            connection.abort()
            return
        while len(self._open) >= self.limits.connections and (first := self._first_to_go()) is not None:
            self._evict(first)
        self._open.add(connection)
        self._held[connection.client.host] += 1
        connection.lost.add_done_callback(lambda _: self._forget(connection))

    def timed_out(self) -> None:
        """One is closed for idleness."""
        self.idle += 1

    def _first_to_go(self) -> Connection | None:
        share = self.limits.connections // max(len(self._held), 1)
        held = self._held
        return min(
            self._open,
            key=lambda each: (held[each.client.host] <= share, each.is_waited_for, each.moved),
            default=None,
        )

    def _evict(self, connection: Connection) -> None:
        self._forget(connection)
        connection.abort()
        self.evicted += 1

    def _forget(self, connection: Connection) -> None:
        if connection in self._open:
            self._open.discard(connection)
            self._held[connection.client.host] -= 1
            if not self._held[connection.client.host]:
                del self._held[connection.client.host]
