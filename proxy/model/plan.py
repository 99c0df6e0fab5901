"""The plan of what to serve and within which bounds: what a file says beside the answers themselves."""

from __future__ import annotations

from typing import NamedTuple


class Listener(NamedTuple):
    """An address to serve, UDP and TCP.  Port 0 is any free one.  `view` is None where the client decides."""

    host: str
    port: int
    view: str | None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class ClientAddress(NamedTuple):
    """Who asks: address and port, and whether over TCP."""

    host: str
    port: int
    tcp: bool


class TcpLimits(NamedTuple):
    """How many TCP connections are open at a time, and after how many seconds an idle one is closed."""

    connections: int
    idle: float


class CacheBounds(NamedTuple):
    """How many replies are kept, and for how many seconds at least and at most."""

    entries: int
    min_ttl: float
    max_ttl: float
    negative_max_ttl: float


class Plan(NamedTuple):
    """What to serve."""

    listeners: tuple[Listener, ...]
    tcp: TcpLimits
    cache: CacheBounds
