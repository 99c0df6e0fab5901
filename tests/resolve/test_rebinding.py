"""Public names that lead to private addresses, where the file wants them dropped."""

from __future__ import annotations

import pytest

from proxy.dns.codes import TYPE_HTTPS
from proxy.dns.records import Placed, RecordSet
from proxy.model.answers import ReasonKind
from tests.worlds import ask, placed, reply, texts, world_of

WORLD = world_of("""
    upstream:
      servers: 192.0.2.1
      domains: {corp.example: 192.0.2.2}
      rebind_protection: true
      rebind_allowed: [plex.example]
    vpcs: {a: {cidr: 10.0.0.0/16}}
    private_zones: [{name: zone.example, vpcs: [a], records: {www: 10.0.5.10}}]
    resolver_rules: [{name: onprem, domain: onprem.example, type: forward, targets: [192.0.2.9], vpcs: [a]}]
    """)


def https(*params: tuple[int, bytes]) -> Placed:
    octets = b"".join(key.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value for key, value in params)
    return None, RecordSet.pack(TYPE_HTTPS, 60, [b"\0\1\0" + octets])


PRIVATE = [
    placed(None, "A", 60, "10.1.2.3"),
    placed(None, "A", 60, "127.0.0.1"),
    placed(None, "A", 60, "0.0.0.0"),
    placed(None, "A", 60, "169.254.169.254"),
    placed(None, "A", 60, "100.64.0.1"),
    placed(None, "AAAA", 60, "::1"),
    placed(None, "AAAA", 60, "fd00::1"),
    placed(None, "AAAA", 60, "fe80::1"),
    placed(None, "AAAA", 60, "::ffff:192.168.0.1"),
    placed(None, "AAAA", 60, "64:ff9b::10.0.0.1"),
    https((4, bytes((10, 0, 0, 1)))),
    https((1, b"\2h2"), (4, bytes((192, 0, 2, 1, 10, 0, 0, 1)))),
    https((6, bytes((0xFD,)) + bytes(15))),
    (None, RecordSet.pack(TYPE_HTTPS, 60, [b"\0\1\1a\0" + b"\0\4\0\4" + bytes((10, 0, 0, 1))])),
]
PUBLIC = [
    placed(None, "A", 60, "192.0.2.1"),
    placed(None, "A", 60, "172.32.0.1"),
    placed(None, "AAAA", 60, "2001:db8::1"),
    placed(None, "AAAA", 60, "::ffff:192.0.2.1"),
    placed(None, "TXT", 60, '"10.0.0.1"'),
    https((1, b"\2h2"), (4, bytes((192, 0, 2, 1)))),
    (None, RecordSet.pack(TYPE_HTTPS, 60, [b"\0\1\0\0\4"])),
    (None, RecordSet.pack(TYPE_HTTPS, 60, [b"\0\1\x3fbroken"])),
    (None, RecordSet.pack(1, 60, [b"\x0a\0\0"])),
]


@pytest.mark.parametrize("found", PRIVATE)
@pytest.mark.parametrize("view", ["a", "internet"])
def test_a_private_address_is_dropped_with_a_reason(view: str, found: Placed) -> None:
    answer = ask(WORLD, view, f"www.example.net TYPE{found[1].type}", lambda _: reply(found))
    assert (answer.sections.rcode, answer.sections.answer) == (0, ())
    assert answer.reason.kind is ReasonKind.REBINDING
    assert answer.reason.text == "www.example.net leads to a private address: rebind_protection drops it"


@pytest.mark.parametrize("found", PUBLIC)
def test_everything_else_passes(found: Placed) -> None:
    answer = ask(WORLD, "internet", f"www.example.net TYPE{found[1].type}", lambda _: reply(found))
    assert answer.sections.answer == (found,)
    assert answer.reason.kind is ReasonKind.UPSTREAM


def test_what_is_public_beside_it_stays() -> None:
    both = reply(placed(None, "CNAME", 60, "x.example"), placed("x.example", "A", 60, "192.0.2.1", "10.0.0.1"))
    assert texts(ask(WORLD, "a", "www.example.net", lambda _: both)) == ["CNAME x.example", "192.0.2.1"]


@pytest.mark.parametrize("name", ["plex.example", "a.b.plex.example", "www.corp.example", "www.onprem.example"])
def test_who_may_lead_inside(name: str) -> None:
    inside = reply(placed(None, "A", 60, "10.1.2.3"))
    assert texts(ask(WORLD, "a", name, lambda _: inside)) == ["10.1.2.3"]


def test_a_private_zone_is_no_public_name() -> None:
    assert texts(ask(WORLD, "a", "www.zone.example")) == ["10.0.5.10"]


def test_it_is_off_unless_asked_for() -> None:
    world = world_of("upstream: {servers: 192.0.2.1}")
    assert texts(ask(world, "internet", "www.example.net", lambda _: reply(placed(None, "A", 60, "10.1.2.3")))) == [
        "10.1.2.3"
    ]
