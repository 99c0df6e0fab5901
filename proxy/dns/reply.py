"""Reading another server's reply (RFC 1035 section 4.1, RFC 3597 section 4).

A reply is taken apart into record sets, names decompressed, so that it can be kept, aged and put into another message
whole: types that nobody here knows included.  OPT and TSIG concern the one hop they came over and end here.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from proxy.dns.codes import CLASS_IN, TYPE_A, TYPE_AAAA, TYPE_OPT, TYPE_TSIG
from proxy.dns.errors import MalformedMessage
from proxy.dns.names import MAX_NAME
from proxy.dns.query import FLAG_QR, FLAG_TC, HEADER
from proxy.dns.records import MAX_TTL, OWNER_IS_QUESTION, Placed, RecordSet
from proxy.dns.write import Sections

_FIXED = struct.Struct("!HHIH")

# Where names stand in the RDATA of types that may carry compressed ones (RFC 3597 section 4): octets before, names, octets
# behind, None for any number.  A target that is followed into is a name, so what only begins with one is malformed.
_NAMES_IN: dict[int, tuple[int, int, int | None]] = {
    2: (0, 1, 0), 3: (0, 1, 0), 4: (0, 1, 0), 5: (0, 1, 0), 6: (0, 2, 20), 7: (0, 1, 0), 8: (0, 1, 0), 9: (0, 1, 0),
    12: (0, 1, 0), 14: (0, 2, 0), 15: (2, 1, 0), 17: (0, 2, 0), 18: (2, 1, 0), 21: (2, 1, 0), 24: (18, 1, None),
    26: (2, 2, 0), 33: (6, 1, 0), 36: (2, 1, 0), 39: (0, 1, 0),
}  # fmt: skip
_ADDRESS_OCTETS = {TYPE_A: 4, TYPE_AAAA: 16}  # in class IN
_NAPTR = 35
_NOT_PLAIN = frozenset((_NAPTR, TYPE_OPT, TYPE_TSIG))
_IN = CLASS_IN.to_bytes(2, "big")
_OPT_BEGINS = b"\0\0\x29"


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
    ident, flags, questions, *_ = HEADER.unpack_from(packet)
    if not flags & FLAG_QR:
        raise MalformedMessage("a query, not a response", rcode=None)
    if questions != 1:
        raise MalformedMessage(f"{questions} questions instead of one")
    name, at = _read_name(packet, 12)
    if at != 12 + len(name):
        raise MalformedMessage("a compressed name in the question")
    if at + 4 > len(packet):
        raise MalformedMessage("the question ends early")
    question = name + packet[at : at + 4]
    if flags & FLAG_TC:
        return ReplyMessage(ident, question, True, Sections(flags & 0xF))
    return ReplyMessage(ident, question, False, read_sections(packet, name))


def read_sections(packet: bytes, name: bytes) -> Sections:
    """What a reply says, its header and question, of the name `name`, being known to be good; raises as `read_reply`.

    Octets after the message are passed over.  More than one OPT, or one outside the additional section, is malformed
    (RFC 6891 section 6.1.1).
    """
    _, flags, _, answers, authorities, additionals = HEADER.unpack_from(packet)
    answer, at = _read_answer(packet, 16 + len(name), answers, name)
    if not authorities and (not additionals or (additionals == 1 and _is_last_opt(packet, at))):
        return Sections((packet[at + 5] << 4 if additionals else 0) | flags & 0xF, answer)
    authority, at, extended = _read_section(packet, at, authorities, name)
    if extended is not None:
        raise MalformedMessage("an OPT record outside the additional section")
    additional, at, extended = _read_section(packet, at, additionals, name)
    return Sections((extended or 0) << 4 | flags & 0xF, answer, authority, additional)


def _is_last_opt(packet: bytes, at: int) -> bool:
    """True where an OPT record at `at` is the last thing in the packet."""
    return packet[at : at + 3] == _OPT_BEGINS and len(packet) == at + 11 + int.from_bytes(packet[at + 9 : at + 11], "big")


def _read_answer(packet: bytes, at: int, count: int, name: bytes) -> tuple[tuple[Placed, ...], int]:
    """The answer section.

    The common one, of a single set whose owner points to the question and whose data hold no names, stands in the packet
    as it will stand in answers.
    """
    since = at
    head = packet[at : at + 10]
    if count and head[:2] == OWNER_IS_QUESTION and len(head) == 10 and not head[6] & 0x80:
        kind = head[2] << 8 | head[3]
        if kind not in _NAMES_IN and kind not in _NOT_PLAIN:
            records: list[bytes] = []
            end = len(packet)
            while len(records) < count and packet[at : at + 10] == head:
                following = at + 12 + (packet[at + 10] << 8 | packet[at + 11]) if at + 12 <= end else end + 1
                if following > end:
                    raise MalformedMessage("a record is longer than the message")
                records.append(packet[at:following])
                at = following
            if len(records) == count:
                if kind in _ADDRESS_OCTETS:
                    _check_addresses(head, records)
                return ((None, RecordSet(kind, int.from_bytes(head[6:10], "big"), tuple(records))),), at
    section, at, extended = _read_section(packet, since, count, name)
    if extended is not None:
        raise MalformedMessage("an OPT record outside the additional section")
    return section, at


def _check_addresses(head: bytes, records: list[bytes]) -> None:
    """MalformedMessage where one of `records`, of an address's type and the class in `head`, is none."""
    length = 12 + _ADDRESS_OCTETS[head[2] << 8 | head[3]]
    for record in records:
        if len(record) != length and head[4:6] == _IN:
            raise MalformedMessage("an address of another length")


def _read_section(packet: bytes, at: int, count: int, name: bytes) -> tuple[tuple[Placed, ...], int, int | None]:
    """The sets of a section, the offset behind it, and the upper bits of the rcode if it has an OPT."""
    records = []
    extended: int | None = None
    for _ in range(count):
        record, at = _read_record(packet, at)
        if record.type == TYPE_OPT:
            if extended is not None:
                raise MalformedMessage("more than one OPT record")
            extended = record.ttl >> 24
        elif record.type != TYPE_TSIG:
            records.append(record)
    return _into_sets(records, name), at, extended


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
    return _Record(owner, kind, rclass, ttl, _read_rdata(packet, at, end, kind, rclass)), end


def check_rdata(kind: int, rdata: bytes, rclass: int = CLASS_IN) -> None:
    """MalformedMessage for uncompressed record data that a reply could not have: its names or its address are none."""
    if _read_rdata(rdata, 0, len(rdata), kind, rclass) != rdata:
        raise MalformedMessage("a compressed name")


def _read_rdata(packet: bytes, at: int, end: int, kind: int, rclass: int) -> bytes:
    """The record data with every name in it decompressed."""
    after: int | None = 0
    if kind in _NAMES_IN:
        before, names, after = _NAMES_IN[kind]
    elif kind == _NAPTR:
        before, names = _naptr_strings(packet, at, end), 1
    else:
        if rclass == CLASS_IN and _ADDRESS_OCTETS.get(kind, end - at) != end - at:
            raise MalformedMessage("an address of another length")
        return packet[at:end]
    data = packet[at : at + before]
    at += before
    for _ in range(names):
        name, at = _read_name(packet, at)
        data += name
    if at > end:
        raise MalformedMessage("a name in record data is longer than its record")
    if after is not None and at + after != end:
        raise MalformedMessage("record data that goes on behind its names, or ends early")
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
