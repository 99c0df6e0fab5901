"""What the servers are told, and what they are asked."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MOST_QUESTIONS = 1000
FRESH = 400_000  # names of one round that must not come twice


@dataclass(frozen=True, slots=True)
class Names:
    """`zones` zones of `hosts` names with an A record each, and in each zone a chain of three names; in `vpcs` VPCs."""

    zones: int
    hosts: int
    vpcs: int = 1

    def zone_names(self) -> list[str]:
        """All zones."""
        return [f"zone{zone}.example" for zone in range(self.zones)]

    def each(self) -> Iterator[tuple[str, str, str]]:
        """Zone, name in it, address."""
        for number, zone in enumerate(self.zone_names()):
            for host in range(self.hosts):
                yield zone, f"host{host}", f"10.{number % 250}.{host // 250}.{host % 250 + 1}"

    def chains(self) -> Iterator[tuple[str, str, str]]:
        """Zone, alias, what it is an alias of."""
        for zone in self.zone_names():
            yield zone, "alias1", f"alias2.{zone}"
            yield zone, "alias2", f"host0.{zone}"

    def hosts_spread(self) -> list[str]:
        """Names with an address, spread over all."""
        every = [f"{host}.{zone}" for zone, host, _ in self.each()]
        return every[:: max(1, len(every) // MOST_QUESTIONS)]


Questions = Callable[[Names, int], list[str]]
"""The lines of one round, by its number, as dnsperf reads them."""


def one(names: Names, _: int) -> list[str]:
    """One name."""
    return [f"{names.hosts_spread()[0]} A"]


def many(names: Names, _: int) -> list[str]:
    """Up to 1,000 names."""
    return [f"{name} A" for name in names.hosts_spread()]


def every(names: Names, _: int) -> list[str]:
    """All names, in no order."""
    lines = [f"{host}.{zone} A" for zone, host, _ in names.each()]
    random.Random(1).shuffle(lines)
    return lines


def nodata(names: Names, _: int) -> list[str]:
    """Names that are there, with a type that they lack."""
    return [f"{name} AAAA" for name in names.hosts_spread()]


def chains(names: Names, _: int) -> list[str]:
    """The first names of the chains."""
    return [f"alias1.{zone} A" for zone in names.zone_names()]


def missing(names: Names, turn: int) -> list[str]:
    """Names that are not there, never the same."""
    chance, zones = random.Random(turn), names.zone_names()
    return [f"n{chance.getrandbits(40):010x}.{zones[number % len(zones)]} A" for number in range(FRESH)]


def cased(names: Names, turn: int) -> list[str]:
    """Names that are there, in letters of a case that was never seen."""
    chance, hosts = random.Random(turn), names.hosts_spread()
    return [
        "".join(map(chance.choice, zip(name, name.upper(), strict=True))) + " A" for name in hosts * (FRESH // len(hosts))
    ]


def outside(_: Names, __: int) -> list[str]:
    """1,000 names of the internet."""
    return [f"name{number}.internet.bench A" for number in range(MOST_QUESTIONS)]


def fresh_outside(_: Names, turn: int) -> list[str]:
    """Names of the internet, never the same."""
    chance = random.Random(turn)
    return [f"n{chance.getrandbits(40):010x}.internet.bench A" for _ in range(FRESH)]
