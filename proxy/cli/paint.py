"""Colour for terminals.

Plain escape codes: most verbs print a few lines, and importing rich takes longer than answering does.
"""

from __future__ import annotations

import os
from typing import TextIO

_CODES = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold red": "1;31",
    "bold green": "1;32", "bold yellow": "1;33", "bold cyan": "1;36",
}  # fmt: skip


class Paint:
    """Paints text for one stream; leaves it as it is unless that is a terminal which wants colour (no-color.org)."""

    def __init__(self, stream: TextIO) -> None:
        self.on = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def __call__(self, text: object, style: str) -> str:
        """`text`, painted in one of the styles of this module."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.on else str(text)
