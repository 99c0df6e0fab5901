"""What an exchange and the ways to a server know of each other."""

from __future__ import annotations

from typing import Protocol

from proxy.dns.write import Sections
from proxy.upstream.sent import Verdict


class Waiting(Protocol):
    """A question under way, as a transport sees it.

    `name` is its name in lower case, `question` QNAME, QTYPE and QCLASS as they go out, `packet` the query without its id,
    `key` the id that a transport has given it, `channel` where it is under way.
    """

    name: bytes
    question: bytes
    packet: bytes
    key: bytes
    channel: Channel | None

    def replied(self, reply: Sections | Verdict) -> None:
        """A reply came, and the channel has forgotten the question."""

    def failed(self, what: str, *, blame: bool = True) -> None:
        """None will come; `what` goes behind the server's name.  Without `blame`, the server is not at fault."""

    def out_of_sockets(self) -> None:
        """The machine has no socket left, for this server or any other."""

    def send_anew(self) -> None:
        """The connection was closed before the server can have read the question: it is asked on another one."""


class Channel(Protocol):
    """A socket or connection on which questions are under way."""

    def send_again(self, exchange: Waiting) -> None:
        """No reply has come yet; send the question once more, where that is of use."""

    def forget(self, exchange: Waiting, *, timed_out: bool) -> None:
        """Wait no longer for a reply to it."""


class Transport(Protocol):
    """A way to a server."""

    def send(self, exchange: Waiting) -> None:
        """Give the question an id and send it, or tell it why not."""

    def sweep(self) -> None:
        """Close what has not been used since the last call."""

    def close(self) -> None:
        """Close everything."""
