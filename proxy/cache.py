"""cache: replies of other servers, kept for as long as they say (RFC 1035 section 3.2.1, RFC 2308 section 5).

Owns which replies are kept, for how many seconds, and how their TTLs count down.  The key is the whole `Ask`: routes that
are equal share entries, others never see each other's.  Time is passed in, in seconds of a clock that never goes back.

A reply that has expired stays for as long as it may be given out stale (RFC 8767), and that nobody had one is remembered for
some seconds (RFC 9520).  NXDOMAIN is kept for the one name that was asked: to hold it against the names below too (RFC 8020)
takes a proof by DNSSEC, as some servers say it of names that have others below them.

Must never know a view or a client, or read a clock.

A worked example::

    cache = ReplyCache(CacheBounds(entries=10_000, min_ttl=0, max_ttl=86_400, negative_max_ttl=900))
    cache.put(ask, reply, now=0.0)      # a reply with one record, of TTL 40
    cache.get(ask, now=2.0)             # the same reply, its record with TTL 38
    cache.get(ask, now=40.0)            # None
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

from proxy.dns.codes import RCODE_NOERROR, RCODE_NXDOMAIN, RCODE_SERVFAIL, TYPE_ANY, TYPE_SOA
from proxy.dns.records import Placed
from proxy.model.answers import Ask, ReasonKind, Reply, StaleReply, UpstreamError
from proxy.model.plan import CacheBounds
from proxy.nouns import dataclass

STALE_TTL = 30  # seconds; RFC 8767 section 4
LONGEST_FAILURE = 5.0  # seconds; RFC 9520 section 3.2 has it as the default of the first one

_SHORTEST_SOA = 22  # octets of SOA data whose two names are the root (RFC 1035 section 3.3.13)
_FIRST_FAILURE = 1.0
_PREFETCH_IN_LAST = 0.1  # of the time that a reply is kept
_PREFETCH_FROM = 10.0  # seconds for which a reply is kept that is worth it
_POPULAR = 3  # times that it was looked up
_OVERHEAD = 1000  # octets that an entry takes beside its records, and each set of them _SET_OVERHEAD
_SET_OVERHEAD = 250
_RECORD_OVERHEAD = 50


@dataclass(slots=True)
class _Kept:
    """A reply that came in at `since` and is good until `until`; `aged` is what it looked like at `age` whole seconds.

    From `fetch_at` on it is worth fetching anew, if it was looked up often enough.
    """

    reply: Reply
    since: float
    until: float
    age: int
    aged: Reply
    size: int
    fetch_at: float
    hits: int = 0


@dataclass(slots=True)
class _Failure:
    """That nobody had a reply: known until `until`, for the time after which the next failure is known twice as long."""

    until: float
    seconds: float
    error: UpstreamError


class ReplyCache:
    """Replies within `bounds`; where more come, those go that were asked for longest ago.

    `fetch` is called with an Ask whose reply is popular and will expire soon.  `hits`, `misses`, `evictions`, `stale_hits` and
    `fetches` count since the beginning; an entry that has expired is a miss, not an eviction.
    """

    def __init__(self, bounds: CacheBounds, fetch: Callable[[Ask], None] | None = None) -> None:
        self.bounds = bounds
        self.fetch = fetch
        self.hits = 0
        self.misses = 0
        self.evictions = 0
        self.stale_hits = 0
        self.fetches = 0
        self.size = 0
        # The least recently used first.  A plain dict would walk over its deleted front again at every eviction.
        self._kept: OrderedDict[Ask, _Kept] = OrderedDict()
        self._failures: OrderedDict[Ask, _Failure] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, ask: Ask, now: float) -> Reply | None:
        """The reply to `ask`, its TTLs less by the whole seconds that it was kept; None where none is kept or it expired."""
        kept = self._kept.get(ask)
        if kept is None:
            self.misses += 1
            return None
        if now >= kept.until:
            if now >= kept.until + self.bounds.serve_stale or kept.reply.rcode == RCODE_SERVFAIL:
                self._remove(ask)
            self.misses += 1
            return None
        self.hits += 1
        kept.hits += 1
        self._kept.move_to_end(ask)
        if now >= kept.fetch_at:
            self._fetch_soon(ask, kept)
        age = int(now - kept.since)
        if age != kept.age:  # a name that is asked often is aged once a second, not once a query
            kept.age, kept.aged = age, _aged(kept.reply, age)
        return kept.aged

    def same_until(self, ask: Ask, now: float) -> float:
        """Until when `get` gives what it just gave at `now`: a TTL counts down then, or the reply expires."""
        kept = self._kept[ask]
        return min(kept.until, kept.since + int(now - kept.since) + 1)

    def put(self, ask: Ask, reply: Reply, now: float) -> Reply:
        """Keep `reply` if it may be kept; one that may not leaves an earlier one in place.

        What comes back is what to give out: `reply`, its TTLs within the bounds as they will be the next time.
        """
        if isinstance(reply, StaleReply):
            return reply
        seconds, bounded = _bound(ask, reply, self.bounds)
        if seconds <= 0:
            return _within(reply, 0, self.bounds.max_ttl)
        if self.bounds.entries <= 0:
            return bounded
        if reply.rcode != RCODE_SERVFAIL:
            if self._failures:
                self._failures.pop(ask, None)
        elif ask in self._kept and self._kept[ask].reply.rcode != RCODE_SERVFAIL:  # that may still be given out stale
            return bounded
        self._keep(ask, bounded, now, now + seconds)
        return bounded

    def remembers(self, ask: Ask) -> bool:
        """Whether `stale` or `failure` can have something to say."""
        return ask in self._kept or (bool(self._failures) and ask in self._failures)

    def stale(self, ask: Ask, now: float) -> StaleReply | None:
        """The reply to `ask` that has expired, where it may still be given out: all its TTLs are short then."""
        kept = self._kept.get(ask)
        if kept is None or kept.reply.rcode == RCODE_SERVFAIL or not 0 <= now - kept.until < self.bounds.serve_stale:
            return None
        return StaleReply(*_within(kept.reply, 0, STALE_TTL)._replace(answer=_all_of(kept.reply.answer, STALE_TTL)))

    def count_stale(self) -> None:
        """A stale reply was given out."""
        self.stale_hits += 1

    def put_failure(self, ask: Ask, error: UpstreamError, now: float) -> None:
        """Remember for some seconds that nobody had a reply, and longer at each further time."""
        before = self._failures.pop(ask, None)
        seconds = _FIRST_FAILURE if before is None else min(before.seconds * 2, LONGEST_FAILURE)
        self._failures[ask] = _Failure(now + seconds, seconds, error)
        if len(self._failures) > max(self.bounds.entries, 1):
            self._failures.popitem(last=False)

    def failure(self, ask: Ask, now: float) -> UpstreamError | None:
        """Why nobody had a reply a moment ago."""
        failure = self._failures.get(ask)
        if failure is None or now >= failure.until:
            return None
        return UpstreamError(failure.error.reason.text, ReasonKind.FAILED_BEFORE, failure.error.rcode)

    def clear(self) -> None:
        """Forget every reply; the counters stay."""
        self._kept.clear()
        self._failures.clear()
        self.size = 0

    def entries(self, now: float) -> Iterator[tuple[Ask, Reply, float]]:
        """What is kept, the least recently used first: with its TTLs of `now`, and how many seconds it is still good.

        Stale ones are among them, with seconds below zero.
        """
        for ask, kept in self._kept.items():
            yield ask, _aged(kept.reply, max(int(now - kept.since), 0)), kept.until - now

    def restore(self, ask: Ask, reply: Reply, seconds: float, now: float) -> None:
        """Keep what another cache had, good for `seconds` more, or stale for as long where that is less than zero."""
        allowed, bounded = _bound(ask, reply, self.bounds)
        seconds = min(seconds, allowed) if seconds > 0 else seconds
        if self.bounds.entries > 0 and reply.rcode != RCODE_SERVFAIL and seconds > -self.bounds.serve_stale:
            self._keep(ask, bounded, now, now + seconds)

    def _keep(self, ask: Ask, reply: Reply, now: float, until: float) -> None:
        fetch_at = float("inf")
        if self.bounds.prefetch and until - now >= _PREFETCH_FROM:
            fetch_at = until - (until - now) * _PREFETCH_IN_LAST
        kept, bounds = self._kept, self.bounds
        if ask in kept:
            self._remove(ask)
        size = _size(ask, reply)
        kept[ask] = _Kept(reply, now, until, 0, reply, size, fetch_at)
        self.size += size
        while len(kept) > bounds.entries or (bounds.size and self.size > bounds.size):
            _, gone = kept.popitem(last=False)
            self.size -= gone.size
            self.evictions += 1

    def _remove(self, ask: Ask) -> None:
        self.size -= self._kept.pop(ask).size

    def _fetch_soon(self, ask: Ask, kept: _Kept) -> None:
        if kept.hits >= _POPULAR and self.fetch is not None:
            kept.fetch_at = float("inf")  # once
            self.fetches += 1
            self.fetch(ask)


def _size(ask: Ask, reply: Reply) -> int:
    """About how many octets an entry takes."""
    size = _OVERHEAD + len(ask.name)
    for section in (reply.answer, reply.authority, reply.additional):
        for _, found in section:
            size += _SET_OVERHEAD
            for record in found.records:
                size += _RECORD_OVERHEAD + len(record)
    return size


def _bound(ask: Ask, reply: Reply, bounds: CacheBounds) -> tuple[float, Reply]:
    """For how many seconds `reply` is kept (0: not at all), and the reply with its TTLs within the same bounds."""
    if reply.rcode == RCODE_NOERROR and _holds_type(reply.answer, ask.type):
        seconds: float = min([found.ttl for _, found in reply.answer])
        if (
            bounds.min_ttl <= seconds <= bounds.max_ttl
            and len(reply.answer) == 1
            and not (reply.authority or reply.additional)
        ):
            return seconds, reply
        return min(max(seconds, bounds.min_ttl), bounds.max_ttl), _within(reply, bounds.min_ttl, bounds.max_ttl)
    if reply.rcode in {RCODE_NOERROR, RCODE_NXDOMAIN}:
        seconds = min(_negative_ttl(reply), bounds.negative_max_ttl)
        kept = min(seconds, bounds.max_ttl, *(link.ttl for _, link in reply.answer))
        return kept, _within(reply, 0, bounds.max_ttl, seconds)
    if reply.rcode == RCODE_SERVFAIL:
        return min(LONGEST_FAILURE, bounds.negative_max_ttl), _within(reply, 0, LONGEST_FAILURE)
    return 0, reply


def _holds_type(answer: Sequence[Placed], kind: int) -> bool:
    return bool(answer) and (answer[-1][1].type == kind or any(kind in {found.type, TYPE_ANY} for _, found in answer))


def _negative_ttl(reply: Reply) -> int:
    """The lower of the SOA's TTL and its MINIMUM; 0 without a SOA.

    So a referral and an answer that breaks off in mid-chain are never kept (RFC 2308 sections 2 and 5).
    """
    for _, found in reply.authority:
        if found.type == TYPE_SOA:
            rdata = found.rdatas()[0]
            minimum = int.from_bytes(rdata[-4:], "big") if len(rdata) >= _SHORTEST_SOA else 0
            return min(found.ttl, minimum)
    return 0


def _within(reply: Reply, lowest: float, highest: float, beside: float | None = None) -> Reply:
    """`reply` with no answer's TTL under `lowest`, none over `highest`, and none `beside` the answers over that, if it is given.

    Nearly always it is that already.
    """
    rcode, *sections = reply
    others = (0, highest if beside is None else beside)
    bounds = ((lowest, highest), others, others)
    for (low, high), placed in zip(bounds, sections, strict=True):
        for _, found in placed:
            if not low <= found.ttl <= high:
                return Reply(rcode, *(_bounded(each, *bound) for each, bound in zip(sections, bounds, strict=True)))
    return reply


def _bounded(placed: Sequence[Placed], lowest: float, highest: float) -> tuple[Placed, ...]:
    return tuple((owner, found.with_ttl(int(min(max(found.ttl, lowest), highest)))) for owner, found in placed)


def _all_of(placed: Sequence[Placed], ttl: int) -> tuple[Placed, ...]:
    return tuple((owner, found.with_ttl(ttl)) for owner, found in placed)


def _aged(reply: Reply, age: int) -> Reply:
    def older(placed: Sequence[Placed]) -> tuple[Placed, ...]:
        return tuple((owner, found.with_ttl(max(found.ttl - age, 0))) for owner, found in placed)

    return Reply(reply.rcode, older(reply.answer), older(reply.authority), older(reply.additional))
