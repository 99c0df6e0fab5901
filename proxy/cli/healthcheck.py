"""`vpcdns healthcheck`: whether a server answers, for containers and service managers."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from proxy.asking import Outcome, ask_server, outcome_of
from proxy.cli.arguments import ConfigOption, JsonOption, ServerOption
from proxy.cli.banner import from_here
from proxy.cli.opening import open_configuration
from proxy.cli.output import say, say_json
from proxy.cli.questions import read_server
from proxy.cli.status import Status
from proxy.dns.codes import TYPE_A, rcode_word
from proxy.dns.names import Name
from proxy.model.answers import Protocol, Question, ServerAddress, UpstreamError

PROBE = Question(Name.from_text("health.vpcdns.test"), TYPE_A)

TimeoutOption = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=0.01, max=60, help="How long to wait for the answer.")
]


def run(
    ctx: typer.Context,
    config: ConfigOption = None,
    server: ServerOption = None,
    timeout: TimeoutOption = 2.0,
    as_json: JsonOption = False,
) -> None:
    """Ask a running server for health.vpcdns.test: the given one, else the first listener of the configuration."""
    address = _first_listener(ctx, config) if server is None else read_server(server)
    wrong = asyncio.run(_ask(address, timeout))
    if as_json:
        say_json({"server": str(address), "healthy": not wrong, "problem": wrong or None})
    else:
        say(f"unhealthy: {address}: {wrong}" if wrong else f"healthy: {address}")
    raise typer.Exit(Status.PROBLEM if wrong else Status.GOOD)


def _first_listener(ctx: typer.Context, config: str | None) -> ServerAddress:
    host, port = open_configuration(ctx, config).plan.listeners[0][:2]
    if not port:
        raise typer.BadParameter("the configuration says port 0, any free one: say which it is", param_hint="--server")
    return ServerAddress(Protocol.UDP, from_here(host), port)


async def _ask(server: ServerAddress, seconds: float) -> str:
    """What is wrong with a server; nothing if it is healthy."""
    try:
        reply = await ask_server(server, PROBE, seconds)
    except UpstreamError as error:
        return error.reason.text
    if outcome_of(PROBE, reply) is Outcome.ANSWER:
        return ""
    return f"it answers {rcode_word(reply.rcode)} without an address: this is no vpcdns, or none of yours"
