"""What is counted, as Prometheus wants it.

Every label has few values: views, transports, rcodes, kinds of reasons, listeners and servers are all of the configuration's
making, never a client's.  Names and addresses of those who ask are in the query log.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator

from proxy import __version__
from proxy.counts import Counts
from proxy.dns.codes import rcode_word
from proxy.web.desk import Desk
from proxy.web.exposition import Family, Kind, Sample
from proxy.web.process import process_families

_MOST_SERVERS = 100
_KNOWN_RCODES = frozenset((*range(11), 16))


def families_of(desk: Desk, counts: Counts) -> Iterator[Family]:
    """Every metric, in the order in which people look for them."""
    yield from _answers(counts)
    yield from _packets(counts)
    yield from _connections(counts)
    yield from _cache(counts)
    yield from _upstream(counts)
    yield from _configuration(desk)
    yield from _query_log(desk, counts)
    yield from process_families(desk.server.started)


def rcode_label(rcode: int) -> str:
    """An rcode in a word; what no server should say is `other`."""
    return rcode_word(rcode) if rcode in _KNOWN_RCODES else "other"


def _answers(counts: Counts) -> Iterator[Family]:
    numbers: dict[tuple[str, str, str, str], int] = {}
    for counted, number in counts.answers.items():
        key = (counted.view, "tcp" if counted.tcp else "udp", rcode_label(counted.rcode), counted.kind.word)
        numbers[key] = numbers.get(key, 0) + number
    names = ("view", "transport", "rcode", "reason")
    samples = [Sample(dict(zip(names, key, strict=True)), number) for key, number in numbers.items()]
    about = "Queries that were answered, by the view that they were asked in, and why the answer is what it is."
    yield Family("vpcdns_queries_total", Kind.COUNTER, about, samples)


def _packets(counts: Counts) -> Iterator[Family]:
    packets = counts.packets
    yield _counter("vpcdns_malformed_packets_total", "Packets that were no query.", packets.malformed)
    about = "Queries without an answer, because their client sent too many."
    yield _counter("vpcdns_dropped_queries_total", about, packets.dropped)
    about = "Queries over UDP that were not answered as they are, because their client is sent too much."
    yield _counter("vpcdns_limited_queries_total", about, packets.limited)
    yield _counter(
        "vpcdns_given_up_queries_total", "Queries that were answered with SERVFAIL for newer ones.", packets.given_up
    )
    about = "Queries to which no answer may go: from port 0, or to a broadcast or multicast address."
    yield _counter("vpcdns_ignored_queries_total", about, packets.ignored)
    yield _counter("vpcdns_unsent_answers_total", "Answers over UDP that the machine did not take.", packets.unsent)


def _connections(counts: Counts) -> Iterator[Family]:
    now, closed = [], []
    for listener, connections in counts.connections.items():
        label = {"listener": listener}
        now.append(Sample(label, connections.open))
        closed.append(Sample({**label, "cause": "idle"}, connections.idle))
        closed.append(Sample({**label, "cause": "full"}, connections.evicted))
    yield Family("vpcdns_tcp_connections", Kind.GAUGE, "TCP connections that are open.", now)
    about = "TCP connections that were closed because they were idle, or for others when there were too many (full)."
    yield Family("vpcdns_tcp_connections_closed_total", Kind.COUNTER, about, closed)


def _cache(counts: Counts) -> Iterator[Family]:
    cache = counts.cache
    yield _gauge("vpcdns_cache_entries", "Replies of other servers that are kept.", cache.entries)
    about = "Looks into the cache; an answer that is given again as a whole needs none."
    samples = [Sample({"result": "hit"}, cache.hits), Sample({"result": "miss"}, cache.misses)]
    yield Family("vpcdns_cache_lookups_total", Kind.COUNTER, about, samples)
    yield _counter("vpcdns_cache_evictions_total", "Replies that went to make room for newer ones.", cache.evictions)
    yield _gauge("vpcdns_cache_bytes", "How much memory the replies take, about.", cache.bytes)
    about = "Replies that had expired, and were given because no server answered."
    yield _counter("vpcdns_cache_stale_answers_total", about, cache.stale)
    yield _counter("vpcdns_cache_prefetches_total", "Replies that were fetched anew before they expired.", cache.prefetches)
    about = "How often the cassette or the file of kept replies could not be written."
    yield _counter("vpcdns_unwritten_files_total", about, counts.unwritten_files)


def _upstream(counts: Counts) -> Iterator[Family]:
    servers = sorted(counts.servers, key=lambda each: -each.sent)[:_MOST_SERVERS]
    labels = [{"server": str(each.address)} for each in servers]

    def of_each(name: str, kind: Kind, about: str, values: list[float]) -> Family:
        return Family(name, kind, about, [Sample(label, value) for label, value in zip(labels, values, strict=True)])

    counter, gauge = Kind.COUNTER, Kind.GAUGE
    sent, replies = [float(each.sent) for each in servers], [float(each.replies) for each in servers]
    yield of_each("vpcdns_upstream_queries_total", counter, "Questions that a server was asked.", sent)
    yield of_each("vpcdns_upstream_replies_total", counter, "Replies that came of these.", replies)
    failures, times = [float(each.failures) for each in servers], [each.reply_time for each in servers]
    yield of_each("vpcdns_upstream_failures_total", counter, "How often a server failed, and rested.", failures)
    about = "How long a reply takes, in seconds: a mean in which the newest count most."
    yield of_each("vpcdns_upstream_reply_seconds", gauge, about, times)
    about = "Whether a server is asked (1), or rests after a failure (0)."
    yield of_each("vpcdns_upstream_up", gauge, about, [float(not each.rests) for each in servers])
    about = "Packets that were no reply to what was asked: late ones, or forged."
    yield _counter("vpcdns_upstream_ignored_packets_total", about, counts.outside.ignored)
    yield _gauge("vpcdns_upstream_in_flight", "Questions that are under way.", counts.outside.in_flight)
    yield _counter(
        "vpcdns_upstream_given_up_total", "Questions that were given up for newer ones.", counts.outside.pushed_out
    )


def _configuration(desk: Desk) -> Iterator[Family]:
    server = desk.server
    info = {"version": __version__, "python": platform.python_version()}
    yield Family("vpcdns_build_info", Kind.GAUGE, "This vpcdns; always 1.", [Sample(info, 1)])
    info = {"name": server.configuration.name, "digest": server.configuration.world.digest}
    yield Family("vpcdns_configuration_info", Kind.GAUGE, "What is served; always 1.", [Sample(info, 1)])
    samples = [Sample({"kind": kind}, number) for kind, number in desk.counts._asdict().items()]
    yield Family("vpcdns_configuration_objects", Kind.GAUGE, "How much of what the configuration has.", samples)
    about = "What was changed since the file was read, and the next reload takes back."
    yield _gauge("vpcdns_configuration_changes", about, len(server.configuration.changes))
    reloads = [Sample({"result": "good"}, server.reloads.good), Sample({"result": "failed"}, server.reloads.failed)]
    yield Family("vpcdns_reloads_total", Kind.COUNTER, "Reloads of the configuration.", reloads)
    about = "When the configuration was last read well, in seconds since 1970."
    yield _gauge("vpcdns_last_reload_timestamp_seconds", about, server.reloads.last_good)


def _query_log(desk: Desk, counts: Counts) -> Iterator[Family]:
    if counts.lost is not None:
        samples = [Sample({"cause": cause}, number) for cause, number in counts.lost._asdict().items()]
        about = "Lines that the query log lacks: they came too fast (busy), or the machine did not take them (unwritten)."
        yield Family("vpcdns_query_log_lost_lines_total", Kind.COUNTER, about, samples)
    yield _gauge("vpcdns_query_streams", "Live streams of queries that somebody reads.", desk.streams)


def _counter(name: str, about: str, value: float) -> Family:
    return Family(name, Kind.COUNTER, about, [Sample({}, value)])


def _gauge(name: str, about: str, value: float) -> Family:
    return Family(name, Kind.GAUGE, about, [Sample({}, value)])
