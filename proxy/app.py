"""app: the wiring.  The one module that knows every room.

Owns starting, reloading and stopping a server, as one `async with`.  Must never hold logic that can be tested elsewhere.

A worked example::

    async with Server(configuration, source, Overrides()) as server:
        server.sockets[0].address       # ("127.0.0.1", 1053)
        await server.reload()           # what changed; or ConfigError, and all is as before
"""

from __future__ import annotations

import asyncio
import logging
import socket as sockets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, Self, TypeVar

from proxy.clock import seconds
from proxy.configuration import INSTANCE, Configuration, Overrides, asks_the_machine, failed, load, recompile, refresh
from proxy.counts import Counts, take, total
from proxy.course import UnderWay
from proxy.difference import describe_difference
from proxy.engine import Engine, Observe
from proxy.flow import Flow
from proxy.host.resolvers import machine_servers, watch_resolvers
from proxy.listen import Listening, start_listening
from proxy.model.plan import ClientAddress, Listener, Plan, QueryLogPlan, TcpLimits
from proxy.querylog import QueryLog, QueryLogError
from proxy.quiet import quiet
from proxy.reach import FileError, Part, Reach, servers_of
from proxy.repeated import one_by_one
from proxy.settings.problems import ConfigError
from proxy.settings.shape import Settings
from proxy.source import Source, SourceError, watch

DRAIN_SECONDS = 5.0

# UDP and TCP sockets that others have bound, by host and port: systemd, or a network namespace.
Bound = Mapping[tuple[str, int], tuple[sockets.socket, sockets.socket]]
NOTHING_BOUND: Bound = {}

_log = logging.getLogger(__name__)

Told = TypeVar("Told")


class ListenError(Exception):
    """An address that the machine does not let us have: `listener`, and the OSError that says why."""

    def __init__(self, listener: Listener, cause: OSError) -> None:
        super().__init__(f"cannot listen on {listener}: {cause.strerror or cause}")
        self.listener = listener
        self.cause = cause


class Socket:
    """A listener that runs.  Its view can change while it does, its address cannot."""

    def __init__(self, listener: Listener, engine: Engine) -> None:
        self._engine = engine
        self.listener = listener
        self._listening: Listening | None = None

    async def open(self, limits: TcpLimits, bound: Bound = NOTHING_BOUND, *, shared: bool = False) -> None:
        """Bind UDP and TCP, unless they are `bound`; ListenError where the machine refuses."""
        try:
            here = bound.get((self.listener.host, self.listener.port))
            self._listening = await start_listening(
                self.listener, self._handle, limits, known=self, bound=here, shared=shared
            )
        except OSError as error:
            raise ListenError(self.listener, error) from error

    @property
    def address(self) -> tuple[str, int]:
        """Host and port: the real one where any free port was wanted."""
        return self._listening.address if self._listening else (self.listener.host, self.listener.port)

    @property
    def listening(self) -> Listening | None:
        """What counts its packets and connections; None before it is open."""
        return self._listening

    async def close(self, drain: float) -> None:
        """Stop reading, let what is under way be answered for at most `drain` seconds, close."""
        if self._listening is not None:
            await self._listening.close(drain)

    @property
    def listener(self) -> Listener:
        """What it is for; `door` has what is known, for the sockets, in the view that is now theirs."""
        return self._listener

    @listener.setter
    def listener(self, listener: Listener) -> None:
        self._listener = listener
        self.door = self._engine.door(listener.view, listener.vpcs)

    def _handle(self, packet: bytes, client: ClientAddress) -> bytes | UnderWay | None:
        return self._engine.handle(packet, client, self.listener.view, self.listener.vpcs)


class Reloads:
    """How many reloads there were since the start, and at which time (seconds since 1970) there was the last good one."""

    def __init__(self) -> None:
        self.good = 0
        self.failed = 0
        self.last_good = time.time()


Texts = list[tuple[str, bytes]]

Change = Callable[[Settings], Settings]
"""What makes other settings; it is told by its `str`, and may be sent to other processes."""


class Others(Protocol):
    """Processes that serve the same."""

    async def take(self, texts: Texts) -> None:
        """Reload these texts, which are good."""

    async def change(self, change: Change) -> None:
        """Make this change, which is good."""

    async def counts(self) -> Sequence[Counts]:
        """What each has counted."""


