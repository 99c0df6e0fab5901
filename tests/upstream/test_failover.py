"""Asking real servers on loopback that answer, lie, fall silent, break off or are not there."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from types import SimpleNamespace

import dns.message
import dns.rcode
import pytest

from proxy.dns.codes import TYPE_A
from proxy.dns.names import Name
from proxy.model.answers import Ask, Protocol, Reply, Route, ServerAddress, UpstreamError
from proxy.upstream import Upstream, UpstreamBounds
from proxy.upstream import udp as udp_module
from proxy.upstream.stream import StreamPool
from tests.upstream.servers import Behaviour, Replies, answer, framed, says, serve, silent, truncated

WWW = "www.example.com"
GOOD = says(f"{WWW}. 300 A 10.0.0.1")


def ask(*servers: ServerAddress, timeout: float = 2.0, name: str = WWW, kind: int = TYPE_A) -> Ask:
    return Ask(Route(servers, timeout), Name.from_text(name), kind)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    with closing(Upstream()) as made:
        yield made


async def exchange(what: Ask) -> Reply:
    """The reply that an upstream of its own gets."""
    with closing(Upstream()) as upstream:
        return await upstream.exchange(what)


def addresses(reply: Reply) -> list[str]:
    return [socket.inet_ntoa(rdata) for _, found in reply.answer for rdata in found.rdatas()]


def closed_port(protocol: Protocol = Protocol.UDP) -> ServerAddress:
    """An address of this machine at which nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return ServerAddress(protocol, "127.0.0.1", sock.getsockname()[1])


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


async def test_a_server_is_asked_once_and_its_reply_comes_back(upstream: Upstream) -> None:
    async with serve(says(f"{WWW}. 300 CNAME web.example.com.", "web.example.com. 60 A 10.0.0.1")) as server:
        reply = await upstream.exchange(ask(server.udp))
    assert reply.rcode == 0
    assert [(owner, found.type, found.ttl) for owner, found in reply.answer] == [
        (None, 5, 300),
        (Name.from_text("web.example.com"), 1, 60),
    ]
    assert reply.additional == (), "the OPT record ends here"
    [query] = server.over_udp
    assert (query.edns, query.payload, query.ednsflags) == (0, 1232, 0)
    assert upstream.in_flight == 0
    upstream.close()


async def test_unknown_types_pass_untouched() -> None:
    rdata = "\\# 5 0102414243"
    async with serve(says(f"{WWW}. 300 TYPE65280 {rdata}")) as server:
        reply = await exchange(ask(server.udp, kind=65280))
    assert reply.answer[0][1].rdatas() == (b"\1\2ABC",)


async def test_every_query_has_its_own_port_and_id(upstream: Upstream) -> None:
    async with serve(GOOD) as server:
        await asyncio.gather(*(upstream.exchange(ask(server.udp)) for _ in range(20)))
    assert len(set(server.udp_ports)) > 15
    assert len({query.id for query in server.over_udp}) > 15


def forged(query: dns.message.Message) -> bytes:
    return answer(query, f"{WWW}. 300 A 192.0.2.66").to_wire()


def with_other_id(query: dns.message.Message) -> bytes:
    packet = bytearray(forged(query))
    packet[0] ^= 1
    return bytes(packet)


def with_other_question(query: dns.message.Message) -> bytes:
    packet = forged(query)
    return packet[:13] + b"ftp" + packet[16:]


LIES: dict[str, Callable[[dns.message.Message], bytes]] = {
    "another id": with_other_id,
    "another question": with_other_question,
    "its own query": lambda query: query.to_wire(),
    "half a message": lambda query: forged(query)[:-20],
    "garbage": lambda _: b"\xff" * 50,
    "a single octet": lambda _: b"\0",
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_what_is_no_reply_is_passed_over_and_counted(
    lie: Callable[[dns.message.Message], bytes], upstream: Upstream
) -> None:
    def lies_then_tells(query: dns.message.Message) -> Replies:
        return [lie(query), *(GOOD(query) or ())]

    async with serve(lies_then_tells) as server:
        reply = await upstream.exchange(ask(server.udp))
    assert addresses(reply) == ["10.0.0.1"]
    assert upstream.ignored == 1


async def test_a_reply_from_another_address_never_arrives() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))

        def stranger_first(query: dns.message.Message) -> Replies:
            stranger.sendto(forged(query), ("127.0.0.1", server.udp_ports[-1]))
            return GOOD(query)

        async with serve(stranger_first) as server:
            assert addresses(await exchange(ask(server.udp))) == ["10.0.0.1"]


