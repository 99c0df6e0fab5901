"""A machine of its own for a test to change: network, mounts, processes and /etc apart from this one's, gone when it ends."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.namespaces import surroundings

PATIENCE = 20.0

# The loopback interface, an address that looks like a network's, an empty /var/lib and /run, and an /etc to write into.
_SET_UP = """
set -e
ip link set lo up
ip link add outside type veth peer name outside-peer
ip address add 192.0.2.1/24 dev outside
ip address add 192.0.2.53/24 dev outside
ip link set outside up
ip link set outside-peer up
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs tmpfs /run
mkdir -p /run/lock
mount -t tmpfs tmpfs {overlay}
mkdir {overlay}/etc {overlay}/work
mount -t overlay -o lowerdir=/etc,upperdir={overlay}/etc,workdir={overlay}/work overlay /etc
rm -f /etc/resolv.conf
echo 'nameserver 192.0.2.53' > /etc/resolv.conf
printf 'hosts: files dns\\npasswd: files\\ngroup: files\\n' > /etc/nsswitch.conf
echo ready
exec sleep 600
"""

# Answers every A with 198.51.100.9 and writes down what it was asked.
_SNIFFER = """
import socket, sys
import dns.message, dns.rrset
sock = socket.socket(type=socket.SOCK_DGRAM)
sock.bind((sys.argv[1], 53))
print("ready", flush=True)
while True:
    packet, client = sock.recvfrom(4096)
    query = dns.message.from_wire(packet)
    print(query.question[0].name.to_text().lower(), flush=True)
    reply = dns.message.make_response(query)
    if query.question[0].rdtype == 1:
        reply.answer.append(dns.rrset.from_text(query.question[0].name, 1, "IN", "A", "198.51.100.9"))
    sock.sendto(reply.to_wire(), client)
"""


class Machine:
    """Such a machine.  `folder` is seen by both; `network` is what the server at 192.0.2.53 was asked, the real network's."""

    def __init__(self, process: int, folder: Path) -> None:
        self.folder = folder
        self._enter = ["nsenter", "-t", str(process), "-n", "-m", "-p"]
        self._started: list[subprocess.Popen[bytes]] = []

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command on it, to its end."""
        return subprocess.run(
            [*self._enter, f"--wd={self.folder}", *command], capture_output=True, text=True, timeout=60, check=False,
            env=surroundings(**environ), stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def sh(self, script: str) -> str:
        """What a line of shell prints on it; it must go well."""
        done = self.run("sh", "-c", script)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def vpcdns(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run vpcdns on it, with the configuration of its folder."""
        return self.run(sys.executable, "-m", "proxy", *arguments)

    def start(self, *command: str, ready: str) -> subprocess.Popen[bytes]:
        """Start something that says on its output, or the error output, when it is ready."""
        log = self.folder / f"log{len(self._started)}"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*self._enter, f"--wd={self.folder}", *command], stdout=output, stderr=output, env=surroundings()
            )
        self._started.append(process)
        self.until(lambda: ready in log.read_text(errors="replace") or process.poll() is not None)
        assert ready in log.read_text(errors="replace"), log.read_text(errors="replace")
        return process

    def serve(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a server of the folder's configuration."""
        return self.start(sys.executable, "-m", "proxy", "serve", *arguments, ready="listening: ")

    def sniff(self, address: str = "192.0.2.53") -> Path:
        """Start the server of a network; the file of what it is asked."""
        self.start(sys.executable, "-c", _SNIFFER, address, ready="ready")
        return self.folder / f"log{len(self._started) - 1}"

    def address(self, name: str) -> str:
        """What the machine's programs get for a name; "" where they get none."""
        return self.run("getent", "ahostsv4", name).stdout.partition(" ")[0]

    def file(self, path: str) -> bytes:
        """The octets of a file."""
        return subprocess.run([*self._enter, "cat", path], capture_output=True, check=True).stdout

    def until(self, true: object, seconds: float = PATIENCE) -> None:
        """Wait for something."""
        end = time.monotonic() + seconds
        while not true():  # type: ignore[operator]
            assert time.monotonic() < end, "it did not come"
            time.sleep(0.05)

    def end(self) -> None:
        """Forget what was started."""
        for process in self._started:
            process.kill()
            process.wait()


@contextlib.contextmanager
def machine() -> Iterator[Machine]:
    """A machine for a test; skips where this one lets nobody make one."""
    folder = Path(tempfile.mkdtemp(prefix="vpcdns-test-"))
    folder.chmod(0o755)  # for tests that are nobody there
    overlay = folder / "overlay"
    overlay.mkdir()
    started = subprocess.Popen(
        ["unshare", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc", "--propagation", "private",
         "sh", "-c", _SET_UP.format(overlay=overlay)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert started.stdout is not None
    try:
        told = started.stdout.readline()
        if told != "ready\n":
            pytest.skip(f"no machine can be made here: {told}{started.stdout.read()}")
        [child] = Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text().split()
        made = Machine(int(child), folder)
        try:
            yield made
        finally:
            made.end()
    finally:
        started.kill()
        started.wait()
        started.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)
