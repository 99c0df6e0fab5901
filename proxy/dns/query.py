"""Reading a client's query (RFC 1035 section 4.1, RFC 6891, RFC 7871).

The query path begins here, so a query becomes one tuple and the name's bytes are copied twice at most: as they came, for
the answer's question section, and in lower case, for looking it up.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

from proxy.dns.codes import OPCODE_QUERY, RCODE_NOTIMP, TYPE_OPT
from proxy.dns.errors import MalformedMessage

HEADER = struct.Struct("!HHHHHH")
_TYPE_CLASS = struct.Struct("!HH")
_OPT_FIXED = struct.Struct("!HHBBHH")
_OPTION = struct.Struct("!HH")

FLAG_QR = 0x8000
FLAG_AA = 0x0400
FLAG_TC = 0x0200
FLAG_RD = 0x0100
FLAG_RA = 0x0080
FLAG_AD = 0x0020
FLAG_CD = 0x0010

MAX_NAME = 255
_OPTION_CLIENT_SUBNET = 8

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Edns(NamedTuple):
    """What a query's OPT record says (RFC 6891 section 6.1.3).

    `size` is the UDP payload that the client takes, in octets; `subnet` the address of its client-subnet option (RFC 7871
    section 6), None without one or where its prefix is /0, by which a client asks not to be placed.
    """

    size: int
    version: int
    dnssec_ok: bool
    subnet: Address | None


class Query(NamedTuple):
    """One question of a client.

    `name` is in lower-case wire form; `question` holds QNAME, QTYPE and QCLASS as they came, letter case included.
    """

    id: int
    flags: int
    name: bytes
    type: int
    qclass: int
    question: bytes
    edns: Edns | None


def read_query(packet: bytes) -> Query:
    """The query in `packet`; MalformedMessage, with the rcode to answer or None for silence, where there is none.

    Octets after the message, more than one question, a compressed question name, records in the answer or authority
    section and a second OPT are malformed (RFC 9619, RFC 6891 section 6.1.1).  Another opcode than QUERY is NOTIMP.
    """
    if len(packet) < 12:
        raise MalformedMessage("shorter than a header", rcode=None)
    ident, flags, questions, answers, authorities, additionals = HEADER.unpack_from(packet)
    if flags & FLAG_QR:
        raise MalformedMessage("a response, not a query", rcode=None)
    if flags >> 11 & 0xF != OPCODE_QUERY:
        raise MalformedMessage(f"opcode {flags >> 11 & 0xF} is not implemented", rcode=RCODE_NOTIMP)
    if questions != 1:
        raise MalformedMessage(f"{questions} questions instead of one")
    at = 12
    try:
        while length := packet[at]:
            if length > 63:
                raise MalformedMessage("a label of the question is longer than 63 octets")
            at += length + 1
        at += 1
        kind, qclass = _TYPE_CLASS.unpack_from(packet, at)
    except (IndexError, struct.error):
        raise MalformedMessage("the question ends early") from None
    name = packet[12:at]
    if len(name) > MAX_NAME:
        raise MalformedMessage("the question's name is longer than 255 octets")
    at += 4
    edns = None
    if answers or authorities:
        raise MalformedMessage("a query with records in its answer or authority section")
    if additionals:
        edns, at = _read_additionals(packet, at, additionals)
    if at != len(packet):
        raise MalformedMessage("octets after the message")
    return Query(ident, flags, name.lower(), kind, qclass, packet[12 : 12 + len(name) + 4], edns)


def _read_additionals(packet: bytes, at: int, count: int) -> tuple[Edns | None, int]:
    """The OPT among `count` records from `at`, and where they end.  Others (TSIG, SIG(0)) are passed over."""
    edns = None
    for _ in range(count):
        start, at = at, _skip_name(packet, at)
        try:
            kind, size, _extended, version, flags, length = _OPT_FIXED.unpack_from(packet, at)
        except struct.error:
            raise MalformedMessage("the additional section ends early") from None
        at += _OPT_FIXED.size
        if at + length > len(packet):
            raise MalformedMessage("a record is longer than the message")
        if kind == TYPE_OPT:
            if edns is not None or packet[start] != 0:
                raise MalformedMessage("more than one OPT record, or one that is not at the root")
            subnet = _read_subnet(packet[at : at + length]) if length else None
            edns = Edns(size, version, bool(flags & 0x8000), subnet)
        at += length
    return edns, at


def _skip_name(packet: bytes, at: int) -> int:
    try:
        while length := packet[at]:
            if length >= 0xC0:
                return at + 2
            if length > 63:
                raise MalformedMessage("a label of unknown kind")
            at += length + 1
    except IndexError:
        raise MalformedMessage("a name ends early") from None
    return at + 1


def _read_subnet(options: bytes) -> Address | None:
    """The client-subnet option's address; MalformedMessage where the options or that option are broken."""
    at = 0
    found = None
    while at < len(options):
        if at + 4 > len(options):
            raise MalformedMessage("an EDNS option ends early")
        code, length = _OPTION.unpack_from(options, at)
        at += 4
        if at + length > len(options):
            raise MalformedMessage("an EDNS option is longer than its record")
        if code == _OPTION_CLIENT_SUBNET:
            found = _subnet_address(options[at : at + length])
        at += length
    return found


def _subnet_address(data: bytes) -> Address | None:
    if len(data) < 4:
        raise MalformedMessage("a client-subnet option ends early")
    family, prefix = int.from_bytes(data[:2], "big"), data[2]
    width = {1: 4, 2: 16}.get(family)
    if width is None or prefix > width * 8 or len(data) - 4 != (prefix + 7) // 8:
        raise MalformedMessage("a client-subnet option with a family or prefix that does not fit")
    if not prefix:
        return None
    octets = data[4:].ljust(width, b"\0")
    return ipaddress.IPv4Address(octets) if width == 4 else ipaddress.IPv6Address(octets)
