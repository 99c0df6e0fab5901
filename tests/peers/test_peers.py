"""vpcdns beside unbound, named and dnsmasq: 2,000 mixed questions, each answer compared field by field.

All four forward to one authoritative server, named, which has every name there is, the root included; nothing leaves the
machine.  Each question is asked twice: of the network, then of the cache.  `PEERS_TABLE=file` writes the table.

Where vpcdns says what none of the others says, it has to stand in `REASONS`.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import dns.rdatatype
import pytest

from tests.peers.client import Came, ask_all
from tests.peers.compare import SILENCE, Alone, alone, fields_of, table
from tests.peers.questions import NUMBER, Asked, make
from tests.peers.servers import FORWARDERS, authority, free_port, missing, running

SECONDS_BETWEEN = 3.0  # for TTLs to count down
OWN = "vpcdns"

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}")


class Reason(NamedTuple):
    """Why vpcdns stands alone with these fields, where `holds`."""

    fields: frozenset[str]
    holds: Callable[[Alone], bool]
    why: str


def _has(*fields: str) -> frozenset[str]:
    return frozenset(fields)


_META = ("OPT", "TKEY", "TSIG", "TYPE250", "MAILB", "AXFR", "IXFR")


def _is_not_for_others(asked: Asked) -> bool:
    return asked.rclass != "IN" or any(f"type {kind} " in asked.about for kind in _META)


_BESIDE = frozenset(map(int, (dns.rdatatype.NS, dns.rdatatype.SOA, dns.rdatatype.A, dns.rdatatype.AAAA)))


def _is_of_the_origin(each: Alone) -> bool:
    said = each.said[OWN]
    assert isinstance(said, frozenset)
    return all(kind in _BESIDE and owner.endswith((".net.", ".org.", ".arpa.")) for owner, kind, _, _ in said)


REASONS = [
    Reason(
        _has("CD"),
        lambda each: each.asked.cd and each.said[OWN] is False,
        "the Amazon resolver takes no notice of CD: its flags are QR, RA and the client's RD",
    ),
    Reason(
        _has("OPT's DO"),
        lambda each: each.asked.do and each.said[OWN] is False,
        "nor of DO",
    ),
    Reason(
        _has("answer", "second answer", "authority"),
        lambda each: each.asked.do and each.asked.about == "a signed zone",
        "so no RRSIG and no NSEC comes along, as with AWS",
    ),
    Reason(
        _has("rcode", "second rcode"),
        lambda each: _is_not_for_others(each.asked) and each.said[OWN] == "REFUSED",
        "other classes, and types that are for the server that is asked, are refused: the others say FORMERR of a question that "
        "is well formed, or hand it on",
    ),
    Reason(
        _has("EDE"),
        lambda each: _is_not_for_others(each.asked) and each.said[OWN] == (21,),
        "and the refusal says why: Not Supported",
    ),
    Reason(
        _has("what a truncated answer holds"),
        lambda each: each.said[OWN] == "records",
        "what fits: musl before 1.2.4 and busybox never ask again over TCP, and would be left without an address",
    ),
    Reason(
        _has("authority", "additional"),
        _is_of_the_origin,
        "what a server says beside its answer, and has a say in, is passed on, as AWS does with forwarded answers; unbound and "
        "named leave it out, and dnsmasq asks with the client's own EDNS size, so that its upstream does",
    ),
    Reason(
        _has("TTLs", "second TTLs"),
        lambda each: each.asked.about == "CNAMEs in a circle",
        "a SERVFAIL comes with what the upstream sent, and all of it is kept for 5 seconds at most (RFC 9520)",
    ),
    Reason(
        _has("second TTLs"),
        lambda each: not each.asked.rd and each.said[OWN] == "aged",
        "a query without RD is answered from the cache like any other",
    ),
]  # fmt: skip


async def test_vpcdns_stands_alone_only_where_it_has_a_reason(tmp_path: Path) -> None:
    zones, asked = make()
    assert len(asked) == NUMBER
    with ExitStack() as stack:
        ports = {"origin": free_port()}
        stack.enter_context(running("authority", authority(tmp_path, ports["origin"], zones), tmp_path, ports["origin"]))
        for name, command in FORWARDERS.items():
            folder, ports[name] = tmp_path / name, free_port()
            folder.mkdir()
            stack.enter_context(running(name, command(folder, ports[name], ports["origin"]), folder, ports[name]))
        first = await _ask(ports, asked)
        await asyncio.sleep(SECONDS_BETWEEN)
        second = await _ask(ports, asked)
    origin = first.pop("origin")
    said = {
        name: [fields_of(*each) for each in zip(asked, first[name], second[name], origin, strict=True)]
        for name in FORWARDERS
    }
    if wanted := os.environ.get("PEERS_TABLE"):
        Path(wanted).write_text("\n".join((*table(said, asked), "", *_sums(alone(OWN, asked, said)), "")))
    assert not [str(each) for each, fields in zip(asked, said[OWN], strict=True) if fields["rcode"] == SILENCE]
    unreasoned = [each for each in alone(OWN, asked, said) if not any(_holds(reason, each) for reason in REASONS)]
    assert not unreasoned, f"vpcdns stands alone {len(unreasoned)} times:\n" + "\n".join(map(str, unreasoned[:40]))
    unused = [reason.why for reason in REASONS if not any(_holds(reason, each) for each in alone(OWN, asked, said))]
    assert not unused, "reasons that nothing needs"


def _holds(reason: Reason, each: Alone) -> bool:
    return each.field in reason.fields and reason.holds(each)


async def _ask(ports: dict[str, int], asked: list[Asked]) -> dict[str, list[Came]]:
    return dict(zip(ports, await asyncio.gather(*(ask_all(port, asked) for port in ports.values())), strict=True))


def _sums(stands: list[Alone]) -> list[str]:
    """How often vpcdns stands alone with a field, by its reason."""
    counts = Counter(
        (each.field, next((reason.why for reason in REASONS if _holds(reason, each)), "NO REASON")) for each in stands
    )
    lines = [f"| {field} | {times} | {why} |" for (field, why), times in sorted(counts.items())]
    return ["| field | times | why |", "|---|---|---|", *lines]
