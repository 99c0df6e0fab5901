"""notify: word from the kernel that a file or a directory changed (Linux: inotify(7)), so that nobody has to look.

A program that looks twice a second wakes the processor twice a second for ever.  Where the kernel tells, it sleeps.

Owns asking the kernel, and knowing where it cannot tell: other systems, network file systems, and those by which a virtual
machine sees its host's files.  Must never say what changed: whoever hears looks for itself.

A worked example::

    with listen(places_of(Path("/etc/vpcdns.yaml"))) as word:       # None where it has to be looked for
        await word.happened()
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

# From linux/inotify.h: what is written, closed after writing, given other rights; what comes into a directory or goes from it;
# and the directory itself, when it goes.
_EVENTS = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800
_FLAGS = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0) if sys.platform == "linux" else 0

# From linux/magic.h: ext, XFS, Btrfs, tmpfs, ramfs, overlay, F2FS, ZFS, bcachefs, SquashFS.
_LOCAL = frozenset(
    (0xEF53, 0x58465342, 0x9123683E, 0x01021994, 0x858458F6, 0x794C7630, 0xF2F52010, 0x2FC12FC1, 0xCA451A4E, 0x73717368)
)
_MOST_LINKS = 40
_ROOM = 4096  # octets for a statfs, and for events


class Word:
    """Comes when something happens to the files or in the directories."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    async def happened(self) -> None:
        """Wait until something has happened, since this was made or was last waited for."""
        loop = asyncio.get_running_loop()
        heard = asyncio.Event()
        loop.add_reader(self._descriptor, heard.set)
        try:
            await heard.wait()
        finally:
            loop.remove_reader(self._descriptor)
        os.read(self._descriptor, _ROOM)


@contextmanager
def listen(places: Iterable[str]) -> Iterator[Word | None]:
    """Word of what happens to files or in directories from now on; None where the kernel does not tell of all of them."""
    descriptor = _open([*places])
    try:
        yield None if descriptor is None else Word(descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def places_of(path: Path) -> set[str]:
    """What to listen to for a file: itself, its directory and that of each link to it; where one is missing, the one above."""
    found: set[str] = set()
    _follow(str(path.absolute()), found, _MOST_LINKS)
    return found


def _follow(path: str, found: set[str], links: int) -> None:
    at = "/"
    for part in path.split("/"):
        above = Path(os.path.realpath(at))
        at = f"{above}/{part}"
        if links and Path(at).is_symlink():
            found.add(str(above))
            _follow(str(above / Path(at).readlink()), found, links - 1)
    real = Path(os.path.realpath(path))
    if real.is_file():  # also by itself: it may be mounted alone, and be changed where it comes from
        found.add(str(real))
    while not real.is_dir():
        real = real.parent
    found.add(str(real))


def _open(places: list[str]) -> int | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None, use_errno=True)
    if not all(_is_local(library, each) for each in places):
        return None
    descriptor: int = library.inotify_init1(_FLAGS)
    if descriptor < 0:
        return None
    for each in places:
        if library.inotify_add_watch(descriptor, os.fsencode(each), ctypes.c_uint32(_EVENTS)) < 0:
            os.close(descriptor)
            return None
    return descriptor


def _is_local(library: ctypes.CDLL, place: str) -> bool:
    """Whether whatever happens on the file system of `place` happens in this kernel."""
    found = ctypes.create_string_buffer(_ROOM)
    if library.statfs(os.fsencode(place), found) < 0:
        return False
    kind = int.from_bytes(found.raw[: ctypes.sizeof(ctypes.c_long)], sys.byteorder)
    return kind & 0xFFFFFFFF in _LOCAL
