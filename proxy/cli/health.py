"""`vpcdns health`: the health of record sets in a running server, turned until its next reload."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from proxy.cli.arguments import (
    AdminOption,
    ConfigOption,
    JsonOption,
    SeenOption,
    ZoneOption,
    complete_name,
)
from proxy.cli.control import Control, find_control, told
from proxy.cli.output import aligned, remark, say, say_json
from proxy.cli.paint import Paint
from proxy.cli.records import tell_change
from proxy.cli.status import Status
from proxy.cli.zoned import Form, read_words, zone_text

_FORMS = {"list": Form(0, 1, "[list] [NAME]"), "set": Form(3, 3, "set NAME ID up, or down")}
ACTIONS = tuple(_FORMS)
_HEAD = ("NAME", "TYPE", "ID", "POLICY", "HEALTH", "ZONE")
_STYLE = {"up": "green", "down": "red"}

ActionArgument = Annotated[
    str | None,
    typer.Argument(metavar="list|set", help="What to do; else list.", autocompletion=lambda: ACTIONS, show_default=False),
]
WordsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME ID up|down",
        help="The whole name; for set the id of the record set, and its health.",
        autocompletion=complete_name,
        show_default=False,
    ),
]
TypeOption = Annotated[
    str | None,
    typer.Option(
        "--type", metavar="TYPE", help="Only the record set of this type; else all of that id.", show_default=False
    ),
]


def run(
    ctx: typer.Context,
    action: ActionArgument = None,
    words: WordsArgument = None,
    *,
    zone: ZoneOption = None,
    view: SeenOption = None,
    kind: TypeOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    admin: AdminOption = None,
) -> None:
    """List what has a routing policy in a running server, with its health, or turn that until the next reload.

    `health set app.example.com blue down` is what `health: down` says in the file.
    """
    doing, given = read_words("health", _FORMS, action, words)
    if doing == "set" and given[2] not in _STYLE:
        raise typer.BadParameter(f"write vpcdns health {_FORMS[doing].words}", param_hint="NAME")

    def work() -> None:
        control = find_control(ctx, config, admin)
        if doing == "set":
            name, ident, health = given
            body = {"name": name, "id": ident, "health": health, "type": kind, "zone": zone, "view": view}
            tell_change(control.change("PUT", "/v1/health", body), as_json=as_json)
        else:
            _list(control, given, zone, view, kind, as_json=as_json)

    told(work, as_json=as_json)


def _list(
    control: Control, words: Sequence[str], zone: str | None, view: str | None, kind: str | None, *, as_json: bool
) -> None:
    said = control.get("/v1/health", zone=zone, view=view, name=words[0] if words else None, type=kind)
    found = said["record_sets"]
    if as_json:
        say_json(said)
    elif found:
        paint = Paint(sys.stdout)
        zones = {zone["zone"]: zone for zone in said["zones"]}
        head, *lines = aligned([_HEAD, *(_row(each, zones[each["zone"]]) for each in found)])
        say(paint(head, "bold"))
        for line, each in zip(lines, found, strict=True):
            say(paint(line, _STYLE[each["health"]]) if each["health"] else line)
        for change in said["changes"]:
            remark(f"changed until the next reload: {change}")
    if not found:
        remark("there is no record set with a routing policy")
        raise typer.Exit(Status.PROBLEM)


def _row(each: Mapping[str, Any], zone: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        each["name"].removesuffix("."),
        each["type"],
        each["id"],
        each["policy"],
        each["health"] or "up (no check)",
        zone_text(zone),
    )
