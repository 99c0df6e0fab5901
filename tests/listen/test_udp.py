"""Serving UDP: answers at once and later, silence, floods, and what the machine refuses."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from proxy.listen import start_listening, udp
from proxy.listen.handle import Later
from proxy.listen.wildcard import WildcardSocket
from proxy.model.plan import ClientAddress, Listener
from tests.listen.clients import LIMITS, UdpClient, listening, shout


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")


async def answer_later(packet: bytes) -> bytes | None:
    await asyncio.sleep(0.01)
    return None if packet == b"hush" else packet.upper()


def reported(loop: asyncio.AbstractEventLoop) -> list[dict[str, Any]]:
    """What the loop's exception handler is told from now on."""
    contexts: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: contexts.append(context))
    return contexts


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)])
async def test_an_answer_comes_back_and_the_handler_knows_who_asked(host: str) -> None:
    seen: list[tuple[bytes, ClientAddress]] = []

    def handle(packet: bytes, client: ClientAddress) -> bytes:
        seen.append((packet, client))
        return packet.upper()

    async with listening(handle, host) as served:
        assert served.address[0] == host
        with UdpClient(served.address) as client:
            assert await client.ask(b"hello") == b"HELLO"
            assert seen == [(b"hello", client.address)]
            assert seen[0][1].host == host


async def test_none_is_silence() -> None:
    async with listening(lambda packet, _: None if packet == b"hush" else packet) as served:
        with UdpClient(served.address) as client:
            client.send(b"hush")
            assert await client.ask(b"hello") == b"hello"


async def test_what_takes_time_does_not_hold_up_what_does_not() -> None:
    def handle(packet: bytes, _client: ClientAddress) -> Awaitable[bytes | None] | bytes:
        return packet.upper() if packet == b"quick" else answer_later(packet)

    async with listening(handle) as served:
        with UdpClient(served.address) as client:
            for packet in (b"hush", b"slow", b"quick"):
                client.send(packet)
            assert await client.receive() == b"QUICK"
            assert await client.receive() == b"SLOW"
            with pytest.raises(TimeoutError):
                await client.receive(0.05)


async def test_a_queue_of_many_packets_is_worked_off() -> None:
    async with listening() as served:
        with UdpClient(served.address) as client:
            for number in range(150):
                client.send(b"packet %d" % number)
            assert [await client.receive() for _ in range(150)] == [b"PACKET %d" % number for number in range(150)]


async def test_a_burst_leaves_other_sockets_their_turn() -> None:
    seen: list[bytes] = []

    def handle(packet: bytes, _client: ClientAddress) -> None:
        seen.append(packet)

    async with listening(handle) as served:
        with UdpClient(served.address) as client:
            for _ in range(150):
                client.send(b"packet")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert 0 < len(seen) < 150


class Waited:
    """An answer that comes when a test says so."""

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.done: Callable[[bytes | None], None]

    def start(self, done: Callable[[bytes | None], None]) -> None:
        self.done = done

    def give_up(self) -> None:
        self.done(b"too many: " + self.packet)

    def cancel(self) -> None:
        """Nothing is under way."""


