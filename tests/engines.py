"""Engines to ask, in a small world."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from proxy.cache import ReplyCache
from proxy.course import by_tasks
from proxy.engine import Engine, Observe
from proxy.model.answers import Ask, Reply
from proxy.model.plan import CacheBounds, ClientAddress
from tests.worlds import world_of

TEXT = """
    allow_clients: [loopback, vpcs, 192.0.2.0/24]
    default_view: internet
    vpcs:
      a: {cidr: 10.0.0.0/16, clients: [10.99.0.0/24]}
      small: {cidr: 10.0.7.0/24}
      mute: {cidr: 10.2.0.0/16, enable_dns_support: false}
    private_zones:
      - {name: example.com, vpcs: [a], records: {www: 10.0.5.10, tri: [10.0.5.1, 10.0.5.2, 10.0.5.3]}}
      - {name: example.com, vpcs: [small], records: {www: 10.0.7.10}}
    public_records: {www.example.com: 203.0.113.10}
    """
BOUNDS = CacheBounds(entries=100, min_ttl=0, max_ttl=86400, negative_max_ttl=900)
HOME = ClientAddress("127.0.0.1", 40000, tcp=False)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


async def never(asked: Ask) -> Reply:
    return pytest.fail(f"asked {asked}")


def engine_of(
    text: str = TEXT,
    exchange: Callable[[Ask], Awaitable[Reply]] = never,
    clock: Clock | None = None,
    observe: Observe | None = None,
) -> Engine:
    return Engine(world_of(text), ReplyCache(BOUNDS), by_tasks(exchange), clock or Clock(), observe)


def question(name: str, kind: str = "A", **more: object) -> dns.message.QueryMessage:
    return dns.message.make_query(name, kind, **more)  # type: ignore[arg-type]


def say(
    engine: Engine, query: dns.message.Message, client: str = "127.0.0.1", view: str | None = None, *, tcp: bool = False
) -> dns.message.Message:
    """The answer to a query that needs no network."""
    answer = engine.handle(query.to_wire(), ClientAddress(client, 40000, tcp=tcp), view)
    assert isinstance(answer, bytes)
    return dns.message.from_wire(answer)


async def hear(engine: Engine, query: dns.message.Message) -> dns.message.Message:
    """The answer to a query that asks the network."""
    answer = engine.handle(query.to_wire(), HOME, None)
    assert inspect.isawaitable(answer)
    packet = await answer
    assert packet is not None
    return dns.message.from_wire(packet)


def addresses(answer: dns.message.Message) -> list[str]:
    return [record.to_text() for found in answer.answer for record in found]
