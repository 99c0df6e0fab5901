"""Printing: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress


def say(text: object = "") -> None:
    """A line of the result."""
    sys.stdout.write(f"{text}\n")


def remark(text: object) -> None:
    """A line that is not part of the result; where nobody takes it, what it is about goes on."""
    with suppress(OSError):
        sys.stderr.write(f"{text}\n")


def remark_all(lines: Iterable[object]) -> None:
    """Several such lines."""
    for line in lines:
        remark(line)


def say_json(value: object) -> None:
    """The whole result as JSON."""
    say(json.dumps(value, indent=2, ensure_ascii=False))


def aligned(rows: Sequence[Sequence[str]], gap: str = "  ") -> list[str]:
    """Rows of plain cells in columns, as lines."""
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [gap.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
