"""Where in the code a look-up comes from."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

_OWN = str(Path(__file__).parent.parent) + os.sep
_RUNNER = f"{os.sep}_pytest{os.sep}"
_OTHERS = tuple(dict.fromkeys(sysconfig.get_path(kind) + os.sep for kind in ("stdlib", "platstdlib", "purelib", "platlib")))


class Origins:
    """For each name, where it was last looked up.  While it is set, `command` is where all look-ups come from."""

    def __init__(self) -> None:
        self.command = ""
        self._places: dict[str, str] = {}

    def note(self, name: str) -> None:
        """Look at who called: code that is neither Python's, nor a library's, nor ours.  Without such, what is known stays."""
        place = calling_code()
        if place:
            self._places[_plain(name)] = place

    def of(self, name: str) -> str:
        """`tests/test_shop.py:12 in test_order`, the innermost first; empty where nobody knows."""
        return self.command or self._places.get(_plain(name), "")


def calling_code() -> str:
    """The innermost line of the user's code on the stack, and the outermost, where the test is."""
    lines = [f"{_short(frame.f_code.co_filename)}:{frame.f_lineno} in {frame.f_code.co_name}" for frame in _frames()]
    return ", called from ".join(dict.fromkeys((*lines[:1], *lines[-1:])))


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001  what `inspect` does, without reading files
    while frame is not None:
        path = frame.f_code.co_filename
        if _RUNNER in path:  # what is further out has called pytest, and not the test
            return
        if not path.startswith((_OWN, "<", *_OTHERS)):
            yield frame
        frame = frame.f_back


def _short(path: str) -> str:
    """A path as one would type it here."""
    shorter = os.path.relpath(path)
    return path if shorter.startswith(os.pardir) else shorter


def _plain(name: str) -> str:
    return name.lower().rstrip(".")
