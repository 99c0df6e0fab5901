"""Which replies are kept, for how long, and what their TTLs say meanwhile."""

from __future__ import annotations

import pytest

from proxy.cache import ReplyCache
from proxy.dns.codes import TYPE_A, TYPE_ANY, TYPE_CNAME, TYPE_NS, TYPE_SOA
from proxy.dns.names import Name
from proxy.dns.records import Placed, RecordSet
from proxy.model.answers import Ask, Protocol, ReasonKind, Reply, Route, ServerAddress, StaleReply, UpstreamError
from proxy.model.plan import CacheBounds

BOUNDS = CacheBounds(entries=3, min_ttl=0.0, max_ttl=86_400.0, negative_max_ttl=900.0)
ROUTE = Route((ServerAddress(Protocol.UDP, "192.0.2.53", 53),), 2.0)
WWW = Name.from_text("www.example.com")
ZONE = Name.from_text("example.com")
ASK = Ask(ROUTE, WWW, TYPE_A)


def a(ttl: int, *addresses: bytes) -> Placed:
    return None, RecordSet.pack(TYPE_A, ttl, addresses or (b"\x0a\0\0\1",))


def cname(ttl: int) -> Placed:
    return None, RecordSet.pack(TYPE_CNAME, ttl, [b"\6target\0"])


def ns(ttl: int) -> Placed:
    return ZONE, RecordSet.pack(TYPE_NS, ttl, [b"\2ns\0"])


def soa(ttl: int, minimum: int) -> Placed:
    return ZONE, RecordSet.pack(TYPE_SOA, ttl, [b"\0\0" + bytes(16) + minimum.to_bytes(4, "big")])


def ask_for(label: str) -> Ask:
    return ASK._replace(name=Name.from_text(f"{label}.example.com"))


def ttls(reply: Reply | None) -> list[list[int]]:
    assert reply is not None
    for _, found in (*reply.answer, *reply.authority, *reply.additional):
        assert {int.from_bytes(record[6:10], "big") for record in found.records} == {found.ttl}
    return [[found.ttl for _, found in section] for section in reply[1:]]


def test_a_record_with_ttl_40_asked_at_0_s_and_2_s_40_then_38() -> None:
    cache = ReplyCache(BOUNDS)
    reply = Reply(0, (a(40, b"\x0a\0\0\1", b"\x0a\0\0\2"),))
    cache.put(ASK, reply, now=100.0)
    assert cache.get(ASK, now=100.0) == reply
    assert ttls(cache.get(ASK, now=102.0)) == [[38], [], []]
    assert ttls(cache.get(ASK, now=102.9)) == [[38], [], []]
    assert ttls(cache.get(ASK, now=103.0)) == [[37], [], []]
    assert ttls(cache.get(ASK, now=139.9)) == [[1], [], []]
    assert cache.get(ASK, now=140.0) is None
    assert len(cache) == 0
    assert (cache.hits, cache.misses, cache.evictions) == (5, 1, 0)


def test_aging_changes_nothing_but_ttls() -> None:
    cache = ReplyCache(BOUNDS)
    reply = Reply(0, (a(40, b"\x0a\0\0\1", b"\x0a\0\0\2"),), (ns(90),), ((b"\2ns\0", a(5)[1]),))
    cache.put(ASK, reply, now=0.0)
    aged = cache.get(ASK, now=10.0)
    assert ttls(aged) == [[30], [80], [0]]  # what is not in the answer section may run out before it, but never below 0
    assert aged is not None
    for before, after in zip(reply[1:], aged[1:], strict=True):
        assert [(owner, found.rdatas()) for owner, found in before] == [(owner, found.rdatas()) for owner, found in after]
    assert cache.get(ASK, now=10.5) is aged, "within one second the same reply is given out"


