"""Tokens: made at the start of a server, and kept where only its own user finds them.

The file is named by the address of the server, so that `vpcdns reload` of the same user needs no more than that.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def new_token() -> str:
    """A token that nobody guesses."""
    return os.urandom(32).hex()


def token_path(address: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the token of the server at `address` (`127.0.0.1:8053`) is kept; RuntimeError where there is no home folder."""
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    folder = Path(runtime) if Path(runtime).is_absolute() else Path.home() / ".cache"
    return folder / "vpcdns" / f"{address.replace(':', '-').replace('[', '').replace(']', '')}.token"


def keep_token(address: str, token: str) -> Path:
    """Keep a token, in place of an older one; OSError or RuntimeError where that cannot be.

    The file is new and readable by its owner alone before anything is in it, whatever stood there before.
    """
    path = token_path(address)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = path.with_suffix(f".{os.urandom(8).hex()}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(token + "\n")
        made.replace(path)
    except OSError:
        made.unlink(missing_ok=True)
        raise
    return path


def read_token(address: str) -> str | None:
    """The token that is kept for an address; None where there is none to be read."""
    try:
        return token_path(address).read_text().strip() or None
    except (OSError, RuntimeError, UnicodeDecodeError):
        return None


def forget_token(address: str, token: str) -> None:
    """Remove the file, if it is still that of this token."""
    if read_token(address) == token:
        with suppress(OSError):
            token_path(address).unlink()
