"""Being a service: sockets that are handed over, word to the manager, and the units in config/."""

from __future__ import annotations

import json
import os
import plistlib
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.host.service import Notifier, NotWhole, handed_over
from tests.cli.programs import COMMAND, HOUSE, SPLIT, environment
from tests.host.namespaces import linux, there

UNITS = HOUSE / "config/systemd"

# A process that gets sockets as systemd gives them: from descriptor 3 on, told by its environment.
ACTIVATE = """
import os, sys
names, command = sys.argv[1], sys.argv[2:]
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(names.split(":"))), LISTEN_FDNAMES=names)
os.execv(command[0], command)
"""


class Manager:
    """What systemd is for a service: it hands over sockets, and is told how things are."""

    def __init__(self, folder: Path) -> None:
        self._heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._heard.bind(str(folder / "notify"))
        self._heard.settimeout(15)
        self.environ = {"NOTIFY_SOCKET": str(folder / "notify")}
        self._sockets: list[socket.socket] = []

    def pair(self) -> int:
        """A UDP and a TCP socket; their port."""
        udp = socket.socket(type=socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        tcp = socket.create_server(udp.getsockname())
        self._sockets += [udp, tcp]
        port: int = udp.getsockname()[1]
        return port

    def half(self) -> int:
        """A UDP socket alone."""
        sock = socket.socket(type=socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        self._sockets.append(sock)
        port: int = sock.getsockname()[1]
        return port

    def start(self, names: str, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Start a server with the sockets so far."""

        def hand_over() -> None:
            kept = [os.dup(sock.fileno()) for sock in self._sockets]
            for number, descriptor in enumerate(kept, 3):
                os.dup2(descriptor, number, inheritable=True)

        return subprocess.Popen(
            [sys.executable, "-c", ACTIVATE, names, *COMMAND, *arguments], env=environment(**self.environ, **more),
            stderr=subprocess.PIPE, text=True, cwd=HOUSE, close_fds=False, preexec_fn=hand_over,  # noqa: PLW1509
        )  # fmt: skip

    def hear(self) -> str:
        """The next word."""
        return self._heard.recv(4096).decode()

    def close(self) -> None:
        for sock in (*self._sockets, self._heard):
            sock.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    (tmp_path / "split.yaml").write_text(SPLIT)
    made = Manager(tmp_path)
    yield made
    made.close()


def look_up(port: int, flag: str = "+notcp") -> str:
    dig = ["dig", "+short", "+time=3", "+tries=1", flag, "-p", str(port), "@127.0.0.1", "www.example.com"]
    return subprocess.run(dig, capture_output=True, text=True, check=False).stdout.strip()


@linux
@pytest.mark.skipif(not there("dig"), reason="no dig")
def test_sockets_that_are_handed_over_are_served_by_their_names(manager: Manager, tmp_path: Path) -> None:
    inside, other = manager.pair(), manager.pair()
    process = manager.start("a:a:dns:dns", "-c", str(tmp_path / "split.yaml"), "serve", WATCHDOG_USEC="200000")
    try:
        told = manager.hear()
        assert told.startswith(f"READY=1\nSTATUS=serving 127.0.0.1:{inside}, 127.0.0.1:{other}: 2 views, 1 VPC")
        assert manager.hear() == "WATCHDOG=1"
        assert [look_up(inside), look_up(inside, "+tcp"), look_up(other)] == ["10.0.5.10"] * 3
        (tmp_path / "split.yaml").write_text(SPLIT.replace("10.0.5.10", "10.0.5.11"))
        process.send_signal(signal.SIGHUP)
        words = [manager.hear() for _ in range(8)]
        assert any(word.startswith("RELOADING=1\nMONOTONIC_USEC=") for word in words)
        assert any(word.startswith("READY=1") for word in words)
        assert look_up(inside, "+tcp") == "10.0.5.11"
        process.terminate()
        while not (word := manager.hear()).startswith("STOPPING=1"):
            assert word == "WATCHDOG=1"
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.communicate()


@linux
def test_half_a_pair_is_refused_with_what_is_missing(manager: Manager, tmp_path: Path) -> None:
    port = manager.half()
    process = manager.start("dns", "-c", str(tmp_path / "split.yaml"), "serve")
    _, said = process.communicate(timeout=20)
    assert process.returncode == 3
    assert f"127.0.0.1 port {port} was handed over by halves: DNS is served by UDP and TCP, add ListenStream=" in said


@linux
def test_sockets_of_systemds_are_one_processs(manager: Manager, tmp_path: Path) -> None:
    manager.pair()
    process = manager.start("dns:dns", "-c", str(tmp_path / "split.yaml"), "serve", "--workers", "2")
    _, said = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "sockets that systemd hands over are served by one process" in " ".join(said.replace("│", "").split())


def test_what_is_meant_for_another_process_is_left_alone() -> None:
    environ = {"LISTEN_PID": "1", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"}
    assert handed_over(environ) == []
    assert environ == {}, "and no child takes it for its own"
    assert handed_over({}) == []
    assert issubclass(NotWhole, Exception)


def test_without_a_manager_nobody_is_told() -> None:
    notifier = Notifier({})
    notifier.ready("")
    assert notifier.watched_every is None
    assert Notifier({"WATCHDOG_USEC": "30000000"}).watched_every == 15
    assert Notifier({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}).watched_every is None
    Notifier({"NOTIFY_SOCKET": "@nobody-is-there"}).alive()


# The units


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("no systemd-analyze")
    return found


def test_the_units_are_right(analyze: str, tmp_path: Path) -> None:
    """An unknown key is only a warning, so nothing at all may be said."""
    for unit in UNITS.glob("vpcdns.s*"):
        text = unit.read_text().replace("/usr/local/bin/vpcdns", sys.executable)
        (tmp_path / unit.name).write_text(text)
    checked = subprocess.run(
        [analyze, "verify", tmp_path / "vpcdns.service", tmp_path / "vpcdns.socket"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_the_service_is_hardened(analyze: str) -> None:
    rated = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=15", "--json=short", UNITS / "vpcdns.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (rated.returncode, rated.stderr) == (0, ""), rated.stdout
    assert {each["name"] for each in json.loads(rated.stdout)} > {"PrivateDevices=", "RestrictNamespaces=~user"}


def test_the_user_is_made(tmp_path: Path) -> None:
    if not there("systemd-sysusers"):
        pytest.skip("no systemd-sysusers")
    made = subprocess.run(
        ["systemd-sysusers", "--dry-run", UNITS / "vpcdns.sysusers.conf"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0
    assert "vpcdns" in made.stdout + made.stderr
    assert "User=vpcdns\n" in (UNITS / "vpcdns.service").read_text()


def test_the_mac_gets_a_job() -> None:
    job = plistlib.loads((HOUSE / "config/launchd/vpcdns.plist").read_bytes())
    assert job["Label"] == "vpcdns"
    assert job["ProgramArguments"][-1] == "serve"
    assert job["KeepAlive"] == {"SuccessfulExit": False}
    assert job["RunAtLoad"] is True