async def test_a_lost_query_is_sent_again() -> None:
    def deaf_at_first(query: dns.message.Message) -> Replies:
        return None if len(server.over_udp) == 1 else GOOD(query)

    async with serve(deaf_at_first) as server:
        assert addresses(await exchange(ask(server.udp, timeout=0.7))) == ["10.0.0.1"]
    first, second = server.over_udp
    assert first.id == second.id
    assert server.udp_ports[0] == server.udp_ports[1], "so that a late reply to the first counts as well"


async def test_a_silent_server_leaves_time_for_the_next_and_rests(upstream: Upstream) -> None:
    async with serve(silent) as dead, serve(GOOD) as alive:
        upstream.bounds = UpstreamBounds(rest=0.3)
        both = ask(dead.udp, alive.udp, timeout=0.4)
        assert addresses(await upstream.exchange(both)) == ["10.0.0.1"]
        assert len(dead.over_udp) == 3, "one query, sent again twice"
        assert addresses(await upstream.exchange(both)) == ["10.0.0.1"]
        assert len(dead.over_udp) == 3, "it rests"
        await asyncio.sleep(0.31)
        await upstream.exchange(both)
        assert len(dead.over_udp) == 6, "it has rested"
        assert len(alive.over_udp) == 3


async def test_a_resting_server_is_still_asked_where_all_others_fail(upstream: Upstream) -> None:
    well = False

    def moody(query: dns.message.Message) -> Replies:
        return GOOD(query) if well else None

    async with serve(moody) as first, serve(silent) as second:
        both = ask(first.udp, second.udp, timeout=0.2)
        with pytest.raises(UpstreamError):
            await upstream.exchange(both)
        well = True
        assert addresses(await upstream.exchange(both)) == ["10.0.0.1"]
        asked = len(second.over_udp)
        assert addresses(await upstream.exchange(both)) == ["10.0.0.1"]
        assert len(second.over_udp) == asked, "the first is well again, and first"


@pytest.mark.parametrize("protocol", Protocol)
async def test_a_closed_port_fails_over_at_once(protocol: Protocol) -> None:
    async with serve(GOOD) as alive:
        since = time.monotonic()
        reply = await exchange(ask(closed_port(protocol), alive.udp, timeout=10.0))
    assert addresses(reply) == ["10.0.0.1"]
    assert time.monotonic() - since < 1.0


async def test_no_server_replies_in_time(upstream: Upstream) -> None:
    closed = closed_port()
    async with serve(silent) as one, serve(silent, silent) as other:
        since = time.monotonic()
        with pytest.raises(UpstreamError) as caught:
            await upstream.exchange(ask(closed, one.udp, other.tcp, timeout=0.3))
    assert 0.25 < time.monotonic() - since < 0.9
    parts = caught.value.reason.text.split("; ")
    assert parts[0] == f"{closed} refused the connection"
    assert parts[1].startswith(f"{one.udp} gave no reply within 0.1")
    assert parts[2].startswith(f"{other.tcp} gave no reply within 0.1")
    assert upstream.in_flight == 0


async def test_a_route_without_servers() -> None:
    with pytest.raises(UpstreamError, match="the route has no servers"):
        await exchange(ask())


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NOTIMP", "FORMERR"])
async def test_after_an_unhelpful_server_the_next_is_asked(rcode: str, upstream: Upstream) -> None:
    async with serve(says(rcode=rcode)) as unhelpful, serve(GOOD) as good:
        route = ask(unhelpful.udp, good.udp)
        for _ in range(2):  # it is alive, so it does not rest
            asked = len(unhelpful.over_udp)
            assert addresses(await upstream.exchange(route)) == ["10.0.0.1"]
            assert len(unhelpful.over_udp) > asked


