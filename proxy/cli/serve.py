"""`vpcdns serve`: runs the server until it is told to stop."""

from __future__ import annotations

import asyncio
import importlib
import logging
import shlex
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

import typer

from proxy.app import ListenError, Server
from proxy.cli.arguments import AdminOption, ConfigOption
from proxy.cli.banner import admin_lines, banner, statistics
from proxy.cli.examples import examples
from proxy.cli.opening import open_source
from proxy.cli.output import remark, remark_all
from proxy.cli.overrides import read_overrides
from proxy.compile.hints import did_you_mean
from proxy.configuration import Configuration, Overrides, failed, load
from proxy.quiet import quiet
from proxy.settings.problems import ConfigError
from proxy.source import Source
from proxy.web import Admin, AdminError

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
    log_level: LogLevelOption = "info",
) -> None:
    """Serve until SIGINT or SIGTERM; SIGHUP reloads, SIGUSR1 writes statistics."""
    level = _level(log_level)
    overrides = read_overrides(listen or (), upstream or (), admin)
    source = open_source(ctx, config)
    configuration = _load(source, overrides)
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    try:
        asyncio.run(_serve(configuration, source, overrides, watched=not no_watch))
    except ListenError as error:
        failures = importlib.import_module("proxy.cli.failures")
        chosen = f" -c {shlex.quote(config or ctx.obj)}" if config or ctx.obj else ""
        raise typer.Exit(failures.report_listening(error, f"vpcdns{chosen} serve")) from None
    except AdminError as error:
        raise typer.Exit(importlib.import_module("proxy.cli.failures").report_admin(error)) from None


def _level(word: str) -> str:
    if word.lower() not in _LOG_LEVELS:
        raise typer.BadParameter(f"{word} is no level ({did_you_mean(word, _LOG_LEVELS)})", param_hint="--log-level")
    return word.upper()


def _load(source: Source, overrides: Overrides) -> Configuration:
    """The configuration, right and tested."""
    with quiet():
        configuration = load(source, overrides)
        wrong = failed(configuration)
    if wrong:
        raise ConfigError(wrong)
    return configuration


async def _serve(configuration: Configuration, source: Source, overrides: Overrides, *, watched: bool) -> None:
    stop, started = asyncio.Event(), asyncio.Event()
    begin = time.monotonic()
    server = Server(configuration, source, overrides, watched=watched)
    reloads: set[asyncio.Task[None]] = set()

    async def reload() -> None:
        await started.wait()
        await server.reload_and_log()

    def want_reload() -> None:
        task = asyncio.create_task(reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    def tell() -> None:
        remark_all(statistics(server, time.monotonic() - begin))

    # Before the first socket is open: whoever is answered may send a signal.
    _on_signals({"SIGINT": stop.set, "SIGTERM": stop.set, "SIGHUP": want_reload, "SIGUSR1": tell})
    admin = Admin(server, configuration.plan.admin)
    async with admin, server:
        started.set()
        remark_all(banner(server))
        remark_all(admin_lines(admin))
        remark_all(await examples(server))
        await stop.wait()
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
