"""Serving UDP.

Datagrams are read in the loop's callback, and what is known or `handle` answers at once goes out at once, without a task, a
transport or a copy.  A burst of them at most, so that other sockets get their turn.

At most `MOST_IN_FLIGHT` answers are waited for at a time.  Where one more comes, the oldest is given up for it: that has
waited longest in vain, and questions that nobody ever answers must not keep others from being asked.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import sys
from collections.abc import Callable

from proxy.listen.batch import SLOT, Batch
from proxy.listen.handle import Handle, InFlight, Known, pack_address, repeat
from proxy.listen.wildcard import Way, WildcardSocket, is_wildcard
from proxy.model.plan import ClientAddress
from proxy.repeated import Record, Repeated

MOST_IN_FLIGHT = 4096

_BURST = 64
_MAX_QUERY = 4096  # octets; what is longer is cut, and so no query


class UdpListening:
    """A UDP socket that is served.

    `unsent` counts the answers that the machine did not take, `given_up` those that were waited for when too many were,
    `ignored` the queries that no answer may go to: from port 0, or to a broadcast or multicast address.
    """

    def __init__(self, sock: socket.socket, handle: Handle, known: Known) -> None:
        self.unsent = 0
        self.given_up = 0
        self.ignored = 0
        self._sock = sock
        self._handle = handle
        self._known = known
        self._in_flight = InFlight(MOST_IN_FLIGHT)
        self._answered: list[tuple[Way, bytes]] = []
        self._receive: Callable[[int], tuple[bytes, Way]] = sock.recvfrom
        self._send_to: Callable[[bytes, Way], object] = sock.sendto
        read = self._read
        if is_wildcard(sock):
            wildcard = WildcardSocket(sock)
            self._receive, self._send_to = wildcard.receive, wildcard.send
        elif sys.platform == "linux":
            self._batch = Batch(sock)
            read = self._read_batch
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), read)

    async def close(self, drain: float) -> None:
        """Read no more; send what is answered within `drain` seconds."""
        self._loop.remove_reader(self._sock.fileno())
        await self._in_flight.drain(drain)
        self._send_all()
        self._sock.close()

    def _read_batch(self) -> None:
        """Answer what waits, a batch of it at most."""
        self._answer_batch(self._batch.receive())

    def _answer_batch(self, count: int) -> None:
        """Answer the `count` datagrams that the batch holds.

        This loop is what a query costs: nothing in it that can be done before it, no call, no octet copied in vain.
        """
        batch, door = self._batch, self._known.door
        memory, names, sizes, answer_sizes = batch.memory, batch.names, batch.sizes, batch.answer_sizes
        tables, now, tell = door.udp, door.now(), door.tell
        unsent_from = 0
        repeated: list[Record] = []
        for number, start, body, address, size_at, answer_size_at in batch.slots[:count]:
            end = start + sizes[size_at]
            if known := tables.get(names[address]):
                get, find, admits = known
                packet = memory[body:end]
                if (((found := get(packet)) and now < found[1]) or (found := find(packet, now))) and (
                    admits is None or admits(now)
                ):
                    tail, _, tally, said = found
                    tally[0] += 1
                    if tell is not None:
                        repeated.append((memory[start:end], names[address], names[batch.ports[number]], said))
                    end = body + len(tail)
                    memory[body:end] = tail  # the id before it stays where it came
                    answer_sizes[answer_size_at] = end - start
                    continue
            if tell is not None and repeated:
                tell(Repeated(repeated, False, door.now() - now))
                repeated = []
            answer = self._answer(memory[start:end], batch.peer(number))
            if answer is not None and len(answer) <= SLOT:
                end = start + len(answer)
                memory[start:end] = answer
                answer_sizes[answer_size_at] = end - start
            else:  # a hole in the row of answers: those before it go now
                if answer is not None:
                    self._send(batch.peer(number), answer)
                self.unsent += batch.send(unsent_from, number)
                unsent_from = number + 1
        if tell is not None and repeated:
            tell(Repeated(repeated, False, door.now() - now))
        self.unsent += batch.send(unsent_from, count)

    def _read(self) -> None:
        """The same where each datagram takes a system call, or has to say to which address it came."""
        for _ in range(_BURST):
            try:
                packet, way = self._receive(_MAX_QUERY)
            except BlockingIOError:
                return
            except OSError:  # word of an earlier answer that did not arrive; the queue behind it is still good
                continue
            answer = (self._repeat(packet, way) if way[1] else None) or self._answer(packet, way)
            if answer is not None:
                self._send(way, answer)

    def _repeat(self, packet: bytes, way: Way) -> bytes | None:
        door = self._known.door
        return repeat(packet, ClientAddress(way[0], way[1], False), door.udp.get(pack_address(way[0])), door)

    def _answer(self, packet: bytes, way: Way) -> bytes | None:
        """The answer if there is one at once; one that takes time is sent the same `way` later."""
        if way[1] == 0:  # a source port that no answer reaches (RFC 768: no reply is expected)
            self.ignored += 1
            return None
        try:
            answer = self._handle(packet, ClientAddress(way[0], way[1], False))
        except Exception as error:  # noqa: BLE001  the other packets of its batch are answered all the same
            self._loop.call_exception_handler({"message": "a query's answer failed", "exception": error})
            return None
        if answer is None or isinstance(answer, bytes):
            return answer
        if self._in_flight.full:
            self._in_flight.give_up_oldest()
            self.given_up += 1
        self._in_flight.start(answer, functools.partial(self._send_soon, way))
        return None

    def _send_soon(self, way: Way, answer: bytes) -> None:
        """Send before the loop waits again, together with what else is answered until then: so clients are woken once."""
        if not self._answered:
            self._loop.call_soon(self._send_all)
        self._answered.append((way, answer))

    def _send_all(self) -> None:
        answered, self._answered = self._answered, []
        for way, answer in answered:
            self._send(way, answer)

    def _send(self, way: Way, answer: bytes) -> None:
        """Send, or count what the machine refuses: too long, no route, forbidden by a filter, no room.  UDP may lose it."""
        try:
            self._send_to(answer, way)
        except OSError:
            self.unsent += 1
