"""What `serve` tells of itself: at its start, and when it is asked for statistics."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from proxy.app import Server, Socket
from proxy.configuration import Configuration
from proxy.counts import Counts
from proxy.host.resolvers import machine_servers
from proxy.inventory import count
from proxy.model.answers import ServerAddress
from proxy.model.plan import Listener
from proxy.model.world import World
from proxy.notes import open_listeners
from proxy.settings.shape import Settings
from proxy.telling.words import counted
from proxy.web import Admin

_FROM_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared, not bound


def banner(server: Server) -> Iterator[str]:
    """What was loaded, where it listens and for whom, and whom it asks."""
    configuration = server.configuration
    yield f"loaded: {loaded(configuration)}"
    for socket in server.sockets:
        yield f"listening: {address_of(socket)}, {_view_of(socket, configuration.world)}"
    yield f"upstream: {_upstream(configuration.settings)}"
    for warning in open_listeners(configuration.settings, configuration.plan.listeners):
        yield f"warning: {warning}"


def admin_lines(admin: Admin) -> Iterator[str]:
    """Where the control API is, and what there is to say of it."""
    if admin.url is not None:
        yield f"control API: {admin.url}"
    yield from admin.remarks


def loaded(configuration: Configuration) -> str:
    """What a configuration holds, counted."""
    held = count(configuration)
    words = {
        "view": held.views,
        "VPC": held.vpcs,
        "endpoint": held.endpoints,
        "private zone": held.private_zones,
        "record set": held.records,
    }
    return ", ".join(counted(number, word) for word, number in words.items())


def statistics(server: Server, counts: Counts, seconds: float) -> Iterator[str]:
    """How many answers there were, by their reasons."""
    yield f"statistics: {counted(counts.reasons.total(), 'answer')} in {seconds:.0f} s"
    for reason, number in counts.reasons.most_common():
        yield f"  {number} {reason}"
    if counts.packets.malformed:
        yield f"  {counted(counts.packets.malformed, 'packet')} that was no query"
    if counts.packets.dropped:
        yield f"  {counted(counts.packets.dropped, 'packet')} over packets_per_second"
    if counts.packets.limited:
        yield f"  {counted(counts.packets.limited, 'packet')} over responses_per_second"
    if counts.lost is not None and any(counts.lost):
        yield f"  {counted(counts.lost.busy + counts.lost.unwritten, 'line')} that the query log lacks"
    yield f"  configuration {server.engine.world.digest} of {server.configuration.name}"


def address_of(socket: Socket) -> Listener:
    """The real address of a socket, with its view."""
    host, port = socket.address
    return Listener(host, port, socket.listener.view)


def from_here(host: str) -> str:
    """The address by which this machine reaches what listens on `host`, and which it has then itself."""
    return _FROM_HERE.get(host, host)


def _view_of(socket: Socket, world: World) -> str:
    if socket.listener.view is not None:
        return f"view {socket.listener.view}"
    here = world.view_for(ipaddress.ip_address(from_here(socket.listener.host)))
    return f"view of the client; from this machine {here.view.name}"


def _upstream(settings: Settings) -> str:
    upstream = settings.upstream
    if upstream.mode == "off":
        return "off; what the file does not answer is refused"
    if upstream.mode == "replay":
        return f"replayed from {upstream.cassette}; what it lacks is refused"
    ways = [_servers(upstream.servers, settings)]
    ways += [f"{_servers(servers, settings)} for {domain}" for domain, servers in upstream.domains.items()]
    recorded = f"; recorded in {upstream.cassette}" if upstream.mode == "record" else ""
    return "; ".join(ways) + recorded


def _servers(servers: Iterable[ServerAddress | str], settings: Settings) -> str:
    return ", ".join(_system() if isinstance(server, str) else _server(server, settings) for server in servers)


def _system() -> str:
    return f"system ({', '.join(map(str, machine_servers())) or 'this machine names none'})"


def _server(server: ServerAddress, settings: Settings) -> str:
    simulated = server.host and ipaddress.ip_address(server.host) in settings.simulated_servers
    return f"{server} (simulated)" if simulated else str(server)
