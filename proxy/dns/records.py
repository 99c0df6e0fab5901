"""Resource records and sets of them, packed (RFC 1035 section 4.1.3, RFC 2181 section 5).

A `RecordSet` is packed once, when a configuration is compiled or a reply is read.  Each of its records is kept as it
goes into an answer whose owner is the question's name: a pointer to octet 12, then TYPE, CLASS, TTL, RDLENGTH and RDATA.
Names inside RDATA are never compressed, so the records can be copied anywhere.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Self

from proxy.dns.codes import CLASS_IN
from proxy.dns.errors import MalformedMessage
from proxy.nouns import dataclass

OWNER_IS_QUESTION = b"\xc0\x0c"
MAX_TTL = 0x7FFFFFFF
MAX_RDATA = 0xFFFF

_FIXED = struct.Struct("!2sHHIH")
_TTL_AT = 6
_RDATA_AT = 12


@dataclass(frozen=True, slots=True)
class RecordSet:
    """The records of one owner and type, with one TTL in seconds.

    `records` are whole records with the owner as a pointer to the question; the owner's name is said by whoever places
    the set into an answer (`Placed`).
    """

    type: int
    ttl: int
    records: tuple[bytes, ...]

    @classmethod
    def pack(cls, kind: int, ttl: int, rdatas: Iterable[bytes], rclass: int = CLASS_IN) -> Self:
        """A set of `rdatas`, each in uncompressed wire form.  `ttl` is cut to RFC 2181's 31 bits."""
        ttl = min(ttl, MAX_TTL)
        return cls(kind, ttl, tuple(_pack_record(kind, rclass, ttl, rdata) for rdata in rdatas))

    def rdatas(self) -> tuple[bytes, ...]:
        """The record data alone, in the order of `records`."""
        return tuple(record[_RDATA_AT:] for record in self.records)

    def with_ttl(self, ttl: int) -> Self:
        """The same records with another TTL."""
        octets = ttl.to_bytes(4, "big")
        aged = tuple(record[:_TTL_AT] + octets + record[_TTL_AT + 4 :] for record in self.records)
        return type(self)(self.type, ttl, aged)

    def turned(self, turn: int) -> tuple[bytes, ...]:
        """The records, begun at place `turn` modulo their number."""
        start = turn % len(self.records)
        return self.records[start:] + self.records[:start]


# A set in an answer: its owner, None where that is the question's own name, and the set.
Placed = tuple[bytes | None, RecordSet]


def _pack_record(kind: int, rclass: int, ttl: int, rdata: bytes) -> bytes:
    if len(rdata) > MAX_RDATA:
        raise MalformedMessage(f"record data of over {MAX_RDATA:,} octets")
    return _FIXED.pack(OWNER_IS_QUESTION, kind, rclass, ttl, len(rdata)) + rdata
