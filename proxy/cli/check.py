"""`vpcdns check`: everything that is wrong with a configuration, and what may not do what its writer thinks."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from proxy.cli.arguments import ConfigOption, JsonOption
from proxy.cli.banner import loaded
from proxy.cli.opening import open_source
from proxy.cli.output import say, say_json
from proxy.cli.paint import Paint
from proxy.cli.status import Status
from proxy.configuration import Check, Configuration, check
from proxy.inventory import count
from proxy.notes import Note, notes, open_listeners
from proxy.reach import FileError, open_cassette
from proxy.settings.problems import ConfigProblem, path_text
from proxy.settings.shape import RefusalExpected
from proxy.telling.words import counted

NoExpectOption = Annotated[bool, typer.Option("--no-expect", help="Do not run the file's own tests.")]


def run(
    ctx: typer.Context, config: ConfigOption = None, no_expect: NoExpectOption = False, as_json: JsonOption = False
) -> None:
    """Check the configuration, and run its own tests."""
    source = open_source(ctx, config)
    found = _with_cassette(check(source, run_expectations=not no_expect))
    noted = _notes(found.configuration)
    tests = 0 if no_expect else _tests(found)
    if as_json:
        say_json(_as_json(source.name, found, noted, tests))
    else:
        _show(found, noted, tests)
    raise typer.Exit(Status.GOOD if _is_good(found) else Status.PROBLEM)


def _with_cassette(found: Check) -> Check:
    """`found`, refused where its cassette is: so `serve` does."""
    configuration = found.configuration
    if configuration is None or configuration.plan.recording is None:
        return found
    try:
        open_cassette(configuration.plan.recording)
    except FileError as error:
        path = ("upstream", "cassette")
        problems = error.problems or [ConfigProblem(configuration.loaded.mark(path), path, str(error))]
        return Check(None, problems, refused_as_expected=False)
    return found


def _is_good(found: Check) -> bool:
    return found.refused_as_expected or not found.problems


def _tests(found: Check) -> int:
    """How many expectations were looked at; a refusal that was wanted is one."""
    if found.configuration is None:
        return int(found.refused_as_expected)
    expect = found.configuration.settings.expect
    return 1 if isinstance(expect, RefusalExpected) else len(expect)


def _notes(configuration: Configuration | None) -> list[ConfigProblem]:
    """The notes on a configuration that is not refused, in the order of the file."""
    if configuration is None:
        return []
    settings = configuration.settings
    found: Iterable[Note] = (
        *notes(configuration.world, settings),
        *(Note(("allow_clients",), warning) for warning in open_listeners(settings, configuration.plan.listeners)),
    )
    placed = [ConfigProblem(configuration.loaded.mark(path), path, what) for path, what in found]
    return sorted(placed, key=lambda note: note.mark)


def _show(found: Check, noted: list[ConfigProblem], tests: int) -> None:
    paint = Paint(sys.stdout)
    for problem in found.problems:
        say(paint(problem, "yellow" if found.refused_as_expected else "red"))
    for note in noted:
        say(paint(note._replace(what=f"note: {note.what}"), "yellow"))
    say(paint(_summary(found, tests), "bold green" if _is_good(found) else "bold red"))


def _summary(found: Check, tests: int) -> str:
    if found.refused_as_expected:
        return "good: refused, as the file's expect wants it"
    if found.configuration is None:
        return f"refused: {counted(len(found.problems), 'problem')}"
    if found.problems:
        return f"failed: {len(found.problems)} of {counted(tests, 'expectation')}"
    return f"good: {loaded(found.configuration)}; {counted(tests, 'expectation')}{' met' if tests else ''}"


def _as_json(name: str, found: Check, noted: list[ConfigProblem], tests: int) -> dict[str, Any]:
    return {
        "configuration": name,
        "good": _is_good(found),
        "refused": found.configuration is None,
        "problems": [_problem(problem) for problem in found.problems],
        "notes": [_problem(note) for note in noted],
        "expectations": tests,
        "counts": None if found.configuration is None else count(found.configuration)._asdict(),
    }


def _problem(problem: ConfigProblem) -> dict[str, Any]:
    return {
        **problem.mark._asdict(),
        "path": path_text(problem.path),
        "what": problem.what,
        "hint": problem.hint,
    }
