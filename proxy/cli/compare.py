"""`vpcdns compare`: the split horizon side by side, one row a name and one column a view."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from proxy.asking import ask_all, place
from proxy.cli.arguments import ConfigOption, JsonOption, NamesArgument, ViewsOption
from proxy.cli.comparison import Cell, Row, compare, row_json
from proxy.cli.opening import open_configuration
from proxy.cli.output import aligned, remark, say, say_json
from proxy.cli.paint import Paint
from proxy.cli.questions import read_question
from proxy.cli.status import Status
from proxy.configuration import Configuration
from proxy.inventory import names_of
from proxy.model.answers import Question
from proxy.model.world import INTERNET_VIEW
from proxy.settings.problems import did_you_mean
from proxy.telling.words import counted

TypeOption = Annotated[
    str | None, typer.Option("--type", metavar="TYPE", help="The record type for all names.", show_default=False)
]
FileOption = Annotated[
    str | None,
    typer.Option(
        "--file", metavar="NAMES", help="A file with a NAME or NAME TYPE a line; - for standard input.", show_default=False
    ),
]


def run(
    ctx: typer.Context,
    names: NamesArgument = None,
    *,
    views: ViewsOption = None,
    kind: TypeOption = None,
    file: FileOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Ask the same names in several views, and show side by side what each answers and why.

    Exits with 0 where all views answer the same, 1 where some differ.
    """
    asked = [*_typed(names or (), kind), *(() if file is None else _read_names(file, kind))]
    configuration = open_configuration(ctx, config)
    if not (names or file):
        asked = _of_the_file(configuration, kind)
    chosen = _read_views(configuration, views)
    rows = _compare(configuration, list(dict.fromkeys(asked)), chosen)
    differing = sum(not row.same for row in rows)
    if as_json:
        say_json({"views": chosen, "differ": differing, "names": [row_json(row) for row in rows]})
    elif rows:
        _draw(rows, [(view, _what(configuration, view)) for view in chosen])
        say(f"\n{_summary(rows, differing, chosen)}")
    else:
        remark("there is no name to compare")
    raise typer.Exit(Status.PROBLEM if differing else Status.GOOD)


def _compare(configuration: Configuration, asked: Sequence[Question], views: Sequence[str]) -> list[Row]:
    inquiries = [place(configuration.world, question, view) for question, view in itertools.product(asked, views)]
    findings = asyncio.run(ask_all(configuration, inquiries, live=True))
    starts = range(0, len(findings), len(views))
    return [compare(findings[start : start + len(views)]) for start in starts]


def _typed(names: Iterable[str], kind: str | None) -> Iterator[Question]:
    return (read_question(name, kind or "A") for name in names)


def _of_the_file(configuration: Configuration, kind: str | None) -> list[Question]:
    every = names_of(configuration)
    return every if kind is None else [read_question(".", kind)._replace(name=question.name) for question in every]


def _read_names(file: str, kind: str | None) -> Iterator[Question]:
    """The questions of a file; what a `#` begins is for people."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise typer.BadParameter(f"{file} cannot be read: {why}", param_hint="--file") from error
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if len(words) > 2:
            raise typer.BadParameter(f"{file}, line {number}: NAME or NAME TYPE, one a line", param_hint="--file")
        if words:
            try:
                yield read_question(words[0], kind or (words[1] if len(words) == 2 else "A"))
            except typer.BadParameter as error:
                raise typer.BadParameter(f"{file}, line {number}: {error.message}", param_hint="--file") from error


def _read_views(configuration: Configuration, views: str | None) -> list[str]:
    """The views to compare: those asked for, else the listeners', else all, with the internet to the right."""
    known = configuration.world.views
    if views is not None:
        chosen = list(dict.fromkeys(view.strip() for view in views.split(",") if view.strip()))
        for view in chosen:
            if view not in known:
                raise typer.BadParameter(f"there is no view {view} ({did_you_mean(view, known)})", param_hint="--views")
        if len(chosen) < 2:
            raise typer.BadParameter("it takes two views to compare, such as --views app,internet", param_hint="--views")
        return chosen
    listening = dict.fromkeys(each.view for each in configuration.plan.listeners if each.view is not None)
    return sorted(listening if len(listening) > 1 else known, key=INTERNET_VIEW.__eq__)


def _what(configuration: Configuration, view: str) -> str:
    """What a view is: where it can be asked, else the VPC that it is in."""
    listeners = [str(listener) for listener in configuration.plan.listeners if listener.view == view and listener.port]
    vpc = configuration.world.views[view].vpc
    if listeners:
        return ", ".join(listeners)
    return "outside every VPC" if vpc is None else f"{vpc.id}, {vpc.region}"


def _draw(rows: Sequence[Row], heads: Sequence[tuple[str, str]]) -> None:
    if not Paint(sys.stdout).on:
        for line in _plain(rows, heads):
            say(line)
        return
    from rich.console import Console  # noqa: PLC0415  40 ms that only a table on a terminal is worth

    from proxy.cli.comparison_table import draw  # noqa: PLC0415  likewise

    draw(rows, heads, Console(highlight=False))


def _plain(rows: Sequence[Row], heads: Sequence[tuple[str, str]]) -> list[str]:
    """Aligned text in full, for pipes: what is compared in the first line of a row, what else there is below it."""
    table = [("", "NAME", "TYPE", *(view for view, _ in heads))]
    for row in rows:
        columns = [("same" if row.same else "differs",), (row.name,), (row.type,), *map(_plain_cell, row.cells)]
        table += itertools.zip_longest(*columns, fillvalue="")
    return aligned(table)


def _plain_cell(cell: Cell) -> list[str]:
    values = [f"{value.text} (private)" if value.private else value.text for value in cell.values]
    return [*values, *filter(None, [cell.word]), cell.reason]


def _summary(rows: Sequence[Row], differing: int, views: Sequence[str]) -> str:
    """How many names differ, and where."""
    paint = Paint(sys.stdout)
    where = f"{', '.join(views[:-1])} and {views[-1]}" if len(views) > 1 else views[0]
    if not differing:
        return paint(f"{counted(len(rows), 'name')}, the same in {where}", "green")
    verb = "differs" if differing == 1 else "differ"
    return f"{counted(len(rows), 'name')}, of which {paint(f'{differing} {verb}', 'bold yellow')} between {where}"
