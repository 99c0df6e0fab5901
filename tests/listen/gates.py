"""Answers that wait until they are let go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from proxy.listen import Handle
from proxy.model.plan import ClientAddress


class Gate:
    """A handler whose answers wait until the gate opens."""

    def __init__(self) -> None:
        self.waiting = 0
        self.cancelled = 0
        self._open = asyncio.Event()

    def open(self) -> None:
        self._open.set()

    async def __call__(self, packet: bytes, _client: ClientAddress) -> bytes:
        self.waiting += 1
        try:
            await self._open.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.waiting -= 1
        return packet.upper()


def slow_or_quick(gate: Gate) -> Handle:
    """Waits at the gate for what begins with "slow"."""

    def handle(packet: bytes, client: ClientAddress) -> Awaitable[bytes | None] | bytes:
        return gate(packet, client) if packet.startswith(b"slow") else packet.upper()

    return handle


async def until_waiting(gate: Gate, number: int) -> None:
    async with asyncio.timeout(2.0):
        while gate.waiting != number:  # a number to reach, going up or down
            await asyncio.sleep(0.001)
