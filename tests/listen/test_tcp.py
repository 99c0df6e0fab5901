"""Serving TCP: pipelines, slow clients, clients that do not read, too many of them, and machines without files left."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Awaitable, Iterator

import pytest

from proxy.listen import Handle, connection, start_listening
from proxy.listen.connection import Connection
from proxy.model.plan import ClientAddress, Listener, TcpLimits
from tests.listen.clients import LIMITS, TcpClient, UdpClient, framed, listening, message, shout

BRIEF = TcpLimits(connections=10, idle=0.15)
TWO = TcpLimits(connections=2, idle=5.0)


class Gate:
    """A handler whose answers wait until the gate opens."""

    def __init__(self) -> None:
        self.waiting = 0
        self.cancelled = 0
        self._open = asyncio.Event()

    def open(self) -> None:
        self._open.set()

    async def __call__(self, packet: bytes, _client: ClientAddress) -> bytes:
        self.waiting += 1
        try:
            await self._open.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.waiting -= 1
        return packet.upper()


def slow_or_quick(gate: Gate) -> Handle:
    """Waits at the gate for what begins with "slow"."""

    def handle(packet: bytes, client: ClientAddress) -> Awaitable[bytes | None] | bytes:
        return gate(packet, client) if packet.startswith(b"slow") else packet.upper()

    return handle


async def until_waiting(gate: Gate, number: int) -> None:
    async with asyncio.timeout(2.0):
        while gate.waiting != number:  # a number to reach, going up or down
            await asyncio.sleep(0.001)


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


async def test_one_connection_too_many_costs_the_one_that_has_been_idle_longest() -> None:
    async with listening(limits=TWO) as served, TcpClient(served.address) as first, TcpClient(served.address) as second:
        await first.ask(message())
        await second.ask(message())
        await first.ask(message())
        async with TcpClient(served.address) as third:
            assert await third.ask(message()) == message().upper()
            assert await second.is_closed()
            assert await first.ask(message()) == message().upper()
            assert served.tcp.connections == 2
            assert served.tcp.evicted == 1


async def test_one_that_waits_for_an_answer_goes_after_one_that_does_not() -> None:
    gate = Gate()
    handle = slow_or_quick(gate)
    async with (
        listening(handle, limits=TWO) as served,
        TcpClient(served.address) as waiting,
        TcpClient(served.address) as idle,
    ):
        waiting.send(b"slow message")
        await until_waiting(gate, 1)
        await idle.ask(message())
        async with TcpClient(served.address) as third:
            assert await third.ask(message()) == message().upper()
            assert await idle.is_closed()
            gate.open()
            assert await waiting.receive() == b"SLOW MESSAGE"


@contextlib.contextmanager
def connected(server: tuple[str, int], source: str, number: int) -> Iterator[list[socket.socket]]:
    """So many connections from one address, without a word."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection(server, timeout=5, source_address=(source, 0)))
            for _ in range(number)
        ]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127/8 without being told")
async def test_who_has_more_than_a_fair_share_goes_before_who_is_idle() -> None:
    gate = Gate()
    limits = TcpLimits(connections=6, idle=5.0)
    async with listening(slow_or_quick(gate), limits=limits) as served, TcpClient(served.address) as modest:
        await modest.ask(message())
        with connected(served.address, "127.0.0.2", 5) as greedy:
            for each in greedy:
                each.sendall(framed(b"slow message"))
            await until_waiting(gate, 5)
            with connected(served.address, "127.0.0.2", 4):
                await until_waiting(gate, 4)
                assert served.tcp.evicted == 4, "one that had asked, and then those of its kind that had not"
                assert await modest.ask(message()) == message().upper()
            gate.open()


async def test_three_hundred_clients_that_drip_leave_new_ones_and_udp_answered() -> None:
    limits = TcpLimits(connections=64, idle=5.0)
    async with listening(limits=limits) as served, contextlib.AsyncExitStack() as stack:
        drips = [await stack.enter_async_context(TcpClient(served.address)) for _ in range(300)]
        octets = framed(b"x" * 1000)
        with UdpClient(served.address) as udp:
            for number in range(30):
                for each in drips:
                    if not each.reader.at_eof() and not each.writer.is_closing():
                        each.writer.write(octets[number : number + 1])
                assert await udp.ask(b"hello") == b"HELLO"
                async with TcpClient(served.address) as client:
                    assert await client.ask(message(number)) == message(number).upper()
                    await asyncio.sleep(0.001)
                    assert await client.ask(message(number)) == message(number).upper()
        assert served.tcp.connections <= 64
        assert served.tcp.evicted == 300 + 1 - 64, "those that had dripped for longest"


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


OUT_OF_FILES = """
    import asyncio, contextlib, logging, os, resource, socket
    from proxy.listen import start_listening
    from proxy.model.plan import Listener, TcpLimits

    async def main():
        logging.disable()
        served = await start_listening(Listener("127.0.0.1", 0, None), lambda packet, _: packet, TcpLimits(100, 5.0))
        highest = max(int(name) for name in os.listdir("/proc/self/fd"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 20, highest + 20))
        clients = []
        with contextlib.suppress(OSError):  # until no file is left, in the midst of a connection
            while True:
                clients.append(socket.create_connection(served.address))
                await asyncio.sleep(0.005)
        for client in clients:
            client.close()
        await asyncio.sleep(0.05)
        reader, writer = await asyncio.open_connection(*served.address)
        writer.write(b"\\0\\x0cmessage 0001")
        print(await asyncio.wait_for(reader.readexactly(14), 5.0))
        writer.close()
        await served.close(0)

    asyncio.run(main())
"""

SHORT_OF_FILES = """
    import asyncio, os, resource, socket, sys, time
    from proxy.listen import start_listening
    from proxy.model.plan import Listener, TcpLimits

    async def main():
        served = await start_listening(Listener("127.0.0.1", 0, None), lambda packet, _: packet, TcpLimits(1000, 60.0))
        highest = max(int(name) for name in os.listdir("/proc/self/fd"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 8, highest + 8))
        print(served.address[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        print(served.tcp.evicted, time.process_time(), flush=True)
        await served.close(0)

    asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts its open files in /proc")
def test_with_all_files_taken_by_clients_that_are_idle_every_new_one_is_answered_and_one_line_is_logged() -> None:
    command = [sys.executable, "-c", textwrap.dedent(SHORT_OF_FILES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as ran:
        assert ran.stdout is not None
        server = ("127.0.0.1", int(ran.stdout.readline()))
        with connected(server, "127.0.0.1", 60):
            for number in range(20):
                with socket.create_connection(server, timeout=10) as client:
                    client.sendall(framed(message(number)))
                    assert client.recv(100) == framed(message(number))
        out, err = ran.communicate("\n", timeout=20)
    evicted, seconds = out.split()
    assert int(evicted) > 40
    assert float(seconds) < 5
    assert err == "cannot accept a TCP connection: Too many open files (1 times); raise the limit of open files\n"


@pytest.mark.skipif(sys.platform != "linux", reason="counts its open files in /proc")
def test_a_machine_without_files_left_serves_on_when_there_are_some() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(OUT_OF_FILES)], capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.stdout.strip(), done.returncode) == (r"b'\x00\x0cmessage 0001'", 0), done.stderr
