"""Reading another server's reply (RFC 1035 section 4.1, RFC 3597 section 4).

A reply is taken apart into record sets, names decompressed, so that it can be kept, aged and put into another message
whole: types that nobody here knows included.  OPT and TSIG concern the one hop they came over and end here.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from proxy.dns.codes import TYPE_OPT, TYPE_TSIG
from proxy.dns.errors import MalformedMessage
from proxy.dns.names import MAX_NAME
from proxy.dns.query import FLAG_QR, FLAG_TC, HEADER
from proxy.dns.records import MAX_TTL, Placed, RecordSet
from proxy.dns.write import Sections

_FIXED = struct.Struct("!HHIH")

# Where names stand in the RDATA of types that may carry compressed ones (RFC 3597 section 4): octets before, names.
_NAMES_IN = {
    2: (0, 1), 3: (0, 1), 4: (0, 1), 5: (0, 1), 6: (0, 2), 7: (0, 1), 8: (0, 1), 9: (0, 1), 12: (0, 1), 14: (0, 2),
    15: (2, 1), 17: (0, 2), 18: (2, 1), 21: (2, 1), 24: (18, 1), 26: (2, 2), 33: (6, 1), 36: (2, 1), 39: (0, 1),
}  # fmt: skip
_NAPTR = 35


class ReplyMessage(NamedTuple):
    """A server's reply: header, question as it stands there (QNAME, QTYPE, QCLASS; letter case kept), sections."""

    id: int
    question: bytes
    truncated: bool
    sections: Sections


class _Record(NamedTuple):
    owner: bytes
    type: int
    rclass: int
    ttl: int
    rdata: bytes


def read_reply(packet: bytes) -> ReplyMessage:
    """The reply in `packet`; MalformedMessage where it is none or breaks off.

    A reply that is marked as truncated may break off anywhere; its sections are then empty.
    """
    if len(packet) < 12:
        raise MalformedMessage("shorter than a header", rcode=None)
    ident, flags, questions, *counts = HEADER.unpack_from(packet)
    if not flags & FLAG_QR:
        raise MalformedMessage("a query, not a response", rcode=None)
    if questions != 1:
        raise MalformedMessage(f"{questions} questions instead of one")
    name, at = _read_name(packet, 12)
    if at + 4 > len(packet):
        raise MalformedMessage("the question ends early")
    question = name + packet[at : at + 4]
    if flags & FLAG_TC:
        return ReplyMessage(ident, question, True, Sections(flags & 0xF))
    at += 4
    rcode = flags & 0xF
    sections: list[tuple[Placed, ...]] = []
    for count in counts:
        records = []
        for _ in range(count):
            record, at = _read_record(packet, at)
            if record.type == TYPE_OPT:
                rcode |= record.ttl >> 24 << 4
            elif record.type != TYPE_TSIG:
                records.append(record)
        sections.append(_into_sets(records, name))
    return ReplyMessage(ident, question, False, Sections(rcode, *sections))


def _into_sets(records: list[_Record], question_name: bytes) -> tuple[Placed, ...]:
    """Neighbours of one owner, type, class and TTL as one set, in the order in which they came."""
    groups: list[list[_Record]] = []
    for record in records:
        if groups and _same_set(groups[-1][0], record):
            groups[-1].append(record)
        else:
            groups.append([record])
    lower = question_name.lower()
    return tuple(
        (
            None if group[0].owner.lower() == lower else group[0].owner,
            RecordSet.pack(group[0].type, _sane_ttl(group[0].ttl), [r.rdata for r in group], group[0].rclass),
        )
        for group in groups
    )


def _same_set(one: _Record, other: _Record) -> bool:
    return one[1:4] == other[1:4] and one.owner.lower() == other.owner.lower()


def _sane_ttl(ttl: int) -> int:
    """A TTL with its highest bit set is 0 (RFC 2181 section 8)."""
    return ttl if ttl <= MAX_TTL else 0


def _read_record(packet: bytes, at: int) -> tuple[_Record, int]:
    owner, at = _read_name(packet, at)
    try:
        kind, rclass, ttl, length = _FIXED.unpack_from(packet, at)
    except struct.error:
        raise MalformedMessage("a record ends early") from None
    at += _FIXED.size
    end = at + length
    if end > len(packet):
        raise MalformedMessage("a record is longer than the message")
    return _Record(owner, kind, rclass, ttl, _read_rdata(packet, at, end, kind)), end


def _read_rdata(packet: bytes, at: int, end: int, kind: int) -> bytes:
    """The record data with every name in it decompressed."""
    if kind in _NAMES_IN:
        before, names = _NAMES_IN[kind]
    elif kind == _NAPTR:
        before, names = _naptr_strings(packet, at, end), 1
    else:
        return packet[at:end]
    data = packet[at : at + before]
    at += before
    for _ in range(names):
        name, at = _read_name(packet, at)
        data += name
    if at > end:
        raise MalformedMessage("a name in record data is longer than its record")
    return data + packet[at:end]


def _naptr_strings(packet: bytes, at: int, end: int) -> int:
    """How many octets stand before a NAPTR record's name: two numbers and three strings (RFC 3403 section 4.1)."""
    before = 4
    for _ in range(3):
        if at + before >= end:
            raise MalformedMessage("a NAPTR record ends early")
        before += 1 + packet[at + before]
    return before


def _read_name(packet: bytes, at: int) -> tuple[bytes, int]:
    """The name at `at`, decompressed with its letter case, and the offset behind it.

    A pointer leads strictly backwards (RFC 1035 section 4.1.4), which also ends every loop.
    """
    parts: list[bytes] = []
    size = 1
    after = None
    limit = at
    try:
        while length := packet[at]:
            if length >= 0xC0:
                if after is None:
                    after = at + 2
                target = (length & 0x3F) << 8 | packet[at + 1]
                if target >= limit:
                    raise MalformedMessage("a compression pointer that does not lead backwards")
                at = limit = target
                continue
            if length > 63:
                raise MalformedMessage("a label of unknown kind")
            size += length + 1
            if size > MAX_NAME:
                raise MalformedMessage("a name is longer than 255 octets")
            label = packet[at : at + length + 1]
            if len(label) <= length:
                raise MalformedMessage("a name ends early")
            parts.append(label)
            at += length + 1
    except IndexError:
        raise MalformedMessage("a name ends early") from None
    parts.append(b"\0")
    return b"".join(parts), at + 1 if after is None else after
