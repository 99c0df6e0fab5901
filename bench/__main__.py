"""Run the comparison and print its table (see the package's docstring)."""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from bench.servers import ADDRESS, SERVERS, Names, Running, running

WORKS = {"10 names": Names(1, 10), "1,000 names": Names(10, 100), "100,000 names, 1,000 zones": Names(1000, 100)}


class Measured(NamedTuple):
    """One server in one round: answers a second, its CPU a query in µs, seconds to the first answer, memory in MB."""

    answers: float
    cpu: float
    first_answer: float
    memory: float


def main() -> int:
    """Measure all works; 0 when a table was printed, 2 where a program is missing."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="vpcdns beside other DNS servers")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds a server (default 3)")
    parser.add_argument("--seconds", type=int, default=3, help="seconds of load a round (default 3)")
    options = parser.parse_args()
    servers = [name for name in SERVERS if name == "vpcdns" or shutil.which(name)]
    missing = [name for name in ("dnsperf", *SERVERS) if name != "vpcdns" and not shutil.which(name)]
    if missing:
        print(f"not installed: {', '.join(missing)} (Debian: dnsperf, dnsmasq-base, unbound)", file=sys.stderr)
    if "dnsperf" in missing:
        return 2
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, ")
    print(f"{options.rounds} interleaved rounds of {options.seconds} s, medians; server and dnsperf on a processor each.\n")
    print("| work | server | answers/s | of dnsmasq's | CPU µs/query | first answer s | MB |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for work, names in WORKS.items():
        print_rows(work, measure(names, servers, options.rounds, options.seconds))
    return 0


def measure(names: Names, servers: list[str], rounds: int, seconds: int) -> dict[str, list[Measured]]:
    """All rounds of one work, the servers in turn, so that a machine that slows down slows all of them."""
    results: dict[str, list[Measured]] = defaultdict(list)
    pinned = shutil.which("taskset") is not None and (os.cpu_count() or 1) > 1
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        questions = folder / "questions"
        questions.write_text("\n".join(names.questions()) + "\n")
        for _ in range(rounds):
            for name in servers:
                with running(name, folder, names, pinned) as server:
                    results[name].append(load(server, questions, seconds, pinned))
    return results


def load(server: Running, questions: Path, seconds: int, pinned: bool) -> Measured:
    """What dnsperf gets out of a server."""
    command = ["dnsperf", "-s", ADDRESS, "-p", str(server.port), "-d", str(questions), "-c", "4", "-q", "64", "-T", "1"]
    pin = ["taskset", "-c", "1"] if pinned else []
    subprocess.run([*pin, *command, "-l", "1"], capture_output=True, check=True)
    before = server.cpu_seconds()
    output = subprocess.run([*pin, *command, "-l", str(seconds)], capture_output=True, check=True, text=True).stdout
    spent = server.cpu_seconds() - before
    completed = int(field(output, r"Queries completed:\s+(\d+)"))
    if completed * 1.001 < int(field(output, r"Queries sent:\s+(\d+)")) or "NOERROR" not in output:
        print(output, file=sys.stderr)
    return Measured(
        float(field(output, r"Queries per second:\s+([\d.]+)")),
        spent / completed * 1e6,
        server.first_answer,
        server.megabytes(),
    )


def field(output: str, pattern: str) -> str:
    """One figure of dnsperf's report."""
    found = re.search(pattern, output)
    if found is None:
        raise RuntimeError(f"dnsperf did not report {pattern}:\n{output}")
    return found[1]


def print_rows(work: str, results: dict[str, list[Measured]]) -> None:
    """A row a server."""
    middle = {name: Measured(*map(statistics.median, zip(*rows, strict=True))) for name, rows in results.items()}
    base = middle["dnsmasq"].answers if "dnsmasq" in middle else None
    for name, row in middle.items():
        ratio = f"{row.answers / base:.2f}" if base else ""
        print(
            f"| {work} | {name} | {row.answers:,.0f} | {ratio} | {row.cpu:.1f} | {row.first_answer:.2f} | {row.memory:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
