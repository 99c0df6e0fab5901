"""The DNS servers that this machine asks (resolv.conf(5))."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from proxy.host.marks import without_marked
from proxy.model.answers import Protocol, ServerAddress
from proxy.notify import listen, places_of

RESOLV_CONF = Path("/etc/resolv.conf")
BEHIND_RESOLVED = Path("/run/systemd/resolve/resolv.conf")
WATCH_SECONDS = 2.0

_RESOLVED = frozenset(("127.0.0.53", "127.0.0.54"))


def machine_servers(path: Path = RESOLV_CONF) -> tuple[ServerAddress, ...]:
    """The servers of resolv.conf; none where there is no such file or it cannot be read."""
    try:
        return system_servers(path.read_text(errors="replace"))
    except OSError:
        return ()


def all_servers(path: Path = RESOLV_CONF, behind: Path = BEHIND_RESOLVED) -> tuple[ServerAddress, ...]:
    """The servers of resolv.conf and, where systemd-resolved is among them, those that it asks in its turn.

    It is asked itself, as it knows which of them knows which domain; but when they change, the machine is in another network.
    """
    servers = machine_servers(path)
    return servers + machine_servers(behind) if _asks_resolved(servers) else servers


def _asks_resolved(servers: Iterable[ServerAddress]) -> bool:
    return any(server.host in _RESOLVED for server in servers)


async def watch_resolvers(
    changed: Callable[[], Awaitable[None]],
    path: Path = RESOLV_CONF,
    behind: Path = BEHIND_RESOLVED,
    interval: float = WATCH_SECONDS,
) -> None:
    """Call `changed` whenever the machine asks other servers than before, be it by systemd-resolved, until cancelled.

    It takes up to `interval`, in seconds; nothing is looked at before the kernel tells of a change, where it does.
    """
    servers = await asyncio.to_thread(all_servers, path, behind)
    while True:
        with listen(places_of(path) | (places_of(behind) if _asks_resolved(servers) else set())) as word:
            # Before it is waited it is looked: what happened since the last look is not missed.
            if word is not None and await asyncio.to_thread(all_servers, path, behind) == servers:
                await word.happened()
        await asyncio.sleep(interval)
        now = await asyncio.to_thread(all_servers, path, behind)
        if now != servers:
            servers = now
            await changed()


def system_servers(resolv_conf: str) -> tuple[ServerAddress, ...]:
    """The name servers of a resolv.conf, in its order; what is no address is passed over, as the C library does.

    So is what `vpcdns resolver install` put there: a server that asks itself answers nobody.
    """
    found = []
    resolv_conf = without_marked(resolv_conf) or resolv_conf
    for line in resolv_conf.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver" and _is_address(words[1]):
            found.append(ServerAddress(Protocol.UDP, words[1], 53))
    return tuple(dict.fromkeys(found))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