async def test_where_all_are_unhelpful_the_last_one_is_heard() -> None:
    async with serve(says(rcode="SERVFAIL")) as failing, serve(says(rcode="REFUSED")) as refusing:
        reply = await exchange(ask(failing.udp, refusing.udp, closed_port()))
    assert reply == Reply(5)


async def test_nxdomain_is_an_answer() -> None:
    async with serve(says(rcode="NXDOMAIN")) as first, serve(GOOD) as second:
        reply = await exchange(ask(first.udp, second.udp))
    assert reply.rcode == 3
    assert second.over_udp == []


def asked_letters(queries: list[dns.message.Message]) -> list[str]:
    return [str(query.question[0].name) for query in queries]


async def test_the_letter_case_is_mixed_and_a_server_that_changes_it_is_asked_again_without(upstream: Upstream) -> None:
    def lowers(query: dns.message.Message) -> Replies:
        packet = GOOD(query)
        assert packet is not None
        return [packet[0][:12] + packet[0][12:].lower() if b"\xc0\x0c" in packet[0] else packet[0].lower()]

    async with serve(lowers) as server:
        assert addresses(await upstream.exchange(ask(server.udp))) == ["10.0.0.1"]
        assert addresses(await upstream.exchange(ask(server.udp))) == ["10.0.0.1"]
    first, second, third = asked_letters(server.over_udp)
    assert first != first.lower()
    assert first.lower() == second == third, "for an hour"
    assert upstream.ignored == 1, "it may have been a forger"


async def test_the_letter_case_that_was_sent_is_wanted_back_each_time(upstream: Upstream) -> None:
    async with serve(GOOD) as server:
        for _ in range(20):
            assert addresses(await upstream.exchange(ask(server.udp))) == ["10.0.0.1"]
    assert len(set(asked_letters(server.over_udp))) > 15


async def test_records_that_are_none_of_a_servers_business_are_dropped() -> None:
    async with serve(says(f"{WWW}. 300 A 10.0.0.1", "bank.example. 300 A 192.0.2.66")) as server:
        reply = await exchange(ask(server.udp))
    assert [owner for owner, _ in reply.answer] == [None]


async def test_an_idle_socket_is_closed_and_a_used_one_gives_its_port_up(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream
) -> None:
    monkeypatch.setattr(udp_module, "SOCKETS", 2)
    monkeypatch.setattr(udp_module, "_QUERIES_A_SOCKET", -250)  # and up to 255 by chance: some five, on the average
    async with serve(GOOD) as server:
        for _ in range(60):
            await upstream.exchange(ask(server.udp))
        assert len(set(server.udp_ports)) > 5
        [pool] = upstream._transports()
        assert isinstance(pool, udp_module.UdpPool)
        assert len(pool._open) <= 2
        assert not pool._leaving
        pool.sweep()
        pool.sweep()
        assert pool._open == []


async def test_a_connection_is_shared_and_closed_when_it_is_idle(upstream: Upstream) -> None:
    async with serve(silent, framed(GOOD)) as server:
        await asyncio.gather(*(upstream.exchange(ask(server.tcp)) for _ in range(50)))
        assert len(server.over_tcp) == 50
        [pool] = upstream._transports()
        assert isinstance(pool, StreamPool)
        assert len(pool._open) == 1
        pool.sweep()
        pool.sweep()
        await asyncio.sleep(0.05)
        assert pool._open == []
        assert addresses(await upstream.exchange(ask(server.tcp))) == ["10.0.0.1"]


async def test_what_waits_on_a_connection_that_closes_is_asked_on_a_new_one(upstream: Upstream) -> None:
    async def one_reply_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = await reader.readexactly(2)
        query = dns.message.from_wire(await reader.readexactly(int.from_bytes(length, "big")))
        writer.writelines(framed(GOOD)(query) or ())
        writer.close()

    async with await asyncio.start_server(one_reply_each, "127.0.0.1", 0) as server:
        address = ServerAddress(Protocol.TCP, "127.0.0.1", server.sockets[0].getsockname()[1])
        replies = await asyncio.gather(*(upstream.exchange(ask(address)) for _ in range(10)))
    assert [addresses(reply) for reply in replies] == [["10.0.0.1"]] * 10
    assert upstream.servers()[0].failures == 0


