"""`vpcdns init`: a first configuration file, with comments."""

from __future__ import annotations

import errno
import shlex
from pathlib import Path
from typing import Annotated

import typer

from proxy.cli.output import remark, say
from proxy.cli.status import Status
from proxy.source import demo_path

DEFAULT = "vpcdns.yaml"
STARTER = Path(__file__).with_name("starter.yaml")

_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT)

FileArgument = Annotated[
    str | None, typer.Argument(metavar="[FILE]", help=f"Where to write it: {DEFAULT}; - prints it.", show_default=False)
]
SeedOption = Annotated[bool, typer.Option("--from-seed", help="Write the built-in demo.")]


def run(ctx: typer.Context, file: FileArgument = None, from_seed: SeedOption = False) -> None:
    """Write a first configuration file; one that is there is left alone."""
    text = (demo_path() if from_seed else STARTER).read_text(encoding="utf-8")
    target = file or ctx.obj or DEFAULT
    if target == "-":
        say(text.removesuffix("\n"))
        return
    try:
        _write(Path(target), text)
    except FileExistsError:
        remark(f"{target}: this is there already (name another file, or remove it first)")
        raise typer.Exit(Status.PROBLEM) from None
    except OSError as error:
        remark(f"{target}: {error.strerror}")
        raise typer.Exit(Status.MACHINE if error.errno in _REFUSED else Status.PROBLEM) from None
    chosen = "" if target == DEFAULT else f" -c {shlex.quote(target)}"
    remark(f"wrote {target}; next: vpcdns{chosen} check, vpcdns{chosen} serve")


def _write(path: Path, text: str) -> None:
    """A new file with this text, or none: half of one would be refused at the next try."""
    with path.open("x", encoding="utf-8") as file:
        try:
            file.write(text)
            file.flush()
        except OSError:
            path.unlink()
            raise
