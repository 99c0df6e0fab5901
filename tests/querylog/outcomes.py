"""Outcomes for tests: a question asked of an engine in a world, as a log gets to know of it."""

from __future__ import annotations

import dns.message

from proxy.cache import ReplyCache
from proxy.engine import Engine
from proxy.model.answers import Ask
from proxy.model.outcome import Outcome
from proxy.model.plan import CacheBounds, ClientAddress
from proxy.model.world import World

BOUNDS = CacheBounds(entries=10, min_ttl=0, max_ttl=86400, negative_max_ttl=900)


def nobody(asked: Ask, _: object) -> None:
    raise AssertionError(asked)


def outcome_of(
    world: World, query: str, client: str = "10.0.1.5", port: int = 40000, *, view: str | None = None, tcp: bool = False
) -> Outcome:
    """What comes of `NAME TYPE`; it takes 1.5 ms."""
    name, _, kind = query.partition(" ")
    seen: list[Outcome] = []
    times = iter((1.0, 1.0015))
    engine = Engine(world, ReplyCache(BOUNDS), nobody, lambda: next(times), seen.append)
    engine.handle(dns.message.make_query(name, kind or "A").to_wire(), ClientAddress(client, port, tcp), view)
    return seen[0]