def header_only(query: dns.message.Message) -> Replies:
    return [query.id.to_bytes(2, "big") + b"\x80\x01" + bytes(8)]


NO_EDNS: dict[str, Behaviour] = {
    "FORMERR": says(rcode="FORMERR"),
    "FORMERR without the question": header_only,
    "NOTIMP": says(rcode="NOTIMP"),
    "BADVERS": says(rcode="BADVERS"),
}


@pytest.mark.parametrize("refusal", NO_EDNS.values(), ids=NO_EDNS.keys())
@pytest.mark.parametrize("protocol", Protocol)
async def test_a_server_that_knows_no_edns_is_asked_without(refusal: Behaviour, protocol: Protocol) -> None:
    def old(query: dns.message.Message) -> Replies:
        return GOOD(query) if query.edns < 0 else refusal(query)

    async with serve(old, framed(old)) as server:
        reply = await exchange(ask(server.udp if protocol is Protocol.UDP else server.tcp))
        queries = server.over_udp if protocol is Protocol.UDP else server.over_tcp
        assert [query.edns for query in queries] == [0, -1]
    assert addresses(reply) == ["10.0.0.1"]


async def test_a_truncated_reply_is_asked_for_again_over_tcp() -> None:
    many = [f"10.0.0.{n}" for n in range(200)]
    full = says(*(f"{WWW}. 300 A {address}" for address in many))
    async with serve(truncated, framed(full)) as server:
        reply = await exchange(ask(server.udp))
        assert len(server.over_udp) == len(server.over_tcp) == 1
    assert addresses(reply) == many


async def test_a_tcp_server_is_asked_over_tcp_alone() -> None:
    async with serve(silent, framed(GOOD)) as server:
        assert addresses(await exchange(ask(server.tcp))) == ["10.0.0.1"]
        assert server.over_udp == []


def framed_after(*lies: bytes) -> Behaviour:
    return lambda query: [*(len(lie).to_bytes(2, "big") + lie for lie in lies), *(framed(GOOD)(query) or ())]


async def test_what_is_no_reply_is_passed_over_on_a_connection_too(upstream: Upstream) -> None:
    async with serve(silent, framed_after(b"", b"\xff" * 30)) as server:
        assert addresses(await upstream.exchange(ask(server.tcp))) == ["10.0.0.1"]
        assert upstream.ignored == 2


TCP_FAILURES: list[tuple[str, Behaviour | None, str]] = [
    ("nobody listens", None, "refused the connection"),
    ("closes without a word", lambda _: [], "closed the connection before its reply was whole"),
    ("silent", silent, "gave no reply within 0.2"),
    ("half a reply", lambda query: [(framed(GOOD)(query) or [b""])[0][:20]], "gave no reply within 0.2"),
    ("truncated", framed(truncated), "gave a truncated reply over TCP"),
]


@pytest.mark.parametrize(("tcp", "text"), [case[1:] for case in TCP_FAILURES], ids=[case[0] for case in TCP_FAILURES])
async def test_what_goes_wrong_over_tcp(tcp: Behaviour | None, text: str, upstream: Upstream) -> None:
    async with serve(truncated, tcp) as server, serve(GOOD) as other:
        for address in (server.tcp, server.udp):
            with pytest.raises(UpstreamError, match=text):
                await upstream.exchange(ask(address, timeout=0.2))
        assert addresses(await upstream.exchange(ask(server.tcp, other.udp, timeout=0.4))) == ["10.0.0.1"]


async def test_a_connection_that_breaks_in_the_middle_of_a_reply() -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"\0\x50half a reply")
        writer.close()

    async with await asyncio.start_server(break_off, "127.0.0.1", 0) as server:
        address = ServerAddress(Protocol.TCP, "127.0.0.1", server.sockets[0].getsockname()[1])
        with pytest.raises(UpstreamError, match="closed the connection before its reply was whole"):
            await exchange(ask(address))


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
async def test_a_server_at_an_ipv6_address() -> None:
    async with serve(truncated, framed(GOOD), host="::1") as server:
        assert addresses(await exchange(ask(server.udp))) == ["10.0.0.1"]


