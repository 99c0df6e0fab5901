"""`vpcdns exec`: runs a command as if inside a view."""

from __future__ import annotations

import asyncio
import importlib
import sys
from typing import Annotated

import typer

from proxy.asking import ask_server
from proxy.cli.arguments import ConfigOption, ServerOption, ViewOption
from proxy.cli.healthcheck import PROBE
from proxy.cli.inside import Inside, InView
from proxy.cli.opening import quiet_source
from proxy.cli.output import remark
from proxy.cli.questions import read_server
from proxy.cli.status import Status
from proxy.configuration import Overrides, load
from proxy.model.answers import ServerAddress, UpstreamError
from proxy.settings.problems import did_you_mean

_WAYS = ("files", "sockets", "connections")
_PATIENCE = 2.0

CONTEXT_SETTINGS = {"allow_interspersed_args": False}  # behind the command's name, options are the command's

CommandArgument = Annotated[
    list[str], typer.Argument(metavar="COMMAND...", help="The command with its arguments, behind --.")
]
WayOption = Annotated[
    str | None,
    typer.Option(
        "--way", metavar="WAY", help=f"Only so: {', '.join(_WAYS)}; else the first that works.", show_default=False
    ),
]
VerboseOption = Annotated[bool, typer.Option("-v", "--verbose", help="Say which configuration, view and way it is.")]


def run(
    ctx: typer.Context,
    command: CommandArgument,
    *,
    config: ConfigOption = None,
    view: ViewOption = None,
    server: ServerOption = None,
    way: WayOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Run a command that looks names up as if inside a view: `vpcdns exec --view app -- curl https://…`.

    It needs no root, changes nothing of the machine, and a server is started for the command alone.  Exits as the command does.
    """
    if sys.platform != "linux":
        remark("exec needs Linux: this system cannot give one process a resolver of its own")
        remark("  vpcdns resolver install --while -- COMMAND   sets the machine's resolver up for the time of a command")
        raise typer.Exit(Status.MACHINE)
    if way is not None and way not in _WAYS:
        raise typer.BadParameter(f"{way} is no way ({did_you_mean(way, _WAYS)})", param_hint="--way")
    inside = _inside(ctx, config, view, server)
    enclosing = importlib.import_module("proxy.cli.enclosing")
    enclosed = enclosing.enclose(tuple(command), inside, way)
    if verbose:
        _tell(inside, enclosed.way.value)
    status = asyncio.run(enclosing.serve_until_its_end(enclosed, inside))
    enclosing.end_like(status)


def _inside(ctx: typer.Context, config: str | None, view: str | None, server: str | None) -> Inside:
    if server is not None:
        if view is not None:
            raise typer.BadParameter(
                "a running server decides itself which view it is: leave out --view", param_hint="--server"
            )
        return _running(read_server(server))
    source = quiet_source(ctx, config)
    configuration = load(source, Overrides(for_one_command=True))  # nobody but the command reaches the server
    views = configuration.world.views
    name = view or configuration.world.default_view
    if name not in views:
        raise typer.BadParameter(f"there is no view {name} ({did_you_mean(name, views)})", param_hint="--view")
    return InView(source, configuration, views[name])


def _running(server: ServerAddress) -> ServerAddress:
    try:
        asyncio.run(ask_server(server, PROBE, _PATIENCE))
    except UpstreamError as error:
        remark(f"no server to ask: {error.reason.text}")
        raise typer.Exit(Status.MACHINE) from None
    return server


def _tell(inside: Inside, way: str) -> None:
    if isinstance(inside, ServerAddress):
        remark(f"names: from {inside}")
    else:
        remark(f"configuration: {inside.source.name} ({inside.source.why})")
        remark(f"view: {inside.view.name}")
    remark(f"way: {way}")
