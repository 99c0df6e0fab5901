"""Loops: names that a view sends to a listener of the same file, whose view sends them on until they are back.

AWS refuses a rule with an inbound endpoint of its own VPC as target, and advises against the longer ways round ("Avoid loop
configurations with Resolver endpoints").  Each query would go round until it times out, so a file that has such a way is
refused here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import NamedTuple

from proxy.compile.claims import covering
from proxy.compile.plan import sockets_of
from proxy.compile.problems import Problems
from proxy.dns.names import Name
from proxy.model.answers import Route, ServerAddress
from proxy.model.claims import Claim, Forward, Internet
from proxy.model.world import View, World
from proxy.nouns import dataclass
from proxy.settings.problems import Path, path_text
from proxy.settings.shape import Settings

_ANYWHERE = {4: "0.0.0.0", 6: "::"}  # noqa: S104  looked for, not bound


class Sent(NamedTuple):
    """A view sends a name to a listener of the file: by what, to which of its targets, and whose listener that is."""

    view: str
    path: Path
    target: ServerAddress
    listener: Path

    def __str__(self) -> str:
        return f"view {self.view} sends it to {self.target} ({path_text(self.path)}), which is {path_text(self.listener)}"


Ways = Mapping[ServerAddress, tuple[Path, View]]
"""From a server's address to the listener of this file that it is, and to the view that is asked there."""


def check_loops(settings: Settings, world: World, problems: Problems) -> None:
    """A problem for each loop, at the last rule that takes part in it."""
    ways = _ways(settings, world)
    told = {path for path, _, _ in problems.found}  # what AWS refuses was said in its words
    for loop, name in _loops(settings, world, ways):
        path = max(sent.path for sent in loop)
        if path not in told:
            told.add(path)
            others = " or ".join(sorted({path_text(sent.path) for sent in loop}))
            problems.add(path, f"a loop: for {name}, {'; '.join(map(str, loop))}", f"change {others}")


def _ways(settings: Settings, world: World) -> Ways:
    listeners = {(listen.host, listen.port): (path, view) for path, listen, view in sockets_of(settings) if listen.port}
    servers = {target for rule in settings.resolver_rules for target in rule.targets}
    servers.update(server for server in settings.upstream.servers if isinstance(server, ServerAddress) and server.host)
    ways: dict[ServerAddress, tuple[Path, View]] = {}
    for server in servers:
        address = ipaddress.ip_address(server.host)
        found = listeners.get((server.host, server.port))
        if found is None and address.is_loopback:
            found = listeners.get((_ANYWHERE[address.version], server.port))
        if found is not None and (found[1] or world.default_view) in world.views:
            path, view = found
            ways[server] = path, world.view_for(address).view if view is None else world.views[view]
    return ways


def _loops(settings: Settings, world: World, ways: Ways) -> Iterator[tuple[tuple[Sent, ...], Name]]:
    """The loops, each with a name that goes round in it."""
    names = {
        claim.name
        for view in world.views.values()
        for claim in view.claims.values()
        if any(server in ways for server in _servers(claim.action))
    }
    for name in sorted(names, key=len):
        search = _Search(name, ways, settings)
        for view in world.views.values():
            yield from ((loop, name) for loop in search.follow(view, ()))


@dataclass(frozen=True, slots=True)
class _Search:
    """Where a name goes; `done` has the views that were looked at."""

    name: Name
    ways: Ways
    settings: Settings
    done: set[str] = field(default_factory=set)

    def follow(self, view: View, way: tuple[Sent, ...]) -> Iterator[tuple[Sent, ...]]:
        """The loops that the name comes into when it is asked in a view; `way` is how it came there."""
        passed = [sent.view for sent in way]
        if view.name in passed:
            yield way[passed.index(view.name) :]
        elif view.name not in self.done:
            self.done.add(view.name)
            claim = covering(view.claims, self.name)
            for server in _servers(claim.action):
                if server in self.ways:
                    listener, there = self.ways[server]
                    sent = Sent(view.name, _path(claim, server, self.settings), server, listener)
                    yield from self.follow(there, (*way, sent))


def _servers(action: object) -> tuple[ServerAddress, ...]:
    """The servers that a claim asks over the network."""
    to = action.to if isinstance(action, Forward) else action.beyond if isinstance(action, Internet) else None
    return to.servers if isinstance(to, Route) else ()


def _path(claim: Claim, server: ServerAddress, settings: Settings) -> Path:
    """Where the file says that a claim's names are sent to a server."""
    if isinstance(claim.action, Internet):
        return ("upstream", "servers")
    index = next(
        index for index in range(len(settings.resolver_rules)) if path_text(("resolver_rules", index)) == claim.origin
    )
    return ("resolver_rules", index, "targets", settings.resolver_rules[index].targets.index(server))
