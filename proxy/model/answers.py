"""What is asked, what must be asked elsewhere, what comes back, and what is answered with which reason."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from proxy.dns.codes import (
    EDE_BLOCKED,
    EDE_CACHED_ERROR,
    EDE_FORGED_ANSWER,
    EDE_NETWORK_ERROR,
    EDE_NO_REACHABLE_AUTHORITY,
    EDE_NOT_READY,
    EDE_NOT_SUPPORTED,
    EDE_PROHIBITED,
    EDE_STALE_ANSWER,
    RCODE_SERVFAIL,
)
from proxy.dns.write import Sections


class Question(NamedTuple):
    """A name in lower-case wire form and a type; the class is IN."""

    name: bytes
    type: int


class ReasonKind(Enum):
    """Why an answer is what it is: a word for logs and metrics, and its extended DNS error (RFC 8914) if it has one."""

    PRIVATE_ZONE = ("private zone", None)
    ENDPOINT = ("endpoint", None)
    ENDPOINT_NAME = ("endpoint name", None)
    GATEWAY = ("gateway endpoint", None)
    AUTODEFINED = ("autodefined name", None)
    PUBLIC_HOSTNAME = ("public host name", None)
    PUBLIC_RECORD = ("public record", None)
    PUBLIC_ZONE = ("public zone", None)
    SIMULATED = ("simulated server", None)
    FORWARDED = ("forwarded", None)
    SPECIAL_USE = ("special-use name", None)
    DNS64 = ("DNS64", None)
    DELEGATED = ("delegated", None)
    UPSTREAM = ("upstream", None)
    STALE = ("stale", EDE_STALE_ANSWER)
    REBINDING = ("rebinding", EDE_BLOCKED)
    NOT_RECORDED = ("not recorded", EDE_BLOCKED)
    SELF = ("vpcdns", None)
    BLOCKED = ("firewall block", EDE_BLOCKED)
    OVERRIDDEN = ("firewall override", EDE_FORGED_ANSWER)
    FIREWALL_UNAVAILABLE = ("firewall unavailable", EDE_NOT_READY)
    UPSTREAM_OFF = ("upstream off", EDE_BLOCKED)
    UPSTREAM_FAILED = ("upstream failed", EDE_NO_REACHABLE_AUTHORITY)
    FAILED_BEFORE = ("failed before", EDE_CACHED_ERROR)
    OVERLOADED = ("overloaded", EDE_NOT_READY)
    CHAIN_TOO_LONG = ("chain too long", EDE_NETWORK_ERROR)
    CLIENT_REFUSED = ("client not allowed", EDE_PROHIBITED)
    NOT_SUPPORTED = ("not supported", EDE_NOT_SUPPORTED)
    MALFORMED = ("malformed", None)
    DEFECT = ("defect", EDE_NETWORK_ERROR)

    def __init__(self, word: str, error_code: int | None) -> None:
        self.word = word
        self.error_code = error_code

    __hash__ = object.__hash__  # as good as Enum's for what is equal only to itself, and many times as quick


class Reason(NamedTuple):
    """Set once, by whoever decided an answer: its kind, and what it was in this file ("private zone example.com")."""

    kind: ReasonKind
    text: str


class FirewallMatch(NamedTuple):
    """The firewall rule that a query is logged for: ALERT or BLOCK, the rule (`guard/sink`), and the ids that AWS logs."""

    action: str
    rule: str
    group_id: str
    domain_list_id: str


class Answer(NamedTuple):
    """What a query is answered with, before it is written for one client."""

    sections: Sections
    reason: Reason
    firewall: FirewallMatch | None = None


class Protocol(Enum):
    """How a server is asked.  UDP asks again over TCP where the reply is truncated; HTTPS is RFC 8484, TLS RFC 7858."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    HTTPS = "https"

    __hash__ = object.__hash__  # as in ReasonKind


DEFAULT_PORTS = {Protocol.UDP: 53, Protocol.TCP: 53, Protocol.TLS: 853, Protocol.HTTPS: 443}


class ServerAddress(NamedTuple):
    """A DNS server: how it is asked, its IP address and its port.

    `name` is the host name that its certificate must have; empty: the certificate must have the address.  `path` is that of
    HTTPS.  `host` is empty where an HTTPS server's address has to be looked up first.
    """

    protocol: Protocol
    host: str
    port: int
    name: str = ""
    path: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.protocol is Protocol.HTTPS:
            port = "" if self.port == DEFAULT_PORTS[Protocol.HTTPS] else f":{self.port}"
            address = f"#{self.host}" if self.name and self.host else ""
            return f"https://{self.name or host}{port}{self.path}{address}"
        prefix = "" if self.protocol is Protocol.UDP else f"{self.protocol.value}://"
        return f"{prefix}{host}:{self.port}" + (f"#{self.name}" if self.name else "")


class Strategy(Enum):
    """Which of a route's servers is asked first.  Those that rest after a failure come last in any case."""

    FAILOVER = "failover"
    FASTEST = "fastest"
    RANDOM = "random"

    __hash__ = object.__hash__


class Route(NamedTuple):
    """Where a question goes that this program does not answer itself.

    `timeout`, in seconds, is for all `servers` together.  Routes that are equal share cached replies.  `label` says in the
    user's words where the route leads, the same on every machine ("system, 1.1.1.1"); empty: the servers' addresses do.
    """

    servers: tuple[ServerAddress, ...]
    timeout: float
    strategy: Strategy = Strategy.FAILOVER
    label: str = ""

    def __str__(self) -> str:
        return self.label or ", ".join(map(str, self.servers))


class Ask(NamedTuple):
    """One question for one route; also the key under which its reply is kept."""

    route: Route
    name: bytes
    type: int


Reply = Sections
"""What came back for an Ask: rcode and sections, their owners None where they are the asked name."""


class StaleReply(Sections):
    """A reply that has outlived its TTL, given out because no server answers any more (RFC 8767)."""

    __slots__ = ()


class UpstreamError(Exception):
    """No usable reply for an Ask.  It knows its answer: `rcode`, and a `reason` for people and for the extended error."""

    def __init__(self, what: str, kind: ReasonKind = ReasonKind.UPSTREAM_FAILED, rcode: int = RCODE_SERVFAIL) -> None:
        super().__init__(what)
        self.reason = Reason(kind, what)
        self.rcode = rcode
