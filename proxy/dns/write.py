"""Writing answers to clients and queries to other servers (RFC 1035 section 4.1, RFC 6891, RFC 8914).

An answer's flags are those that the Amazon resolver was seen to send: QR, RA, the client's RD, never AA, AD or CD; its
OPT says a UDP size of 4,096 octets.  An answer that does not fit is cut between two records and marked TC, so that a
client that never asks again over TCP still has what fits.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from proxy.dns.codes import CLASS_IN, TYPE_OPT
from proxy.dns.query import FLAG_QR, FLAG_RA, FLAG_RD, FLAG_TC, HEADER, Query
from proxy.dns.records import Placed

UDP_SIZE = 4096
PLAIN_UDP_SIZE = 512
TCP_SIZE = 65535

_OPT = struct.Struct("!BHHIH")
_OPTION_EDE = 15
_PLAIN_QUERY = HEADER.pack(0, FLAG_RD, 1, 0, 0, 0)[2:]
_EDNS_QUERY = HEADER.pack(0, FLAG_RD, 1, 0, 0, 1)[2:]
_MAX_POINTER = 0x3FFF


class ExtendedError(NamedTuple):
    """An extended DNS error (RFC 8914): INFO-CODE and EXTRA-TEXT."""

    code: int
    text: str


class Sections(NamedTuple):
    """What an answer says: rcode (extended ones included) and three sections of placed record sets."""

    rcode: int = 0
    answer: Sequence[Placed] = ()
    authority: Sequence[Placed] = ()
    additional: Sequence[Placed] = ()


def udp_limit(query: Query) -> int:
    """How many octets an answer over UDP may have: 512 without EDNS, else what the client takes, 4,096 at most."""
    if query.edns is None:
        return PLAIN_UDP_SIZE
    return min(max(query.edns.size, PLAIN_UDP_SIZE), UDP_SIZE)


def write_answer(
    query: Query, sections: Sections, limit: int = TCP_SIZE, turn: int = 0, error: ExtendedError | None = None
) -> bytes:
    """The packet that answers `query`, of at most `limit` octets.

    `turn` rotates the sets of the answer section, each by the same number of places.  `error` goes along where the query
    carried EDNS.
    """
    opt = b"" if query.edns is None else _write_opt(sections.rcode, error)
    flags = FLAG_QR | FLAG_RA | query.flags & FLAG_RD | sections.rcode & 0xF
    size = 12 + len(query.question) + len(opt)
    answer = sections.answer
    if len(answer) == 1 and answer[0][0] is None and not sections.authority and not sections.additional:
        found = answer[0][1]
        packed = b"".join(found.turned(turn) if turn else found.records)
        if size + len(packed) <= limit:  # the common case: one set, of the question's own name, and it fits
            head = HEADER.pack(query.id, flags, 1, len(found.records), 0, 1 if opt else 0)
            return b"".join((head, query.question, packed, opt))
    body = []
    counts = [0, 0, 0]
    owners: dict[bytes, int] = {}
    for section, owner, record in _each_record(sections, turn):
        named = record
        if owner is not None:
            named = _write_owner(owner, query.name, owners, size - len(opt)) + record[2:]
        if size + len(named) > limit:
            if section < 2:  # what is left out of the additional section is not missed (RFC 2181 section 9)
                flags |= FLAG_TC
            break
        body.append(named)
        size += len(named)
        counts[section] += 1
    head = HEADER.pack(query.id, flags, 1, counts[0], counts[1], counts[2] + (1 if opt else 0))
    return b"".join((head, query.question, *body, opt))


def write_truncated(query: Query) -> bytes:
    """An answer to `query` that holds nothing but the word to ask again over TCP; it is no longer than what was asked."""
    return HEADER.pack(query.id, FLAG_QR | FLAG_RA | FLAG_TC | query.flags & FLAG_RD, 1, 0, 0, 0) + query.question


def write_refusal(packet: bytes, rcode: int) -> bytes:
    """The answer to a packet that no query could be read from: its id, opcode and RD, `rcode`, and no question.

    `packet` has at least the 12 octets of a header.
    """
    ident, flags = struct.unpack_from("!HH", packet)
    return HEADER.pack(ident, FLAG_QR | flags & 0x7800 | flags & FLAG_RD | FLAG_RA | rcode, 0, 0, 0, 0)


def write_query(ident: int, name: bytes, kind: int, udp_size: int | None = 1232, rclass: int = CLASS_IN) -> bytes:
    """A recursive query for `name`, with an OPT of `udp_size` octets unless that is None."""
    return ident.to_bytes(2, "big") + query_behind_id(name + struct.pack("!HH", kind, rclass), udp_size)


def query_behind_id(question: bytes, udp_size: int | None) -> bytes:
    """A recursive query without its id: `question` is QNAME, QTYPE and QCLASS; an OPT as `write_query` has it."""
    if udp_size is None:
        return _PLAIN_QUERY + question
    return b"".join((_EDNS_QUERY, question, _query_opt(udp_size)))


@lru_cache(16)
def _query_opt(udp_size: int) -> bytes:
    return _OPT.pack(0, TYPE_OPT, udp_size, 0, 0)


def _write_opt(rcode: int, error: ExtendedError | None) -> bytes:
    options = b""
    if error is not None:
        text = error.text.encode()[:200]
        options = struct.pack("!HHH", _OPTION_EDE, 2 + len(text), error.code) + text
    return _OPT.pack(0, TYPE_OPT, UDP_SIZE, rcode >> 4 << 24, len(options)) + options


def _each_record(sections: Sections, turn: int) -> Iterator[tuple[int, bytes | None, bytes]]:
    for owner, found in sections.answer:
        for record in found.turned(turn):
            yield 0, owner, record
    for section, placed in ((1, sections.authority), (2, sections.additional)):
        for owner, found in placed:
            for record in found.records:
                yield section, owner, record


def _write_owner(owner: bytes, question: bytes, owners: dict[bytes, int], at: int) -> bytes:
    """`owner` as it goes into the message at offset `at`: a pointer to the question's name or an earlier owner, if any."""
    lower = owner.lower()
    if len(owner) > 1 and question.endswith(lower):
        return (0xC000 | 12 + len(question) - len(owner)).to_bytes(2, "big")
    if lower in owners:
        return (0xC000 | owners[lower]).to_bytes(2, "big")
    if at <= _MAX_POINTER:
        owners[lower] = at
    return owner
