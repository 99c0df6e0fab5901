"""Numbers in words."""

from __future__ import annotations


def counted(number: int, word: str) -> str:
    """`1 zone`, `2 zones`, `no zones`, `2 queries`."""
    if number == 1:
        return f"1 {word}"
    plural = f"{word.removesuffix('y')}ies" if word.endswith("y") else f"{word}s"
    return f"{number or 'no'} {plural}"
