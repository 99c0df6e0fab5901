"""What was asked lately, and what is being asked."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proxy.model.outcome import Outcome
from proxy.web import watching
from tests.web.control import WORLD, Control, controlled
from tests.web.test_pages import validate


def watched(control: Control) -> bool:
    return control.server.engine.observe is not None


async def test_nobody_is_watched_until_somebody_looks(file: Path) -> None:
    async with controlled(file) as control:
        assert not watched(control)
        await control.addresses("www.example.com")
        assert (await control.get("/v1/queries")).json["queries"] == []
        assert watched(control)
        await control.addresses("www.example.com")
        await control.addresses("nope.example.com", place=1)
        said = (await control.get("/v1/queries")).json
        validate(said, "/v1/queries")
        assert [(each["number"], each["view"], each["name"], each["rcode"]) for each in said["queries"]] == [
            (1, "a", "www.example.com.", "NOERROR"),
            (2, "internet", "nope.example.com.", "REFUSED"),
        ]
        assert (await control.get("/v1/queries?after=1")).json["queries"][0]["number"] == 2
        assert (await control.get("/v1/queries?limit=1")).json["queries"][0]["number"] == 2
        assert (await control.get("/v1/queries?limit=0")).json["queries"] == []


async def test_nobody_is_watched_when_nobody_looks_any_more(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOKED_SECONDS", 0.2)
    async with controlled(file) as control:
        await control.get("/v1/queries")
        await asyncio.sleep(0.1)
        await control.get("/v1/queries")
        await asyncio.sleep(0.15)
        assert watched(control)
        await asyncio.sleep(0.2)
        assert not watched(control)


async def test_the_query_log_goes_on_beside_it(file: Path, tmp_path: Path) -> None:
    log = tmp_path / "queries.log"
    async with controlled(file, f"{WORLD}query_log: {{path: {log}}}\n") as control:
        await control.get("/v1/queries")
        await control.addresses("www.example.com")
        await control.server.reload()
        await control.addresses("www.example.com")
        assert len((await control.get("/v1/queries")).json["queries"]) == 2
    assert log.read_text().count("www.example.com.") == 2


@pytest.mark.parametrize(
    ("which", "numbers"),
    [
        ("view=a", [1, 2]), ("view=internet", [3]), ("client=127.0.0.1", [1, 2, 3]), ("client=10.0.0.1", []),
        ("name=example.com", [1, 2, 3]), ("name=WWW.example.com.", [1]), ("name=ample.com", []), ("name=.", [1, 2, 3]),
        ("rcode=nxdomain", [2]), ("rcode=REFUSED&view=internet", [3]),
    ],
)  # fmt: skip
async def test_some_of_them(file: Path, which: str, numbers: list[int]) -> None:
    async with controlled(file) as control:
        await control.get("/v1/queries")
        await control.addresses("www.example.com")
        await control.addresses("nope.example.com")
        await control.addresses("x.example.com", place=1)
        assert [each["number"] for each in (await control.get(f"/v1/queries?{which}")).json["queries"]] == numbers


@pytest.mark.parametrize("which", ["limit=1001", "after=x", "after=-1", "limit=", "x=1"])
async def test_wrong_parameters(file: Path, which: str) -> None:
    async with controlled(file) as control:
        said = await control.get(f"/v1/queries?{which}")
        assert said.status == 400
        validate(said.json, "/v1/queries", status=400)


Event = tuple[str, str, Any]


class Stream:
    """A stream of server-sent events."""

    def __init__(self, reader: asyncio.StreamReader, head: bytes) -> None:
        self.reader = reader
        self.head = head

    async def block(self) -> str:
        """The next block of lines, out of its HTTP chunk."""
        size = int(await asyncio.wait_for(self.reader.readline(), 10), 16)
        text = (await self.reader.readexactly(size + 2))[:-2].decode()
        self.waiting = text
        return text

    async def events(self, number: int) -> list[Event]:
        """The next events: id, name, data."""
        found: list[Event] = []
        while len(found) < number:
            for part in (await self.block()).strip().split("\n\n"):
                fields = dict(line.split(": ", 1) for line in part.split("\n") if not line.startswith(":"))
                if fields:
                    found.append((fields.get("id", ""), fields["event"], json.loads(fields["data"])))
        return found


@contextlib.asynccontextmanager
async def streaming(control: Control, which: str = "", **headers: str) -> AsyncIterator[Stream]:
    connection = control.connect()
    reader, writer = await asyncio.open_connection(connection.host, connection.port)
    try:
        lines = [f"GET /v1/queries/live{which} HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        yield Stream(reader, await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10))
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_queries_are_told_as_they_come(file: Path) -> None:
    async with controlled(file) as control, streaming(control) as stream:
        assert b"content-type: text/event-stream" in stream.head
        assert (await stream.block()).startswith(": ")
        await control.addresses("www.example.com")
        [(ident, name, query)] = await stream.events(1)
        assert (ident, name, query["name"]) == ("1", "query", "www.example.com.")
        schema = {"queries": [query], "watching_since": 1, "watching_for": 1, "latest": 1}
        validate(schema, "/v1/queries")
        await control.addresses("www.example.com")
        await control.addresses("api.example.com")
        assert [query["name"] for _, _, query in await stream.events(2)] == ["www.example.com.", "api.example.com."]


async def test_a_stream_goes_on_where_it_broke_off(file: Path) -> None:
    async with controlled(file) as control:
        await control.get("/v1/queries")
        for name in ("a", "b", "c"):
            await control.addresses(f"{name}.example.com")
        async with streaming(control, "?name=example.com", **{"Last-Event-ID": "1"}) as stream:
            assert [ident for ident, _, _ in await stream.events(2)] == ["2", "3"]
        async with streaming(control, **{"Last-Event-ID": "99999"}) as stream:
            await stream.block()
            await control.addresses("d.example.com")
            assert [ident for ident, _, _ in await stream.events(1)] == ["4"]


async def test_what_cannot_be_told_is_counted(file: Path) -> None:
    async with controlled(file) as control, streaming(control) as stream:
        await stream.block()
        outcomes: list[Outcome] = []
        control.server.watch(outcomes.append)
        await control.addresses("www.example.com")
        await stream.events(1)
        tell = control.server.engine.observe
        assert tell is not None
        for _ in range(1500):
            tell(outcomes[0])
        _, name, data = (await stream.events(1))[0]
        assert (name, data) == ("lost", {"queries": 1300})


async def test_streams_are_bounded_and_end_with_the_server(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.web.queries._MOST_STREAMS", 2)
    async with controlled(file) as control:
        async with streaming(control) as one, streaming(control) as other:
            await one.block()
            await other.block()
            said = await control.get("/v1/queries/live")
            assert said.status == 503
            assert "vpcdns_query_streams 2" in (await control.get("/metrics")).text
        await asyncio.sleep(0.3)
        assert "vpcdns_query_streams 0" in (await control.get("/metrics")).text
        async with streaming(control) as stream:
            await stream.block()
            started = asyncio.get_running_loop().time()
            await control.admin.__aexit__()
            assert [name for _, name, _ in await stream.events(1)] == ["end"]
            assert asyncio.get_running_loop().time() - started < 2


async def test_a_heartbeat_keeps_a_quiet_stream_alive(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.web.queries._HEARTBEAT_SECONDS", 0.2)
    async with controlled(file) as control, streaming(control) as stream:
        await stream.block()
        assert await stream.block() == ": still here\n\n"
