"""Record data as text and octets, with dnspython's opinion beside ours."""

from __future__ import annotations

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.dns.codes import TYPE_NUMBERS, rcode_word, type_number, type_word
from proxy.dns.errors import MalformedMessage
from proxy.dns.reply import check_rdata
from proxy.dns.text import normal_rdata_text, pack_rdata, rdata_text

VALUES = [
    ("A", "10.0.5.10", "10.0.5.10"),
    ("AAAA", "2001:DB8:0:0::1", "2001:db8::1"),
    ("AAAA", "::ffff:10.0.0.1", "::ffff:10.0.0.1"),
    ("NS", "ns1.example.com.", "ns1.example.com"),
    ("CNAME", "WWW.example.com", "WWW.example.com"),
    ("PTR", "www.example.com", "www.example.com"),
    ("DNAME", "example.net.", "example.net"),
    ("MX", "10 mail.example.com.", "10 mail.example.com"),
    ("MX", "0 .", "0 ."),
    ("SRV", "10 60 5060 sip.example.com.", "10 60 5060 sip.example.com"),
    ("SOA", "ns.example.com. root.example.com. 1 7200 900 1209600 86400",
     "ns.example.com root.example.com 1 7200 900 1209600 86400"),
    ("TXT", "v=spf1 -all", '"v=spf1 -all"'),
    ("TXT", '"one" "two"', '"one" "two"'),
    ("TXT", r'"a\"b\\c"', r'"a\"b\\c"'),
    ("TXT", '""', '""'),
    ("SPF", "v=spf1 -all", '"v=spf1 -all"'),
    ("CAA", '0 issue "ca.example.net"', '0 issue "ca.example.net"'),
    ("CAA", "128 iodef mailto:x@example.com", '128 iodef "mailto:x@example.com"'),
    ("NAPTR", '100 10 "U" "SIP+D2U" "" _sip._udp.example.com.', '100 10 "U" "SIP+D2U" "" _sip._udp.example.com'),
    ("NAPTR", '100 10 "U" "SIP+D2U" "" _sip._udp.example.com', '100 10 "U" "SIP+D2U" "" _sip._udp.example.com'),
    ("DS", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
    ("SSHFP", "2 1 123456789ABCDEF67890123456789ABCDEF67890", "2 1 123456789ABCDEF67890123456789ABCDEF67890"),
    ("SVCB", "0 svc.example.com", "0 svc.example.com"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given_text", "shown"), VALUES)
def test_text_to_octets_and_back(kind: str, given_text: str, shown: str) -> None:
    number = type_number(kind)
    rdata = pack_rdata(number, given_text)
    assert rdata_text(number, rdata) == shown
    assert normal_rdata_text(number, shown) == shown
    theirs = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.RdataType.make(number), rdata, 0, len(rdata))
    assert theirs.to_wire(origin=None) == rdata


def test_service_bindings_have_their_parameters_in_order() -> None:
    rdata = pack_rdata(type_number("HTTPS"), '1 svc.example.com. port=8443 alpn="h2,h3"')
    theirs = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.HTTPS, rdata, 0, len(rdata))
    assert theirs.to_text() == '1 svc.example.com. alpn="h2,h3" port="8443"'
    assert pack_rdata(type_number("TLSA"), "3 1 1 00ff") == b"\3\1\1\0\xff"


def test_an_octet_in_octal() -> None:
    assert pack_rdata(type_number("TXT"), r'"\101\377\400"') == b"\5A\xff400"
    assert rdata_text(type_number("TXT"), b"\3A\xff\7") == r'"A\377\007"'


def test_any_type_can_be_given_by_its_octets() -> None:
    assert pack_rdata(65280, r"\# 4 0a00 0001") == b"\x0a\0\0\1"
    assert pack_rdata(65280, r"\# 0") == b""
    assert pack_rdata(1, r"\# 4 0a000001") == b"\x0a\0\0\1"
    assert pack_rdata(1, r"\# 3 000007", rclass=3) == b"\0\0\7"
    assert rdata_text(65280, b"\x0a\0\0\1") == r"\# 4 0a000001"
    assert rdata_text(65280, b"") == r"\# 0"
    for wrong in (r"\# 3 0a000001", r"\# x", r"\# 1 0"):
        with pytest.raises(MalformedMessage, match="is no data"):
            pack_rdata(65280, wrong)


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("A", r"\# 3 0a0000", "an address of another length"),
        ("AAAA", r"\# 0", "an address of another length"),
        ("CNAME", r"\# 3 016100", None),
        ("CNAME", r"\# 0", "a name ends early"),
        ("CNAME", r"\# 4 01610000", "goes on behind its names"),
        ("CNAME", r"\# 2 0161", "a name ends early"),
        ("MX", r"\# 4 0001c000", "a compressed name"),
        ("SOA", r"\# 4 00000000", "or ends early"),
        ("TYPE24", r"\# 20 " + "00" * 18 + "0001", None),
        ("NAPTR", r"\# 9 " + "00" * 9, "goes on behind its names"),
        ("TYPE65280", r"\# 65536 " + "00" * 65536, "over 65,535 octets"),
        ("TXT", ('"' + "x" * 255 + '" ') * 257, "over 65,535 octets"),
    ],
)
def test_what_others_follow_has_to_be_whole(kind: str, text: str, says: str | None) -> None:
    number = type_number(kind)
    if says is None:
        assert pack_rdata(number, text)
        return
    with pytest.raises(MalformedMessage, match=says):
        pack_rdata(number, text)


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("A", "10.0.5", "10.0.5 is no data of type A; write for example 192.0.2.1"),
        ("A", "2001:db8::1", "is no data of type A"),
        ("AAAA", "10.0.5.10", "is no data of type AAAA"),
        ("MX", "mail.example.com", "is no data of type MX"),
        ("MX", "x mail.example.com", "x is no number"),
        ("MX", "70000 mail.example.com", "is no data of type MX"),
        ("CNAME", "a..b", "a..b has an empty label"),
        ("SOA", "a. b. 1 2 3", "is no data of type SOA"),
        ("TXT", '"open', "a quotation mark is missing"),
        ("TXT", '"a" b', "a quotation mark is missing, or something stands outside"),
        ("TXT", "x" * 256, "a string is longer than 255 octets"),
        ("CAA", "0 is-sue x", "the tag is-sue is not of letters and digits"),
        ("CAA", '0 issue "a" "b"', "is no data of type CAA"),
        ("CAA", "0 issue", "is no data of type CAA"),
        ("DS", "1 2", "2 fields instead of 4"),
        ("DS", "x 5 1 00", "is no data of type DS"),
        ("NAPTR", '100 10 "U', "is no data of type NAPTR"),
        ("HINFO", "x", r"HINFO data can only be given as \# LENGTH HEX"),
    ],
)
def test_what_is_no_data(kind: str, text: str, says: str) -> None:
    with pytest.raises(MalformedMessage) as wrong:
        pack_rdata(type_number(kind), text)
    assert says in wrong.value.what


