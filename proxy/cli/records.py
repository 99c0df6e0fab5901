"""`vpcdns records`: the record sets that a running server has, and others in their place until its next reload."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import typer

from proxy.cli.arguments import (
    AdminOption,
    ConfigOption,
    IdOption,
    JsonOption,
    SeenOption,
    ZoneOption,
    complete_name,
)
from proxy.cli.control import Control, find_control, told
from proxy.cli.output import aligned, remark, say, say_json
from proxy.cli.paint import Paint
from proxy.cli.status import Status
from proxy.cli.zoned import Form, read_words, whole_name, zone_of, zone_text
from proxy.telling.words import counted

_FORMS = {
    "list": Form(0, 2, "[list] [NAME [TYPE]]"),
    "set": Form(3, 10_000, "set NAME TYPE VALUE..."),
    "delete": Form(1, 2, "delete NAME [TYPE]"),
}
ACTIONS = tuple(_FORMS)
_HEAD = ("NAME", "TYPE", "TTL", "VALUES", "POLICY", "ZONE")

ActionArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="list|set|delete", help="What to do; else list.", autocompletion=lambda: ACTIONS, show_default=False
    ),
]
WordsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME TYPE VALUE",
        help="The whole name, the record type, and for set the values as the file has them.",
        autocompletion=complete_name,
        show_default=False,
    ),
]
TtlOption = Annotated[
    str | None, typer.Option("--ttl", metavar="TTL", help="For set: the TTL; else what it was, or 300.", show_default=False)
]


def run(
    ctx: typer.Context,
    action: ActionArgument = None,
    words: WordsArgument = None,
    *,
    zone: ZoneOption = None,
    view: SeenOption = None,
    ident: IdOption = None,
    ttl: TtlOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    admin: AdminOption = None,
) -> None:
    """List the record sets of a running server, or change some until its next reload; its file stays as it is.

    `records set www.example.com A 10.0.5.11` gives a name these addresses, and leaves its other types alone.
    """
    doing, given = read_words("records", _FORMS, action, words)
    meant = _Meant(given, zone, view, ident, ttl)

    def work() -> None:
        control = find_control(ctx, config, admin)
        if doing == "set":
            tell_change(_set(control, meant), as_json=as_json)
        elif doing == "delete":
            tell_change(_delete(control, meant), as_json=as_json)
        else:
            _list(control, meant, as_json=as_json)

    told(work, as_json=as_json)


class _Meant(NamedTuple):
    words: Sequence[str]
    zone: str | None
    view: str | None
    id: str | None
    ttl: str | None

    @property
    def name(self) -> str:
        return whole_name(self.words[0])


def tell_change(said: Mapping[str, Any], *, as_json: bool) -> None:
    """What came of a change."""
    if as_json:
        say_json(said)
        return
    for line in said["changed"] or ["nothing is answered otherwise"]:
        say(line)
    remark(f"until {said['until']}: the file is as it was")


def _list(control: Control, meant: _Meant, *, as_json: bool) -> None:
    name, kind = [*meant.words, None, None][:2]
    said = control.get("/v1/records", zone=meant.zone, view=meant.view, name=name, type=kind)
    said["record_sets"] = [each for each in said["record_sets"] if meant.id is None or _id(each) == meant.id]
    if as_json:
        say_json(said)
    elif said["record_sets"]:
        names = {each["zone"]: each for each in said["zones"]}
        head, *lines = aligned([_HEAD, *(_row(each, names[each["zone"]]) for each in said["record_sets"])])
        say(Paint(sys.stdout)(head, "bold"))
        for line in lines:
            say(line)
        remark(counted(len(said["record_sets"]), "record set"))
        for change in said["changes"]:
            remark(f"changed until the next reload: {change}")
    if not said["record_sets"]:
        remark("there is no such record set")
        raise typer.Exit(Status.PROBLEM)


def _row(each: Mapping[str, Any], zone: Mapping[str, Any]) -> tuple[str, ...]:
    values = f"alias {each['alias']}" if each["alias"] is not None else ", ".join(each["values"])
    ttl = "-" if each["ttl"] is None else str(each["ttl"])
    return each["name"].removesuffix("."), each["type"], ttl, values, _policy(each["routing"]), zone_text(zone)


def _policy(routing: Mapping[str, Any] | None) -> str:
    """`blue: weight 1, up`."""
    if routing is None:
        return "-"
    said = [_plain(word, value) for word, value in routing.items() if word not in ("id", "health")]
    return f"{routing['id']}: {', '.join([*said, *filter(None, [routing['health']])])}"


def _plain(word: str, value: Any) -> str:
    if value is True:
        return word
    return f"{word} {' '.join(map(str, value.values())) if isinstance(value, dict) else value}"


def _id(each: Mapping[str, Any]) -> str | None:
    return None if each["routing"] is None else each["routing"]["id"]


def _set(control: Control, meant: _Meant) -> Any:
    name, kind, values = meant.name, meant.words[1].upper(), list(meant.words[2:])
    place = zone_of(control, name, meant.zone, meant.view)
    there = control.get("/v1/records", zone=place.reference, view=place.view, name=name, type=kind)["record_sets"]
    before = _before(there, meant.id, name, kind)
    item: dict[str, Any] = {kind: values}
    kept = before["ttl"] if meant.ttl is None and before is not None else meant.ttl
    if kept is not None:
        item["ttl"] = str(kept)
    value: Any = item
    if before is not None and before["routing"] is not None:
        routing = {word: said for word, said in before["routing"].items() if said is not None}
        value = [{**routing, **item}]
    body = {"zone": place.reference, "view": place.view, "records": {name: value}}
    return control.change("PATCH", "/v1/records", body)


def _before(there: Sequence[Mapping[str, Any]], ident: str | None, name: str, kind: str) -> Mapping[str, Any] | None:
    """The record set that is to be another one, None where there is none yet."""
    ids = [each["routing"]["id"] for each in there if each["routing"] is not None]
    if ident is None and ids:
        raise typer.BadParameter(f"{name} {kind} is several record sets: {', '.join(ids)}", param_hint="--id")
    if ident is not None and ident not in ids:
        raise typer.BadParameter(f"{name} {kind} has no record set {ident}", param_hint="--id")
    return next((each for each in there if _id(each) == ident), None)


def _delete(control: Control, meant: _Meant) -> Any:
    place = zone_of(control, meant.name, meant.zone, meant.view)
    kind = meant.words[1].upper() if len(meant.words) > 1 else None
    given = {"zone": place.reference, "view": place.view, "name": meant.name, "type": kind, "id": meant.id}
    return control.change("DELETE", "/v1/records", **given)