async def test_where_too_many_asks_are_under_way_the_oldest_ends_for_the_newest(upstream: Upstream) -> None:
    def picky(query: dns.message.Message) -> Replies:
        return GOOD(query) if str(query.question[0].name).lower() == f"{WWW}." else None

    async with serve(picky) as server:
        upstream.bounds = UpstreamBounds(in_flight=2)
        running = [asyncio.create_task(upstream.exchange(ask(server.udp, name=f"{n}.example.com"))) for n in range(2)]
        await asyncio.sleep(0.05)
        assert upstream.in_flight == 2
        assert addresses(await upstream.exchange(ask(server.udp))) == ["10.0.0.1"]
        assert [task.done() for task in running] == [True, False]
        with pytest.raises(UpstreamError, match="given up for newer questions: 2 are under way"):
            await running[0]
        assert upstream.pushed_out == 1
        running[1].cancel()
        await asyncio.wait(running)
        assert upstream.in_flight == 0


async def test_cancelling_an_ask_leaves_nothing_behind(upstream: Upstream) -> None:
    async with serve(silent, silent) as server:
        for address in (server.udp, server.tcp):
            task = asyncio.create_task(upstream.exchange(ask(address)))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert upstream.in_flight == 0


async def test_closing_ends_what_is_under_way_and_takes_no_more(upstream: Upstream) -> None:
    async with serve(silent) as server:
        task = asyncio.create_task(upstream.exchange(ask(server.udp, timeout=30.0)))
        await asyncio.sleep(0.05)
        upstream.close()
        upstream.close()
        with pytest.raises(UpstreamError, match="given up: shutting down"):
            await asyncio.wait_for(task, 1.0)
        with pytest.raises(UpstreamError, match="no server is asked any more"):
            await upstream.exchange(ask(server.udp))


def use_sockets_of(monkeypatch: pytest.MonkeyPatch, make: object) -> None:
    monkeypatch.setattr(udp_module, "socket", SimpleNamespace(**{**vars(socket), "socket": make}))


def raising(code: int) -> object:
    def make(*_: object) -> socket.socket:
        raise OSError(code, os.strerror(code))

    return make


async def test_without_open_files_left_no_server_is_blamed(monkeypatch: pytest.MonkeyPatch, upstream: Upstream) -> None:
    async with serve(GOOD) as server:
        with monkeypatch.context() as patch:
            use_sockets_of(patch, raising(errno.EMFILE))
            with pytest.raises(UpstreamError, match="raise the limit of open files"):
                await upstream.exchange(ask(server.udp))
        assert addresses(await upstream.exchange(ask(server.udp, closed_port()))) == ["10.0.0.1"]


async def test_an_address_family_that_this_machine_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    use_sockets_of(monkeypatch, raising(errno.EAFNOSUPPORT))
    with pytest.raises(UpstreamError, match="cannot be reached: Address family not supported"):
        await exchange(ask(closed_port()))


async def test_a_full_send_buffer_is_like_a_lost_query(monkeypatch: pytest.MonkeyPatch) -> None:
    class FullAtFirst(socket.socket):
        full = True

        def send(self, data: bytes, flags: int = 0, /) -> int:  # type: ignore[override]
            if FullAtFirst.full:
                FullAtFirst.full = False
                raise BlockingIOError
            return super().send(data, flags)

    async with serve(GOOD) as server:
        use_sockets_of(monkeypatch, FullAtFirst)
        assert addresses(await exchange(ask(server.udp, timeout=0.5))) == ["10.0.0.1"]
        assert len(server.over_udp) == 1


async def test_a_server_that_fails_is_told_of_once_a_minute(upstream: Upstream, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    nobody, other = closed_port(), closed_port()
    for name in ("a.example", "b.example", "c.example"):
        with pytest.raises(UpstreamError):
            await upstream.exchange(ask(nobody, other, name=name))
    assert sorted(caplog.messages) == sorted(f"upstream {server} refused the connection" for server in (nobody, other))
