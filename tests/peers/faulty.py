"""Upstream servers with one fault each, on loopback.

A fault is what a server does with a query over UDP, and over TCP if it has that; `good` is how a server should be.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

ADDRESS = "192.0.2.1"
FORGED = "192.0.2.66"

Packets = list[bytes]
Udp = Callable[["Sender", bytes], None]
Tcp = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Sender:
    """How a server answers one query: from its own port, from another one, from another address; now or later."""

    transport: asyncio.DatagramTransport
    peer: tuple[str, int]

    def send(self, *packets: bytes, after: float = 0.0) -> None:
        """From the port that was asked."""
        for packet in packets:
            asyncio.get_running_loop().call_later(after, self._send, packet)

    def _send(self, packet: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.sendto(packet, self.peer)

    def send_from_elsewhere(self, packet: bytes, host: str = "127.0.0.1") -> None:
        """From a port that nobody asked, maybe of another address."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind((host, 0))
            other.sendto(packet, self.peer)


def reply_to(query: bytes, *, address: str = ADDRESS, rcode: str = "NOERROR", records: bool = True) -> dns.message.Message:
    """A reply as it should be."""
    asked = dns.message.from_wire(query)
    response = dns.message.make_response(asked, recursion_available=True)
    response.set_rcode(dns.rcode.from_text(rcode))
    if records and rcode == "NOERROR":
        response.answer.append(dns.rrset.from_text(asked.question[0].name, 60, "IN", "A", address))
    return response


def good(sender: Sender, query: bytes) -> None:
    """As it should be."""
    sender.send(reply_to(query).to_wire())


def _silent(_: Sender, __: bytes) -> None:
    return


def _slow(sender: Sender, query: bytes) -> None:
    sender.send(reply_to(query).to_wire(), after=1.0)


def _wrong_id(sender: Sender, query: bytes) -> None:
    packet = reply_to(query, address=FORGED).to_wire()
    sender.send(bytes((packet[0] ^ 0x55, packet[1])) + packet[2:])


def _wrong_question(sender: Sender, query: bytes) -> None:
    asked = dns.message.make_query("other.example", "A", id=int.from_bytes(query[:2], "big"))
    sender.send(reply_to(asked.to_wire(), address=FORGED).to_wire())


def _other_port(sender: Sender, query: bytes) -> None:
    sender.send_from_elsewhere(reply_to(query, address=FORGED).to_wire())


def _other_address(sender: Sender, query: bytes) -> None:
    sender.send_from_elsewhere(reply_to(query, address=FORGED).to_wire(), "127.0.0.2")


def _cut_off(sender: Sender, query: bytes) -> None:
    sender.send(reply_to(query, address=FORGED).to_wire()[:-20])


def _random(sender: Sender, _: bytes) -> None:
    sender.send(*(os.urandom(length) for length in (0, 1, 11, 12, 40, 600)))


def _echo(sender: Sender, query: bytes) -> None:
    sender.send(query)


def _no_edns(sender: Sender, query: bytes) -> None:
    formerr = dns.message.from_wire(query).edns >= 0
    sender.send(reply_to(query, rcode="FORMERR" if formerr else "NOERROR").to_wire())


def _says(rcode: str) -> Udp:
    return lambda sender, query: sender.send(reply_to(query, rcode=rcode).to_wire())


def _truncated(sender: Sender, query: bytes) -> None:
    response = reply_to(query, records=False)
    response.flags |= dns.flags.TC
    sender.send(response.to_wire())


def _with_more(sender: Sender, query: bytes) -> None:
    response = reply_to(query)
    response.answer.append(dns.rrset.from_text("bank.example.", 60, "IN", "A", FORGED))
    response.authority.append(dns.rrset.from_text("example.", 60, "IN", "NS", "ns.evil.example."))
    response.additional.append(dns.rrset.from_text("ns.evil.example.", 60, "IN", "A", FORGED))
    sender.send(response.to_wire())


def _referral(sender: Sender, query: bytes) -> None:
    response = reply_to(query, records=False)
    response.authority.append(dns.rrset.from_text(".", 60, "IN", "NS", "a.root-servers.example."))
    sender.send(response.to_wire())


def _forgers(sender: Sender, query: bytes) -> None:
    forged = reply_to(query, address=FORGED).to_wire()
    own = int.from_bytes(query[:2], "big")
    sender.send(*((own + number & 0xFFFF).to_bytes(2, "big") + forged[2:] for number in range(1, 201)))
    sender.send(reply_to(query).to_wire(), after=0.02)


