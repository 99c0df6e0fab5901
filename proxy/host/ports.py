"""Who holds a port of this machine (proc(5)), and what helps where one cannot be had.

Linux tells by its `/proc/net` tables, and by the descriptors of processes that we may look into; elsewhere, and for other
users' processes, it is not seen.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
FIRST_FREE_PORT = 1024
TRIED_PORTS = 20

_TABLES = ("udp", "udp6", "tcp", "tcp6")
_TCP_LISTENS = "0A"
_RESOLVED = "systemd-resolve"  # a process's name is cut to 15 letters


class Holder(NamedTuple):
    """A socket on a port: its protocol and address, and the process if it can be seen."""

    protocol: str
    address: str
    pid: int | None
    command: str

    def __str__(self) -> str:
        who = f"{self.command} (process {self.pid})" if self.pid is not None else "a process of another user"
        return f"{who} has {self.protocol} {self.address}"


class _Socket(NamedTuple):
    protocol: str
    host: str
    port: int
    inode: str


def holders(host: str, port: int, proc: Path = PROC) -> list[Holder]:
    """Who holds `port` in a way that keeps `host` from having it; none where that cannot be seen."""
    found = [each for each in _sockets(proc) if each.port == port and _overlap(each.host, host)]
    owners = _owners({each.inode for each in found}, proc)
    return [
        Holder(each.protocol, _place(each.host, each.port), *owners.get(each.inode, (None, "")))
        for each in dict.fromkeys(found)
    ]


def advice(host: str, port: int, code: int | None, held: Iterable[Holder], command: str = "vpcdns serve") -> list[str]:
    """What helps where `host` and `port` were refused with the errno `code`: lines, with commands that work."""
    if code == errno.EADDRINUSE:
        return _advice_in_use(host, port, tuple(held), command)
    if code in (errno.EACCES, errno.EPERM):
        return _advice_no_permission(host, port, command)
    if code == errno.EADDRNOTAVAIL:
        return _advice_no_address(host, port, command)
    return [f"listen elsewhere: {command} -l 127.0.0.1:{_free_port('127.0.0.1', 1053)}"]


def _advice_in_use(host: str, port: int, held: tuple[Holder, ...], command: str) -> list[str]:
    lines = [f"held: {holder}" for holder in held]
    if any(holder.command == _RESOLVED for holder in held):
        lines.append("systemd-resolved keeps 127.0.0.53 and 127.0.0.54; beside it there is room on 127.0.0.2:")
        lines.append(f"  {command} -l 127.0.0.2:{port}")
    else:
        if not held:
            lines.append("who holds it is not seen from here; sudo ss -lntup shows it on Linux")
        lines.append("another port is free:")
        lines.append(f"  {command} -l {_place(host, _free_port(host, port + 1 if port >= FIRST_FREE_PORT else 1053))}")
    return lines


def _advice_no_permission(host: str, port: int, command: str) -> list[str]:
    lines = ["take a port that needs no permission:", f"  {command} -l {_place(host, _free_port(host, 1053))}"]
    if sys.platform == "linux":
        lines.append(f"or let every user have ports from {port} on, until the next start of the machine:")
        lines.append(f"  sudo sysctl -w net.ipv4.ip_unprivileged_port_start={port}")
        lines.append("or let this Python have them:")
        lines.append(f"  sudo setcap cap_net_bind_service=+ep {Path(sys.executable).resolve()}")
    return lines


def _advice_no_address(host: str, port: int, command: str) -> list[str]:
    lines = [f"this machine has no address {host}; take one that it has:", f"  {command} -l 127.0.0.1:{port}"]
    if sys.platform == "darwin":
        return [*lines, "or give it that one:", f"  sudo ifconfig lo0 alias {host}"]
    return [*lines, "or give it that one:", f"  sudo ip address add {host}/{128 if ':' in host else 32} dev lo"]


def _free_port(host: str, first: int) -> int:
    """A port from `first` on that UDP and TCP can both have now; 0, any free port, where there is none near."""
    for port in range(first, min(first + TRIED_PORTS, 0x10000)):
        with suppress(OSError):
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as tried:
                    tried.bind((host, port))
            return port
    return 0


def _sockets(proc: Path) -> Iterator[_Socket]:
    for table in _TABLES:
        with suppress(OSError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                words = line.split()
                if table.startswith("udp") or words[3] == _TCP_LISTENS:
                    address, _, port = words[1].partition(":")
                    yield _Socket(table.removesuffix("6"), _address(address), int(port, 16), words[9])


def _address(text: str) -> str:
    """An address of /proc/net: its 32-bit words in the machine's byte order, in hexadecimal."""
    octets = b"".join(struct.pack("=I", int(text[at : at + 8], 16)) for at in range(0, len(text), 8))
    return str(ipaddress.ip_address(octets))


def _overlap(one: str, other: str) -> bool:
    """True where a socket on the one keeps the other from being bound; `::` takes IPv4 too, unless it was told not to."""
    if one == other or "::" in (one, other):
        return True
    return "0.0.0.0" in (one, other) and ":" not in one + other  # noqa: S104  compared, not bound


def _owners(inodes: set[str], proc: Path) -> dict[str, tuple[int, str]]:
    """The process that has each of the sockets, and its name."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    owners: dict[str, tuple[int, str]] = {}
    for folder in proc.glob("[0-9]*") if wanted else ():
        with suppress(OSError):  # another user's process, or one that has just ended
            for descriptor in (folder / "fd").iterdir():
                inode = wanted.get(str(descriptor.readlink()))
                if inode is not None:
                    owners[inode] = int(folder.name), (folder / "comm").read_text().strip()
    return owners


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
