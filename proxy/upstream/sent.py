"""A query as it was sent, and how its reply is told from anything else (RFC 5452 section 9.1)."""

from __future__ import annotations

from typing import NamedTuple

from proxy.dns.codes import CLASS_IN, RCODE_FORMERR, RCODE_NOTIMP
from proxy.dns.errors import MalformedMessage
from proxy.dns.query import FLAG_QR, HEADER
from proxy.dns.reply import ReplyMessage, read_reply
from proxy.dns.write import Sections, write_query


class Sent(NamedTuple):
    """A query: id, name in lower-case wire form, type, and the UDP size of its OPT; None for one without OPT."""

    id: int
    name: bytes
    type: int
    udp_size: int | None

    def packet(self) -> bytes:
        """The query as it goes out, the same every time."""
        return write_query(self.id, self.name, self.type, self.udp_size)

    def match(self, packet: bytes) -> ReplyMessage | None:
        """The message in `packet` if it replies to this query: same id, same question.  None if not, or if it is broken."""
        if len(packet) == HEADER.size:
            return self._match_header(packet)
        try:
            message = read_reply(packet)
        except MalformedMessage:
            return None
        name, type_and_class = message.question[:-4], message.question[-4:]
        expected = self.type.to_bytes(2, "big") + CLASS_IN.to_bytes(2, "big")
        if message.id != self.id or name.lower() != self.name or type_and_class != expected:
            return None
        return message

    def _match_header(self, packet: bytes) -> ReplyMessage | None:
        """FORMERR or NOTIMP without a question: sent by servers that could not read the query, be it because of its OPT."""
        ident, flags, questions, *_ = HEADER.unpack(packet)
        rcode = flags & 0xF
        if ident != self.id or not flags & FLAG_QR or questions or rcode not in {RCODE_FORMERR, RCODE_NOTIMP}:
            return None
        return ReplyMessage(ident, b"", False, Sections(rcode))
