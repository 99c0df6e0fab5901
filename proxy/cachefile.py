"""cachefile: what a cache holds, as octets that outlive a restart.

Owns the form of that file: lines of JSON, the first with the time, then the routes, then an entry a line, the least recently
used first: its route's number, for how many seconds it is still good, and its reply as a DNS message.

Must never raise for what a file holds: what is broken, of another version or out of date is left out.  A wall clock may have
been set back meanwhile; then nothing has aged, and no entry is good for longer than it was.

A worked example::

    octets = dump_cache(cache, now=monotonic(), wall=time())
    load_cache(cache, octets, now=monotonic(), wall=time())     # 312: so many entries were taken
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from proxy.cache import ReplyCache
from proxy.dns.codes import CLASS_IN
from proxy.dns.errors import MalformedMessage
from proxy.dns.query import FLAG_TC, Query
from proxy.dns.reply import read_reply
from proxy.dns.write import Sections, write_answer
from proxy.model.answers import Ask, Protocol, Route, ServerAddress, Strategy

VERSION = 1
MAX_OCTETS = 256 * 1024 * 1024

_BROKEN = (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError, MalformedMessage)


def dump_cache(cache: ReplyCache, now: float, wall: float) -> bytes:
    """The octets of a file with everything that `cache` holds; `wall` is the time of day in seconds."""
    routes: dict[Route, int] = {}
    lines = []
    for ask, reply, seconds in cache.entries(now):
        message = _message_of(ask, reply)
        if message is not None:
            number = routes.setdefault(ask.route, len(routes))
            lines.append(json.dumps([number, round(seconds, 3), base64.b64encode(message).decode("ascii")]))
    head = json.dumps({"vpcdns cache": VERSION, "saved": wall})
    return "\n".join((head, json.dumps([_route_data(route) for route in routes]), *lines, "")).encode("ascii")


def load_cache(cache: ReplyCache, octets: bytes, now: float, wall: float) -> int:
    """Put what `octets` hold into `cache`; how many entries were taken."""
    lines = octets.split(b"\n")
    try:
        head: Any = json.loads(lines[0])
        age = max(wall - float(head["saved"]), 0.0)
        routes = [_route_of(data) for data in json.loads(lines[1])] if head["vpcdns cache"] == VERSION else []
    except _BROKEN:
        return 0
    taken = 0
    for line in lines[2:] if routes else ():
        try:
            number, seconds, text = json.loads(line)
            ask, reply = _entry_of(routes[int(number)], base64.b64decode(text, validate=True))
            cache.restore(ask, reply, float(seconds) - age, now)
        except _BROKEN:
            continue
        taken += 1
    return taken


def _message_of(ask: Ask, reply: Sections) -> bytes | None:
    """The reply as a message; None where it does not fit into one with its names written out."""
    question = ask.name + ask.type.to_bytes(2, "big") + CLASS_IN.to_bytes(2, "big")
    message = write_answer(Query(0, 0, ask.name, ask.type, CLASS_IN, question, None), reply)
    return None if int.from_bytes(message[2:4], "big") & FLAG_TC or reply.rcode > 0xF else message


def _entry_of(route: Route, message: bytes) -> tuple[Ask, Sections]:
    reply = read_reply(message)
    if reply.truncated or reply.question[-2:] != CLASS_IN.to_bytes(2, "big"):
        raise MalformedMessage("this is no reply that is kept")
    kind = int.from_bytes(reply.question[-4:-2], "big")
    return Ask(route, reply.question[:-4].lower(), kind), reply.sections


def _route_data(route: Route) -> Mapping[str, object]:
    servers = [[server.protocol.value, *server[1:]] for server in route.servers]
    return {"servers": servers, "timeout": route.timeout, "strategy": route.strategy.value, "label": route.label}


def _route_of(data: Mapping[str, Any]) -> Route:
    servers = tuple(
        ServerAddress(Protocol(protocol), str(host), int(port), str(name), str(path))
        for protocol, host, port, name, path in data["servers"]
    )
    return Route(servers, float(data["timeout"]), Strategy(data["strategy"]), str(data["label"]))
