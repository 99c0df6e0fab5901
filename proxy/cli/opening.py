"""The configuration that a verb works on."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from proxy.cli.output import remark
from proxy.configuration import NO_OVERRIDES, Configuration, Overrides, load
from proxy.source import Source, demo_path, find_source


def open_source(ctx: typer.Context, config: str | None) -> Source:
    """The source of a verb's own `-c`, else of the one before the verb, else the usual one; says which on standard error."""
    source = quiet_source(ctx, config)
    remark(f"configuration: {source.name} ({source.why})")
    return source


def open_configuration(ctx: typer.Context, config: str | None, overrides: Overrides = NO_OVERRIDES) -> Configuration:
    """What that source holds, compiled; ConfigError or SourceError where it cannot be."""
    return load(open_source(ctx, config), overrides)


def quiet_source(ctx: typer.Context, config: str | None) -> Source:
    """The same source, without a word: for completion."""
    return find_source(config or ctx.obj, os.environ, _here(), _home(), demo_path())


def _here() -> Path:
    """The working folder; where its name cannot be had (it was removed, or is another user's), as what is relative to it."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


def _home() -> Path:
    """The home folder; where there is none (a container's user without an entry), the root has no file of ours either."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")
