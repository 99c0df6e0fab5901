"""Servers that are asked over TLS and HTTPS: names checked, sessions and connections used again, and all that goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field

import dns.message
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, RequestReceived, StreamEnded

from proxy.dns.codes import TYPE_A
from proxy.dns.names import Name
from proxy.model.answers import Ask, Protocol, Reply, Route, ServerAddress, UpstreamError
from proxy.upstream import Upstream
from tests.upstream.certificates import Authority, authority
from tests.upstream.servers import Behaviour, Server, answer, framed, says, serve, silent

__all__ = ["authority"]

WWW = "www.example.com"
GOOD = says(f"{WWW}. 300 A 10.0.0.1")


def ask(server: ServerAddress, timeout: float = 3.0, name: str = WWW) -> Ask:
    return Ask(Route((server,), timeout), Name.from_text(name), TYPE_A)


def addresses(reply: Reply) -> list[bytes]:
    return [rdata for _, found in reply.answer for rdata in found.rdatas()]


@dataclass
class Counted:
    """A TLS server: its port, and what came to it."""

    port: int = 0
    connections: int = 0
    resumed: list[bool] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)

    def tls(self, name: str = "") -> ServerAddress:
        return ServerAddress(Protocol.TLS, "127.0.0.1", self.port, name)

    def https(self, name: str = "", host: str = "127.0.0.1") -> ServerAddress:
        return ServerAddress(Protocol.HTTPS, host, self.port, name, "/dns-query")


@asynccontextmanager
async def serve_tls(context: ssl.SSLContext, behaviour: Behaviour, *, one_each: bool = False) -> AsyncIterator[Counted]:
    """DNS over TLS; `one_each`: every connection is closed after its first reply."""
    counted = Counted()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counted.connections += 1
        counted.resumed.append(writer.get_extra_info("ssl_object").session_reused)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError), closing(writer):
            while True:
                length = await reader.readexactly(2)
                query = dns.message.from_wire(await reader.readexactly(int.from_bytes(length, "big")))
                for reply in framed(behaviour)(query) or ():
                    writer.write(reply)
                await writer.drain()
                if one_each:
                    return

    server = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=context)
    counted.port = server.sockets[0].getsockname()[1]
    try:
        yield counted
    finally:
        server.close()
        await asyncio.sleep(0.01)


Respond = Callable[[dns.message.Message], tuple[int, bytes]]


@asynccontextmanager
async def serve_https(context: ssl.SSLContext, respond: Respond, *, goes_away_after: int = 0) -> AsyncIterator[Counted]:
    """DNS over HTTPS: `respond` gives a status and a body, or None for silence."""
    counted = Counted()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counted.connections += 1
        http = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        http.initiate_connection()
        bodies: dict[int, bytearray] = {}
        with contextlib.suppress(ConnectionError, ssl.SSLError), closing(writer):
            writer.write(http.data_to_send())
            while data := await reader.read(65536):
                for event in http.receive_data(data):
                    if isinstance(event, RequestReceived):
                        counted.requests.append(dict(event.headers or ()))  # type: ignore[arg-type]
                        bodies[event.stream_id] = bytearray()
                    elif isinstance(event, DataReceived):
                        bodies[event.stream_id] += event.data
                    elif isinstance(event, StreamEnded):
                        status, body = respond(dns.message.from_wire(bytes(bodies[event.stream_id])))
                        if status:
                            http.send_headers(event.stream_id, [(":status", str(status))])
                            http.send_data(event.stream_id, body, end_stream=True)
                        else:
                            http.reset_stream(event.stream_id)
                        if len(counted.requests) == goes_away_after:
                            http.close_connection()
                    elif isinstance(event, ConnectionTerminated):
                        return
                writer.write(http.data_to_send())

    server = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=context)
    counted.port = server.sockets[0].getsockname()[1]
    try:
        yield counted
    finally:
        server.close()
        await asyncio.sleep(0.01)


def good(query: dns.message.Message) -> tuple[int, bytes]:
    return 200, (GOOD(query) or [b""])[0]


@pytest.fixture
async def upstream(authority: Authority) -> AsyncIterator[Upstream]:
    with closing(Upstream(new_context=authority.client_context)) as made:
        yield made
    await asyncio.sleep(0.01)


async def test_a_server_is_asked_over_tls_on_one_connection(authority: Authority, upstream: Upstream) -> None:
    async with serve_tls(authority.server_context("DNS:dns.example", protocol="dot"), GOOD) as server:
        replies = await asyncio.gather(*(upstream.exchange(ask(server.tls("dns.example"))) for _ in range(50)))
        assert {tuple(addresses(reply)) for reply in replies} == {(b"\x0a\0\0\1",)}
        assert server.connections == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_the_session_of_a_connection_is_used_by_the_next(
    authority: Authority, upstream: Upstream, version: ssl.TLSVersion
) -> None:
    context = authority.server_context("IP:127.0.0.1", protocol="dot")
    context.maximum_version = context.minimum_version = version
    async with serve_tls(context, GOOD, one_each=True) as server:
        for _ in range(3):
            assert addresses(await upstream.exchange(ask(server.tls()))) == [b"\x0a\0\0\1"]
            await asyncio.sleep(0.02)
        assert server.resumed == [False, True, True]


WRONG: list[tuple[str, list[str], bool, str]] = [
    ("another name", ["DNS:other.example"], False, "has a certificate that does not hold: Hostname mismatch"),
    ("no address", ["DNS:localhost"], False, "has a certificate that does not hold: Hostname mismatch"),
    ("expired", ["DNS:dns.example"], True, "has a certificate that does not hold: certificate has expired"),
]


@pytest.mark.parametrize(("names", "expired", "says"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
async def test_a_certificate_that_does_not_hold(
    authority: Authority, upstream: Upstream, names: list[str], expired: bool, says: str
) -> None:
    async with serve_tls(authority.server_context(*names, protocol="dot", expired=expired), GOOD) as server:
        with pytest.raises(UpstreamError, match=says):
            await upstream.exchange(ask(server.tls("dns.example")))


async def test_a_certificate_must_have_the_address_where_no_name_is_given(authority: Authority, upstream: Upstream) -> None:
    async with serve_tls(authority.server_context("DNS:dns.example", protocol="dot"), GOOD) as server:
        with pytest.raises(UpstreamError, match="IP address mismatch"):
            await upstream.exchange(ask(server.tls()))


async def test_an_authority_that_nobody_trusts(authority: Authority) -> None:
    async with serve_tls(authority.server_context("IP:127.0.0.1", protocol="dot"), GOOD) as server:
        with closing(Upstream()) as upstream, pytest.raises(UpstreamError, match="unable to get local issuer"):
            await upstream.exchange(ask(server.tls()))


@pytest.mark.parametrize("protocol", [Protocol.TLS, Protocol.HTTPS])
async def test_a_server_that_speaks_no_tls(upstream: Upstream, protocol: Protocol) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        address = ServerAddress(protocol, "127.0.0.1", server.sockets[0].getsockname()[1], "dns.example", "/")
        with pytest.raises(UpstreamError, match="speaks no TLS that is understood: WRONG_VERSION_NUMBER"):
            await upstream.exchange(ask(address))


async def test_a_handshake_that_never_ends_costs_the_time_out(upstream: Upstream) -> None:
    async with serve(silent, silent) as server:
        address = ServerAddress(Protocol.TLS, "127.0.0.1", server.port)
        with pytest.raises(UpstreamError, match=r"gave no reply within 0\.2 s"):
            await upstream.exchange(ask(address, timeout=0.2))


async def test_a_server_is_asked_over_https(authority: Authority, upstream: Upstream) -> None:
    async with serve_https(authority.server_context("DNS:dns.example", protocol="h2"), good) as server:
        replies = await asyncio.gather(*(upstream.exchange(ask(server.https("dns.example"))) for _ in range(150)))
        assert {tuple(addresses(reply)) for reply in replies} == {(b"\x0a\0\0\1",)}
        assert server.connections <= 2
        assert server.requests[0] == {
            ":method": "POST",
            ":scheme": "https",
            ":authority": f"dns.example:{server.port}",
            ":path": "/dns-query",
            "accept": "application/dns-message",
            "content-type": "application/dns-message",
            "content-length": str(12 + 17 + 4 + 11),
        }


def with_id(query: dns.message.Message) -> tuple[int, bytes]:
    assert query.id == 0
    return good(query)


async def test_a_message_over_https_has_no_id(authority: Authority, upstream: Upstream) -> None:
    async with serve_https(authority.server_context("IP:127.0.0.1", protocol="h2"), with_id) as server:
        assert addresses(await upstream.exchange(ask(server.https()))) == [b"\x0a\0\0\1"]


HTTP_FAILURES: list[tuple[str, Respond, str]] = [
    ("a status", lambda _: (503, b"busy"), "answered with the HTTP status 503"),
    ("no DNS message", lambda _: (200, b"<html>"), "sent no reply to the question"),
    ("nothing", lambda _: (200, b""), "sent no reply to the question"),
    ("too much", lambda _: (200, bytes(16000)), "sent no reply to the question"),
    ("a reset", lambda _: (0, b""), "broke a request off"),
    (
        "another question",
        lambda query: (200, answer(dns.message.make_query("other.example", "A", id=query.id)).to_wire()),
        "sent no reply to the question",
    ),
]


@pytest.mark.parametrize(("respond", "says"), [case[1:] for case in HTTP_FAILURES], ids=[case[0] for case in HTTP_FAILURES])
async def test_what_goes_wrong_over_https(authority: Authority, upstream: Upstream, respond: Respond, says: str) -> None:
    async with serve_https(authority.server_context("IP:127.0.0.1", protocol="h2"), respond) as server:
        with pytest.raises(UpstreamError, match=says):
            await upstream.exchange(ask(server.https()))


async def test_a_server_without_http_2(authority: Authority, upstream: Upstream) -> None:
    async with serve_tls(authority.server_context("IP:127.0.0.1", protocol="http/1.1"), GOOD) as server:
        with pytest.raises(UpstreamError, match=r"speaks no HTTP/2|NO_APPLICATION_PROTOCOL"):
            await upstream.exchange(ask(server.https()))


async def test_the_loop_goes_on_while_the_authorities_are_read(authority: Authority) -> None:
    """They are read only when the loop has said so, which it cannot while it waits for them itself."""
    loop = asyncio.get_running_loop()
    begun = asyncio.Event()
    went_on = threading.Event()

    def read() -> ssl.SSLContext:
        loop.call_soon_threadsafe(begun.set)
        if not went_on.wait(20):
            raise OSError("the loop stood still")
        return authority.client_context()

    async with serve_tls(authority.server_context("IP:127.0.0.1", protocol="dot"), GOOD) as server:
        with closing(Upstream(new_context=read)) as upstream:
            asking = asyncio.create_task(upstream.exchange(ask(server.tls(), 60)))
            await begun.wait()
            went_on.set()
            assert addresses(await asking) == [b"\x0a\0\0\1"]
        await asyncio.sleep(0.01)


async def test_servers_that_are_asked_at_once_share_what_is_read(authority: Authority) -> None:
    reads: list[None] = []

    def read() -> ssl.SSLContext:
        reads.append(None)
        return authority.client_context()

    context = authority.server_context("IP:127.0.0.1", protocol="dot")
    async with serve_tls(context, GOOD) as one, serve_tls(context, GOOD) as other:
        with closing(Upstream(new_context=read)) as upstream:
            asks = [ask(server.tls(), 20) for server in (one, other)]
            replies = await asyncio.gather(*map(upstream.exchange, asks))
            assert [addresses(reply) for reply in replies] == [[b"\x0a\0\0\1"]] * 2
        await asyncio.sleep(0.01)
        assert (one.connections, other.connections, len(reads)) == (1, 1, 1)


async def test_authorities_that_cannot_be_read_are_read_again_for_the_next_connection(authority: Authority) -> None:
    there = False

    def read() -> ssl.SSLContext:
        return authority.client_context() if there else ssl.create_default_context(cafile=str(authority.folder / "none.pem"))

    async with serve_tls(authority.server_context("IP:127.0.0.1", protocol="dot"), GOOD) as server:
        with closing(Upstream(new_context=read)) as upstream:
            why = "cannot be reached: the certificate authorities cannot be read: No such file or directory"
            with pytest.raises(UpstreamError, match=why):
                await upstream.exchange(ask(server.tls()))
            there = True
            assert addresses(await upstream.exchange(ask(server.tls()))) == [b"\x0a\0\0\1"]
        await asyncio.sleep(0.01)


async def test_closing_while_the_authorities_are_read(authority: Authority) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def read() -> ssl.SSLContext:
        begun.set()
        go_on.wait(20)
        raise OSError("too late to be told to anybody")

    async with serve_tls(authority.server_context("IP:127.0.0.1", protocol="dot"), GOOD) as server:
        upstream = Upstream(new_context=read)
        asking = asyncio.create_task(upstream.exchange(ask(server.tls(), 60)))
        assert await asyncio.to_thread(begun.wait, 20)
        upstream.close()
        with pytest.raises(UpstreamError, match="shutting down"):
            await asking
        go_on.set()
        await asyncio.sleep(0.01)
        assert server.connections == 0


async def test_a_server_that_goes_away_is_asked_on_another_connection(authority: Authority, upstream: Upstream) -> None:
    context = authority.server_context("IP:127.0.0.1", protocol="h2")
    async with serve_https(context, good, goes_away_after=2) as server:
        for _ in range(4):
            assert addresses(await upstream.exchange(ask(server.https()))) == [b"\x0a\0\0\1"]
            await asyncio.sleep(0.02)
        assert server.connections == 2


async def test_a_server_known_by_its_name_is_looked_up_first(authority: Authority) -> None:
    async with (
        serve(says("dns.example. 300 A 127.0.0.1")) as plain,
        serve_https(authority.server_context("DNS:dns.example", protocol="h2"), good) as server,
    ):
        with closing(Upstream(new_context=authority.client_context, bootstrap=lambda: (plain.udp,))) as upstream:
            assert addresses(await upstream.exchange(ask(server.https("dns.example", "")))) == [b"\x0a\0\0\1"]
    await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("records", "text"), [([], "dns.example has no address"), (None, "the address of dns.example is not known")]
)
async def test_a_name_that_cannot_be_looked_up(records: list[str] | None, text: str) -> None:
    async with serve(silent if records is None else says(*records)) as plain:
        servers: tuple[Server, ...] = () if records is None else (plain,)
        with closing(Upstream(bootstrap=lambda: tuple(server.udp for server in servers))) as upstream:
            address = ServerAddress(Protocol.HTTPS, "", 443, "dns.example", "/dns-query")
            with pytest.raises(UpstreamError, match=text):
                await upstream.exchange(ask(address))
