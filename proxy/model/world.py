"""The world that one configuration file describes: its views, and who asks from which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple

from proxy.dns.names import Name
from proxy.model.claims import Claim
from proxy.model.firewall import Firewall
from proxy.model.networks import Address, Network, NetworkTable
from proxy.nouns import dataclass

__all__ = ["INTERNET_VIEW", "Address", "Dns64", "Network", "NetworkTable", "Placement", "View", "Vpc", "World"]

INTERNET_VIEW = "internet"


@dataclass(frozen=True, slots=True)
class Vpc:
    """What an answer, or its log line, may depend on of the VPC of a view.

    `domain_name` is the search domain of its machines (the DHCP option).  `instances` leads from an address to the id of the
    instance that has it.
    """

    name: str
    id: str
    region: str
    account: str
    domain_name: Name
    instances: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class View:
    """A place to ask from: a VPC, an inbound endpoint of one (`VPC/NAME`), or the internet (`vpc` is None).

    `claims` always holds one for the root, so that every name has a longest claim.  `serves` is False in a VPC whose
    enableDnsSupport is off: its resolver answers nothing.  `resolver_endpoint` is the id of the inbound endpoint, if it is one;
    `firewall` what is looked at before anything else, None where nothing is.
    `dns64` is True in the view of clients whose subnet has DNS64; all else of it is that of the VPC.
    """

    name: str
    vpc: Vpc | None
    serves: bool
    claims: Mapping[bytes, Claim]
    resolver_endpoint: str | None = None
    firewall: Firewall | None = None
    dns64: bool = False


class Dns64(NamedTuple):
    """The subnets of a VPC that have DNS64, by their networks, and the view of the clients in them."""

    subnets: NetworkTable
    view: View


class Placement(NamedTuple):
    """A view and why a query belongs to it: "listener 127.0.0.1:1054", "client 10.0.1.5 in 10.0.0.0/16", "the default view"."""

    view: View
    why: str


@dataclass(frozen=True, slots=True)
class World:
    """Everything that answers depend on.  Replaced as a whole, by one assignment.

    `networks` leads from client networks to names of views; `allowed` holds the networks that may ask.  `digest` tells one
    configuration from another.  `dns64` has, by VPC, what is different for clients in subnets with DNS64.
    `rotates` is False where several records always stand in the same order.
    """

    views: Mapping[str, View]
    default_view: str
    networks: NetworkTable
    allowed: NetworkTable
    digest: str
    dns64: Mapping[str, Dns64] = field(default_factory=dict)
    rotates: bool = True

    def view_for(self, client: Address) -> Placement:
        """The view of a client that came in by a listener without a view of its own."""
        found = self.networks.find(client)
        if found is not None:
            return self.seen_from(Placement(self.views[found[1]], f"client {client} in {found[0]}"), client)
        return Placement(self.views[self.default_view], "the default view")

    def seen_from(self, placed: Placement, client: Address) -> Placement:
        """A view as this client sees it: DNS64 goes by the subnet that it is in."""
        dns64 = self.dns64.get(placed.view.name)
        subnet = None if dns64 is None else dns64.subnets.find(client)
        if dns64 is None or subnet is None:
            return placed
        return Placement(dns64.view, f"{placed.why}, in subnet {subnet[1]} with DNS64")
