"""The benchmark runs; what it measures is for nobody to rely on here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.measure import Figure, Result
from bench.report import Report
from bench.works import WORKS

HOUSE = Path(__file__).parent.parent
PROGRAMS = ("dnsperf", "gcc", "taskset")


def result(cpu: float, spread: float = 0.0) -> Result:
    figure = Figure.of([1.0])
    return Result(Figure.of([cpu * (1 - spread), cpu, cpu]), figure, figure, figure)


def report_of(vpcdns: float, *, spread: float = 0.0, others: float = 0.0) -> Report:
    report = Report({"processor": "one"}, rounds=1, seconds=1, others=others)
    report.results[WORKS[0]] = {"echo": result(4.0, spread), "vpcdns": result(vpcdns), "unbound": result(5.0)}
    return report


def test_what_is_reached_is_told_from_what_is_not() -> None:
    assert report_of(4.9).all_reached()
    assert "0.98 × the best, wanted ≤ 1.0 ✓; 1.23 × echo, wanted ≤ 1.25 ✓" in report_of(4.9).markdown()
    assert not report_of(5.2).all_reached()
    assert "✗" in report_of(5.2).markdown()
    assert '"vpcdns"' in report_of(5.2).json()


@pytest.mark.parametrize("noise", [{"spread": 0.2}, {"others": 0.3}])
def test_on_a_noisy_machine_there_is_no_verdict(noise: dict[str, float]) -> None:
    text = report_of(4.9, **noise).markdown()
    assert "No verdict" in text
    assert "✓" not in text


@pytest.mark.skipif(not all(map(shutil.which, PROGRAMS)), reason="a program that measures is missing")
def test_it_runs() -> None:
    command = [sys.executable, "-m", "bench", "--rounds", "1", "--seconds", "1", "--only", "private, 1 name"]
    run = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode in {0, 1, 3}, run.stderr
    assert "| private, 1 name |" in run.stdout
    assert not (HOUSE / "questions").exists()


def test_without_its_programs_it_says_what_to_install() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench"], cwd=HOUSE, capture_output=True, env={"PATH": ""}, text=True, check=False
    )
    assert run.returncode == 2
    assert "dnsperf, gcc, taskset" in run.stderr
    assert "apt-get install" in run.stderr
