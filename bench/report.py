"""What was measured, as a table with a verdict, and as JSON."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.measure import Figure, Result
from bench.servers import SERVERS
from bench.single import Row
from bench.works import Work

C_SERVERS = ("dnsmasq", "unbound", "named")
MOST_SPREAD = 0.15  # of the echo program's rounds
MOST_OTHERS = 0.10  # of the processors


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    cpu = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "unknown"
    )
    versions = {
        "dnsmasq": ["dnsmasq", "--version"],
        "unbound": ["unbound", "-V"],
        "named": ["named", "-V"],
    }
    found = {"processor": f"{cpu}, {os.cpu_count()} cores", "system": f"{platform.system()} {platform.release()}"}
    found["Python"] = platform.python_version()
    for name, command in versions.items():
        try:
            output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        except OSError:
            continue
        found[name] = output.split("\n", 1)[0].split("  Copyright")[0].split(" (")[0]
    return found


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


@dataclass(slots=True)
class Report:
    """Results by work, single rows, and how much of the processors others used."""

    machine: dict[str, str]
    rounds: int
    seconds: int
    others: float
    results: dict[Work, dict[str, Result]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def noise(self) -> list[str]:
        """Why no verdict can be given; nothing where one can."""
        found = []
        if self.others > MOST_OTHERS:
            found.append(f"others used {self.others:.0%} of the processors")
        for work, results in self.results.items():
            if "echo" in results and results["echo"].cpu.spread > MOST_SPREAD:
                found.append(f"{work.name}: the echo program's rounds lie {results['echo'].cpu.spread:.0%} apart")
        return found

    def all_reached(self) -> bool:
        """Whether every row is as wanted."""
        works = all(reached for work in self.results for _, reached in self.verdicts(work))
        return works and all(row.reached for row in self.rows)

    def verdicts(self, work: Work) -> Iterator[tuple[str, bool]]:
        """What is wanted of vpcdns in a work, with the ratio that was measured, and whether it is so."""
        results = self.results[work]
        if "vpcdns" not in results:
            yield "no figure", False
            return
        cpu = results["vpcdns"].cpu.median
        best = min((results[name].cpu.median for name in C_SERVERS if name in results), default=None)
        echo = results["echo"].cpu.median if "echo" in results else None
        against = [(work.of_best, best, "the best"), (work.of_echo, echo, "echo")]
        row = next((each for work_, each in self.results.items() if work.of_row and work_.name == work.of_row[0]), {})
        if (
            work.of_row and echo is not None and "vpcdns" in row and "echo" in row
        ):  # in the echo program's time, as machines drift
            against.append((work.of_row[1], row["vpcdns"].cpu.median * echo / row["echo"].cpu.median, "10 zones"))
        for wanted, base, of in against:
            if wanted is not None and base is not None:
                yield f"{cpu / base:.2f} × {of}, wanted ≤ {wanted}", cpu / base <= wanted

    def markdown(self) -> str:
        """All of it as text."""
        names = list(SERVERS)
        lines = ["Processor time of the server in µs a query: the median of the rounds, and their range.", ""]
        lines += [f"| work | {' | '.join(names)} | vpcdns |", f"|---|{'---:|' * len(names)}---|"]
        for work, results in self.results.items():
            cells = [_cell(results.get(name)) for name in names]
            verdict = "; ".join(f"{words}{self._mark(reached)}" for words, reached in self.verdicts(work))
            lines.append(f"| {work.name} | {' | '.join(cells)} | {verdict} |")
        if self.rows:
            lines += ["", f"| row | {' | '.join(names)} | wanted of vpcdns |", f"|---|{'---:|' * len(names)}---|"]
        for row in self.rows:
            shown = {name: _shown(figure) for name, figure in row.figures.items()}
            without = f" (without: {shown['without']})" if "without" in shown else ""
            cells = [shown.get(name, "") for name in names]
            lines.append(
                f"| {row.name}, {row.unit} | {' | '.join(cells)} | {row.wanted}{without}{self._mark(row.reached)} |"
            )
        lines += ["", "First answer after seconds / memory in MB:", ""]
        for work, results in self.results.items():
            if work.of_row or work is next(iter(self.results)):
                shown_all = (
                    f"{name} {r.first_answer.median:.2f} s, {r.memory.median:.0f} MB" for name, r in results.items()
                )
                lines.append(f"- {work.name}: {'; '.join(shown_all)}")
        noise = self.noise()
        if noise:
            lines += ["", "**No verdict: the machine was noisy.**", *(f"- {each}" for each in noise)]
        lines += ["", f"{self.rounds} rounds of {self.seconds} s, servers in turn, server and client on a core each."]
        return "\n".join([*lines, "; ".join(f"{key}: {value}" for key, value in self.machine.items()) + "."])

    def _mark(self, reached: bool) -> str:
        return "" if self.noise() else " ✓" if reached else " ✗"

    def json(self) -> str:
        """All of it for programs."""
        works = {work.name: {name: asdict(result) for name, result in each.items()} for work, each in self.results.items()}
        found = {"machine": self.machine, "noise": self.noise(), "works": works, "rows": [asdict(row) for row in self.rows]}
        return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _cell(result: Result | None) -> str:
    return "" if result is None else _shown(result.cpu)


def _shown(figure: Figure) -> str:
    """A median, and the range of the rounds where it is one."""
    spread = "" if figure.lowest == figure.highest else f" ({figure.lowest:,.1f}–{figure.highest:,.1f})"
    return f"{figure.median:,.1f}{spread}"


def write(report: Report, folder: Path) -> None:
    """BENCHMARKS.md and bench/results.json."""
    head = "# Benchmarks\n\nWritten by `make bench` (`python -m bench`); `bench/__init__.py` tells what is measured and how.\n\n"
    notes = (folder / "bench" / "notes.md").read_text()
    (folder / "BENCHMARKS.md").write_text(f"{head}{report.markdown()}\n\n{notes}")
    (folder / "bench" / "results.json").write_text(report.json())
