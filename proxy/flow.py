"""flow: how many packets a client may send, or is sent, in a second.

Owns counting them for a bounded number of clients; `now` is a parameter.  Must never know what a client is, or a query.

A worked example::

    flow = Flow(per_second=1024)
    flow.admits("10.0.1.5", now=12.0)       # False from the 1,025th packet on, until a second after the first
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Hashable

_REMEMBERED_CLIENTS = 4096


class Flow:
    """Counts each client's packets in seconds that begin with a packet of its own; `per_second` of them are admitted.

    AWS's bound is on the packets of a network interface, and what is over it is dropped ("DNS attributes for your VPC").
    """

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._counts: dict[Hashable, tuple[float, int]] = {}

    def admits(self, client: Hashable, now: float) -> bool:
        """Count a packet of `client` at `now`, in seconds of a clock that never goes back; False where it is one too many."""
        began, count = self._counts.get(client, (now, 0))
        if now - began >= 1:
            began, count = now, 0
        elif not count and len(self._counts) >= _REMEMBERED_CLIENTS:
            self._forget(now)
        self._counts[client] = began, count + 1
        return count < self._per_second

    def _forget(self, now: float) -> None:
        """Forget clients whose second is over; everybody, if that is not half of them."""
        lasting = {client: counted for client, counted in self._counts.items() if now - counted[0] < 1}
        self._counts = lasting if len(lasting) <= _REMEMBERED_CLIENTS // 2 else {}


@functools.lru_cache(_REMEMBERED_CLIENTS)
def place_of(host: str) -> Hashable:
    """What counts as one client where addresses may be made up: an IPv4 address, the /64 of an IPv6 address."""
    return ipaddress.IPv6Address(host).packed[:8] if ":" in host else host