async def test_where_too_many_answers_are_waited_for_the_oldest_goes_for_the_newest() -> None:
    waited: list[Waited] = []
    futures: list[asyncio.Future[bytes | None]] = []

    def handle(packet: bytes, _client: ClientAddress) -> Awaitable[bytes | None] | Later:
        if packet == b"future":
            futures.append(asyncio.get_running_loop().create_future())
            return futures[0]
        waited.append(Waited(packet))
        return waited[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(udp, "MOST_IN_FLIGHT", 2)
        async with listening(handle) as served:
            with UdpClient(served.address) as client:
                for packet in (b"one", b"future", b"two"):
                    client.send(packet)
                assert await client.receive() == b"too many: one"
                client.send(b"three")
                await until(lambda: len(waited) == 3)
                assert futures[0].cancelled(), "what has nothing to say goes in silence"
                assert served.udp.given_up == 2
                waited[2].done(b"THREE")
                assert await client.receive() == b"THREE"
                client.send(b"four")
                await until(lambda: len(waited) == 4)
                waited[1].done(b"TWO")
                assert await client.receive() == b"TWO"
                assert served.udp.given_up == 2, "there was room again"


async def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it did not come about")


async def test_an_answer_that_the_machine_does_not_take() -> None:
    async with listening(lambda packet, _: bytes(70_000) if packet == b"big" else packet) as served:
        with UdpClient(served.address) as client:
            client.send(b"big")
            assert await client.ask(b"small") == b"small"
        assert served.udp.unsent == 1


async def test_a_client_that_has_gone() -> None:
    async with listening() as served:
        for _ in range(3):
            with UdpClient(served.address) as client:
                client.send(b"hello")
            await asyncio.sleep(0.01)
        with UdpClient(served.address) as client:
            assert await client.ask(b"hello") == b"HELLO"


async def test_word_of_lost_answers_and_packets_without_a_source_port_are_passed_over() -> None:
    queue: list[OSError | tuple[bytes, tuple[str, int]]] = [
        ConnectionResetError(errno.ECONNRESET, "an earlier answer did not arrive"),
        (b"no way back", ("127.0.0.1", 0)),
        (b"good", ("127.0.0.1", 1053)),
        BlockingIOError(),
        (b"later", ("127.0.0.1", 1053)),
    ]
    handled: list[bytes] = []

    def receive(_size: int) -> tuple[bytes, tuple[str, int]]:
        item = queue.pop(0)
        if isinstance(item, OSError):
            raise item
        return item

    async with listening(lambda packet, _: handled.append(packet)) as served:
        served.udp._receive = receive
        served.udp._read()
    assert handled == [b"good"]


async def test_a_handler_that_fails_is_reported_and_the_next_packet_is_served() -> None:
    async def fail() -> bytes:
        raise ValueError("later")

    def handle(packet: bytes, _client: ClientAddress) -> Awaitable[bytes | None] | bytes:
        if packet == b"now":
            raise ValueError("now")
        return fail() if packet == b"later" else packet

    contexts = reported(asyncio.get_running_loop())
    async with listening(handle) as served:
        with UdpClient(served.address) as client:
            client.send(b"now")
            client.send(b"later")
            assert await client.ask(b"good") == b"good"
            await asyncio.sleep(0.01)
    assert [str(context["exception"]) for context in contexts] == ["now", "later"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127/8 without being told")
async def test_a_wildcard_answers_from_the_address_that_was_asked() -> None:
    def handle(packet: bytes, _client: ClientAddress) -> Awaitable[bytes | None] | bytes:
        return answer_later(packet) if packet == b"slow" else packet.upper()

    async with listening(handle, "0.0.0.0") as served:
        assert served.address[0] == "0.0.0.0"
        for host in ("127.0.0.1", "127.0.0.2", "127.9.9.9"):
            with UdpClient((host, served.address[1])) as client:  # it is connected: it hears that one address alone
                assert await client.ask(b"hello") == b"HELLO"
                assert await client.ask(b"slow") == b"SLOW"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a broadcast address on loopback")
async def test_what_was_sent_to_many_is_answered_by_nobody() -> None:
    handled: list[bytes] = []

    def handle(packet: bytes, _client: ClientAddress) -> bytes:
        handled.append(packet)
        return packet.upper()

    async with listening(handle, "0.0.0.0") as served:
        with UdpClient(served.address) as client, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            caller.setblocking(False)
            caller.bind(("127.0.0.1", 0))
            caller.sendto(b"to everybody", ("127.255.255.255", served.address[1]))
            await until(lambda: served.udp.ignored == 1)
            assert await client.ask(b"hello") == b"HELLO"
            assert handled == [b"hello"]
            with pytest.raises(BlockingIOError):
                caller.recv(100)


@pytest.mark.parametrize(
    ("family", "data", "to_many"),
    [
        (socket.AF_INET, b"\1\0\0\0" + bytes([10, 0, 0, 5]) + bytes([10, 0, 0, 5]), False),
        (socket.AF_INET, b"\1\0\0\0" + bytes(4) + bytes([10, 0, 0, 5]), False),
        (socket.AF_INET, b"\1\0\0\0" + bytes([10, 0, 0, 5]) + bytes([10, 0, 0, 255]), True),
        (socket.AF_INET, b"\1\0\0\0" + bytes([10, 0, 0, 5]) + bytes([255] * 4), True),
        (socket.AF_INET, b"\1\0\0\0" + bytes(4) + bytes([224, 0, 0, 251]), True),
        (socket.AF_INET6, socket.inet_pton(socket.AF_INET6, "fe80::1") + bytes(4), False),
        pytest.param(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, "ff02::1") + bytes(4), True, marks=needs_ipv6),
    ],
)
def test_broadcast_and_multicast_are_told_from_an_address_of_this_machine(
    family: socket.AddressFamily, data: bytes, to_many: bool
) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        assert WildcardSocket(sock)._is_to_many(data) is to_many


@needs_ipv6
async def test_both_wildcards_side_by_side() -> None:
    async with listening(shout, "0.0.0.0") as served:
        other = await start_listening(
            Listener("::", served.address[1], None), lambda _, client: client.host.encode(), LIMITS
        )
        with UdpClient(("127.0.0.1", served.address[1])) as client:
            assert await client.ask(b"hello") == b"HELLO"
        with UdpClient(("::1", served.address[1])) as client:
            assert await client.ask(b"hello") == b"::1"
        await other.close(0)


async def test_a_wildcard_where_the_machine_does_not_tell_what_was_asked() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("proxy.listen.wildcard._IP_PKTINFO", None)
        async with listening(shout, "0.0.0.0") as served:
            with UdpClient(("127.0.0.1", served.address[1])) as client:
                assert await client.ask(b"hello") == b"HELLO"


async def test_closing_waits_for_answers_but_not_for_ever() -> None:
    never = asyncio.Event()

    async def wait_for_ever() -> bytes:
        await never.wait()
        return b"never"

    def handle(packet: bytes, _client: ClientAddress) -> Awaitable[bytes | None]:
        return wait_for_ever() if packet == b"ever" else answer_later(packet)

    served = await start_listening(Listener("127.0.0.1", 0, None), handle, LIMITS)
    with UdpClient(served.address) as client:
        client.send(b"slow")
        client.send(b"ever")
        await asyncio.sleep(0.005)
        closing = asyncio.create_task(served.close(0.2))
        await asyncio.sleep(0)
        client.send(b"too late")
        assert await client.receive() == b"SLOW"
        assert not closing.done()
        await asyncio.wait_for(closing, 1.0)
        with pytest.raises((TimeoutError, ConnectionRefusedError)):
            await client.receive(0.05)
