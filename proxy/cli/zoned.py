"""What the words on the command line mean, of verbs that are about a running server's zones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import typer

from proxy.cli.control import Control
from proxy.settings.problems import did_you_mean


class Zone(NamedTuple):
    """What a change calls it, and a view that sees it."""

    reference: str
    view: str | None


class Form(NamedTuple):
    """What stands behind an action: how many words at least and at most, and which."""

    least: int
    most: int
    words: str


def read_words(
    verb: str, forms: Mapping[str, Form], action: str | None, words: Sequence[str] | None
) -> tuple[str, Sequence[str]]:
    """The action and its words; `list` where none is written, which may also begin with a name."""
    words = words or []
    if action is not None and action not in forms:
        if "." not in action:
            raise typer.BadParameter(f"{action} is nothing to do ({did_you_mean(action, forms)})", param_hint="ACTION")
        action, words = "list", [action, *words]
    action = action or "list"
    form = forms[action]
    if not form.least <= len(words) <= form.most:
        raise typer.BadParameter(f"write vpcdns {verb} {form.words}", param_hint="NAME")
    return action, words


def whole_name(name: str) -> str:
    """A name with its final dot: on the command line all names are whole."""
    return name if name.endswith(".") else f"{name}."


def zone_of(control: Control, name: str, zone: str | None, view: str | None) -> Zone:
    """The given zone; else the longest one that holds a name, of those that `view` sees."""
    if zone is not None:
        return Zone(zone, view)
    zones = control.get("/v1/records", view=view, name=name)["zones"]
    held = [
        each for each in zones if each["name"] is not None and f".{name.lower()}".endswith(f".{each['name'].lstrip('.')}")
    ]
    longest = [each for each in held if len(each["name"]) == max(len(other["name"]) for other in held)]
    if len(longest) == 1:
        return _zone(longest[0])
    if not longest:
        known = (each["name"] for each in zones if each["name"] is not None)
        hint = did_you_mean(name, known) or "the file has none"
        what = f"no zone holds {name} ({hint}); --zone public_records makes it a record of the internet"
        raise typer.BadParameter(what, param_hint="--zone")
    raise typer.BadParameter(f"{len(longest)} zones hold {name}: {_told(longest)}", param_hint="--view or --zone")


def _zone(zone: Mapping[str, Any]) -> Zone:
    """By its name and a view, which tell it from all others and can be read; by its id where nobody sees it."""
    if not zone["views"]:
        return Zone(zone["zone"], None)
    return Zone(zone["name"].removesuffix("."), zone["views"][0])


def zone_text(zone: Mapping[str, Any]) -> str:
    """`example.com (app)`."""
    name = zone["zone"] if zone["name"] is None else zone["name"].removesuffix(".")
    return f"{name} ({', '.join(zone['views']) or 'no view'})"


def _told(zones: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(f"{each['zone']} in {', '.join(each['views']) or 'no view'}" for each in zones)
