"""One question on its way: which server of its route is asked, how, and for how long.

The servers are asked in the order of the route's strategy.  Each gets an equal part of the time that is left, so a silent one
leaves time for those behind it, and one that fails at once leaves them all of its own.

A server that answers SERVFAIL, REFUSED, NOTIMP or FORMERR is alive and does not rest, but the next one may know better.  If
none does, the last such reply is the reply.

Nothing here waits: transports and the wheel call, and the last call is that of `done`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from proxy.dns.codes import CLASS_IN, RCODE_FORMERR, RCODE_NOTIMP, RCODE_REFUSED, RCODE_SERVFAIL
from proxy.dns.names import mix_case
from proxy.dns.write import Sections, query_behind_id
from proxy.model.answers import Ask, Protocol, ReasonKind, Reply, UpstreamError
from proxy.upstream.bailiwick import within_bailiwick
from proxy.upstream.peer import Peer, in_order
from proxy.upstream.sent import UDP_SIZE, WITHOUT_EDNS, Verdict
from proxy.upstream.transport import Channel, Transport
from proxy.upstream.wheel import NOWHERE

if TYPE_CHECKING:
    from proxy.upstream.upstream import Upstream

Done = Callable[[Reply | UpstreamError], None]

_UNHELPFUL = frozenset((RCODE_FORMERR, RCODE_SERVFAIL, RCODE_NOTIMP, RCODE_REFUSED))
_CLASS = CLASS_IN.to_bytes(2, "big")

# When a query is sent again over UDP, in parts of the time that its server has: each wait is twice the one before.
_SENT_AGAIN = (1 / 7, 3 / 7)


class Exchange:
    """A question under way, or done with.  `done` is called once, with the reply or with why there is none."""

    __slots__ = (
        "_ask", "_deadline", "_done", "_edns", "_failures", "_order", "_peer", "_place", "_sent", "_sent_at", "_since",
        "_unhelpful", "_until", "_upstream", "_way", "bucket", "channel", "key", "name", "packet", "question", "starting",
        "wakes_at",
    )  # fmt: skip

    def __init__(self, upstream: Upstream, ask: Ask, peers: tuple[Peer, ...], done: Done) -> None:
        self.name = ask.name
        self.bucket = NOWHERE
        self.wakes_at: float = math.inf
        self.channel: Channel | None = None
        self.key = b""
        self.starting = True
        self._upstream = upstream
        self._ask = ask
        self._done: Done | None = done
        self._failures: list[str] | None = None
        self._unhelpful: Reply | None = None
        self._place = 0
        self._edns = True
        now = upstream.now()
        self._sent_at = now
        self._deadline = now + ask.route.timeout
        self._order = peers if len(peers) == 1 else in_order(peers, ask.route.strategy, now, upstream.chance)
        self._ask_next(now)
        self.starting = False

    @property
    def over(self) -> bool:
        """Whether `done` was called, or never will be."""
        return self._done is None

    def cancel(self) -> None:
        """Forget it; `done` is not called any more."""
        self._done = None
        self._leave(timed_out=False)
        self._upstream.ended(self)

    def finish(self, result: Reply | UpstreamError, *, at_once: bool = True) -> None:
        """Tell who asked: `at_once`, but never before `Upstream.start` has returned."""
        done = self._done
        if done is None:
            return
        self._done = None
        self._leave(timed_out=False)
        self._upstream.ended(self)
        if self.starting or not at_once:
            self._upstream.later(done, result)
        else:
            done(result)

    # What the wheel calls.

    def wake(self) -> None:
        """Send again, or give the server up."""
        if self._done is None:
            return
        now = self._upstream.now()
        if now < self.wakes_at:
            return
        if now >= self._until:
            silent = self._peer.is_silent_since(self._since)
            self._leave(timed_out=True)
            self.failed(f"gave no reply within {self._until - self._since:.2g} s", blame=silent)
            return
        self._sent += 1
        whole = self._until - self._since
        self.wakes_at = self._since + whole * _SENT_AGAIN[self._sent] if self._sent < len(_SENT_AGAIN) else self._until
        self._upstream.wheel.add(self)
        if self.channel is not None:
            self.channel.send_again(self)

    # What transports call.

    def replied(self, reply: Sections | Verdict) -> None:
        """The server replied: that is the reply, or it is asked in another way, or the next one is asked."""
        self.channel = None
        peer = self._peer
        now = self._upstream.now()
        peer.hear(now, self._sent_at)
        if isinstance(reply, Verdict):
            self._ask_otherwise(reply)
            return
        rcode = reply.rcode
        if rcode in WITHOUT_EDNS and self._edns:
            self._edns = False
            self._send(self._way, now)
        elif rcode in _UNHELPFUL:
            self._unhelpful = reply
            self._ask_next(now)
        else:
            if not self._edns:
                peer.knew_no_edns(now)
            self.finish(within_bailiwick(reply, self.name))

    def failed(self, what: str, *, blame: bool = True) -> None:
        """The server gave nothing; the next one is asked."""
        self.channel = None
        if self._done is None:
            return
        if blame:
            self._upstream.blame(self._peer, what)
        if self._failures is None:
            self._failures = []
        self._failures.append(f"{self._peer.address} {what}")
        self._ask_next(self._upstream.now())

    def out_of_sockets(self) -> None:
        """No server is to blame, and none would do better."""
        self.channel = None
        address = self._peer.address
        what = f"no socket left to ask {address} with; raise the limit of open files"
        self.finish(UpstreamError(what, ReasonKind.OVERLOADED))

    def send_anew(self) -> None:
        """The same question, on another connection."""
        self.channel = None
        if self._done is not None:
            self._send(self._way, self._upstream.now())

    # How it goes on.

    def _ask_next(self, now: float) -> None:
        place = self._place
        if place == len(self._order):
            self._give_up()
            return
        self._place = place + 1
        self._peer = peer = self._order[place]
        self._since = now
        self._until = now + (self._deadline - now) / (len(self._order) - place)
        self._edns = peer.knows_edns(now)
        self._send(peer.datagrams or self._upstream.stream_to(peer), now)

    def _give_up(self) -> None:
        if self._unhelpful is not None:
            self.finish(self._unhelpful)
        else:
            self.finish(UpstreamError("; ".join(self._failures or ("the route has no servers",))))

    def _ask_otherwise(self, verdict: Verdict) -> None:
        """By TCP where the reply was truncated; with small letters where the server, or a forger, did not keep the case."""
        now = self._upstream.now()
        if verdict is Verdict.OTHER_CASE:
            self._peer.ignored += 1
            self._peer.changed_case(now)
            self._send(self._way, now)
        elif self._way is self._peer.datagrams:
            self._send(self._upstream.stream_to(self._peer), now)
        else:
            protocol = self._peer.address.protocol
            self.failed(f"gave a truncated reply over {(Protocol.TCP if protocol is Protocol.UDP else protocol).name}")

    def _send(self, way: Transport, now: float) -> None:
        self._way = way
        peer = self._peer
        name = self.name
        by_datagram = way is peer.datagrams
        if by_datagram and peer.keeps_case(now):
            name = mix_case(name, self._upstream.chance.octets(len(name)))
        self.question = question = name + self._ask.type.to_bytes(2, "big") + _CLASS
        self.packet = query_behind_id(question, UDP_SIZE if self._edns else None)
        self._sent_at = now
        self._sent = 0
        peer.ask(now)
        self.wakes_at = self._since + (self._until - self._since) * _SENT_AGAIN[0] if by_datagram else self._until
        self._upstream.wheel.add(self)
        way.send(self)

    def _leave(self, *, timed_out: bool) -> None:
        channel, self.channel = self.channel, None
        self.wakes_at = math.inf
        self._upstream.wheel.remove(self)
        if channel is not None:
            channel.forget(self, timed_out=timed_out)
