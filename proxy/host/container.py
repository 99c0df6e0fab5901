"""Being in a container of Docker or podman: whether this process is, and in which networks.

There a client's address says less than elsewhere: who comes by a published port may have the gateway's.
"""

from __future__ import annotations

import ipaddress
import os
import struct
from collections.abc import Iterator
from pathlib import Path

from proxy.host.facts import text_of

MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
ROUTES = Path("/proc/net/route")
DOCKERS_RESOLVER = "127.0.0.11"
_SMALLEST = 30  # beyond that there is no place for a gateway and a client beside this one

_IN_A_POD = "KUBERNETES_SERVICE_HOST"  # where clients are in other networks than the pod's own


def is_in_container() -> bool:
    """Whether an engine's mark is there, and this is no pod of Kubernetes."""
    return _IN_A_POD not in os.environ and any(mark.exists() for mark in MARKS)


def own_networks() -> list[ipaddress.IPv4Network]:
    """The networks that this process is in, the smallest first."""
    return sorted(set(_networks(text_of(ROUTES) or "")), key=lambda network: (-network.prefixlen, network))


def _networks(text: str) -> Iterator[ipaddress.IPv4Network]:
    """The routes that need no gateway, of a table as proc(5) has it; its addresses are numbers in the machine's order."""
    for line in text.splitlines()[1:]:
        interface, destination, gateway, _, _, _, _, mask, *_ = line.split()
        if interface != "lo" and int(gateway, 16) == 0 and int(mask, 16):
            octets = [struct.pack("=I", int(number, 16)) for number in (destination, mask)]
            network = ipaddress.IPv4Network((octets[0], str(ipaddress.IPv4Address(octets[1]))))
            if network.prefixlen <= _SMALLEST:
                yield network
