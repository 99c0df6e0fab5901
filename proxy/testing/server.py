"""A real server in a thread of this process, with its own event loop, on a free port of loopback.

Whoever asks by a socket gets its answers, and the thread that started it can say what it shall answer, and what it was asked.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar

from proxy.app import Server, Socket
from proxy.asking import ask_all, ask_server, place
from proxy.changes import PUBLIC_RECORDS, HealthChange, RecordsChange
from proxy.configuration import NO_OVERRIDES, Configuration, load, recompile
from proxy.dns.codes import type_number
from proxy.dns.names import Name, name_text
from proxy.model import answers as model
from proxy.model.outcome import Outcome
from proxy.model.plan import Listener
from proxy.settings.problems import did_you_mean
from proxy.settings.shape import Settings
from proxy.testing import queries
from proxy.testing.answers import Reply, Wanted, differences, reply_of
from proxy.testing.lookups import Lookups
from proxy.testing.origins import Origins, calling_code
from proxy.testing.queries import Query
from proxy.testing.redirection import OWN_THREADS, redirected
from proxy.testing.worlds import Config, source_of

_HOST = "127.0.0.1"
_PATIENCE = 3.0
_WAIT, _STOP = 30.0, 10.0

T = TypeVar("T")


class UnknownView(LookupError):
    """The world has no such view; the text says which there are."""


def vpcdns_server(
    config: Config,
    *,
    view: str | None = None,
    strict: bool = False,
    allow: Sequence[str] = (),
    redirect: bool = True,
    folders: Sequence[Path] = (),
) -> VpcdnsServer:
    """A server for `with`: the process's look-ups are those of `view` meanwhile, unless `redirect` is False.

    `view` is the world's default view where it is not given.  With `strict`, the end fails with AssertionError where a name
    was asked for that the world does not know, and that is not in `allow` (`*.example.com`: any name below it).
    Entering raises ConfigError with every problem of the world, NoSuchConfig, SourceError or UnknownView.
    """
    return VpcdnsServer(config, view=view, strict=strict, allow=allow, redirect=redirect, folders=folders)


class VpcdnsServer:
    """What `vpcdns_server` gives, and pytest's fixture `vpcdns`.  `address` is where it answers, over UDP and TCP."""

    def __init__(
        self,
        config: Config,
        *,
        view: str | None = None,
        strict: bool = False,
        allow: Sequence[str] = (),
        redirect: bool = True,
        folders: Sequence[Path] = (),
    ) -> None:
        self.strict = strict
        self.allow = tuple(allow)
        self._redirect = redirect
        self._folders = folders
        self._source = source_of(config, folders)
        self._configuration = _open_to_all(load(self._source))
        self._original = self._configuration
        self.view = self._checked(view or self._configuration.world.default_view)
        self._origins = Origins()
        self._queries: list[Query] = []
        self._expected: set[str] = set()
        self._sockets: dict[str, Socket] = {}
        self._undo = ExitStack()

    # Start and end

    def __enter__(self) -> Self:
        started: Future[asyncio.AbstractEventLoop] = Future()
        thread = threading.Thread(target=self._run, args=(started,), name=OWN_THREADS, daemon=True)
        thread.start()
        self._loop = started.result(_WAIT)
        with ExitStack() as undo:
            undo.callback(thread.join, _STOP)
            undo.callback(self._loop.call_soon_threadsafe, self._stop.set)
            if self._redirect:
                undo.enter_context(self.redirected())
            self._undo = undo.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._undo.close()
        if kind is None and self.strict:
            self.assert_nothing_unexpected()

    def _run(self, started: Future[asyncio.AbstractEventLoop]) -> None:
        try:
            asyncio.run(self._serve(started))
        except BaseException as error:  # noqa: BLE001  told to whoever waits for the start
            if not started.done():
                started.set_exception(error)

    async def _serve(self, started: Future[asyncio.AbstractEventLoop]) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(2, OWN_THREADS))
        self._stop = asyncio.Event()
        plan = self._configuration.plan._replace(listeners=(), query_log=None, packets_per_second=0, responses_per_second=0)
        self._server = Server(replace(self._configuration, plan=plan), self._source, NO_OVERRIDES)
        async with self._server:
            self._server.engine.observe = self._observe
            await self._open(self.view)
            started.set_result(loop)
            await self._stop.wait()
            await asyncio.gather(*(socket.close(0) for socket in self._sockets.values()))

    def _observe(self, outcome: Outcome) -> None:
        if outcome.answer.reason.kind is model.ReasonKind.SELF:  # whether there is a server: `exec` looks before it begins
            return
        self._queries.append(queries.query_of(outcome, self._origins.of(name_text(outcome.query.name))))

    # Where to ask

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `view`."""
        return self.address_of(self.view)

    def address_of(self, view: str) -> tuple[str, int]:
        """Host and port of any view: `internet`, or `app/onprem`; UnknownView where there is none."""
        self._checked(view)
        if view not in self._sockets:
            self._call(self._open(view))
        return self._sockets[view].address

    @contextmanager
    def redirected(self, view: str | None = None) -> Iterator[Self]:
        """For a while, the process's look-ups are those of a view; see `proxy.testing.redirection` for which they are."""
        view = self._checked(view or self.view)
        vpc = self._configuration.world.views[view].vpc
        search = "" if vpc is None else str(vpc.domain_name)

        def ask(name: Name, types: Sequence[int]) -> Sequence[model.Reply | None]:
            return self._call(self._ask_each(view, name, types))

        with redirected(Lookups(ask, search, self._why, self._origins.note), self.address_of(view), self._origins.note):
            yield self

    def command(self, command: Sequence[str], view: str | None = None) -> list[str]:
        """A command line that runs `command` as if in a view (`vpcdns exec`, on Linux), its queries counted here."""
        host, port = self.address_of(view or self.view)
        return [sys.executable, "-m", "proxy", "exec", "--server", f"{host}:{port}", "--", *command]

    def run(self, command: Sequence[str], *, view: str | None = None, **kwargs: Any) -> subprocess.CompletedProcess[Any]:
        """subprocess.run of a command as if in a view."""
        self._origins.command = f"the command {' '.join(command)}, run by {calling_code()}"
        try:
            return subprocess.run(self.command(command, view), check=kwargs.pop("check", False), **kwargs)  # noqa: S603
        finally:
            self._origins.command = ""

    # What it answers

    def answer(self, name: str, type: str = "A", view: str | None = None) -> Reply:
        """What a view answers, found without a packet: it does not count as asked."""
        return self.compare(name, type, [view or self.view])[view or self.view]

    def compare(self, name: str, type: str = "A", views: Sequence[str] | None = None) -> dict[str, Reply]:
        """What each of `views`, or of all, answers."""
        world = self._configuration.world
        question = model.Question(Name.from_text(name), type_number(type))
        chosen = [self._checked(view) for view in (world.views if views is None else views)]
        inquiries = [place(world, question, view) for view in chosen]
        findings = self._call(ask_all(self._configuration, inquiries, live=True))
        return dict(zip(chosen, map(reply_of, findings), strict=True))

    def assert_answers(self, name: str, wanted: Mapping[str, Wanted], type: str = "A") -> None:
        """Every view of `wanted` answers so: an address, several in any order, or NXDOMAIN, NODATA, REFUSED, …."""
        __tracebackhide__ = True
        wrong = differences(self.compare(name, type, list(wanted)), wanted)
        _fail_with(f"{name} {type} is not answered as expected:", wrong)

    def assert_same(self, name: str, views: Sequence[str] | None = None, type: str = "A") -> None:
        """All of `views` answer the same."""
        __tracebackhide__ = True
        replies = self.compare(name, type, views)
        first = next(iter(replies.values()))
        told = [f"  {view}: {reply}; because: {reply.reason}" for view, reply in replies.items()]
        _fail_with(f"{name} {type} is not the same in all views:", [] if all(map(first.is_as, replies.values())) else told)

    def assert_differs(self, name: str, views: Sequence[str] | None = None, type: str = "A") -> None:
        """No two of `views` answer the same: the split horizon."""
        __tracebackhide__ = True
        replies = self.compare(name, type, views)
        alike = [
            f"  {one} and {other}: {replies[one]}"
            for at, one in enumerate(replies)
            for other in list(replies)[at + 1 :]
            if replies[one].is_as(replies[other])
        ]
        _fail_with(f"{name} {type} is the same in some views:", alike)

    # What it shall answer from now on

    def use(self, config: Config) -> None:
        """Serve another world, all of it or, where that is refused (ConfigError), nothing of it."""
        self._take(_open_to_all(load(source_of(config, self._folders))))

    def set_health(self, zone: str, name: str, id: str, type: str = "A", *, up: bool) -> None:
        """Let a record set of a private zone be healthy or not; NotThere where there is none of that id."""
        self._change(HealthChange(Name.from_text(name), id, up, type_number(type), zone))

    def set_records(self, zone: str | None, records: Mapping[str, Any]) -> None:
        """Let names of a zone have just these records, or none (None), as the file would have them.

        `zone` is a private zone's name or id, or a public zone's name; None for `public_records`.  Raises NotThere, and
        ConfigError where the records are not right.
        """
        self._change(RecordsChange(PUBLIC_RECORDS if zone is None else zone, records))

    def restore(self) -> None:
        """Serve the world that it started with."""
        if self._configuration is not self._original:
            self._take(self._original)

    # What it was asked

    @property
    def queries(self) -> list[Query]:
        """All that was asked, in its order."""
        return list(self._queries)

    @property
    def unexpected(self) -> list[Query]:
        """Queries for names that the world does not know, and that are neither allowed nor asserted."""
        allowed = (*self.allow, *self._expected)
        return [
            query
            for query in self._queries
            if not query.known and not any(queries.fits(query.name, each) for each in allowed)
        ]

    def forget(self) -> None:
        """Begin to count anew."""
        self._queries.clear()
        self._expected.clear()

    def assert_asked(
        self, name: str, type: str | None = None, *, view: str | None = None, times: int | None = None
    ) -> list[Query]:
        """A name was asked for (`*.example.com`: any below it), `times` often if given; gives those queries."""
        __tracebackhide__ = True
        self._expected.add(name)
        found = queries.matching(self._queries, name, type, view)
        if (times is None and found) or times == len(found):
            return found
        what = " ".join(filter(None, (name, type, view and f"in {view}")))
        often = "not asked for" if not found else f"asked for {len(found)} times, not {times}"
        asked = queries.listed(found or self._queries)
        guess = "" if found else queries.hint(name, self._queries)
        raise AssertionError(
            f"{what} was {often}{guess}; " + (f"what was asked:\n{asked}" if asked else "nothing was asked")
        )

    def assert_not_asked(self, name: str, type: str | None = None, *, view: str | None = None) -> None:
        """A name, or with `*.example.com` any below it, was not asked for."""
        __tracebackhide__ = True
        found = queries.matching(self._queries, name, type, view)
        _fail_with(f"{name} was asked for:", [queries.listed(found)] if found else [])

    def assert_nothing_unexpected(self) -> None:
        """No name was asked for that the world does not know; what `strict` does at the end."""
        __tracebackhide__ = True
        found = self.unexpected
        told = "names were asked for that the world does not know (add them, or `allow` them):"
        _fail_with(told, [queries.listed(found)] if found else [])

    # Within

    async def _open(self, view: str) -> None:
        socket = Socket(Listener(_HOST, 0, view), self._server.engine)
        await socket.open(self._configuration.plan.tcp)
        self._sockets[view] = socket

    async def _ask_each(self, view: str, name: Name, types: Sequence[int]) -> Sequence[model.Reply | None]:
        host, port = self._sockets[view].address
        server = model.ServerAddress(model.Protocol.UDP, host, port)

        async def ask(kind: int) -> model.Reply | None:
            try:
                return await ask_server(server, model.Question(name, kind), _PATIENCE)
            except model.UpstreamError:
                return None

        return await asyncio.gather(*map(ask, types))

    def _why(self, name: str) -> str:
        found = queries.matching(self._queries, name, None, None)
        return f"{found[-1].rcode} in view {found[-1].view}: {found[-1].reason}" if found else "no answer came"

    def _change(self, change: Callable[[Settings], Settings]) -> None:
        self._take(recompile(self._configuration, change(self._configuration.settings)))

    def _take(self, configuration: Configuration) -> None:
        gone = [view for view in self._sockets if view not in configuration.world.views]
        if gone:
            raise UnknownView(f"the new world has no view {', '.join(gone)}, which is being asked")
        self._configuration = configuration

        async def take() -> None:
            self._server.adopt(configuration)

        self._call(take())

    def _checked(self, view: str) -> str:
        views = self._configuration.world.views
        if view not in views:
            raise UnknownView(f"there is no view {view} ({did_you_mean(view, views)})")
        return view

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the server's loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_WAIT)


def _open_to_all(configuration: Configuration) -> Configuration:
    """Whoever a file allows to ask, a test may."""
    if {"loopback", "any"} & set(configuration.settings.allow_clients):
        return configuration
    return recompile(configuration, replace(configuration.settings, allow_clients=("any",)))


def _fail_with(what: str, lines: Sequence[str]) -> None:
    __tracebackhide__ = True
    if lines:
        raise AssertionError("\n".join([what, *lines]))
