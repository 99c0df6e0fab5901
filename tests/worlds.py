"""Worlds for tests: a configuration from its text, and questions asked in it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

import pytest

from proxy.compile.plan import compile_plan
from proxy.compile.problems import Problems
from proxy.compile.short_form import expand_short_form
from proxy.compile.world import Machine, compile_world
from proxy.dns.codes import type_number
from proxy.dns.names import Name
from proxy.dns.records import Placed, RecordSet
from proxy.dns.text import pack_rdata
from proxy.expectations import shown_records
from proxy.model.answers import Answer, Ask, Protocol, Question, Reply, ServerAddress
from proxy.model.plan import Plan
from proxy.model.routing import Chance
from proxy.model.steps import Trace
from proxy.model.world import View, World
from proxy.resolve import resolve
from proxy.resolve.zones import first_of_all
from proxy.settings import read_settings
from proxy.settings.problems import path_text

SYSTEM_SERVER = ServerAddress(Protocol.UDP, "192.0.2.53", 53)
MACHINE = Machine((SYSTEM_SERVER,), "0.0.0", "digest")


def world_of(text: str) -> World:
    """The World of a configuration that has to be right."""
    world, _, problems = compiled(text)
    assert problems == []
    return world


def problems_of(text: str) -> list[str]:
    """What compiling finds wrong, as `PATH: what (hint)`."""
    return compiled(text)[2]


def compiled(text: str) -> tuple[World, Plan, list[str]]:
    """World, plan and problems of a configuration whose keys are right."""
    loaded = read_settings([("test.yaml", textwrap.dedent(text))])
    problems = Problems()
    settings = expand_short_form(loaded.settings, problems)
    world = compile_world(settings, MACHINE, problems)
    plan = compile_plan(settings, world.views, problems)
    shown = [f"{path_text(path)}: {what}" + (f" ({hint})" if hint else "") for path, what, hint in problems.found]
    return world, plan, shown


def never(ask: Ask) -> Reply:
    """A network that must not be asked."""
    return pytest.fail(f"the network was asked for {Name(ask.name)}")


def ask(
    world: World,
    view: str | View,
    query: str,
    network: Callable[[Ask], Reply] = never,
    trace: Trace | None = None,
    *,
    chance: Chance = first_of_all,
) -> Answer:
    """The answer to `NAME TYPE` in a view; `network` replies to what must be asked outside."""
    name, _, word = query.partition(" ")
    question = Question(Name.from_text(name), type_number(word or "A"))
    resolution = resolve(question, world.views[view] if isinstance(view, str) else view, trace, chance)
    try:
        asked = next(resolution)
        while True:
            asked = resolution.send(network(asked))
    except StopIteration as done:
        answer: Answer = done.value
        return answer


def texts(answer: Answer) -> list[str]:
    """The answer section as `expect` writes it."""
    return [record.text for record in shown_records(answer.sections)]


def record_set(kind: str, ttl: int, *values: str) -> RecordSet:
    """A packed record set from presentation texts."""
    number = type_number(kind)
    return RecordSet.pack(number, ttl, [pack_rdata(number, value) for value in values])


def placed(owner: str | None, kind: str, ttl: int, *values: str) -> Placed:
    """A record set with its owner, None for the name that was asked."""
    return None if owner is None else Name.from_text(owner), record_set(kind, ttl, *values)


def reply(*answer: Placed, rcode: int = 0, authority: Sequence[Placed] = ()) -> Reply:
    """What a server elsewhere says."""
    return Reply(rcode, answer, authority)
