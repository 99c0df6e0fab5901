"""The whole of a file into a World: its views with their claims, and who asks from where."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from proxy.compile.autodefined import compile_autodefined, compile_public_hostnames
from proxy.compile.delegations import Delegations
from proxy.compile.endpoints import compile_endpoints
from proxy.compile.firewall import compile_firewalls
from proxy.compile.instances import compile_instances
from proxy.compile.internet import compile_internet
from proxy.compile.loops import check_loops
from proxy.compile.machine import Machine
from proxy.compile.private_zones import compile_private_zones
from proxy.compile.problems import Problems
from proxy.compile.profiles import Resources, compile_profiles
from proxy.compile.rules import compile_rules
from proxy.compile.servers import compile_elsewhere
from proxy.compile.sites import check_peerings, compile_sites
from proxy.compile.subnets import check_subnets
from proxy.compile.views import Parts, compile_views
from proxy.model.world import INTERNET_VIEW, Dns64, Network, NetworkTable, View, World
from proxy.settings.problems import did_you_mean
from proxy.settings.shape import Settings

__all__ = ["Machine", "compile_world"]

_LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_ANYWHERE: tuple[Network, ...] = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


def compile_world(settings: Settings, machine: Machine, problems: Problems) -> World:
    """The World of `settings` (the short form expanded).  Where `problems` are found it is of no use."""
    check_subnets(settings, problems)
    check_peerings(settings, problems)
    sites = compile_sites(settings, compile_instances(settings, problems))
    endpoints = compile_endpoints(settings, problems)
    zones = compile_private_zones(settings, endpoints, problems)
    elsewhere = compile_elsewhere(settings, problems)
    internet = compile_internet(settings, endpoints, elsewhere, machine, problems)
    internet = replace(internet, names={**internet.names, **compile_public_hostnames(sites.values())})
    rules = compile_rules(settings, elsewhere, problems)
    profiles = compile_profiles(settings, Resources(zones, rules, endpoints), problems)
    firewalls = compile_firewalls(settings, problems)
    autodefined = compile_autodefined(sites, internet)
    delegations = Delegations(elsewhere, settings.quirks.delegation_without_rule == "ignored")
    parts = Parts(settings, machine, sites, endpoints, zones, autodefined, rules, firewalls, profiles, delegations, internet)
    views = {view.name: view for view in compile_views(parts)}
    world = World(
        views=views,
        default_view=_default_view(settings, views, problems),
        networks=NetworkTable.of(_client_networks(settings)),
        allowed=NetworkTable.of(_allowed(settings)),
        digest=machine.digest,
        dns64=dict(_dns64(settings, views)),
        rotates=settings.quirks.answer_order == "rotate",
    )
    check_loops(settings, world, problems)
    return world


def _dns64(settings: Settings, views: Mapping[str, View]) -> Iterator[tuple[str, Dns64]]:
    for name, vpc in settings.vpcs.items():
        subnets = [
            (network, subnet)
            for subnet, setting in vpc.subnets.items()
            for network in (setting.cidr, setting.ipv6_cidr)
            if setting.dns64 and network is not None
        ]
        if subnets:
            yield name, Dns64(NetworkTable.of(subnets), replace(views[name], dns64=True))


def _default_view(settings: Settings, views: Mapping[str, View], problems: Problems) -> str:
    chosen = settings.default_view
    if chosen is None:
        return next(iter(settings.vpcs)) if len(settings.vpcs) == 1 else INTERNET_VIEW
    if chosen not in views:
        problems.add(("default_view",), f"there is no view {chosen}", did_you_mean(chosen, views))
    return chosen


def _client_networks(settings: Settings) -> Iterator[tuple[Network, str]]:
    for name, vpc in settings.vpcs.items():
        yield from ((network, name) for network in vpc.networks)


def _allowed(settings: Settings) -> Iterator[tuple[Network, str]]:
    for word in settings.allow_clients:
        if word == "loopback":
            networks: Iterable[Network] = _LOOPBACK
        elif word == "any":
            networks = _ANYWHERE
        elif word == "vpcs":
            networks = (network for network, _ in _client_networks(settings))
        else:
            networks = (word,)
        yield from ((network, str(word)) for network in networks)
