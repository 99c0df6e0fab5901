"""Files that outlive a run and a disk that is full; servers that lead back here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import dns.asyncquery
import dns.edns
import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import pytest

from proxy import app as app_module
from proxy import configuration as configuration_module
from proxy import reach as reach_module
from proxy.app import Server
from proxy.cassette import Cassette
from proxy.configuration import NO_OVERRIDES, load
from proxy.dns.names import Name
from proxy.host.resolvers import watch_resolvers
from proxy.model.answers import Ask, Protocol, Reply, Route, ServerAddress
from proxy.model.plan import Plan
from proxy.reach import FileError, Part, Reach, replace_file, servers_of
from proxy.source import find_source
from tests.upstream.servers import Behaviour, Replies, answer, serve, silent
from tests.worlds import world_of


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator[Server]:
    source = find_source(str(path), {}, path.parent, path.parent, path.parent)
    async with Server(load(source), source, NO_OVERRIDES) as server:
        yield server


def file_for(folder: Path, mode: str, port: int, more: str = "", cassette: str = "answers.yaml") -> Path:
    path = folder / "vpcdns.yaml"
    path.write_text(
        f"listen: '127.0.0.1:0'\ndefault_view: internet\nvpcs: {{}}\n"
        f"upstream: {{servers: ['127.0.0.1:{port}'], mode: {mode}, cassette: '{folder / cassette}', timeout: 1s}}\n"
        f"quirks: {{answer_order: fixed}}\n{more}"
    )
    return path


async def test_replies_outlive_a_run(tmp_path: Path) -> None:
    def good(query: dns.message.Message) -> Replies:
        return [answer(query, f"{query.question[0].name} 600 A 192.0.2.1").to_wire()]

    async def ask(server: Server) -> int:
        host, port = server.sockets[0].address
        response = await dns.asyncquery.udp(dns.message.make_query("a.example", "A"), host, port=port, timeout=5)
        return response.answer[0].ttl

    async with serve(good) as network:
        path = file_for(tmp_path, "live", network.port, f"cache: {{file: '{tmp_path / 'kept'}'}}\n")
        for _ in range(3):
            async with serving(path) as server:
                assert 590 < await ask(server) <= 600
        names = [str(query.question[0].name).lower() for query in network.over_udp]
        assert names.count("a.example.") == 1
        (tmp_path / "kept").write_bytes(b"\xff garbage")
        async with serving(path) as server:
            assert await ask(server) == 600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


async def test_a_full_disk_costs_a_line_in_the_log_and_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def good(query: dns.message.Message) -> Replies:
        return [answer(query, f"{query.question[0].name} 600 A 192.0.2.1").to_wire()]

    full = True

    def write(path: Path, octets: bytes) -> None:
        if full:
            raise OSError(28, "No space left on device")
        replace_file(path, octets)

    monkeypatch.setattr(reach_module, "replace_file", write)
    monkeypatch.setattr(reach_module, "SAVE_SECONDS", 0.02)
    monkeypatch.setattr(reach_module, "CACHE_SAVE_SECONDS", 0.02)
    async with serve(good) as network:
        more = f"cache: {{file: '{tmp_path / 'kept'}'}}\n"
        async with serving(file_for(tmp_path, "record", network.port, more)) as server:
            host, port = server.sockets[0].address
            for number in range(5):
                query = dns.message.make_query(f"n{number}.example", "A")
                assert (await dns.asyncquery.udp(query, host, port=port, timeout=5)).rcode() == 0
                await asyncio.sleep(0.03)
            assert server.reach.unsaved > 3
            full = False
            await asyncio.sleep(0.1)
            assert "n4.example A" in (tmp_path / "answers.yaml").read_text()
    errors = sorted(record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR)
    files = [tmp_path / "answers.yaml", tmp_path / "kept"]
    assert errors == [f"cannot write {path}: No space left on device" for path in files], "one line a minute for each"


async def test_a_cache_file_that_cannot_be_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "kept").mkdir()
    async with serving(file_for(tmp_path, "live", 9, f"cache: {{file: '{tmp_path / 'kept'}'}}\n")):
        pass
    assert f"cannot read {tmp_path / 'kept'}, so no reply of an earlier run is known: Is a directory" in caplog.text


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    replace_file(tmp_path / "a", b"one")
    replace_file(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c").touch()
    with pytest.raises(OSError, match=r"Is a directory|not empty"):
        replace_file(tmp_path / "b", b"three")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


# Loops


async def test_a_resolver_of_the_machine_that_is_this_one_is_not_asked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "vpcdns.yaml"
    async with serving(file_for(tmp_path, "live", 9)) as other:
        port = other.sockets[0].address[1]
    path.write_text(f"listen: '127.0.0.1:{port}'\nupstream: {{timeout: 1s}}")
    both = tuple(ServerAddress(protocol, "127.0.0.1", port) for protocol in (Protocol.UDP, Protocol.TCP))
    monkeypatch.setattr(configuration_module, "machine_servers", lambda: both)
    async with serving(path) as server:
        await asyncio.sleep(0.05)
        query = dns.message.make_query("a.example", "A", use_edns=0)
        response = await dns.asyncquery.udp(query, "127.0.0.1", port=server.sockets[0].address[1], timeout=5)
        assert response.rcode() == 2
        assert [option.to_text() for option in response.options] == [
            "EDE 22 (No Reachable Authority): the route has no servers"
        ]
    assert caplog.messages == [
        f"127.0.0.1:{port} leads back to vpcdns itself: it is not asked",
        f"tcp://127.0.0.1:{port} leads back to vpcdns itself: it is not asked",
    ]


async def test_a_server_that_leads_back_is_found_by_what_it_says(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Another program asks us in its turn."""
    own = 0

    def relay(query: dns.message.Message) -> Replies:
        tasks.append(asyncio.ensure_future(relayed(query)))
        return None

    async def relayed(query: dns.message.Message) -> None:
        response = await dns.asyncquery.udp(query, "127.0.0.1", port=own, timeout=5)
        transport.sendto(response.wire or b"", ("127.0.0.1", network.udp_ports[0]))

    tasks: list[asyncio.Future[None]] = []
    async with serve(relay) as network:
        transport = network.transport
        path = file_for(tmp_path, "live", network.port)
        async with serving(path) as server:
            own = server.sockets[0].address[1]
            await asyncio.sleep(0.3)
            assert [str(query.question[0].name).lower() for query in network.over_udp] == ["instance.vpcdns.test."]
            assert caplog.messages == [f"127.0.0.1:{network.port} leads back to vpcdns itself: it is not asked"]
            query = dns.message.make_query("a.example", "A")
            assert (await dns.asyncquery.udp(query, "127.0.0.1", port=own, timeout=5)).rcode() == 2
    await asyncio.gather(*tasks)


