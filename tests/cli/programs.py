"""vpcdns as it is typed: in this process, or as a program of its own."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from proxy.cli import main

HOUSE = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-m", "proxy"]
PATIENCE = 60.0  # a machine may have other things to do

SPLIT = """\
listen: [{address: "127.0.0.1:0", view: a}, {address: "127.0.0.1:0", view: internet}]
upstream: {mode: off}
vpcs: {a: {cidr: 10.0.0.0/16}}
private_zones: [{name: example.com, vpcs: [a], records: {www: 10.0.5.10}}]
public_records: {www.example.com: 203.0.113.10}
"""


class Ran(NamedTuple):
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str


def vpcdns(*arguments: object) -> Ran:
    """Run a command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return Ran(int(left.value.code or 0), out.getvalue(), err.getvalue())


def environment(**more: str) -> dict[str, str]:
    """What a program of its own gets: the house to import, and no configuration of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if name != "VPCDNS_CONFIG" and not name.startswith("COV_")}
    return {**kept, "PYTHONPATH": str(HOUSE), "VPCDNS_ADMIN": "off", **more}


def program(*arguments: object, stdin: str = "", cwd: Path = HOUSE, environ: Mapping[str, str] | None = None) -> Ran:
    """Run a command line as a program."""
    ran = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin.encode(),
        capture_output=True,
        cwd=cwd,
        env=environment(**(environ or {})),
        timeout=PATIENCE,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())


class Serving:
    """A `vpcdns serve` that runs: its standard error so far, and its listeners' ports in their order."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.text = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_for(self, text: str, times: int = 1) -> str:
        """All that was written, once `text` is in it so many times."""
        end = time.monotonic() + PATIENCE
        while self.text.count(text) < times:
            if time.monotonic() > end or self.process.poll() is not None:
                self._reader.join(1)
                if self.text.count(text) >= times:
                    break
                pytest.fail(f"{text} was not written in:\n{self.text}")
            time.sleep(0.005)
        return self.text

    @property
    def ports(self) -> list[int]:
        """The port of every listener."""
        lines = [line for line in self.wait_for("upstream: ").splitlines() if line.startswith("listening: ")]
        return [int(line.partition(", ")[0].rpartition(":")[2]) for line in lines]

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it."""
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it; its exit status."""
        if self.process.poll() is None:
            self.send(number)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            self._reader.join(PATIENCE)

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stderr:
            for line in stderr:
                self.text += line.decode()


@contextlib.contextmanager
def serving(*arguments: object, cwd: Path = HOUSE, **environ: str) -> Iterator[Serving]:
    """A server with these arguments before `serve` and behind it, ended in the end; its control API is off."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=environment(**environ),
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    server = Serving(process)
    try:
        yield server
    finally:
        server.end()