async def _tcp_silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _tcp_midway(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    query = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    packet = reply_to(query, address=FORGED).to_wire()
    writer.write(len(packet).to_bytes(2, "big") + packet[:20])
    await writer.drain()


async def _tcp_drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    query = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    packet = reply_to(query).to_wire()
    for octet in len(packet).to_bytes(2, "big") + packet:
        writer.write(bytes((octet,)))
        await writer.drain()
        await asyncio.sleep(0.5)


async def _tcp_good(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        query = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
        packet = reply_to(query).to_wire()
        writer.write(len(packet).to_bytes(2, "big") + packet)


@dataclass(frozen=True)
class Fault:
    """What a server does, and the rcode that its client is to be told."""

    udp: Udp | None
    rcode: str
    tcp: Tcp | None = None
    scheme: str = ""
    answers: bool = True  # or NOERROR without an address, which is a reply too


FAULTS: dict[str, Fault] = {
    "good": Fault(good, "NOERROR", _tcp_good),
    "nobody at the port": Fault(None, "SERVFAIL"),
    "silent": Fault(_silent, "SERVFAIL"),
    "a reply after 1 s": Fault(_slow, "NOERROR"),
    "wrong id": Fault(_wrong_id, "SERVFAIL"),
    "wrong question": Fault(_wrong_question, "SERVFAIL"),
    "from another port": Fault(_other_port, "SERVFAIL"),
    "from another address": Fault(_other_address, "SERVFAIL"),
    "cut off": Fault(_cut_off, "SERVFAIL"),
    "random octets": Fault(_random, "SERVFAIL"),
    "the query itself": Fault(_echo, "SERVFAIL"),
    "FORMERR to EDNS": Fault(_no_edns, "NOERROR"),
    "FORMERR to all": Fault(_says("FORMERR"), "FORMERR"),
    "NOTIMP": Fault(_says("NOTIMP"), "NOTIMP"),
    "SERVFAIL": Fault(_says("SERVFAIL"), "SERVFAIL"),
    "REFUSED": Fault(_says("REFUSED"), "REFUSED"),
    "a referral to the root": Fault(_referral, "NOERROR", answers=False),
    "records of others' names": Fault(_with_more, "NOERROR"),
    "200 forged before the true one": Fault(_forgers, "NOERROR"),
    "TC, TCP good": Fault(_truncated, "NOERROR", _tcp_good),
    "TC, nobody at TCP": Fault(_truncated, "SERVFAIL"),
    "TC, TCP silent": Fault(_truncated, "SERVFAIL", _tcp_silent),
    "TC, TCP closes midway": Fault(_truncated, "SERVFAIL", _tcp_midway),
    "TC, TCP drips": Fault(_truncated, "SERVFAIL", _tcp_drips),
    "TLS that is none": Fault(None, "SERVFAIL", _tcp_silent, scheme="tls://"),
    "TLS, closed at once": Fault(None, "SERVFAIL", _tcp_midway, scheme="tls://"),
}


@dataclass
class _Server(asyncio.DatagramProtocol):
    udp: Udp
    transport: asyncio.DatagramTransport = field(init=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.udp(Sender(self.transport, addr), data)


@asynccontextmanager
async def serving(faults: dict[str, Fault]) -> AsyncIterator[dict[str, int]]:
    """All these servers; their ports."""
    ports = {}
    async with AsyncExitStack() as stack:
        for name, fault in faults.items():
            ports[name] = await stack.enter_async_context(_serve(fault))
        yield ports


@asynccontextmanager
async def _serve(fault: Fault) -> AsyncIterator[int]:
    listening, datagrams = _sockets()
    port: int = listening.getsockname()[1]
    transport, stream = None, None
    if fault.udp is None:
        datagrams.close()
    else:
        udp = fault.udp
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Server(udp), sock=datagrams)
    if fault.tcp is None:
        listening.close()
    else:
        tcp = fault.tcp

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with (
                contextlib.suppress(asyncio.IncompleteReadError, asyncio.CancelledError, OSError),
                contextlib.closing(writer),
            ):
                await tcp(reader, writer)

        stream = await asyncio.start_server(converse, sock=listening)
    try:
        yield port
    finally:
        if transport is not None:
            transport.close()
        if stream is not None:
            stream.close()


def _sockets() -> tuple[socket.socket, socket.socket]:
    """For TCP and for UDP, with one port."""
    while True:
        listening = socket.create_server(("127.0.0.1", 0))
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            datagrams.bind(listening.getsockname())
        except OSError:
            listening.close()
            datagrams.close()
        else:
            datagrams.setblocking(False)
            return listening, datagrams
