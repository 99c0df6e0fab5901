"""The authoritative server, and those that are compared, each started as a process of its own and ended by its number.

All forward everything to the authoritative one, cache, and validate nothing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from tests.cli.programs import environment
from tests.peers.questions import SIGNED, Zones

HOST = "127.0.0.1"
NEEDED = {"named": "bind9", "unbound": "unbound", "dnsmasq": "dnsmasq-base", "dnssec-keygen": "bind9-utils"}
PATIENCE = 60.0


def missing() -> list[str]:
    """The Debian packages that are not installed."""
    return sorted({package for program, package in NEEDED.items() if shutil.which(program, path=_path()) is None})


def _path() -> str:
    return os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def authority(folder: Path, port: int, zones: Zones) -> list[str]:
    """named, as primary of all zones, the root among them: so nothing is ever asked of the internet."""
    lines = []
    for number, (zone, records) in enumerate(zones.lines.items()):
        file = folder / f"zone{number}"
        file.write_text("\n".join((f"$ORIGIN {zone.removesuffix('.')}.", *records, "")))
        if zone == SIGNED:
            file = _sign(folder, zone, file)
        lines.append(f'zone "{zone}" {{ type primary; file "{file}"; check-names ignore; }};')
    return _named(folder, port, "minimal-responses no; minimal-any no;", lines)


def _sign(folder: Path, zone: str, file: Path) -> Path:
    def run(*command: str) -> None:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, env={**os.environ, "PATH": _path()})

    run("dnssec-keygen", "-a", "ECDSAP256SHA256", "-K", str(folder), zone)
    run("dnssec-signzone", "-S", "-z", "-K", str(folder), "-o", zone, "-f", f"{file}.signed", str(file))
    return Path(f"{file}.signed")


def named(folder: Path, port: int, upstream: int) -> list[str]:
    """named, as it forwards."""
    return _named(folder, port, f"forward only; forwarders {{ {HOST} port {upstream}; }};", [])


def _named(folder: Path, port: int, options: str, lines: list[str]) -> list[str]:
    text = [
        f'options {{ directory "{folder}"; listen-on port {port} {{ {HOST}; }}; listen-on-v6 {{ none; }}; pid-file none;',
        "session-keyfile none; recursion yes; dnssec-validation no; empty-zones-enable no; max-cache-size 64m;",
        f"allow-transfer {{ none; }}; {options} }};",
        "controls { }; logging { category default { null; }; };",
        *lines,
    ]
    (folder / f"named-{port}.conf").write_text("\n".join((*text, "")))
    return ["named", "-f", "-n", "1", "-c", str(folder / f"named-{port}.conf")]


def unbound(folder: Path, port: int, upstream: int) -> list[str]:
    """unbound, with the iterator alone."""
    (folder / "unbound.conf").write_text(
        f"server:\n  interface: {HOST}@{port}\n  do-daemonize: no\n  use-syslog: no\n  chroot: ''\n  username: ''\n"
        f"  pidfile: ''\n  num-threads: 1\n  directory: '{folder}'\n  module-config: iterator\n  do-not-query-localhost: no\n"
        f"  ede: yes\nremote-control:\n  control-enable: no\nforward-zone:\n  name: .\n  forward-addr: {HOST}@{upstream}\n"
    )
    return ["unbound", "-d", "-p", "-c", str(folder / "unbound.conf")]


def dnsmasq(folder: Path, port: int, upstream: int) -> list[str]:
    """dnsmasq, asked nothing but to forward."""
    (folder / "dnsmasq.conf").write_text(
        f"keep-in-foreground\nno-resolv\nno-hosts\nbind-interfaces\nlisten-address={HOST}\nport={port}\npid-file=\nuser=\n"
        f"cache-size=10000\ndns-forward-max=1000\nserver={HOST}#{upstream}\n"
    )
    return ["dnsmasq", f"--conf-file={folder / 'dnsmasq.conf'}"]


def vpcdns(folder: Path, port: int, upstream: int) -> list[str]:
    """This one."""
    return vpcdns_with(folder, f"listen: '{HOST}:{port}'\nvpcs: {{}}\nupstream: {{servers: ['{HOST}:{upstream}']}}\n")


def vpcdns_with(folder: Path, text: str) -> list[str]:
    """This one, with a configuration."""
    (folder / "vpcdns.yaml").write_text(text)
    return [sys.executable, "-m", "proxy", "-c", str(folder / "vpcdns.yaml"), "serve"]


FORWARDERS: dict[str, Callable[[Path, int, int], list[str]]] = {
    "vpcdns": vpcdns,
    "unbound": unbound,
    "named": named,
    "dnsmasq": dnsmasq,
}


@contextlib.contextmanager
def running(name: str, command: list[str], folder: Path, port: int, probe: str = "ns.peers.net") -> Iterator[int]:
    """The program, from its first answer until the end; its process's number."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=environment(PATH=_path())
        )
    try:
        _wait(process, port, log, probe)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path, probe: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError, dns.exception.DNSException):
            dns.query.udp(dns.message.make_query(probe, "A"), HOST, port=port, timeout=0.5)
            return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not answer:\n{log.read_text(errors='replace')}")


def free_port() -> int:
    """A port that nobody has at this moment, over UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind((HOST, 0))
            port: int = udp.getsockname()[1]
            with contextlib.suppress(OSError):
                tcp.bind((HOST, port))
                return port
