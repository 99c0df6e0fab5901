"""Watching over what `resolver install` did: where the server stops to answer, the machine gets its names back."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from contextlib import suppress

from proxy.asking import Outcome, ask_server, outcome_of
from proxy.cli.healthcheck import PROBE
from proxy.cli.questions import read_server
from proxy.host.journal import Busy, Journal, Unreadable, load, only_one
from proxy.model.answers import UpstreamError

SECONDS = 1.0  # between looks, and as long as an answer may take
FAILURES = 3  # in a row
_PATIENCE = 10  # looks


def is_healthy(server: str) -> bool:
    """Whether the server at ADDR:PORT is a vpcdns that answers."""
    try:
        reply = asyncio.run(ask_server(read_server(server), PROBE, SECONDS))
    except UpstreamError:
        return False
    return outcome_of(PROBE, reply) is Outcome.ANSWER


def is_there(server: str) -> bool:
    """The same, with patience: the question may be what starts the server, by a socket of systemd's."""
    return any(is_healthy(server) for _ in range(_PATIENCE))


def start_guard(journal: Journal) -> None:
    """Start a process that guards, apart from the terminal, and write down which it is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "proxy", "resolver", "guard"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        env=_surroundings(),
    )
    journal.guard = process.pid
    journal.save()


def guard() -> None:
    """Look every second until the installation is gone, or its server; then undo it."""
    with suppress(Unreadable):  # then it is no longer ours to undo
        _guard()


def _guard() -> None:
    failures = 0
    while failures < FAILURES:
        time.sleep(SECONDS)
        journal = load()
        if journal is None or journal.guard not in (0, os.getpid()):
            return
        failures = 0 if is_healthy(journal.server) else failures + 1
    while True:
        with suppress(Busy), only_one():
            journal = load()
            if journal is None or journal.guard != os.getpid():
                return
            _log(f"{journal.server} does not answer: this machine's resolver is as it was before the installation")
            for line in journal.undo():
                _log(line)
            return
        time.sleep(SECONDS)


def _surroundings() -> dict[str, str]:
    """The environment, with the house to import from also where this runs out of a source tree."""
    house = os.pathsep.join(path for path in sys.path if path)
    return {**os.environ, "PYTHONPATH": house}


def _log(text: str) -> None:
    import syslog  # noqa: PLC0415  not on Windows

    syslog.openlog("vpcdns")
    syslog.syslog(syslog.LOG_WARNING, text)
