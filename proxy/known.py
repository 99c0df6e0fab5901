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

1. `answers` (50 ns): finished for as long as the world lives.  `listen/` looks here by itself, without a call.
2. `siblings` (800 ns): names that were never asked, where nothing tells them from one that was.  A name of the same length
   has the same tail but for the question.  So random names cost no walk and, what matters more, no memory.
3. `kept` (900 ns): answers that were given once (at the second time they move up to `answers`, which random names therefore
   never fill), that turn (a tail for every turn), or that are true until a TTL counts down.
4. The true path, which fills the others.

Keys have the question in lower case, and an answer gets the letters back that its own question had.  Packets with EDNS
options are left to the true path: a cookie or a client subnet would make each of them a new key.

Owns these tables and their bounds.  Must never decide an answer: it repeats.

A worked example::

    table = Table(Bounds(forget), turns, time.monotonic)
    table.repeat(packet)                            # None: never asked
    table.keep(packet, said, [answer[2:]])          # what the true path said
    table.repeat(b"id" + packet[2:])                # b"id" + answer[2:]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from proxy.model.answers import Answer
from proxy.model.world import View
from proxy.nouns import dataclass
from proxy.resolve import Siblings

MOST = 100_000  # answers kept in all tables together: some 40 MB
MOST_YOUNG = 8192  # of these in one table's `kept`
MOST_TURNS = 12
FOR_EVER = float("inf")

_NAME_AT = 12  # where the question's name begins
_WITHOUT, _WITH_OPT = 4, 15  # octets behind it: type and class, and an OPT record without options (RFC 6891)
_SHORTEST = 17


class Said(NamedTuple):
    """What the true path said, for those who count and observe; `tally` holds one number."""

    tally: list[int]
    answer: Answer
    view: View


Answers = dict[bytes, tuple[bytes, Said]]
"""By key: the tail, and what it says."""


@dataclass(slots=True)
class _Kept:
    said: Said
    tails: Sequence[bytes]
    until: float


@dataclass(slots=True)
class _Sibling:
    """An answer, cut where the question stands in it; and where its name would be if there were one."""

    said: Said
    head: bytes
    body: bytes
    known: Siblings


class Known(NamedTuple):
    """What `listen/` asks before it asks the engine: a table's `answers.get`, and its `repeat`."""

    get: Callable[[bytes], tuple[bytes, Said] | None]
    repeat: Callable[[bytes], bytes | None]


class Door:
    """Where clients of one listener come in: what is known to those who asked before, by their address as octets.

    Both are replaced when everything is forgotten, so whoever looks into them takes them anew each time.
    """

    def __init__(self) -> None:
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

    `turns` gives the next turn of an answer that turns, `now` the time.  Where `observed`, nothing is put into `answers`:
    `listen/` would answer from there without a word to anyone.
    """

    def __init__(
        self, bounds: Bounds, turns: Callable[[], int], now: Callable[[], float], *, observed: bool = False
    ) -> None:
        self.answers: Answers = {}
        self._siblings: dict[bytes, _Sibling] = {}
        self._kept: dict[bytes, _Kept] = {}
        self._bounds = bounds
        self._turns = turns
        self._now = now
        self._observed = observed

    def repeat(self, packet: bytes) -> bytes | None:
        """The answer to `packet`, counted; None where only the true path knows it."""
        found = self.find(packet)
        if found is None:
            return None
        answer, (tally, _, _) = found
        tally[0] += 1
        return answer

    def find(self, packet: bytes) -> tuple[bytes, Said] | None:
        """The answer to `packet`, for the caller to count, and what it says."""
        if len(packet) < _SHORTEST:
            return None
        # Where the name ends if this is a packet of the kind that is kept.  If it is not, the keys that are made of it are
        # those of no such packet: what is not of a name is compared as it is, and lengths, below 64, are no letters.
        name_end = len(packet) - (_WITH_OPT if packet[11] else _WITHOUT)
        name, rest = packet[_NAME_AT:name_end].lower(), packet[name_end:]
        sibling = self._siblings.get(b"".join((packet[2 : _NAME_AT + 1], name[1 + packet[_NAME_AT] :], rest)))
        if sibling is not None:
            claims, nodes, listed = sibling.known
            if name not in nodes and name not in claims and name not in listed:
                question = packet[_NAME_AT : name_end + 4]
                return b"".join((packet[:2], sibling.head, question, sibling.body)), sibling.said
        found = self._find_whole(b"".join((packet[2:_NAME_AT], name, rest)))
        if found is None:
            return None
        tail, said = found
        return b"".join((packet[:2], tail[:10], packet[_NAME_AT:name_end], tail[name_end - 2 :])), said

    def keep(
        self, packet: bytes, said: Said, tails: Sequence[bytes], until: float = FOR_EVER, siblings: Siblings | None = None
    ) -> None:
        """Keep what the true path answered to `packet`, which `is_plain`; it is right until the time `until`.

        `tails` are the octets behind the id, one for every turn; `siblings` is what tells the name from those beside it.
        """
        name_end = len(packet) - (_WITH_OPT if packet[11] else _WITHOUT)
        name, rest = packet[_NAME_AT:name_end].lower(), packet[name_end:]
        settled = until == FOR_EVER and len(tails) == 1
        if settled and siblings is not None:
            beside = b"".join((packet[2 : _NAME_AT + 1], name[1 + packet[_NAME_AT] :], rest))
            self._siblings[beside] = _Sibling(said, tails[0][:10], tails[0][name_end + 2 :], siblings)
            self._bounds.count()
            return
        lower = b"".join((packet[2:_NAME_AT], name, rest))
        tails = [b"".join((tail[:10], name, tail[name_end - 2 :])) for tail in tails]
        if settled and said.answer.sections.answer and not self._observed:
            self._settle(lower, tails[0], said)
        else:
            if len(self._kept) >= MOST_YOUNG:
                self._kept = {}
            self._kept[lower] = _Kept(said, tails, until)

    def _find_whole(self, lower: bytes) -> tuple[bytes, Said] | None:
        kept = self._kept.get(lower)
        if kept is None:
            return self.answers.get(lower)
        if kept.until != FOR_EVER and self._now() >= kept.until:
            del self._kept[lower]
            return None
        turn = 0
        if len(kept.tails) > 1:
            turn = self._turns() % len(kept.tails)
        elif kept.until == FOR_EVER and not self._observed:
            del self._kept[lower]
            self._settle(lower, kept.tails[0], kept.said)
        return kept.tails[turn], kept.said

    def _settle(self, lower: bytes, tail: bytes, said: Said) -> None:
        self.answers[lower] = tail, said
        self._bounds.count()


def is_plain(packet: bytes, question: bytes) -> bool:
    """Whether a query is of the kind that comes again: with nothing behind its question but an OPT without options."""
    return len(packet) - 12 - len(question) == (11 if packet[11] else 0)
