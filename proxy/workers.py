"""workers: several processes that serve the same addresses as one server.

Each has sockets of its own at every address (SO_REUSEPORT), and the kernel deals packets and connections out among them; so
they grow with the processors, and share nothing while they answer.  The first process is one of them, and the one that signals
are sent to: it tells the others what it has taken, and adds up what they have counted.

They are forked when the configuration is loaded and there is no event loop yet, so what is loaded is memory that they share.
At a reload each compiles for itself the very texts that the first has read and found good.

Owns the processes, their sockets and the talk between them.  Must never answer a query.

A worked example::

    crew = enlist(configuration, overrides, 4)
    async with Server(configuration, source, overrides, bound=crew.bound, others=crew):
        await crew.counts()         # what the three others have counted
    crew.dismiss()
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pickle
import signal
import socket
import sys
import time
from collections.abc import Iterable
from typing import Any

from proxy.app import Bound, Change, ListenError, Server, Texts
from proxy.changes import NotThere
from proxy.configuration import Configuration, Overrides
from proxy.counts import Counts
from proxy.listen import bind_both, bind_shared
from proxy.querylog import QueryLogError
from proxy.reach import FileError
from proxy.seldom import report_seldom
from proxy.settings.problems import ConfigError
from proxy.source import Source, SourceError

_MOST_SECONDS = 10.0  # that the others are waited for in the end
_LENGTH = 4  # octets before a message

_log = logging.getLogger(__name__)


def can_be_many() -> bool:
    """Whether this system deals packets out among processes."""
    return sys.platform == "linux"


def enlist(configuration: Configuration, overrides: Overrides, count: int) -> Crew:
    """Start all workers but this first one; ListenError where the machine refuses an address."""
    bound = [_bind(configuration, first=not number) for number in range(count)]
    crew = Crew(bound[0])
    for number, theirs in enumerate(bound[1:], 2):
        here, there = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            here.close()
            _close(each for each in bound if each is not theirs)
            crew.forget()
            _live(configuration, overrides, theirs, there)
        there.close()
        crew.add(number, pid, here)
    _close(bound[1:])
    return crew


def _bind(configuration: Configuration, *, first: bool) -> Bound:
    """Sockets for every listener.  `first` makes sure that nobody else is there: one that shares as well would go unnoticed."""
    bound = {}
    for listener in configuration.plan.listeners:
        try:
            if first:
                for alone in bind_both(listener.host, listener.port):
                    alone.close()
            bound[listener.host, listener.port] = bind_shared(listener.host, listener.port)
        except OSError as error:
            raise ListenError(listener, error) from error
    return bound


def _close(bound: Iterable[Bound]) -> None:
    for each in bound:
        for pair in each.values():
            for sock in pair:
                sock.close()


class Worker:
    """Another process, as the first sees it."""

    def __init__(self, number: int, pid: int, channel: socket.socket) -> None:
        self.number = number
        self.pid = pid
        self.channel = channel
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._lock: asyncio.Lock | None = None

    async def tell(self, *message: object) -> Any:
        """What it replies; None where it has ended."""
        if self._lock is None:
            self._lock = asyncio.Lock()
        async with self._lock:
            try:
                if self._streams is None:
                    self._streams = await asyncio.open_connection(sock=self.channel)
                reader, writer = self._streams
                _write(writer, message)
                return await _read(reader)
            except (OSError, asyncio.IncompleteReadError):
                _log.error("worker %d (process %d) has ended; the others serve on", self.number, self.pid)
                return None


class Crew:
    """The workers beside this process; `bound` are its own sockets."""

    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self._workers: list[Worker] = []

    def add(self, number: int, pid: int, channel: socket.socket) -> None:
        """One more."""
        self._workers.append(Worker(number, pid, channel))

    def forget(self) -> None:
        """In a process that is no longer the first: the others are none of its business."""
        for worker in self._workers:
            worker.channel.close()
        self._workers.clear()

    async def take(self, texts: Texts) -> None:
        """Have all of them reload what this process has taken."""
        for worker, wrong in await self._tell_all("take", texts):
            if wrong:
                _log.error("worker %d does not take the new configuration: %s", worker.number, wrong)

    async def change(self, change: Change) -> None:
        """Have all of them change as this process did."""
        for worker, wrong in await self._tell_all("change", change):
            if wrong:
                _log.error("worker %d does not take a change: %s", worker.number, wrong)

    async def counts(self) -> list[Counts]:
        """What each has counted."""
        return [counts for _, counts in await self._tell_all("count") if counts is not None]

    async def _tell_all(self, *message: object) -> list[tuple[Worker, Any]]:
        replies = await asyncio.gather(*(worker.tell(*message) for worker in self._workers))
        return list(zip(self._workers, replies, strict=True))

    def dismiss(self) -> None:
        """End them, and wait until they have."""
        for worker in self._workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGTERM)
        until = time.monotonic() + _MOST_SECONDS
        for worker in self._workers:
            while os.waitpid(worker.pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > until:
                    os.kill(worker.pid, signal.SIGKILL)
                time.sleep(0.01)


# What happens in the other processes.


class _Told(Source):
    """Texts that another process has read."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "the first worker's")
        self.next: Texts = []

    def fingerprint(self) -> None:
        """It changes when it is told."""

    def _read(self) -> Texts:
        return self.next


def _live(configuration: Configuration, overrides: Overrides, bound: Bound, channel: socket.socket) -> None:
    """Serve, and end this process; signals that concern all of them are the first's business."""
    for name in ("SIGINT", "SIGHUP", "SIGUSR1"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    status = 1
    try:
        asyncio.run(_serve(configuration, overrides, bound, channel))
        status = 0
    except Exception:  # noqa: BLE001  there is nobody above who could tell
        _log.exception("a worker ends")
    finally:
        logging.shutdown()
        os._exit(status)


async def _serve(configuration: Configuration, overrides: Overrides, bound: Bound, channel: socket.socket) -> None:
    report_seldom(asyncio.get_running_loop())
    source = _Told(configuration.name)
    async with Server(configuration, source, overrides, bound=bound, shared=True) as server:
        obeying = asyncio.ensure_future(_obey(channel, server, source))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, obeying.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await obeying


async def _obey(channel: socket.socket, server: Server, source: _Told) -> None:
    """Do what the first process says, until it is gone."""
    reader, writer = await asyncio.open_connection(sock=channel)
    with contextlib.suppress(asyncio.IncompleteReadError, OSError):
        while True:
            match await _read(reader):
                case "take", texts:
                    source.next = texts
                    _write(writer, await _take(server))
                case "change", change:
                    _write(writer, await _make(change, server))
                case _:
                    _write(writer, server.counts())


async def _take(server: Server) -> str | None:
    try:
        await server.reload()
    except (ConfigError, SourceError, QueryLogError, FileError, ListenError) as error:
        return str(error)
    return None


async def _make(change: Change, server: Server) -> str | None:
    try:
        await server.change(change)
    except (ConfigError, NotThere) as error:
        return str(error)
    return None


def _write(writer: asyncio.StreamWriter, message: object) -> None:
    octets = pickle.dumps(message)
    writer.write(len(octets).to_bytes(_LENGTH, "big") + octets)


async def _read(reader: asyncio.StreamReader) -> Any:
    length = int.from_bytes(await reader.readexactly(_LENGTH), "big")
    return pickle.loads(await reader.readexactly(length))  # noqa: S301  it comes from this program
