"""A listener that runs: one address and port, over UDP and TCP."""

from __future__ import annotations

import asyncio
import socket

from proxy.listen.handle import Handle, Known, NothingKnown
from proxy.listen.sockets import bind_both, bind_shared
from proxy.listen.tcp import TcpListening
from proxy.listen.udp import UdpListening
from proxy.model.plan import Listener, TcpLimits


class Listening:
    """What `start_listening` started.  `address` is the real host and port, also where any free one was wanted."""

    def __init__(self, address: tuple[str, int], udp: UdpListening, tcp: TcpListening) -> None:
        self.address = address
        self.udp = udp
        self.tcp = tcp

    async def close(self, drain: float) -> None:
        """Read no more, send what is answered within `drain` seconds, close."""
        await asyncio.gather(self.udp.close(drain), self.tcp.close(drain))


async def start_listening(
    listener: Listener,
    handle: Handle,
    limits: TcpLimits,
    known: Known | None = None,
    bound: tuple[socket.socket, socket.socket] | None = None,
    *,
    shared: bool = False,
) -> Listening:
    """Bind UDP and TCP and serve both; OSError, as the machine gives it, where either cannot be bound.

    `known` are answers that `handle` need not be asked for.  `bound` are the two sockets where somebody has bound them already;
    `shared` ones get a part of what comes, beside those of other processes.
    """
    known = known or NothingKnown()
    udp, tcp = bound or (bind_shared if shared else bind_both)(listener.host, listener.port)
    port: int = udp.getsockname()[1]
    served = TcpListening.start(tcp, handle, known, limits)
    return Listening((listener.host, port), UdpListening(udp, handle, known), served)
