"""What is no load: starting, memory, idling, reloading, latency, logging, workers."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Figure, Result, load, pace
from bench.names import Names, many
from bench.servers import SERVER_CORE, Running, Task, free_port, process, running, wait_for_answer
from bench.works import PACKETS, QUERY_LOG, SMALL, UDP

RATE = 10_000
MANY_CLIENTS = ("-c", "16", "-q", "128", "-T", "1")
EXTRAS = {
    "query log on": (QUERY_LOG, False),
    "metrics on, and read": ("", True),
    "packets_per_second on": (PACKETS, False),
}
RELOADED = Names(100, 100)
DEMO = str(Path(__file__).parent.parent / "config" / "demo.yaml")


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity of each server, `without` a server too; for vpcdns, what is wanted in words and whether it is so."""

    name: str
    unit: str
    figures: dict[str, Figure]
    wanted: str
    reached: bool


@contextmanager
def alone(
    name: str, names: Names, *, arguments: tuple[str, ...] = (), more: str = "", admin: str = "off"
) -> Iterator[tuple[Running, Task]]:
    """A server, and nothing outside."""
    with tempfile.TemporaryDirectory() as folder:
        more = more.replace("queries.log", f"{folder}/queries.log")
        task = Task(Path(folder), names, free_port(), free_port(), more, admin)
        with running(name, task, many(names, 0)[0], arguments) as server:
            yield server, task


def starting(_servers: Sequence[str], rounds: int, _seconds: int) -> Iterator[Row]:
    """From the process's start to the first answer, with the demo."""
    taken = []
    for _ in range(max(rounds, 3) + 1):
        port = free_port()
        command = [sys.executable, "-m", "proxy", "-c", DEMO, "serve", "-l", f"127.0.0.1:{port}", "--admin", "off"]
        with tempfile.TemporaryDirectory() as folder:
            before = time.perf_counter()
            with process(command, Path(folder) / "log", SERVER_CORE) as started:
                wait_for_answer(started, port, "vpcdns.test A")
                taken.append((time.perf_counter() - before) * 1000)
    figure = Figure.of(taken[1:])  # at the first, Python may have compiled the modules
    yield Row("start to first answer, demo", "ms", {"vpcdns": figure}, "≤ 250 ms", figure.median <= 250)


def idling(servers: Sequence[str], _: int, seconds: int) -> Iterator[Row]:
    """Memory and wake-ups of a server that has answered and is left alone, watching its file."""
    memory, wakes = {}, {}
    for name in servers:
        with alone(name, SMALL) as (server, _task):
            time.sleep(1)
            before = server.wake_ups()
            time.sleep(seconds)
            wakes[name] = Figure.of([(server.wake_ups() - before) / seconds])
            memory[name] = Figure.of([server.megabytes()])
    yield Row("idle: memory", "MB", memory, "≤ 45 MB", memory["vpcdns"].median <= 45)
    yield Row("idle: wake-ups", "a second", wakes, "none", wakes["vpcdns"].median == 0)


def latencies(servers: Sequence[str], rounds: int, seconds: int) -> Iterator[Row]:
    """At 10,000 queries a second, from a client that never sleeps."""
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name in servers:
            with alone(name, SMALL) as (server, _task):
                pace(server, SMALL, RATE, 1)
                taken[name].append(pace(server, SMALL, RATE, seconds))
    for part in ("p50", "p99", "p99.9"):
        figures = {name: Figure.of(row[part] for row in rows) for name, rows in taken.items()}
        against = figures.get("unbound")
        reached = against is None or figures["vpcdns"].median <= 2 * against.median
        yield Row(f"latency at {RATE:,} a second, {part}", "µs", figures, "≤ 2 × unbound", reached)


