"""What answers a packet, and the answers that are waited for."""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from proxy.model.plan import ClientAddress

Handle = Callable[[bytes, ClientAddress], Awaitable[bytes | None] | bytes | None]
"""An answer, None for silence, or an awaitable of either.  If it raises, the event loop's handler is told."""

Get = Callable[[bytes], tuple[bytes, tuple[list[int], Any, Any]] | None]
"""From a packet's octets behind its id, which is the first two: those of its answer, and the tally (of one) to count it in."""

Repeat = Callable[[bytes], bytes | None]
"""From a packet to its answer, counted."""

Tables = Mapping[bytes, tuple[Get, Repeat]]
"""By a client's address as octets, what is known to it."""


class Known(Protocol):
    """Answers that `handle` would give again without a thought, over UDP and TCP; it is asked where they have none.

    They may be replaced at any time.
    """

    @property
    def udp(self) -> Tables: ...

    @property
    def tcp(self) -> Tables: ...


class NothingKnown:
    """Where every packet is for `handle`."""

    def __init__(self) -> None:
        self.udp: Tables = {}
        self.tcp: Tables = {}


@functools.lru_cache(4096)
def pack_address(host: str) -> bytes:
    """An address as octets, without its scope ("fe80::1%eth0")."""
    return socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host.partition("%")[0])


Deliver = Callable[[bytes], None]


class InFlight:
    """At most `most` awaited answers at a time; `changed` is called whenever one of them is done with."""

    def __init__(self, most: int, changed: Callable[[], None] = lambda: None) -> None:
        self._most = most
        self._changed = changed
        self._futures: set[asyncio.Future[bytes | None]] = set()

    def __len__(self) -> int:
        return len(self._futures)

    @property
    def full(self) -> bool:
        """Whether no more may be started."""
        return len(self._futures) >= self._most

    def start(self, awaitable: Awaitable[bytes | None], deliver: Deliver) -> None:
        """Wait for the answer in the background, then `deliver` it, unless it is silence or fails."""
        future = asyncio.ensure_future(awaitable)
        self._futures.add(future)
        future.add_done_callback(functools.partial(self._done, deliver))

    async def drain(self, seconds: float) -> None:
        """Wait until all are done, `seconds` at most; those that are not are cancelled."""
        if self._futures:
            await asyncio.wait(self._futures, timeout=seconds)
            self.cancel()

    def cancel(self) -> None:
        """Wait for none of them any longer."""
        for future in self._futures:
            future.cancel()

    def _done(self, deliver: Deliver, future: asyncio.Future[bytes | None]) -> None:
        self._futures.discard(future)
        if not future.cancelled():
            error = future.exception()
            if error is not None:
                context = {"message": "a query's answer failed", "exception": error, "future": future}
                future.get_loop().call_exception_handler(context)
            elif (answer := future.result()) is not None:
                deliver(answer)
        self._changed()
