"""What is no load: starting, memory, idling, reloading, latency, logging, workers."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Figure, load, pace
from bench.names import Names, many
from bench.servers import SERVER_CORE, Running, Task, free_port, process, running, wait_for_answer
from bench.works import QUERY_LOG, SMALL, UDP

RATE = 10_000
RELOADED = Names(100, 100)
DEMO = str(Path(__file__).parent.parent / "config" / "demo.yaml")


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity of each server; for vpcdns, what is wanted in words and whether it is so."""

    name: str
    unit: str
    figures: dict[str, Figure]
    wanted: str
    reached: bool


@contextmanager
def alone(name: str, names: Names, *, arguments: tuple[str, ...] = (), more: str = "") -> Iterator[tuple[Running, Task]]:
    """A server, and nothing outside."""
    with tempfile.TemporaryDirectory() as folder:
        task = Task(Path(folder), names, free_port(), free_port(), more)
        with running(name, task, many(names, 0)[0], arguments) as server:
            yield server, task


def starting(_servers: Sequence[str], rounds: int, _seconds: int) -> Iterator[Row]:
    """From the process's start to the first answer, with the demo."""
    taken = []
    for _ in range(max(rounds, 3) + 1):
        port = free_port()
        command = [sys.executable, "-m", "proxy", "-c", DEMO, "serve", "-l", f"127.0.0.1:{port}"]
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


def logging(_servers: Sequence[str], rounds: int, seconds: int) -> Iterator[Row]:
    """The price of the query log."""
    with_log: list[float] = []
    without: list[float] = []
    for _ in range(rounds):
        for more, taken in ((QUERY_LOG, with_log), ("", without)):
            with alone("vpcdns", SMALL, more=more) as (server, task):
                taken.append(load(server, task, many(SMALL, 0), UDP, seconds)[0])
    figures = {"vpcdns": Figure.of(with_log), "without": Figure.of(without)}
    ratio = figures["vpcdns"].median / figures["without"].median
    yield Row("private, 1,000 names, query log on", "µs a query", figures, "≤ 1.3 × without", ratio <= 1.3)


SINGLES: dict[str, Callable[[Sequence[str], int, int], Iterator[Row]]] = {
    "start": starting,
    "idle": idling,
    "latency": latencies,
    "reload": reloading,
    "query log": logging,
}
