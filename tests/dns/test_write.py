"""Writing answers, read again by other libraries."""

from __future__ import annotations

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from proxy.dns.codes import RCODE_BADVERS, RCODE_FORMERR, RCODE_NXDOMAIN, TYPE_A, TYPE_CNAME, TYPE_SOA, TYPE_TXT
from proxy.dns.errors import MalformedMessage
from proxy.dns.names import Name, wire_name
from proxy.dns.query import Query, read_query
from proxy.dns.records import Placed, RecordSet
from proxy.dns.text import pack_rdata
from proxy.dns.write import ExtendedError, Sections, udp_limit, write_answer, write_query, write_refusal

SOA = "ns.example.com. hostmaster.example.com. 1 7200 900 1209600 86400"


def asked(name: str = "WWW.example.com", *, size: int | None = None, flags: int = dns.flags.RD) -> Query:
    message = dns.message.make_query(name, "A", use_edns=-1 if size is None else 0, payload=size or 0, flags=flags)
    return read_query(message.to_wire())


def records(kind: int, *texts: str, ttl: int = 300) -> RecordSet:
    return RecordSet.pack(kind, ttl, [pack_rdata(kind, text) for text in texts])


def answer(query: Query, *placed: Placed, limit: int = 65535, turn: int = 0) -> dns.message.Message:
    return dns.message.from_wire(write_answer(query, Sections(answer=placed), limit, turn))


def many(number: int) -> RecordSet:
    return records(TYPE_A, *(f"10.0.{each // 250}.{each % 250 + 1}" for each in range(number)))


def test_the_common_case() -> None:
    message = answer(asked(), (None, records(TYPE_A, "10.0.5.1", "10.0.5.2")))
    assert message.flags == dns.flags.QR | dns.flags.RD | dns.flags.RA
    assert str(message.question[0].name) == "WWW.example.com."
    (found,) = message.answer
    assert str(found.name) == "WWW.example.com."
    assert found.ttl == 300
    assert [each.to_text() for each in found] == ["10.0.5.1", "10.0.5.2"]
    assert message.edns == -1


def test_the_flags_of_the_amazon_resolver() -> None:
    sent = dns.flags.AD | dns.flags.CD | dns.flags.AA
    message = answer(asked(flags=sent, size=1232), (None, records(TYPE_A, "10.0.5.1")))
    assert message.flags == dns.flags.QR | dns.flags.RA
    assert message.edns == 0
    assert message.payload == 4096
    assert message.ednsflags == 0


def test_answers_take_turns() -> None:
    found = records(TYPE_A, "10.0.5.1", "10.0.5.2", "10.0.5.3")
    firsts = [answer(asked(), (None, found), turn=turn).answer[0][0].to_text() for turn in range(4)]
    assert firsts == ["10.0.5.1", "10.0.5.2", "10.0.5.3", "10.0.5.1"]
    chain = (None, records(TYPE_CNAME, "a.example.net")), (wire_name("a.example.net"), found)
    assert answer(asked(), *chain, turn=1).answer[1][0].to_text() == "10.0.5.2"


def test_owners_are_compressed_against_the_question_and_each_other() -> None:
    query = asked("www.example.com", size=4096)
    chain: tuple[Placed, ...] = (
        (None, records(TYPE_CNAME, "web.example.org")),
        (Name.from_text("web.example.org"), records(TYPE_A, "10.0.5.1", "10.0.5.2")),
    )
    packet = write_answer(query, Sections(0, chain, ((Name.from_text("example.com"), records(TYPE_SOA, SOA)),)))
    message = dns.message.from_wire(packet)
    assert [str(each.name) for each in message.answer] == ["www.example.com.", "web.example.org."]
    assert str(message.authority[0].name) == "example.com."
    # web.example.org stands twice: in the CNAME's data, and once as an owner, to which the second record points
    assert packet.count(b"\3web\7example\3org\0") == 2
    assert len(packet) < 200


