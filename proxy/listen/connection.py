"""One TCP connection: many queries, whose answers go out as they are ready (RFC 7766 section 6.2.1).

What waits is bounded, and where a bound is reached, reading stops: so many queries under way, so many octets of answers
that the client has not taken.  What a single read brought is worked off in bursts, so that other sockets get their turn.

The idle time runs from the last thing that moved: a first octet of a message, a whole message, an answer.  A client that
drips a message octet by octet, or does not take its answers, is therefore gone after it; one whose queries are under way is
waited for.  A message too short for a DNS header ends the connection, as what follows it can hardly be framed rightly.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

from proxy.listen.handle import Handle, InFlight, Known, pack_address, repeat
from proxy.model.plan import ClientAddress

MOST_IN_FLIGHT = 64

_BURST = 64
_SHORTEST = 12  # octets of a DNS header
_UNTAKEN_OCTETS = 128 * 1024


class Keeper(Protocol):
    """Who keeps connections: is told when one stands, and before it is closed for idleness."""

    def opened(self, connection: Connection, /) -> None: ...

    def timed_out(self) -> None: ...


class Connection(asyncio.Protocol):
    """A connection of `client`, which last moved at the loop's time `moved`; `lost` is done when it is gone."""

    def __init__(
        self,
        handle: Handle,
        known: Known,
        client: ClientAddress,
        idle: float,
        keeper: Keeper,
    ) -> None:
        self._handle = handle
        self._known = known
        self.client = client
        self._packed = pack_address(client.host)
        self._idle = idle
        self._keeper = keeper
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[None] = self._loop.create_future()
        self._in_flight = InFlight(MOST_IN_FLIGHT, self._answered)
        self._buffer = bytearray()
        self.moved = self._loop.time()
        self._untaken = False  # the client leaves more answers lying than the bound allows
        self._ended = False  # nothing more is read
        self._scheduled = False

    @property
    def is_waited_for(self) -> bool:
        """Whether an answer is under way that the client would take."""
        return len(self._in_flight) > 0 and not self._untaken

    def finish(self) -> None:
        """Read no more, answer what was read, close."""
        self._transport.pause_reading()
        self._ended = True
        self._arrange()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_UNTAKEN_OCTETS)
        self._timer = self._loop.call_later(self._idle, self._check)
        self._keeper.opened(self)

    def data_received(self, data: bytes) -> None:
        if not self._buffer:
            self.moved = self._loop.time()
        self._buffer += data
        self._work()

    def eof_received(self) -> bool:
        """The client has asked all that it will; it still gets its answers."""
        self._ended = True
        self._arrange()
        return True

    def pause_writing(self) -> None:
        self._untaken = True

    def resume_writing(self) -> None:
        self._untaken = False
        self.moved = self._loop.time()
        self._arrange()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._buffer.clear()
        self._in_flight.cancel()
        self.lost.set_result(None)

    @property
    def _blocked(self) -> bool:
        return self._untaken or self._in_flight.full or self._transport.is_closing()

    def _work(self) -> None:
        """Answer the messages that are there, a burst of them at most, with one write."""
        self._scheduled = False
        answers = bytearray()
        door = self._known.door
        known = door.tcp.get(self._packed)
        for _ in range(_BURST):
            if self._blocked or len(answers) > _UNTAKEN_OCTETS or (message := self._take()) is None:
                break
            answer = repeat(message, self.client, known, door) or self._handle(message, self.client)
            if isinstance(answer, bytes):
                answers += len(answer).to_bytes(2, "big") + answer
            elif answer is not None:
                self._in_flight.start(answer, self._deliver)
        if answers:
            self._transport.write(answers)
        self._arrange()

    def _arrange(self) -> None:
        """Work on, read on, wait or close, by what there is to do."""
        more = self._holds_message()
        if more and not self._blocked and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._work)
        if self._ended:
            if not more and not self._in_flight:
                self._transport.close()
        elif more or self._blocked:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _take(self) -> bytes | None:
        """The next whole message; None where there is none yet, or none any more."""
        if not self._holds_message():
            return None
        end = 2 + int.from_bytes(self._buffer[:2], "big")
        if end < 2 + _SHORTEST:
            self._transport.pause_reading()
            self._buffer.clear()
            self._ended = True
            return None
        message = bytes(self._buffer[2:end])
        del self._buffer[:end]
        self.moved = self._loop.time()
        return message

    def _holds_message(self) -> bool:
        return len(self._buffer) >= 2 and len(self._buffer) >= 2 + int.from_bytes(self._buffer[:2], "big")

    def _deliver(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(len(answer).to_bytes(2, "big") + answer)

    def _answered(self) -> None:
        if not self._untaken:
            self.moved = self._loop.time()
        self._arrange()

    def _check(self) -> None:
        """Close, if nothing has moved for the idle time and no answer is waited for; else look again when that may be so."""
        now = self._loop.time()
        waited_for = self.is_waited_for
        if now - self.moved >= self._idle and not waited_for:
            self._keeper.timed_out()
            self.abort()
        else:
            self._timer = self._loop.call_at(now + self._idle if waited_for else self.moved + self._idle, self._check)
