"""Binding: one UDP and one TCP socket at the same address and port."""

from __future__ import annotations

import contextlib
import errno
import os
import socket

BACKLOG = 128
_RECEIVE_BUFFER = 4 * 1024 * 1024  # octets; a burst waits here while something else has the processor
_PORTS_TRIED = 20


def bind_both(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """The UDP and the TCP socket, non-blocking, the latter listening; OSError as the machine gives it.

    Port 0 is any that is free for both.
    """
    for _ in range(_PORTS_TRIED if port == 0 else 1):
        udp = _bind(host, port, socket.SOCK_DGRAM)
        try:
            return udp, _bind(host, udp.getsockname()[1], socket.SOCK_STREAM)
        except OSError as error:
            udp.close()
            taken = error
            if error.errno != errno.EADDRINUSE:
                break
    raise taken


def bind_shared(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """The same at an address that other processes of this user bind as well, each to get a part of what comes (Linux)."""
    udp = _bind(host, port, socket.SOCK_DGRAM, shared=True)
    try:
        return udp, _bind(host, port, socket.SOCK_STREAM, shared=True)
    except OSError:
        udp.close()
        raise


def _bind(host: str, port: int, kind: socket.SocketKind, *, shared: bool = False) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    try:
        sock.setblocking(False)
        if sock.family == socket.AF_INET6:  # so that 0.0.0.0 and :: can be listened at side by side
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_DGRAM:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        else:  # a port whose old connections fade out is free; on Windows the option would share a live one instead
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name == "posix")
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((host, port))
        if kind == socket.SOCK_STREAM:
            sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock
