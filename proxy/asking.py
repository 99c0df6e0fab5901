"""asking: questions asked in process, as a running server would be asked, without its sockets.

Owns placing a question in a view, driving it to its answer with or without the network, and keeping the steps.  What
`query`, `compare`, `explain` and the first lines of `serve` show comes from here.

Must never decide an answer, nor print one.

A worked example::

    inquiry = place(configuration.world, Question(Name.from_text("www.example.com"), TYPE_A), view="app")
    [finding] = await ask_all(configuration, [inquiry], live=False)
    finding.outcome, finding.answer, finding.steps      # (Outcome.ANSWER, Answer(…), (ClaimsWeighed(…), RecordsFound(…)))
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from proxy.clock import seconds
from proxy.configuration import Configuration
from proxy.course import Replied
from proxy.dns.codes import RCODE_NOERROR, RCODE_NXDOMAIN, RCODE_REFUSED, TYPE_ANY
from proxy.dns.write import Sections
from proxy.engine import Engine
from proxy.host.resolvers import machine_servers
from proxy.model.answers import Answer, Ask, Question, Reason, ReasonKind, Reply, Route, ServerAddress, UpstreamError
from proxy.model.steps import Asked, Step
from proxy.model.world import Address, Placement, World
from proxy.reach import Reach
from proxy.settings.problems import did_you_mean
from proxy.upstream import Upstream

AT_A_TIME = 64

_NOT_ALLOWED = Answer(Sections(RCODE_REFUSED), Reason(ReasonKind.CLIENT_REFUSED, "this client is not in allow_clients"))


class UnknownView(ValueError):
    """A view that the configuration does not have; the text says which there are."""


class Outcome(Enum):
    """What came of a question."""

    ANSWER = "answer"
    NODATA = "the name exists, but has nothing of this type"
    NXDOMAIN = "the name does not exist"
    FAILURE = "no answer could be had"
    SILENCE = "no answer is sent: enable_dns_support is false"
    UNASKED = "would be asked upstream"


class Inquiry(NamedTuple):
    """A question, from where it is asked and why from there; `allowed` is False where its client may not ask at all."""

    question: Question
    placement: Placement
    allowed: bool = True


class Finding(NamedTuple):
    """What an inquiry led to.

    `answer` is None where the view answers nothing, and where the network was not asked; then `unasked` is the step in
    which it would have been.
    """

    inquiry: Inquiry
    answer: Answer | None
    steps: tuple[Step, ...]
    unasked: Asked | None = None

    @property
    def outcome(self) -> Outcome:
        """What came of it."""
        if self.unasked is not None:
            return Outcome.UNASKED
        if self.answer is None:
            return Outcome.SILENCE
        return outcome_of(self.inquiry.question, self.answer.sections)


def place(world: World, question: Question, view: str | None = None, client: Address | None = None) -> Inquiry:
    """The question in a view, or asked by a client; with neither, in the default view.  Raises UnknownView."""
    if view is not None:
        if view not in world.views:
            raise UnknownView(f"there is no view {view} ({did_you_mean(view, world.views)})")
        return Inquiry(question, Placement(world.views[view], "the view asked for"))
    if client is not None:
        return Inquiry(question, world.view_for(client), world.allowed.find(client) is not None)
    return Inquiry(question, Placement(world.views[world.default_view], "the default view"))


async def ask_all(configuration: Configuration, inquiries: Iterable[Inquiry], *, live: bool) -> list[Finding]:
    """What each inquiry leads to, in their order.  Only a `live` one asks the network, or the cassette that stands for it.

    FileError where that is not there.
    """
    reach = Reach(configuration.plan, machine_servers)
    engine = Engine(configuration.world, reach.cache, reach.start if live else _ask_nobody, seconds)
    if live:
        await reach.open()
    places = asyncio.Semaphore(AT_A_TIME)

    async def ask_one(inquiry: Inquiry) -> Finding:
        async with places:
            return await ask_engine(engine, inquiry, live=live)

    try:
        return await asyncio.gather(*map(ask_one, inquiries))
    finally:
        await reach.close()


async def ask_server(server: ServerAddress, question: Question, timeout: float) -> Reply:  # noqa: ASYNC109  the route's own
    """The reply of a running server, over TCP where it does not fit UDP; UpstreamError where none comes within `timeout`."""
    upstream = Upstream()
    try:
        return await upstream.exchange(Ask(Route((server,), timeout), question.name, question.type))
    finally:
        upstream.close()


def outcome_of(question: Question, sections: Sections) -> Outcome:
    """Whether an answer holds what was asked for, at the end of its CNAMEs if it has any."""
    if sections.rcode == RCODE_NXDOMAIN:
        return Outcome.NXDOMAIN
    if sections.rcode != RCODE_NOERROR:
        return Outcome.FAILURE
    wanted = any(question.type in (found.type, TYPE_ANY) for _, found in sections.answer)
    return Outcome.ANSWER if wanted else Outcome.NODATA


async def ask_engine(engine: Engine, inquiry: Inquiry, *, live: bool = True) -> Finding:
    """What an inquiry leads to in an engine that runs: with the replies that it keeps, and uncounted."""
    question, (view, _), allowed = inquiry
    if not allowed:
        return Finding(inquiry, _NOT_ALLOWED, ())
    if not view.serves:
        return Finding(inquiry, None, ())
    steps: list[Step] = []
    answer = await engine.answer(question, view, steps.append)
    last = steps[-1]
    if not live and isinstance(last, Asked):
        return Finding(inquiry, None, tuple(steps), last)
    return Finding(inquiry, answer, tuple(steps))


def _ask_nobody(_: Ask, replied: Replied) -> None:
    asyncio.get_running_loop().call_soon(replied, UpstreamError("the network was not asked"))
