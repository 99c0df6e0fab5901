"""Which packets count as the reply to a query."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import pytest

from proxy.dns.codes import TYPE_A
from proxy.dns.names import Name
from proxy.upstream.sent import Sent

QUERY = Sent(0x1234, Name.from_text("www.example.com"), TYPE_A, 1232)
TYPE_HTTPS = 65
TYPE_97 = 97  # what 65 becomes where a question's type is put into lower case along with its name


def reply_to(sent: Sent, rcode: str = "NOERROR") -> dns.message.Message:
    response = dns.message.make_response(dns.message.from_wire(sent.packet()))
    response.set_rcode(dns.rcode.from_text(rcode))
    return response


def header_only(sent: Sent, rcode: str, flags: int = dns.flags.QR) -> bytes:
    return sent.id.to_bytes(2, "big") + (flags | dns.rcode.from_text(rcode)).to_bytes(2, "big") + bytes(8)


def test_the_query_asks_for_recursion_with_an_opt_of_1232_octets_and_without_dnssec() -> None:
    message = dns.message.from_wire(QUERY.packet())
    assert message.id == 0x1234
    assert message.flags == dns.flags.RD
    assert message.question[0].to_text() == "www.example.com. IN A"
    assert (message.edns, message.payload, message.ednsflags, message.options) == (0, 1232, 0, ())
    assert dns.message.from_wire(QUERY._replace(udp_size=None).packet()).edns == -1
    assert QUERY.packet() == QUERY.packet()


def test_a_reply_matches_in_any_letter_case() -> None:
    packet = reply_to(QUERY).to_wire().replace(b"example", b"EXAMple")
    message = QUERY.match(packet)
    assert message is not None
    assert message.id == 0x1234


OTHERS = [
    ("another id", reply_to(QUERY._replace(id=0x1235)).to_wire()),
    ("another name", reply_to(QUERY._replace(name=Name.from_text("www.example.org"))).to_wire()),
    ("another type", reply_to(QUERY._replace(type=28)).to_wire()),
    ("another class", reply_to(QUERY).to_wire().replace(b"\0\1\0\1\0\0\x29", b"\0\1\0\3\0\0\x29")),
    ("the query itself", QUERY.packet()),
    ("no question", reply_to(QUERY).to_wire()[:4] + bytes(8)),
    ("broken off", reply_to(QUERY).to_wire()[:20]),
    ("garbage", b"\x12\x34" + b"\xff" * 40),
    ("nothing", b""),
]


@pytest.mark.parametrize("packet", [case[1] for case in OTHERS], ids=[case[0] for case in OTHERS])
def test_anything_else_does_not(packet: bytes) -> None:
    assert QUERY.match(packet) is None


def test_a_types_octets_are_no_letters() -> None:
    query = QUERY._replace(type=TYPE_HTTPS)
    assert query.match(reply_to(query).to_wire()) is not None
    assert query.match(reply_to(query._replace(type=TYPE_97)).to_wire()) is None


@pytest.mark.parametrize("rcode", ["FORMERR", "NOTIMP"])
def test_a_bare_header_says_that_the_query_could_not_be_read(rcode: str) -> None:
    message = QUERY.match(header_only(QUERY, rcode))
    assert message is not None
    assert message.sections.rcode == dns.rcode.from_text(rcode)
    assert QUERY.match(header_only(QUERY._replace(id=1), rcode)) is None
    assert QUERY.match(header_only(QUERY, rcode, flags=0)) is None


def test_a_bare_header_says_nothing_else() -> None:
    assert QUERY.match(header_only(QUERY, "SERVFAIL")) is None
    assert QUERY.match(header_only(QUERY, "NOERROR")) is None
