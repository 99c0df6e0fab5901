"""Asking a server over connections: TCP (RFC 7766), and what runs upon it.

A connection carries many questions at a time, answered in any order, and is kept for the next ones until it is idle.  One
that the server closes meanwhile says nothing against the server: what waited there is asked again on a new connection.  Only
where a new one is closed without a single reply has the server failed.
"""

from __future__ import annotations

import asyncio
import errno
from typing import cast

from proxy.model.answers import ServerAddress
from proxy.upstream.chance import Chance
from proxy.upstream.peer import Peer
from proxy.upstream.sent import Verdict, judge
from proxy.upstream.transport import Waiting

CONNECTIONS = 4

_QUESTIONS_A_CONNECTION = 100
_OUT_OF_FILES = frozenset((errno.EMFILE, errno.ENFILE))
_MAX_UNSENT = 256 * 1024  # octets that a server leaves lying before its connection takes no more


class StreamPool:
    """The connections to one server."""

    def __init__(self, peer: Peer, chance: Chance) -> None:
        self.peer = peer
        self.chance = chance
        self._open: list[Connection] = []
        self._leaving: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()

    def send(self, exchange: Waiting) -> None:
        """Send a question on a connection that has room, or on a new one."""
        for connection in self._open:
            if connection.has_room:
                break
        else:
            connection = min(self._open, key=len) if len(self._open) >= CONNECTIONS else self._add()
        connection.send(exchange)

    def sweep(self) -> None:
        """Close the connections that were not used since the last call."""
        for connection in self._open[:]:
            if connection.used:
                connection.used = False
            elif not len(connection):
                self.leave(connection)

    def close(self) -> None:
        """Close all connections."""
        for task in self._opening:
            task.cancel()
        for connection in (*self._open, *self._leaving):
            connection.abort()

    def leave(self, connection: Connection) -> None:
        """Take no more questions on a connection, and close it when no more replies are waited for."""
        if connection in self._open:
            self._open.remove(connection)
            self._leaving.add(connection)
        self.close_if_done(connection)

    def close_if_done(self, connection: Connection) -> None:
        """Close a connection that was left, if nothing is waited for on it."""
        if connection in self._leaving and not len(connection):
            connection.abort()

    def gone(self, connection: Connection) -> None:
        """It is closed."""
        if connection in self._open:
            self._open.remove(connection)
        self._leaving.discard(connection)

    def make(self) -> Connection:
        """A connection of the kind that this server is asked by."""
        return Connection(self)

    async def find_host(self, address: ServerAddress) -> str:
        """The server's IP address; OSError where it cannot be found."""
        return address.host

    async def prepare(self) -> None:
        """Get what connections need before they stand; OSError where it cannot be had."""

    def _add(self) -> Connection:
        connection = self.make()
        self._open.append(connection)
        task = asyncio.get_running_loop().create_task(self._connect(connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        return connection

    async def _connect(self, connection: Connection) -> None:
        address = self.peer.address
        try:
            host = await self.find_host(address)
            await self.prepare()
            await asyncio.get_running_loop().create_connection(lambda: connection, host, address.port)
        except ConnectionRefusedError:
            connection.broken("refused the connection")
        except OSError as error:
            if error.errno in _OUT_OF_FILES:
                connection.out_of_sockets()
            else:
                connection.broken(f"cannot be reached: {error.strerror or error}")


class Connection(asyncio.Protocol):
    """One connection, from the wish to have it on; with the questions that wait for it to stand, or for replies."""

    def __init__(self, pool: StreamPool) -> None:
        self.used = True
        self.ready = False
        self.transport: asyncio.Transport | None = None
        self._pool = pool
        self._pending: dict[bytes, Waiting] = {}
        self._replies = 0
        self._heard: dict[bytes, int] = {}  # by question: how many replies had come when it was sent
        self._buffer = bytearray()

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def has_room(self) -> bool:
        """Whether another question may be asked on it."""
        return len(self._pending) < _QUESTIONS_A_CONNECTION and (
            self.transport is None or self.transport.get_write_buffer_size() < _MAX_UNSENT
        )

    @property
    def closing(self) -> bool:
        """Whether it is as good as closed."""
        return self.transport is None or self.transport.is_closing()

    # What exchanges and the pool call.

    def send(self, exchange: Waiting) -> None:
        """Ask, now or when the connection stands."""
        self.used = True
        exchange.channel = self
        exchange.key = key = self._new_key()
        self._pending[key] = exchange
        self._heard[key] = self._replies
        if self.ready:
            self.put_out(exchange)

    def send_again(self, exchange: Waiting) -> None:
        """TCP sends again by itself."""

    def forget(self, exchange: Waiting, *, timed_out: bool) -> None:
        """Where nothing at all has come since the question was sent, the connection is as good as dead."""
        self._pending.pop(exchange.key, None)
        if timed_out and self._heard.get(exchange.key) == self._replies:
            self._pool.leave(self)
        self._heard.pop(exchange.key, None)
        self._pool.close_if_done(self)

    def abort(self) -> None:
        """Close at once."""
        if self.transport is not None:
            self.transport.abort()
        else:
            self._pool.gone(self)

    def broken(self, what: str) -> None:
        """The server gives nothing on it."""
        self._pool.gone(self)
        for exchange in self._take_pending():
            exchange.failed(what)
        if self.transport is not None:
            self.transport.abort()

    def out_of_sockets(self) -> None:
        """The machine has none left."""
        self._pool.gone(self)
        for exchange in self._take_pending():
            exchange.out_of_sockets()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.begin()

    def data_received(self, data: bytes) -> None:
        self.take(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._pool.gone(self)
        anew = self._replies > 0
        for exchange in self._take_pending():
            if anew:
                exchange.send_anew()
            else:
                exchange.failed("closed the connection before its reply was whole")

    # What another kind of connection does otherwise.

    def begin(self) -> None:
        """The connection stands."""
        self.get_ready()

    def get_ready(self) -> None:
        """Questions can be sent; those that wait are."""
        self.ready = True
        for exchange in list(self._pending.values()):
            self.put_out(exchange)

    def put_out(self, exchange: Waiting) -> None:
        """Send one question, its length before it (RFC 1035 section 4.2.2)."""
        self.write((len(exchange.packet) + 2).to_bytes(2, "big") + exchange.key + exchange.packet)

    def write(self, octets: bytes) -> None:
        """Send octets."""
        if self.transport is not None:
            self.transport.write(octets)

    def take(self, octets: bytes) -> None:
        """Octets came: maybe whole messages."""
        buffer = self._buffer
        buffer += octets
        while len(buffer) >= 2 and len(buffer) >= (end := 2 + int.from_bytes(buffer[:2], "big")):
            message = bytes(buffer[2:end])
            del buffer[:end]
            self.take_message(message[:2], message)
        self._pool.close_if_done(self)

    def take_message(self, key: bytes, message: bytes) -> None:
        """A whole message, the reply to the question of `key` if it is one."""
        exchange = self._pending.get(key)
        reply = Verdict.NO_REPLY if exchange is None else judge(message, exchange.question, exchange.name)
        if exchange is None or reply is Verdict.NO_REPLY:
            self._pool.peer.ignored += 1
            return
        self._replies += 1
        del self._pending[key]
        del self._heard[key]
        exchange.replied(reply)

    def fail_one(self, key: bytes, what: str) -> None:
        """The server gives nothing to one question."""
        exchange = self._pending.pop(key, None)
        self._heard.pop(key, None)
        if exchange is not None:
            exchange.failed(what)

    def _new_key(self) -> bytes:
        key = self._pool.chance.octets(2)
        while key in self._pending:
            key = self._pool.chance.octets(2)
        return key

    def _take_pending(self) -> list[Waiting]:
        pending = list(self._pending.values())
        self._pending.clear()
        self._heard.clear()
        return pending
