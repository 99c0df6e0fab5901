"""Commands to paste that show what a server does: the name whose answers differ most between the views that it serves."""

from __future__ import annotations

import asyncio
import ipaddress
import shlex
from collections.abc import Sequence
from itertools import islice

from proxy.app import Server
from proxy.asking import Finding, Inquiry, Outcome, ask_all, place
from proxy.cli.banner import address_of, from_here
from proxy.configuration import Configuration
from proxy.dns.codes import TYPE_A, type_word
from proxy.dns.names import name_text
from proxy.expectations import shown_records
from proxy.inventory import names_of
from proxy.model.answers import Question
from proxy.model.plan import Listener
from proxy.model.world import World

LOOKED_AT = 200
SHOWN = 2

_Answered = tuple[str, ...]


async def examples(server: Server) -> list[str]:
    """`dig` commands and what they print: SHOWN where answers differ, else one, none where no name is answered."""
    configuration = server.configuration
    listeners = [address_of(socket) for socket in server.sockets]
    names = await asyncio.to_thread(_names, configuration)
    inquiries = [_inquiry(configuration.world, name, listener) for name in names for listener in listeners]
    findings = await ask_all(configuration, inquiries, live=False)
    rows = [findings[at : at + len(listeners)] for at in range(0, len(findings), len(listeners) or 1)]
    best = max(rows, key=_differing, default=[])
    shown: dict[_Answered, list[str]] = {}
    for finding, listener in zip(best, listeners, strict=bool(best)):
        answered = _answered(finding)
        if answered:
            shown.setdefault(answered, _lines(finding, answered, listener))
    return [line for lines in islice(shown.values(), SHOWN) for line in lines]


def _names(configuration: Configuration) -> list[Question]:
    """The first names that can be asked for as they stand: a wildcard is none."""
    return [*islice((each for each in names_of(configuration) if not each.name.startswith(b"\x01*")), LOOKED_AT)]


def _inquiry(world: World, question: Question, listener: Listener) -> Inquiry:
    """The question as this machine asks it there."""
    asked = place(world, question, client=ipaddress.ip_address(from_here(listener.host)))
    if listener.view is None:
        return asked
    return asked._replace(placement=place(world, question, listener.view).placement)


def _differing(row: Sequence[Finding]) -> int:
    return len({answered for answered in map(_answered, row) if answered})


def _answered(finding: Finding) -> _Answered:
    """The records that are answered; none where it is not answered with any."""
    if finding.answer is None or finding.outcome is not Outcome.ANSWER:
        return ()
    return tuple(sorted(record.text for record in shown_records(finding.answer.sections)))


def _lines(finding: Finding, answered: _Answered, listener: Listener) -> list[str]:
    """The command and its answer, on lines of their own: not every shell takes a comment behind a command."""
    name, kind = finding.inquiry.question
    words = ["dig", "+short", "-p", str(listener.port), f"@{from_here(listener.host)}", name_text(name)]
    if kind != TYPE_A:
        words.append(type_word(kind))
    return [f"try: {shlex.join(words)}", f"     {', '.join(answered)}  (view {finding.inquiry.placement.view.name})"]
