"""Serving TCP: pipelines, slow clients, clients that do not read."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable

import pytest

from proxy.listen import Handle, connection, start_listening
from proxy.listen.connection import Connection
from proxy.model.plan import ClientAddress, Listener, TcpLimits
from tests.listen.clients import LIMITS, TcpClient, UdpClient, framed, listening, message, shout
from tests.listen.gates import Gate, slow_or_quick, until_waiting

BRIEF = TcpLimits(connections=10, idle=0.15)


async def test_the_handler_knows_who_asked() -> None:
    seen: list[ClientAddress] = []

    def handle(packet: bytes, client: ClientAddress) -> bytes:
        seen.append(client)
        return packet

    async with listening(handle) as served, TcpClient(served.address) as client:
        await client.ask(message())
        assert seen == [(*client.writer.get_extra_info("sockname"), True)]
        assert served.tcp.connections == 1


async def test_many_queries_on_one_connection_in_one_segment() -> None:
    messages = [message(number) for number in range(500)]
    async with listening() as served, TcpClient(served.address) as client:
        client.send(*messages)
        assert [await client.receive() for _ in messages] == [each.upper() for each in messages]


async def test_a_message_in_single_octets() -> None:
    async with listening() as served, TcpClient(served.address) as client:
        for octet in framed(message(1), message(2)):
            client.writer.write(bytes([octet]))
            await asyncio.sleep(0.001)
        assert await client.receive() == message(1).upper()
        assert await client.receive() == message(2).upper()


async def test_the_longest_message_both_ways() -> None:
    async with listening() as served, TcpClient(served.address) as client:
        assert await client.ask(b"x" * 65535) == b"X" * 65535


async def test_answers_go_out_as_they_are_ready() -> None:
    gate = Gate()
    async with listening(slow_or_quick(gate)) as served, TcpClient(served.address) as client:
        client.send(b"slow message", b"quick message")
        assert await client.receive() == b"QUICK MESSAGE"
        gate.open()
        assert await client.receive() == b"SLOW MESSAGE"


async def test_silence_leaves_the_connection_open() -> None:
    async def nothing() -> None:
        return None

    def handle(packet: bytes, _client: ClientAddress) -> Awaitable[bytes | None] | bytes | None:
        if packet == b"hush at once":
            return None
        return nothing() if packet == b"hush later on" else packet

    async with listening(handle) as served, TcpClient(served.address) as client:
        client.send(b"hush at once", b"hush later on")
        assert await client.ask(message()) == message()


async def test_a_client_that_has_asked_all_gets_its_answers() -> None:
    gate = Gate()
    async with listening(slow_or_quick(gate)) as served, TcpClient(served.address) as client:
        client.send(b"slow message", message())
        client.writer.write_eof()
        assert await client.receive() == message().upper()
        gate.open()
        assert await client.receive() == b"SLOW MESSAGE"
        assert await client.is_closed()


async def test_a_client_that_asks_nothing_and_hangs_up() -> None:
    async with listening() as served, TcpClient(served.address) as client:
        client.writer.write(framed(message())[:5])
        client.writer.write_eof()
        assert await client.is_closed()
        assert served.tcp.idle == 0


@pytest.mark.parametrize("length", [0, 11])
async def test_a_message_shorter_than_a_header_ends_the_connection_after_what_was_asked_before(length: int) -> None:
    gate = Gate()
    async with listening(slow_or_quick(gate)) as served, TcpClient(served.address) as client:
        client.writer.write(framed(b"slow message", message(1), b"x" * length, message(2)))
        assert await client.receive() == message(1).upper()
        gate.open()
        assert await client.receive() == b"SLOW MESSAGE"
        assert await client.is_closed()


async def test_an_idle_connection_is_closed_in_time() -> None:
    async with listening(limits=BRIEF) as served, TcpClient(served.address) as client:
        since = time.monotonic()
        for _ in range(3):
            await asyncio.sleep(0.08)
            assert await client.ask(message()) == message().upper()
        assert await client.is_closed()
        assert 0.3 < time.monotonic() - since < 1.0
        assert served.tcp.idle == 1
        assert served.tcp.connections == 0


async def test_a_client_that_drips_is_closed_in_time() -> None:
    async with listening(limits=BRIEF) as served, TcpClient(served.address) as client:
        since = time.monotonic()
        closed = asyncio.create_task(client.is_closed())
        for octet in framed(b"x" * 1000)[:50]:
            client.writer.write(bytes([octet]))
            await asyncio.sleep(0.02)
            if closed.done():
                break
        assert await closed
        assert time.monotonic() - since < 0.6
        assert served.tcp.idle == 1


async def test_a_client_that_waits_for_its_answer_is_not_idle() -> None:
    gate = Gate()
    async with listening(slow_or_quick(gate), limits=BRIEF) as served, TcpClient(served.address) as client:
        client.send(b"slow message")
        await asyncio.sleep(0.4)
        gate.open()
        assert await client.receive() == b"SLOW MESSAGE"
        assert await client.is_closed()
        assert served.tcp.idle == 1


def unread(served: tuple[str, int]) -> socket.socket:
    """A connection with a small receive buffer, non-blocking."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(served)
    sock.setblocking(False)
    return sock


