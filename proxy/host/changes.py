"""Changes of a machine that can be undone: a file's text, a command with its opposite; and how each is made and unmade.

Undoing may come twice, after a half-made change, or after somebody else changed the same file: what is as we left it gets its
former text back; what is as it was before is left alone; what somebody edited since is kept but for our own lines, which stand
between two marks.
"""

from __future__ import annotations

import base64
import difflib
import os
import shlex
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from proxy.host.marks import without_marked
from proxy.nouns import dataclass

_COMMAND_SECONDS = 30


class ChangeFailed(Exception):
    """A change that the machine refused; the text says which and why."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """`path` is to hold `text`.  `before` is what it held, None if nothing was there; set by `prepared`."""

    path: Path
    text: str
    before: bytes | None = None
    mode: int = 0o644
    owner: tuple[int, int] | None = None

    def prepared(self) -> Self:
        """The same, with what is there now."""
        try:
            found = self.path.stat()
            before: bytes | None = self.path.read_bytes()
        except FileNotFoundError:
            return self
        return type(self)(self.path, self.text, before, stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid))

    def make(self) -> None:
        """Write the text."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        _write(self.path, self.text.encode(), self.mode, self.owner)

    def unmake(self) -> str:
        """Give the file its former text back; what else there is to say, if anything."""
        try:
            now = self.path.read_bytes()
        except FileNotFoundError:
            return "" if self.before is None else f"{self.path} was removed meanwhile, and is left so"
        if now == self.before:
            return ""
        if now == self.text.encode():
            self._restore(self.before)
            return ""
        rest = without_marked(now.decode(errors="surrogateescape"))
        if rest is None:
            return f"{self.path} was changed meanwhile, and is left as it is now"
        self._restore(rest.encode(errors="surrogateescape"))
        return f"{self.path} was changed meanwhile: only the lines of vpcdns were taken out"

    def shown(self) -> Iterator[str]:
        """The change as `diff -u` has it."""
        before = [] if self.before is None else self.before.decode(errors="replace").splitlines()
        name = "/dev/null" if self.before is None else str(self.path)
        yield from difflib.unified_diff(before, self.text.splitlines(), name, str(self.path), lineterm="")

    def to_json(self) -> dict[str, Any]:
        """For the journal."""
        kept = None if self.before is None else base64.b64encode(self.before).decode()
        return {"file": str(self.path), "text": self.text, "before": kept, "mode": self.mode, "owner": self.owner}

    def _restore(self, octets: bytes | None) -> None:
        if octets is None or (not octets.strip() and self.before is None):
            self.path.unlink()
        else:
            _write(self.path, octets, self.mode, self.owner)


@dataclass(frozen=True, slots=True)
class CommandChange:
    """A command, the command that undoes it, and one to try where the first is refused.  An empty one is nothing."""

    do: tuple[str, ...]
    undo: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()

    def prepared(self) -> Self:
        """The same."""
        return self

    def make(self) -> None:
        """Run it; ChangeFailed where neither it nor the other succeeds."""
        problem = _run(self.do)
        if problem and self.otherwise:
            problem = _run(self.otherwise)
        if problem:
            raise ChangeFailed(f"{shlex.join(self.do)}: {problem}")

    def unmake(self) -> str:
        """Run the opposite; what went wrong with it, if anything."""
        problem = _run(self.undo)
        return f"{shlex.join(self.undo)}: {problem}" if problem else ""

    def shown(self) -> Iterator[str]:
        """The command as a shell takes it."""
        if self.do:
            yield f"$ {shlex.join(self.do)}"

    def to_json(self) -> dict[str, Any]:
        """For the journal."""
        return {"do": list(self.do), "undo": list(self.undo), "otherwise": list(self.otherwise)}


Change = FileChange | CommandChange


def from_json(data: dict[str, Any]) -> Change:
    """A change out of the journal."""
    if "file" in data:
        before = None if data["before"] is None else base64.b64decode(data["before"])
        owner = None if data["owner"] is None else (int(data["owner"][0]), int(data["owner"][1]))
        return FileChange(Path(data["file"]), data["text"], before, data["mode"], owner)
    return CommandChange(tuple(data["do"]), tuple(data["undo"]), tuple(data["otherwise"]))


def write_durably(path: Path, octets: bytes, mode: int = 0o644) -> None:
    """Write a file so that, whenever the power fails, either the old text or the new one is there."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _write(path: Path, octets: bytes, mode: int, owner: tuple[int, int] | None) -> None:
    """In one step where that can be; a file that is mounted over, as in a container, can only be written into."""
    real = path.resolve()
    try:
        write_durably(real, octets, mode)
    except OSError:
        real.write_bytes(octets)
    with suppress(OSError):
        if owner is not None:
            os.chown(real, *owner)


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _run(command: Sequence[str]) -> str:
    """What went wrong; nothing if all went well."""
    if not command:
        return ""
    try:
        done = subprocess.run(  # noqa: S603  our own plans, no text of a user's
            command, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        return "there is no such command"
    except subprocess.TimeoutExpired:
        return f"not done within {_COMMAND_SECONDS} s"
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return "" if done.returncode == 0 else (said[-1] if said else f"exit status {done.returncode}")
