"""Arguments that more than one verb takes."""

from __future__ import annotations

import importlib
from typing import Annotated

import typer

CONFIG_VARIABLE = "VPCDNS_CONFIG"
ADMIN_VARIABLE = "VPCDNS_ADMIN"


def _complete_view(ctx: typer.Context, incomplete: str) -> list[str]:
    """Views of the file; what reads it is imported only when a shell asks."""
    return list(importlib.import_module("proxy.cli.completion").complete_view(ctx, incomplete))


def _complete_views(ctx: typer.Context, incomplete: str) -> list[str]:
    return list(importlib.import_module("proxy.cli.completion").complete_views(ctx, incomplete))


def complete_name(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of the file."""
    return list(importlib.import_module("proxy.cli.completion").complete_name(ctx, incomplete))


def _complete_zone(ctx: typer.Context, incomplete: str) -> list[str]:
    return list(importlib.import_module("proxy.cli.completion").complete_zone(ctx, incomplete))


ConfigOption = Annotated[
    str | None,
    typer.Option(
        "-c",
        "--config",
        metavar="FILE",
        help="The configuration: a file, a folder of *.yaml, or - for standard input. "
        f"Else the environment's {CONFIG_VARIABLE}, ./vpcdns.yaml, ~/.config/vpcdns/vpcdns.yaml, the built-in demo.",
        show_default=False,
    ),
]
AdminOption = Annotated[
    str | None,
    typer.Option(
        "--admin",
        metavar="ADDR",
        envvar=ADMIN_VARIABLE,
        help=f"Where the control API is, 127.0.0.1:8053, or off.  Else the environment's {ADMIN_VARIABLE}, the configuration.",
        show_default=False,
        show_envvar=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ViewOption = Annotated[
    str | None,
    typer.Option(
        "--view",
        metavar="VIEW",
        help="Ask from this view: a VPC, VPC/INBOUND_ENDPOINT, or internet.",
        autocompletion=_complete_view,
        show_default=False,
    ),
]
ViewsOption = Annotated[
    str | None,
    typer.Option(
        "--views",
        metavar="A,B",
        help="The views to compare; else those of the listeners, or all.",
        autocompletion=_complete_views,
        show_default=False,
    ),
]
ClientOption = Annotated[
    str | None,
    typer.Option("--client", metavar="IP", help="Ask from this address; its view follows from it.", show_default=False),
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The name.", autocompletion=complete_name)]
NamesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help="The names; else every name of the file.", autocompletion=complete_name),
]
TypeArgument = Annotated[str, typer.Argument(metavar="TYPE", help="The record type.")]
ServerOption = Annotated[
    str | None,
    typer.Option("--server", metavar="ADDR:PORT", help="Ask a server that runs.", show_default=False),
]
ZoneOption = Annotated[
    str | None,
    typer.Option(
        "--zone",
        metavar="ZONE",
        help="The zone: a private zone's name or id, a public zone's name, or public_records.",
        autocompletion=_complete_zone,
        show_default=False,
    ),
]
SeenOption = Annotated[
    str | None,
    typer.Option(
        "--view", metavar="VIEW", help="Only what this view sees.", autocompletion=_complete_view, show_default=False
    ),
]
IdOption = Annotated[
    str | None,
    typer.Option("--id", metavar="ID", help="Which of several record sets with a routing policy.", show_default=False),
]