def huge(handled: list[bytes]) -> Handle:
    """Answers with 60,000 octets, and notes the query."""

    def handle(packet: bytes, _client: ClientAddress) -> bytes:
        handled.append(packet)
        return packet.ljust(60_000, b".")

    return handle


async def test_a_client_that_takes_no_answers_is_held_up_then_closed() -> None:
    handled: list[bytes] = []
    async with listening(huge(handled), limits=BRIEF) as served:
        with unread(served.address) as sock:
            await asyncio.get_running_loop().sock_sendall(sock, framed(*[message(n) for n in range(1000)]))
            await asyncio.sleep(0.08)
            assert 2 < len(handled) < 500
            so_far = len(handled)
            await asyncio.sleep(0.3)
            assert len(handled) == so_far
            assert served.tcp.connections == 0
            assert served.tcp.idle == 1


async def test_a_client_that_takes_its_answers_late_gets_all() -> None:
    loop = asyncio.get_running_loop()
    handled: list[bytes] = []
    async with listening(huge(handled)) as served:
        with unread(served.address) as sock:
            await loop.sock_sendall(sock, framed(*[message(n) for n in range(200)]))
            sock.shutdown(socket.SHUT_WR)
            await asyncio.sleep(0.05)
            assert len(handled) < 200
            received = bytearray()
            while chunk := await asyncio.wait_for(loop.sock_recv(sock, 1 << 20), 2.0):
                received += chunk
    assert len(received) == 200 * 60_002
    assert [bytes(received[n * 60_002 + 2 :][:12]) for n in range(200)] == [message(n) for n in range(200)]


async def test_a_client_that_takes_nothing_is_closed_although_answers_are_waited_for() -> None:
    gate = Gate()

    def handle(packet: bytes, client: ClientAddress) -> Awaitable[bytes | None] | bytes:
        return gate(packet, client) if packet.startswith(b"slow") else packet.ljust(60_000)

    async with listening(handle, limits=BRIEF) as served:
        with unread(served.address) as sock:
            await asyncio.get_running_loop().sock_sendall(sock, framed(b"slow message", *[message(n) for n in range(200)]))
            await until_waiting(gate, 1)
            await asyncio.sleep(0.4)
            assert served.tcp.idle == 1
            assert gate.cancelled == 1


async def test_an_answer_that_comes_while_others_lie_untaken_does_not_count_as_movement() -> None:
    gate = Gate()

    def handle(packet: bytes, client: ClientAddress) -> Awaitable[bytes | None] | bytes:
        return gate(packet, client) if packet.startswith(b"slow") else packet.ljust(60_000)

    async with listening(handle, limits=BRIEF) as served:
        with unread(served.address) as sock:
            await asyncio.get_running_loop().sock_sendall(sock, framed(b"slow message", *[message(n) for n in range(200)]))
            await asyncio.sleep(0.1)
            gate.open()
            await asyncio.sleep(0.1)
            assert served.tcp.idle == 1


