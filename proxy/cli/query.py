"""`vpcdns query`: one question, answered in process as `serve` would answer it, or by a server that runs."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Any, NamedTuple

import typer

from proxy.asking import Outcome, ask_all, ask_server, outcome_of
from proxy.cli.arguments import ClientOption, ConfigOption, JsonOption, NameArgument, ServerOption, TypeArgument, ViewOption
from proxy.cli.opening import open_configuration
from proxy.cli.outcomes import STATUS, STYLE
from proxy.cli.output import aligned, remark, say, say_json
from proxy.cli.paint import Paint
from proxy.cli.questions import read_inquiry, read_question, read_server
from proxy.compile.claims import SELF_NAME
from proxy.dns.codes import TYPE_TXT
from proxy.dns.write import Sections
from proxy.model.answers import Question, Reply, ServerAddress, UpstreamError
from proxy.telling.outcomes import because, verdict
from proxy.telling.records import answer_json, reason_json, records_of

_PATIENCE = 5.0  # seconds for a running server: dig's
_CURIOSITY = 1.0  # seconds for what it says of itself: a server that is none of ours may never answer that


class Told(NamedTuple):
    """What is told of a question: its answer, None where none came, and `notes` on where it comes from and why."""

    question: Question
    outcome: Outcome
    sections: Sections | None
    notes: tuple[tuple[str, str], ...]
    data: dict[str, Any]


def run(
    ctx: typer.Context,
    name: NameArgument,
    kind: TypeArgument = "A",
    *,
    view: ViewOption = None,
    client: ClientOption = None,
    server: ServerOption = None,
    short: Annotated[bool, typer.Option("--short", help="Print the data alone, as dig +short.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Ask one question, as a client in a view would, and say where the answer comes from.

    Exits with 0 for an answer, 1 for none (NXDOMAIN, NODATA), 4 for SERVFAIL, REFUSED and time-outs.
    """
    question = read_question(name, kind)
    if short and as_json:
        raise typer.BadParameter("two forms of one answer: give one of --short and --json", param_hint="--short")
    if server is not None:
        told = _ask_running(question, server, view or client)
    else:
        told = _ask_here(ctx, question, view, client, config)
    if as_json:
        say_json(_json(told))
    elif short:
        _say_short(told)
    else:
        _say(told)
    raise typer.Exit(STATUS[told.outcome])


def _ask_here(ctx: typer.Context, question: Question, view: str | None, client: str | None, config: str | None) -> Told:
    configuration = open_configuration(ctx, config)
    inquiry = read_inquiry(configuration.world, question, view, client)
    [finding] = asyncio.run(ask_all(configuration, [inquiry], live=True))
    here, why = inquiry.placement
    sections = None if finding.answer is None else finding.answer.sections
    reason = {"kind": "silence", "text": because(finding)} if finding.answer is None else reason_json(finding.answer.reason)
    notes = (("view", f"{here.name} ({why})"), ("reason", because(finding)))
    data = {"view": here.name, "why": why, "reason": reason}
    return Told(question, finding.outcome, sections, notes, data)


def _ask_running(question: Question, server: str, elsewhere: str | None) -> Told:
    if elsewhere is not None:
        raise typer.BadParameter(
            "a running server decides itself which view a client is in: leave out --view and --client", param_hint="--server"
        )
    address = read_server(server)
    reply, itself = asyncio.run(_ask_twice(address, question))
    if isinstance(reply, UpstreamError):
        data = {"server": str(address), "reason": reason_json(reply.reason)}
        return Told(question, Outcome.FAILURE, None, (("server", str(address)), ("reason", str(reply))), data)
    said = "" if isinstance(itself, UpstreamError) else " ".join(_texts(itself))
    note = ("server", f"{address} ({said})" if said else str(address))
    return Told(question, outcome_of(question, reply), reply, (note,), {"server": str(address), "itself": said or None})


async def _ask_twice(server: ServerAddress, question: Question) -> tuple[Reply | UpstreamError, Reply | UpstreamError]:
    """The answer, and what the server says of itself, if it is one of ours."""

    async def ask(asked: Question, timeout: float) -> Reply | UpstreamError:  # noqa: ASYNC109  the server's own
        try:
            return await ask_server(server, asked, timeout)
        except UpstreamError as error:
            return error

    return await asyncio.gather(ask(question, _PATIENCE), ask(Question(SELF_NAME, TYPE_TXT), _CURIOSITY))


def _texts(reply: Reply) -> list[str]:
    records = records_of(Question(SELF_NAME, TYPE_TXT), reply.answer)
    return [record.data.replace('"', "") for record in records if "version=" in record.data]


def _say(told: Told) -> None:
    """A text that a zone file could hold: records in its lines, everything else in comments."""
    paint = Paint(sys.stdout)
    sections = told.sections or Sections()
    records = list(records_of(told.question, sections.answer))
    for line, record in zip(aligned([record.line() for record in records]), records, strict=True):
        say(line.removesuffix(record.data) + paint(record.data, "bold"))
    if records:
        say()
    authority = aligned([record.line() for record in records_of(told.question, sections.authority)])
    notes = [
        ("answer", paint(verdict(told.question, told.outcome, told.sections), STYLE[told.outcome])),
        *told.notes,
        *(("authority", line) for line in authority if told.outcome is not Outcome.ANSWER),
    ]
    for word, text in notes:
        say(f"{paint(f'; {word:9}', 'dim')}  {text}")


def _say_short(told: Told) -> None:
    for record in records_of(told.question, told.sections.answer if told.sections else ()):
        say(record.data)
    if told.outcome in {Outcome.FAILURE, Outcome.SILENCE}:
        remark(": ".join((verdict(told.question, told.outcome, told.sections), *(text for _, text in told.notes[-1:]))))


def _json(told: Told) -> dict[str, Any]:
    said = answer_json(told.question, told.sections or Sections())
    if told.sections is None:
        said["rcode"] = None
    return {**said, "outcome": told.outcome.name.lower(), **told.data}
