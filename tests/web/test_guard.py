"""Who gets in."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

import pytest

from tests.web.control import WORLD, Control, controlled


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8053", "", "[::1", "::1", "a:b:c", "127.0.0.1:x"],
)
async def test_a_name_that_somebody_made_lead_here_is_refused(file: Path, host: str) -> None:
    """DNS rebinding: the page's own name leads to 127.0.0.1, and stands in Host."""
    async with controlled(file) as control:
        said = await control.get("/v1/views", Host=host)
        assert said.status == 403
        assert "views" not in said.json


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8053", "127.0.0.1:8053", "[::1]:8053", "192.0.2.1", "dns.corp.example:80"]
)
async def test_addresses_localhost_and_the_names_of_the_file_are_served(file: Path, host: str) -> None:
    text = WORLD.replace('admin: {listen: "127.0.0.1:0"}', 'admin: {listen: "127.0.0.1:0", hosts: dns.corp.example}')
    async with controlled(file, text) as control:
        assert (await control.get("/healthz", Host=host)).status == 200


async def test_two_hosts_are_none(file: Path) -> None:
    async with controlled(file) as control:
        reply = await raw(control, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n")
        assert reply.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403"))


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_requests_of_other_sites_are_refused_even_with_the_token(file: Path, headers: dict[str, str]) -> None:
    async with controlled(file) as control:
        assert (await control.get("/v1/views", **headers)).status == 403
        token = {"Authorization": f"Bearer {control.admin.token}"}
        assert (await control.ask("POST", "/v1/reload", None, {**token, **headers})).status == 403
        assert control.server.reloads.good == 0


async def test_its_own_origin_is_served_but_no_other_site_may_read_it(file: Path) -> None:
    async with controlled(file) as control:
        said = await control.get("/v1/views", Origin=control.admin.url or "", **{"Sec-Fetch-Site": "same-origin"})
        assert said.status == 200
        assert "access-control-allow-origin" not in said.headers
        assert said.headers["x-content-type-options"] == "nosniff"
        assert said.headers["cross-origin-resource-policy"] == "same-origin"
        assert (await control.ask("OPTIONS", "/v1/reload", None, {"Origin": "https://evil.example"})).status == 403


@pytest.mark.parametrize(
    "token",
    [None, "", "Bearer", "Bearer ", "Bearer x", "Basic x", "Bearer \xe9", "bearer {}", "Bearer {}x", "Bearer  {}", "{}"],
)
async def test_a_wrong_token_is_told_nothing(file: Path, token: str | None) -> None:
    async with controlled(file) as control:
        given = {} if token is None else {"Authorization": token.replace("{}", control.admin.token)}
        said = await control.ask("POST", "/v1/reload", None, given)
        assert (said.status, said.json) == (401, {"error": "unauthorized"})
        assert said.headers["www-authenticate"] == "Bearer"
        assert control.server.reloads.good == 0


async def test_a_body_of_100_megabytes_is_refused_before_it_is_read(file: Path) -> None:
    async with controlled(file) as control:
        head = f"PUT /v1/records HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {control.admin.token}\r\n"
        reply = await raw(control, f"{head}Content-Length: 100000000\r\n\r\n".encode())
        assert reply.startswith(b"HTTP/1.1 413")
        assert b"connection: close" in reply.lower()
        assert await control.addresses("www.example.com") == ["10.0.5.10"]


async def test_a_body_without_a_length_is_refused_when_it_gets_too_long(file: Path) -> None:
    async with controlled(file) as control:
        head = f"PUT /v1/records HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {control.admin.token}\r\n"
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        reply = await raw(control, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk * 20)
        assert reply.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("length", ["-1", "x", "1000001", "99999999999999999999999"])
async def test_a_length_that_is_none_is_refused(file: Path, length: str) -> None:
    async with controlled(file) as control:
        request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n"
        assert (await raw(control, request.encode())).split()[1] in (b"400", b"413")


@pytest.mark.parametrize(
    "octets",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01", b"GET /" + b"a" * 100_000, b"\r\n\r\n\0\0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
)
async def test_what_is_no_http_does_no_harm(file: Path, octets: bytes) -> None:
    async with controlled(file) as control:
        await raw(control, octets)
        assert (await control.get("/healthz")).status == 200


async def raw(control: Control, octets: bytes) -> bytes:
    """What comes back for octets, until the other side has no more or a second has passed."""

    def ask() -> bytes:
        connection = control.connect()
        with socket.create_connection((connection.host, connection.port), timeout=1) as sock:
            reply = b""
            with contextlib.suppress(ConnectionError):
                sock.sendall(octets)
            with contextlib.suppress(ConnectionError, TimeoutError):
                while part := sock.recv(65536):
                    reply += part
            return reply

    return await asyncio.to_thread(ask)
