"""Servers elsewhere that the file simulates: one answers in process wherever its address is named, at any port."""

from __future__ import annotations

from proxy.compile.problems import Problems
from proxy.compile.records import compile_whole_names
from proxy.compile.tables import build_root_table
from proxy.model.answers import Reason, ReasonKind
from proxy.model.claims import Elsewhere, Zone
from proxy.settings.shape import Settings


def compile_elsewhere(settings: Settings, problems: Problems) -> Elsewhere:
    """The simulated servers of the file, and how long others may take."""
    simulated: dict[str, Zone | None] = {}
    for address, server in settings.simulated_servers.items():
        reason = Reason(ReasonKind.SIMULATED, f"simulated server {address}")
        table = compile_whole_names(server.records, problems)
        simulated[str(address)] = None if server.unreachable else build_root_table(table, reason)
    return Elsewhere(simulated, settings.upstream.timeout)
