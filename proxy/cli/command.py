"""The command `vpcdns`: its verbs, each loaded when it is called, and the one place where errors become exit statuses."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from proxy.cli.arguments import ConfigOption
from proxy.cli.quick import QuickCommand, quicken
from proxy.settings.problems import did_you_mean

# Each verb is the function `run` of the module of its name; the order is that of the help.
VERBS = (
    "serve", "check", "query", "compare", "explain", "services", "exec", "resolver", "doctor",
    "reload", "stats", "top", "records", "health", "init", "schema", "healthcheck", "version",
)  # fmt: skip

_BROKEN_PIPE = 1


class Verbs(TyperGroup):
    """The group of verbs.  A verb's module is imported when the verb is wanted, not before."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All verbs, for help and completion."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The verb; one that is not there is a wrong usage with a hint, an option is left to Typer."""
        if cmd_name in VERBS:
            return _load(cmd_name)
        if not cmd_name.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"there is no verb {cmd_name} ({did_you_mean(cmd_name, VERBS)})")
        return None

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The same as ever, sooner."""
        quicken(self, ctx)
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich" if all(stream is not None and stream.isatty() for stream in (sys.stdout, sys.stderr)) else None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def choose_configuration(ctx: typer.Context, config: ConfigOption = None) -> None:
    """Answers DNS queries as the Amazon resolver inside your VPCs would, from one YAML file."""
    ctx.obj = config


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    _open_streams()
    try:
        try:
            app(arguments, prog_name="vpcdns")
        finally:
            _flush()
    except BrokenPipeError:
        sys.exit(_BROKEN_PIPE)
    except Exception as error:  # noqa: BLE001  the outermost place: every error becomes a message and a status
        sys.exit(importlib.import_module("proxy.cli.failures").report(error))
    raise AssertionError("Typer always exits")


def _open_streams() -> None:
    """Let a stream that was closed take what is written to it, and one of another encoding letters that it lacks."""
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _flush() -> None:
    """Write what is left of the result; where that cannot be, forget it, or the interpreter's end would try again."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _load(verb: str) -> Any:
    module = importlib.import_module(f"proxy.cli.{verb}")
    single = typer.Typer(add_completion=False, rich_markup_mode=app.rich_markup_mode)
    settings = {"help_option_names": ["-h", "--help"], **getattr(module, "CONTEXT_SETTINGS", {})}
    single.command(verb, cls=QuickCommand, context_settings=settings)(module.run)
    return get_command(single)
