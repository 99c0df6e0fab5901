"""Reading other servers' replies: whole, whatever their types, and never more than they say."""

from __future__ import annotations

import struct

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.tsigkeyring
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.dns.codes import TYPE_A, TYPE_CNAME
from proxy.dns.errors import MalformedMessage
from proxy.dns.query import read_query
from proxy.dns.reply import read_reply
from proxy.dns.text import rdata_text
from proxy.dns.write import write_answer

HEAD = struct.pack("!HHHHHH", 7, 0x8180, 1, 1, 0, 0)
QUESTION = b"\3www\7example\3com\0\0\1\0\1"


def reply_to(name: str, kind: str, *answers: dns.rrset.RRset, rcode: int = 0) -> dns.message.Message:
    reply = dns.message.make_response(dns.message.make_query(name, kind), recursion_available=True)
    reply.answer.extend(answers)
    reply.set_rcode(dns.rcode.Rcode.make(rcode))
    return reply


RRSETS = [
    ("A", ["192.0.2.1", "192.0.2.2"]),
    ("AAAA", ["2001:db8::1"]),
    ("NS", ["ns1.example.com.", "ns2.example.com."]),
    ("MX", ["10 mail.example.com.", "20 mail.example.net."]),
    ("SOA", ["ns.example.com. root.example.com. 1 2 3 4 5"]),
    ("TXT", ['"one" "two"', '"three"']),
    ("SRV", ["1 2 3 sip.example.com."]),
    ("NAPTR", ['100 10 "U" "SIP+D2U" "" sip.example.com.']),
    ("PTR", ["www.example.com."]),
    ("DNAME", ["example.net."]),
    ("RP", ["root.example.com. note.example.com."]),
    ("AFSDB", ["1 afs.example.com."]),
    ("KX", ["10 kx.example.com."]),
    ("PX", ["10 a.example.com. b.example.com."]),
    ("HTTPS", ['1 svc.example.com. alpn="h2" port="8443"']),
    ("SVCB", ["0 svc.example.com."]),
    ("CAA", ['0 issue "ca.example.net"']),
    ("TYPE65280", [r"\# 4 0a000001"]),
    ("DS", ["60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118"]),
    ("LOC", ["52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m"]),
]


@pytest.mark.parametrize(("kind", "texts"), RRSETS)
def test_a_record_of_any_type_goes_through_as_it_is(kind: str, texts: list[str]) -> None:
    """Compressed by another library, read here, written here, and read by that library again."""
    rrset = dns.rrset.from_text("www.example.com.", 77, "IN", kind, *texts)
    wire = reply_to("www.example.com", kind, rrset).to_wire()
    message = read_reply(wire)
    query = read_query(dns.message.make_query("www.example.com", kind).to_wire())
    again = dns.message.from_wire(write_answer(query, message.sections))
    assert again.answer == [rrset]
    assert {each.ttl for each in again.answer} == {77}


def test_a_chain_keeps_its_order_and_its_owners() -> None:
    reply = reply_to(
        "WWW.example.com",
        "A",
        dns.rrset.from_text("www.example.com.", 60, "IN", "CNAME", "Web.example.net."),
        dns.rrset.from_text("web.example.net.", 30, "IN", "A", "192.0.2.1", "192.0.2.2"),
    )
    message = read_reply(reply.to_wire())
    assert message.question[:16] == b"\3WWW\7example\3com"
    (first, cname), (second, addresses) = message.sections.answer
    assert (first, cname.type, cname.ttl) == (None, TYPE_CNAME, 60)
    assert second is not None
    assert second.lower() == b"\3web\7example\3net\0"
    assert (addresses.type, addresses.ttl, len(addresses.records)) == (TYPE_A, 30, 2)


def test_records_of_one_name_with_two_ttls_are_two_sets() -> None:
    one = dns.rrset.from_text("a.example.", 30, "IN", "A", "192.0.2.1")
    other = dns.rrset.from_text("a.example.", 40, "IN", "A", "192.0.2.2")
    message = read_reply(reply_to("a.example", "A", one, other).to_wire())
    assert [found.ttl for _, found in message.sections.answer] == [30, 40]


def test_opt_and_tsig_end_here_and_the_rcode_is_put_together() -> None:
    reply = reply_to("a.example", "A", rcode=16)
    reply.use_edns(0, payload=1232)
    reply.set_rcode(dns.rcode.BADVERS)
    assert read_reply(reply.to_wire()).sections.rcode == 16
    signed = reply_to("a.example", "A")
    signed.use_tsig(dns.tsigkeyring.from_text({"key.": "c2VjcmV0"}), algorithm=dns.tsig.HMAC_SHA256)
    signed.request_mac = b""
    assert read_reply(signed.to_wire()).sections.additional == ()


