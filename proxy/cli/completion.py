"""What a shell completes: views, zones and names of the configuration that the typed line chooses.

Nothing may be printed here, and a configuration that cannot be read completes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import typer

from proxy.changes import PUBLIC_RECORDS, zones_of
from proxy.cli.opening import quiet_source
from proxy.configuration import Configuration, load
from proxy.dns.names import name_text
from proxy.inventory import names_of
from proxy.settings.problems import ConfigError
from proxy.source import SourceError


def complete_view(ctx: typer.Context, incomplete: str) -> list[str]:
    """The views that begin so."""
    return [view for view in _views(ctx) if view.startswith(incomplete)]


def complete_views(ctx: typer.Context, incomplete: str) -> list[str]:
    """The same for the last of a list with commas; none twice."""
    done, comma, last = incomplete.rpartition(",")
    return [f"{done}{comma}{view}" for view in _views(ctx) if view.startswith(last) and view not in done.split(",")]


def complete_name(ctx: typer.Context, incomplete: str) -> list[str]:
    """The names of the file that begin so, in any letter case: what was typed stays as it is."""
    configuration = _configuration(ctx)
    if configuration is None:
        return []
    names = (name_text(question.name) for question in names_of(configuration))
    typed = incomplete.lower()
    return [incomplete + name[len(typed) :] for name in names if name.startswith(typed) and "*" not in name]


def complete_zone(ctx: typer.Context, incomplete: str) -> list[str]:
    """The zones of the file that begin so."""
    configuration = _configuration(ctx)
    if configuration is None:
        return []
    zones = (PUBLIC_RECORDS if each.name is None else str(each.name) for each in zones_of(configuration.settings))
    return [zone for zone in dict.fromkeys(zones) if zone.startswith(incomplete.lower())]


def _views(ctx: typer.Context) -> list[str]:
    configuration = _configuration(ctx)
    return [] if configuration is None else list(configuration.world.views)


def _configuration(ctx: typer.Context) -> Configuration | None:
    config = next(_configs(ctx), None)
    if config == "-":
        return None
    try:
        return load(quiet_source(ctx, config))
    except (ConfigError, SourceError):
        return None


def _configs(ctx: typer.Context) -> Iterator[str]:
    """The `-c` that were typed, the verb's own first: the callback that stores the other does not run here."""
    for context in (ctx, ctx.parent):
        config = context.params.get("config") if context else None
        if config:
            yield config
