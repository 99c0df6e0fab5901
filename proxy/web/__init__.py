"""web/: the control API and the metrics, by HTTP.

Owns the socket that they listen on, who may read and who may change something, and what is said in which form.  Everything
that it says or does comes from `app`, from the engine, or from `asking`.

Must never decide an answer, nor cost a query anything while nobody asks: the web framework is imported when the first request
comes, queries are counted by the engine in any case, and they are watched only as long as somebody does.

A worked example::

    async with Admin(server, AdminPlan("127.0.0.1", 8053)) as admin, server:
        admin.url               # "http://127.0.0.1:8053"
        admin.token             # what a request that changes something carries
"""

from __future__ import annotations

from pathlib import Path

from proxy.web.admin import Admin, AdminError
from proxy.web.tokens import read_token, token_path

__all__ = ["Admin", "AdminError", "openapi_path", "read_token", "token_path"]


def openapi_path() -> Path:
    """The OpenAPI description of the control API."""
    return Path(__file__).with_name("openapi.json")
