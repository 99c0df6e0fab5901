"""Rounds of load, and how calm the machine was meanwhile."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.helper import helper
from bench.names import FRESH, MOST_QUESTIONS, Names
from bench.servers import ADDRESS, CLIENT_CORE, Running, Task, free_port, process, running
from bench.works import Work

_TRIES, _FEW = 4, 2000  # over TCP, dnsperf stalls at times
_SETTLE_SECONDS = 0.05  # in which the children of a server end


class Figure(NamedTuple):
    """One quantity over all rounds: its median, its lowest and its highest."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Figure:
        """That of `values`."""
        found = sorted(values)
        return cls(statistics.median(found), found[0], found[-1])

    @property
    def spread(self) -> float:
        """How far apart the rounds lie, as a part of the median."""
        return (self.highest - self.lowest) / self.median if self.median else 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """A server under one work: processor time in µs a query, answers a second, seconds to the first answer, memory in MB."""

    cpu: Figure
    answers: Figure
    first_answer: Figure
    memory: Figure


def measure(work: Work, servers: Iterable[str], rounds: int, seconds: int) -> dict[str, Result]:
    """All rounds of a work, the servers in turn; those that end or do not answer are told and left out."""
    taken: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    failed: set[str] = set()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder, internet = Path(temporary), free_port()
        command = [helper(), "answer", str(internet)]
        stack.enter_context(process(command, folder / "internet.log", CLIENT_CORE))
        for turn in range(rounds):
            for name in servers:
                if name in work.without or name in failed:
                    continue
                task = Task(folder, work.names, free_port(), internet, work.more if name == "vpcdns" else "")
                questions = work.questions(work.names, turn * 1000 + len(taken[name]))
                try:
                    with running(name, task, questions[0]) as server:
                        taken[name].append(load(server, task, questions, work.load, seconds))
                except RuntimeError as error:
                    print(f"{work.name}: {error}", file=sys.stderr)
                    failed.add(name)
    return {name: Result(*map(Figure.of, zip(*rows, strict=True))) for name, rows in taken.items() if rows}


def load(server: Running, task: Task, questions: list[str], options: tuple[str, ...], seconds: int) -> tuple[float, ...]:
    """What dnsperf gets out of a server.  To warm up it asks for a second, and each name once; of fresh ones, others."""
    if len(questions) > FRESH // 2:
        warm, questions = questions[: FRESH // 4], questions[FRESH // 4 :]
        dnsperf(task, warm, options, 1)
    else:
        few = len(questions) <= MOST_QUESTIONS
        dnsperf(task, questions, options, 1 if few else 20, *(() if few else ("-n", "2")))
    for _ in range(_TRIES):
        before = server.cpu_seconds()
        output = dnsperf(task, questions, options, seconds)
        time.sleep(_SETTLE_SECONDS)
        spent = server.cpu_seconds() - before
        completed = int(field(output, r"Queries completed:\s+(\d+)"))
        if completed > _FEW * seconds:
            break
    if completed < 100 or ("NOERROR" not in output and "NXDOMAIN" not in output):
        raise RuntimeError(f"the answers are not those that were wanted:\n{output}")
    return (
        spent / completed * 1e6,
        float(field(output, r"Queries per second:\s+([\d.]+)")),
        server.first_answer,
        server.megabytes(),
    )


def dnsperf(task: Task, questions: list[str], options: tuple[str, ...], seconds: int, *more: str) -> str:
    """Its report."""
    file = task.write("questions", questions)
    command = ["dnsperf", "-s", ADDRESS, "-p", str(task.port), "-d", file, *options, *more, "-l", str(seconds)]
    return subprocess.run(["taskset", "-c", CLIENT_CORE, *command], capture_output=True, check=True, text=True).stdout


def field(output: str, pattern: str) -> str:
    """One figure of dnsperf's report."""
    found = re.search(pattern, output)
    if found is None:
        raise RuntimeError(f"dnsperf did not report {pattern}:\n{output}")
    return found[1]


def pace(server: Running, names: Names, rate: int, seconds: int, reloads: int = 0) -> dict[str, float]:
    """Latencies in µs at an even rate, and how many answers were lost; reloads on the way, if any, evenly spread."""
    command = ["taskset", "-c", CLIENT_CORE, helper(), "pace", str(server.port), str(rate), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write("\n".join(f"{name} A" for name in names.hosts_spread()) + "\n")
        client.stdin.close()
        for _ in range(reloads):
            time.sleep(seconds / (reloads + 1))
            server.reload()
        found: dict[str, float] = json.loads(client.stdout.read())
    return found


def others_share(seconds: float = 1.0) -> float:
    """Which part of all processors' time is used while nothing of the benchmark runs."""

    def times() -> list[int]:
        return [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]

    before = times()
    time.sleep(seconds)
    spent = [after - first for first, after in zip(before, times(), strict=True)]
    return 1 - (spent[3] + spent[4]) / max(sum(spent), 1)
