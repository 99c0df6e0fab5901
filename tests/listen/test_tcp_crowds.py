"""Too many TCP connections: who goes, who is served, and a machine that has no file left."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

from proxy.model.plan import TcpLimits
from tests.listen.clients import TcpClient, UdpClient, framed, listening, message
from tests.listen.gates import Gate, slow_or_quick, until_waiting

TWO = TcpLimits(connections=2, idle=5.0)


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
