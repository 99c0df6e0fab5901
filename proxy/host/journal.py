"""The journal of what was changed on this machine: written, and on the disk, before each change.

Whatever ends the program, `Journal.undo` brings the machine back: every change is written down before it is made, and unmaking
what was never made does nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import field
from pathlib import Path
from typing import Any

from proxy.host.changes import Change, ChangeFailed, from_json, write_durably
from proxy.nouns import dataclass

FOLDER = Path("/var/db/vpcdns" if sys.platform == "darwin" else "/var/lib/vpcdns")
_NAME = "resolver.json"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Busy(Exception):
    """Somebody else is at it."""


class Unreadable(Exception):
    """The journal on the disk is none; the text says where, and what can be done."""


@dataclass
class Journal:
    """What is installed: the manager that it was done by, the server and the domains that lead to it, and the changes.

    `complete` is False while changes are being made, and for ever after if that was interrupted.
    """

    manager: str
    server: str
    domains: list[str]
    changes: list[Change] = field(default_factory=list)
    complete: bool = False
    boot: str = ""
    guard: int = 0

    def make(self, changes: Sequence[Change]) -> None:
        """Make changes, each written down first; ChangeFailed or OSError where one cannot be made, and those before it stand."""
        self.boot = boot()
        for change in changes:
            prepared = change.prepared()
            self.changes.append(prepared)
            self.save()
            try:
                prepared.make()
            except ChangeFailed:  # a command that was refused did nothing that is to be undone
                self.changes.pop()
                raise
            except OSError as error:
                raise ChangeFailed(f"{next(prepared.shown(), '')}: {error.strerror or error}") from error
        self.complete = True
        self.save()

    def undo(self) -> list[str]:
        """Unmake all changes, the last first, and forget them; what could not be, or was left as somebody made it since."""
        said = []
        for change in reversed(self.changes):
            try:
                said.append(change.unmake())
            except OSError as error:
                said.append(f"{next(change.shown(), '')}: {error.strerror or error}")
        with suppress(FileNotFoundError):
            (FOLDER / _NAME).unlink()
        with suppress(OSError):
            FOLDER.rmdir()
        return [each for each in said if each]

    def save(self) -> None:
        """Put it on the disk."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        data = {**self.__dict__, "changes": [change.to_json() for change in self.changes]}
        write_durably(FOLDER / _NAME, json.dumps(data, indent=1).encode(), 0o644)

    @property
    def from_before_the_start(self) -> bool:
        """Whether the machine was started anew since: what lives in memory alone is gone."""
        return self.boot != boot()


def load() -> Journal | None:
    """The journal on the disk, if there is one; Unreadable where it is another's, or was damaged."""
    path = FOLDER / _NAME
    try:
        data: dict[str, Any] = json.loads(path.read_text())
        return Journal(**{**data, "changes": [from_json(change) for change in data["changes"]]})
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise Unreadable(f"{path} is no journal of this vpcdns ({type(error).__name__}: {error})") from error


@contextmanager
def only_one() -> Iterator[None]:
    """For the time of a change, keep others from it; Busy where one is at it already."""
    import fcntl  # noqa: PLC0415  not on Windows, where nothing is changed

    # Not in the journal's folder, which goes away with the journal.
    handle = os.open(
        Path("/var/lock" if Path("/var/lock").is_dir() else "/var/run", "vpcdns.lock"), os.O_CREAT | os.O_RDWR, 0o600
    )
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy from None
        yield
    finally:
        os.close(handle)


def boot() -> str:
    """Which start of the machine this is; empty where it does not tell."""
    with suppress(OSError):
        return _BOOT.read_text().strip()
    return ""
