"""cache: replies of other servers, kept for as long as they say (RFC 1035 section 3.2.1, RFC 2308 section 5).

Owns which replies are kept, for how many seconds, and how their TTLs count down.  The key is the whole `Ask`: routes that
are equal share entries, others never see each other's.  Time is passed in, in seconds of a clock that never goes back.

Must never know a view or a client, or read a clock.

A worked example::

    cache = ReplyCache(CacheBounds(entries=10_000, min_ttl=0, max_ttl=86_400, negative_max_ttl=900))
    cache.put(ask, reply, now=0.0)      # a reply with one record, of TTL 40
    cache.get(ask, now=2.0)             # the same reply, its record with TTL 38
    cache.get(ask, now=40.0)            # None
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from proxy.dns.codes import RCODE_NOERROR, RCODE_NXDOMAIN, TYPE_ANY, TYPE_SOA
from proxy.dns.records import Placed
from proxy.model.answers import Ask, Reply
from proxy.model.plan import CacheBounds
from proxy.nouns import dataclass

_SHORTEST_SOA = 22  # octets of SOA data whose two names are the root (RFC 1035 section 3.3.13)


@dataclass(slots=True)
class _Kept:
    """A reply that came in at `since` and is good until `until`; `aged` is what it looked like at `age` whole seconds."""

    reply: Reply
    since: float
    until: float
    age: int
    aged: Reply


class ReplyCache:
    """At most `bounds.entries` replies; where one more comes, the one that was asked for longest ago goes.

    `hits`, `misses` and `evictions` count since the beginning; an entry that has expired is a miss, not an eviction.
    """

    def __init__(self, bounds: CacheBounds) -> None:
        self.bounds = bounds
        self.hits = 0
        self.misses = 0
        self.evictions = 0
        # The least recently used first.  A plain dict would walk over its deleted front again at every eviction.
        self._kept: OrderedDict[Ask, _Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, ask: Ask, now: float) -> Reply | None:
        """The reply to `ask`, its TTLs less by the whole seconds that it was kept; None where none is kept or it expired."""
        kept = self._kept.get(ask)
        if kept is None:
            self.misses += 1
            return None
        if now >= kept.until:
            del self._kept[ask]
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end(ask)
        age = int(now - kept.since)
        if age != kept.age:  # a name that is asked often is aged once a second, not once a query
            kept.age, kept.aged = age, _aged(kept.reply, age)
        return kept.aged

    def same_until(self, ask: Ask, now: float) -> float:
        """Until when `get` gives what it just gave at `now`: a TTL counts down then, or the reply expires."""
        kept = self._kept[ask]
        return min(kept.until, kept.since + int(now - kept.since) + 1)

    def put(self, ask: Ask, reply: Reply, now: float) -> None:
        """Keep `reply` if it may be kept.  One that may not leaves an earlier one in place."""
        seconds, bounded = _bound(ask, reply, self.bounds)
        if seconds <= 0 or self.bounds.entries <= 0:
            return
        self._kept[ask] = _Kept(bounded, now, now + seconds, 0, bounded)
        self._kept.move_to_end(ask)
        if len(self._kept) > self.bounds.entries:
            self._kept.popitem(last=False)
            self.evictions += 1

    def clear(self) -> None:
        """Forget every reply; the counters stay."""
        self._kept.clear()


def _bound(ask: Ask, reply: Reply, bounds: CacheBounds) -> tuple[float, Reply]:
    """For how many seconds `reply` is kept (0: not at all), and the reply with its TTLs within the same bounds."""
    if reply.rcode == RCODE_NOERROR and _holds_type(reply.answer, ask.type):
        seconds = max(min(found.ttl for _, found in reply.answer), bounds.min_ttl)
        return min(seconds, bounds.max_ttl), _within(reply, bounds.min_ttl, bounds.max_ttl)
    if reply.rcode in {RCODE_NOERROR, RCODE_NXDOMAIN}:
        seconds = min(_negative_ttl(reply), bounds.negative_max_ttl)
        return seconds, _within(reply, 0, seconds)
    return 0, reply


def _holds_type(answer: Sequence[Placed], kind: int) -> bool:
    return any(kind in {found.type, TYPE_ANY} for _, found in answer)


def _negative_ttl(reply: Reply) -> int:
    """The lowest of the SOA's TTL, its MINIMUM and the TTLs of a CNAME chain before it; 0 without a SOA.

    So a referral and an answer that breaks off in mid-chain are never kept (RFC 2308 sections 2 and 5).
    """
    for _, found in reply.authority:
        if found.type == TYPE_SOA:
            rdata = found.rdatas()[0]
            minimum = int.from_bytes(rdata[-4:], "big") if len(rdata) >= _SHORTEST_SOA else 0
            return min(found.ttl, minimum, *(link.ttl for _, link in reply.answer))
    return 0


def _within(reply: Reply, lowest: float, highest: float) -> Reply:
    """`reply` with no answer's TTL under `lowest`, and none anywhere over `highest`; nearly always it is that already."""
    rcode, *sections = reply
    floors = (lowest, 0, 0)
    for floor, placed in zip(floors, sections, strict=True):
        for _, found in placed:
            if not floor <= found.ttl <= highest:
                return Reply(rcode, *(_bounded(each, low, highest) for low, each in zip(floors, sections, strict=True)))
    return reply


def _bounded(placed: Sequence[Placed], lowest: float, highest: float) -> tuple[Placed, ...]:
    return tuple((owner, found.with_ttl(int(min(max(found.ttl, lowest), highest)))) for owner, found in placed)


def _aged(reply: Reply, age: int) -> Reply:
    def older(placed: Sequence[Placed]) -> tuple[Placed, ...]:
        return tuple((owner, found.with_ttl(max(found.ttl - age, 0))) for owner, found in placed)

    return Reply(reply.rcode, older(reply.answer), older(reply.authority), older(reply.additional))
