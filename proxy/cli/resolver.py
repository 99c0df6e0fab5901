"""`vpcdns resolver`: the machine's own resolver, led to a server for the domains of the file, and back."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from proxy.cli.arguments import ConfigOption, JsonOption, ServerOption, ViewOption
from proxy.cli.output import remark, remark_all, say, say_json
from proxy.cli.status import Status
from proxy.host.changes import Change, ChangeFailed
from proxy.host.facts import facts, is_root
from proxy.host.journal import Busy, Journal, Unreadable, load, only_one
from proxy.host.managers import MANAGERS, PRINTED_ONLY, CannotBe, manager_of, plan, script
from proxy.settings.problems import did_you_mean

if TYPE_CHECKING:
    from proxy.cli.installing import Wanted

_ACTIONS = ("install", "uninstall", "status")
_GUARD = "guard"  # what `install` starts; not for people

ActionArgument = Annotated[str, typer.Argument(metavar="install|uninstall|status", help="What to do.")]
CommandArgument = Annotated[list[str] | None, typer.Argument(metavar="[COMMAND...]", help="With --while: behind --.")]
AllOption = Annotated[bool, typer.Option("--all", help="All names, not only the domains of the file.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be changed, as a diff, and change nothing.")]
PrintOption = Annotated[bool, typer.Option("--print", help="Print commands that do it and undo it, for --manager's system.")]
WhileOption = Annotated[bool, typer.Option("--while", help="Only while COMMAND runs; without a server, one is started.")]
NoGuardOption = Annotated[bool, typer.Option("--no-guard", help="Do not undo it when the server stops to answer.")]
ManagerOption = Annotated[
    str | None,
    typer.Option("--manager", metavar="NAME", help=f"Instead of the one found: {', '.join(MANAGERS)}.", show_default=False),
]


def run(
    ctx: typer.Context,
    action: ActionArgument,
    command: CommandArgument = None,
    *,
    everything: AllOption = False,
    manager: ManagerOption = None,
    view: ViewOption = None,
    server: ServerOption = None,
    dry_run: DryRunOption = False,
    printed: PrintOption = False,
    during: WhileOption = False,
    no_guard: NoGuardOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let this machine ask vpcdns for the domains of the file, and all else as before.

    `install` is undone by `uninstall`, also after a crash or a power cut, and by itself when the server stops to answer.
    """
    if action == _GUARD:
        importlib.import_module("proxy.cli.guarding").guard()
        return
    if action not in _ACTIONS:
        raise typer.BadParameter(f"{action} is nothing to do ({did_you_mean(action, _ACTIONS)})", param_hint="ACTION")
    if manager is not None and manager not in MANAGERS:
        raise typer.BadParameter(f"{manager} is no manager ({did_you_mean(manager, MANAGERS)})", param_hint="--manager")
    if bool(command) != during:
        raise typer.BadParameter("it takes a command behind --, and a command takes --while", param_hint="--while")
    try:
        if action == "status":
            _status(as_json=as_json)
        elif action == "uninstall":
            _uninstall()
        else:
            installing = importlib.import_module("proxy.cli.installing")
            wanted = installing.read(ctx, config, view, server, everything=everything)
            _install(wanted, manager, command, dry_run=dry_run, printed=printed, guarded=not no_guard)
    except Busy:
        remark("another vpcdns resolver is at it: try again when it is done")
        raise typer.Exit(Status.MACHINE) from None
    except Unreadable as error:
        remark(f"{error}: nothing was changed")
        remark("  look whether the resolver's own files still name vpcdns, between its two marks, and take those lines out;")
        remark("  then remove the journal")
        raise typer.Exit(Status.MACHINE) from None
    except CannotBe as error:
        remark(error)
        remark_all(f"  {hint}" for hint in error.hints)
        raise typer.Exit(Status.PROBLEM) from None
    except ChangeFailed as error:
        remark(error)
        raise typer.Exit(Status.MACHINE) from None


def _install(
    wanted: Wanted, manager: str | None, command: list[str] | None, *, dry_run: bool, printed: bool, guarded: bool
) -> None:
    installing = importlib.import_module("proxy.cli.installing")
    chosen, changes = _plan(wanted, manager)
    if printed:
        for line in script(changes):
            say(line)
        return
    if chosen in PRINTED_ONLY:
        raise CannotBe(f"vpcdns changes nothing on {chosen} by itself", "--print prints the commands to paste")
    if dry_run:
        for change in changes:
            for line in change.prepared().shown():
                say(line)
        return
    _want_root("install")
    if installing.take_back_remains():
        chosen, changes = _plan(wanted, manager)  # anew: what was there was not the machine's own
    if command:
        raise typer.Exit(asyncio.run(installing.during(wanted, chosen, changes, tuple(command), guarded=guarded)))
    installing.install(wanted, chosen, changes, guarded=guarded)


def _plan(wanted: Wanted, manager: str | None) -> tuple[str, list[Change]]:
    """The manager that is named, or else found, and what is to be changed for it."""
    found = facts()
    chosen = manager or manager_of(found)
    return chosen, plan(chosen, found, wanted.wish)


def _uninstall() -> None:
    journal = load()
    if journal is None:
        remark("nothing is installed")
        return
    _want_root("uninstall")
    with only_one():
        said = journal.undo()
    remark_all(said)
    remark(f"uninstalled: this machine's names are as before ({journal.manager})")
    raise typer.Exit(Status.PROBLEM if said else Status.GOOD)


def _status(*, as_json: bool) -> None:
    journal = load()
    state, healthy = _state(journal)
    if as_json:
        say_json({
            "state": state, "healthy": healthy, "manager": None if journal is None else journal.manager,
            "server": None if journal is None else journal.server, "domains": [] if journal is None else journal.domains,
        })  # fmt: skip
    elif journal is None:
        say(state)
    else:
        say(f"{state} ({journal.manager}), led to {journal.server}, which {'answers' if healthy else 'does not answer'}:")
        for domain in journal.domains:
            say(f"  {domain}")
    raise typer.Exit(Status.GOOD if healthy else Status.PROBLEM)


def _state(journal: Journal | None) -> tuple[str, bool]:
    if journal is None:
        return "not installed", False
    if not journal.complete:
        return "an installation that was interrupted; `vpcdns resolver uninstall` takes back what was done", False
    if journal.from_before_the_start and journal.manager == "resolved":
        return "gone since this machine was started anew; `vpcdns resolver install` does it again", False
    healthy = importlib.import_module("proxy.cli.guarding").is_healthy(journal.server)
    return "installed", healthy


def _want_root(action: str) -> None:
    if not is_root():
        remark(f"changing the machine's resolver takes root: sudo {os.path.basename(sys.argv[0])} resolver {action}")  # noqa: PTH119
        remark("  --dry-run shows what it would do")
        raise typer.Exit(Status.MACHINE)
