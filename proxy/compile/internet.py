"""The internet as the file describes it, and where the rest of it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from proxy.compile.endpoints import Endpoint
from proxy.compile.machine import Machine
from proxy.compile.problems import Problems
from proxy.compile.records import compile_whole_names
from proxy.compile.service_names import OwnService, own_services
from proxy.compile.special_use import compile_special_use
from proxy.compile.tables import NEGATIVE_SOA, build_node, build_zone
from proxy.dns.names import Name
from proxy.model.answers import Protocol, Reason, ReasonKind, Route, ServerAddress, Strategy
from proxy.model.claims import Elsewhere, Internet, Node, Zone
from proxy.nouns import dataclass
from proxy.settings.problems import Path
from proxy.settings.shape import Settings


def compile_internet(
    settings: Settings,
    endpoints: Mapping[str, Sequence[Endpoint]],
    elsewhere: Elsewhere,
    machine: Machine,
    problems: Problems,
) -> Internet:
    """What never goes upstream, and the route for the rest."""
    every = list(chain.from_iterable(endpoints.values()))
    services = list(own_services(settings).values())
    ids = [*(endpoint.id for endpoint in every if endpoint.vpce_zone is not None), *(own.service.label for own in services)]
    ways = _Ways(settings, elsewhere, machine, problems)
    return Internet(
        endpoint_zones=_endpoint_zones(every, services),
        endpoint_ids=tuple(ident.encode("ascii") + b"-" for ident in ids),
        names=_public_names(settings, problems),
        zones=_public_zones(settings, problems),
        soa=NEGATIVE_SOA,
        api_names={
            endpoint.api_name[1:]: build_node(endpoint.api_sets, _name_of(endpoint))
            for endpoint in every
            if endpoint.api_name is not None and endpoint.api_sets
        },
        beyond=ways.beyond(),
        domains=ways.domains(),
        special=compile_special_use(),
        rebinding=frozenset(settings.upstream.rebind_allowed) if settings.upstream.rebind_protection else None,
    )


def _name_of(endpoint: Endpoint) -> Reason:
    return Reason(ReasonKind.ENDPOINT_NAME, f"name of endpoint {endpoint.vpc}/{endpoint.handle} ({endpoint.id})")


def _endpoint_zones(endpoints: Iterable[Endpoint], services: Iterable[OwnService]) -> dict[bytes, Zone]:
    """Endpoints' DNS names, which are public: anyone gets the private addresses (AWS PrivateLink, "DNS hostnames").

    What the base name of a service of one's own has nobody tells; here it has nothing, as the names below it are there.
    """
    named: dict[Name, dict[bytes, Node]] = {}
    for own in services:
        named.setdefault(own.base_name.parent(), {})[own.base_name] = Node()
    for endpoint in endpoints:
        if endpoint.vpce_zone is None:
            continue
        reason = _name_of(endpoint)
        here = named.setdefault(endpoint.vpce_zone, {})
        here.update((owner, build_node(sets, reason)) for owner, sets in endpoint.dns_names.items())
    for regional in list(named):  # the id of one of them means this file in every region
        named.setdefault(regional.parent(), {})
    return {
        name: build_zone(name, {}, Reason(ReasonKind.ENDPOINT_NAME, f"endpoints' names in {name}"), nodes)
        for name, nodes in named.items()
    }


def _public_names(settings: Settings, problems: Problems) -> dict[bytes, Node]:
    reason = Reason(ReasonKind.PUBLIC_RECORD, "public record")
    return {
        owner: build_node(sets, reason) for owner, sets in compile_whole_names(settings.public_records, problems).items()
    }


def _public_zones(settings: Settings, problems: Problems) -> dict[bytes, Zone]:
    zones: dict[bytes, Zone] = {}
    for index, zone in enumerate(settings.public_zones):
        if zone.name in zones:
            problems.add(
                ("public_zones", index, "name"), f"a second public zone {zone.name}", "put its records into the first"
            )
        reason = Reason(ReasonKind.PUBLIC_ZONE, f"public zone {zone.name}")
        zones[zone.name] = build_zone(zone.name, compile_whole_names(zone.records, problems), reason)
    return zones


@dataclass(frozen=True, slots=True)
class _Ways:
    """From the servers of a file to who answers."""

    settings: Settings
    elsewhere: Elsewhere
    machine: Machine
    problems: Problems

    def beyond(self) -> Route | Zone | None:
        """Where the rest is asked."""
        upstream = self.settings.upstream
        return None if upstream.mode == "off" else self._way(("upstream", "servers"), upstream.servers)

    def domains(self) -> dict[bytes, Route | Zone]:
        """Where single domains are asked."""
        upstream = self.settings.upstream
        if upstream.mode == "off":
            return {}
        return {name: self._way(("upstream", "domains", str(name)), servers) for name, servers in upstream.domains.items()}

    def _way(self, path: Path, wanted: Sequence[ServerAddress | str]) -> Route | Zone:
        upstream = self.settings.upstream
        servers: list[ServerAddress] = []
        for index, server in enumerate(wanted):
            if isinstance(server, str):
                servers.extend(self.machine.system_servers)
                continue
            servers.append(server)
            if server.protocol is Protocol.HTTPS and not self.machine.speaks_http_2:
                at = (*path, index) if len(wanted) > 1 else path
                what = f"{server} is asked by HTTP/2, and the package for it is not installed"
                self.problems.add(at, what, "pip install 'vpcdns[https]'")
        strategy = Strategy(upstream.strategy)
        label = ", ".join(map(str, wanted)) if "system" in wanted else ""
        way = self.elsewhere.reach(servers, strategy, label)
        return Route((), upstream.timeout, strategy, label) if way is None else way
