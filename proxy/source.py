r"""source: where the configuration comes from, and when it changed.

Owns the order in which a configuration is looked for, reading a file, a folder or standard input, and noticing a change.
Must never look into the text that it reads, nor decide what a change leads to.

Where the kernel tells of changes (`notify`), it is looked again when it does.  Elsewhere, as with network file systems, many
container mounts and other systems, it is looked every half second: a handful of `stat` calls, some ten microseconds, off the
loop's thread.

A worked example::

    source = find_source("site.yaml", os.environ, Path.cwd(), Path.home(), demo_path())
    source.name, source.why         # ("site.yaml", "-c")
    source.read()                   # [("site.yaml", b"region: eu-west-1\n")]
    await watch(source, reload)     # calls `reload` after every change, until it is cancelled
"""

from __future__ import annotations

import errno
import logging
import os
import stat
import sys
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Mapping
from pathlib import Path

MAX_OCTETS = 64 * 1024 * 1024
POLL_SECONDS = 0.5
CONFIG_VARIABLE = "VPCDNS_CONFIG"

_SUFFIXES = (".yaml", ".yml")

_log = logging.getLogger(__name__)


class SourceError(Exception):
    """A configuration that cannot be read: `what` is wrong, and a `hint` at what to do."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what} ({hint})" if hint else what)
        self.what = what
        self.hint = hint


class Source(ABC):
    """Where a configuration comes from: `name` as the user wrote it, and `why` it is this one.

    `texts` are those that were last read, `seen` their fingerprint, taken before reading: what changes meanwhile shows up as a
    difference.
    """

    def __init__(self, name: str, why: str) -> None:
        self.name = _printable(name)
        self.why = why
        self.seen: Hashable = None
        self.texts: list[tuple[str, bytes]] = []

    def read(self) -> list[tuple[str, bytes]]:
        """The texts, each with its name; SourceError where they cannot be read."""
        self.seen = self.fingerprint()
        self.texts = self._read()
        return self.texts

    @abstractmethod
    def fingerprint(self) -> Hashable:
        """A value that changes when the texts may have; never an error."""

    def places(self) -> set[str]:
        """The files and directories of which something changes when the fingerprint does; none where it never does."""
        return set()

    @abstractmethod
    def _read(self) -> list[tuple[str, bytes]]: ...


def find_source(given: str | None, environ: Mapping[str, str], cwd: Path, home: Path, demo: Path) -> Source:
    """The configuration to use: `given` (`-c`), else `VPCDNS_CONFIG`, ./vpcdns.yaml, the home folder's, the demo.

    Relative paths begin at `cwd`.  What was named is not looked for elsewhere: if it is missing, reading it says so.
    """
    named = [(given, "-c"), (environ.get(CONFIG_VARIABLE), CONFIG_VARIABLE)]
    for text, why in named:
        if text == "-":
            return StandardInput(why)
        if text:
            return Files(cwd / text, text, why)
    usual = [
        (cwd / "vpcdns.yaml", "vpcdns.yaml", "the file of this folder"),
        (home / ".config/vpcdns/vpcdns.yaml", "~/.config/vpcdns/vpcdns.yaml", "the file of your home folder"),
    ]
    for path, name, why in usual:
        if os.path.lexists(path):  # a link that leads nowhere is a mistake to be told, not to be passed over
            return Files(path, name, why)
    return Files(demo, str(demo), "the built-in demo")


def demo_path() -> Path:
    """The built-in demo: beside this module where vpcdns is installed, else in the source tree."""
    installed = Path(__file__).with_name("demo.yaml")
    return installed if installed.exists() else Path(__file__).parent.parent / "config" / "demo.yaml"


class StandardInput(Source):
    """`-`: read once, and kept for every later reading."""

    def __init__(self, why: str) -> None:
        super().__init__("-", why)
        self._text: bytes | None = None

    def fingerprint(self) -> Hashable:
        """Always the same: it cannot change."""
        return self.name

    def _read(self) -> list[tuple[str, bytes]]:
        if self._text is None:
            if sys.stdin is None:
                raise SourceError("-: there is no standard input", "give a file with -c")
            text = sys.stdin.buffer.read(MAX_OCTETS + 1)
            _check_size(self.name, len(text))
            self._text = text
        return [(self.name, self._text)]


class Files(Source):
    """A file, or a folder whose `*.yaml` and `*.yml` are read in the order of their names.

    Hidden files are passed over, and with them most editors' working copies; back-ups end in something else.  Which of the
    two it is, is found at every reading.
    """

    def __init__(self, path: Path, name: str, why: str) -> None:
        super().__init__(name, why)
        self._path = path

    def fingerprint(self) -> Hashable:
        """The real path, device, inode, size and times of every file; what a folder holds; an error's number in their place.

        The time of the last status change is among them: `cp -p` gives a new text an old time of writing, and a file that
        was made readable is worth another try.
        """
        try:
            return tuple((str(path), *_print_of(path)) for path, _ in self._files())
        except SourceError as error:
            return error.what

    def places(self) -> set[str]:
        """The files, and the directories of them and of every link on the way; where one is missing, the one above it."""
        from proxy.notify import places_of  # noqa: PLC0415  as in `watch`

        try:
            paths = [path for path, _ in self._files()]
        except SourceError:
            paths = []
        return set[str]().union(*map(places_of, (self._path, *paths)))

    def _read(self) -> list[tuple[str, bytes]]:
        texts = []
        total = 0
        for path, name in self._files():
            text = _read_file(path, name, MAX_OCTETS - total)
            total += len(text)
            texts.append((name, text))
        return texts

    def _files(self) -> list[tuple[Path, str]]:
        """The files and their names; SourceError where there is none."""
        try:
            if not stat.S_ISDIR(self._path.stat().st_mode):
                return [(self._path, self.name)]
            found = sorted(path for path in self._path.iterdir() if _is_wanted(path.name))
        except OSError as error:
            raise _source_error(self._path, self.name, error) from error
        if not found:
            raise SourceError(f"{self.name}: this is a folder without a *.yaml file", "put one there, or name a file")
        return [(path, _printable(f"{self.name.rstrip('/')}/{path.name}")) for path in found]


async def watch(source: Source, changed: Callable[[], Awaitable[None]], interval: float = POLL_SECONDS) -> None:
    """Call `changed` after every change of `source`, for as long as this runs; `interval` is in seconds.

    A change counts when two looks in a row find the same: a file that is still being written, or was removed to be written
    anew, is left to settle.  So it takes up to twice the interval.
    """
    import asyncio  # noqa: PLC0415  40 ms that a verb which only reads, and completion in a shell, need not wait

    from proxy.notify import listen  # noqa: PLC0415

    known = before = source.seen if source.seen is not None else source.fingerprint()
    while True:
        with listen(source.places()) as word:  # before it is looked: what happens between the two is not missed
            if word is not None and before in (known, source.seen) and source.fingerprint() == before:
                await word.happened()
        await asyncio.sleep(interval)
        # A network file system may keep `stat` waiting; queries must not wait with it.
        now = source.fingerprint() if word is not None else await asyncio.to_thread(source.fingerprint)
        if now == before and now not in (known, source.seen):
            known = now
            try:
                await changed()
            except Exception:  # noqa: BLE001  a defect there must not end the watching, and nobody would know
                _log.exception("the change of %s could not be taken", source.name)
        before = now


def _is_wanted(name: str) -> bool:
    return name.endswith(_SUFFIXES) and not name.startswith(".")


def _print_of(path: Path) -> tuple[Hashable, ...]:
    try:
        found = path.stat()
        return (os.path.realpath(path), found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    except OSError as error:
        return (error.errno,)


def _read_file(path: Path, name: str, room: int) -> bytes:
    try:
        # Looked at before it is opened: opening a pipe waits for its writer, and some devices do things when opened.
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceError(f"{name}: this is no regular file", "to read what a command prints: COMMAND | vpcdns -c - …")
        with path.open("rb") as file:
            text = file.read(room + 1)
    except OSError as error:
        raise _source_error(path, name, error) from error
    _check_size(name, len(text), room)
    return text


def _check_size(name: str, octets: int, room: int = MAX_OCTETS) -> None:
    if octets > room:
        raise SourceError(f"{name}: with this, a configuration of more than {MAX_OCTETS:,} octets", "vpcdns reads no more")


def _source_error(path: Path, name: str, error: OSError) -> SourceError:
    if error.errno == errno.ENOENT:
        if path.is_symlink():
            return SourceError(f"{name}: this link leads to {_printable(str(path.readlink()))}, which is not there")
        return SourceError(f"{name}: there is no such file", "`vpcdns init` writes a first one; -c names another")
    if error.errno == errno.EACCES:
        return SourceError(f"{name}: no permission to read it", "see who may with `ls -l`")
    return SourceError(f"{name}: {error.strerror}")


def _printable(name: str) -> str:
    """A file's name as text: octets in it that are no UTF-8 cannot be printed."""
    return os.fsencode(name).decode("utf-8", "replace")
