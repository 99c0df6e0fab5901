"""The control API as a part of a running server: its socket, its token, and the moment in which the rest of it is made.

The socket is there from the start.  The framework behind it is imported, off the loop's thread, when somebody connects for the
first time: a start is not a tenth of a second slower for it, and a server that nobody looks at is some megabytes smaller.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import ipaddress
import logging
import socket
import sys
from typing import TYPE_CHECKING, Self

from proxy.app import Server
from proxy.model.plan import AdminPlan
from proxy.web.tokens import forget_token, keep_token, new_token

if TYPE_CHECKING:
    from proxy.web.running import Running

_BACKLOG = 64

_log = logging.getLogger(__name__)


class AdminError(Exception):
    """The control API cannot be had: where, and why; `cause` is the machine's own word, if it was the machine."""

    def __init__(self, plan: AdminPlan, what: str, cause: OSError | None = None) -> None:
        super().__init__(f"no control API on {plan}: {what}")
        self.plan = plan
        self.cause = cause


class Admin:
    """The control API of `server`, from entering to leaving.

    `url` is None where there is none.  `remarks` are what whoever starts it should be told.  It follows the server's
    configuration: another address or token in it is taken at a reload.
    """

    def __init__(self, server: Server, plan: AdminPlan | None) -> None:
        self.server = server
        self.plan = plan
        self.token = ""
        self.url: str | None = None
        self.remarks: list[str] = []
        self._socket: socket.socket | None = None
        self._address = ""
        self._kept = False
        self._running: Running | None = None
        self._serving: asyncio.Task[None] | None = None
        self._moving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.server.changed = self._follow
        try:
            self._open(self.plan)
        except AdminError as error:
            if self.plan is None or self.plan.wanted:
                raise
            if error.cause is not None:
                self.remarks.append(f"{error}; --admin ADDR names another place, --admin off does without")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.changed = None
        if self._moving is not None:
            await asyncio.gather(self._moving, return_exceptions=True)
        await self._close()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names by which it may be asked."""
        return () if self.plan is None else self.plan.hosts

    def _open(self, plan: AdminPlan | None) -> None:
        self.plan = plan
        if plan is None:
            return
        if not all(map(importlib.util.find_spec, ("starlette", "uvicorn"))):
            raise AdminError(plan, "it needs the extra vpcdns[admin]: pip install 'vpcdns[admin]'")
        try:
            self._socket = _listen(plan)
        except OSError as error:
            raise AdminError(plan, error.strerror or str(error), error) from error
        real = plan._replace(port=self._socket.getsockname()[1])
        self._address = str(real)
        self.url = f"http://{real}"
        self._take_token(plan)
        if not ipaddress.ip_address(plan.host).is_loopback:
            self.remarks.append(f"warning: whoever reaches {self.url} can read what is asked here; changes need the token")
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._wake)

    def _take_token(self, plan: AdminPlan) -> None:
        self.token, self._kept = plan.token or new_token(), False
        if plan.token is None:
            try:
                keep_token(self._address, self.token)
                self._kept = True
            except (OSError, RuntimeError) as error:
                why = error.strerror if isinstance(error, OSError) else error
                self.remarks.append(
                    f"the token of {self.url} cannot be kept ({why}): to change things by it, set admin.token"
                )

    def _wake(self) -> None:
        """Somebody connects for the first time."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._serving = asyncio.create_task(self._serve(self._socket))

    async def _serve(self, sock: socket.socket) -> None:
        try:
            running = await asyncio.to_thread(importlib.import_module, "proxy.web.running")
            self._running = running.Running(self)
            await self._running.serve(sock)
        except Exception:  # noqa: BLE001  a defect here must not touch the answering of queries
            _log.exception("the control API has ended")

    def _follow(self) -> None:
        """Take what a new configuration says of the control API."""
        new = self.server.configuration.plan.admin
        if new != self.plan:
            before = self._moving
            self._moving = asyncio.create_task(self._move(new, before))

    async def _move(self, new: AdminPlan | None, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await before
        old, told = self.plan, len(self.remarks)
        if old is not None and new is not None and self._socket is not None and old[:2] == new[:2]:
            self.plan = new
            if old.token != new.token:
                self._forget_token()
                self._take_token(new)
        else:
            await self._close()
            try:
                self._open(new)
            except AdminError as error:
                _log.error("%s", error)
            else:
                _log.info("the control API is now %s", self.url or "off")
        for remark in self.remarks[told:]:
            _log.warning("%s", remark)

    async def _close(self) -> None:
        if self._socket is None:
            return
        if self._serving is None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
        else:
            if self._running is not None:
                self._running.stop()
            else:
                self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)
        self._socket.close()
        self._forget_token()
        self._socket = self._running = self._serving = self.url = None

    def _forget_token(self) -> None:
        if self._kept:
            forget_token(self._address, self.token)


def _listen(plan: AdminPlan) -> socket.socket:
    family = socket.AF_INET6 if ":" in plan.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((plan.host, plan.port))
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock
