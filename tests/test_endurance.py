"""What a server has to stand: reloads under load, and packets that are no queries."""

from __future__ import annotations

import os
import random
import signal
import socket
import struct
import threading
import time
from pathlib import Path

import pytest

from tests.cli.programs import Serving, serving

RELOADS = 100
QUERIES_A_SECOND = 2000
MUTATED = 10_000
FILE = """\
listen: [{{address: "127.0.0.1:0", view: a}}]
upstream: {{mode: off}}
vpcs: {{a: {{cidr: 10.0.0.0/16}}}}
private_zones: [{{name: example.com, vpcs: [a], records: {{www: 10.0.5.{last}}}}}]
"""
QUESTION = b"\3www\7example\3com\0\0\1\0\1"


class Load(threading.Thread):
    """So many queries a second, each with an id of its own, until told to stop; `lost` have no answer in the end."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self.sent = 0
        self.answers: set[str] = set()
        self.waiting: set[int] = set()
        self.port = port

    def run(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", self.port))
            client.setblocking(False)
            begun = time.monotonic()
            while not self.stopping.is_set():
                while self.sent < (time.monotonic() - begun) * QUERIES_A_SECOND:
                    ident = self.sent % 0x10000
                    client.send(struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + QUESTION)
                    self.waiting.add(ident)
                    self.sent += 1
                self.receive(client)
                time.sleep(0.002)
            end = time.monotonic() + 3
            while self.waiting and time.monotonic() < end:
                self.receive(client)
                time.sleep(0.002)

    def receive(self, client: socket.socket) -> None:
        while True:
            try:
                answer = client.recv(512)
            except BlockingIOError:
                return
            self.waiting.discard(int.from_bytes(answer[:2], "big"))
            self.answers.add(socket.inet_ntoa(answer[-4:]))


def test_no_query_is_lost_by_a_hundred_reloads(tmp_path: Path) -> None:
    file = tmp_path / "vpcdns.yaml"
    file.write_text(FILE.format(last=0))
    with serving("-c", file, "serve", "--no-watch") as server:
        load = Load(server.ports[0])
        load.start()
        for number in range(1, RELOADS + 1):
            file.write_text(FILE.format(last=number))
            server.send(signal.SIGHUP)
            server.wait_for("reloaded ", number)
        load.stopping.set()
        load.join(10)
        assert load.sent > RELOADS
        assert load.waiting == set(), f"{len(load.waiting)} of {load.sent} queries had no answer"
        assert len(load.answers) > RELOADS / 2
        assert load.answers <= {f"10.0.5.{number}" for number in range(RELOADS + 1)}


def test_ten_thousand_mutated_packets_change_nothing(tmp_path: Path) -> None:
    file = tmp_path / "vpcdns.yaml"
    file.write_text(FILE.format(last=10))
    chance = random.Random(1035)
    with serving("-c", file, "serve", "--no-watch") as server:
        port = server.ports[0]
        bombard(port, chance, MUTATED // 5)  # what a first packet of each kind makes the server import and keep
        before = ask(port), descriptors(server), megabytes(server)
        bombard(port, chance, MUTATED)
        after = ask(port), descriptors(server), megabytes(server)
        assert after[0][2:] == before[0][2:]
        assert after[1] == before[1]
        assert after[2] < before[2] + 2
        assert "Traceback" not in server.text


def bombard(port: int, chance: random.Random, number: int) -> None:
    """Broken packets, and an honest query every hundred to keep to the server's pace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        for at in range(number):
            client.send(mutated(chance))
            if at % 100 == 99:
                ask(port)


def mutated(chance: random.Random) -> bytes:
    packet = bytearray(struct.pack("!HHHHHH", chance.randrange(0x10000), 0x0100, 1, 0, 0, 1) + QUESTION)
    packet += b"\0\0\x29\x10\0\0\0\0\0\0\0"
    for _ in range(chance.randrange(1, 6)):
        kind = chance.randrange(4)
        at = chance.randrange(len(packet)) if packet else 0
        if kind == 0 and packet:
            packet[at] = chance.randrange(256)
        elif kind == 1:
            del packet[at:]
        elif kind == 2:
            packet[at:at] = chance.randbytes(chance.randrange(1, 40))
        elif packet:
            packet[at] ^= 1 << chance.randrange(8)
    return bytes(packet)


def ask(port: int) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect(("127.0.0.1", port))
        client.send(struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + QUESTION)
        return client.recv(512)


def descriptors(server: Serving) -> int:
    path = Path(f"/proc/{server.process.pid}/fd")
    if not path.exists():
        pytest.skip("needs /proc")
    return len(list(path.iterdir()))


def megabytes(server: Serving) -> float:
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
