"""What is asked, what must be asked elsewhere, what comes back, and what is answered with which reason."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from proxy.dns.codes import (
    EDE_BLOCKED,
    EDE_FORGED_ANSWER,
    EDE_NETWORK_ERROR,
    EDE_NO_REACHABLE_AUTHORITY,
    EDE_NOT_READY,
    EDE_NOT_SUPPORTED,
    EDE_PROHIBITED,
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
    UPSTREAM = ("upstream", None)
    SELF = ("vpcdns", None)
    BLOCKED = ("firewall block", EDE_BLOCKED)
    OVERRIDDEN = ("firewall override", EDE_FORGED_ANSWER)
    FIREWALL_UNAVAILABLE = ("firewall unavailable", EDE_NOT_READY)
    UPSTREAM_OFF = ("upstream off", EDE_BLOCKED)
    UPSTREAM_FAILED = ("upstream failed", EDE_NO_REACHABLE_AUTHORITY)
    CHAIN_TOO_LONG = ("chain too long", EDE_NETWORK_ERROR)
    CLIENT_REFUSED = ("client not allowed", EDE_PROHIBITED)
    NOT_SUPPORTED = ("not supported", EDE_NOT_SUPPORTED)
    MALFORMED = ("malformed", None)
    DEFECT = ("defect", EDE_NETWORK_ERROR)

    def __init__(self, word: str, error_code: int | None) -> None:
        self.word = word
        self.error_code = error_code


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
    """How a server is asked.  UDP asks again over TCP where the reply is truncated."""

    UDP = "udp"
    TCP = "tcp"


class ServerAddress(NamedTuple):
    """A DNS server: how it is asked, its IP address and its port."""

    protocol: Protocol
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        prefix = "" if self.protocol is Protocol.UDP else "tcp://"
        return f"{prefix}{host}:{self.port}"


class Route(NamedTuple):
    """Where a question goes that this program does not answer itself.

    `servers` are tried in order; `timeout`, in seconds, is for all of them together.  Routes that are equal share cached
    replies.
    """

    servers: tuple[ServerAddress, ...]
    timeout: float


class Ask(NamedTuple):
    """One question for one route; also the key under which its reply is kept."""

    route: Route
    name: bytes
    type: int


Reply = Sections
"""What came back for an Ask: rcode and sections, their owners None where they are the asked name."""


class UpstreamError(Exception):
    """No server of a route gave a usable reply; `what` says why, for people and for the extended error."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.reason = Reason(ReasonKind.UPSTREAM_FAILED, what)
