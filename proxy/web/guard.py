"""Who gets in: in front of every page.

A server on loopback is reached by every web page that its user has open, so being on loopback is no protection:

- A page of a name that leads to 127.0.0.1 (DNS rebinding) has its own name in `Host`.  Only addresses, localhost and the names of
  the file are taken; a page cannot make its name an address.
- A page elsewhere that sends requests here has its own `Origin`, or says `Sec-Fetch-Site: cross-site` where it has none.
- What changes something needs the token, which no page has.

Nothing is said of a token that is wrong.  What is too long is refused by its length, or as soon as it gets too long.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from proxy.web.admin import Admin

MOST_OCTETS = 1_000_000
READING = frozenset(("GET", "HEAD", "OPTIONS"))
_HOST = re.compile(r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:]+))(?::[0-9]*)?")
_STRANGERS = frozenset(("cross-site", "same-site"))
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]


class _Refusal(NamedTuple):
    status: int
    error: str
    hint: str = ""


class Guard:
    """An application behind all that."""

    def __init__(self, pages: ASGIApp, admin: Admin) -> None:
        self._pages = pages
        self._admin = admin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, with its body read, or refuse it."""
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
            await send(message)

        refusal = self._refuse(scope["method"], Headers(scope=scope))
        if refusal is None and scope["method"] not in READING:
            body = await _read(receive)
            if body is None:
                refusal = _Refusal(413, f"a request has at most {MOST_OCTETS:,} octets")
            else:
                receive = _given(body, receive)
        if refusal is None:
            await self._pages(scope, receive, send_with_headers)
        else:
            await _send(refusal, send_with_headers)

    def _refuse(self, method: str, headers: Headers) -> _Refusal | None:
        host = headers.get("host", "")
        if len(headers.getlist("host")) != 1 or not _is_known(host, self._admin.hosts):
            return _Refusal(403, "this Host is not served here", "ask by an address, or put the name into admin.hosts")
        origin = headers.get("origin")
        if origin not in (None, f"http://{host}") or headers.get("sec-fetch-site") in _STRANGERS:
            return _Refusal(403, "requests of other sites are not served here")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_OCTETS:
            return _Refusal(413, f"a request has at most {MOST_OCTETS:,} octets")
        if method not in READING and not self._knows_token(headers):
            return _Refusal(401, "unauthorized")
        return None

    def _knows_token(self, headers: Headers) -> bool:
        given = headers.getlist("authorization")
        wanted = f"Bearer {self._admin.token}".encode()
        return len(given) == 1 and hmac.compare_digest(given[0].encode("latin-1"), wanted)


def _is_known(host: str, names: tuple[str, ...]) -> bool:
    """Whether a Host header is an address, localhost or one of `names`; any port is right, we may be behind a mapping of it."""
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    if found["name"] is not None and found["name"].lower() in ("localhost", *names):
        return True
    try:
        ipaddress.ip_address(found["name"] or found["address"])
    except ValueError:
        return False
    return True


async def _read(receive: Receive) -> bytes | None:
    """A body; None as soon as it is too long, and where the client has gone."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_OCTETS:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def _given(body: bytes, receive: Receive) -> Receive:
    """What gives a body that was read already, and then what really comes."""
    left = [body]

    async def give() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return give


async def _send(refusal: _Refusal, send: Send) -> None:
    """Refuse, and read no more of that connection."""
    body = json.dumps({"error": refusal.error, **({"hint": refusal.hint} if refusal.hint else {})}).encode() + b"\n"
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
