"""Our codec beside dnslib and dnspython, on messages that are valid and on such that are broken.

Where all three take a message, they read the same in it.  Where one refuses what another takes, or reads something else in it,
that is a row of a table here, with why we do as we do; a difference without a row fails, and so does a row that is never seen.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

import dns.exception
import dns.message
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dnslib import DNSBuffer, DNSRecord
from dnslib.label import DNSLabel

from proxy.dns.errors import MalformedMessage
from proxy.dns.query import read_query
from proxy.dns.reply import read_reply
from tests.fuzz.corpus import mutations, seeds
from tests.fuzz.replies import NAMES, TYPES, packet_of

TAKES = "takes it"
REFUSES = "refuses it"
Content = dict[str, object]

MUTATIONS = 3000
SEVERAL = "takes several questions, or none"
TRUNCATED = "takes what is truncated, without its sections"

QUESTION = b"\3www\7example\3com\0\0\1\0\1"


class Read(Protocol):
    """What reads a message: what it found there, or what it says instead."""

    __name__: str

    def __call__(self, octets: bytes, /) -> Content | str: ...


class Row(NamedTuple):
    """A difference: the library, what we do and what it does with such a packet, one of that kind, and why we do so."""

    library: str
    ours: str
    theirs: str
    example: bytes
    why: str


def packet(flags: int = 0x0100, *counts: int, body: bytes = QUESTION) -> bytes:
    return struct.pack("!HHHHHH", 7, flags, *(counts or (1, 0, 0, 0))) + body


def record(kind: int, rdata: bytes, *, rclass: int = 1, ttl: int = 60, owner: bytes = b"\xc0\x0c") -> bytes:
    return owner + struct.pack("!HHIH", kind, rclass, ttl, len(rdata)) + rdata


def replied(*records: bytes, flags: int = 0x8180) -> bytes:
    return packet(flags, 1, len(records), 0, 0, body=QUESTION + b"".join(records))


OPT = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)
BAD_SUBNET = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 12) + struct.pack("!HHHBB", 8, 8, 2, 1, 32) + b"\x0a\0\0\5"
A = b"\x0a\0\0\1"

QUERIES = [
    Row("dnspython", "a response, not a query", TAKES, packet(0x8180), "a reply is never answered (RFC 1035 section 4.1.1)"),
    Row("dnslib", "a response, not a query", TAKES, packet(0x8180), "the same"),
    Row("dnspython", "a response, not a query", SEVERAL, packet(0x8180, 0, 0, 0, 0, body=b""), "the same"),
    Row("dnslib", "a response, not a query", SEVERAL, packet(0x8180, 0, 0, 0, 0, body=b""), "the same"),
    Row("dnspython", "opcode N is not implemented", TAKES, packet(0x2100), "a library reads what a resolver need not do"),
    Row("dnslib", "opcode N is not implemented", TAKES, packet(0x2100), "the same"),
    Row("dnspython", "opcode N is not implemented", SEVERAL, packet(0x2100, 0, 0, 0, 0, body=b""), "the same"),
    Row("dnslib", "opcode N is not implemented", SEVERAL, packet(0x2100, 0, 0, 0, 0, body=b""), "the same"),
    Row("dnspython", "N questions instead of one", SEVERAL, packet(0x0100, 0, 0, 0, 0, body=b""), "a query has one (RFC 9619)"),
    Row("dnslib", "N questions instead of one", SEVERAL, packet(0x0100, 0, 0, 0, 0, body=b""), "the same"),
    Row("dnspython", "a query with records in its answer or authority section", TAKES,
        packet(0x0100, 1, 1, 0, 0, body=QUESTION + record(1, A)), "no query of a client has any"),
    Row("dnslib", "a query with records in its answer or authority section", TAKES,
        packet(0x0100, 1, 1, 0, 0, body=QUESTION + record(1, A)), "the same"),
    Row("dnslib", "octets after the message", TAKES, packet(body=QUESTION + b"x"), "dnspython refuses them, too"),
    Row("dnslib", "a label of the question is longer than N octets", TAKES, packet(body=b"\xc0\x08\0\1\0\1"),
        "there is no name in front of a question to point to; dnslib takes one out of the header"),
    Row("dnslib", "more than one OPT record, or one that is not at the root", TAKES,
        packet(0x0100, 1, 0, 0, 2, body=QUESTION + OPT + OPT), "FORMERR by RFC 6891 section 6.1.1"),
    Row("dnslib", "a record is longer than the message", TAKES,
        packet(0x0100, 1, 0, 0, 1, body=QUESTION + record(1, A + b"xy")[:-2]), "dnslib takes what is left"),
    Row("dnslib", "an EDNS option ends early", TAKES,
        packet(0x0100, 1, 0, 0, 1, body=QUESTION + OPT[:-2] + b"\0\3\0\1\0"), "the same"),
    Row("dnslib", "an EDNS option is longer than its record", TAKES,
        packet(0x0100, 1, 0, 0, 1, body=QUESTION + OPT[:-2] + b"\0\4\0\1\0\1"), "the same"),
    Row("dnslib", "a client-subnet option ends early", TAKES,
        packet(0x0100, 1, 0, 0, 1, body=QUESTION + OPT[:-2] + b"\0\7\0\x08\0\3\0\1\x18"), "FORMERR by RFC 7871 section 7.1.1"),
    Row("dnslib", "a client-subnet option with a family or prefix that does not fit", TAKES,
        packet(0x0100, 1, 0, 0, 1, body=QUESTION + BAD_SUBNET), "FORMERR by RFC 7871 section 7.1.1"),
    Row("dnslib", TAKES, REFUSES, packet(body=b"\2\0\xff\0\0\1\0\1"), "labels are octets (RFC 2181 section 11), not UTF-8"),
    Row("dnspython", TAKES, "FormError", packet(0x0100, 1, 0, 0, 1, body=QUESTION + record(1, b"\1")),
        "what is no OPT is passed over, whatever it holds: it has no say in the answer"),
    Row("dnspython", TAKES, "UnknownTSIGKey",
        packet(0x0100, 1, 0, 0, 1, body=QUESTION + record(250, b"\1a\0" + bytes(6) + b"\0\0\0\0\0\7\0\0\0\0", rclass=255, ttl=0)),
        "no signature is known here, and none is needed"),
    Row("dnspython", TAKES, "BadTSIG", packet(0x0100, 1, 0, 0, 1, body=QUESTION + record(250, b"", rclass=1)), "the same"),
]  # fmt: skip

REPLIES = [
    Row("dnspython", "a query, not a response", TAKES, packet(), "a library reads both"),
    Row("dnslib", "a query, not a response", TAKES, packet(), "the same"),
    Row("dnspython", "a query, not a response", SEVERAL, packet(0, 0, 0, 0, 0, body=b""), "the same"),
    Row("dnslib", "a query, not a response", SEVERAL, packet(0, 0, 0, 0, 0, body=b""), "the same"),
    Row("dnspython", "N questions instead of one", SEVERAL, packet(0x8180, 0, 0, 0, 0, body=b""),
        "it could be a reply to anything; FORMERR without a question is looked for before this"),
    Row("dnslib", "N questions instead of one", SEVERAL, packet(0x8180, 0, 0, 0, 0, body=b""), "the same"),
    Row("dnspython", TRUNCATED, TAKES, packet(0x8380), "it is asked again over TCP, and this one is never used"),
    Row("dnslib", TRUNCATED, TAKES, packet(0x8380), "the same"),
    Row("dnspython", TRUNCATED, "FormError", replied(record(1, A)[:-1], flags=0x8380), "the same: it may break off anywhere"),
    Row("dnspython", TRUNCATED, "BadEDNS", replied(OPT, flags=0x8380), "the same"),
    Row("dnspython", TRUNCATED, "BadPointer", replied(b"\xc0\xff", flags=0x8380), "the same"),
    Row("dnspython", TRUNCATED, "BadLabelType", replied(b"\x80", flags=0x8380), "the same"),
    Row("dnslib", TRUNCATED, REFUSES, replied(b"\x80", flags=0x8380), "the same"),
    Row("dnspython", TAKES, "FormError", replied(record(28, b"\5" * 16), record(16, b"\5a")),
        "data without names are passed on as they came: whoever asked for that type judges them"),
    Row("dnslib", TAKES, REFUSES, replied(record(16, b"\5a")), "the same"),
    Row("dnspython", TAKES, "BadEDNS", packet(0x8180, 1, 0, 0, 1, body=QUESTION + b"\1a" + OPT),
        "an OPT concerns the hop that it came over, and nobody here looks at more than a server's upper bits of the rcode"),
    Row("dnspython", TAKES, "BadLabelType", replied(record(65, b"\0\1\x80\0")), "the same as with data without names"),
    Row("dnspython", "a compressed name in the question", TAKES, packet(0x8180, body=b"\3www\xc0\x04\0\1\0\1"),
        "there is no name in front of a question to point to; dnspython takes one out of the header"),
    Row("dnslib", "a compressed name in the question", TAKES, packet(0x8180, body=b"\3www\xc0\x04\0\1\0\1"), "the same"),
    Row("dnspython", TAKES, "DecompressionForbidden", replied(record(1, b"\xc0\x0c\0\1", rclass=3)),
        "of other classes than IN nobody here knows what an address is"),
    Row("dnslib", TAKES, "reads otherwise: TTLs", replied(record(1, A, ttl=0x80000001)), "0 by RFC 2181 section 8"),
    Row("dnslib", TAKES, "reads otherwise: data", replied(record(65, b"\0") + b"\1\0"),
        "dnslib reads on into what stands behind it, and packs data anew of what it made of them"),
    Row("dnslib", "a compression pointer that does not lead backwards", TAKES, replied(record(3, b"\xc0\x50")),
        "RFC 1035 section 3.3 lets names be compressed in MD, MF, MINFO and others; dnslib looks at none there"),
    Row("dnspython", "a compression pointer that does not lead backwards", TAKES, replied(record(3, b"\xc0\x50")), "the same"),
    Row("dnspython", "a label of unknown kind", TAKES, replied(record(14, b"\x80\0")), "the same"),
    Row("dnspython", "a name ends early", TAKES, replied(record(3, b"\x0abc")), "the same"),
    Row("dnslib", "a name ends early", TAKES, replied(record(3, b"\x0abc")), "the same"),
    Row("dnslib", "a NAPTR record ends early", TAKES, replied(record(35, b"\0\1\0\1")) + bytes(4),
        "dnslib reads on into what stands behind it"),
    Row("dnslib", "a label of unknown kind", TAKES, replied(record(14, b"\x80\0")), "the same"),
    Row("dnspython", "record data that goes on behind its names, or ends early", TAKES, replied(record(4, b"\0x")), "the same"),
    Row("dnslib", "record data that goes on behind its names, or ends early", TAKES, replied(record(5, b"\1a\0x")),
        "a CNAME leads to a name, not to what begins with one; dnslib overreads or leaves the rest"),
    Row("dnspython", "a name in record data is longer than its record", TAKES, replied(record(3, b"\3a") + b"bc\0"), "as above"),
    Row("dnslib", "a name in record data is longer than its record", TAKES, replied(record(5, b"\3a")) + b"bc\0", "as above"),
    Row("dnslib", "an address of another length", TAKES, replied(record(1, b"\x0a\0\0\1\0")), "no client takes it"),
    Row("dnslib", "a record is longer than the message", TAKES, replied(record(1, A + b"xy")[:-2]), "dnslib takes what is left"),
    Row("dnslib", "an OPT record outside the additional section", TAKES, replied(OPT), "FORMERR by RFC 6891 section 6.1.1"),
]  # fmt: skip


# Queries


def our_query(packet: bytes) -> Content | str:
    try:
        query = read_query(packet)
    except MalformedMessage as error:
        return re.sub(r"\d+", "N", error.what)
    edns = None if query.edns is None else (query.edns.size, query.edns.version, query.edns.dnssec_ok)
    return {
        "header": (query.id, query.flags), "name": query.name, "type": (query.type, query.qclass), "edns": edns,
    }  # fmt: skip


def query_by_dnspython(packet: bytes) -> Content | str:
    try:
        message = dns.message.from_wire(packet, one_rr_per_rrset=True)
        (question,) = message.question
    except dns.exception.DNSException as error:
        return type(error).__name__
    except ValueError:
        return SEVERAL
    edns = None if message.edns < 0 else (message.payload, message.edns, bool(message.ednsflags & 0x8000))
    return {
        "header": (message.id, int(message.flags)),
        "name": (question.name.to_wire() or b"").lower(),
        "type": (int(question.rdtype), int(question.rdclass)),
        "edns": edns,
    }


def query_by_dnslib(packet: bytes) -> Content | str:
    try:
        message = DNSRecord.parse(packet)
    except Exception:  # noqa: BLE001  it raises what comes up
        return REFUSES
    if len(message.questions) != 1:
        return SEVERAL
    (opt,) = [record for record in message.ar if record.rtype == 41][:1] or [None]
    edns = None if opt is None else (opt.rclass, opt.ttl >> 16 & 0xFF, bool(opt.ttl & 0x8000))
    return {
        "header": (message.header.id, message.header.bitmap),
        "name": wire(message.q.qname).lower(),
        "type": (message.q.qtype, message.q.qclass),
        "edns": edns,
    }


def wire(label: DNSLabel) -> bytes:
    return b"".join(bytes((len(part),)) + part for part in label.label) + b"\0"


def queries() -> Iterator[bytes]:
    whole = [packet for data in seeds("packets") for packet in framed(data[1:])]
    yield from whole
    yield from mutations(whole, [b"\xc0\x0c", b"\0\0\x29\x04\xd0\0\0\0\0\0\0"], MUTATIONS, seed=1)


def framed(octets: bytes) -> Iterator[bytes]:
    while len(octets) >= 2:
        length = int.from_bytes(octets[:2], "big")
        yield octets[2 : 2 + length]
        octets = octets[2 + length :]


def test_queries() -> None:
    check(queries(), QUERIES, our_query, query_by_dnspython, query_by_dnslib)


# Replies


def our_reply(packet: bytes) -> Content | str:
    try:
        reply = read_reply(packet)
    except MalformedMessage as error:
        return re.sub(r"\d+", "N", error.what)
    if reply.truncated:
        return TRUNCATED
    name = reply.question[:-4]
    sections = [
        [
            ((name if owner is None else owner).lower(), record[2:6], found.ttl, record[12:].lower())
            for owner, found in section
            for record in found.records
        ]
        for section in reply.sections[1:]
    ]
    return {"id": reply.id, "question": name.lower() + reply.question[-4:], "rcode": reply.sections.rcode} | _columns(
        sections
    )


def _columns(sections: list[list[tuple[bytes, bytes, int, bytes]]]) -> Content:
    return {
        "owners": [[record[0] for record in section] for section in sections],
        "types": [[record[1] for record in section] for section in sections],
        "TTLs": [[record[2] for record in section] for section in sections],
        "data": [[record[3] for record in section] for section in sections],
    }


def reply_by_dnspython(packet: bytes) -> Content | str:
    try:
        message = dns.message.from_wire(packet, one_rr_per_rrset=True, ignore_trailing=True)
        (question,) = message.question
    except dns.exception.DNSException as error:
        return type(error).__name__
    except ValueError:
        return SEVERAL
    sections = [
        [
            (
                (found.name.to_wire() or b"").lower(),
                int(found.rdtype).to_bytes(2, "big") + int(found.rdclass).to_bytes(2, "big"),
                found.ttl,
                (found[0].to_wire() or b"").lower(),
            )
            for found in section
        ]
        for section in (message.answer, message.authority, message.additional)
    ]
    question_wire = (question.name.to_wire() or b"").lower() + question.rdtype.to_bytes(2, "big")
    return {
        "id": message.id,
        "question": question_wire + question.rdclass.to_bytes(2, "big"),
        "rcode": int(message.rcode()),
    } | _columns(sections)


def reply_by_dnslib(packet: bytes) -> Content | str:
    try:
        message = DNSRecord.parse(packet)
        records = [record for record in (*message.rr, *message.auth, *message.ar) if record.rtype != 41]
        datas = {id(record): uncompressed(record.rdata).lower() for record in records}
    except Exception:  # noqa: BLE001  it raises what comes up, and takes names that it cannot write again
        return REFUSES
    if len(message.questions) != 1:
        return SEVERAL
    question = wire(message.q.qname).lower() + message.q.qtype.to_bytes(2, "big") + message.q.qclass.to_bytes(2, "big")
    opts = [record for record in message.ar if record.rtype == 41]
    extended = opts[0].ttl >> 24 if opts else 0
    sections = [
        [
            (
                wire(record.rname).lower(),
                record.rtype.to_bytes(2, "big") + record.rclass.to_bytes(2, "big"),
                record.ttl,
                datas[id(record)],
            )
            for record in section
            if record.rtype != 41
        ]
        for section in (message.rr, message.auth, message.ar)
    ]
    return {"id": message.header.id, "question": question, "rcode": extended << 4 | message.header.rcode} | _columns(
        sections
    )


def uncompressed(rdata: Any) -> bytes:
    buffer = DNSBuffer()
    buffer.encode_name = buffer.encode_name_nocompress
    rdata.pack(buffer)
    return bytes(buffer.data)


def replies() -> Iterator[bytes]:
    whole = []
    for data in seeds("replies"):
        if not data.startswith(b"{"):
            question = NAMES[data[1] & 15] + TYPES[data[1] >> 4].to_bytes(2, "big") + b"\0\1"
            whole.append(data[3:] if data[2] & 1 else packet_of(question, data[3:]))
    yield from whole
    yield from mutations(whole, [b"\xc0\x0c", b"\0\0\x29\x04\xd0\0\0\0\0\0\0"], MUTATIONS, seed=2)


def test_replies() -> None:
    check(replies(), REPLIES, our_reply, reply_by_dnspython, reply_by_dnslib)


def check(packets: Iterable[bytes], rows: list[Row], ours: Read, *theirs: Read) -> None:
    """Every difference has its row, and every row shows its difference."""
    known = {row[:3] for row in rows}
    unknown = {}
    for octets in packets:
        for difference in differences(octets, ours, theirs):
            if difference not in known:
                unknown[difference] = octets.hex()
    assert unknown == {}
    idle = [row for row in rows if row[:3] not in set(differences(row.example, ours, theirs))]
    assert [(row[:3], list(differences(row.example, ours, theirs))) for row in idle] == []


def differences(octets: bytes, ours: Read, theirs: Iterable[Read]) -> Iterator[tuple[str, str, str]]:
    """Whatever is not the same for us and for one of the others; that two refuse it for two reasons is the same."""
    we = ours(octets)
    for read in theirs:
        they, library = read(octets), read.__name__.rpartition("_")[2]
        if isinstance(we, dict) and isinstance(they, dict):
            yield from ((library, TAKES, f"reads otherwise: {field}") for field in we if we[field] != they[field])
        elif isinstance(we, dict) or isinstance(they, dict) or "takes" in we or "takes" in they:
            we_do, they_do = (TAKES if isinstance(each, dict) else each for each in (we, they))
            if we_do != they_do:
                yield library, we_do, they_do
