"""What `serve` does where a service manager started it: the sockets that it hands over, and word to it."""

from __future__ import annotations

import asyncio
import os
from typing import NamedTuple

import typer

from proxy.app import NOTHING_BOUND, Bound, Server
from proxy.cli.banner import address_of, loaded
from proxy.cli.output import remark
from proxy.cli.status import Status
from proxy.configuration import Configuration, Overrides, with_listeners
from proxy.host.service import Notifier, NotWhole, handed_over
from proxy.model.plan import Listener


class Handed(NamedTuple):
    """What is served where sockets were handed over: instead of all listeners, these sockets."""

    configuration: Configuration
    overrides: Overrides
    bound: Bound


def take_sockets(configuration: Configuration, overrides: Overrides) -> Handed:
    """The sockets that are there already; one whose name is that of a view is that view's."""
    try:
        found = handed_over(os.environ)
    except NotWhole as error:
        remark(error)
        raise typer.Exit(Status.MACHINE) from None
    if not found:
        return Handed(configuration, overrides, NOTHING_BOUND)
    views = configuration.world.views
    listeners = tuple(Listener(each.host, each.port, each.name if each.name in views else None) for each in found)
    bound = {(each.host, each.port): (each.udp, each.tcp) for each in found}
    return Handed(with_listeners(configuration, listeners), overrides._replace(listeners=listeners), bound)


def tell_ready(notifier: Notifier, server: Server) -> None:
    """Say that all is served, and what."""
    places = ", ".join(str(address_of(socket)) for socket in server.sockets)
    notifier.ready(f"serving {places}: {loaded(server.configuration)}")


async def show_life(notifier: Notifier) -> None:
    """From within the loop: where it hangs, nothing is answered, and the service manager should know."""
    while notifier.watched_every is not None:
        notifier.alive()
        await asyncio.sleep(notifier.watched_every)
