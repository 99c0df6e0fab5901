"""A server with its control API, in this process, and requests to it by real HTTP."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import dns.asyncquery
import dns.message

from proxy.app import Server
from proxy.configuration import NO_OVERRIDES, load
from proxy.source import find_source
from proxy.web import Admin

WORLD = """
listen: [{address: "127.0.0.1:0", view: a}, {address: "127.0.0.1:0", view: internet}]
upstream: {mode: off}
admin: {listen: "127.0.0.1:0"}
vpcs:
  a: {cidr: 10.0.0.0/16, inbound_endpoints: {onprem: {}}}
private_zones:
  - name: example.com
    id: Z0123456789EXAMPLE
    vpcs: [a]
    records:
      www: 10.0.5.10
      api: {CNAME: www.example.com, ttl: 60}
      app:
        - {id: blue, A: 10.0.8.1, AAAA: "fd00::1", failover: primary, health: up}
        - {id: green, A: 10.0.8.2, AAAA: "fd00::2", failover: secondary, health: up}
public_records: {www.example.com: 203.0.113.10}
"""


_CLIENTS = ThreadPoolExecutor(16)  # their own: the server needs threads too


class Said(NamedTuple):
    """A response."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Control:
    """A server, its control API, and who asks it."""

    def __init__(self, server: Server, admin: Admin) -> None:
        self.server = server
        self.admin = admin

    async def get(self, path: str, **headers: str) -> Said:
        return await self.ask("GET", path, None, headers)

    async def change(self, method: str, path: str, body: Any = None) -> Said:
        """A request with the token, its body JSON."""
        kind = {} if body is None else {"Content-Type": "application/json"}
        return await self.ask(method, path, body, {"Authorization": f"Bearer {self.admin.token}", **kind})

    async def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Said:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_CLIENTS, self._ask, method, path, body, headers or {})

    def connect(self) -> http.client.HTTPConnection:
        address = urlsplit(self.admin.url or "")
        assert isinstance(address.hostname, str)
        return http.client.HTTPConnection(address.hostname, address.port, timeout=10)

    async def addresses(self, name: str, kind: str = "A", place: int = 0) -> list[str]:
        """What a listener answers."""
        host, port = self.server.sockets[place].address
        answer = await dns.asyncquery.udp(dns.message.make_query(name, kind), host, port=port, timeout=5)
        return [record.to_text() for found in answer.answer for record in found]

    def _ask(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Said:
        connection = self.connect()
        try:
            text = body if body is None or isinstance(body, bytes | str) else json.dumps(body)
            connection.request(method, path, text, dict(headers))
            response = connection.getresponse()
            return Said(response.status, response.headers, response.read().decode())  # type: ignore[arg-type]
        finally:
            connection.close()


@asynccontextmanager
async def controlled(file: Path, text: str = WORLD) -> AsyncIterator[Control]:
    """A server of a configuration, and its control API."""
    file.write_text(text)
    source = find_source(str(file), {}, file.parent, file.parent, file.parent)
    configuration = load(source)
    server = Server(configuration, source, NO_OVERRIDES)
    async with Admin(server, configuration.plan.admin) as admin, server:
        yield Control(server, admin)
