"""The control API as a part of a server: when it begins, where it is, how it follows the configuration, and its token."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import socket
import stat
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from proxy.app import Server
from proxy.configuration import NO_OVERRIDES, load
from proxy.model.plan import AdminPlan
from proxy.source import find_source
from proxy.web import Admin, AdminError, read_token
from tests.cli.programs import program, serving
from tests.web.control import WORLD, controlled


async def test_the_framework_is_made_when_the_first_one_asks(file: Path) -> None:
    async with controlled(file) as control:
        assert await control.addresses("www.example.com") == ["10.0.5.10"]
        assert control.admin._serving is None
        assert (await control.get("/healthz")).text == "alive\n"
        assert control.admin._serving is not None


def test_a_start_does_not_import_it(file: Path) -> None:
    code = (
        "import sys; from proxy.cli import serve; import proxy.web\n"
        "print([name for name in ('starlette', 'uvicorn', 'anyio', 'h11', 'http.client') if name in sys.modules])"
    )
    import subprocess

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


async def test_many_at_once_are_all_answered_at_the_very_beginning(file: Path) -> None:
    async with controlled(file) as control:
        said = await asyncio.gather(*(control.get("/healthz") for _ in range(8)))
        assert [each.status for each in said] == [200] * 8


async def test_the_token_is_for_its_owner_alone_and_goes_with_the_server(file: Path, tokens: Path) -> None:
    async with controlled(file) as control:
        address = urlsplit(control.admin.url or "").netloc
        [path] = tokens.iterdir()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(tokens.stat().st_mode) == 0o700
        assert read_token(address) == control.admin.token
        assert len(control.admin.token) == 64
    assert list(tokens.iterdir()) == []


async def test_a_token_that_cannot_be_kept_is_told(file: Path, tokens: Path) -> None:
    tokens.write_text("no folder")
    async with controlled(file) as control:
        assert "cannot be kept" in control.admin.remarks[0]
        assert (await control.change("POST", "/v1/nothing")).status == 404


async def test_the_token_of_another_server_is_left_alone(file: Path, tokens: Path) -> None:
    async with controlled(file):
        [path] = tokens.iterdir()
        path.write_text("another's")
    assert path.read_text() == "another's"


async def test_the_token_of_the_file_is_kept_nowhere_else(file: Path, tokens: Path) -> None:
    text = WORLD.replace("admin: {", "admin: {token: correct-horse-battery, ")
    async with controlled(file, text) as control:
        assert control.admin.token == "correct-horse-battery"
        assert not tokens.exists()


def taken() -> tuple[socket.socket, AdminPlan]:
    sock = socket.create_server(("127.0.0.1", 0))
    return sock, AdminPlan("127.0.0.1", sock.getsockname()[1])


def server_of(file: Path, text: str = WORLD) -> Server:
    file.write_text(text)
    source = find_source(str(file), {}, file.parent, file.parent, file.parent)
    return Server(load(source), source, NO_OVERRIDES)


async def test_a_taken_port_is_a_remark_unless_it_was_asked_for(file: Path) -> None:
    sock, plan = taken()
    with contextlib.closing(sock):
        async with Admin(server_of(file), plan) as admin:
            assert admin.url is None
            assert [remark.partition(";")[0] for remark in admin.remarks] == [
                f"no control API on {plan}: Address already in use"
            ]
        with pytest.raises(AdminError, match="Address already in use"):
            async with Admin(server_of(file), plan._replace(wanted=True)):
                pass


async def test_without_the_extra_there_is_none(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    async with Admin(server_of(file), AdminPlan("127.0.0.1", 0)) as admin:
        assert (admin.url, admin.remarks) == (None, [])
    with pytest.raises(AdminError, match=r"pip install 'vpcdns\[admin\]'"):
        async with Admin(server_of(file), AdminPlan("127.0.0.1", 0, wanted=True)):
            pass


async def test_more_than_loopback_is_warned_of(file: Path) -> None:
    async with controlled(file, WORLD.replace('127.0.0.1:0"}\nvpcs', '0.0.0.0:0"}\nvpcs')) as control:
        assert control.admin.remarks[0].startswith("warning: whoever reaches http://0.0.0.0:")


async def test_a_reload_moves_it(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with controlled(file) as control:
        assert (await control.get("/healthz")).status == 200
        old = control.admin.url
        file.write_text(WORLD.replace('{listen: "127.0.0.1:0"}', '{listen: "[::1]:0"}'))
        await control.server.reload()
        await settled(control.admin)
        assert control.admin.url != old
        assert (await control.get("/healthz", Host="[::1]:1")).status == 200
        file.write_text(WORLD.replace('{listen: "127.0.0.1:0"}', '{listen: "[::1]:0", token: correct-horse-battery}'))
        await control.server.reload()
        await settled(control.admin)
        assert control.admin.token == "correct-horse-battery"
        assert (await control.change("POST", "/v1/nothing")).status == 404
        file.write_text(WORLD.replace('{listen: "127.0.0.1:0"}', "false"))
        await control.server.reload()
        await settled(control.admin)
        assert control.admin.url is None
        sock, plan = taken()
        with contextlib.closing(sock):
            file.write_text(WORLD.replace('127.0.0.1:0"}\nvpcs', f'{plan}"}}\nvpcs'))
            await control.server.reload()
            await settled(control.admin)
        assert control.admin.url is None
        assert "the control API is now off" in caplog.text
        assert "Address already in use" in caplog.text


async def settled(admin: Admin) -> None:
    assert admin._moving is not None
    await admin._moving


def test_serve_tells_where_it_is_and_ends_in_time(file: Path) -> None:
    file.write_text(WORLD)
    with serving("-c", file, "serve", VPCDNS_ADMIN="127.0.0.1:0") as server:
        server.wait_for("try: ")
        assert "control API: http://127.0.0.1:" in server.text
        assert server.end() == 0


def test_an_explicit_address_that_is_taken_is_status_3(file: Path) -> None:
    file.write_text(WORLD)
    sock, plan = taken()
    with contextlib.closing(sock):
        ran = program("-c", file, "serve", "--admin", str(plan))
    assert ran.status == 3
    assert f"no control API on {plan}: Address already in use" in ran.err
    assert "vpcdns serve --admin off" in ran.err


@pytest.mark.parametrize(("text", "says"), [("x", "is no"), ("127.0.0.1:99999", "no port")])
def test_a_wrong_address_is_a_wrong_usage(file: Path, text: str, says: str) -> None:
    ran = program("-c", file, "serve", "--admin", text)
    assert ran.status == 2
    assert says in ran.err
