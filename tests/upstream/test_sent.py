"""Which packets count as the reply to a query."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import pytest

from proxy.dns.codes import TYPE_A
from proxy.dns.names import Name
from proxy.dns.write import Sections, query_behind_id
from proxy.upstream.sent import UDP_SIZE, Verdict, judge

NAME = Name.from_text("www.example.com")
MIXED = b"\3wWw\7eXaMPle\3coM\0"
TYPE_HTTPS = 65
TYPE_97 = 97  # what 65 becomes where a question's type is put into lower case along with its name


def question(name: bytes = MIXED, kind: int = TYPE_A) -> bytes:
    return name + kind.to_bytes(2, "big") + b"\0\1"


def query(asked: bytes, udp_size: int | None = UDP_SIZE) -> bytes:
    return b"\x12\x34" + query_behind_id(asked, udp_size)


def reply_to(asked: bytes, rcode: str = "NOERROR") -> dns.message.Message:
    response = dns.message.make_response(dns.message.from_wire(query(asked)))
    response.set_rcode(dns.rcode.from_text(rcode))
    return response


def header_only(rcode: str, flags: int = dns.flags.QR) -> bytes:
    return b"\x12\x34" + (flags | dns.rcode.from_text(rcode)).to_bytes(2, "big") + bytes(8)


def test_the_query_asks_for_recursion_with_an_opt_of_1232_octets_and_without_dnssec() -> None:
    message = dns.message.from_wire(query(question()))
    assert message.id == 0x1234
    assert message.flags == dns.flags.RD
    assert message.question[0].to_text() == "wWw.eXaMPle.coM. IN A"
    assert (message.edns, message.payload, message.ednsflags, message.options) == (0, 1232, 0, ())
    assert dns.message.from_wire(query(question(), None)).edns == -1


def test_a_reply_has_the_question_as_it_was_sent() -> None:
    assert judge(reply_to(question()).to_wire(), question(), NAME) == Sections()


def test_what_points_to_the_question_comes_out_in_lower_case() -> None:
    response = reply_to(question())
    for text in ("wWw.eXaMPle.coM. 5 IN CNAME x.eXaMPle.coM.", "x.eXaMPle.coM. 5 IN A 192.0.2.1"):
        owner, ttl, *rest = text.split(" ")
        response.answer.append(dns.rrset.from_text(owner, int(ttl), *rest))
    reply = judge(response.to_wire(), question(), NAME)
    assert isinstance(reply, Sections)
    assert [owner for owner, _ in reply.answer] == [None, Name.from_text("x.example.com")]
    assert reply.answer[0][1].rdatas() == (Name.from_text("x.example.com"),)


GOOD = reply_to(question()).to_wire()
OTHERS = [
    ("another name", reply_to(question(Name.from_text("www.example.org"))).to_wire()),
    ("another type", reply_to(question(kind=28)).to_wire()),
    ("another class", reply_to(question()).to_wire().replace(b"\0\1\0\1\0\0\x29", b"\0\1\0\3\0\0\x29")),
    ("the query itself", query(question())),
    ("no question", GOOD[:4] + bytes(8)),
    ("two questions", GOOD.replace(b"\0\1", b"\0\2", 1)),
    ("an update's response", b"\x12\x34\xa8" + GOOD[3:]),
    ("two OPT records", GOOD[:11] + b"\2" + GOOD[12:] + b"\0\0\x29" + bytes(8)),
    ("broken off", GOOD[:20]),
    ("broken off in the OPT record", GOOD[:-1]),
    ("garbage", b"\x12\x34" + b"\xff" * 40),
    ("nothing", b""),
]  # fmt: skip


@pytest.mark.parametrize("packet", [case[1] for case in OTHERS], ids=[case[0] for case in OTHERS])
def test_anything_else_does_not(packet: bytes) -> None:
    assert judge(packet, question(), NAME) is Verdict.NO_REPLY


def test_another_letter_case_is_told_from_another_name() -> None:
    packet = reply_to(question(NAME)).to_wire()
    assert judge(packet, question(), NAME) is Verdict.OTHER_CASE


def test_a_types_octets_are_no_letters() -> None:
    packet = reply_to(question(kind=TYPE_HTTPS)).to_wire()
    assert judge(packet, question(kind=TYPE_HTTPS), NAME) == Sections()
    assert judge(reply_to(question(kind=TYPE_97)).to_wire(), question(kind=TYPE_HTTPS), NAME) is Verdict.NO_REPLY


def test_a_truncated_reply_may_break_off_anywhere() -> None:
    response = reply_to(question())
    response.flags |= dns.flags.TC
    assert judge(response.to_wire()[:-5], question(), NAME) is Verdict.TRUNCATED


@pytest.mark.parametrize("rcode", ["FORMERR", "NOTIMP"])
def test_a_bare_header_says_that_the_query_could_not_be_read(rcode: str) -> None:
    assert judge(header_only(rcode), question(), NAME) == Sections(dns.rcode.from_text(rcode))
    assert judge(header_only(rcode, flags=0), question(), NAME) is Verdict.NO_REPLY


@pytest.mark.parametrize("rcode", ["SERVFAIL", "NOERROR", "REFUSED"])
def test_a_bare_header_says_nothing_else(rcode: str) -> None:
    assert judge(header_only(rcode), question(), NAME) is Verdict.NO_REPLY
