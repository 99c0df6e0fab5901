"""Which replies are kept, for how long, and what their TTLs say meanwhile."""

from __future__ import annotations

import pytest

from proxy.cache import ReplyCache
from proxy.dns.codes import TYPE_A, TYPE_ANY, TYPE_CNAME, TYPE_NS, TYPE_SOA
from proxy.dns.names import Name
from proxy.dns.records import Placed, RecordSet
from proxy.model.answers import Ask, Protocol, Reply, Route, ServerAddress
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
    ("SERVFAIL", TYPE_A, Reply(2, (), (soa(300, 300),)), 0),
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