@pytest.mark.parametrize(
    ("kind", "rdata"),
    [
        ("A", b"\x0a"), ("AAAA", b"\1"), ("MX", b"\0"), ("MX", b"\0\1\3ab"), ("MX", b"\0\1\0\0"), ("CNAME", b"\x80a"),
        ("SOA", b"\0"), ("TXT", b""), ("TXT", b"\5ab"), ("CAA", b"\0\5is"), ("CAA", b"\0\0"), ("DS", b"\0"),
        ("SVCB", b"\0"), ("NAPTR", b"\0\1\0\1\0\0\0\0x"), ("SVCB", b"\0\0\0\1"), ("HTTPS", b"\0\1\0\0\1\0\5h2"), ("SSHFP", b""),
    ],
)  # fmt: skip
def test_octets_that_are_not_what_their_type_says_are_shown_as_octets(kind: str, rdata: bytes) -> None:
    assert rdata_text(type_number(kind), rdata) == rf"\# {len(rdata)} {rdata.hex()}".rstrip()


@given(st.sampled_from(sorted(set(TYPE_NUMBERS.values()))), st.binary(max_size=60))
def test_any_octets_can_be_shown_and_taken_back(number: int, rdata: bytes) -> None:
    shown = rdata_text(number, rdata)
    assert isinstance(shown, str)
    if shown.startswith("\\#"):
        try:
            check_rdata(number, rdata)
        except MalformedMessage:
            with pytest.raises(MalformedMessage):
                pack_rdata(number, shown)
        else:
            assert pack_rdata(number, shown) == rdata


@given(
    st.sampled_from(["A", "AAAA", "MX", "SOA", "TXT", "SRV", "CAA", "NAPTR", "DS", "TLSA", "SSHFP", "HTTPS"]),
    st.text(max_size=60),
)
def test_any_text_is_data_or_malformed(kind: str, text: str) -> None:
    number = type_number(kind)
    try:
        rdata = pack_rdata(number, text)
    except MalformedMessage:
        return
    assert pack_rdata(number, rdata_text(number, rdata)) == rdata


def test_words_for_numbers() -> None:
    assert (type_word(28), type_word(65280), type_word(257)) == ("AAAA", "TYPE65280", "CAA")
    assert (type_number("aaaa"), type_number("TYPE65280"), type_number("type28")) == (28, 65280, 28)
    assert (rcode_word(3), rcode_word(11)) == ("NXDOMAIN", "RCODE11")
    for wrong in ("", "BOGUS", "TYPE65536", "TYPE-1", "TYPE٣"):
        with pytest.raises(MalformedMessage, match="is no record type"):
            type_number(wrong)
