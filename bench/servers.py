"""The servers that are measured: how each is told the same names, and how it is started."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ADDRESS = "127.0.0.1"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Names:
    """`zones` zones of `hosts` names each, every name with one A record."""

    zones: int
    hosts: int

    def each(self) -> Iterator[tuple[str, str, str]]:
        """Zone, name in it, address."""
        for zone in range(self.zones):
            for host in range(self.hosts):
                yield f"zone{zone}.example", f"host{host}", f"10.{zone % 250}.{host // 250}.{host % 250 + 1}"

    def questions(self) -> list[str]:
        """The lines that dnsperf asks, 1,000 names at most, spread over all."""
        every = [f"{host}.{zone} A" for zone, host, _ in self.each()]
        return every[:: max(1, len(every) // 1000)]


def vpcdns(folder: Path, names: Names, port: int) -> list[str]:
    """A VPC with the zones as private zones."""
    lines = [
        f"listen: '{ADDRESS}:{port}'",
        "upstream: {mode: off}",
        "default_view: app",
        "vpcs: {app: {cidr: 10.0.0.0/8}}",
        "private_zones:",
    ]
    last = ""
    for zone, host, address in names.each():
        if zone != last:
            lines += [f"  - name: {zone}", "    vpcs: [app]", "    records:"]
        lines.append(f"      {host}: {address}")
        last = zone
    file = folder / "vpcdns.yaml"
    file.write_text("\n".join(lines) + "\n")
    return [sys.executable, "-m", "proxy", "-c", str(file), "serve", "--no-watch"]


def dnsmasq(folder: Path, names: Names, port: int) -> list[str]:
    """A hosts file."""
    hosts = folder / "hosts"
    hosts.write_text("".join(f"{address} {host}.{zone}\n" for zone, host, address in names.each()))
    options = f"keep-in-foreground no-resolv no-hosts bind-interfaces listen-address={ADDRESS} port={port} cache-size=10000"
    options += f" addn-hosts={hosts} user=root pid-file="
    return ["dnsmasq", "--conf-file=/dev/null", *(f"--{option}" for option in options.split())]


def unbound(folder: Path, names: Names, port: int) -> list[str]:
    """Static local zones."""
    lines = [
        "server:",
        f"  interface: {ADDRESS}@{port}",
        "  do-daemonize: no\n  use-syslog: no\n  chroot: ''\n  username: ''\n  pidfile: ''\n  num-threads: 1",
        f"  directory: {folder}",
        "  module-config: iterator",
    ]
    last = ""
    for zone, host, address in names.each():
        if zone != last:
            lines.append(f"  local-zone: {zone}. static")
        lines.append(f'  local-data: "{host}.{zone}. 300 A {address}"')
        last = zone
    lines += ["remote-control:", "  control-enable: no"]
    file = folder / "unbound.conf"
    file.write_text("\n".join(lines) + "\n")
    return ["unbound", "-d", "-p", "-c", str(file)]


SERVERS: dict[str, Callable[[Path, Names, int], list[str]]] = {"vpcdns": vpcdns, "dnsmasq": dnsmasq, "unbound": unbound}


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers: its process, its port, and how many seconds it took to its first answer."""

    pid: int
    port: int
    first_answer: float

    def cpu_seconds(self) -> float:
        """User and system time of the process so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def megabytes(self) -> float:
        """Its resident memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def running(name: str, folder: Path, names: Names, pinned: bool) -> Iterator[Running]:
    """The server, started and answering, ended at the end."""
    port = free_port()
    command = SERVERS[name](folder, names, port)
    question = names.questions()[0].split()[0]
    before = time.perf_counter()
    log = (folder / f"{name}.log").open("wb")
    process = subprocess.Popen([*(["taskset", "-c", "0"] if pinned else []), *command], stdout=log, stderr=log)
    try:
        wait_for_answer(process, port, question)
        yield Running(process.pid, port, time.perf_counter() - before)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def free_port() -> int:
    """A UDP port that nobody has at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_answer(process: subprocess.Popen[bytes], port: int, name: str) -> None:
    """Return as soon as the server answers with a record; RuntimeError where it ends or takes over a minute."""
    labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split("."))
    query = struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((ADDRESS, port))
        client.settimeout(0.005)
        for _ in range(12_000):
            try:
                client.send(query)
                if client.recv(4096)[7] == 1:
                    return
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError(f"{process.args!r} ended with {process.returncode}") from None
                time.sleep(0.002)
    raise RuntimeError(f"{process.args!r} does not answer")
