"""`vpcdns reload`: has a running server read its configuration anew, and tells what that changed, or what is wrong."""

from __future__ import annotations

import typer

from proxy.cli.arguments import AdminOption, ConfigOption, JsonOption
from proxy.cli.control import find_control, told
from proxy.cli.output import say, say_json


def run(ctx: typer.Context, config: ConfigOption = None, admin: AdminOption = None, as_json: JsonOption = False) -> None:
    """Have a running server read its configuration anew: all of it, or nothing and every problem with its place.

    What was changed by `vpcdns records`, `vpcdns health` or the control API is as in the file again.
    """

    def work() -> None:
        said = find_control(ctx, config, admin).change("POST", "/v1/reload")
        if as_json:
            say_json(said)
            return
        say(f"reloaded {said['name']} ({said['digest']}){'' if said['changed'] else ': nothing changed'}")
        for change in said["changed"]:
            say(f"  {change}")
        for dropped in said["dropped"]:
            say(f"  as in the file again: {dropped}")

    told(work, as_json=as_json)
