"""Typer without pydantic, for the options that are plain words.

Typer 0.29 turns every option into a pydantic validator when it is read: 70 ms before the first answer of `serve`, spent on
making a str of a str.  Where Typer is made otherwise than is looked for here, nothing is changed, and it only takes longer;
a test tells.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

_AS_TYPED = (str, list[str], bool)


class AsTyped:
    """In place of a validator: takes what was typed as it is."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value; of an option that can be repeated, a sequence."""
        return () if value is None and (param.multiple or param.nargs == -1) else value


class QuickCommand(TyperCommand):
    """A verb."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The same as ever, sooner."""
        quicken(self, ctx)
        return super().parse_args(ctx, args)


def quicken(command: Any, ctx: Any) -> None:
    """Read the plain options of a command, those that Typer added included, without pydantic."""
    for param in command.get_params(ctx):
        if getattr(getattr(param, "type_descriptor", None), "annotation", None) in _AS_TYPED:
            param._runtime_param = AsTyped()  # noqa: SLF001  there is no public way
