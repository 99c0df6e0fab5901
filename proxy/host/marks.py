"""The marks between which our own lines stand in a file of the machine's."""

from __future__ import annotations

from collections.abc import Sequence

BEGIN = "# vpcdns: begin (made by `vpcdns resolver install`, undone by `vpcdns resolver uninstall`)"
END = "# vpcdns: end"


def marked(lines: Sequence[str]) -> str:
    """Our own lines of a file, between their marks."""
    return "\n".join((BEGIN, *lines, END)) + "\n"


def without_marked(text: str) -> str | None:
    """A file's text without our lines; None where it has none."""
    before, found, rest = text.partition(BEGIN + "\n")
    _, ended, after = rest.partition(END + "\n")
    return before + after if found and ended else None
