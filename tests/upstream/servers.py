"""DNS servers on loopback that behave as a test tells them to, over UDP and TCP on one port."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from proxy.model.answers import Protocol, ServerAddress

Replies = list[bytes] | None
Behaviour = Callable[[dns.message.Message], Replies]


@dataclass
class Server:
    """A running server: where it is, and the queries that came to it, in order, by UDP and by TCP."""

    host: str
    port: int
    over_udp: list[dns.message.Message] = field(default_factory=list)
    over_tcp: list[dns.message.Message] = field(default_factory=list)
    udp_ports: list[int] = field(default_factory=list)
    transport: asyncio.DatagramTransport = field(init=False)

    @property
    def udp(self) -> ServerAddress:
        return ServerAddress(Protocol.UDP, self.host, self.port)

    @property
    def tcp(self) -> ServerAddress:
        return ServerAddress(Protocol.TCP, self.host, self.port)


def answer(query: dns.message.Message, *records: str, rcode: str = "NOERROR") -> dns.message.Message:
    """A response to `query`: each of `records` is "OWNER TTL TYPE DATA"."""
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(dns.rcode.from_text(rcode))
    for record in records:
        owner, ttl, kind, data = record.split(" ", 3)
        response.answer.append(dns.rrset.from_text(owner, int(ttl), "IN", kind, data))
    return response


def says(*records: str, rcode: str = "NOERROR") -> Behaviour:
    """Answers every query with `records`."""
    return lambda query: [answer(query, *records, rcode=rcode).to_wire(max_size=65535)]


def silent(_query: dns.message.Message) -> Replies:
    return None


def truncated(query: dns.message.Message) -> Replies:
    response = answer(query)
    response.flags |= dns.flags.TC
    return [response.to_wire()]


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: Server, behaviour: Behaviour) -> None:
        self.server = server
        self.behaviour = behaviour

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        self.server.over_udp.append(query)
        self.server.udp_ports.append(addr[1])
        for reply in self.behaviour(query) or ():
            self.transport.sendto(reply, addr)


@contextlib.asynccontextmanager
async def serve(udp: Behaviour, tcp: Behaviour | None = None, host: str = "127.0.0.1") -> AsyncIterator[Server]:
    """A server that does as `udp` and `tcp` say.

    Over TCP the replies are sent as they are: the behaviour frames them, or not; no replies at all close the connection.
    Without `tcp`, nobody listens there.
    """
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, 0), family=family)
    server = Server(host, listening.getsockname()[1])
    transport, _ = await loop.create_datagram_endpoint(lambda: _Udp(server, udp), local_addr=(host, server.port))
    server.transport = transport

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert tcp is not None
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError), contextlib.closing(writer):
            while True:
                length = await reader.readexactly(2)
                query = dns.message.from_wire(await reader.readexactly(int.from_bytes(length, "big")))
                server.over_tcp.append(query)
                replies = tcp(query)
                if replies == []:
                    return
                for reply in replies or ():
                    writer.write(reply)

    stream_server = None
    if tcp is None:
        listening.close()
    else:
        stream_server = await asyncio.start_server(converse, sock=listening)
    try:
        yield server
    finally:
        transport.close()
        if stream_server is not None:
            stream_server.close()
        await asyncio.sleep(0.001)  # what was closed is gone only after a turn of the loop


def framed(behaviour: Behaviour) -> Behaviour:
    """The same over TCP: each reply behind its length."""
    return lambda query: [len(reply).to_bytes(2, "big") + reply for reply in behaviour(query) or ()] or None
