"""What to serve, and within which bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from proxy.compile.problems import Problems
from proxy.model.plan import AdminPlan, CacheBounds, Listener, Plan, QueryLogFormat, QueryLogPlan, RecordingPlan, TcpLimits
from proxy.model.world import View
from proxy.settings.problems import Path, did_you_mean
from proxy.settings.query_log import QueryLogSetting
from proxy.settings.shape import AdminSetting, ListenSetting, Settings, UpstreamSetting


def compile_plan(settings: Settings, views: Mapping[str, View], problems: Problems) -> Plan:
    """The listeners of the file, its inbound endpoints' included, and its limits."""
    listeners = tuple(_listeners(settings, views, problems))
    _check_twice(settings, problems)
    limits = settings.limits
    return Plan(
        listeners,
        TcpLimits(limits.tcp_connections, limits.tcp_idle),
        _cache_bounds(settings),
        query_log=_query_log(settings.query_log),
        packets_per_second=limits.packets_per_second,
        responses_per_second=limits.responses_per_second,
        admin=_admin(settings.admin),
        recording=_recording(settings.upstream),
        cache_file=None if settings.upstream.mode == "replay" else settings.cache.file,
    )


def _cache_bounds(settings: Settings) -> CacheBounds:
    """Nothing is kept of a cassette: what it has is given out as it stands there, every time."""
    cache = settings.cache
    entries = 0 if settings.upstream.mode == "replay" else cache.entries
    return CacheBounds(
        entries, cache.min_ttl, cache.max_ttl, cache.negative_max_ttl, cache.size, cache.serve_stale, cache.prefetch
    )


def _recording(upstream: UpstreamSetting) -> RecordingPlan | None:
    if upstream.cassette is None or upstream.mode not in ("record", "replay"):
        return None
    return RecordingPlan(upstream.cassette, upstream.mode == "replay")


def _admin(setting: AdminSetting | Literal[False] | None) -> AdminPlan | None:
    if setting is False:
        return None
    taken = setting or AdminSetting()
    if taken.listen is False:
        return None
    return AdminPlan(taken.listen.host, taken.listen.port, taken.token, taken.hosts, wanted=setting is not None)


def _query_log(setting: QueryLogSetting | None) -> QueryLogPlan | None:
    if setting is None:
        return None
    return QueryLogPlan(setting.path, QueryLogFormat(setting.format), setting.max_size, setting.keep)


def _listeners(settings: Settings, views: Mapping[str, View], problems: Problems) -> Iterator[Listener]:
    resolvers = _resolvers(settings)
    for path, listen, view in sockets_of(settings):
        if view is not None and view not in views:
            problems.add((*path, "view"), f"there is no view {view}", did_you_mean(view, views))
        yield Listener(listen.host, listen.port, view, resolvers.get(listen.host) if view is None else None)


def _resolvers(settings: Settings) -> dict[str, tuple[str, ...]]:
    """The VPCs whose resolver has an address; none where AWS keeps it free ("Amazon DNS server", "Subnet CIDR blocks").

    What is sent there from a peer, or from anywhere else outside, is not answered ("VPC peering limitations").
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, vpc in settings.vpcs.items():
        for place, address in enumerate(vpc.resolver_addresses):
            found[str(address)] = (*found.get(str(address), ()), *(() if place else (name,)))
    return found


def sockets_of(settings: Settings) -> Iterator[tuple[Path, ListenSetting, str | None]]:
    """Every socket of a file: where it stands there, its address, and its view where it has one."""
    for index, listen in enumerate(settings.listen):
        yield ("listen", index), listen, listen.view
    for name, vpc in settings.vpcs.items():
        for inbound, endpoint in vpc.inbound_endpoints.items():
            if endpoint.listen is not None:
                path = ("vpcs", name, "inbound_endpoints", inbound, "listen")
                yield path, endpoint.listen, f"{name}/{inbound}"


def _check_twice(settings: Settings, problems: Problems) -> None:
    """Two sockets on one address and port cannot be; port 0 is another one each time."""
    seen: set[tuple[str, int]] = set()
    for path, listen, _ in sockets_of(settings):
        place = (listen.host, listen.port)
        if listen.port and place in seen:
            problems.add(path, f"{listen.host} port {listen.port} is listened on already", "give another port")
        seen.add(place)
    admin = _admin(settings.admin)
    if admin is not None and admin.wanted and admin.port and (admin.host, admin.port) in seen:
        problems.add(("admin", "listen"), f"{admin.host} port {admin.port} is listened on already", "give another port")
