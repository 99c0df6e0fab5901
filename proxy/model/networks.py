"""Networks, and what is known of the smallest one that holds an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Self

from proxy.nouns import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


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
