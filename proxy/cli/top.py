"""`vpcdns top`: what a running server is asked, and how it does, as it happens."""

from __future__ import annotations

import os
import sys
import time
from typing import Annotated

import typer

from proxy.cli.arguments import AdminOption, ConfigOption, JsonOption
from proxy.cli.control import Control, Unreachable, find_control, told
from proxy.cli.output import say, say_json
from proxy.cli.paint import Paint
from proxy.cli.screen import Screen
from proxy.cli.topframe import KEPT, Frame, Line, drawn

_PRINTED = (100, 40)  # columns and rows where there is no terminal
_MOST_SECONDS = 60.0

OnceOption = Annotated[bool, typer.Option("--once", help="Print one frame and exit; so it is where there is no terminal.")]
IntervalOption = Annotated[str, typer.Option("--interval", metavar="SECONDS", help="How often it looks.")]


def run(
    ctx: typer.Context,
    *,
    once: OnceOption = False,
    interval: IntervalOption = "1",
    as_json: JsonOption = False,
    config: ConfigOption = None,
    admin: AdminOption = None,
) -> None:
    """Watch a running server: queries a second, views, reasons, names, cache, time to answer, upstream servers.

    q or Ctrl-C ends it.  While somebody looks, and for a minute more, each query costs the server some microseconds.
    """
    seconds = _seconds(interval)

    def work() -> None:
        control = find_control(ctx, config, admin)
        frame = look(control, None)
        if once or as_json or not sys.stdout.isatty():
            time.sleep(seconds)
            _print(look(control, frame), as_json=as_json)
        else:
            _watch(control, frame, seconds)

    told(work, as_json=as_json)


def look(control: Control, before: Frame | None) -> Frame:
    """How it is now, beside how it was."""
    after = 0 if before is None else before.latest
    said = control.get("/v1/queries", after=after, limit=KEPT)
    return Frame.of(time.monotonic(), control.get("/v1/stats"), said, before)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= _MOST_SECONDS:
        raise typer.BadParameter(f"{text} is no number from 0.1 to {_MOST_SECONDS:.0f}", param_hint="--interval")
    return seconds


def _print(frame: Frame, *, as_json: bool) -> None:
    if as_json:
        say_json(frame.as_json())
        return
    paint = Paint(sys.stdout)
    for line in drawn(frame, *_PRINTED):
        say(_painted(line, paint))


def _watch(control: Control, frame: Frame, seconds: float) -> None:
    """Draw until somebody has seen enough.  A server that is gone may come back: what was seen last stays meanwhile."""
    paint = Paint(sys.stdout)
    wrong = ""
    with Screen(sys.stdout) as screen:
        while True:
            size = os.get_terminal_size(sys.stdout.fileno())  # that of now, whatever COLUMNS says; some tell nothing
            lines = drawn(frame, size.columns or 80, size.lines or 24, wrong)
            screen.show([_painted(line, paint) for line in lines])
            if screen.wait(seconds):
                return
            try:
                frame, wrong = look(control, frame), ""
            except Unreachable as error:
                wrong = str(error).partition(os.linesep)[0]


def _painted(line: Line, paint: Paint) -> str:
    return paint(line.text, line.style) if line.style else line.text
