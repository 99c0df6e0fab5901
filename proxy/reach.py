"""reach: everything that goes beyond this program, wired together as a plan wants it.

Owns which of network, cassette and cache a question is handed to, the files that outlive a run (cassette, kept replies), and
finding out which servers lead back here.

Must never decide an answer.  A file that cannot be written costs a line in the log, never an answer.

A worked example::

    reach = Reach(plan)
    await reach.open()                              # reads the files; FileError where one is wrong
    Engine(world, reach.cache, reach.start, now)
    await reach.close()                             # writes them
"""

from __future__ import annotations

import asyncio
import enum
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from proxy.cache import ReplyCache
from proxy.cachefile import MAX_OCTETS, dump_cache, load_cache
from proxy.cassette import Cassette, heading_text
from proxy.clock import seconds
from proxy.dns.codes import TYPE_TXT
from proxy.dns.names import Name
from proxy.forward import Done, Forwarder
from proxy.model.answers import Ask, Protocol, Reply, Route, ServerAddress, UpstreamError
from proxy.model.claims import Internet
from proxy.model.plan import Plan, RecordingPlan
from proxy.model.world import World
from proxy.seldom import Seldom
from proxy.settings.cassette import read_cassette, write_cassette
from proxy.settings.problems import ConfigError, ConfigProblem
from proxy.upstream import Upstream

SAVE_SECONDS = 5.0  # between two looks at whether there is something to save
CACHE_SAVE_SECONDS = 300.0
PROBE_SECONDS = 2.0

_INSTANCE_NAME = Name.from_text("instance.vpcdns.test")
_SHOWN_MISSES = 20

_log = logging.getLogger(__name__)


class Part(enum.Enum):
    """Which of the processes that are one server this is: the only one, the first of several, or another of these."""

    ALONE = enum.auto()
    FIRST = enum.auto()
    FURTHER = enum.auto()


class FileError(Exception):
    """A file that a plan needs is not there, or is wrong: the text says which and why.  `problems` are those in its own text."""

    def __init__(self, what: str, problems: Sequence[ConfigProblem] = ()) -> None:
        super().__init__(what)
        self.problems = problems