def reloading(servers: Sequence[str], rounds: int, _: int) -> Iterator[Row]:
    """Five reloads within five seconds, 10,000 names, 5,000 queries a second."""
    lost, longest = {}, {}
    for name in [each for each in servers if each != "echo"]:
        taken = []
        for _ in range(rounds):
            with alone(name, RELOADED) as (server, _task):
                pace(server, RELOADED, 5000, 1)
                taken.append(pace(server, RELOADED, 5000, 5, reloads=5))
        lost[name] = Figure.of(row["lost"] for row in taken)
        longest[name] = Figure.of(row["longest"] / 1000 for row in taken)
    yield Row("reload under load: answers lost", "of 25,000", lost, "none", lost["vpcdns"].median == 0)
    yield Row("reload under load: longest answer", "ms", longest, "≤ 20 ms", longest["vpcdns"].median <= 20)


def extras(_servers: Sequence[str], rounds: int, seconds: int) -> Iterator[Row]:
    """What watching costs: the query log into a file, metrics that are read, a bound on packets."""
    without: list[float] = []
    taken: dict[str, list[float]] = {name: [] for name in EXTRAS}
    lacks = 0
    for _ in range(rounds):
        with alone("vpcdns", SMALL) as (server, task):
            without.append(load(server, task, many(SMALL, 0), UDP, seconds)[0])
        for name, (more, read) in EXTRAS.items():
            admin = f"127.0.0.1:{free_port()}" if read else "off"
            with alone("vpcdns", SMALL, more=more, admin=admin) as (server, task), reading(admin if read else ""):
                taken[name].append(load(server, task, many(SMALL, 0), UDP, seconds)[0])
                lacks += "lacks lines" in (task.folder / "vpcdns.log").read_text()
    for name, values in taken.items():
        figures = {"vpcdns": Figure.of(values), "without": Figure.of(without)}
        ratio = figures["vpcdns"].median / figures["without"].median
        yield Row(f"private, 1,000 names, {name}", "µs a query", figures, "≤ 1.3 × without", ratio <= 1.3)
    yield Row("rounds in which the query log lacked lines", "", {"vpcdns": Figure.of([lacks])}, "none", not lacks)


@contextmanager
def reading(admin: str) -> Iterator[None]:
    """Read the metrics at `admin`, if anywhere, twice a second."""
    ended = threading.Event()

    def read() -> None:
        while not ended.wait(0.5):
            with urllib.request.urlopen(f"http://{admin}/metrics", timeout=10) as said:
                said.read()

    reader = threading.Thread(target=read)
    if admin:
        reader.start()
    try:
        yield
    finally:
        ended.set()
        if admin:
            reader.join()


def scaling(_servers: Sequence[str], rounds: int, seconds: int) -> Iterator[Row]:
    """Workers: what a query costs with two of them, and where there are processors enough for a client too, answers a second."""
    taken: dict[int, list[tuple[float, ...]]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for count, rows in taken.items():
                task = Task(Path(folder), SMALL, free_port(), free_port())
                arguments = ("--workers", str(count))
                with running("vpcdns", task, many(SMALL, 0)[0], arguments, pinned=False) as server:
                    rows.append(load(server, task, many(SMALL, 0), MANY_CLIENTS, seconds))
    one, two = ([Figure.of(column) for column in zip(*rows, strict=True)] for rows in taken.values())
    figures = {"vpcdns": two[0], "without": one[0]}
    yield Row("two workers", "µs a query", figures, "≤ 1.2 × one worker", two[0].median <= 1.2 * one[0].median)
    if (os.cpu_count() or 1) >= 4:
        figures = {"vpcdns": two[1], "without": one[1]}
        yield Row("two workers", "answers a second", figures, "≥ 1.6 × one worker", two[1].median >= 1.6 * one[1].median)


SINGLES: dict[str, Callable[[Sequence[str], int, int], Iterator[Row]]] = {
    "start": starting,
    "idle": idling,
    "latency": latencies,
    "reload": reloading,
    "extras": extras,
    "workers": scaling,
}


def large(results: Mapping[str, Result]) -> Iterator[Row]:
    """What 100,000 records take to begin with, of a work that had them."""
    if "vpcdns" in results:
        first = {name: result.first_answer for name, result in results.items()}
        memory = {name: result.memory for name, result in results.items()}
        yield Row("100,000 records: first answer", "s", first, "≤ 2 s", first["vpcdns"].median <= 2)
        yield Row("100,000 records: memory", "MB", memory, "≤ 200 MB", memory["vpcdns"].median <= 200)
