"""The plan of what to serve and within which bounds: what a file says beside the answers themselves."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Listener(NamedTuple):
    """An address to serve, UDP and TCP.  Port 0 is any free one.  `view` is None where the client decides.

    `vpcs` is None, or the VPCs whose resolver has this address: nobody but their clients is answered.
    """

    host: str
    port: int
    view: str | None
    vpcs: tuple[str, ...] | None = None

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
    """How many replies are kept, and for how many seconds at least and at most.

    `size` is about how many octets they may take, 0: any.  `serve_stale` is for how many seconds one that has expired may
    still be given out; with `prefetch`, one that is popular is fetched anew before it expires.
    """

    entries: int
    min_ttl: float
    max_ttl: float
    negative_max_ttl: float
    size: int = 0
    serve_stale: float = 0.0
    prefetch: bool = False


class QueryLogFormat(Enum):
    """The form of a query log's lines."""

    TEXT = "text"
    JSON = "json"
    ROUTE53 = "route53"


class QueryLogPlan(NamedTuple):
    """A file for a line of every query (`-`: standard error), and after how many octets it is rotated, 0 for never."""

    path: str
    format: QueryLogFormat
    max_size: int
    keep: int


class AdminPlan(NamedTuple):
    """Where the control API listens.  `wanted` is True where somebody asked for it, and not having it is a mistake.

    Without a `token` one is made at the start.  `hosts` are the names by which it may be asked, beside localhost.
    """

    host: str
    port: int
    token: str | None = None
    hosts: tuple[str, ...] = ()
    wanted: bool = False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class RecordingPlan(NamedTuple):
    """The file of what other servers replied, and whether it is replayed; else it is written."""

    path: str
    replays: bool


class Plan(NamedTuple):
    """What to serve.

    `packets_per_second` is what a client of a VPC may send, `responses_per_second` what any client is sent over UDP, 0 for any
    number.  `cache_file` is where kept replies outlive a
    run.
    """

    listeners: tuple[Listener, ...]
    tcp: TcpLimits
    cache: CacheBounds
    query_log: QueryLogPlan | None = None
    packets_per_second: int = 0
    admin: AdminPlan | None = None
    recording: RecordingPlan | None = None
    cache_file: str | None = None
    responses_per_second: int = 0