def test_a_truncated_reply_may_break_off_anywhere() -> None:
    reply = reply_to("a.example", "A", dns.rrset.from_text("a.example.", 30, "IN", "A", "192.0.2.1"))
    reply.flags |= dns.flags.TC
    message = read_reply(reply.to_wire()[:-3])
    assert message.truncated
    assert message.sections.answer == ()


def test_a_pointer_to_a_pointer() -> None:
    first = b"\xc0\x10" + struct.pack("!HHIH", 5, 1, 60, 6) + b"\3web\xc0\x0c"  # example.com CNAME web.www.example.com
    second = b"\xc0\x2d" + struct.pack("!HHIH", 1, 1, 60, 4) + b"\x0a\0\0\1"
    head = struct.pack("!HHHHHH", 7, 0x8180, 1, 2, 0, 0)
    packet = head + QUESTION + first + second
    assert [str(each.name) for each in dns.message.from_wire(packet).answer] == ["example.com.", "web.www.example.com."]
    owners = [owner for owner, _ in read_reply(packet).sections.answer]
    assert owners == [b"\7example\3com\0", b"\3web\3www\7example\3com\0"]


def test_a_ttl_with_its_highest_bit_is_nothing() -> None:
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0x80000001, 4) + b"\x0a\0\0\1"
    ((_, found),) = read_reply(HEAD + QUESTION + record).sections.answer
    assert found.ttl == 0


def record(kind: int, rdata: bytes, owner: bytes = b"\xc0\x0c") -> bytes:
    return HEAD + QUESTION + owner + struct.pack("!HHIH", kind, 1, 60, len(rdata)) + rdata


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (b"", "shorter than a header"),
        (struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + QUESTION, "a query, not a response"),
        (struct.pack("!HHHHHH", 7, 0x8180, 0, 0, 0, 0), "0 questions instead of one"),
        (HEAD + b"\3www", "a name ends early"),
        (HEAD + b"\3www\0\0", "the question ends early"),
        (HEAD + b"\3www\xc0\0\0\1\0\1", "a compressed name in the question"),
        (HEAD + QUESTION + b"\xc0", "a name ends early"),
        (HEAD + QUESTION + b"\xc0\x0c\0\1", "a record ends early"),
        (record(1, b"\x0a\0\0\1")[:-1], "a record is longer than the message"),
        (record(1, b"", b"\xc0\xff"), "a compression pointer that does not lead backwards"),
        (record(1, b"", b"\x80a"), "a label of unknown kind"),
        (record(1, b"", (b"\x3f" + b"a" * 63) * 4 + b"\0"), "a name is longer than 255 octets"),
        (record(5, b"\3ww"), "a name ends early"),
        (record(5, b"\3www"), "a name ends early"),
        (record(15, b"\0\x0a\xc0") + b"\x0c", "a name in record data is longer than its record"),
        (record(35, b"\0\x01\0\x01\x01U"), "a NAPTR record ends early"),
        (record(5, b"\1a\0x"), "goes on behind its names"),
        (record(6, b"\0\0" + bytes(19)), "or ends early"),
        (record(1, b"\x0a\0\0"), "an address of another length"),
        (record(28, bytes(4)), "an address of another length"),
        (record(1, bytes(5), b"\0"), "an address of another length"),
    ],
)
def test_what_is_no_reply(broken: bytes, says: str) -> None:
    with pytest.raises(MalformedMessage) as wrong:
        read_reply(broken)
    assert says in wrong.value.what


def test_what_is_an_address_in_class_in_may_be_anything_in_another() -> None:
    for owner in (b"\xc0\x0c", b"\0"):
        other = HEAD + QUESTION + owner + struct.pack("!HHIH", 1, 3, 60, 3) + b"\0\0\7"
        assert read_reply(other).sections.answer[0][1].rdatas() == (b"\0\0\7",)


@pytest.mark.parametrize(("answers", "authorities"), [(1, 0), (0, 1)])
def test_an_opt_record_stands_in_the_additional_section_alone(answers: int, authorities: int) -> None:
    head = struct.pack("!HHHHHH", 7, 0x8180, 1, answers, authorities, 0)
    with pytest.raises(MalformedMessage, match="outside the additional section"):
        read_reply(head + QUESTION + b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)).sections  # noqa: B018  read when it is wanted


@settings(max_examples=300)
@given(st.binary(max_size=120), st.integers(0, 3), st.integers(0, 3))
def test_any_octets_are_a_reply_or_a_malformed_message(octets: bytes, answers: int, others: int) -> None:
    head = struct.pack("!HHHHHH", 7, 0x8180, 1, answers, others, others)
    for packet in (octets, head + octets, head + QUESTION + octets, head + QUESTION + b"\xc0\x0c" + octets):
        try:
            message = read_reply(packet)
        except MalformedMessage:
            continue
        for section in message.sections[1:]:
            for _, found in section:
                assert [rdata_text(found.type, rdata) for rdata in found.rdatas()]
