"""Whatever we write is read as what it was written of: by us, and by dnspython."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import dns.message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.dns.names import Name
from proxy.dns.query import Edns, Query, read_query
from proxy.dns.records import Placed, RecordSet
from proxy.dns.reply import read_reply
from proxy.dns.text import pack_rdata, rdata_text
from proxy.dns.write import ExtendedError, Sections, write_answer, write_query

quickly = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

LABELS = st.text("abcxyzABC019-_", min_size=1, max_size=12).map(str.encode) | st.binary(min_size=1, max_size=10)
WIRE_NAMES = (
    st.lists(LABELS, max_size=4)
    .map(lambda labels: b"".join(bytes((len(label),)) + label for label in labels) + b"\0")
    .filter(lambda name: len(name) <= 255)
)
NUMBERS = st.integers(0, 0xFFFF)
SHORT = st.binary(max_size=30)


def numbered(*octets: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=sum(octets), max_size=sum(octets))


RDATAS = {
    1: numbered(4),
    2: WIRE_NAMES,
    5: WIRE_NAMES,
    6: st.tuples(WIRE_NAMES, WIRE_NAMES, numbered(20)).map(b"".join),
    12: WIRE_NAMES,
    15: st.tuples(numbered(2), WIRE_NAMES).map(b"".join),
    16: st.lists(SHORT.map(lambda data: bytes((len(data),)) + data), min_size=1, max_size=3).map(b"".join),
    28: numbered(16),
    33: st.tuples(numbered(6), WIRE_NAMES).map(b"".join),
    39: WIRE_NAMES,
    65280: SHORT,
}
SETS = st.sampled_from(sorted(RDATAS)).flatmap(
    lambda kind: st.builds(
        RecordSet.pack, st.just(kind), st.integers(0, 0x7FFFFFFF), st.lists(RDATAS[kind], min_size=1, max_size=4)
    )
)
PLACED = st.tuples(st.none() | WIRE_NAMES, SETS)
SECTIONS = st.builds(
    Sections, st.integers(0, 15), *(st.lists(PLACED, max_size=size).map(tuple) for size in (4, 2, 2))
)  # fmt: skip
QUERIES = st.builds(
    lambda ident, rd, name, kind, size: Query(
        ident, 0x0100 * rd, name.lower(), kind, 1, name + kind.to_bytes(2, "big") + b"\0\1",
        None if size is None else Edns(size, 0, False, None),
    ),
    NUMBERS, st.integers(0, 1), WIRE_NAMES, NUMBERS, st.none() | st.integers(512, 65535),
)  # fmt: skip

Record = tuple[bytes, int, int, bytes]


def records(placed: Sequence[Placed], name: bytes) -> list[Record]:
    """Owner (in lower case, as names are compressed in any), type, TTL, data."""
    return [
        ((name if owner is None else owner).lower(), found.type, found.ttl, rdata)
        for owner, found in placed
        for rdata in found.rdatas()
    ]


@quickly
@given(QUERIES, SECTIONS)
def test_an_answer_is_read_as_it_was_written(query: Query, sections: Sections) -> None:
    read = read_reply(write_answer(query, sections))
    assert (read.id, read.question, read.truncated) == (query.id, query.question, False)
    assert read.sections.rcode == sections.rcode
    for ours, given_ones in zip(read.sections[1:], sections[1:], strict=True):
        assert records(ours, query.name) == records(given_ones, query.name)


@quickly
@given(QUERIES, SECTIONS)
def test_dnspython_reads_the_same(query: Query, sections: Sections) -> None:
    message = dns.message.from_wire(write_answer(query, sections), one_rr_per_rrset=True)
    assert (message.id, int(message.rcode())) == (query.id, sections.rcode)
    for theirs, given_ones in zip((message.answer, message.authority, message.additional), sections[1:], strict=True):
        assert [
            ((found.name.to_wire() or b"").lower(), int(found.rdtype), found.ttl, found[0].to_wire()) for found in theirs
        ] == records(given_ones, query.name)


@quickly
@given(QUERIES, SECTIONS, st.integers(0, 3), st.integers(0, 900))
def test_what_is_cut_is_the_beginning_of_the_whole(query: Query, sections: Sections, turn: int, more: int) -> None:
    error = ExtendedError(15, "why")
    limit = 12 + len(query.question) + 50 + more
    packet = write_answer(query, sections, limit, turn, error)
    assert len(packet) <= limit
    truncated = bool(packet[2] & 0x02)
    whole = read_reply(write_answer(query, sections, turn=turn, error=error))
    part = read_reply(packet[:2] + bytes((packet[2] & ~0x02,)) + packet[3:])
    kept = [record for section in part.sections[1:] for record in records(section, query.name)]
    everything = [record for section in whole.sections[1:] for record in records(section, query.name)]
    assert kept == list(islice(everything, len(kept)))
    needed = sum(len(found.records) for section in sections[1:3] for _, found in section)
    assert truncated is (len(kept) < needed)


@quickly
@given(NUMBERS, WIRE_NAMES, NUMBERS, st.none() | NUMBERS, NUMBERS)
def test_a_query_is_read_as_it_was_written(ident: int, name: bytes, kind: int, size: int | None, rclass: int) -> None:
    query = read_query(write_query(ident, name, kind, size, rclass))
    assert (query.id, query.name, query.type, query.qclass) == (ident, name.lower(), kind, rclass)
    assert query.question[: len(name)] == name
    assert query.edns == (None if size is None else Edns(size, 0, False, None))


@quickly
@given(st.sampled_from(sorted(RDATAS)), st.data())
def test_data_are_shown_and_taken_back(kind: int, data: st.DataObject) -> None:
    rdata = data.draw(RDATAS[kind])
    assert pack_rdata(kind, rdata_text(kind, rdata)) == rdata


@quickly
@given(SETS, st.integers(0, 0x7FFFFFFF), st.integers(0, 100))
def test_a_set_ages_and_turns_without_losing_anything(found: RecordSet, ttl: int, turn: int) -> None:
    assert found.with_ttl(ttl).rdatas() == found.rdatas()
    assert found.with_ttl(ttl).with_ttl(found.ttl) == found
    assert sorted(found.turned(turn)) == sorted(found.records)
    assert found.turned(turn)[0] == found.records[turn % len(found.records)]


@quickly
@given(WIRE_NAMES)
def test_a_name_is_its_labels(wire: bytes) -> None:
    name = Name(wire.lower())
    assert Name.from_text(str(name)) == name
    assert b"".join(bytes((len(label),)) + label for label in name.labels()) + b"\0" == name
