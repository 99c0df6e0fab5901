"""The servers that are measured: how each is told the same names, and how it is started and stopped.

All are one thread that validates nothing, and keep about 10,000 replies, which is the most that dnsmasq keeps: a cache without
a bound never pays for throwing anything out.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.helper import helper
from bench.names import Names

ADDRESS = "127.0.0.1"
SERVER_CORE, CLIENT_CORE = "0", "1"


@dataclass(frozen=True, slots=True)
class Task:
    """What a server has to serve: `names`, on `port`, everything else from the server at `upstream`.

    vpcdns has `more` lines, and its control API at `admin`.  All it needs is written into `folder`.
    """

    folder: Path
    names: Names
    port: int
    upstream: int
    more: str = ""
    admin: str = "off"

    def write(self, name: str, lines: list[str]) -> str:
        """A file in the folder; its path."""
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n")
        return str(path)


def vpcdns(task: Task) -> list[str]:
    """Private zones, spread over the VPCs."""
    vpcs = task.names.vpcs
    lines = [
        f"listen: '{ADDRESS}:{task.port}'",
        f"upstream: {{servers: ['{ADDRESS}:{task.upstream}']}}",
        "cache: {entries: 10000}",
        "default_view: vpc0",
        "vpcs:",
        *(f"  vpc{vpc}: {{cidr: 10.{vpc}.0.0/16}}" for vpc in range(vpcs)),
        *task.more.splitlines(),
        "private_zones:",
    ]
    last = ""
    for number, (zone, host, address) in enumerate(task.names.each()):
        if zone != last:
            others = {f"vpc{number % vpcs}", "vpc0"}
            lines += [f"  - name: {zone}", f"    vpcs: [{', '.join(sorted(others))}]", "    records:"]
            lines += [
                f"      {alias}: {{CNAME: {of}}}" for there, alias, of in task.names.chains() if there == zone and vpcs == 1
            ]
        lines.append(f"      {host}: {address}")
        last = zone
    return [sys.executable, "-m", "proxy", "-c", task.write("vpcdns.yaml", lines), "serve", "--admin", task.admin]


def dnsmasq(task: Task) -> list[str]:
    """A hosts file, and CNAMEs."""
    hosts = task.write("hosts", [f"{address} {host}.{zone}" for zone, host, address in task.names.each()])
    lines = [
        f"keep-in-foreground\nno-resolv\nno-hosts\nbind-interfaces\nlisten-address={ADDRESS}\nport={task.port}",
        f"cache-size=10000\nuser=root\npid-file=\nlocal=/example/\nserver={ADDRESS}#{task.upstream}\naddn-hosts={hosts}",
        "dns-forward-max=1000",
        *(f"cname={alias}.{zone},{of}" for zone, alias, of in task.names.chains()),
    ]
    return ["dnsmasq", f"--conf-file={task.write('dnsmasq.conf', lines)}"]


def unbound(task: Task) -> list[str]:
    """Static local zones.  It does not follow a CNAME from one to another."""
    lines = [
        f"server:\n  interface: {ADDRESS}@{task.port}\n  do-daemonize: no\n  use-syslog: no\n  chroot: ''\n  username: ''",
        f"  pidfile: ''\n  num-threads: 1\n  directory: {task.folder}\n  module-config: iterator\n  do-not-query-localhost: no",
        "  outgoing-range: 4096\n  num-queries-per-thread: 2048\n  so-rcvbuf: 4m\n  incoming-num-tcp: 100",
        "  msg-cache-size: 4m\n  rrset-cache-size: 4m",
    ]
    last = ""
    for zone, host, address in task.names.each():
        if zone != last:
            lines.append(f"  local-zone: {zone}. static")
        lines.append(f'  local-data: "{host}.{zone}. 300 A {address}"')
        last = zone
    lines.append(
        f"remote-control:\n  control-enable: no\nforward-zone:\n  name: .\n  forward-addr: {ADDRESS}@{task.upstream}"
    )
    return ["unbound", "-d", "-p", "-c", task.write("unbound.conf", lines)]


def named(task: Task) -> list[str]:
    """A zone file a zone."""
    soa = "$TTL 300\n@ SOA ns.example. mail.example. 1 7200 900 1209600 300\n@ NS ns.example."
    zones: dict[str, list[str]] = {zone: [soa] for zone in task.names.zone_names()}
    for zone, host, address in task.names.each():
        zones[zone].append(f"{host} A {address}")
    for zone, alias, of in task.names.chains():
        zones[zone].append(f"{alias} CNAME {of}.")
    lines = [
        f'options {{ directory "{task.folder}"; listen-on port {task.port} {{ {ADDRESS}; }}; listen-on-v6 {{ none; }};',
        "pid-file none; session-keyfile none; dnssec-validation no; recursion yes; forward only; tcp-clients 200;",
        "max-cache-size 16m;",
        f"forwarders {{ {ADDRESS} port {task.upstream}; }}; minimal-responses yes; }}; controls {{ }};",
        "logging { category default { null; }; };",
        *(f'zone "{zone}" {{ type primary; file "{task.write(zone, rows)}"; }};' for zone, rows in zones.items()),
    ]
    return ["named", "-f", "-n", "1", "-c", task.write("named.conf", lines)]


def echo(task: Task) -> list[str]:
    """No server: what the sockets alone cost."""
    return [helper(), "echo", str(task.port)]


SERVERS: dict[str, Callable[[Task], list[str]]] = {
    "echo": echo,
    "vpcdns": vpcdns,
    "dnsmasq": dnsmasq,
    "unbound": unbound,
    "named": named,
}


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers: its process, its port, and how many seconds it took to its first answer."""

    pid: int
    port: int
    first_answer: float

    def cpu_seconds(self) -> float:
        """The processor time of all its threads and children so far, those that have ended included."""
        times = []
        for pid in (self.pid, *children(self.pid)):
            with suppress(FileNotFoundError, ProcessLookupError):  # it has ended since
                times += [(task / "schedstat").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
        ended = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[13:15]
        return sum(int(line.split()[0]) for line in times) / 1e9 + sum(map(int, ended)) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Resident memory, of which it shares no part."""
        total = 0
        for pid in (self.pid, *children(self.pid)):
            with suppress(FileNotFoundError, ProcessLookupError):  # it has ended since
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        return total * 1024 / 1e6

    def wake_ups(self) -> int:
        """How often one of its threads went to sleep of its own will."""
        statuses = (task.joinpath("status").read_text() for task in Path(f"/proc/{self.pid}/task").iterdir())
        lines = (line for status in statuses for line in status.splitlines())
        return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))

    def reload(self) -> None:
        """Have it read its files anew."""
        os.kill(self.pid, signal.SIGHUP)


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def running(
    name: str, task: Task, question: str, arguments: tuple[str, ...] = (), *, pinned: bool = True
) -> Iterator[Running]:
    """The server, started and answering `question`, ended at the end."""
    command = [*SERVERS[name](task), *arguments]
    before = time.perf_counter()
    with process(command, task.folder / f"{name}.log", SERVER_CORE if pinned else None) as started:
        wait_for_answer(started, task.port, question)
        yield Running(started.pid, task.port, time.perf_counter() - before)


@contextmanager
def process(command: list[str], log: Path, core: str | None) -> Iterator[subprocess.Popen[bytes]]:
    """A program on a core of its own, ended at the end."""
    with log.open("wb") as output:
        pin = [] if core is None else ["taskset", "-c", core]
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        started = subprocess.Popen([*pin, *command], stdout=output, stderr=output, env=environment)
    try:
        yield started
    finally:
        started.send_signal(signal.SIGTERM)
        try:
            started.wait(10)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def free_port() -> int:
    """A port that nobody has at this moment, over UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind((ADDRESS, 0))
            port: int = udp.getsockname()[1]
            try:
                tcp.bind((ADDRESS, port))
            except OSError:
                continue
            return port


def wait_for_answer(process: subprocess.Popen[bytes], port: int, question: str) -> None:
    """Return as soon as the server answers; RuntimeError where it ends, takes over a minute, or has no such record."""
    name, kind = question.split()
    labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split("."))
    query = struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, {"A": 1, "AAAA": 28}[kind], 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((ADDRESS, port))
        client.settimeout(0.005)
        for _ in range(12_000):
            try:
                client.send(query)
                client.recv(4096)
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError(f"{process.args!r} ended with {process.returncode}") from None
                time.sleep(0.001)
        else:
            raise RuntimeError(f"{process.args!r} does not answer")
