"""`vpcdns query`: one question, its answer and where that comes from."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from proxy.app import Server
from proxy.cli import query
from proxy.configuration import NO_OVERRIDES, load
from proxy.source import Files
from tests.cli.programs import Ran, vpcdns
from tests.upstream.servers import says, serve, silent

WORLD = """
upstream: {mode: off}
vpcs:
  app: {cidr: 10.0.0.0/16}
  mute: {cidr: 10.2.0.0/16, enable_dns_support: false}
default_view: app
private_zones:
  - name: corp.example
    vpcs: [app]
    id: Z0CORP
    records:
      www: [10.0.5.10, 10.0.5.11]
      api: {CNAME: www.corp.example, ttl: 120}
      "@": {MX: "10 mail.corp.example.", TXT: 'two words'}
public_records: {www.corp.example: 203.0.113.10}
"""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    path = tmp_path / "world.yaml"
    path.write_text(WORLD)
    return path


def test_an_answer_is_zone_file_lines_with_comments_on_where_it_comes_from(world: Path) -> None:
    ran = vpcdns("query", "API.corp.example", "-c", world)
    assert ran == Ran(
        0,
        "api.corp.example.  120  CNAME  www.corp.example.\n"
        "www.corp.example.  300  A      10.0.5.10\n"
        "www.corp.example.  300  A      10.0.5.11\n"
        "\n"
        "; answer     NOERROR\n"
        "; view       app (the default view)\n"
        "; reason     private zone corp.example (Z0CORP)\n",
        f"configuration: {world} (-c)\n",
    )


def test_no_answer_says_which_kind_of_none_and_shows_the_authority(world: Path) -> None:
    missing = vpcdns("query", "nope.corp.example", "-c", world)
    empty = vpcdns("query", "www.corp.example", "aaaa", "-c", world)
    assert (missing.status, empty.status) == (1, 1)
    assert missing.out.startswith("; answer     NXDOMAIN, the name does not exist\n")
    assert empty.out.startswith("; answer     NOERROR, but no AAAA record (NODATA)\n")
    assert "; authority  corp.example.  60  SOA  ns-1536.awsdns-00.co.uk." in missing.out
    assert all(line.startswith("; ") for line in missing.out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "status", "out"),
    [
        (["www.corp.example"], 0, "10.0.5.10\n10.0.5.11\n"),
        (["www.corp.example", "--view", "internet"], 0, "203.0.113.10\n"),
        (["www.corp.example", "--client", "10.0.9.9"], 0, "10.0.5.10\n10.0.5.11\n"),
        (["www.corp.example", "--client", "127.0.0.1"], 0, "10.0.5.10\n10.0.5.11\n"),
        (["api.corp.example"], 0, "www.corp.example.\n10.0.5.10\n10.0.5.11\n"),
        (["corp.example", "MX"], 0, "10 mail.corp.example.\n"),
        (["corp.example", "TXT"], 0, '"two words"\n'),
        (["www.corp.example", "AAAA"], 1, ""),
        (["nope.corp.example"], 1, ""),
        (["elsewhere.example"], 4, ""),
        (["www.corp.example", "--view", "mute"], 4, ""),
        (["www.corp.example", "--client", "192.0.2.1"], 4, ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_short_is_as_that_of_dig(world: Path, arguments: list[str], status: int, out: str) -> None:
    ran = vpcdns("-c", world, "query", "--short", *arguments)
    assert (ran.status, ran.out) == (status, out)


def test_short_tells_on_standard_error_why_there_is_nothing(world: Path) -> None:
    assert vpcdns("-c", world, "query", "--short", "elsewhere.example").err.endswith(
        "REFUSED: upstream is off (mode: off)\n"
    )
    assert vpcdns("-c", world, "query", "--short", "x.example", "--view", "mute").err.endswith(
        "enable_dns_support is false\n"
    )


def test_silence_is_said_as_such(world: Path) -> None:
    ran = vpcdns("-c", world, "query", "www.corp.example", "--view", "mute")
    assert ran.status == 4
    assert "no answer, a client waits in vain" in ran.out
    assert "enable_dns_support is false" in ran.out


def test_json_has_all_of_it(world: Path) -> None:
    ran = vpcdns("-c", world, "query", "www.corp.example", "--client", "10.0.9.9", "--json")
    assert json.loads(ran.out) == {
        "name": "www.corp.example",
        "type": "A",
        "rcode": "NOERROR",
        "answers": [
            {"name": "www.corp.example.", "ttl": 300, "type": "A", "data": "10.0.5.10"},
            {"name": "www.corp.example.", "ttl": 300, "type": "A", "data": "10.0.5.11"},
        ],
        "authority": [],
        "outcome": "answer",
        "view": "app",
        "why": "client 10.0.9.9 in 10.0.0.0/16",
        "reason": {"kind": "private zone", "text": "private zone corp.example (Z0CORP)"},
    }


def test_json_of_silence_has_no_rcode(world: Path) -> None:
    told = json.loads(vpcdns("-c", world, "query", "www.corp.example", "--view", "mute", "--json").out)
    assert (told["rcode"], told["outcome"], told["answers"]) == (None, "silence", [])


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["query"], "Missing argument 'NAME'"),
        (["query", "a..b"], "a..b has an empty label"),
        (["query", "www.corp.example", "FOO"], "FOO is no record type"),
        (["query", "www.corp.example", "--view", "ap"], "there is no view ap (did you mean app?)"),
        (["query", "www.corp.example", "--client", "ten"], "ten is no IP address, such as 10.0.1.5"),
        (["query", "www.corp.example", "--client", "10.0.0.1", "--view", "app"], "give one of --view and --client"),
        (["query", "www.corp.example", "--short", "--json"], "give one of --short and --json"),
        (["query", "www.corp.example", "--server", "here"], "here is no address and port, such as 127.0.0.1:1053"),
        (["query", "www.corp.example", "--server", "127.0.0.1:0"], "0 is no port from 1 to 65535"),
        (["query", "www.corp.example", "--server", "127.0.0.1:53", "--view", "app"], "leave out --view and --client"),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, list) else None,
)
def test_a_wrong_usage_is_told_with_a_hint(world: Path, arguments: list[str], hint: str) -> None:
    ran = vpcdns("-c", world, *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert hint in ran.err


async def test_upstream_is_asked_as_serve_would(tmp_path: Path) -> None:
    path = tmp_path / "live.yaml"
    async with serve(says("www.elsewhere.example. 60 A 198.51.100.7")) as server:
        path.write_text(f'upstream: {{servers: ["127.0.0.1:{server.port}"]}}')
        ran = await asyncio.to_thread(vpcdns, "-c", path, "query", "www.elsewhere.example")
    assert ran.status == 0
    assert ran.out.startswith("www.elsewhere.example.  60  A  198.51.100.7\n")
    assert f"; reason     upstream 127.0.0.1:{server.port}\n" in ran.out


async def test_an_upstream_that_is_silent_is_servfail(tmp_path: Path) -> None:
    path = tmp_path / "live.yaml"
    async with serve(silent) as server:
        path.write_text(f'upstream: {{servers: ["127.0.0.1:{server.port}"], timeout: 50ms}}')
        ran = await asyncio.to_thread(vpcdns, "-c", path, "query", "www.elsewhere.example")
    assert ran.status == 4
    assert ran.out.startswith("; answer     SERVFAIL\n")


# A running server


async def test_a_running_server_is_asked_and_says_which_view_one_is_in(world: Path) -> None:
    world.write_text(WORLD + 'listen: [{address: "127.0.0.1:0", view: internet}]\n')
    source = Files(world, "world.yaml", "-c")
    async with Server(load(source), source, NO_OVERRIDES, watched=False) as server:
        host, port = server.sockets[0].address
        ran = await asyncio.to_thread(vpcdns, "query", "www.corp.example", "--server", f"{host}:{port}")
        missing = await asyncio.to_thread(vpcdns, "query", "corp.example", "--server", f"{host}:{port}", "--json")
    assert ran.status == 0
    assert ran.out.startswith("www.corp.example.  300  A  203.0.113.10\n")
    assert f"; server     127.0.0.1:{port} (version=" in ran.out
    assert " view=internet " in ran.out
    assert ran.err == ""
    assert missing.status == 4
    told = json.loads(missing.out)
    assert (told["rcode"], told["server"]) == ("REFUSED", f"127.0.0.1:{port}")


async def test_any_other_server_can_be_asked_too() -> None:
    async with serve(says("www.elsewhere.example. 60 A 198.51.100.7")) as server:
        ran = await asyncio.to_thread(vpcdns, "query", "www.elsewhere.example", "--server", f"127.0.0.1:{server.port}")
    assert ran.status == 0
    assert ran.out.endswith(f"; answer     NOERROR\n; server     127.0.0.1:{server.port}\n")


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "_PATIENCE", 0.05)
    monkeypatch.setattr(query, "_CURIOSITY", 0.05)
    async with serve(silent) as server:
        ran = await asyncio.to_thread(vpcdns, "query", "x.example", "--server", f"127.0.0.1:{server.port}")
        short = await asyncio.to_thread(vpcdns, "query", "x.example", "--short", "--server", f"127.0.0.1:{server.port}")
        as_json = await asyncio.to_thread(vpcdns, "query", "x.example", "--json", "--server", f"127.0.0.1:{server.port}")
    assert (ran.status, short.status, as_json.status) == (4, 4, 4)
    assert ran.out.startswith("; answer     no answer\n")
    assert short.out == ""
    assert short.err.startswith("no answer: ")
    assert json.loads(as_json.out)["rcode"] is None
