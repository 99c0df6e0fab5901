"""Binding UDP and TCP at one address and port."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from proxy.listen import sockets, start_listening
from proxy.model.plan import Listener
from tests.listen.clients import LIMITS, TcpClient, UdpClient, listening, message, shout


async def test_a_free_port_is_free_for_both() -> None:
    async with listening() as served:
        assert served.address[1] > 0
        with UdpClient(served.address) as udp:
            assert await udp.ask(message()) == message().upper()
        async with TcpClient(served.address) as tcp:
            assert await tcp.ask(message()) == message().upper()


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
async def test_a_port_that_is_taken_for_one_of_them_is_refused_for_both(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(OSError, match="in use") as caught:
            await start_listening(Listener("127.0.0.1", port, None), shout, LIMITS)
        assert caught.value.errno == errno.EADDRINUSE
    served = await start_listening(Listener("127.0.0.1", port, None), shout, LIMITS)
    assert served.address == ("127.0.0.1", port), "nothing of the failure is left"
    await served.close(0)


async def test_a_port_can_be_served_again_at_once() -> None:
    async with listening() as served, TcpClient(served.address) as client:
        await client.ask(message())
    again = await start_listening(Listener(*served.address, None), shout, LIMITS)
    await again.close(0)


async def test_an_address_of_another_machine() -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011  the number is what counts
        await start_listening(Listener("192.0.2.1", 0, None), shout, LIMITS)
    assert caught.value.errno == errno.EADDRNOTAVAIL


def refusing_tcp(monkeypatch: pytest.MonkeyPatch, code: int, times: int) -> list[int]:
    """Refuse TCP with `code` for so many times.  The ports that were tried are in the list."""
    bind = sockets._bind
    tried: list[int] = []

    def bind_or_refuse(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
        if kind == socket.SOCK_STREAM:
            tried.append(port)
            if len(tried) <= times:
                raise OSError(code, os.strerror(code))
        return bind(host, port, kind)

    monkeypatch.setattr(sockets, "_bind", bind_or_refuse)
    return tried


def test_a_port_that_is_free_for_udp_alone_is_given_up_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = refusing_tcp(monkeypatch, errno.EADDRINUSE, times=2)
    udp, tcp = sockets.bind_both("127.0.0.1", 0)
    with udp, tcp:
        assert udp.getsockname() == tcp.getsockname() == ("127.0.0.1", tried[2])
    assert len(tried) == 3


@pytest.mark.parametrize(("code", "tries"), [(errno.EADDRINUSE, 20), (errno.EACCES, 1)])
def test_trying_ends(monkeypatch: pytest.MonkeyPatch, code: int, tries: int) -> None:
    tried = refusing_tcp(monkeypatch, code, times=1000)
    with pytest.raises(OSError) as caught:  # noqa: PT011
        sockets.bind_both("127.0.0.1", 0)
    assert caught.value.errno == code
    assert len(tried) == tries
