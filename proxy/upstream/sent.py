"""How the reply to a query is told from anything else (RFC 5452 section 9.1).

The question comes back octet for octet, letter case included: with the case mixed at random, a forger has to guess it too
(draft-vixie-dnsext-dns0x20).  Id, address and port are the transports' to check.
"""

from __future__ import annotations

from enum import Enum

from proxy.dns.codes import RCODE_BADVERS, RCODE_FORMERR, RCODE_NOTIMP
from proxy.dns.errors import MalformedMessage
from proxy.dns.reply import read_sections
from proxy.dns.write import Sections

UDP_SIZE = 1232  # octets; what passes any IPv6 path whole
WITHOUT_EDNS = frozenset((RCODE_FORMERR, RCODE_NOTIMP, RCODE_BADVERS))

_ONE = b"\0\1"
_HEADER = 12


class Verdict(Enum):
    """What a packet is that is not a whole reply."""

    NO_REPLY = "no reply to this query"
    OTHER_CASE = "a reply, but for the letter case of its question"
    TRUNCATED = "a truncated reply"


def judge(packet: bytes, question: bytes, name: bytes) -> Sections | Verdict:
    """What `packet`, whose id fits, says to the query of `question` (QNAME as sent, QTYPE, QCLASS).

    `name` is QNAME in lower case; what points to the question comes out in that.  A packet that breaks off is no reply.
    """
    if len(packet) < _HEADER or packet[2] & 0xF8 != 0x80:
        return Verdict.NO_REPLY
    if packet[4:6] != _ONE:
        return _judge_without_question(packet)
    end = _HEADER + len(question)
    came = packet[_HEADER:end]
    if came != question:
        same = came[-4:] == question[-4:] and came[:-4].lower() == name
        return Verdict.OTHER_CASE if same else Verdict.NO_REPLY
    if packet[2] & 0x02:
        return Verdict.TRUNCATED
    if came[:-4] != name:
        packet = b"".join((packet[:_HEADER], name, packet[end - 4 :]))
    try:
        return read_sections(packet, name)
    except MalformedMessage:
        return Verdict.NO_REPLY


def _judge_without_question(packet: bytes) -> Sections | Verdict:
    """FORMERR or NOTIMP without a question: sent by servers that could not read the query, be it because of its OPT."""
    rcode = packet[3] & 0xF
    if packet[4:6] == b"\0\0" and rcode in WITHOUT_EDNS:
        return Sections(rcode)
    return Verdict.NO_REPLY
