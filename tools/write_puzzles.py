"""Write `config/PUZZLES.md`: what `vpcdns explain` says about the questions of `config/puzzles.yaml`.

    python -m tools.write_puzzles

Must never explain by itself: every word about an answer is the program's.
"""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from proxy.cli import main

CONFIG = Path(__file__).parent.parent / "config" / "puzzles.yaml"
TARGET = CONFIG.with_name("PUZZLES.md")

_INTRODUCTION = """\
# Eight puzzles of DNS in a VPC

<!-- Written by `python -m tools.write_puzzles`; a test sees to it that it is up to date.  Do not edit it by hand. -->

Each is a question about [puzzles.yaml](puzzles.yaml), and what `vpcdns -c config/puzzles.yaml explain` says of it.
"""


class Puzzle(NamedTuple):
    """A question, the view it is asked in, and what people wonder about."""

    title: str
    view: str
    name: str


PUZZLES = (
    Puzzle("A zone above an endpoint's private name", "app", "kms.us-east-1.amazonaws.com"),
    Puzzle("A forwarding rule and a private zone of one name", "app", "www.corp.example"),
    Puzzle("A public name below an endpoint's private name", "app", "desktop.kms.us-east-1.amazonaws.com"),
    Puzzle("S3 from on premises", "app/onprem", "s3.us-east-1.amazonaws.com"),
    Puzzle("The VPC's own zone and a Profile's", "app", "www.shop.example"),
    Puzzle("A system rule below a forwarding rule for everything", "ireland", "sts.eu-west-1.amazonaws.com"),
    Puzzle("A failover record whose primary has failed", "app", "db.policies.example"),
    Puzzle("Geolocation without a default", "ireland", "news.policies.example"),
)


def puzzles_text() -> str:
    """The whole document."""
    return "\n".join((_INTRODUCTION, *map(_part, enumerate(PUZZLES, 1))))


def _part(numbered: tuple[int, Puzzle]) -> str:
    number, puzzle = numbered
    return f"## {number}. {puzzle.title}\n\n```text\n{_explained(puzzle)}```\n"


def _explained(puzzle: Puzzle) -> str:
    output = io.StringIO()
    with (
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.suppress(SystemExit),
        patch.dict(os.environ, {"COLUMNS": "100", "NO_COLOR": "1"}),
    ):
        main(["-c", str(CONFIG), "explain", puzzle.name, "--view", puzzle.view])
    return output.getvalue()


if __name__ == "__main__":
    TARGET.write_text(puzzles_text())
