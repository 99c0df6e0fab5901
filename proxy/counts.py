"""counts: what was counted since the start, by one process or by several.

Owns taking the numbers from where they are counted, as one value that can be sent from a process to another, and adding up
those of several.  Must never count.

A worked example::

    mine = take(server.engine, server.reach, server.sockets, server.query_log)
    every = total([mine, *others])
    every.cache.hits, every.reasons["private zone"]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from proxy.engine import Counted, Engine, by_reason
from proxy.listen import Listening
from proxy.querylog import QueryLog
from proxy.reach import Reach
from proxy.upstream import PeerStatus


class Packets(NamedTuple):
    """Packets that led to no answer, or to a poor one.

    `malformed` were no query, `dropped` one too many of their client's, to whom with `limited` ones too much is sent; `given_up`
    were refused for newer ones; to `ignored` no answer may go, and of `unsent` the machine did not take it.
    """

    malformed: int = 0
    dropped: int = 0
    limited: int = 0
    given_up: int = 0
    ignored: int = 0
    unsent: int = 0


class Connections(NamedTuple):
    """TCP connections of a listener: those that are open, and those that were closed as `idle`, or `evicted` for others."""

    open: int = 0
    idle: int = 0
    evicted: int = 0


class Cached(NamedTuple):
    """Replies that are kept, and about how many octets they take; looks for them, and those that went to make room.

    `stale` ones had expired and were given all the same, `prefetches` fetched anew before that.
    """

    entries: int = 0
    bytes: int = 0
    hits: int = 0
    misses: int = 0
    evictions: int = 0
    stale: int = 0
    prefetches: int = 0


class Outside(NamedTuple):
    """Questions to other servers: those under way, those given up for newer ones, and packets that were no reply to any."""

    in_flight: int = 0
    pushed_out: int = 0
    ignored: int = 0


class LostLines(NamedTuple):
    """Lines that a query log lacks: too many were waiting, or the machine did not take them."""

    busy: int = 0
    unwritten: int = 0


class Counts(NamedTuple):
    """All of that; `connections` by listener, `lost` None where there is no query log.

    `unwritten_files` is how often the cassette or the file of kept replies could not be written.
    """

    answers: Mapping[Counted, int]
    packets: Packets
    connections: Mapping[str, Connections]
    cache: Cached
    outside: Outside
    servers: Sequence[PeerStatus]
    lost: LostLines | None
    unwritten_files: int = 0

    @property
    def reasons(self) -> Counter[str]:
        """How many answers there were by the word of their reason."""
        return by_reason(self.answers)


def take(engine: Engine, reach: Reach, listening: Iterable[Listening], log: QueryLog | None) -> Counts:
    """What this process has counted."""
    listening = list(listening)
    cache, upstream = engine.cache, reach.upstream
    given_up, ignored, unsent = _sums([(0, 0, 0), *((at.udp.given_up, at.udp.ignored, at.udp.unsent) for at in listening)])
    return Counts(
        engine.answers,
        Packets(engine.malformed, engine.dropped, engine.limited, given_up, ignored, unsent),
        {_address(*at.address): Connections(at.tcp.connections, at.tcp.idle, at.tcp.evicted) for at in listening},
        Cached(len(cache), cache.size, cache.hits, cache.misses, cache.evictions, cache.stale_hits, cache.fetches),
        Outside(upstream.in_flight, upstream.pushed_out, upstream.ignored),
        list(upstream.servers()),
        None if log is None else LostLines(log.dropped, log.unwritten),
        reach.unsaved,
    )


def total(every: Sequence[Counts]) -> Counts:
    """The sums; of which there must be one at least."""
    if len(every) == 1:
        return every[0]
    answers: Counter[Counted] = Counter()
    for each in every:
        answers.update(each.answers)
    listeners = dict.fromkeys(listener for each in every for listener in each.connections)
    lost = [each.lost for each in every if each.lost is not None]
    return Counts(
        answers,
        Packets(*_sums(each.packets for each in every)),
        {name: Connections(*_sums(each.connections.get(name, Connections()) for each in every)) for name in listeners},
        Cached(*_sums(each.cache for each in every)),
        Outside(*_sums(each.outside for each in every)),
        _servers(every),
        LostLines(*_sums(lost)) if lost else None,
        sum(each.unwritten_files for each in every),
    )


def _sums(numbers: Iterable[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*numbers, strict=True)]


def _servers(every: Sequence[Counts]) -> list[PeerStatus]:
    """A server rests when it does so for all; its time to reply is the mean of those that have had replies."""
    by_address: dict[object, list[PeerStatus]] = {}
    for each in every:
        for server in each.servers:
            by_address.setdefault(server.address, []).append(server)
    return [_server(several) for several in by_address.values()]


def _server(several: Sequence[PeerStatus]) -> PeerStatus:
    timed = [each.reply_time for each in several if each.replies]
    sent, replies, failures, ignored = _sums([(each.sent, each.replies, each.failures, each.ignored) for each in several])
    return several[0]._replace(
        rests=min(each.rests for each in several),
        reply_time=sum(timed) / len(timed) if timed else 0.0,
        sent=sent,
        replies=replies,
        failures=failures,
        ignored=ignored,
    )


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
