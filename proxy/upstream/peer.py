"""What is known of one server: whether it is well, how quick it is, and what it cannot do.

Health goes by evidence.  A server that refuses, breaks off or stays silent rests; when it has rested, one question tries it
for all others, and each further failure doubles its rest.  Silence counts only where nothing else was heard from the server
meanwhile: a name that its own upstream never answers says nothing about the server itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from proxy.model.answers import ServerAddress, Strategy
from proxy.upstream.chance import Chance
from proxy.upstream.transport import Transport

NEVER = float("-inf")
LONGEST_REST = 60.0
REMEMBERED = 3600.0  # seconds for which it is remembered that a server knows no EDNS, or does not keep letter case

_SMOOTHING = 0.3
_HALF_LIFE = 30.0  # seconds in which what is known of a server's speed loses half its weight, so that it is tried again


class PeerStatus(NamedTuple):
    """A server at a moment: seconds that it still rests, its usual time to reply in seconds, and counts since the start."""

    address: ServerAddress
    rests: float
    reply_time: float
    sent: int
    replies: int
    failures: int
    ignored: int


class Peer:
    """One server.  `datagrams` is its way by UDP, if it is asked so, `stream` the other one."""

    def __init__(self, address: ServerAddress, rest: float) -> None:
        self.address = address
        self.datagrams: Transport | None = None
        self.stream: Transport | None = None
        self.sent = 0
        self.replies = 0
        self.failures = 0
        self.ignored = 0
        self.reply_time = 0.0
        self.heard_at = NEVER
        self.rests_until = NEVER
        self._rest = rest
        self._next_rest = rest
        self._on_trial = False
        self._asked_at = NEVER
        self._without_edns_until = NEVER
        self._without_case_until = NEVER

    def status(self, now: float) -> PeerStatus:
        """A picture for statistics."""
        rests = max(self.rests_until - now, 0.0)
        return PeerStatus(self.address, rests, self.reply_time, self.sent, self.replies, self.failures, self.ignored)

    def ask(self, now: float) -> None:
        """A question goes to it.  Where it has rested, the others wait for what comes of this one."""
        self.sent += 1
        self._asked_at = now
        if self.rests_until != NEVER and self.rests_until <= now:
            self._on_trial = True
            self.rests_until = now + self._next_rest

    def hear(self, now: float, since: float) -> None:
        """It replied to a question of the time `since`."""
        self.replies += 1
        self.heard_at = now
        self.reply_time += (now - since - self.reply_time) * (_SMOOTHING if self.reply_time else 1.0)
        if self.rests_until != NEVER:
            self.rests_until = NEVER
            self._next_rest = self._rest
            self._on_trial = False

    def fail(self, now: float) -> None:
        """It failed: it rests, and twice as long where it had rested before and was tried again."""
        self.failures += 1
        if self._on_trial:
            self._next_rest = min(self._next_rest * 2, max(LONGEST_REST, self._rest))
        elif self.rests_until > now:  # the same failure, as seen by another question
            return
        self._on_trial = False
        self.rests_until = now + self._next_rest

    def is_silent_since(self, since: float) -> bool:
        """True where nothing was heard from it after the time `since`."""
        return self.heard_at <= since

    def expected_time(self, now: float) -> float:
        """How many seconds a reply may take, the less the longer it was not asked."""
        return self.reply_time * 0.5 ** ((now - self._asked_at) / _HALF_LIFE) if self.reply_time else 0.0

    def knows_edns(self, now: float) -> bool:
        """False where it has shown that it does not."""
        return self._without_edns_until <= now

    def knew_no_edns(self, now: float) -> None:
        """It replied well only to a query without EDNS."""
        self._without_edns_until = now + REMEMBERED

    def keeps_case(self, now: float) -> bool:
        """False where it has shown that it does not send a question back as it came."""
        return self._without_case_until <= now

    def changed_case(self, now: float) -> None:
        """It sent a question back in another letter case."""
        self._without_case_until = now + REMEMBERED


def in_order(peers: Sequence[Peer], strategy: Strategy, now: float, chance: Chance) -> Sequence[Peer]:
    """`peers` as they are to be asked: by the strategy, and those that rest behind the others."""
    order: Iterable[Peer] = peers
    if strategy is Strategy.FASTEST:
        order = sorted(peers, key=lambda peer: peer.expected_time(now))
    elif strategy is Strategy.RANDOM:
        order = sorted(peers, key=lambda _: chance.octets(4))
    return sorted(order, key=lambda peer: peer.rests_until > now)
