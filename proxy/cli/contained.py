"""What `serve` tells where it runs in a container and clients' addresses decide: whom they stand for there."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from proxy.host.container import DOCKERS_RESOLVER, is_in_container, own_networks
from proxy.host.resolvers import machine_servers
from proxy.model.plan import Listener
from proxy.model.world import World


def contained(world: World, listeners: Sequence[Listener]) -> Iterator[str]:
    """The lines, none outside of a container."""
    if is_in_container():
        named = any(server.host == DOCKERS_RESOLVER for server in machine_servers())
        yield from who_is_where(world, listeners, own_networks(), dockers_resolver=named)


def who_is_where(
    world: World, listeners: Sequence[Listener], networks: Sequence[ipaddress.IPv4Network], *, dockers_resolver: bool
) -> Iterator[str]:
    """Where clients of the container's networks are, and a warning where none can be in a VPC though the file has some."""
    if not any(_goes_by_client(listener) for listener in listeners):
        return
    for network in networks:
        gateway = network[1]
        if world.allowed.find(gateway) is None:
            yield (
                f"warning: clients in {network}, this container's network, are refused: "
                "add it to `allow_clients`, or to the `clients` of a VPC"
            )
        else:
            yield (
                f"clients in {network} are in view {world.view_for(gateway).view.name}, "
                "as is who comes by a published port and has the gateway's address"
            )
    if networks and not _has_place(world, networks):
        yield (
            "warning: no VPC of the file has a network of this container, so no client's address is in one: name the view "
            'with the listener (listen: [{address: "0.0.0.0:53", view: VPC}]), or the network in the VPC\'s `clients`'
        )
    if dockers_resolver:
        yield f"Docker's own resolver ({DOCKERS_RESOLVER}) answers its containers first: names of services do not come here"


def _has_place(world: World, networks: Sequence[ipaddress.IPv4Network]) -> bool:
    """Whether a client can be in a VPC: by its address, or as everybody is by default; or there is none to be in."""
    if world.views[world.default_view].vpc is not None or all(view.vpc is None for view in world.views.values()):
        return True
    return any(world.networks.find(network[1]) is not None for network in networks)


def _goes_by_client(listener: Listener) -> bool:
    return listener.view is None and not ipaddress.ip_address(listener.host.partition("%")[0]).is_loopback
