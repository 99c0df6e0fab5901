"""Servers elsewhere: those that the file simulates, and where a list of servers leads.

A simulated server answers in process wherever its address is named, at any port.  One that is unreachable is passed over, as
the resolver goes on to the next server when one does not answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from proxy.compile.problems import Problems
from proxy.compile.records import compile_whole_names
from proxy.compile.tables import build_root_table
from proxy.model.answers import Reason, ReasonKind, Route, ServerAddress
from proxy.model.claims import Zone
from proxy.settings.shape import Settings

SimulatedServers = Mapping[str, Zone | None]
"""By address: all that the server knows, or None where it is unreachable."""


def compile_simulated_servers(settings: Settings, problems: Problems) -> dict[str, Zone | None]:
    """The simulated servers of the file, by their addresses."""
    zones: dict[str, Zone | None] = {}
    for address, server in settings.simulated_servers.items():
        reason = Reason(ReasonKind.SIMULATED, f"simulated server {address}")
        table = compile_whole_names(server.records, problems)
        zones[str(address)] = None if server.unreachable else build_root_table(table, reason)
    return zones


def destination(servers: Iterable[ServerAddress], simulated: SimulatedServers, timeout: float) -> Route | Zone | None:
    """Who answers for a list of servers: the first that is simulated, or else a route to all that are not.

    None where every one is simulated and unreachable.  A simulated server behind a real one is never asked.
    """
    real: list[ServerAddress] = []
    for server in servers:
        if server.host not in simulated:
            real.append(server)
        elif not real and (zone := simulated[server.host]) is not None:
            return zone
    return Route(tuple(dict.fromkeys(real)), timeout) if real else None
