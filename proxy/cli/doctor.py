"""`vpcdns doctor`: what on this machine stands in the way, and what helps."""

from __future__ import annotations

from pathlib import Path

import typer

from proxy.cli.arguments import ConfigOption, JsonOption
from proxy.cli.banner import from_here
from proxy.cli.guarding import is_healthy
from proxy.cli.opening import open_configuration
from proxy.cli.output import say, say_json
from proxy.cli.status import Status
from proxy.configuration import Configuration, asks_the_machine
from proxy.dns.names import Name
from proxy.host.doctor import Looked, findings
from proxy.host.journal import Journal, Unreadable, load
from proxy.inventory import domains_of, names_of
from proxy.model.answers import Protocol, ServerAddress


def run(ctx: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Look for what keeps this machine from the names of the file, and tell what helps.  Changes nothing.

    Exits with 0 where all is clear, 1 where something was found.
    """
    found = list(findings(_looked(open_configuration(ctx, config))))
    if as_json:
        say_json([{"finding": each.word, "what": each.what, "remedies": list(each.remedies)} for each in found])
    else:
        for each in found:
            say(f"{each.word}: {each.what}")
            for line in each.remedies:
                say(f"    {line}")
        if not found:
            say("clear: nothing on this machine is in the way")
    raise typer.Exit(Status.PROBLEM if found else Status.GOOD)


def _looked(configuration: Configuration) -> Looked:
    places = tuple(dict.fromkeys((from_here(each.host), each.port) for each in configuration.plan.listeners))
    known = tuple(each for each in places if each[1])
    journal, unreadable = _journal()
    return Looked(
        listeners=known,
        answering=frozenset(each for each in known if is_healthy(str(ServerAddress(Protocol.UDP, *each)))),
        domains=tuple(dict.fromkeys(domain for view in configuration.world.views.values() for domain in domains_of(view))),
        names=frozenset(str(Name(each.name)).removesuffix(".") for each in names_of(configuration)),
        asks_the_machine=configuration.settings.upstream.mode != "off" and asks_the_machine(configuration.settings),
        journal=journal,
        unreadable=unreadable,
        home=Path("~").expanduser(),
    )


def _journal() -> tuple[Journal | None, str]:
    """The journal, or why there is none to be read."""
    try:
        return load(), ""
    except Unreadable as error:
        return None, str(error)