def test_an_owner_beyond_what_a_pointer_reaches_is_written_whole() -> None:
    texts = [f'"{str(number) * 60}"' for number in range(10, 300)]
    placed: list[Placed] = [(None, records(TYPE_TXT, *texts))]
    placed += [(Name.from_text("far.example.org"), records(TYPE_A, "10.0.0.1", "10.0.0.2"))]
    message = answer(asked(), *placed)
    assert str(message.answer[-1].name) == "far.example.org."
    assert len(message.answer[-1]) == 2


@pytest.mark.parametrize("size", [None, 512, 1232, 4096, 65000])
def test_what_does_not_fit_is_cut_between_two_records(size: int | None) -> None:
    query = asked(size=size)
    packet = write_answer(query, Sections(answer=((None, many(400)),)), udp_limit(query))
    message = dns.message.from_wire(packet)
    assert len(packet) <= min(max(size or 512, 512), 4096)
    assert len(packet) > min(max(size or 512, 512), 4096) - 16
    assert message.flags & dns.flags.TC
    assert (message.edns == 0) is (size is not None)
    whole = answer(query, (None, many(400)))
    assert not whole.flags & dns.flags.TC
    assert len(whole.answer[0]) == 400


def test_additional_records_may_be_left_out_silently() -> None:
    extra: Placed = (Name.from_text("ns.example.com"), many(40))
    packet = write_answer(asked(), Sections(0, ((None, records(TYPE_A, "10.0.5.1")),), (), (extra,)), 512)
    message = dns.message.from_wire(packet)
    assert not message.flags & dns.flags.TC
    assert len(packet) <= 512
    assert message.additional


def test_a_negative_answer_and_its_extended_error() -> None:
    soa: Placed = (Name.from_text("example.com"), records(TYPE_SOA, SOA, ttl=60))
    error = ExtendedError(15, "upstream is off")
    packet = write_answer(asked(size=1232), Sections(RCODE_NXDOMAIN, authority=(soa,)), error=error)
    message = dns.message.from_wire(packet)
    assert message.rcode() == dns.rcode.NXDOMAIN
    assert message.authority[0].ttl == 60
    (option,) = message.options
    assert isinstance(option, dns.edns.EDEOption)
    assert (option.code, option.text) == (15, "upstream is off")
    without = dns.message.from_wire(write_answer(asked(), Sections(RCODE_NXDOMAIN, authority=(soa,)), error=error))
    assert without.edns == -1


def test_a_long_text_of_an_extended_error_is_cut() -> None:
    packet = write_answer(asked(size=1232), Sections(2), error=ExtendedError(0, "x" * 5000))
    assert len(packet) < 300


def test_an_extended_rcode_is_in_both_of_its_places() -> None:
    message = dns.message.from_wire(write_answer(asked(size=1232), Sections(RCODE_BADVERS)))
    assert message.rcode() == dns.rcode.BADVERS


def test_a_refusal_has_the_id_and_no_question() -> None:
    message = dns.message.from_wire(write_refusal(b"\x12\x34\x29\0" + b"\xff" * 8, RCODE_FORMERR))
    assert message.id == 0x1234
    assert message.rcode() == dns.rcode.FORMERR
    assert message.opcode() == 5
    assert message.question == []


def test_a_query_of_ours() -> None:
    message = dns.message.from_wire(write_query(99, wire_name("Example.com"), TYPE_A))
    assert message.id == 99
    assert message.flags == dns.flags.RD
    assert str(message.question[0].name) == "Example.com."
    assert message.payload == 1232
    assert dns.message.from_wire(write_query(99, wire_name("Example.com"), TYPE_A, None)).edns == -1


def test_record_data_has_its_limit() -> None:
    with pytest.raises(MalformedMessage, match="over 65,535"):
        RecordSet.pack(TYPE_TXT, 300, [b"x" * 65536])
    longest = RecordSet.pack(TYPE_TXT, 1 << 32, [b"x" * 65535])
    assert longest.ttl == 0x7FFFFFFF
    assert longest.rdatas() == (b"x" * 65535,)
    aged = records(TYPE_A, "10.0.5.1").with_ttl(7)
    assert aged.ttl == 7
    assert aged == records(TYPE_A, "10.0.5.1", ttl=7)
