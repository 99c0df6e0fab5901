"""testing/: vpcdns for test suites: pytest's fixture and marker, a server for any other suite, worlds written in Python.

Owns a server in a thread, the redirection of the process's own look-ups to it, the record of what was asked, and what can be
said about it in a test.

Must never decide an answer, read a key of the file itself (a world written in Python becomes the file's text), or import
anything of weight before it is used: pytest loads `proxy.testing.plugin` in every session.

A worked example::

    world = World(region="eu-west-1").vpc("app", "10.0.0.0/16").endpoint("app", "sqs", "127.0.0.1")
    with vpcdns_server(world, view="app") as dns:
        socket.gethostbyname("sqs.eu-west-1.amazonaws.com")     # 127.0.0.1
        dns.assert_asked("sqs.eu-west-1.amazonaws.com")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proxy.testing.answers import Reply
    from proxy.testing.container import VpcdnsContainer
    from proxy.testing.queries import Query
    from proxy.testing.server import VpcdnsServer, vpcdns_server
    from proxy.testing.worlds import World

__all__ = ["Query", "Reply", "VpcdnsContainer", "VpcdnsServer", "World", "vpcdns_server"]

_HOMES = {
    "Query": "queries",
    "Reply": "answers",
    "VpcdnsContainer": "container",
    "VpcdnsServer": "server",
    "World": "worlds",
    "vpcdns_server": "server",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
