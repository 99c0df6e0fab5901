"""Upstream servers with one fault each: what a client is told, how soon, and that the names of the file are unharmed beside it.

Deadlines are generous: what is shown is that they are kept, not how well.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import dns.asyncquery
import dns.edns
import dns.message
import dns.rcode

from tests.peers.faulty import ADDRESS, FAULTS, FORGED, Fault, serving
from tests.peers.servers import HOST, free_port, running, vpcdns_with

TIMEOUT = 4
SLACK = 20.0  # seconds, for machines that have more to do
PRIVATE = [f"host{number}.load.corp" for number in range(50)]


class Told(NamedTuple):
    """What a client was told, after how many seconds."""

    rcode: str
    addresses: list[str]
    reason: str
    seconds: float


def domain(number: int, kind: str) -> str:
    """Under which name a fault is asked for: `alone`, or in a `pair` with a good server behind it."""
    return f"{kind}{number}.net"


def configuration(port: int, ports: Mapping[str, int], faults: Mapping[str, Fault]) -> str:
    """Each fault's server has a domain of its own, and another one together with the good server."""
    good, lines = f"{HOST}:{ports['good']}", []
    for number, (name, fault) in enumerate(faults.items()):
        server = f"{fault.scheme}{HOST}:{ports[name]}"
        lines += [f"    {domain(number, 'alone')}: ['{server}']", f"    {domain(number, 'pair')}: ['{server}', '{good}']"]
    records = ", ".join(f"{name.partition('.')[0]}: 10.0.0.{number + 5}" for number, name in enumerate(PRIVATE))
    return "\n".join(
        (
            f"listen: '{HOST}:{port}'",
            "default_view: app",
            "vpcs: {app: {cidr: 10.0.0.0/16}}",
            f"private_zones: [{{name: load.corp, vpcs: [app], records: {{{records}}}}}]",
            f"upstream:\n  servers: ['{good}']\n  timeout: {TIMEOUT}s\n  domains:",
            *lines,
            "",
        )
    )


async def ask(port: int, name: str, patience: float = SLACK) -> Told:
    """Ask for an address."""
    begun = time.monotonic()
    query = dns.message.make_query(name, "A", use_edns=0)
    response = await dns.asyncquery.udp(query, HOST, port=port, timeout=patience)
    addresses = [str(record) for each in response.answer for record in each]
    reasons = [str(option.text) for option in response.options if isinstance(option, dns.edns.EDEOption)]
    return Told(dns.rcode.to_text(response.rcode()), addresses, "; ".join(reasons), time.monotonic() - begun)


async def test_every_fault_is_told_and_harms_nobody_else(tmp_path: Path) -> None:
    async with serving(FAULTS) as ports:
        port = free_port()
        command = vpcdns_with(tmp_path, configuration(port, ports, FAULTS))
        with ExitStack() as stack:
            await asyncio.to_thread(stack.enter_context, running("vpcdns", command, tmp_path, port, PRIVATE[0]))
            over = asyncio.Event()
            beside = asyncio.create_task(_ask_private(port, over))
            numbers = range(len(FAULTS))
            alone = await asyncio.gather(*(ask(port, f"a.{domain(number, 'alone')}") for number in numbers))
            pair = await asyncio.gather(*(ask(port, f"a.{domain(number, 'pair')}") for number in numbers))
            over.set()
            answered, wrong = await beside
    came = dict(zip(FAULTS, zip(alone, pair, strict=True), strict=True))
    for name, fault in FAULTS.items():
        first, behind = came[name]
        assert first.rcode == fault.rcode, (name, first)
        assert FORGED not in first.addresses + behind.addresses, name
        assert bool(first.addresses) == (fault.rcode == "NOERROR" and fault.answers), (name, first)
        assert bool(first.reason) == (fault.rcode == "SERVFAIL" and name != "SERVFAIL"), (name, first)
        assert first.seconds < TIMEOUT + SLACK / 2, (name, first)
        assert behind.rcode == "NOERROR", (name, behind)
        assert not fault.answers or behind.addresses == [ADDRESS], (name, behind)
    assert wrong == 0
    assert answered > 20


async def _ask_private(port: int, over: asyncio.Event) -> tuple[int, int]:
    """Until it is over: how many of the file's own names were answered, and how many of these wrongly."""
    answered = wrong = 0
    while not over.is_set():
        number = answered % len(PRIVATE)
        told = await ask(port, PRIVATE[number])
        wrong += told.addresses != [f"10.0.0.{number + 5}"]
        answered += 1
        await asyncio.sleep(0.005)
    return answered, wrong
