"""`/v1/queries`: what was asked lately, and what is being asked, as server-sent events (the HTML standard, section 9.2).

A stream is a copy of what is kept, taken ten times a second and some hundred queries at a time.  Where more come than that, it
says how many it left out: the server's time is for those who ask.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from proxy.dns.codes import rcode_word
from proxy.dns.names import name_text
from proxy.model.outcome import Outcome
from proxy.querylog.lines import fields_of
from proxy.web.desk import Desk
from proxy.web.said import Refused, parameters_of, whole
from proxy.web.watching import KEPT, LOOKED_SECONDS, Seen

_MOST_STREAMS = 16
_EVERY_SECONDS = 0.1
_AT_A_TIME = 200
_HEARTBEAT_SECONDS = 15.0
_FILTERS = ("view", "client", "name", "rcode")


class Wanted(NamedTuple):
    """Which queries are told: of a view, of a client, of a name and all below it, with an rcode."""

    view: str | None
    client: str | None
    name: str | None
    rcode: str | None

    def wants(self, outcome: Outcome) -> bool:
        """Whether a query is one of them."""
        if self.view not in (None, outcome.view.name) or self.client not in (None, outcome.client.host):
            return False
        if self.rcode not in (None, rcode_word(outcome.answer.sections.rcode)):
            return False
        return self.name is None or f".{name_text(outcome.query.name)}".endswith(f".{self.name}")


async def give_queries(desk: Desk, request: Request) -> Response:
    """The last queries, the oldest first, since somebody looked for the first time; the next look is expected in a minute."""
    parameters = parameters_of(request, (*_FILTERS, "after", "limit"))
    after, limit = whole(parameters, "after", 0, 10**18), whole(parameters, "limit", 100, KEPT)
    wanted = _wanted(parameters)
    watching = desk.watching
    watching.look()
    found = [seen for seen in watching.newer_than(after) if wanted.wants(seen.outcome)]
    return JSONResponse(
        {
            "watching_since": watching.since,
            "watching_for": LOOKED_SECONDS,
            "latest": watching.latest,
            "queries": [_json(seen) for seen in found[-limit:] if limit],
        }
    )


async def stream_queries(desk: Desk, request: Request) -> Response:
    """Queries as they are answered; `Last-Event-ID` goes on where a stream broke off."""
    parameters = parameters_of(request, _FILTERS)
    wanted = _wanted(parameters)
    if desk.streams >= _MOST_STREAMS:
        raise Refused(503, f"{_MOST_STREAMS} streams are read already")
    last = request.headers.get("last-event-id", "")
    desk.watching.look()
    number = int(last) if last.isascii() and last.isdecimal() and len(last) < 19 else desk.watching.latest
    return StreamingResponse(
        _events(desk, wanted, min(number, desk.watching.latest)),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},
    )


async def _events(desk: Desk, wanted: Wanted, number: int) -> AsyncIterator[str]:
    watching = desk.watching
    desk.streams += 1
    quiet_since = time.monotonic()
    try:
        yield ": queries as they are answered\n\n"
        while not desk.closed:
            watching.look()
            text, number = _news(watching.newer_than(number), wanted, number)
            if not text and time.monotonic() - quiet_since >= _HEARTBEAT_SECONDS:
                text = ": still here\n\n"
            if text:
                quiet_since = time.monotonic()
                yield text
            await asyncio.sleep(_EVERY_SECONDS)
        yield "event: end\ndata: {}\n\n"
    finally:
        desk.streams -= 1


def _news(seen: list[Seen], wanted: Wanted, number: int) -> tuple[str, int]:
    """The events of what came after the query `number`, and the number of the last of it."""
    if not seen:
        return "", number
    lost = seen[0].number - number - 1
    told = [each for each in seen if wanted.wants(each.outcome)]
    lost += max(len(told) - _AT_A_TIME, 0)
    events = [f"event: lost\ndata: {json.dumps({'queries': lost})}\n\n"] if lost else []
    events += [f"id: {each.number}\nevent: query\ndata: {json.dumps(_json(each))}\n\n" for each in told[-_AT_A_TIME:]]
    return "".join(events), seen[-1].number


def _wanted(parameters: dict[str, str]) -> Wanted:
    name = parameters.get("name")
    rcode = parameters.get("rcode")
    return Wanted(
        parameters.get("view"),
        parameters.get("client"),
        (name.lower().strip(".") or None) if name else None,
        rcode.upper() if rcode else None,
    )


def _json(seen: Seen) -> dict[str, Any]:
    return {"number": seen.number, **fields_of(seen.moment, seen.outcome)}
