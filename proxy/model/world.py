"""The world that one configuration file describes: its views, and who asks from which."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from proxy.model.claims import Claim
from proxy.model.firewall import Firewall

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

INTERNET_VIEW = "internet"


@dataclass(frozen=True, slots=True)
class Vpc:
    """What an answer, or its log line, may depend on of the VPC of a view.

    `instances` leads from an address to the id of the instance that has it.
    """

    name: str
    id: str
    region: str
    account: str
    instances: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class View:
    """A place to ask from: a VPC, an inbound endpoint of one (`VPC/NAME`), or the internet (`vpc` is None).

    `claims` always holds one for the root, so that every name has a longest claim.  `serves` is False in a VPC whose
    enableDnsSupport is off: its resolver answers nothing.  `resolver_endpoint` is the id of the inbound endpoint, if it is one;
    `firewall` what is looked at before anything else, None where nothing is.
    """

    name: str
    vpc: Vpc | None
    serves: bool
    claims: Mapping[bytes, Claim]
    resolver_endpoint: str | None = None
    firewall: Firewall | None = None


class Placement(NamedTuple):
    """A view and why a query belongs to it: "listener 127.0.0.1:1054", "client 10.0.1.5 in 10.0.0.0/16", "the default view"."""

    view: View
    why: str


@dataclass(frozen=True, slots=True)
class NetworkTable:
    """Networks with a value each, found by longest prefix.  One dict a prefix length, the longest first."""

    tables: tuple[tuple[int, int, Mapping[int, str]], ...]

    @classmethod
    def of(cls, networks: Iterable[tuple[Network, str]]) -> Self:
        """A table of `networks`; of two equal ones the first counts."""
        by_length: dict[tuple[int, int], dict[int, str]] = {}
        for network, value in networks:
            shift = network.max_prefixlen - network.prefixlen
            table = by_length.setdefault((network.version, shift), {})
            table.setdefault(int(network.network_address) >> shift, value)
        ordered = sorted(by_length.items(), key=lambda item: item[0][1])
        return cls(tuple((version, shift, table) for (version, shift), table in ordered))

    def find(self, address: Address) -> tuple[Network, str] | None:
        """The smallest network that holds `address`, and its value."""
        number = int(address)
        for version, shift, table in self.tables:
            if version == address.version and number >> shift in table:
                network = ipaddress.ip_network((address, address.max_prefixlen - shift), strict=False)
                return network, table[number >> shift]
        return None


@dataclass(frozen=True, slots=True)
class World:
    """Everything that answers depend on.  Replaced as a whole, by one assignment.

    `networks` leads from client networks to names of views; `allowed` holds the networks that may ask.  `digest` tells one
    configuration from another.
    """

    views: Mapping[str, View]
    default_view: str
    networks: NetworkTable
    allowed: NetworkTable
    digest: str

    def view_for(self, client: Address) -> Placement:
        """The view of a client that came in by a listener without a view of its own."""
        found = self.networks.find(client)
        if found is not None:
            return Placement(self.views[found[1]], f"client {client} in {found[0]}")
        return Placement(self.views[self.default_view], "the default view")
