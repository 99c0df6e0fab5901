"""What a server may say beside what it was asked; the rest is dropped before anybody keeps it."""

from __future__ import annotations

import pytest

from proxy.dns.names import Name
from proxy.dns.records import Placed
from proxy.model.answers import Reply
from proxy.upstream.bailiwick import within_bailiwick
from tests.worlds import placed, reply

WWW = Name.from_text("www.example.com")
OWN = placed(None, "A", 60, "192.0.2.1")
ALIAS = placed(None, "CNAME", 60, "web.example.net")


def answered(*answer: Placed, authority: tuple[Placed, ...] = (), additional: tuple[Placed, ...] = ()) -> Reply:
    return reply(*answer)._replace(authority=authority, additional=additional)


CASES: dict[str, tuple[Reply, tuple[int, int, int]]] = {
    "what was asked": (answered(OWN), (1, 0, 0)),
    "the way of CNAMEs": (answered(ALIAS, placed("web.example.net", "A", 60, "192.0.2.1")), (2, 0, 0)),
    "a CNAME in other letters": (answered(ALIAS, placed("WEB.example.NET", "A", 60, "192.0.2.1")), (2, 0, 0)),
    "CNAMEs in any order": (answered(placed("web.example.net", "A", 60, "192.0.2.1"), ALIAS), (2, 0, 0)),
    "CNAMEs in a circle": (answered(ALIAS, placed("web.example.net", "CNAME", 60, "www.example.com")), (2, 0, 0)),
    "another name": (answered(OWN, placed("bank.example", "A", 60, "192.0.2.66")), (1, 0, 0)),
    "a name above": (answered(OWN, placed("example.com", "A", 60, "192.0.2.66")), (1, 0, 0)),
    "a DNAME above": (answered(placed("example.com", "DNAME", 60, "example.net"), ALIAS), (2, 0, 0)),
    "a DNAME elsewhere": (answered(placed("example.org", "DNAME", 60, "evil.example"), ALIAS), (1, 0, 0)),
    "the zone's servers": (
        answered(
            OWN,
            authority=(placed("example.com", "NS", 60, "ns.example.com"),),
            additional=(placed("ns.example.com", "A", 60, "192.0.2.53"),),
        ),
        (1, 1, 1),
    ),
    "another zone's servers": (
        answered(
            OWN,
            authority=(placed("bank.example", "NS", 60, "ns.evil.example"),),
            additional=(placed("ns.evil.example", "A", 60, "192.0.2.66"),),
        ),
        (1, 0, 0),
    ),
    "servers of a name below": (
        answered(OWN, authority=(placed("a.www.example.com", "NS", 60, "ns.example.com"),)),
        (1, 0, 0),
    ),
    "addresses of what nobody speaks of": (
        answered(OWN, additional=(placed("bank.example", "A", 60, "192.0.2.66"),)),
        (1, 0, 0),
    ),
    "the SOA of the target's zone": (
        answered(ALIAS, authority=(placed("example.net", "SOA", 60, "ns.example.net. h.example.net. 1 2 3 4 5"),)),
        (1, 1, 0),
    ),
}


@pytest.mark.parametrize(("came", "left"), CASES.values(), ids=CASES.keys())
def test_what_is_left_of_a_reply(came: Reply, left: tuple[int, int, int]) -> None:
    kept = within_bailiwick(came, WWW)
    assert tuple(map(len, kept[1:])) == left
    assert kept.rcode == came.rcode
    assert b"evil" not in repr(kept).encode()


def test_letters_of_chance_do_not_stay() -> None:
    """The CNAME that a DNAME leads to is made of the question, whose letters are mixed."""
    mixed = answered(
        placed("Tree.example", "DNAME", 60, "Wood.example"),
        placed(None, "CNAME", 60, "wWw.Wood.example"),
        placed("wWw.Wood.example", "A", 60, "192.0.2.1"),
    )
    small = answered(
        placed("tree.example", "DNAME", 60, "Wood.example"),
        placed(None, "CNAME", 60, "www.wood.example"),
        placed("www.wood.example", "A", 60, "192.0.2.1"),
    )
    assert within_bailiwick(mixed, Name.from_text("www.tree.example")) == small
    kept = answered(placed(None, "CNAME", 60, "Web.Example"), placed("Web.Example", "A", 60, "192.0.2.1"))
    assert within_bailiwick(kept, WWW) == kept
