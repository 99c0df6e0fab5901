"""Text into the width that there is: long names are cut in front of a dot, where a reader can go on."""

from __future__ import annotations

import re
from collections.abc import Sequence

_GOES_ON = "  "
_PIECE_ENDS = re.compile(r"(?<=\s)(?=\S)|(?<=[^\s.])(?=\.[^\s.])")  # behind blanks, and between labels in front of the dot


def fold(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width`, which is more than 2: cut at blanks and in front of dots, else anywhere."""
    if len(text) <= width:
        return [text]
    lines = [""]
    for part in _PIECE_ENDS.split(text):
        piece = part
        while len(lines[-1]) + len(piece.rstrip()) > width:
            if lines[-1].strip():
                lines.append(_GOES_ON)
                piece = piece.lstrip()
            else:
                room = width - len(lines[-1])
                lines[-1] += piece[:room]
                lines.append(_GOES_ON)
                piece = piece[room:]
        lines[-1] += piece
    return [line.rstrip() for line in lines if line.strip()]


def share(needs: Sequence[int], total: int) -> list[int]:
    """Widths that add up to `total` at most: whoever needs little has it, the others share what is left alike."""
    widths = [0] * len(needs)
    left = total
    for rank, place in enumerate(sorted(range(len(needs)), key=needs.__getitem__)):
        widths[place] = min(needs[place], left // (len(needs) - rank))
        left -= widths[place]
    return widths
