"""Hints for names that nothing in the file has."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """The question whether app was meant, or what there is to choose from, or nothing where there is nothing."""
    known = sorted(choices)
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"there is {', '.join(known[:8])}{', …' if len(known) > 8 else ''}" if known else ""
