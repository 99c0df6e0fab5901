"""A cache that outlives a restart, and what is made of files that do not hold one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.cache import ReplyCache
from proxy.cachefile import dump_cache, load_cache
from proxy.dns.names import Name
from proxy.dns.records import RecordSet
from proxy.model.answers import Ask, Protocol, Reply, Route, ServerAddress, Strategy
from proxy.model.plan import CacheBounds
from tests.worlds import placed, reply

BOUNDS = CacheBounds(entries=100, min_ttl=0, max_ttl=86_400, negative_max_ttl=900, serve_stale=100)
ROUTES = [
    Route((ServerAddress(Protocol.UDP, "192.0.2.53", 53),), 2.0),
    Route((ServerAddress(Protocol.HTTPS, "", 443, "dns.example", "/q"),), 2.0, Strategy.RANDOM, "system"),
]
SOA = placed("example", "SOA", 60, "a. b. 1 2 3 4 50")
REPLIES = [
    reply(placed(None, "A", 60, "192.0.2.1", "192.0.2.2")),
    reply(placed(None, "CNAME", 60, "b.example"), placed("b.example", "AAAA", 90, "2001:db8::1")),
    reply(rcode=3, authority=[SOA]),
    Reply(0, ((None, RecordSet.pack(65280, 60, [b"\0\xff", b""])),)),
]


def filled() -> ReplyCache:
    cache = ReplyCache(BOUNDS)
    for route in ROUTES:
        for number, found in enumerate(REPLIES):
            cache.put(Ask(route, Name.from_text(f"n{number}.example"), kind_of(found)), found, now=50.0)
    return cache


def kind_of(found: Reply) -> int:
    return found.answer[-1][1].type if found.answer else 1


def content(cache: ReplyCache, now: float) -> list[tuple[Ask, Reply, float]]:
    return [(ask, found, round(seconds, 3)) for ask, found, seconds in cache.entries(now)]


def test_everything_comes_back_aged_by_the_time_between() -> None:
    before = filled()
    octets = dump_cache(before, now=60.0, wall=1000.0)
    after = ReplyCache(BOUNDS)
    assert load_cache(after, octets, now=5.0, wall=1020.0) == 8
    assert content(after, 5.0) == [(ask, found, seconds - 20) for ask, found, seconds in content(before, 60.0)], (
        "good for 20 s less; what they say counts down from when they were saved"
    )


def test_what_has_expired_meanwhile_is_stale_or_gone() -> None:
    octets = dump_cache(filled(), now=60.0, wall=1000.0)
    after = ReplyCache(BOUNDS)
    load_cache(after, octets, now=5.0, wall=1120.0)
    first = Ask(ROUTES[0], Name.from_text("n0.example"), 1)
    assert after.get(first, 5.0) is None
    assert after.stale(first, 5.0) is not None
    gone = ReplyCache(BOUNDS)
    load_cache(gone, octets, now=5.0, wall=9000.0)
    assert len(gone) == 0


def test_a_clock_that_was_set_back_makes_nothing_good_for_longer() -> None:
    before = filled()
    octets = dump_cache(before, now=60.0, wall=1000.0)
    after = ReplyCache(BOUNDS)
    load_cache(after, octets, now=0.0, wall=-5e8)
    assert content(after, 0.0) == content(before, 60.0)


def test_order_is_kept_so_that_the_least_recently_used_goes_first() -> None:
    octets = dump_cache(filled(), now=60.0, wall=0.0)
    after = ReplyCache(BOUNDS._replace(entries=2))
    load_cache(after, octets, now=60.0, wall=0.0)
    assert [str(Name(ask.name)) for ask, _, _ in after.entries(60.0)] == ["n2.example", "n3.example"]


def test_a_reply_that_fits_no_message_is_left_out() -> None:
    cache = ReplyCache(BOUNDS)
    cache.put(Ask(ROUTES[0], Name.from_text("a.example"), 16), reply(placed(None, "TXT", 60, *["x" * 250] * 300)), now=0.0)
    assert load_cache(ReplyCache(BOUNDS), dump_cache(cache, 0.0, 0.0), 0.0, 0.0) == 0


def line(number: int, value: object) -> bytes:
    """A good file with one line replaced."""
    lines = dump_cache(filled(), now=60.0, wall=1000.0).split(b"\n")
    lines[number] = value if isinstance(value, bytes) else json.dumps(value).encode()
    return b"\n".join(lines)


BROKEN: list[tuple[str, bytes, int]] = [
    ("nothing", b"", 0),
    ("no JSON", b"\xff\xfe\0", 0),
    ("deep JSON", b"[" * 100_000, 0),
    ("no dictionary", line(0, [1]), 0),
    ("another version", line(0, {"vpcdns cache": 99, "saved": 1}), 0),
    ("no time", line(0, {"vpcdns cache": 1, "saved": "now"}), 0),
    ("routes that are none", line(1, [{"servers": [["carrier pigeon", "a", 1, "", ""]]}]), 0),
    ("an entry that is no list", line(2, 7), 7),
    ("an entry with another route", line(2, [5, 1.0, "AAAA"]), 7),
    ("an entry that is no base64", line(2, [0, 1.0, "a"]), 7),
    ("an entry that is no message", line(2, [0, 1.0, "AAAA"]), 7),
    ("an entry without a time", line(2, [0, None, "AAAA"]), 7),
    ("an entry with a time beyond all", line(2, b'[0, 1e999, "AAAA"]'), 7),
]


@pytest.mark.parametrize(("octets", "taken"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_what_is_broken_is_left_out(octets: bytes, taken: int) -> None:
    assert load_cache(ReplyCache(BOUNDS), octets, now=0.0, wall=1000.0) == taken


@given(st.binary(max_size=300), st.integers(0, 2000))
def test_no_file_is_ever_an_exception(octets: bytes, at: int) -> None:
    whole = dump_cache(filled(), now=60.0, wall=1000.0)
    for made in (octets, whole[:at] + octets + whole[at + len(octets) :]):
        load_cache(ReplyCache(BOUNDS), made, now=0.0, wall=1000.0)