LIFETIMES: list[tuple[str, int, Reply, float]] = [
    ("the lowest TTL of the answer section counts", TYPE_A, Reply(0, (cname(60), a(20))), 20),
    ("other sections do not count", TYPE_A, Reply(0, (a(20),), (ns(5),)), 20),
    ("any type answers ANY", TYPE_ANY, Reply(0, (cname(60),)), 60),
    ("a CNAME asked for as such", TYPE_CNAME, Reply(0, (cname(60),)), 60),
    ("TTL 0 is for this query only", TYPE_A, Reply(0, (a(0),)), 0),
    ("one TTL 0 in a chain", TYPE_A, Reply(0, (cname(0), a(20))), 0),
    ("max_ttl", TYPE_A, Reply(0, (a(200_000),)), 86_400),
    ("NXDOMAIN by the SOA's TTL", TYPE_A, Reply(3, (), (soa(50, 300),)), 50),
    ("NXDOMAIN by the SOA's minimum", TYPE_A, Reply(3, (), (soa(300, 50),)), 50),
    ("NXDOMAIN after a CNAME", TYPE_A, Reply(3, (cname(7),), (soa(300, 50),)), 7),
    ("NODATA, the SOA not in the first place", TYPE_A, Reply(0, (), (ns(9), soa(300, 50))), 50),
    ("NODATA after a CNAME", TYPE_A, Reply(0, (cname(60),), (soa(300, 50),)), 50),
    ("negative_max_ttl", TYPE_A, Reply(3, (), (soa(86_400, 86_400),)), 900),
    ("a SOA of minimum 0", TYPE_A, Reply(3, (), (soa(300, 0),)), 0),
    ("NXDOMAIN without a SOA", TYPE_A, Reply(3), 0),
    ("NODATA without a SOA", TYPE_A, Reply(0), 0),
    ("a referral", TYPE_A, Reply(0, (), (ns(300),)), 0),
    ("an answer that breaks off in mid-chain", TYPE_A, Reply(0, (cname(60),)), 0),
    ("a SOA too short for its fields", TYPE_A, Reply(3, (), ((ZONE, RecordSet.pack(TYPE_SOA, 60, [b"\0\0\0\0\1"])),)), 0),
    ("SERVFAIL", TYPE_A, Reply(2, (), (soa(300, 300),)), 5),
    ("SERVFAIL without a SOA", TYPE_A, Reply(2), 5),
    ("REFUSED", TYPE_A, Reply(5), 0),
]


@pytest.mark.parametrize(("kind", "reply", "seconds"), [case[1:] for case in LIFETIMES], ids=[case[0] for case in LIFETIMES])
def test_how_long_a_reply_is_kept(kind: int, reply: Reply, seconds: float) -> None:
    cache = ReplyCache(BOUNDS)
    ask = ASK._replace(type=kind)
    cache.put(ask, reply, now=1000.0)
    assert len(cache) == (1 if seconds else 0)
    if seconds:
        assert cache.get(ask, now=1000.0 + seconds - 0.001) is not None
    assert cache.get(ask, now=1000.0 + seconds) is None


def test_ttls_given_out_keep_to_the_bounds_too() -> None:
    cache = ReplyCache(CacheBounds(entries=3, min_ttl=30, max_ttl=100, negative_max_ttl=20))
    cache.put(ASK, Reply(0, (cname(500), a(10)), (ns(5), ns(400))), now=0.0)
    assert ttls(cache.get(ASK, now=0.0)) == [[100, 30], [5, 100], []]
    assert ttls(cache.get(ASK, now=29.0)) == [[71, 1], [0, 71], []]
    assert cache.get(ASK, now=30.0) is None
    cache.put(ASK, Reply(3, (), (soa(300, 300),)), now=0.0)
    assert ttls(cache.get(ASK, now=0.0)) == [[], [20], []]
    cache.put(ask_for("b"), Reply(3, (), (soa(5, 300),)), now=0.0)
    assert cache.get(ask_for("b"), now=5.0) is None, "min_ttl is for answers, a negative one is kept no longer than it says"


def test_aliases_before_nothing_keep_a_ttl_of_their_own() -> None:
    """A client that keeps them by their own TTL asks for the alias again no sooner than it has to; so others have it."""
    cache = ReplyCache(BOUNDS)
    cache.put(ASK, Reply(3, (cname(60),), (soa(300, 5),)), now=0.0)
    assert ttls(cache.get(ASK, now=0.0)) == [[60], [5], []]
    cache.put(ASK, Reply(3, (cname(60),), (soa(300, 200),)), now=0.0)
    assert ttls(cache.get(ASK, now=59.0)) == [[1], [141], []]
    assert cache.get(ASK, now=60.0) is None


