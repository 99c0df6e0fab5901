"""cassette: what other servers replied once, to be replied again without them.

Owns what was recorded, by route and question, and which questions were asked of it in vain.  A reply that says the same as an
earlier one leaves that in place, so that recording anew changes a file only where the network did: TTLs that have counted
down and records in another order are no change.

A route goes by its words (`system`, `192.0.2.9:53`), not by what they mean on one machine.  Views that ask the same servers
share what these replied: nothing in the question tells one view from another.

Must never ask anyone, nor touch a file.

A worked example::

    cassette = Cassette({})
    cassette.record(ask, reply)         # True: that is new
    cassette.replay(ask)                # the reply
    cassette.replay(other)              # UpstreamError, REFUSED; other is now among `cassette.missing`
"""

from __future__ import annotations

from collections.abc import Mapping

from proxy.dns.codes import RCODE_REFUSED, type_word
from proxy.dns.names import Name
from proxy.dns.records import Placed
from proxy.model.answers import Ask, ReasonKind, Reply, UpstreamError

MOST_MISSING = 1000
MOST_RECORDED = 100_000  # some 100 MB; a suite of tests that asks for more names makes them up

Heading = tuple[str, bytes, int]
"""A route in words, a name, a type."""

Recorded = Reply | str
"""A reply, or why there was none."""


class Cassette:
    """What is recorded, and `missing`: the first thousand questions that were not, each with how often it was asked.

    `left_out` counts what was not recorded as there is no place for more.
    """

    def __init__(self, recorded: Mapping[Heading, Recorded], most: int = MOST_RECORDED) -> None:
        self.recorded = dict(recorded)
        self.missing: dict[Heading, int] = {}
        self.left_out = 0
        self._most = most

    def record(self, ask: Ask, result: Reply | UpstreamError) -> bool:
        """Keep what came of `ask`; True where that is new.

        A failure never takes the place of a reply, nor is it kept that this program was busy or on its way out.
        """
        heading = heading_of(ask)
        before = self.recorded.get(heading)
        if before is None and len(self.recorded) >= self._most:
            self.left_out += 1
            return False
        if isinstance(result, UpstreamError):
            if before is not None or result.reason.kind is not ReasonKind.UPSTREAM_FAILED:
                return False
            self.recorded[heading] = result.reason.text
            return True
        if before is not None and not isinstance(before, str) and _says(before) == _says(result):
            return False
        self.recorded[heading] = Reply(*result)
        return True

    def replay(self, ask: Ask) -> Reply | UpstreamError:
        """What came of `ask` when it was recorded; an error where it was not."""
        heading = heading_of(ask)
        found = self.recorded.get(heading)
        if isinstance(found, str):
            return UpstreamError(found)
        if found is not None:
            return found
        if heading in self.missing or len(self.missing) < MOST_MISSING:
            self.missing[heading] = self.missing.get(heading, 0) + 1
        what = f"{heading_text(heading)} is not in the cassette (mode: replay)"
        return UpstreamError(what, ReasonKind.NOT_RECORDED, RCODE_REFUSED)


def heading_of(ask: Ask) -> Heading:
    """Under which heading what comes of `ask` stands."""
    return str(ask.route), ask.name, ask.type


def heading_text(heading: Heading) -> str:
    """A heading for people: www.example.com A from system."""
    route, name, kind = heading
    return f"{Name(name)} {type_word(kind)} from {route}"


def _says(reply: Reply) -> object:
    """What a reply says, whatever its TTLs and the order of its records."""
    return reply.rcode, *(sorted(map(_shape, section)) for section in (reply.answer, reply.authority, reply.additional))


def _shape(placed: Placed) -> tuple[bytes, int, list[bytes]]:
    owner, found = placed
    records = sorted(record[:6] + record[10:] for record in found.records)  # without the TTL
    return (owner or b"").lower(), found.type, records