class Server:
    """A running vpcdns.  `sockets` are its listeners, `configuration` what it serves now.

    `watched`: it reloads when its files change; `follows`: it goes along when the machine's resolvers do.  `bound` are the
    sockets that are there before it starts, for listeners that have their address; `others` are processes that
    take what it takes; `shared`: this is one of those.  It was made at the time `started`, in seconds since 1970.  `changed` is
    called after each change of the configuration.
    """

    def __init__(
        self,
        configuration: Configuration,
        source: Source,
        overrides: Overrides,
        *,
        watched: bool = False,
        follows: bool = False,
        bound: Bound = NOTHING_BOUND,
        others: Others | None = None,
        shared: bool = False,
    ) -> None:
        self.configuration = configuration
        self.sockets: list[Socket] = []
        self.started = time.time()
        self.stopping = False
        self.reloads = Reloads()
        self.changed: Callable[[], None] | None = None
        self._source = source
        self._overrides = overrides
        self._watched = watched
        self._follows = follows
        self._bound = bound
        self._others = others
        self._shared = shared or others is not None
        self._reloading = asyncio.Lock()
        part = Part.FIRST if others is not None else Part.FURTHER if shared else Part.ALONE
        self.reach = Reach(configuration.plan, machine_servers, part)
        self.upstream = self.reach.upstream
        self.engine = Engine(configuration.world, self.reach.cache, self.reach.start, seconds)
        self._bound_clients(configuration.plan)
        self._tasks: list[asyncio.Task[object]] = []
        self._query_log: QueryLog | None = None
        self._observers: tuple[Observe, ...] = ()

    async def __aenter__(self) -> Self:
        await self.reach.open()
        try:
            self._log_queries(_open_log(self.configuration.plan.query_log))
            self.sockets = await self._open(self.configuration.plan.listeners, self.configuration.plan, self._bound)
        except (QueryLogError, ListenError):
            await _close_log(self._query_log)
            await self.reach.close()
            raise
        if self._watched:
            self._tasks.append(asyncio.create_task(watch(self._source, self.reload_and_log)))
        if self._follows:
            self._tasks.append(asyncio.create_task(watch_resolvers(self._follow_resolvers)))
        self._look_for_loops()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(socket.close(DRAIN_SECONDS) for socket in self.sockets))
        await self.reach.close()
        await _close_log(self._query_log)  # last: it has what was answered until now

    def adopt(self, configuration: Configuration) -> None:
        """Answer from another configuration from the next query on; listeners, log and bounds stay as they are."""
        self.engine.adopt(configuration.world, self.reach.renew_cache())
        self.configuration = configuration

    def counts(self) -> Counts:
        """What this process has counted."""
        listening = [each.listening for each in self.sockets if each.listening is not None]
        return take(self.engine, self.reach, listening, self.query_log)

    async def all_counts(self) -> Counts:
        """What all processes that are one server have counted."""
        return total([self.counts(), *([] if self._others is None else await self._others.counts())])

    async def reload(self) -> list[str]:
        """Take what the source holds now, all of it or nothing; what changed, in words.

        ConfigError, SourceError, QueryLogError, FileError or ListenError says why nothing did.  Reading and compiling stay off
        the loop's thread, so that queries are answered meanwhile.
        """
        async with self._reloading:
            if self._query_log is not None:
                self._query_log.reopen()  # whoever rotates logs signals a reload, whether or not the file is good
            try:
                changes = await self._adopt(self._load)
            except (ConfigError, SourceError, QueryLogError, ListenError, FileError):
                self.reloads.failed += 1
                raise
            self.reloads.good += 1
            self.reloads.last_good = time.time()
            if self._others is not None:
                await self._others.take(self._source.texts)
            return changes

    async def change(self, change: Change) -> list[str]:
        """Serve what a change makes of the settings, until the next reload; what changed, in words.

        ConfigError says why nothing did.  What the change raises comes back as it is.
        """
        async with self._reloading:
            old = self.configuration
            changes = await self._adopt(lambda: recompile(old, change(old.settings), str(change)))
            if self._others is not None:
                await self._others.change(change)
            return changes

    def watch(self, observe: Observe) -> None:
        """Tell `observe` of every query from now on; it must neither wait nor raise.

        Each costs a query some microseconds.
        """
        self._observers = (*self._observers, observe)
        self._log_queries(self._query_log)

    def unwatch(self, observe: Observe) -> None:
        """Tell it no more."""
        self._observers = tuple(each for each in self._observers if each != observe)
        self._log_queries(self._query_log)

    async def reload_and_log(self) -> None:
        """Reload, and tell the log how it went."""
        try:
            changes = await self.reload()
        except ConfigError as error:
            _log.error("the new configuration is not taken, the old one stays in force:\n%s", error)
        except (SourceError, QueryLogError, ListenError, FileError) as error:
            _log.error("the new configuration is not taken, the old one stays in force: %s", error)
        else:
            _log.info("reloaded %s: %s", self.configuration.name, "; ".join(changes) or "nothing changed")

    async def _adopt(self, make: Callable[[], Configuration]) -> list[str]:
        """Serve the configuration that `make` gives, in a thread of its own."""
        old = self.configuration

        def made() -> tuple[Configuration, list[str]]:
            new = make()
            return new, describe_difference(old.world, new.world)

        with quiet():
            new, changes = await asyncio.to_thread(made)
        changes += await self._take(new)
        if self.changed is not None:
            self.changed()
        return changes

    def _load(self) -> Configuration:
        configuration = load(self._source, self._overrides)
        wrong = failed(configuration)
        if wrong:
            raise ConfigError(wrong)
        return configuration

    async def _take(self, new: Configuration) -> list[str]:
        """Open what is new, change over in one step, close what is no longer wanted."""
        kept = dict(zip(_places(socket.listener for socket in self.sockets), self.sockets, strict=True))
        wanted = dict(zip(_places(new.plan.listeners), new.plan.listeners, strict=True))
        log = self._query_log
        if new.plan.query_log != self.configuration.plan.query_log:
            log = _open_log(new.plan.query_log)
        try:
            opened = await self._open([listener for place, listener in wanted.items() if place not in kept], new.plan)
        except ListenError:
            await _close_log(None if log is self._query_log else log)
            raise
        try:
            cache = await self.reach.adopt(new.plan)
        except FileError:
            await asyncio.gather(*(socket.close(0) for socket in opened))
            await _close_log(None if log is self._query_log else log)
            raise
        old_log = self._query_log
        self.engine.adopt(new.world, cache)  # no await from here to the end of the change: no query sees half of it
        self._bound_clients(new.plan, self.configuration.plan)
        gone = [socket for place, socket in kept.items() if place not in wanted]
        for place, socket in kept.items():
            socket.listener = wanted.get(place, socket.listener)
        self.sockets = [socket for place, socket in kept.items() if place in wanted] + opened
        self.configuration = new
        self._log_queries(log)
        self._look_for_loops()
        await asyncio.gather(*(socket.close(DRAIN_SECONDS) for socket in gone))
        await _close_log(None if log is old_log else old_log)
        return [f"+ listener {each.listener}" for each in opened] + [f"- listener {each.listener}" for each in gone]

    def _bound_clients(self, plan: Plan, before: Plan | None = None) -> None:
        """Bound what clients send and are sent; who was counted `before` is counted on where nothing has changed."""
        if before is None or plan.packets_per_second != before.packets_per_second:
            self.engine.flow = _flow(plan.packets_per_second)
        if before is None or plan.responses_per_second != before.responses_per_second:
            self.engine.rate = _flow(plan.responses_per_second)

    async def _follow_resolvers(self) -> None:
        """The machine asks other resolvers than before: ask those, and forget what the earlier ones said.

        The files are not read again: they may be half written, and that must not keep anybody from another network.
        """
        old = self.configuration
        if not asks_the_machine(old.settings):
            return
        async with self._reloading:
            try:
                await self._adopt(lambda: refresh(self.configuration))
            except ConfigError as error:
                _log.error("this machine's resolvers have changed, and do not go with the configuration:\n%s", error)
                return
            self.engine.adopt(self.configuration.world, self.reach.renew_cache())
            if self._others is not None:
                await self._others.take(self._source.texts)
        asked = ", ".join(map(str, machine_servers())) or "none"
        _log.info("this machine's resolvers have changed: it now has %s", asked)

    def _look_for_loops(self) -> None:
        """Find servers that lead back here; meanwhile all but those at our own addresses are asked."""
        own = [(socket.listener.host, socket.address[1]) for socket in self.sockets]
        servers = servers_of(self.configuration.world)
        self._tasks = [task for task in self._tasks if not task.done()]
        self._tasks.append(asyncio.create_task(self.reach.find_loops(servers, own, INSTANCE)))

    @property
    def query_log(self) -> QueryLog | None:
        """The query log that runs, if one does."""
        return self._query_log

    def _log_queries(self, log: QueryLog | None) -> None:
        self._query_log = log
        of_one = (*(() if log is None else (log.observe,)), *self._observers)
        of_many = (*(() if log is None else (log.observe_repeated,)), *map(one_by_one, self._observers))
        self.engine.tell(_all_of(of_one), _all_of(of_many))

    async def _open(self, listeners: Iterable[Listener], plan: Plan, bound: Bound = NOTHING_BOUND) -> list[Socket]:
        """All of `listeners`, or none and ListenError."""
        opened: list[Socket] = []
        try:
            for listener in listeners:
                socket = Socket(listener, self.engine)
                await socket.open(plan.tcp, bound, shared=self._shared)
                opened.append(socket)
        except ListenError:
            await asyncio.gather(*(socket.close(0) for socket in opened))
            raise
        return opened


def _all_of(observers: tuple[Callable[[Told], None], ...]) -> Callable[[Told], None] | None:
    if len(observers) < 2:
        return observers[0] if observers else None

    def tell(told: Told) -> None:
        for observe in observers:
            observe(told)

    return tell


def _flow(per_second: int) -> Flow | None:
    return Flow(per_second) if per_second else None


def _open_log(plan: QueryLogPlan | None) -> QueryLog | None:
    return None if plan is None else QueryLog(plan)


async def _close_log(log: QueryLog | None) -> None:
    if log is not None:
        await asyncio.to_thread(log.close)


def _places(listeners: Iterable[Listener]) -> Iterator[tuple[str, int, int]]:
    """What makes each the same after a reload: its address; of those at any free port of one host, which of them it is."""
    seen: Counter[tuple[str, int]] = Counter()
    for listener in listeners:
        yield listener.host, listener.port, seen[listener.host, listener.port]
        seen[listener.host, listener.port] += 1