def test_what_is_given_out_first_is_what_is_given_out_later() -> None:
    cache = ReplyCache(CacheBounds(entries=3, min_ttl=30, max_ttl=100, negative_max_ttl=20))
    for reply in (Reply(0, (cname(500), a(10)), (ns(5),)), Reply(3, (), (soa(300, 300),)), Reply(2, (), (soa(9, 9),))):
        assert cache.put(ASK, reply, now=0.0) == cache.get(ASK, now=0.0)
        cache.clear()
    breaks_off = Reply(0, (cname(500),))
    assert ttls(cache.put(ASK, breaks_off, now=0.0)) == [[100], [], []], "it is not kept, but capped"
    stale = StaleReply(0, (a(30),))
    assert cache.put(ASK, stale, now=0.0) is stale
    assert ttls(ReplyCache(BOUNDS._replace(entries=0, max_ttl=100)).put(ASK, Reply(0, (a(500),)), now=0.0)) == [
        [100],
        [],
        [],
    ]


def test_a_min_ttl_keeps_what_says_0() -> None:
    cache = ReplyCache(BOUNDS._replace(min_ttl=10))
    cache.put(ASK, Reply(0, (a(0),)), now=0.0)
    assert ttls(cache.get(ASK, now=4.0)) == [[6], [], []]


def test_the_least_recently_used_goes_first() -> None:
    cache = ReplyCache(BOUNDS)
    for label in ("a", "b", "c"):
        cache.put(ask_for(label), Reply(0, (a(60),)), now=0.0)
    cache.get(ask_for("a"), now=1.0)
    cache.put(ask_for("b"), Reply(0, (a(90),)), now=1.0)
    cache.put(ask_for("d"), Reply(0, (a(60),)), now=1.0)
    assert [label for label in "abcd" if cache.get(ask_for(label), now=2.0)] == ["a", "b", "d"]
    assert ttls(cache.get(ask_for("b"), now=2.0)) == [[89], [], []]
    assert len(cache) == 3
    assert cache.evictions == 1


def test_routes_types_and_names_are_kept_apart() -> None:
    cache = ReplyCache(BOUNDS)
    cache.put(ASK, Reply(0, (a(60),)), now=0.0)
    assert cache.get(ASK._replace(route=ROUTE._replace(timeout=9.0)), now=0.0) is None
    assert cache.get(ASK._replace(type=TYPE_CNAME), now=0.0) is None
    assert cache.get(ask_for("other"), now=0.0) is None
    assert cache.get(Ask(Route(tuple(ROUTE.servers), 2.0), Name.from_text("WWW.example.com."), TYPE_A), now=0.0) is not None


def test_a_reply_that_may_not_be_kept_leaves_the_earlier_one() -> None:
    cache = ReplyCache(BOUNDS)
    cache.put(ASK, Reply(0, (a(60),)), now=0.0)
    cache.put(ASK, Reply(2), now=1.0)
    assert ttls(cache.get(ASK, now=1.0)) == [[59], [], []]


def test_no_entries_no_cache() -> None:
    cache = ReplyCache(BOUNDS._replace(entries=0))
    cache.put(ASK, Reply(0, (a(60),)), now=0.0)
    assert len(cache) == 0
    assert cache.get(ASK, now=0.0) is None
    assert cache.evictions == 0


def test_clear_forgets_replies_and_keeps_count() -> None:
    cache = ReplyCache(BOUNDS)
    cache.put(ASK, Reply(0, (a(60),)), now=0.0)
    cache.get(ASK, now=0.0)
    cache.clear()
    assert len(cache) == 0
    assert cache.get(ASK, now=0.0) is None
    assert (cache.hits, cache.misses) == (1, 1)


STALE = BOUNDS._replace(serve_stale=100.0)