def behaves(*records: str) -> Behaviour:
    return lambda query: [answer(query, *records).to_wire()]


@pytest.mark.parametrize(
    "behaviour",
    [silent, behaves(), behaves('instance.vpcdns.test. 0 TXT "0123456789abcdef"')],
    ids=["silent", "nothing", "another vpcdns"],
)
async def test_others_are_no_loop(tmp_path: Path, caplog: pytest.LogCaptureFixture, behaviour: Behaviour) -> None:
    async with serve(behaviour) as network, serving(file_for(tmp_path, "live", network.port)):
        await asyncio.sleep(0.05)
        assert len(network.over_udp) == 1
    assert "leads back" not in caplog.text


async def test_when_the_machine_goes_to_another_network_its_resolvers_are_asked_and_all_is_forgotten(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "proxy.app")
    path, resolv_conf = tmp_path / "vpcdns.yaml", tmp_path / "resolv.conf"
    path.write_text("listen: '127.0.0.1:0'\nupstream: {timeout: 1s}")

    async def ask(server: Server) -> str:
        host, port = server.sockets[0].address
        response = await dns.asyncquery.udp(dns.message.make_query("a.example", "A"), host, port=port, timeout=5)
        return str(response.answer[0][0])

    async with serve(behaves("a.example. 600 A 192.0.2.1")) as first, serve(behaves("a.example. 600 A 192.0.2.2")) as second:
        there: tuple[ServerAddress, ...] = (first.udp,)
        for module in (configuration_module, app_module):
            monkeypatch.setattr(module, "machine_servers", lambda: there)
        monkeypatch.setattr(app_module, "watch_resolvers", partial(watch_resolvers, path=resolv_conf, interval=0.01))
        source = find_source(str(path), {}, path.parent, path.parent, path.parent)
        async with Server(load(source), source, NO_OVERRIDES, follows=True) as server:
            assert await ask(server) == "192.0.2.1"
            digest = server.configuration.world.digest
            await asyncio.sleep(0.1)
            path.write_text("half a fi")
            there = (second.udp,)
            resolv_conf.write_text("nameserver 192.0.2.99")
            async with asyncio.timeout(10):
                while "resolvers have changed" not in caplog.text:
                    await asyncio.sleep(0.01)
            assert await ask(server) == "192.0.2.2"
            assert f"this machine's resolvers have changed: it now has {second.udp}" in caplog.messages
            assert server.configuration.world.digest == digest
            await asyncio.sleep(0.1)
            assert any(str(each.question[0].name).lower() == "instance.vpcdns.test." for each in second.over_udp), (
                "it is probed"
            )


def test_all_servers_of_the_internet_are_looked_at() -> None:
    world = world_of("""
        upstream: {servers: [192.0.2.1, 192.0.2.2], domains: {corp.example: 192.0.2.3}}
        vpcs: {a: {cidr: 10.0.0.0/16}}
        resolver_rules: [{name: onprem, domain: onprem.example, type: forward, targets: [192.0.2.9], vpcs: [a]}]
        """)
    assert [server.host for server in servers_of(world)] == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]


async def test_of_several_processes_the_first_writes_what_was_replied(tmp_path: Path) -> None:
    plan = plan_of(file_for(tmp_path, "live", 9, f"cache: {{file: '{tmp_path / 'kept'}'}}\n"))
    for part, there in ((Part.FURTHER, False), (Part.FIRST, True)):
        reach = Reach(plan, part=part)
        await reach.open()
        await reach.close()
        assert (tmp_path / "kept").exists() is there


@pytest.mark.parametrize("part", [Part.FIRST, Part.FURTHER])
async def test_of_several_processes_none_records(tmp_path: Path, part: Part) -> None:
    live, record = plan_of(file_for(tmp_path, "live", 9)), plan_of(file_for(tmp_path, "record", 9))
    with pytest.raises(FileError, match="one process"):
        await Reach(record, part=part).open()
    reach = Reach(live, part=part)
    await reach.open()
    with pytest.raises(FileError, match="one process"):
        await reach.adopt(record)
    await reach.close()


async def test_a_full_cassette_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    reach = Reach(plan_of(file_for(tmp_path, "record", 9)))
    await reach.open()
    reach.cassette = Cassette({}, most=0)
    reach.cassette.record(Ask(Route((), 1.0), Name.from_text("a.example"), 1), Reply(0))
    await reach.close()
    [told] = caplog.messages
    assert told.startswith(f"{tmp_path / 'answers.yaml'} is full, and lacks what came later (1 times)")


def plan_of(path: Path) -> Plan:
    return load(find_source(str(path), {}, path.parent, path.parent, path.parent)).plan
