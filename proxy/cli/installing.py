"""Leading the machine's resolver to a server: checks before, changes, a look whether names arrive, and back if they do not."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import typer

from proxy.app import Server
from proxy.cli.banner import from_here
from proxy.cli.guarding import is_there, start_guard
from proxy.cli.opening import open_source
from proxy.cli.output import remark, remark_all
from proxy.cli.questions import read_server
from proxy.cli.status import Status
from proxy.configuration import Configuration, Overrides, asks_the_machine, load
from proxy.host import journal as journals
from proxy.host.changes import Change, ChangeFailed
from proxy.host.journal import Journal, only_one
from proxy.host.managers import EVERYTHING, CannotBe, Wish
from proxy.host.resolvers import machine_servers
from proxy.inventory import domains_of
from proxy.model.answers import Protocol, ServerAddress
from proxy.model.plan import Listener
from proxy.model.world import View
from proxy.settings.problems import did_you_mean
from proxy.source import Source
from proxy.telling.words import counted

PROBE = "health.vpcdns.test"
PROBED = "127.0.0.1"

_ARRIVES_WITHIN = 10.0  # seconds: a manager that was restarted may take some
_LOOPBACK = ("127.", "::1")


class Wanted(NamedTuple):
    """What is to be installed: which server for which domains, and the configuration that it serves."""

    source: Source
    configuration: Configuration
    view: View
    server: ServerAddress
    wish: Wish


def read(ctx: typer.Context, config: str | None, view: str | None, server: str | None, *, everything: bool) -> Wanted:
    """What the arguments say; with what cannot go well refused."""
    source = open_source(ctx, config)
    configuration = load(source)
    views = configuration.world.views
    if view is not None and view not in views:
        raise typer.BadParameter(f"there is no view {view} ({did_you_mean(view, views)})", param_hint="--view")
    listener = _listener(configuration, view)
    address = read_server(server) if server else ServerAddress(Protocol.UDP, from_here(listener.host), listener.port)
    here = views[view or listener.view or configuration.world.default_view]
    if everything:
        _want_others_answered(configuration)
    domains = (EVERYTHING,) if everything else tuple(domains_of(here))
    return Wanted(source, configuration, here, address, Wish(address.host, address.port, domains))


def take_back_remains() -> bool:
    """Take back what is left of an installation that came to nothing, before anybody looks what the machine is like."""
    with only_one():
        journal = journals.load()
        if journal is None or (journal.complete and not journal.from_before_the_start):
            return False
        remark_all(journal.undo())
        remark("taken back: an earlier installation, which was interrupted or ended with the machine's last run")
        return True


def install(wanted: Wanted, manager: str, changes: Sequence[Change], *, guarded: bool) -> None:
    """Make the changes, look whether names arrive at the server, and take them back if they do not."""
    with only_one():
        if _is_installed(wanted, manager):
            return
        if not is_there(str(wanted.server)):
            remark(f"no vpcdns answers at {wanted.server}: start it first (vpcdns serve), or name it with --server")
            raise typer.Exit(Status.MACHINE)
        journal = Journal(manager, str(wanted.server), list(wanted.wish.domains))
        try:
            journal.make(changes)
            _want_arrival(wanted.server)
        except BaseException:
            remark_all(journal.undo())
            remark("nothing is installed: what was changed is as before")
            raise
        if guarded:
            start_guard(journal)
    what = "all names" if wanted.wish.everything else counted(len(wanted.wish.domains), "domain")
    remark(f"installed ({manager}): {what} of this machine lead to {wanted.server}; undo: vpcdns resolver uninstall")


async def during(
    wanted: Wanted, manager: str, changes: Sequence[Change], command: tuple[str, ...], *, guarded: bool
) -> int:  # fmt: skip
    """Install for the time of a command; its exit status, as a shell gives it."""
    async with _served(wanted):
        await asyncio.to_thread(install, wanted, manager, changes, guarded=guarded)
        try:
            return await _run(command)
        finally:
            await asyncio.to_thread(_take_back)


def _take_back() -> None:
    with only_one():
        journal = journals.load()
        if journal is not None:
            remark_all(journal.undo())
            remark(f"uninstalled ({journal.manager})")


async def _run(command: tuple[str, ...]) -> int:
    try:
        process = await asyncio.create_subprocess_exec(*command)
    except OSError as error:
        remark(f"{command[0]}: {error.strerror}")
        return 127 if isinstance(error, FileNotFoundError) else 126
    loop = asyncio.get_running_loop()
    # The terminal sends SIGINT to the command too; the others are for this process alone.
    handlers = {signal.SIGINT: lambda: None, signal.SIGTERM: process.terminate, signal.SIGHUP: process.terminate}
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    status = await process.wait()
    return status if status >= 0 else 128 - status


@asynccontextmanager
async def _served(wanted: Wanted) -> AsyncIterator[None]:
    """A server at the place, if none is there."""
    if await asyncio.to_thread(is_there, str(wanted.server)):
        yield
        return
    overrides = Overrides(listeners=(Listener(wanted.server.host, wanted.server.port, wanted.view.name),))
    configuration = load(wanted.source, overrides)
    async with Server(configuration, wanted.source, overrides, watched=True, follows=True):
        yield


def _is_installed(wanted: Wanted, manager: str) -> bool:
    """Whether it is so already."""
    journal = journals.load()
    if journal is None:
        return False
    if (journal.manager, journal.server, journal.domains) == (manager, str(wanted.server), list(wanted.wish.domains)):
        remark(f"already installed ({manager}), led to {journal.server}")
        return True
    remark(
        f"installed already, for {counted(len(journal.domains), 'domain')} and {journal.server}: vpcdns resolver uninstall first"
    )
    raise typer.Exit(Status.PROBLEM)


def _listener(configuration: Configuration, view: str | None) -> Listener:
    """The listener that stands for the view; without one, the first."""
    listeners = configuration.plan.listeners
    if view is None:
        return listeners[0]
    default = configuration.world.default_view
    for listener in listeners:
        if listener.view == view or (listener.view is None and default == view):
            return listener
    raise CannotBe(f"no listener of the file is for the view {view}", "--server names a server that is")


def _want_others_answered(configuration: Configuration) -> None:
    settings = configuration.settings
    if settings.upstream.mode == "off":
        raise CannotBe("upstream is off: with --all this machine would lose all names but those of the file")
    servers = machine_servers()
    if asks_the_machine(settings) and servers and all(server.host.startswith(_LOOPBACK) for server in servers):
        raise CannotBe(
            f"with --all this machine asks vpcdns, and vpcdns asks {servers[0].host}, which is this machine",
            "upstream: {servers: [...]} in the file names the servers to ask instead",
        )


def _want_arrival(server: ServerAddress) -> None:
    """ChangeFailed unless the machine's own way of looking a name up leads to a vpcdns."""
    look = ["dscacheutil", "-q", "host", "-a", "name", PROBE] if sys.platform == "darwin" else ["getent", "hosts", PROBE]
    end = time.monotonic() + _ARRIVES_WITHIN
    while time.monotonic() < end:
        with suppress(OSError, subprocess.TimeoutExpired):
            said = subprocess.run(look, capture_output=True, text=True, timeout=_ARRIVES_WITHIN, check=False).stdout  # noqa: S603
            if PROBED in said.split():
                return
        time.sleep(0.3)
    raise ChangeFailed(f"{PROBE} does not lead to {server} with these changes")
