"""The whole of a file into a World: its views with their claims, and who asks from where."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from proxy.compile.claims import claim_table, endpoint_claims, internet_claim, private_zone_claims, self_claim
from proxy.compile.endpoints import Endpoint, compile_endpoints
from proxy.compile.hints import did_you_mean
from proxy.compile.ids import inbound_endpoint_id, vpc_id
from proxy.compile.internet import compile_internet
from proxy.compile.private_zones import PrivateZone, compile_private_zones
from proxy.compile.problems import Problems
from proxy.compile.subnets import check_subnets
from proxy.model.answers import ServerAddress
from proxy.model.claims import Claim, Internet
from proxy.model.world import INTERNET_VIEW, Network, NetworkTable, View, Vpc, World
from proxy.settings.shape import Settings, VpcSetting

_LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_ANYWHERE: tuple[Network, ...] = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


class Machine(NamedTuple):
    """What a World depends on beside the file: the machine's own resolvers, this version, the file's digest."""

    system_servers: tuple[ServerAddress, ...]
    version: str
    digest: str


def compile_world(settings: Settings, machine: Machine, problems: Problems) -> World:
    """The World of `settings` (the short form expanded).  Where `problems` are found it is of no use."""
    check_subnets(settings, problems)
    endpoints = compile_endpoints(settings, problems)
    zones = compile_private_zones(settings, endpoints, problems)
    internet = compile_internet(settings, endpoints, machine.system_servers, problems)
    views = {view.name: view for view in _views(settings, endpoints, zones, internet, machine)}
    _check_peerings(settings, problems)
    return World(
        views=views,
        default_view=_default_view(settings, views, problems),
        networks=NetworkTable.of(_client_networks(settings)),
        allowed=NetworkTable.of(_allowed(settings)),
        digest=machine.digest,
    )


def _views(
    settings: Settings,
    endpoints: Mapping[str, Sequence[Endpoint]],
    zones: Sequence[PrivateZone],
    internet: Internet,
    machine: Machine,
) -> Iterator[View]:
    outside = internet_claim(internet)

    def view(name: str, vpc: Vpc | None, serves: bool, claims: Iterable[Claim], endpoint: str | None = None) -> View:
        own = self_claim(name, machine.version, machine.digest)
        return View(name, vpc, serves, claim_table((own, *claims, outside)), endpoint)

    yield view(INTERNET_VIEW, None, True, ())
    for name, setting in settings.vpcs.items():
        vpc = Vpc(name, setting.id or vpc_id(name), setting.region or settings.region, setting.account or settings.account)
        private: tuple[Claim, ...] = ()
        if _has_private_dns(setting):
            private = tuple(private_zone_claims(name, zones))
        here = endpoints.get(name, ()) if _has_private_dns(setting) else ()
        serves = setting.enable_dns_support
        yield view(name, vpc, serves, (*private, *endpoint_claims(here, internet, inbound=False)))
        for inbound in setting.inbound_endpoints:
            through = endpoint_claims(here, internet, inbound=True)
            yield view(f"{name}/{inbound}", vpc, serves, (*private, *through), inbound_endpoint_id(name, inbound))


def _has_private_dns(vpc: VpcSetting) -> bool:
    """Private zones and names need both attributes ("DNS attributes for your VPC"); without, names resolve publicly."""
    return vpc.enable_dns_support and vpc.enable_dns_hostnames


def _default_view(settings: Settings, views: Mapping[str, View], problems: Problems) -> str:
    chosen = settings.default_view
    if chosen is None:
        return next(iter(settings.vpcs)) if len(settings.vpcs) == 1 else INTERNET_VIEW
    if chosen not in views:
        problems.add(("default_view",), f"there is no view {chosen}", did_you_mean(chosen, views))
    return chosen


def _client_networks(settings: Settings) -> Iterator[tuple[Network, str]]:
    for name, vpc in settings.vpcs.items():
        for network in (*vpc.cidr, *vpc.clients):
            yield network, name


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


def _check_peerings(settings: Settings, problems: Problems) -> None:
    for index, peering in enumerate(settings.peerings):
        for vpc in peering.vpcs:
            if vpc not in settings.vpcs:
                problems.add(("peerings", index, "vpcs"), f"there is no VPC {vpc}", did_you_mean(vpc, settings.vpcs))
