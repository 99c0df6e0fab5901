"""Recording what the network says and living without it; replies that outlive a run; servers that lead back here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
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
from proxy.configuration import NO_OVERRIDES, load
from proxy.host.resolvers import watch_resolvers
from proxy.model.answers import Protocol, ServerAddress
from proxy.reach import FileError, replace_file, servers_of
from proxy.source import find_source
from tests.upstream.servers import Behaviour, Replies, answer, framed, serve, silent
from tests.worlds import world_of

# What servers may say of a name, one question each; among it what no library here knows.
ZONE: dict[tuple[str, str], tuple[str, list[str], list[str]]] = {
    ("www.example", "A"): ("NOERROR", ["www.example. 300 CNAME W.Example.", *(f"w.example. 60 A 192.0.2.{n}" for n in "12")], []),
    ("big.example", "TXT"): ("NOERROR", [f'big.example. 60 TXT "{number:03} {"x" * 200}"' for number in range(20)], []),
    ("nope.example", "A"): ("NXDOMAIN", [], ["example. 900 SOA ns.example. h.example. 1 2 3 4 5"]),
    ("empty.example", "AAAA"): ("NOERROR", [], ["example. 900 SOA ns.example. h.example. 1 2 3 4 5"]),
    ("odd.example", "TYPE65280"): ("NOERROR", ["odd.example. 60 TYPE65280 \\# 4 00ff41c0"], []),
    ("odd.example", "NULL"): ("NOERROR", ["odd.example. 60 NULL \\# 3 c00c00"], []),
    ("odd.example", "LOC"): ("NOERROR", ["odd.example. 60 LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m"], []),
    ("odd.example", "HTTPS"): ("NOERROR", ['odd.example. 60 HTTPS 1 . alpn="h2,h3" ipv4hint="192.0.2.1" key65400="a\\009b"'], []),
    ("odd.example", "NAPTR"): ("NOERROR", ['odd.example. 60 NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:a@b!" .'], []),
    ("odd.example", "TXT"): ("NOERROR", ['odd.example. 60 TXT "" "a\\"b\\\\c" "\\255\\000"'], []),
    ("odd.example", "SRV"): ("NOERROR", ["odd.example. 60 SRV 0 0 0 ."], []),
    ("odd.example", "APL"): ("NOERROR", ["odd.example. 60 APL 1:192.0.2.0/24 !2:2001:db8::/32"], []),
    ("odd.example", "HIP"): ("NOERROR", ["odd.example. 60 HIP 2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNu rvs.example."], []),
    ("odd.example", "DS"): ("NOERROR", ["odd.example. 60 DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"], []),
    ("odd.example", "CAA"): ("NOERROR", ['odd.example. 60 CAA 128 issue "ca.example; a=b"'], []),
    ("odd.example", "MX"): ("NOERROR", ["odd.example. 60 MX 10 a.odd.example.", "odd.example. 60 MX 20 MIXED.odd.example."], []),
    ("two.example", "A"): ("NOERROR", ["two.example. 60 A 192.0.2.1", "two.example. 61 A 192.0.2.2"], []),
    ("_1\\.2\\0323.example", "A"): ("NOERROR", ["_1\\.2\\0323.example. 60 A 192.0.2.1"], []),
    ("refused.example", "A"): ("REFUSED", [], []),
    ("broken.example", "A"): ("SERVFAIL", [], []),
}  # fmt: skip


def internet(query: dns.message.Message) -> Replies:
    """A server that knows `ZONE`, and cuts what does not fit."""
    question = query.question[0]
    key = str(question.name).lower().removesuffix("."), dns.rdatatype.to_text(question.rdtype)
    if key not in ZONE:
        return None
    rcode, records, authority = ZONE[key]
    response = answer(query, *records, rcode=rcode)
    for record in authority:
        owner, ttl, kind, data = record.split(" ", 3)
        response.authority.append(dns.rrset.from_text(owner, int(ttl), "IN", kind, data))
    whole = response.to_wire(max_size=65535)
    if len(whole) <= 1232:
        return [whole]
    response.answer.clear()
    response.flags |= dns.flags.TC
    return [response.to_wire()]


def internet_over_tcp(query: dns.message.Message) -> Replies:
    question = query.question[0]
    records = ZONE[str(question.name).lower().removesuffix("."), dns.rdatatype.to_text(question.rdtype)][1]
    return [answer(query, *records).to_wire(max_size=65535)]


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator[Server]:
    source = find_source(str(path), {}, path.parent, path.parent, path.parent)
    async with Server(load(source), source, NO_OVERRIDES) as server:
        yield server


async def packets(server: Server, *, letters: Callable[[str], str] = str) -> list[bytes]:
    """The answer to each question of `ZONE`, octet by octet, over TCP and UDP; the id is always the same."""
    host, port = server.sockets[0].address
    found = []
    for name, kind in ZONE:
        for edns in (False, 0):
            query = dns.message.make_query(letters(name), kind, use_edns=edns, payload=1232, id=7)
            for ask in (dns.asyncquery.udp, dns.asyncquery.tcp):
                response = await ask(query, host, port=port, timeout=10)
                found.append(response.wire or b"")
    return found


def file_for(folder: Path, mode: str, port: int, more: str = "") -> Path:
    path = folder / "vpcdns.yaml"
    path.write_text(
        f"listen: '127.0.0.1:0'\ndefault_view: internet\nvpcs: {{}}\n"
        f"upstream: {{servers: ['127.0.0.1:{port}'], mode: {mode}, cassette: '{folder / 'answers.yaml'}', timeout: 1s}}\n"
        f"quirks: {{answer_order: fixed}}\n{more}"
    )
    return path


async def test_what_was_recorded_is_replayed_packet_by_packet(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with serve(internet, framed(internet_over_tcp)) as network:
        fresh = "cache: {entries: 0}\n"  # or TTLs count down while they are recorded
        async with serving(file_for(tmp_path, "record", network.port, fresh)) as server:
            recorded = await packets(server)
        asked = len(network.over_udp) + len(network.over_tcp)
        assert asked > len(ZONE)
        text = (tmp_path / "answers.yaml").read_text()
        async with serving(file_for(tmp_path, "replay", network.port)) as server:
            assert await packets(server) == recorded
            assert await packets(server, letters=str.upper) != recorded, (
                "the question's letters come back as they were asked"
            )
            again = await packets(server)
        assert again == recorded, "for ever: no TTL counts down"
        assert len(network.over_udp) + len(network.over_tcp) == asked, "nobody was asked"
    assert (tmp_path / "answers.yaml").read_text() == text
    assert "127.0.0.1" not in text.replace(f'"127.0.0.1:{network.port}":', "")
    assert "not in" not in caplog.text


async def test_recording_again_changes_only_what_has_changed(tmp_path: Path) -> None:
    ttl, address = 300, "192.0.2.1"

    def changing(query: dns.message.Message) -> Replies:
        name = query.question[0].name
        return [answer(query, f"{name} {ttl} A {address}").to_wire()]

    async def ask_both(port: int) -> str:
        async with serving(file_for(tmp_path, "record", port)) as server:
            host, own = server.sockets[0].address
            for name in ("a.example", "b.example"):
                await dns.asyncquery.udp(dns.message.make_query(name, "A"), host, port=own, timeout=5)
        return (tmp_path / "answers.yaml").read_text()

    async with serve(changing) as network:
        first = await ask_both(network.port)
        ttl = 17
        assert await ask_both(network.port) == first
        address = "192.0.2.7"
        second = await ask_both(network.port)
    assert second == first.replace("192.0.2.1", "192.0.2.7").replace(" 300 ", " 17 ")


async def test_what_is_missing_is_refused_with_a_reason_and_listed_at_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "answers.yaml").write_text("format: 1\n")
    async with serving(file_for(tmp_path, "replay", 9)) as server:
        host, port = server.sockets[0].address
        for name in ("b.example", "a.example", "b.example"):
            query = dns.message.make_query(name, "A", use_edns=0)
            response = await dns.asyncquery.udp(query, host, port=port, timeout=5)
            assert response.rcode() == 5
            [option] = response.options
            assert isinstance(option, dns.edns.EDEOption)
            assert (option.code, option.text) == (15, f"{name} A from 127.0.0.1:9 is not in the cassette (mode: replay)")
    assert caplog.messages == [
        f"2 questions were not in {tmp_path / 'answers.yaml'}, and refused; record them with mode: record:\n"
        "  a.example A from 127.0.0.1:9\n  b.example A from 127.0.0.1:9"
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "there is no cassette"),
        ("format: 2", "answers.yaml:1:1: format: 2 is no choice here"),
        ("", "format is missing"),
    ],
)
async def test_a_cassette_that_is_not_good_is_no_start(tmp_path: Path, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / "answers.yaml").write_text(text)
    with pytest.raises(FileError, match=says):
        async with serving(file_for(tmp_path, "replay", 9)):
            pass


async def test_a_cassette_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "answers.yaml").mkdir()
    with pytest.raises(FileError, match=r"cannot read the cassette .*: Is a directory"):
        async with serving(file_for(tmp_path, "record", 9)):
            pass


async def test_a_reload_goes_from_one_to_the_other_or_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def ask(server: Server, name: str) -> int:
        host, port = server.sockets[0].address
        response = await dns.asyncquery.udp(dns.message.make_query(name, "A"), host, port=port, timeout=5)
        return response.rcode()

    def good(query: dns.message.Message) -> Replies:
        return [answer(query, f"{query.question[0].name} 60 A 192.0.2.1").to_wire()]

    async with serve(good) as network, serving(file_for(tmp_path, "record", network.port)) as server:
        assert await ask(server, "a.example") == 0
        file_for(tmp_path, "replay", network.port)
        (tmp_path / "answers.yaml").write_text("nonsense")
        await server.reload_and_log()
        assert "the old one stays in force" in caplog.text
        assert await ask(server, "b.example") == 0
        (tmp_path / "answers.yaml").write_text("format: 1")
        await server.reload()
        assert await ask(server, "a.example") == 5
        file_for(tmp_path, "record", network.port)
        await server.reload()
        assert "1 questions were not in" in caplog.text
        assert await ask(server, "a.example") == 0


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
