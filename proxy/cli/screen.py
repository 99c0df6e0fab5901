"""A terminal taken over for a while, and left as it was: on every way out, also when it is stopped and goes on."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any, Self, TextIO

_ENTER = "\x1b[?1049h\x1b[?25l"  # the other screen, which has no history, and no cursor
_LEAVE = "\x1b[?25h\x1b[?1049l"
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"
_ENDS = ("q", "Q", "\x03", "\x04")


class Screen:
    """The screen of a terminal.  Ctrl-C, q, SIGTERM and SIGHUP end `wait`; Ctrl-Z gives the terminal back meanwhile."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._ended = False
        self._before: dict[int, Any] = {}
        self._mode: list[Any] | None = None

    def __enter__(self) -> Self:
        for number, handler in _handlers(self).items():
            self._before[number] = signal.signal(number, handler)
        self._take()
        return self

    def __exit__(self, *_: object) -> None:
        self._give_back()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def show(self, lines: Sequence[str]) -> None:
        """Draw lines from the top, in one piece, so that nothing flickers."""
        self._write(_HOME + "\r\n".join(line + _CLEAR_LINE for line in lines) + _CLEAR_BELOW)

    def wait(self, seconds: float) -> bool:
        """Let time pass; True where somebody wants it to end."""
        until = time.monotonic() + seconds
        while not self._ended and (left := until - time.monotonic()) > 0:
            if self._key(min(left, 0.1)) in _ENDS:
                self._ended = True
        return self._ended

    def end(self, *_: object) -> None:
        """End the waiting."""
        self._ended = True

    def stop(self, number: int, _: FrameType | None) -> None:
        """Ctrl-Z: the shell has the terminal until it goes on."""
        self._give_back()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._take()

    def _key(self, seconds: float) -> str:
        """What was typed within some time; nothing where there is no keyboard."""
        if self._mode is None:
            time.sleep(seconds)
            return ""
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        return os.read(sys.stdin.fileno(), 1).decode("latin-1") if ready else ""

    def _take(self) -> None:
        self._mode = _read_single_keys()
        self._write(_ENTER)

    def _give_back(self) -> None:
        self._write(_LEAVE)
        if self._mode is not None:
            import termios  # noqa: PLC0415  Windows has none

            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._mode)
            self._mode = None

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def _handlers(screen: Screen) -> dict[int, Any]:
    named = {"SIGINT": screen.end, "SIGTERM": screen.end, "SIGHUP": screen.end, "SIGTSTP": screen.stop}
    return {getattr(signal, name): handler for name, handler in named.items() if hasattr(signal, name)}


def _read_single_keys() -> list[Any] | None:
    """Have keys come one by one and unseen; how it was, or None where there is no keyboard."""
    try:
        import termios  # noqa: PLC0415
        import tty  # noqa: PLC0415

        before = termios.tcgetattr(sys.stdin.fileno())
        tty.setcbreak(sys.stdin.fileno())
    except (ImportError, OSError, ValueError, AttributeError):
        return None
    except termios.error:
        return None
    return before
