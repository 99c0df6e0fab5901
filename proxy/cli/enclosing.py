"""A command's enclosure (`proxy.host.inside`), with the server that answers it.  Imported only on Linux."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

import typer

from proxy.app import Server
from proxy.cli.inside import Inside, InView
from proxy.cli.output import remark
from proxy.cli.status import Status
from proxy.configuration import Overrides, with_listeners
from proxy.host.inside import (
    AMAZON_SERVERS,
    STUBS,
    Enclosure,
    NotPossible,
    Wanted,
    Way,
    enclose_by_connections,
    enclose_by_files,
    enclose_by_sockets,
    free_loopback_address,
)
from proxy.host.resolvers import machine_servers
from proxy.host.waiting import end_like, end_of, forward_signals
from proxy.model.answers import ServerAddress
from proxy.model.plan import Listener
from proxy.relaying import relaying

__all__ = ["Enclosed", "enclose", "end_like", "serve_until_its_end"]

_DNS_PORT = 53
_NOT_EXECUTABLE, _NOT_FOUND = 126, 127  # as shells have it


_NEEDS = {
    Way.FILES: "it needs a port 53 (net.ipv4.ip_unprivileged_port_start=53) and user namespaces",
    Way.SOCKETS: "it needs user namespaces (in a container: --security-opt seccomp=unconfined)",
    Way.CONNECTIONS: "it needs Linux 5.9 and to look into its own children (in a container: --cap-add SYS_PTRACE)",
}


class Enclosed(NamedTuple):
    """A command that waits to begin, and where a server is to listen for it; None where somebody serves that already."""

    way: Way
    enclosure: Enclosure
    host: str | None
    command: str


def enclose(command: tuple[str, ...], inside: Inside, way: str | None) -> Enclosed:
    """The command in the first way that this machine allows; where it allows none, what it lacks is told."""
    wanted = Wanted(command, _search(inside), _resolvers(inside))
    lacks = []
    for each in Way:
        if way in (None, each.value):
            try:
                return _enclose(each, wanted, inside)
            except (NotPossible, OSError) as error:
                lacks.append(f"  {each.value}: {_what(error)}; {_NEEDS[each]}")
    remark("this machine lets no process have a resolver of its own" + (f" by {way}:" if way else ":"))
    for line in lacks:
        remark(line)
    remark("what works without: vpcdns resolver install --while -- COMMAND, as root; `vpcdns doctor` says more")
    raise typer.Exit(Status.MACHINE)


async def serve_until_its_end(enclosed: Enclosed, inside: Inside) -> int:
    """Serve the command until it ends; its exit status, or the number of the signal that ended it with a minus."""
    enclosure = enclosed.enclosure
    async with AsyncExitStack() as stack:
        host, port = await stack.enter_async_context(_answering(enclosed, inside))
        if enclosure.listener is not None:
            threading.Thread(target=enclosure.lead_to(host, port, _asked_here(inside)).run, daemon=True).start()
        forward_signals(enclosure.process)
        try:
            enclosure.let_go()
        except OSError as error:
            remark(f"vpcdns exec: {enclosed.command}: {error.strerror}")
            return _NOT_FOUND if _is_nowhere(enclosed.command) else _NOT_EXECUTABLE
        status = await end_of(enclosure.process)
    enclosure.leave_behind()
    return status


def _enclose(way: Way, wanted: Wanted, inside: Inside) -> Enclosed:
    name = wanted.command[0]
    if way is Way.SOCKETS:
        return Enclosed(way, enclose_by_sockets(wanted), None, name)
    if way is Way.CONNECTIONS:
        return Enclosed(way, enclose_by_connections(wanted), "127.0.0.1", name)
    if isinstance(inside, ServerAddress):
        if inside.port != _DNS_PORT:
            raise NotPossible(f"resolv.conf cannot name port {inside.port}")
        return Enclosed(way, enclose_by_files(wanted, inside.host), None, name)
    host = free_loopback_address()
    return Enclosed(way, enclose_by_files(wanted, host), host, name)


@asynccontextmanager
async def _answering(enclosed: Enclosed, inside: Inside) -> AsyncIterator[tuple[str, int]]:
    """Let the enclosure's queries be answered; where."""
    if isinstance(inside, ServerAddress):
        async with relaying(inside, [(pair.udp, pair.tcp) for pair in enclosed.enclosure.pairs]):
            yield inside.host, inside.port
    else:
        async with _server(enclosed, inside) as server:
            yield server.sockets[0].address


def _server(enclosed: Enclosed, inside: InView) -> Server:
    """A server of the view, on the enclosure's sockets or on an address of its own."""
    bound, listeners = {}, []
    for pair in enclosed.enclosure.pairs:
        host, port = pair.udp.getsockname()[:2]
        bound[host, port] = pair.udp, pair.tcp
        listeners.append(Listener(host, port, inside.view.name))
    if enclosed.host is not None:
        listeners.append(Listener(enclosed.host, _DNS_PORT if enclosed.way is Way.FILES else 0, inside.view.name))
    overrides = Overrides(for_one_command=True, listeners=tuple(listeners))
    configuration = with_listeners(inside.configuration, overrides.listeners)
    return Server(configuration, inside.source, overrides, watched=True, follows=True, bound=bound)


def _resolvers(inside: Inside) -> tuple[str, ...]:
    """The Amazon resolver's addresses in the networks of the view's VPC: the third of each (AWS: "Understanding Amazon DNS")."""
    if isinstance(inside, ServerAddress) or inside.view.vpc is None:
        return ()
    networks = inside.configuration.settings.vpcs[inside.view.vpc.name].cidr
    return tuple(str(network[2]) for network in networks if network.version == 4 and network.num_addresses > 2)


def _search(inside: Inside) -> tuple[str, ...]:
    """The domain that AWS's default DHCP options have ("DHCP option sets in Amazon VPC"); none outside of a VPC."""
    if isinstance(inside, ServerAddress) or inside.view.vpc is None:
        return ()
    region = inside.view.vpc.region
    return ("ec2.internal" if region == "us-east-1" else f"{region}.compute.internal",)


def _asked_here(inside: Inside) -> tuple[str, ...]:
    """The servers that a command asks which sees the machine's own resolv.conf, and the Amazon resolver."""
    others = *_resolvers(inside), *(server.host for server in machine_servers())
    return (*AMAZON_SERVERS, *STUBS, "127.0.0.1", "::1", *others)


def _is_nowhere(command: str) -> bool:
    return shutil.which(command, os.F_OK) is None


def _what(error: Exception) -> str:
    return str(error.strerror or error) if isinstance(error, OSError) else str(error)
