"""`vpcdns serve`: runs the server until it is told to stop."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import shlex
import signal
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from proxy.app import ListenError, Server
from proxy.cli.arguments import AdminOption, ConfigOption
from proxy.cli.banner import admin_lines, banner, statistics
from proxy.cli.contained import contained
from proxy.cli.examples import examples
from proxy.cli.opening import open_source
from proxy.cli.output import remark, remark_all
from proxy.cli.overrides import read_overrides
from proxy.cli.serviced import Handed, show_life, take_sockets, tell_ready
from proxy.configuration import Configuration, Overrides, failed, load
from proxy.host.service import Notifier
from proxy.quiet import quiet
from proxy.reach import records
from proxy.seldom import report_seldom
from proxy.settings.problems import ConfigError, did_you_mean
from proxy.source import Source
from proxy.web import Admin, AdminError

if TYPE_CHECKING:
    from proxy.workers import Crew

_MOST_WORKERS = 64
_LOG_LEVELS = ("debug", "info", "warning", "error")

ListenOption = Annotated[
    list[str] | None,
    typer.Option("-l", "--listen", metavar="ADDR", help="Listen here instead: 127.0.0.1:1053, [::1]:1053.  Repeatable."),
]
UpstreamOption = Annotated[
    list[str] | None,
    typer.Option(
        "-u",
        "--upstream",
        metavar="SERVER",
        help="Ask this server instead: 1.1.1.1, tcp://1.1.1.1, tls://1.1.1.1, https://1.1.1.1/dns-query; behind "
        "[/corp.example/] for that domain alone.  Repeatable.",
    ),
]
NoWatchOption = Annotated[bool, typer.Option("--no-watch", help="Do not reload when the configuration changes.")]
WorkersOption = Annotated[  # a str: for an int, Typer imports pydantic
    str, typer.Option("--workers", metavar="N", help="How many processes serve as one, each on a processor (Linux).")
]
LogLevelOption = Annotated[
    str,
    typer.Option("--log-level", metavar="LEVEL", help=f"From which level on the log is written: {', '.join(_LOG_LEVELS)}."),
]


def run(
    ctx: typer.Context,
    *,
    config: ConfigOption = None,
    listen: ListenOption = None,
    upstream: UpstreamOption = None,
    admin: AdminOption = None,
    no_watch: NoWatchOption = False,
    workers: WorkersOption = "1",
    log_level: LogLevelOption = "info",
) -> None:
    """Serve until SIGINT or SIGTERM; SIGHUP reloads, SIGUSR1 writes statistics."""
    level, count = _level(log_level), _count(workers)
    overrides = read_overrides(listen or (), upstream or (), admin)
    source = open_source(ctx, config)
    configuration = _load(source, overrides)
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    handed = take_sockets(configuration, overrides)
    if handed.bound and count > 1:
        raise typer.BadParameter("sockets that systemd hands over are served by one process", param_hint="--workers")
    crew: Crew | None = None
    try:
        if count > 1:
            crew = _enlist(configuration, overrides, count)
        asyncio.run(_serve(handed, source, watched=not no_watch, crew=crew))
    except ListenError as error:
        failures = importlib.import_module("proxy.cli.failures")
        chosen = f" -c {shlex.quote(config or ctx.obj)}" if config or ctx.obj else ""
        raise typer.Exit(failures.report_listening(error, f"vpcdns{chosen} serve")) from None
    except AdminError as error:
        raise typer.Exit(importlib.import_module("proxy.cli.failures").report_admin(error)) from None
    finally:
        if crew is not None:
            crew.dismiss()


def _level(word: str) -> str:
    if word.lower() not in _LOG_LEVELS:
        raise typer.BadParameter(f"{word} is no level ({did_you_mean(word, _LOG_LEVELS)})", param_hint="--log-level")
    return word.upper()


def _count(word: str) -> int:
    if not (word.isascii() and word.isdecimal() and 1 <= int(word) <= _MOST_WORKERS):
        raise typer.BadParameter(f"{word} is no number from 1 to {_MOST_WORKERS}", param_hint="--workers")
    return int(word)


def _load(source: Source, overrides: Overrides) -> Configuration:
    """The configuration, right and tested."""
    with quiet():
        configuration = load(source, overrides)
        wrong = failed(configuration)
    if wrong:
        raise ConfigError(wrong)
    return configuration


def _enlist(configuration: Configuration, overrides: Overrides, count: int) -> Crew:
    from proxy.workers import can_be_many, enlist  # noqa: PLC0415  most servers are one process

    if not can_be_many():
        raise typer.BadParameter("only Linux deals packets out among processes", param_hint="--workers")
    if not all(listener.port for listener in configuration.plan.listeners):
        raise typer.BadParameter("processes share an address, so give each listener a port", param_hint="--workers")
    if records(configuration.plan):
        raise typer.BadParameter(
            "mode: record takes one process: each would write what it alone heard", param_hint="--workers"
        )
    return enlist(configuration, overrides, count)


async def _serve(handed: Handed, source: Source, *, watched: bool, crew: Crew | None = None) -> None:
    report_seldom(asyncio.get_running_loop())
    configuration, overrides, bound = handed
    notifier = Notifier(os.environ)
    stop, started = asyncio.Event(), asyncio.Event()
    begin = time.monotonic()
    bound = bound if crew is None else crew.bound
    server = Server(configuration, source, overrides, watched=watched, follows=True, bound=bound, others=crew)
    works: set[asyncio.Task[None]] = set()

    async def reload() -> None:
        await started.wait()
        notifier.reloading()
        await server.reload_and_log()
        tell_ready(notifier, server)

    async def tell() -> None:
        remark_all(statistics(server, await server.all_counts(), time.monotonic() - begin))

    def want(work: Callable[[], Coroutine[object, object, None]]) -> None:
        task = asyncio.create_task(work())
        works.add(task)
        task.add_done_callback(works.discard)

    # Before the first socket is open: whoever is answered may send a signal.
    _on_signals({"SIGINT": stop.set, "SIGTERM": stop.set, "SIGHUP": partial(want, reload), "SIGUSR1": partial(want, tell)})
    admin = Admin(server, configuration.plan.admin)
    async with admin, server:
        started.set()
        remark_all(banner(server))
        remark_all(contained(configuration.world, configuration.plan.listeners))
        remark_all(admin_lines(admin))
        tell_ready(notifier, server)
        alive = asyncio.create_task(show_life(notifier))
        remark_all(await examples(server))
        await stop.wait()
        alive.cancel()
        notifier.stopping()
        _on_signals({"SIGINT": None, "SIGTERM": None})
        remark("stopping: what is under way is answered first; once more ends at once")
    remark("stopped")


def _on_signals(handlers: dict[str, Callable[[], None] | None]) -> None:
    """What to do at each signal, None the usual; those that the machine lacks (Windows) are left out."""
    loop = asyncio.get_running_loop()
    for name, handler in handlers.items():
        with suppress(AttributeError, NotImplementedError):
            number = getattr(signal, name)
            if handler is None:
                loop.remove_signal_handler(number)
            else:
                loop.add_signal_handler(number, handler)
