r"""known: questions that were answered before, answered again without being understood.

The fast path.  To read, resolve and write takes some 15 µs a query; here it takes well under one, because most packets are,
but for their id, octet by octet what came before.  So answers are kept as octets, by the octets of the packet:

    packet  =  id | flags, counts | QNAME | QTYPE, QCLASS | OPT
               \/ \___________________ key ___________________/
    answer  =  id | flags, counts | QNAME | QTYPE, QCLASS | records, OPT
               \/ \_______________________ tail _____________________/

and an answer is `id + table[key]`.  Whatever is decided stays decided in one place: all that is here was said by the true
path, to a question that is the same as far as the true path can tell.  `tests/test_fast_path.py` asks both, on random
traffic in every world of the conformance files, and wants the same octets.

Where to look, the quickest first, with what it takes on a machine that echoes a packet within 4,400 ns:

1. `answers` (50 ns): `listen/` looks here by itself, without a call.  An answer of the internet counts down: it is there until
   its TTLs are others, a second at most, and whoever looks compares the time.  No timer, and no sweep.
2. `find` (1,000 ns more): letters of another case; `siblings`, names that were never asked, where nothing tells them
   from one that was.  A name of the same length has the same tail but for the question.  So random names cost no walk and,
   what matters more, no memory.
3. `kept`, which `find` looks into last: answers that were given once (at the second time they move up to `answers`, which
   random names therefore never fill), and those that turn (a tail for every turn).
4. The true path, which fills the others: once a second for a name that counts down.

Names that nobody asked before, and of which the file has nothing to say, go to the internet in any case.  Of them nothing is
known but the way: `passage` gives what is asked, `answer_with` the answer, where the reply is one record, as most are.  It stands
between the octets that the true path put around another one.  So a forwarded question takes 41 instead of 72 us of Python;
`tests/test_passing.py` asks both ways here too.

Keys have the question in lower case, and an answer gets the letters back that its own question had.  Packets with EDNS
options are left to the true path: a cookie or a client subnet would make each of them a new key.

Owns these tables and their bounds.  Must never decide an answer: it repeats.

A worked example::

    table = Table(Bounds(forget), turns)
    table.find(packet[2:], now)                     # None: never asked
    table.keep(packet, said, [answer[2:]])          # what the true path said
    table.answers[packet[2:]][0]                    # answer[2:]
    table.passage(other)                            # what is asked for it, if it is of a kind that was passed on before
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from proxy.dns.write import PLAIN_UDP_SIZE, Sections
from proxy.model.answers import Ask, ReasonKind, Reply
from proxy.nouns import dataclass
from proxy.repeated import Repeated, Said
from proxy.resolve import Siblings, Straight, goes_straight

MOST = 100_000  # answers kept in all tables together: some 40 MB
MOST_YOUNG = 8192  # of these in one table's `kept`
MOST_TURNS = 12
MOST_SHAPES = 64
FOR_EVER = float("inf")

_HEADER = 12
_NAME_AT = 10  # where the question's name begins, the id not counted
_WITHOUT, _WITH_OPT = 4, 15  # octets behind it: type and class, and an OPT record without options (RFC 6891)
_SHORTEST = 15


Found = tuple[bytes, float, list[int], Said]
"""An answer: its tail, until when it is right, where it is counted, and what it says.  Plain, to be taken apart quickly."""


@dataclass(slots=True)
class _Kept:
    said: Said
    tails: Sequence[bytes]
    until: float


_Names = Mapping[bytes, object]

_Sibling = tuple[list[int], Said, bytes, bytes, _Names, _Names, _Names]
"""An answer, cut where the question stands in it; and the tables that would have its name if there were one."""


class Shape(NamedTuple):
    """A kind of packet whose question goes straight outside: its type, and what its answer has around question and record.

    `said` is what the true path said to the first one of it.
    """

    kind: int
    head: bytes
    opt: bytes
    said: Said


class Passage(NamedTuple):
    """What is asked for a packet, and its kind."""

    ask: Ask
    shape: Shape


Known = tuple[Callable[[bytes], Found | None], Callable[[bytes, float], Found | None], Callable[[float], bool] | None]
"""What `listen/` asks before it asks the engine: about octets behind an id, a table's `answers.get` and its `find`; and about a
client whether one packet more is not too many, None where any number may come."""


class Door:
    """Where clients of one listener come in: what is known to those who asked before, by their address as octets.

    Both are replaced when everything is forgotten, so whoever looks into them takes them anew each time.  `now` is the clock
    that answers count down by; `tell`, if there, wants to know of what was repeated before the answers go out.
    """

    def __init__(self, now: Callable[[], float], tell: Callable[[Repeated], None] | None) -> None:
        self.now = now
        self.tell = tell
        self.udp: dict[bytes, Known] = {}
        self.tcp: dict[bytes, Known] = {}


class Bounds:
    """How much all tables together keep.  Where it is too much, `forget` drops all of it: no look-up pays for an order."""

    def __init__(self, forget: Callable[[], None], most: int = MOST) -> None:
        self._stored = 0
        self._most = most
        self._forget = forget

    def count(self) -> None:
        """One more is kept."""
        self._stored += 1
        if self._stored > self._most:
            self._stored = 0
            self._forget()


class Table:
    """What is known of the answers to one kind of client: those of one view over UDP, say.

    `turns` gives the next turn of an answer that turns, `straight` the way of names that nothing is said of, if there is one.
    """

    def __init__(self, bounds: Bounds, turns: Callable[[], int], straight: Straight | None = None) -> None:
        self.answers: dict[bytes, Found] = {}
        self._straight = straight
        self._shapes: dict[bytes, Shape] = {}
        self._siblings: dict[bytes, _Sibling] = {}
        self._kept: dict[bytes, _Kept] = {}
        self._bounds = bounds
        self._turns = turns

    def find(self, rest: bytes, now: float) -> Found | None:
        """The answer to a packet of which `rest` is behind the id, and for which `answers` had none that is right at `now`."""
        if len(rest) < _SHORTEST:
            return None
        # Where the name ends if this is a packet of the kind that is kept.  If it is not, the keys that are made of it are
        # those of no such packet: what is not of a name is compared as it is, and lengths, below 64, are no letters.
        name_end = len(rest) - (_WITH_OPT if rest[9] else _WITHOUT)
        asked = rest[_NAME_AT:name_end]
        name = asked.lower()
        lower = rest
        if name != asked:
            lower = rest[:_NAME_AT] + name + rest[name_end:]
            known = self.answers.get(lower)
            if known is not None and now < known[1]:
                return _spelt(known, asked, name_end)
        sibling = self._siblings.get(lower[: _NAME_AT + 1] + lower[_NAME_AT + 1 + lower[_NAME_AT] :])
        if sibling is not None:
            tally, said, head, body, claims, nodes, listed = sibling
            if name not in nodes and name not in claims and name not in listed:
                return head + rest[_NAME_AT : name_end + 4] + body, FOR_EVER, tally, said
        found = self._look_at_kept(lower, now)
        return found if found is None or name == asked else _spelt(found, asked, name_end)

    def keep(
        self, packet: bytes, said: Said, tails: Sequence[bytes], until: float = FOR_EVER, siblings: Siblings | None = None
    ) -> None:
        """Keep what the true path answered to `packet`, which `is_plain`; it is right until the time `until`.

        `tails` are the octets behind the id, one for every turn; `siblings` is what tells the name from those beside it.
        """
        rest = packet[2:]
        name_end = len(rest) - (_WITH_OPT if rest[9] else _WITHOUT)
        name = rest[_NAME_AT:name_end].lower()
        lower = rest[:_NAME_AT] + name + rest[name_end:]
        settled = until == FOR_EVER and len(tails) == 1
        if settled and siblings is not None:
            beside = lower[: _NAME_AT + 1] + lower[_NAME_AT + 1 + lower[_NAME_AT] :]
            self._siblings[beside] = said.tally, said, tails[0][:_NAME_AT], tails[0][name_end + 4 :], *siblings
            self._bounds.count()
            return
        tails = [tail[:_NAME_AT] + name + tail[name_end:] for tail in tails]
        if lower in self.answers and len(tails) == 1:  # its TTLs were others a second ago
            self.answers[lower] = tails[0], until, said.tally, said
        elif settled and said.answer.sections.answer:
            self._settle(lower, _Kept(said, tails, until))
        else:
            if len(self._kept) >= MOST_YOUNG:
                self._kept = {}
            self._kept[lower] = _Kept(said, tails, until)

    def passage(self, packet: bytes) -> Passage | None:
        """What is asked for a packet whose answer is the reply to it: of a kind that was answered so before."""
        straight = self._straight
        if straight is None or len(packet) <= _HEADER + _WITHOUT:
            return None
        name_end = len(packet) - (_WITH_OPT if packet[11] else _WITHOUT)
        shape = self._shapes.get(packet[2:_HEADER] + packet[name_end:])
        if shape is None:
            return None
        name = packet[_HEADER:name_end].lower()
        return Passage(Ask(straight.route, name, shape.kind), shape) if goes_straight(straight, name) else None

    def learn(self, packet: bytes, name: bytes, kind: int, said: Said, octets: bytes) -> None:
        """See from what the true path made of a reply, for a packet that `is_plain`, how others of its kind are answered."""
        straight = self._straight
        name_end = _HEADER + len(name)
        key = packet[2:_HEADER] + packet[name_end:]
        if straight is None or key in self._shapes or len(self._shapes) >= MOST_SHAPES or not goes_straight(straight, name):
            return
        record = lone_record(said.answer.sections, kind)
        if said.answer.reason.kind is ReasonKind.UPSTREAM and record and octets.startswith(record, name_end + 4):
            self._shapes[key] = Shape(kind, octets[2:_HEADER], octets[name_end + 4 + len(record) :], said)

    def _look_at_kept(self, lower: bytes, now: float) -> Found | None:
        kept = self._kept.get(lower)
        if kept is None:
            return None
        if now >= kept.until:
            del self._kept[lower]
            return None
        if len(kept.tails) > 1:
            return kept.tails[self._turns() % len(kept.tails)], kept.until, kept.said.tally, kept.said
        del self._kept[lower]
        return self._settle(lower, kept)

    def _settle(self, lower: bytes, kept: _Kept) -> Found:
        found = self.answers[lower] = kept.tails[0], kept.until, kept.said.tally, kept.said
        self._bounds.count()
        return found


def _spelt(found: Found, asked: bytes, name_end: int) -> Found:
    """With the letters that were asked."""
    tail, until, tally, said = found
    return tail[:_NAME_AT] + asked + tail[name_end:], until, tally, said


def answer_with(reply: Reply, packet: bytes, shape: Shape) -> bytes | None:
    """The answer to `packet`, of a kind that was seen before; None where the reply is not such as most are."""
    record = lone_record(reply, shape.kind)
    if record is None:
        return None
    end = len(packet) - (_WITH_OPT - _WITHOUT if packet[11] else 0)
    octets = b"".join((packet[:2], shape.head, packet[_HEADER:end], record, shape.opt))
    return octets if len(octets) <= PLAIN_UDP_SIZE else None


def lone_record(reply: Reply, kind: int) -> bytes | None:
    """The record of a reply that has one, of `kind` and of the asked name, and nothing else."""
    rcode, answer, authority, additional = reply
    if rcode or len(answer) != 1 or authority or additional or type(reply) is not Sections:
        return None
    owner, found = answer[0]
    return found.records[0] if owner is None and found.type == kind and len(found.records) == 1 else None


def is_plain(packet: bytes, question: bytes) -> bool:
    """Whether a query is of the kind that comes again: with nothing behind its question but an OPT without options."""
    return len(packet) - 12 - len(question) == (11 if packet[11] else 0)