class Reach:
    """`start` asks whatever there is, `cache` has what was replied.  `bootstrap` gives the machine's own resolvers.

    Of several processes only the first writes the file of the cache, and none records: each would write what it alone heard.
    """

    def __init__(
        self, plan: Plan, bootstrap: Callable[[], Iterable[ServerAddress]] = tuple, part: Part = Part.ALONE
    ) -> None:
        self.upstream = Upstream(bootstrap=bootstrap)
        self.cache = ReplyCache(plan.cache)
        self.cassette: Cassette | None = None
        self.unsaved = 0
        self._plan = plan
        self._part = part
        self._forwarder = Forwarder(self.cache, self._start_recorded, seconds)
        self._changed = False
        self._cache_saved = time.monotonic()
        self._seldom = Seldom()
        self._saving: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._ended = asyncio.Event()

    async def open(self) -> None:
        """Read the files of the plan; FileError where the cassette is wrong, or is not there to be replayed.

        Without files, no thread is begun: whoever shares this process may want to have it to itself.
        """
        self._check_alone(self._plan)
        self.cassette = await _load_cassette(self._plan.recording)
        if self._plan.cache_file is not None:
            await asyncio.to_thread(self._load_cache, self._plan.cache_file)
        self._save_from_now_on()

    async def close(self) -> None:
        """Ask no more, write the files, tell what was missed."""
        self.upstream.close()
        self._ended.set()
        if self._saving is not None:
            await self._saving  # not cancelled: its thread would go on, and put older words over the last ones
        await self._save(cache=True)
        self._tell_missing()

    async def adopt(self, plan: Plan) -> ReplyCache | None:
        """Go on by another plan; the new cache where it wants one.  FileError leaves everything as it is."""
        self._check_alone(plan)
        recording = plan.recording
        if recording != self._plan.recording:
            await self._save(cache=False)  # before that file is read, perhaps to be replayed
            cassette = await _load_cassette(recording)
            self._tell_missing()
            self.cassette, self._changed = cassette, False
        renewed = plan.cache != self._plan.cache
        self._plan = plan
        self._save_from_now_on()
        if renewed:
            self.renew_cache()
        return self.cache if renewed else None

    def renew_cache(self) -> ReplyCache:
        """An empty cache, used from now on."""
        self.cache = ReplyCache(self._plan.cache)
        self._forwarder.use(self.cache)
        return self.cache

    def _check_alone(self, plan: Plan) -> None:
        if self._part is not Part.ALONE and records(plan):
            raise FileError("mode: record takes one process; leave --workers out until all is recorded")

    def start(self, ask: Ask, done: Done) -> None:
        """Ask, and have `done` called with the reply or with why there is none: once, after this has returned."""
        if self.cassette is not None and self._replays:
            asyncio.get_running_loop().call_soon(done, self.cassette.replay(ask))
        else:
            self._forwarder.start(ask, done)

    @property
    def _replays(self) -> bool:
        return self._plan.recording is not None and self._plan.recording.replays

    async def find_loops(
        self, servers: Iterable[ServerAddress], own: Iterable[tuple[str, int]], instance: str
    ) -> list[ServerAddress]:
        """Which of `servers` lead back to this process; they are not asked any more.

        Those at one of its `own` addresses do; the others are asked for the `instance` that answers.

        Those over TLS and HTTPS are not looked at: nobody listens so here, so only a front with a certificate that holds for
        the server's name could lead back, and asking costs a handshake at every start, before anybody has a question.
        """
        if self._replays:
            return []
        servers = [server for server in servers if server.protocol in (Protocol.UDP, Protocol.TCP)]
        loops = [server for server in servers if server[1:3] in set(own)]
        self.upstream.never_ask(loops)
        others = [server for server in servers if server not in loops]
        found = await asyncio.gather(*(self._leads_back(server, instance) for server in others))
        loops += [server for server, leads_back in zip(others, found, strict=True) if leads_back]
        self.upstream.never_ask(loops)
        for server in loops:
            _log.warning("%s leads back to vpcdns itself: it is not asked", server)
        return loops

    async def _leads_back(self, server: ServerAddress, instance: str) -> bool:
        with suppress(UpstreamError):
            reply = await self.upstream.exchange(Ask(Route((server,), PROBE_SECONDS), _INSTANCE_NAME, TYPE_TXT))
            return any(instance.encode() in rdata for _, found in reply.answer for rdata in found.rdatas())
        return False

    def _start_recorded(self, ask: Ask, done: Done) -> None:
        if self.cassette is None:
            self.upstream.start(ask, done)
            return

        def came(result: Reply | UpstreamError) -> None:
            if self.cassette is not None and self.cassette.record(ask, result):
                self._changed = True
            done(result)

        self.upstream.start(ask, came)

    def _save_from_now_on(self) -> None:
        wanted = self._plan.cache_file is not None or records(self._plan)
        if wanted and self._saving is None:
            self._saving = asyncio.get_running_loop().create_task(self._save_now_and_then())

    async def _save_now_and_then(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), SAVE_SECONDS)
            await self._save(cache=time.monotonic() - self._cache_saved >= CACHE_SAVE_SECONDS)

    async def _save(self, *, cache: bool) -> None:
        """Write what has changed, after any write under way; a failure is told, and tried again the next time."""
        async with self._writing:
            await self._save_changed(cache=cache)

    async def _save_changed(self, *, cache: bool) -> None:
        recording, path = self._plan.recording, self._plan.cache_file
        if self._changed and self.cassette is not None and recording is not None:
            self._changed = False
            recorded = dict(self.cassette.recorded)
            if not await self._write(recording.path, lambda: write_cassette(recorded).encode()):
                self._changed = True
        if cache and path is not None and self._part is not Part.FURTHER:
            self._cache_saved = time.monotonic()
            octets = dump_cache(self.cache, seconds(), time.time())
            await self._write(path, lambda: octets)

    async def _write(self, path: str, make: Callable[[], bytes]) -> bool:
        try:
            await asyncio.to_thread(lambda: replace_file(Path(path), make()))
        except OSError as error:
            self.unsaved += 1
            if self._seldom.times(path):
                _log.error("cannot write %s: %s", path, error.strerror or error)
            return False
        return True

    def _load_cache(self, path: str) -> None:
        try:
            with Path(path).open("rb") as file:
                octets = file.read(MAX_OCTETS)
        except FileNotFoundError:
            return
        except OSError as error:
            _log.error("cannot read %s, so no reply of an earlier run is known: %s", path, error.strerror or error)
            return
        number = load_cache(self.cache, octets, seconds(), time.time())
        _log.info("%d replies of an earlier run are known by %s", number, path)

    def _tell_missing(self) -> None:
        if self.cassette is None or self._plan.recording is None:
            return
        if self.cassette.left_out:
            _log.warning(
                "%s is full, and lacks what came later (%d times); have made-up names answered by the file itself",
                self._plan.recording.path, self.cassette.left_out,
            )  # fmt: skip
        if not self.cassette.missing:
            return
        missing = sorted(map(heading_text, self.cassette.missing))
        more = f"\n  and {len(missing) - _SHOWN_MISSES} more" if len(missing) > _SHOWN_MISSES else ""
        _log.warning(
            "%s not in %s, and refused; record %s with mode: record:\n  %s%s",
            "1 question was" if len(missing) == 1 else f"{len(missing)} questions were",
            self._plan.recording.path,
            "it" if len(missing) == 1 else "them",
            "\n  ".join(missing[:_SHOWN_MISSES]),
            more,
        )


def records(plan: Plan) -> bool:
    """Whether a cassette is written by it."""
    return plan.recording is not None and not plan.recording.replays


def servers_of(world: World) -> list[ServerAddress]:
    """The servers of the internet in `world`.

    Those of rules may well lead to another view of this process: what goes round among the file's own is found when it is
    compiled.
    """
    routes: dict[Route, None] = {}
    for view in world.views.values():
        for claim in view.claims.values():
            if isinstance(claim.action, Internet):
                ways = (claim.action.beyond, *claim.action.domains.values())
                routes.update((way, None) for way in ways if isinstance(way, Route))
    return list(dict.fromkeys(server for route in routes for server in route.servers))


def replace_file(path: Path, octets: bytes) -> None:
    """Write a file so that it is there as a whole or not at all; OSError."""
    aside = path.with_name(f".{path.name}.new")
    try:
        aside.write_bytes(octets)
        aside.replace(path)
    except OSError:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


async def _load_cassette(recording: RecordingPlan | None) -> Cassette | None:
    return None if recording is None else await asyncio.to_thread(open_cassette, recording)


def open_cassette(recording: RecordingPlan) -> Cassette:
    """What was recorded; FileError where the file is wrong, or is not there to be replayed."""
    path = Path(recording.path)
    try:
        return Cassette(read_cassette(recording.path, path.read_bytes()))
    except ConfigError as error:
        raise FileError(str(error), error.problems) from None
    except FileNotFoundError:
        if recording.replays:
            raise FileError(f"there is no cassette {path} to replay; make it with mode: record") from None
        return Cassette({})
    except OSError as error:
        raise FileError(f"cannot read the cassette {path}: {error.strerror or error}") from None
