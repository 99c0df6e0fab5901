"""Where lines go: a file that is rotated by its size, or standard error."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
from pathlib import Path

_STANDARD_ERROR = 2
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)


class LogFile:
    """An open file that lines are added to; `path` is `-` for standard error.

    At `max_size` octets (0: any) it becomes PATH.1, PATH.1 becomes PATH.2, and `keep` of them are kept.  Every OSError goes to
    the caller, and the next call tries again.
    """

    def __init__(self, path: str, max_size: int, keep: int) -> None:
        self._path = path
        self._max_size = max_size
        self._keep = keep
        self._size = 0
        self._regular = False
        self._descriptor = self._open()

    def write(self, lines: bytes) -> None:
        """Add whole lines, all or none of them as far as the machine allows."""
        if self._regular and self._max_size and self._size > 0 and self._size + len(lines) > self._max_size:
            self._rotate()
        rest = memoryview(lines)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            self._cut(len(lines) - len(rest))
            raise
        self._size += len(lines)

    def reopen(self) -> None:
        """Go on in a file of that name: a new one, if somebody has moved the old one away."""
        old, size, regular = self._descriptor, self._size, self._regular
        try:
            self._descriptor = self._open()
        except OSError:
            self._size, self._regular = size, regular
            raise
        os.close(old)

    def close(self) -> None:
        """Write no more."""
        os.close(self._descriptor)

    def _open(self) -> int:
        if self._path == "-":
            return os.dup(_STANDARD_ERROR)
        # Without O_NONBLOCK a FIFO that nobody reads would hold up the start; then writing waits, in a thread of its own.
        descriptor = os.open(self._path, _FLAGS | getattr(os, "O_NONBLOCK", 0), 0o640)
        os.set_blocking(descriptor, True)
        found = os.fstat(descriptor)
        self._regular = stat.S_ISREG(found.st_mode)
        self._size = found.st_size
        return descriptor

    def _rotate(self) -> None:
        names = [Path(self._path), *(Path(f"{self._path}.{number}") for number in range(1, self._keep + 1))]
        names[-1].unlink(missing_ok=True)
        for now, to in reversed(list(itertools.pairwise(names))):
            with contextlib.suppress(FileNotFoundError):
                now.replace(to)
        self.reopen()

    def _cut(self, written: int) -> None:
        """Take back a part of a line that was written before the disk was full, unless somebody else has written since."""
        with contextlib.suppress(OSError):
            if self._regular and written and os.fstat(self._descriptor).st_size == self._size + written:
                os.ftruncate(self._descriptor, self._size)
