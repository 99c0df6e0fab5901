"""Being a service: sockets that systemd hands over (sd_listen_fds(3)), and word to it of how things are (sd_notify(3)).

Without systemd, or on other systems, there are no sockets and nobody listens to the word.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping
from contextlib import suppress
from typing import NamedTuple

_FIRST = 3


class NotWhole(Exception):
    """Sockets were handed over that cannot be served; the text says which and what is missing."""


class HandedOver(NamedTuple):
    """A UDP and a TCP socket of one address, and the name that FileDescriptorName= gave them."""

    host: str
    port: int
    name: str
    udp: socket.socket
    tcp: socket.socket


def handed_over(environ: MutableMapping[str, str]) -> list[HandedOver]:
    """The sockets that were handed over to this process, in pairs; NotWhole where one has no other.

    What told of them is taken out of the environment, so that no child takes them for its own.
    """
    told = [environ.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")]
    if told[0] != str(os.getpid()) or not told[1].isdecimal():
        return []
    names = told[2].split(":")
    udp: dict[tuple[str, int], tuple[str, socket.socket]] = {}
    tcp: dict[tuple[str, int], socket.socket] = {}
    for index in range(int(told[1])):
        sock = socket.socket(fileno=_FIRST + index)
        sock.setblocking(False)
        sock.set_inheritable(False)
        if sock.family not in (socket.AF_INET, socket.AF_INET6):
            raise NotWhole("a socket was handed over that has no internet address: only such are served")
        place = sock.getsockname()[0], sock.getsockname()[1]
        if sock.type == socket.SOCK_DGRAM:
            udp[place] = names[index] if index < len(names) else "", sock
        else:
            tcp[place] = sock
    for place in udp.keys() ^ tcp.keys():
        missing = "ListenStream" if place in udp else "ListenDatagram"
        raise NotWhole(f"{place[0]} port {place[1]} was handed over by halves: DNS is served by UDP and TCP, add {missing}=")
    return [HandedOver(*place, name, sock, tcp[place]) for place, (name, sock) in udp.items()]


class Notifier:
    """Tells the service manager how things are; where there is none, nobody."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        path = environ.pop("NOTIFY_SOCKET", "")
        self._address = f"\0{path[1:]}" if path.startswith("@") else path
        microseconds = environ.pop("WATCHDOG_USEC", "")
        mine = environ.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watched_every = int(microseconds) / 2e6 if microseconds.isdecimal() and mine else None
        """How often, in seconds, a sign of life is wanted: twice in the time that it may take.  None: never."""

    def ready(self, status: str) -> None:
        """All is served: what waits for it may start."""
        self._tell(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """The configuration is being read anew, until the next `ready`."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Nothing more is read."""
        self._tell("STOPPING=1\nSTATUS=answering what is under way")

    def alive(self) -> None:
        """A sign of life."""
        self._tell("WATCHDOG=1")

    def _tell(self, text: str) -> None:
        if self._address:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.sendto(text.encode(), self._address)
