"""What answers a packet, and the answers that are waited for."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable

from proxy.model.plan import ClientAddress

Handle = Callable[[bytes, ClientAddress], Awaitable[bytes | None] | bytes | None]
"""An answer, None for silence, or an awaitable of either.  If it raises, the event loop's handler is told."""

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
