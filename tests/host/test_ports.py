"""Who holds a port, and what helps where one cannot be had."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.host import ports
from proxy.host.ports import Holder, advice, holders

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells by /proc")

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

RESOLVED = ["systemd-resolve (process 401) has udp 127.0.0.53:53", "a process of another user has tcp 127.0.0.53:53"]


def address(host: str, port: int) -> str:
    """An address as the tables have it."""
    packed = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    words = [packed[at : at + 4] for at in range(0, len(packed), 4)]
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words) + f":{port:04X}"


def row(host: str, port: int, inode: int, state: str = "07") -> str:
    return f"  1: {address(host, port)} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  101  0 {inode} 2 0\n"


def process(proc: Path, pid: int, name: str, inode: int) -> None:
    (proc / str(pid) / "fd").mkdir(parents=True)
    (proc / str(pid) / "comm").write_text(f"{name}\n")
    (proc / str(pid) / "fd" / "4").symlink_to(f"socket:[{inode}]")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A machine on which systemd-resolved has port 53 at 127.0.0.53, dnsmasq port 5353 everywhere, others others."""
    (tmp_path / "net").mkdir()
    (tmp_path / "net/udp").write_text(HEAD + row("127.0.0.53", 53, 11) + row("0.0.0.0", 5353, 12))
    (tmp_path / "net/tcp").write_text(HEAD + row("127.0.0.53", 53, 13, "0A") + row("127.0.0.1", 5353, 14, "01"))
    (tmp_path / "net/udp6").write_text(HEAD + row("::1", 8053, 15) + row("::", 9053, 16))
    process(tmp_path, 401, "systemd-resolve", 11)
    process(tmp_path, 402, "dnsmasq", 12)
    (tmp_path / "403").mkdir()
    (tmp_path / "self").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("host", "port", "found"),
    [
        ("127.0.0.53", 53, RESOLVED),
        ("0.0.0.0", 53, RESOLVED),
        ("127.0.0.1", 53, []),
        ("127.0.0.1", 5353, ["dnsmasq (process 402) has udp 0.0.0.0:5353"]),
        ("::1", 5353, []),
        ("::1", 8053, ["a process of another user has udp [::1]:8053"]),
        ("127.0.0.1", 8053, []),
        ("127.0.0.1", 9053, ["a process of another user has udp [::]:9053"]),
        ("127.0.0.1", 1, []),
    ],
)  # fmt: skip
def test_a_holder_is_who_keeps_the_address_from_being_had(proc: Path, host: str, port: int, found: list[str]) -> None:
    assert [str(holder) for holder in holders(host, port, proc)] == found


def test_where_nothing_is_seen_nobody_is_named(tmp_path: Path) -> None:
    assert holders("127.0.0.1", 53, tmp_path) == []


@linux
def test_this_machine_tells_of_this_process() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        [holder] = holders("127.0.0.1", port)
    assert (holder.protocol, holder.address, holder.pid) == ("tcp", f"127.0.0.1:{port}", os.getpid())


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of which the next one may be free."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        yield one.getsockname()[1]


def test_a_taken_port_leads_to_a_free_one(taken: int) -> None:
    holder = Holder("tcp", f"127.0.0.1:{taken}", 7, "dnsmasq")
    held, another, command = advice("127.0.0.1", taken, errno.EADDRINUSE, [holder])
    assert held == f"held: dnsmasq (process 7) has tcp 127.0.0.1:{taken}"
    assert another == "another port is free:"
    suggested = int(command.removeprefix("  vpcdns serve -l 127.0.0.1:"))
    assert suggested == 0 or suggested > taken
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", suggested))


def test_where_the_holder_is_not_seen_a_command_shows_it(taken: int) -> None:
    lines = advice("127.0.0.1", taken, errno.EADDRINUSE, [], "vpcdns -c x.yaml serve")
    assert lines[0] == "who holds it is not seen from here; sudo ss -lntup shows it on Linux"
    assert lines[-1].startswith("  vpcdns -c x.yaml serve -l 127.0.0.1:")


def test_beside_systemd_resolved_there_is_room() -> None:
    holder = Holder("udp", "127.0.0.53:53", 401, "systemd-resolve")
    assert advice("0.0.0.0", 53, errno.EADDRINUSE, [holder])[-1] == "  vpcdns serve -l 127.0.0.2:53"


@pytest.mark.parametrize(("platform", "lines"), [("linux", 6), ("darwin", 2)])
@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM])
def test_without_permission_a_high_port_or_a_grant_helps(
    monkeypatch: pytest.MonkeyPatch, code: int, platform: str, lines: int
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    said = advice("127.0.0.1", 53, code, [])
    assert said[0] == "take a port that needs no permission:"
    assert said[1].startswith("  vpcdns serve -l 127.0.0.1:")
    assert len(said) == lines
    if platform == "linux":
        assert "  sudo sysctl -w net.ipv4.ip_unprivileged_port_start=53" in said


@pytest.mark.parametrize(
    ("platform", "host", "last"),
    [
        ("linux", "192.0.2.1", "  sudo ip address add 192.0.2.1/32 dev lo"),
        ("linux", "2001:db8::1", "  sudo ip address add 2001:db8::1/128 dev lo"),
        ("darwin", "127.0.0.2", "  sudo ifconfig lo0 alias 127.0.0.2"),
    ],
)
def test_an_address_that_is_not_there_can_be_given(
    monkeypatch: pytest.MonkeyPatch, platform: str, host: str, last: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    said = advice(host, 1053, errno.EADDRNOTAVAIL, [])
    assert said[:2] == [f"this machine has no address {host}; take one that it has:", "  vpcdns serve -l 127.0.0.1:1053"]
    assert said[-1] == last


def test_whatever_else_it_is_there_is_a_command() -> None:
    [line] = advice("::1", 53, errno.EAFNOSUPPORT, [])
    assert line.startswith("listen elsewhere: vpcdns serve -l 127.0.0.1:")
    assert len(advice("::1", 53, None, [])) == 1


def test_where_no_port_near_is_free_any_is_taken(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    monkeypatch.setattr(ports, "TRIED_PORTS", 0)
    assert advice("127.0.0.1", taken, errno.EADDRINUSE, [])[-1] == "  vpcdns serve -l 127.0.0.1:0"
