"""The pages: which path does what.  `openapi.json` beside this file says the same to programs; a test holds them together."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from proxy.web import openapi_path
from proxy.web.changing import (
    delete_records,
    give_health,
    give_records,
    patch_records,
    put_health,
    put_records,
    reload,
)
from proxy.web.desk import Desk
from proxy.web.exposition import CONTENT_TYPE, written
from proxy.web.metrics import families_of
from proxy.web.queries import give_queries, stream_queries
from proxy.web.resolving import resolve_question
from proxy.web.said import Refused
from proxy.web.state import readiness_of, statistics_of, views_of

Page = Callable[[Desk, Request], Awaitable[Response]]


def make_pages(desk: Desk) -> Starlette:
    """The application."""

    def at(path: str, **methods: Page) -> Route:
        async def answer(request: Request) -> Response:
            method = "GET" if request.method == "HEAD" else request.method
            return await methods[method](desk, request)

        return Route(path, answer, methods=list(methods))

    return Starlette(
        routes=[at(path, **methods) for path, methods in _PAGES.items()],
        exception_handlers={HTTPException: _tell_http, Refused: _tell_refused, Exception: _tell_defect},
    )


async def index(_: Desk, request: Request) -> Response:
    """What there is, for people."""
    paths = description()["paths"]
    rows = [(method.upper(), path, what["summary"]) for path, methods in paths.items() for method, what in methods.items()]
    lines = [f"{method:7}{path:18}{summary}" for method, path, summary in rows]
    return PlainTextResponse("\n".join(["vpcdns", "", *lines, ""]))


async def tell_alive(_: Desk, request: Request) -> Response:
    """Whether the process lives: it does, or nobody would answer."""
    return PlainTextResponse("alive\n")


async def tell_ready(desk: Desk, request: Request) -> Response:
    """Whether queries are answered."""
    ready = readiness_of(desk)
    return JSONResponse(ready, 200 if ready["ready"] else 503)


async def give_metrics(desk: Desk, request: Request) -> Response:
    """What Prometheus collects."""
    return Response(written(families_of(desk, await desk.server.all_counts())), media_type=CONTENT_TYPE)


async def give_description(_: Desk, request: Request) -> Response:
    """The OpenAPI description."""
    return JSONResponse(description())


async def give_views(desk: Desk, request: Request) -> Response:
    """The views."""
    return JSONResponse(views_of(desk.server.configuration))


async def give_statistics(desk: Desk, request: Request) -> Response:
    """What was counted."""
    return JSONResponse(await statistics_of(desk))


@cache
def description() -> dict[str, Any]:
    """What `openapi.json` says."""
    found: dict[str, Any] = json.loads(openapi_path().read_text())
    return found


async def _tell_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    hint = {404: "/ tells what there is", 405: "/openapi.json tells which methods there are"}.get(error.status_code)
    said = {"error": error.detail.lower(), **({"hint": hint} if hint else {})}
    return JSONResponse(said, error.status_code, error.headers)


async def _tell_refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101
    # What was sent may hold half a character, which can be escaped in JSON, and is nothing in UTF-8.
    octets = json.dumps(error.said(), ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(octets, error.status, media_type="application/json")


async def _tell_defect(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": "a defect in vpcdns; its log has the traceback"}, 500)


_PAGES: dict[str, dict[str, Page]] = {
    "/": {"GET": index},
    "/healthz": {"GET": tell_alive},
    "/readyz": {"GET": tell_ready},
    "/metrics": {"GET": give_metrics},
    "/openapi.json": {"GET": give_description},
    "/v1/views": {"GET": give_views},
    "/v1/stats": {"GET": give_statistics},
    "/v1/resolve": {"GET": resolve_question},
    "/v1/queries": {"GET": give_queries},
    "/v1/queries/live": {"GET": stream_queries},
    "/v1/records": {"GET": give_records, "PUT": put_records, "PATCH": patch_records, "DELETE": delete_records},
    "/v1/health": {"GET": give_health, "PUT": put_health},
    "/v1/reload": {"POST": reload},
}
