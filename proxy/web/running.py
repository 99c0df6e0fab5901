"""The web server itself: uvicorn in the loop of the DNS server, without hands on its signals or its log.

Importing this takes a tenth of a second.  Only `admin.py` does, when the first request comes.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import uvicorn

from proxy.web.desk import Desk
from proxy.web.guard import Guard
from proxy.web.pages import make_pages

if TYPE_CHECKING:
    from proxy.web.admin import Admin

_CONNECTIONS = 64
_GOODBYE_SECONDS = 2


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They are the DNS server's."""
        yield


class Running:
    """The pages of a control API, served until `stop`."""

    def __init__(self, admin: Admin) -> None:
        self._desk = Desk(admin.server)
        config = uvicorn.Config(
            Guard(make_pages(self._desk), admin),
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            http="h11",
            ws="none",
            loop="none",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_GOODBYE_SECONDS,
        )
        self._server = _Server(config)

    async def serve(self, sock: socket.socket) -> None:
        """Answer requests on a socket that listens."""
        try:
            await self._server.serve(sockets=[sock])
        finally:
            self._desk.close()

    def stop(self) -> None:
        """Answer what is under way, end what is a stream, and no more."""
        self._desk.close()
        self._server.should_exit = True
