"""Asking a server by UDP: a pool of sockets, each with a port of the machine's random choice.

Every socket is connected, so the kernel drops what comes from any other address or port.  A query takes one of them by
chance, with a random id.  A socket is given up after some hundred queries or when it is idle, and with it its port; at a low
rate each query has a port of its own.  So a forger has to hit the one port and the one id (RFC 5452 section 9.2), and a query
costs no system call but the two for its packets.
"""

from __future__ import annotations

import asyncio
import errno
import socket

from proxy.model.answers import ServerAddress
from proxy.upstream.chance import Chance
from proxy.upstream.peer import Peer
from proxy.upstream.sent import Verdict, judge
from proxy.upstream.transport import Waiting

SOCKETS = 32

_LARGEST = 4096  # octets of a reply; it was told that 1,232 are taken
_QUERIES_A_SOCKET = 256
_OUT_OF_FILES = frozenset((errno.EMFILE, errno.ENFILE))
_KEYS = 0x10000


class NoSocketError(OSError):
    """The machine has no socket left."""


def open_socket(server: ServerAddress, kind: socket.SocketKind) -> socket.socket:
    """A socket towards a server, not blocking; NoSocketError or OSError."""
    try:
        sock = socket.socket(socket.AF_INET6 if ":" in server.host else socket.AF_INET, kind)
    except OSError as error:
        if error.errno in _OUT_OF_FILES:
            raise NoSocketError(error.errno, error.strerror) from None
        raise
    sock.setblocking(False)
    return sock


class UdpPool:
    """The sockets towards one server."""

    def __init__(self, peer: Peer, chance: Chance) -> None:
        self.peer = peer
        self.chance = chance
        self._open: list[UdpSocket] = []
        self._leaving: set[UdpSocket] = set()
        self.waiting: list[tuple[UdpSocket, bytes]] = []

    def flush(self) -> None:
        """Send what waits for the end of the loop's turn."""
        waiting, self.waiting = self.waiting, []
        for channel, packet in waiting:
            channel.put_out_now(packet)

    def send(self, exchange: Waiting) -> None:
        """Send a query, or tell the exchange why not."""
        try:
            channel = self._choose()
        except NoSocketError:
            exchange.out_of_sockets()
        except OSError as error:
            exchange.failed(f"cannot be reached: {error.strerror or error}")
        else:
            channel.send(exchange)

    def sweep(self) -> None:
        """Close the sockets that were not used since the last call."""
        for channel in self._open[:]:
            if channel.used:
                channel.used = False
            elif not channel.pending:
                self._open.remove(channel)
                channel.close()

    def close(self) -> None:
        """Close all sockets."""
        for channel in (*self._open, *self._leaving):
            channel.close()
        self._open.clear()
        self._leaving.clear()

    def _choose(self) -> UdpSocket:
        if len(self._open) < SOCKETS:
            try:
                channel = UdpSocket(self, _QUERIES_A_SOCKET + self.chance.octets(1)[0])
            except OSError as error:
                if not self._open or not isinstance(error, NoSocketError):
                    raise
            else:
                self._open.append(channel)
                return channel
        channel = self._open[self.chance.octets(1)[0] % len(self._open)]
        channel.left -= 1
        if channel.left <= 0:
            self._open.remove(channel)
            self._leaving.add(channel)
        return channel

    def close_if_done(self, channel: UdpSocket) -> None:
        """Close a socket that takes no more queries and waits for no more replies."""
        if not channel.pending and channel in self._leaving:
            self._leaving.discard(channel)
            channel.close()

    def fail(self, channel: UdpSocket, what: str) -> None:
        """All that wait on a socket have failed, the server being what it is."""
        waiting = list(channel.pending.values())
        channel.pending.clear()
        for exchange in waiting:
            exchange.failed(what)


class UdpSocket:
    """One socket, with the queries that are under way on it by their ids."""

    __slots__ = ("_loop", "_pool", "_receive", "_send", "_sock", "left", "pending", "used")

    def __init__(self, pool: UdpPool, left: int) -> None:
        self.pending: dict[bytes, Waiting] = {}
        self.left = left
        self.used = True
        self._pool = pool
        self._sock = open_socket(pool.peer.address, socket.SOCK_DGRAM)
        try:
            self._sock.connect((pool.peer.address.host, pool.peer.address.port))
        except OSError:
            self._sock.close()
            raise
        self._send = self._sock.send
        self._receive = self._sock.recv
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sock.fileno(), self._read)

    def send(self, exchange: Waiting) -> None:
        """Give a query its id and send it."""
        pending = self.pending
        if len(pending) >= _KEYS // 2:
            exchange.failed("has too many questions under way", blame=False)
            return
        octets = self._pool.chance.octets
        key = octets(2)
        while key in pending:
            key = octets(2)
        exchange.key = key
        pending[key] = exchange
        exchange.channel = self
        self.used = True
        self._put_out(key + exchange.packet)

    def send_again(self, exchange: Waiting) -> None:
        """The same packet from the same port, so that a late reply to the first counts as well."""
        self._put_out(exchange.key + exchange.packet)

    def forget(self, exchange: Waiting, *, timed_out: bool) -> None:
        """Wait for its reply no longer."""
        self.pending.pop(exchange.key, None)
        if self.left <= 0:
            self._pool.close_if_done(self)

    def close(self) -> None:
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()

    def _put_out(self, packet: bytes) -> None:
        """Send before the loop waits again, together with whatever else is put out until then.

        Packets that leave in a row wake the other side once, packets between which a query is worked on wake it each: that is
        most of what sending costs (8 of 15 µs a forwarded query).
        """
        waiting = self._pool.waiting
        if not waiting:
            self._loop.call_soon(self._pool.flush)
        waiting.append((self, packet))

    def put_out_now(self, packet: bytes) -> None:
        """Send, or tell all who wait that this cannot be."""
        try:
            self._send(packet)
        except BlockingIOError:
            return  # a full send buffer is as good as a packet that got lost: it goes again later
        except OSError as error:
            self._fail(error)

    def _read(self) -> None:
        """One packet; where more wait, the loop calls again."""
        try:
            packet = self._receive(_LARGEST)
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(error)
            return
        exchange = self.pending.get(packet[:2])
        if exchange is None:
            self._pool.peer.ignored += 1
            return
        reply = judge(packet, exchange.question, exchange.name)
        if reply is Verdict.NO_REPLY:
            self._pool.peer.ignored += 1
            return
        del self.pending[exchange.key]
        exchange.replied(reply)
        if self.left <= 0:
            self._pool.close_if_done(self)

    def _fail(self, error: OSError) -> None:
        refused = isinstance(error, ConnectionRefusedError)
        self._pool.fail(self, "refused the connection" if refused else f"cannot be reached: {error.strerror or error}")
        self._pool.close_if_done(self)