def test_what_has_expired_is_stale_for_a_time_with_short_ttls() -> None:
    cache = ReplyCache(STALE)
    reply = Reply(0, (cname(400), a(20)), (ns(7),))
    cache.put(ASK, reply, now=0.0)
    assert cache.stale(ASK, now=19.0) is None, "it is good"
    assert cache.get(ASK, now=20.0) is None
    stale = cache.stale(ASK, now=20.0)
    assert isinstance(stale, StaleReply)
    assert ttls(stale) == [[30, 30], [7], []]
    assert len(cache) == 1
    assert cache.stale(ASK, now=119.9) is not None
    assert cache.stale(ASK, now=120.0) is None
    assert cache.get(ASK, now=120.0) is None
    assert len(cache) == 0
    assert cache.stale(ASK, now=0.0) is None


def test_what_is_stale_is_never_kept_again() -> None:
    cache = ReplyCache(STALE)
    cache.put(ASK, StaleReply(0, (a(30),)), now=0.0)
    assert len(cache) == 0


def test_without_stale_answers_nothing_is_stale() -> None:
    cache = ReplyCache(BOUNDS)
    cache.put(ASK, Reply(0, (a(20),)), now=0.0)
    assert cache.stale(ASK, now=20.0) is None


def test_a_servfail_is_never_stale_and_does_not_take_the_place_of_what_may_be() -> None:
    cache = ReplyCache(STALE)
    cache.put(ASK, Reply(2), now=0.0)
    assert cache.get(ASK, now=4.9) == Reply(2)
    assert cache.stale(ASK, now=5.0) is None
    assert cache.get(ASK, now=5.0) is None
    cache.put(ASK, Reply(2), now=6.0)
    cache.put(ASK, Reply(2), now=7.0)
    assert cache.get(ASK, now=11.5) == Reply(2), "the second time counts"
    cache.put(ASK, Reply(0, (a(20),)), now=12.0)
    cache.put(ASK, Reply(2), now=33.0)
    assert cache.stale(ASK, now=33.0) is not None


def test_a_failure_is_known_for_a_second_then_longer_but_five_seconds_at_most() -> None:
    cache = ReplyCache(BOUNDS)
    now = 0.0
    for seconds in (1.0, 2.0, 4.0, 5.0, 5.0):
        assert cache.failure(ASK, now) is None
        cache.put_failure(ASK, UpstreamError("192.0.2.53:53 gave no reply"), now)
        known = cache.failure(ASK, now + seconds - 0.01)
        assert known is not None
        assert known.reason == (ReasonKind.FAILED_BEFORE, "192.0.2.53:53 gave no reply")
        assert cache.failure(ask_for("other"), now) is None
        now += seconds
    cache.put(ASK, Reply(0, (a(20),)), now)
    cache.put_failure(ASK, UpstreamError("again"), now)
    assert cache.failure(ASK, now + 1.0) is None, "it begins anew"


def test_failures_are_bounded_too() -> None:
    cache = ReplyCache(BOUNDS)
    for number in range(10):
        cache.put_failure(ask_for(f"n{number}"), UpstreamError("x"), 0.0)
    assert [number for number in range(10) if cache.failure(ask_for(f"n{number}"), 0.5)] == [7, 8, 9]
    cache.clear()
    assert cache.failure(ask_for("n9"), 0.5) is None


def test_what_is_popular_is_fetched_once_shortly_before_it_expires() -> None:
    fetched: list[Ask] = []
    cache = ReplyCache(BOUNDS._replace(prefetch=True, entries=10), fetched.append)
    cache.put(ASK, Reply(0, (a(100),)), now=0.0)
    cache.put(ask_for("rare"), Reply(0, (a(100),)), now=0.0)
    cache.put(ask_for("short"), Reply(0, (a(9),)), now=0.0)
    for _ in range(3):
        cache.get(ASK, now=89.9)
        cache.get(ask_for("short"), now=8.9)
    assert fetched == []
    for _ in range(2):
        cache.get(ASK, now=90.0)
    cache.get(ask_for("rare"), now=95.0)
    assert fetched == [ASK]
    assert cache.fetches == 1
    cache.put(ASK, Reply(0, (a(100),)), now=91.0)
    for _ in range(3):
        cache.get(ASK, now=190.0)
    assert fetched == [ASK, ASK]


