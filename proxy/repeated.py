r"""repeated: queries that were answered by what was known, told in heaps.

Whoever answers a packet within a microsecond has no time to say in words what it did.  So it leaves the octets, and what the
true path once said of them; words are made of these later, by those who want them.

Owns that heap's form, and what it is in words.  Must never know what listens, or who is told.

A worked example::

    heap = Repeated([(packet, b"\x0a\0\x01\x05", b"\x9c\x40", said)], tcp=False, seconds=0.0001)
    next(heap.outcomes()).client        # 10.0.1.5, port 40000
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from typing import NamedTuple

from proxy.dns.query import read_query
from proxy.model.answers import Answer
from proxy.model.outcome import Outcome
from proxy.model.plan import ClientAddress
from proxy.model.world import View


class Said(NamedTuple):
    """What the true path said, for those who count and observe; `tally` holds one number."""

    tally: list[int]
    answer: Answer
    view: View


Record = tuple[bytes, bytes, bytes, Said]
"""A packet, its client's address and port as octets, and what it was answered."""


class Repeated(NamedTuple):
    """Queries in their order, over TCP or UDP, each answered within `seconds`."""

    records: list[Record]
    tcp: bool
    seconds: float

    def outcomes(self) -> Iterator[Outcome]:
        """The same as anybody else's."""
        return map(self.outcome, self.records)

    def outcome(self, record: Record) -> Outcome:
        """What came of one of them."""
        packet, address, port, said = record
        client = ClientAddress(str(ipaddress.ip_address(address)), int.from_bytes(port, "big"), self.tcp)
        return Outcome(read_query(packet), client, said.view, said.answer, self.seconds)


ObserveRepeated = Callable[[Repeated], None]


def one_by_one(observe: Callable[[Outcome], None]) -> ObserveRepeated:
    """Tell somebody who wants to hear of each query by itself."""

    def tell(repeated: Repeated) -> None:
        for outcome in repeated.outcomes():
            observe(outcome)

    return tell
