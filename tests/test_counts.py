"""What several processes have counted, added up."""

from __future__ import annotations

import pickle

from proxy.counts import Cached, Connections, Counts, LostLines, Outside, Packets, total
from proxy.dns.codes import RCODE_NOERROR
from proxy.engine import Counted
from proxy.model.answers import Protocol, ReasonKind, ServerAddress
from proxy.upstream import PeerStatus

IN_A = Counted("a", tcp=False, rcode=RCODE_NOERROR, kind=ReasonKind.PRIVATE_ZONE)
OUTSIDE = Counted("a", tcp=True, rcode=RCODE_NOERROR, kind=ReasonKind.UPSTREAM)
HERE = ServerAddress(Protocol.UDP, "192.0.2.53", 53)
THERE = ServerAddress(Protocol.UDP, "192.0.2.54", 53)

ONE = Counts(
    {IN_A: 3},
    Packets(1, 2, 3, 4, 5, 6),
    {"127.0.0.1:1053": Connections(1, 2, 3)},
    Cached(1, 2, 3, 4, 5, 6, 7),
    Outside(1, 2, 3),
    [PeerStatus(HERE, 5.0, 0.25, 10, 4, 1, 1)],
    LostLines(1, 1),
)
OTHER = Counts(
    {IN_A: 4, OUTSIDE: 1},
    Packets(10, 20, 30, 40, 50, 60),
    {"127.0.0.1:1053": Connections(4, 0, 0), "[::1]:1053": Connections(7, 0, 0)},
    Cached(10, 20, 30, 40, 50, 60, 70),
    Outside(10, 20, 30),
    [PeerStatus(HERE, 0.0, 0.75, 20, 8, 0, 0), PeerStatus(THERE, 9.0, 0.0, 1, 0, 1, 0)],
    None,
)


def test_of_one_it_is_what_it_has() -> None:
    assert total([ONE]) is ONE


def test_numbers_are_added() -> None:
    both = total([ONE, OTHER])
    assert both.answers == {IN_A: 7, OUTSIDE: 1}
    assert both.reasons == {"private zone": 7, "upstream": 1}
    assert both.packets == (11, 22, 33, 44, 55, 66)
    assert both.connections == {"127.0.0.1:1053": (5, 2, 3), "[::1]:1053": (7, 0, 0)}
    assert both.cache == (11, 22, 33, 44, 55, 66, 77)
    assert both.outside == (11, 22, 33)
    assert both.lost == (1, 1)


def test_a_server_rests_when_it_rests_for_all_and_replies_as_fast_as_in_the_mean() -> None:
    both = total([ONE, OTHER])
    assert both.servers == [PeerStatus(HERE, 0.0, 0.5, 30, 12, 1, 1), PeerStatus(THERE, 9.0, 0.0, 1, 0, 1, 0)]


def test_they_can_be_sent() -> None:
    assert pickle.loads(pickle.dumps(OTHER)) == OTHER