async def test_only_so_many_queries_of_a_connection_are_under_way() -> None:
    gate = Gate()
    async with listening(slow_or_quick(gate)) as served, TcpClient(served.address) as client:
        client.send(*[b"slow %09d" % number for number in range(200)])
        await until_waiting(gate, connection.MOST_IN_FLIGHT)
        client.send(*[b"slow %09d" % number for number in range(200, 300)])
        async with TcpClient(served.address) as other:
            assert await other.ask(message()) == message().upper()
        assert gate.waiting == connection.MOST_IN_FLIGHT
        gate.open()
        answers = {await client.receive() for _ in range(300)}
        assert answers == {b"SLOW %09d" % number for number in range(300)}


async def test_a_long_pipeline_leaves_others_their_turn() -> None:
    order: list[bytes] = []

    def handle(packet: bytes, client: ClientAddress) -> bytes:
        order.append(b"tcp" if client.tcp else b"udp")
        return packet

    async with listening(handle) as served, TcpClient(served.address) as client:
        with UdpClient(served.address) as udp:
            await client.ask(message())
            client.send(*[message(number) for number in range(2000)])
            udp.send(message())
            for _ in range(2000):
                await client.receive()
            await udp.receive()
    assert 1 <= order.index(b"udp") < 1500


async def test_a_client_that_goes_away_is_not_worked_for() -> None:
    gate = Gate()
    async with listening(slow_or_quick(gate)) as served, TcpClient(served.address) as client:
        client.send(b"slow message")
        await until_waiting(gate, 1)
        close_with_a_reset = b"\1\0\0\0\0\0\0\0"
        client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, close_with_a_reset)
        client.writer.transport.abort()
        await until_waiting(gate, 0)
        assert gate.cancelled == 1


async def test_an_answer_that_is_ready_as_its_connection_goes() -> None:
    answer: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
    async with listening(lambda *_: answer) as served, TcpClient(served.address) as client:
        client.send(message())
        await asyncio.sleep(0.02)
        [there] = served.tcp._open
        there.abort()
        answer.set_result(b"too late")
        assert await client.is_closed()


async def test_closing_answers_what_was_asked_and_closes_the_rest() -> None:
    gate = Gate()
    served = await start_listening(Listener("127.0.0.1", 0, None), slow_or_quick(gate), LIMITS)
    async with TcpClient(served.address) as waiting, TcpClient(served.address) as idle:
        waiting.send(b"slow message")
        await until_waiting(gate, 1)
        await idle.ask(message())
        closing = asyncio.create_task(served.close(2.0))
        assert await idle.is_closed()
        waiting.send(message())
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*served.address)
        gate.open()
        assert await waiting.receive() == b"SLOW MESSAGE"
        assert await waiting.is_closed()
        await asyncio.wait_for(closing, 0.5)


async def test_closing_does_not_wait_for_ever() -> None:
    gate = Gate()
    served = await start_listening(Listener("127.0.0.1", 0, None), slow_or_quick(gate), LIMITS)
    async with TcpClient(served.address) as client:
        client.send(b"slow message")
        await until_waiting(gate, 1)
        await asyncio.wait_for(served.close(0.05), 0.5)
        assert await client.is_closed()
        assert served.tcp.connections == 0
    await asyncio.sleep(0)
    assert gate.cancelled == 1


async def test_a_connection_that_comes_as_the_listener_closes() -> None:
    async with listening() as served:
        served.tcp._closing = True
        async with TcpClient(served.address) as client:
            assert await client.is_closed()
        assert served.tcp.connections == 0


async def test_closing_while_a_pipeline_is_worked_off_answers_all_of_it() -> None:
    served = await start_listening(Listener("127.0.0.1", 0, None), shout, LIMITS)
    async with TcpClient(served.address) as client:
        await client.ask(message())
        [there] = served.tcp._open
        assert isinstance(there, Connection)
        there.data_received(framed(*[message(number) for number in range(300)]))
        await served.close(2.0)
        assert [await client.receive() for _ in range(300)] == [message(number).upper() for number in range(300)]
        assert await client.is_closed()
