"""A running server: start, reload, stop, with real sockets on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import dns.asyncquery
import dns.message
import pytest

from proxy.app import ListenError, Server
from proxy.configuration import NO_OVERRIDES, Overrides, load
from proxy.settings.problems import ConfigError
from proxy.settings.shape import ListenSetting, UpstreamSetting
from proxy.source import find_source

BEFORE = """
listen: [{address: "127.0.0.1:0", view: a}, {address: "127.0.0.2:0", view: internet}]
upstream: {mode: off}
vpcs: {a: {cidr: 10.0.0.0/16}}
private_zones: [{name: example.com, vpcs: [a], records: {www: 10.0.5.10}}]
public_records: {www.example.com: 203.0.113.10}
"""


@asynccontextmanager
async def serving(path: Path, overrides: Overrides = NO_OVERRIDES, *, watched: bool = False) -> AsyncIterator[Server]:
    source = find_source(str(path), {}, path.parent, path.parent, path.parent)
    async with Server(load(source, overrides), source, overrides, watched=watched) as server:
        yield server


async def addresses(server: Server, place: int = 0, name: str = "www.example.com") -> list[str]:
    host, port = server.sockets[place].address
    query = dns.message.make_query(name, "A")
    answer = await dns.asyncquery.udp(query, host, port=port, timeout=5)
    over_tcp = await dns.asyncquery.tcp(query, host, port=port, timeout=5)
    assert answer.answer == over_tcp.answer
    return [record.to_text() for found in answer.answer for record in found]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "vpcdns.yaml"
    path.write_text(BEFORE)
    return path


async def test_both_sides_of_the_split_horizon_are_served_at_once(file: Path) -> None:
    async with serving(file) as server:
        inside, outside = await asyncio.gather(addresses(server, 0), addresses(server, 1))
        assert (inside, outside) == (["10.0.5.10"], ["203.0.113.10"])


async def test_a_reload_takes_the_new_file_and_says_what_changed(file: Path) -> None:
    async with serving(file) as server:
        file.write_text(
            BEFORE.replace("10.0.5.10", "10.0.5.11").replace("public_records", "public_zones: []\npublic_records")
        )
        changes = await server.reload()
        assert await addresses(server) == ["10.0.5.11"]
        assert changes == ["view a: ~ example.com (private zone)"]
        assert await server.reload() == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("vpcs: [", "vpcdns.yaml:"),
        ("nonsense: 1", "nonsense"),
        ("private_zones: [{name: com}]", "top-level domain"),
        (BEFORE + "expect: [{view: a, query: www.example.com, answers: []}]", "the answers are [10.0.5.10]"),
    ],
)
async def test_a_bad_file_leaves_the_old_one_in_force_and_says_so_once(
    file: Path, text: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(file) as server:
        file.write_text(text)
        with pytest.raises(ConfigError):
            await server.reload()
        await server.reload_and_log()
        assert await addresses(server) == ["10.0.5.10"]
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1
    assert says in caplog.text
    assert "the old one stays in force" in caplog.text


async def test_a_file_that_is_gone_leaves_the_old_one_in_force(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(file) as server:
        file.unlink()
        await server.reload_and_log()
        assert await addresses(server) == ["10.0.5.10"]
    assert "the old one stays in force" in caplog.text


async def test_listeners_change_one_by_one(file: Path) -> None:
    async with serving(file) as server:
        stays, goes = server.sockets
        text = BEFORE.replace("127.0.0.2:0", "127.0.0.3:0").replace(
            '"127.0.0.1:0", view: a', '"127.0.0.1:0", view: internet'
        )
        file.write_text(text)
        old_host, old_port = goes.address
        changes = await server.reload()
        assert changes == ["+ listener 127.0.0.3:0", "- listener 127.0.0.2:0"]
        assert server.sockets[0] is stays
        assert await addresses(server, 0) == ["203.0.113.10"]
        assert server.sockets[1].address[0] == "127.0.0.3"
        with socket.socket() as probe:
            assert probe.connect_ex((old_host, old_port)) != 0


async def test_an_address_that_is_taken_refuses_the_reload_as_a_whole(file: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with serving(file) as server:
            file.write_text(BEFORE.replace("127.0.0.2:0", f"127.0.0.1:{port}").replace("10.0.5.10", "10.0.5.11"))
            with pytest.raises(ListenError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
                await server.reload()
            assert await addresses(server) == ["10.0.5.10"]
            assert len(server.sockets) == 2


async def test_at_the_start_an_address_that_is_taken_is_an_error_and_leaves_nothing_open(file: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.2", 0))
        taken.listen()
        file.write_text(BEFORE.replace("127.0.0.2:0", f"127.0.0.2:{taken.getsockname()[1]}"))
        with pytest.raises(ListenError):
            async with serving(file):
                pytest.fail("it started")


async def test_other_bounds_of_the_cache_are_taken(file: Path) -> None:
    async with serving(file) as server:
        file.write_text(BEFORE + "cache: {entries: 5}\n")
        await server.reload()
        assert server.configuration.plan.cache.entries == 5


async def test_a_change_of_the_file_is_seen(file: Path) -> None:
    async with serving(file, watched=True) as server:
        await asyncio.sleep(0.1)
        file.write_text(BEFORE.replace("10.0.5.10", "10.0.5.12"))
        for _ in range(100):
            await asyncio.sleep(0.1)
            if await addresses(server) == ["10.0.5.12"]:
                break
        else:
            pytest.fail("the change was not seen")


async def test_the_command_line_beats_the_file(file: Path) -> None:
    overrides = Overrides((ListenSetting("127.0.0.4", 0, "internet"),), UpstreamSetting(mode="off"))
    async with serving(file, overrides) as server:
        assert [each.address[0] for each in server.sockets] == ["127.0.0.4"]
        assert await addresses(server) == ["203.0.113.10"]


async def test_no_query_is_lost_while_it_reloads(file: Path) -> None:
    async with serving(file) as server:
        host, port = server.sockets[0].address
        query = dns.message.make_query("www.example.com", "A")
        stop = asyncio.Event()
        answered = 0

        async def keep_asking() -> None:
            nonlocal answered
            while not stop.is_set():
                answer = await dns.asyncquery.udp(query, host, port=port, timeout=5)
                assert answer.answer
                answered += 1

        asking = [asyncio.create_task(keep_asking()) for _ in range(4)]
        for number in range(20):
            file.write_text(BEFORE.replace("10.0.5.10", f"10.0.5.{number + 20}"))
            await server.reload()
        stop.set()
        await asyncio.gather(*asking)
        assert answered > 20
