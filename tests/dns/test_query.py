"""Reading queries: what clients send, and what is none."""

from __future__ import annotations

import ipaddress
import struct

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.tsig
import dns.tsigkeyring
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.dns.codes import RCODE_FORMERR, RCODE_NOTIMP, TYPE_AAAA
from proxy.dns.errors import MalformedMessage
from proxy.dns.query import Edns, read_query

QUESTION = b"\3www\7example\3com\0\0\1\0\1"


def packet(*, flags: int = 0x0100, counts: tuple[int, int, int, int] = (1, 0, 0, 0), body: bytes = QUESTION) -> bytes:
    return struct.pack("!HHHHHH", 7, flags, *counts) + body


def opt(size: int = 1232, ttl: int = 0, options: bytes = b"", owner: bytes = b"\0") -> bytes:
    return owner + struct.pack("!HHIH", 41, size, ttl, len(options)) + options


def with_opt(*records: bytes) -> bytes:
    return packet(counts=(1, 0, 0, len(records)), body=QUESTION + b"".join(records))


def subnet(family: int, prefix: int, address: bytes) -> bytes:
    data = struct.pack("!HBB", family, prefix, 0) + address
    return struct.pack("!HH", 8, len(data)) + data


def test_a_query_as_another_library_writes_it() -> None:
    wanted = dns.message.make_query("WWW.Example.com", "AAAA", use_edns=0, payload=1400, want_dnssec=True, id=77)
    query = read_query(wanted.to_wire())
    assert query.id == 77
    assert query.flags & 0x0100
    assert query.name == b"\3www\7example\3com\0"
    assert (query.type, query.qclass) == (TYPE_AAAA, 1)
    assert query.question == b"\3WWW\7Example\3com\0\0\x1c\0\1"
    assert query.edns == Edns(1400, 0, True, None)


def test_without_edns() -> None:
    assert read_query(packet()).edns is None
    assert read_query(packet(body=b"\0\0\2\0\1")).name == b"\0"


def test_a_version_and_unknown_options() -> None:
    options = struct.pack("!HH", 10, 8) + b"12345678"
    assert read_query(with_opt(opt(ttl=1 << 16, options=options))).edns == Edns(1232, 1, False, None)


@pytest.mark.parametrize(
    ("option", "address"),
    [
        (subnet(1, 24, b"\x0a\0\1"), "10.0.1.0"),
        (subnet(1, 32, b"\x0a\0\1\5"), "10.0.1.5"),
        (subnet(2, 56, b"\x20\1\x0d\xb8\0\0\1"), "2001:db8:0:100::"),
        (subnet(1, 0, b""), None),
    ],
)
def test_a_client_subnet(option: bytes, address: str | None) -> None:
    edns = read_query(with_opt(opt(options=option))).edns
    assert edns is not None
    assert edns.subnet == (None if address is None else ipaddress.ip_address(address))


def test_other_records_in_the_additional_section_are_passed_over() -> None:
    signed = dns.message.make_query("example.com", "A", use_edns=0)
    signed.use_tsig(dns.tsigkeyring.from_text({"key.": "c2VjcmV0"}), algorithm=dns.tsig.HMAC_SHA256)
    assert read_query(signed.to_wire()).edns is not None
    pointer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + b"\x0a\0\0\1"
    assert read_query(with_opt(pointer, opt())).edns == Edns(1232, 0, False, None)


@pytest.mark.parametrize("broken", [b"", b"\0" * 11, packet(flags=0x8100)])
def test_what_is_met_with_silence(broken: bytes) -> None:
    with pytest.raises(MalformedMessage) as wrong:
        read_query(broken)
    assert wrong.value.rcode is None


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (packet(counts=(0, 0, 0, 0), body=b""), "0 questions instead of one"),
        (packet(counts=(2, 0, 0, 0), body=QUESTION * 2), "2 questions instead of one"),
        (packet(body=b"\3www"), "the question ends early"),
        (packet(body=b"\3www\0\0"), "the question ends early"),
        (packet(body=b"\xc0\x0c\0\1\0\1"), "a label of the question is longer than 63 octets"),
        (packet(body=(b"\x3f" + b"a" * 63) * 4 + b"\0\0\1\0\1"), "the question's name is longer than 255 octets"),
        (packet(counts=(1, 1, 0, 0)), "a query with records in its answer or authority section"),
        (packet(counts=(1, 0, 1, 0)), "a query with records in its answer or authority section"),
        (packet(body=QUESTION + b"x"), "octets after the message"),
        (with_opt(opt(), opt()), "more than one OPT record"),
        (with_opt(opt(owner=b"\1a\0")), "one that is not at the root"),
        (with_opt(b"\0\0\x29"), "the additional section ends early"),
        (with_opt(b"\3ab"), "a name ends early"),
        (with_opt(b"\x80\0"), "a label of unknown kind"),
        (with_opt(opt()[:-2] + b"\0\5"), "a record is longer than the message"),
        (with_opt(opt(options=b"\0\1\0")), "an EDNS option ends early"),
        (with_opt(opt(options=b"\0\1\0\5ab")), "an EDNS option is longer than its record"),
        (with_opt(opt(options=b"\0\x08\0\2\0\1")), "a client-subnet option ends early"),
        (with_opt(opt(options=subnet(3, 0, b""))), "a family or prefix that does not fit"),
        (with_opt(opt(options=subnet(1, 33, b"\1\2\3\4\5"))), "a family or prefix that does not fit"),
        (with_opt(opt(options=subnet(1, 24, b"\1\2\3\4"))), "a family or prefix that does not fit"),
    ],
)
def test_what_is_malformed(broken: bytes, says: str) -> None:
    with pytest.raises(MalformedMessage) as wrong:
        read_query(broken)
    assert says in wrong.value.what
    assert wrong.value.rcode == RCODE_FORMERR


def test_another_opcode_is_not_implemented() -> None:
    with pytest.raises(MalformedMessage) as wrong:
        read_query(packet(flags=0x2000))
    assert wrong.value.rcode == RCODE_NOTIMP


@given(st.binary(max_size=200))
def test_any_octets_are_a_query_or_a_malformed_message(octets: bytes) -> None:
    for each in (octets, b"\0\7\1\0\0\1\0\0\0\0\0\0" + octets, b"\0\7\1\0\0\1\0\0\0\0\0\1" + QUESTION + octets):
        try:
            query = read_query(each)
        except MalformedMessage:
            continue
        theirs = dns.message.from_wire(each, ignore_trailing=True, one_rr_per_rrset=True, continue_on_error=True)
        assert theirs.id == query.id
        assert theirs.question[0].name == dns.name.from_wire(query.question, 0)[0]
