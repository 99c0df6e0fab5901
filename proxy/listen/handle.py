"""What answers a packet, and the answers that are waited for."""

from __future__ import annotations

import asyncio
import functools
import socket
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, cast

from proxy.model.plan import ClientAddress
from proxy.repeated import Repeated


class Later(Protocol):
    """An answer that takes time: begun by `start`, which calls `done` with it or with None for silence, once.

    One that was begun is answered at once by `give_up`, with what there is to say where too many are waited for.
    """

    def start(self, done: Callable[[bytes | None], None], /) -> None: ...

    def give_up(self) -> None: ...

    def cancel(self) -> None: ...


Handle = Callable[[bytes, ClientAddress], Awaitable[bytes | None] | Later | bytes | None]
"""An answer, None for silence, or one that takes time.  If it raises, the event loop's handler is told."""

Found = tuple[bytes, float, list[int], Any]
"""An answer's octets behind its id, until when they are right, the tally (of one) to count it in, and what it says."""

Get = Callable[[bytes], Found | None]
"""From a packet's octets behind its id, which is the first two, to an answer that may be right no longer."""

Find = Callable[[bytes, float], Found | None]
"""From the same and the time to an answer that is right; it is asked where Get has none."""

Admits = Callable[[float], bool]
"""Whether one packet more of a client may come at a time."""

OfClient = tuple[Get, Find, Admits | None]

Tables = Mapping[bytes, OfClient]
"""By a client's address as octets, what is known to it."""


class Door(Protocol):
    """Answers that `handle` would give again without a thought, over UDP and TCP; it is asked where they have none.

    They may be replaced at any time.  `now` is their clock.  `tell`, if any, is told of all that they answered before that is
    sent, and before `handle` is asked again.
    """

    @property
    def now(self) -> Callable[[], float]: ...

    @property
    def udp(self) -> Tables: ...

    @property
    def tcp(self) -> Tables: ...

    @property
    def tell(self) -> Callable[[Repeated], None] | None: ...


class Known(Protocol):
    """Where the door is, which may be another one after each packet."""

    @property
    def door(self) -> Door: ...


class NothingKnown:
    """Where every packet is for `handle`."""

    def __init__(self) -> None:
        self.now = time.monotonic
        self.udp: Tables = {}
        self.tcp: Tables = {}
        self.tell: Callable[[Repeated], None] | None = None

    @property
    def door(self) -> Door:
        """This."""
        return self


def repeat(packet: bytes, client: ClientAddress, known: OfClient | None, door: Door) -> bytes | None:
    """The answer to `packet` out of what is known to its client, counted and told."""
    if known is None:
        return None
    get, find, admits = known
    rest, now = packet[2:], door.now()
    found = get(rest)
    if found is None or now >= found[1]:
        found = find(rest, now)
        if found is None:
            return None
    if admits is not None and not admits(now):
        return None
    tail, _, tally, said = found
    tally[0] += 1
    if door.tell is not None:
        record = packet, pack_address(client.host), client.port.to_bytes(2, "big"), said
        door.tell(Repeated([record], client.tcp, 0.0))
    return packet[:2] + tail


@functools.lru_cache(4096)
def pack_address(host: str) -> bytes:
    """An address as octets, without its scope ("fe80::1%eth0")."""
    return socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host.partition("%")[0])


Deliver = Callable[[bytes], None]


class InFlight:
    """At most `most` answers that are waited for at a time; `changed` is called whenever one of them is done with."""

    def __init__(self, most: int, changed: Callable[[], None] | None = None) -> None:
        self._most = most
        self.changed = changed
        # The oldest first.  A plain dict would walk over its deleted front again at each look at the oldest.
        self._waited_for: OrderedDict[_Waiting, Later] = OrderedDict()
        self._drained: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._waited_for)

    @property
    def full(self) -> bool:
        """Whether no more may be started."""
        return len(self._waited_for) >= self._most

    def start(self, answer: Awaitable[bytes | None] | Later, deliver: Deliver) -> None:
        """Wait for the answer in the background, then `deliver` it, unless it is silence or fails."""
        later = _later(answer)
        waiting = _Waiting(self, deliver)
        self._waited_for[waiting] = later
        later.start(waiting.done)

    def give_up_oldest(self) -> None:
        """Make room: what was waited for longest is answered as it is, and no longer waited for."""
        next(iter(self._waited_for.values())).give_up()

    def end(self, waiting: _Waiting) -> None:
        """It is waited for no longer."""
        self._waited_for.pop(waiting, None)
        if self._drained is not None and not self._waited_for and not self._drained.done():
            self._drained.set_result(None)

    async def drain(self, seconds: float) -> None:
        """Wait until all are done, `seconds` at most; those that are not are cancelled."""
        if self._waited_for:
            self._drained = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._drained], timeout=seconds)
            self.cancel()

    def cancel(self) -> None:
        """Wait for none of them any longer."""
        for later in tuple(self._waited_for.values()):
            later.cancel()
        self._waited_for.clear()


def _later(answer: Awaitable[bytes | None] | Later) -> Later:
    return cast("Later", answer) if hasattr(answer, "start") else _Awaited(answer)


class _Waiting:
    """Who gets an answer that is waited for.

    It does not know the answer, which knows it: what is a circle is only freed by the collector of garbage, late and in heaps.
    """

    __slots__ = ("_deliver", "_in_flight")

    def __init__(self, in_flight: InFlight, deliver: Deliver) -> None:
        self._in_flight = in_flight
        self._deliver = deliver

    def done(self, answer: bytes | None) -> None:
        in_flight = self._in_flight
        in_flight.end(self)
        if answer is not None:
            self._deliver(answer)
        if in_flight.changed is not None:
            in_flight.changed()


class _Awaited:
    """An answer that is awaited in a task."""

    def __init__(self, awaitable: Awaitable[bytes | None]) -> None:
        self._future = asyncio.ensure_future(awaitable)

    def start(self, done: Callable[[bytes | None], None]) -> None:
        self._done = done
        self._future.add_done_callback(self._came)

    def give_up(self) -> None:
        self._future.remove_done_callback(self._came)
        self._future.cancel()
        self._done(None)

    def cancel(self) -> None:
        self._future.cancel()

    def _came(self, future: asyncio.Future[bytes | None]) -> None:
        if future.cancelled():
            self._done(None)
            return
        error = future.exception()
        if error is not None:
            context = {"message": "a query's answer failed", "exception": error, "future": future}
            future.get_loop().call_exception_handler(context)
        self._done(None if error is not None else future.result())
