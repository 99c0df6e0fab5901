"""Redirection of this process's own look-ups to a server, for a while.

What is led there: `socket`'s functions, and with them asyncio's, urllib3's, requests', boto3's and all that is Python above
them; dnspython's resolvers that read the machine's configuration; pycares' channels (and aiodns') that name no server.  What
is not: libraries in C that look names up by themselves (libpq, libcurl, uvloop), and resolvers that were made before.
"""

from __future__ import annotations

import asyncio.base_events
import functools
import importlib
import importlib.util
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

from proxy.testing.lookups import Lookups

OWN_THREADS = "vpcdns-server"

_MISSING = object()


@contextmanager
def redirected(lookups: Lookups, address: tuple[str, int], note: Callable[[str], None]) -> Iterator[None]:
    """Lead every look-up to `lookups`, or to the server at `address`, until the end; `note` hears of names as they are asked."""
    with ExitStack() as undo:
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo"):
            _replace(undo, socket, name, _for_others(getattr(lookups, name), getattr(socket, name)))
        _follow_asyncio(undo, note)
        _lead_dnspython(undo, address, note)
        _lead_pycares(undo, address)
        yield


def _replace(undo: ExitStack, thing: Any, name: str, value: Any) -> None:
    undo.callback(setattr, thing, name, getattr(thing, name))
    setattr(thing, name, value)


def _for_others(function: Callable[..., Any], before: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, but for the server's own threads what was there before."""

    @functools.wraps(before)
    def call(*args: Any, **kwargs: Any) -> Any:
        own = threading.current_thread().name.startswith(OWN_THREADS)
        return (before if own else function)(*args, **kwargs)

    return call


def _follow_asyncio(undo: ExitStack, note: Callable[[str], None]) -> None:
    """Loops call `socket.getaddrinfo` in a thread, where nobody sees any more who wanted it."""
    loop = asyncio.base_events.BaseEventLoop
    before = loop.getaddrinfo

    def getaddrinfo(self: Any, host: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(host, str):
            note(host)
        return before(self, host, *args, **kwargs)

    _replace(undo, loop, "getaddrinfo", getaddrinfo)


def _lead_dnspython(undo: ExitStack, address: tuple[str, int], note: Callable[[str], None]) -> None:
    resolver = _installed("dns.resolver")
    if resolver is None:
        return

    def read_resolv_conf(self: Any, _: Any) -> None:
        self.nameservers, self.port = [address[0]], address[1]

    resolution = resolver._Resolution  # noqa: SLF001  the one place where sync and async look-ups begin
    started = resolution.__init__

    def start(self: Any, *args: Any, **kwargs: Any) -> None:
        started(self, *args, **kwargs)
        for name in self.qnames:
            note(str(name))

    base = resolver.BaseResolver
    _replace(undo, base, "read_resolv_conf", read_resolv_conf)
    _replace(undo, base, "read_registry", lambda self: read_resolv_conf(self, None))
    _replace(undo, resolution, "__init__", start)
    for module in (resolver, _installed("dns.asyncresolver")):
        if module is not None:
            _replace(undo, module, "default_resolver", None)


def _lead_pycares(undo: ExitStack, address: tuple[str, int]) -> None:
    pycares = _installed("pycares")
    if pycares is None:
        return
    before = pycares.Channel.__init__

    @functools.wraps(before)
    def start(self: Any, *args: Any, **kwargs: Any) -> None:
        if not args and kwargs.get("servers") is None:
            kwargs |= {"servers": [address[0]], "udp_port": address[1], "tcp_port": address[1]}
        before(self, *args, **kwargs)

    _replace(undo, pycares.Channel, "__init__", start)


def _installed(name: str) -> ModuleType | None:
    """A library, if it is there; imported now, so that it is also led here where a test imports it later."""
    if sys.modules.get(name, _MISSING) is _MISSING:
        try:
            if importlib.util.find_spec(name) is None:
                return None
        except ImportError:
            return None
        return importlib.import_module(name)
    return sys.modules[name]