@pytest.mark.parametrize("bounds", [BOUNDS, BOUNDS._replace(prefetch=True)])
def test_without_prefetch_or_anyone_who_could_nothing_is_fetched(bounds: CacheBounds) -> None:
    cache = ReplyCache(bounds)
    cache.put(ASK, Reply(0, (a(100),)), now=0.0)
    for _ in range(5):
        assert cache.get(ASK, now=95.0) is not None
    assert cache.fetches == 0


def test_memory_is_bounded_and_comes_back() -> None:
    cache = ReplyCache(BOUNDS._replace(entries=1000, size=100_000))
    for number in range(1000):
        cache.put(ask_for(f"n{number}"), Reply(0, (a(60, *(bytes((10, 0, 0, last)) for last in range(20))),)), now=0.0)
        assert cache.size <= 100_000
    assert 20 < len(cache) < 60
    assert cache.evictions == 1000 - len(cache)
    cache.put(ask_for("n999"), Reply(0, (a(60),)), now=0.0)
    size = cache.size
    cache.put(ask_for("n999"), Reply(0, (a(60),)), now=0.0)
    assert cache.size == size
    for number in range(1000):
        cache.get(ask_for(f"n{number}"), now=60.0)
    assert (len(cache), cache.size) == (0, 0)
    cache.put(ASK, Reply(0, ((None, RecordSet.pack(TYPE_A, 60, [bytes(60_000), bytes(60_000)])),)), now=0.0)
    assert (len(cache), cache.size) == (0, 0), "larger than all that is allowed"


def test_an_entry_takes_about_as_much_as_is_said() -> None:
    """By tracemalloc: the estimate is for replies of all sizes within a factor of two."""
    import tracemalloc

    def fill(records: int) -> float:
        cache = ReplyCache(BOUNDS._replace(entries=100_000))
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for number in range(2000):
            rdatas = [bytes((10, number >> 8, number & 255, last)) for last in range(records)]
            cache.put(ask_for(f"n{number}"), Reply(0, (a(60, *rdatas),)), now=0.0)
            if number % 2:  # aged ones are kept beside
                cache.get(ask_for(f"n{number}"), now=1.0)
        taken = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        return taken / cache.size

    assert 0.5 < fill(1) < 2
    assert 0.5 < fill(20) < 2


def test_what_another_cache_held_is_taken_over() -> None:
    cache = ReplyCache(STALE)
    cache.put(ASK, Reply(0, (a(60),)), now=0.0)
    cache.put(ask_for("old"), Reply(0, (a(10),)), now=0.0)
    cache.put(ask_for("none"), Reply(3, (), (soa(50, 50),)), now=0.0)
    other = ReplyCache(STALE)
    for ask, reply, seconds in cache.entries(now=20.0):
        other.restore(ask, reply, seconds, now=1000.0)
    assert ttls(other.get(ASK, now=1000.0)) == [[40], [], []]
    assert other.get(ASK, now=1040.0) is None
    assert ttls(other.get(ask_for("none"), now=1000.0)) == [[], [30], []]
    assert other.get(ask_for("old"), now=1000.0) is None
    assert other.stale(ask_for("old"), now=1000.0) is not None
    assert other.stale(ask_for("old"), now=1090.0) is None


def test_what_is_restored_is_never_good_for_longer_than_it_says() -> None:
    cache = ReplyCache(STALE._replace(entries=0))
    cache.restore(ASK, Reply(0, (a(60),)), 60, now=0.0)
    assert len(cache) == 0
    cache = ReplyCache(STALE)
    cache.restore(ASK, Reply(0, (a(60),)), 1e9, now=0.0)
    cache.restore(ask_for("s"), Reply(2), 1e9, now=0.0)
    cache.restore(ask_for("o"), Reply(0, (a(60),)), -100, now=0.0)
    assert cache.get(ASK, now=59.0) is not None
    assert cache.get(ASK, now=60.0) is None
    assert len(cache) == 1
