"""`vpcdns explain`: how an answer comes about, step by step, with the rules behind it."""

from __future__ import annotations

import asyncio
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from proxy.asking import Finding, Outcome, ask_all
from proxy.cli.arguments import ClientOption, ConfigOption, JsonOption, NameArgument, TypeArgument, ViewOption
from proxy.cli.opening import open_configuration
from proxy.cli.outcomes import STATUS, STYLE
from proxy.cli.output import aligned, say, say_json
from proxy.cli.paint import Paint
from proxy.cli.questions import read_inquiry, read_question
from proxy.dns.codes import type_word
from proxy.dns.names import name_text
from proxy.dns.write import Sections
from proxy.telling.explanation import explanation_json, passages_of
from proxy.telling.outcomes import because, verdict
from proxy.telling.passage import Contender, Passage
from proxy.telling.records import records_of

_READABLE = 100  # letters in a line, at most
_INDENT = 3


def run(
    ctx: typer.Context,
    name: NameArgument,
    kind: TypeArgument = "A",
    *,
    view: ViewOption = None,
    client: ClientOption = None,
    live: Annotated[bool, typer.Option("--live", help="Ask upstream too.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Tell step by step how an answer comes about: who decides about the name, by which rule of AWS, and what follows.

    The network is left alone unless --live is given.  Exits as query does; an answer that only upstream knows is 0.
    """
    question = read_question(name, kind)
    configuration = open_configuration(ctx, config)
    inquiry = read_inquiry(configuration.world, question, view, client)
    [finding] = asyncio.run(ask_all(configuration, [inquiry], live=live))
    passages = passages_of(configuration, finding, live=live)
    if as_json:
        say_json(explanation_json(finding, passages))
    else:
        _say(finding, passages)
    raise typer.Exit(STATUS[finding.outcome])


def _say(finding: Finding, passages: Sequence[Passage]) -> None:
    paint = Paint(sys.stdout)
    width = min(shutil.get_terminal_size().columns if sys.stdout.isatty() else _READABLE, _READABLE) - _INDENT
    question = finding.inquiry.question
    say(paint(f"{name_text(question.name)} {type_word(question.type)}", "bold"))
    cited: set[str] = set()
    for number, passage in enumerate(passages, 1):
        say()
        for line in _passage_lines(passage, number, width, paint, cited=passage.page in cited):
            say(line)
        cited.add(passage.page)
    say()
    for line in _answer_lines(finding, width, paint):
        say(line)


def _passage_lines(passage: Passage, number: int, width: int, paint: Paint, *, cited: bool) -> Iterator[str]:
    """A passage under its number; its page is left out where it was `cited` before."""
    first, *more = textwrap.wrap(passage.title, width, break_on_hyphens=False)
    yield f"{paint(f'{number:<{_INDENT}}', 'cyan')}{paint(first, 'bold')}"
    lines = [*(paint(line, "bold") for line in more), *_contender_lines(passage.contenders, width, paint)]
    for sentence in passage.prose:
        lines += textwrap.wrap(sentence, width, break_on_hyphens=False)
    if passage.page and not cited:
        lines.append(paint(f"AWS: {passage.page}", "dim"))
    yield from (" " * _INDENT + line for line in lines)


def _contender_lines(contenders: Sequence[Contender], width: int, paint: Paint) -> Iterator[str]:
    """A line a claim where that fits, else two; the winner is marked."""
    rows = [(each.name, each.kind, each.place, each.fate) for each in contenders]
    lines = [[line] for line in aligned(rows)]
    if any(len(line) + 2 > width for [line] in lines):
        lines = [[each.name, f"{', '.join(filter(None, (each.kind, each.place)))}, {each.fate}"] for each in contenders]
    for number, (first, *more) in enumerate(lines):
        style = "dim" if number else "bold green"
        yield paint(f"{' ' if number else '>'} {first}", style)
        for line in more:
            yield from (paint(f"    {part}", style) for part in textwrap.wrap(line, width - 4, break_on_hyphens=False))


def _answer_lines(finding: Finding, width: int, paint: Paint) -> Iterator[str]:
    question, outcome, answer = finding.inquiry.question, finding.outcome, finding.answer
    sections = None if answer is None else answer.sections
    yield f"{paint('=', 'cyan')}  {paint(verdict(question, outcome, sections), STYLE[outcome])}"
    shown = sections or Sections()
    placed = (*shown.answer, *(() if outcome is Outcome.ANSWER else shown.authority))
    lines = aligned([record.line() for record in records_of(question, placed)])
    lines += textwrap.wrap(f"because: {because(finding)}", width, break_on_hyphens=False)
    yield from (" " * _INDENT + line for line in lines)
