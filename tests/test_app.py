"""A running server: start, reload, stop, with real sockets on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import patch

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import pytest

from proxy.app import ListenError, Server
from proxy.configuration import NO_OVERRIDES, Overrides, load
from proxy.querylog import QueryLogError
from proxy.settings.problems import ConfigError
from proxy.settings.shape import ListenSetting, UpstreamSetting
from proxy.source import find_source
from tests.upstream.servers import framed, says, serve

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


async def test_over_its_bound_a_client_gets_no_reply(file: Path) -> None:
    file.write_text(BEFORE + "limits: {packets_per_second: 1024}\n")
    async with serving(file) as server:
        flow = server.engine.flow
        asked = [dns.message.make_query("www.example.com", "A", id=number) for number in range(2000)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            client.setblocking(False)
            client.connect(server.sockets[0].address)
            with (
                patch.object(server.engine, "_now", lambda: 5.0),  # a second that lasts, however slow the machine is
                patch.object(server.sockets[0].door, "now", lambda: 5.0),
            ):
                for number, query in enumerate(asked):
                    client.send(query.to_wire())
                    if number % 50 == 0:
                        await asyncio.sleep(0.001)
                while server.engine.dropped < 976:
                    await asyncio.sleep(0.01)
            replies = set()
            with contextlib.suppress(BlockingIOError):
                while True:
                    replies.add(client.recv(4096)[:2])
            assert len(replies) == 1024
        file.write_text(BEFORE + "limits: {packets_per_second: 1024, tcp_connections: 5}\n")
        await server.reload()
        assert server.engine.flow is flow
        file.write_text(BEFORE)
        await server.reload()
        assert server.engine.flow is None


async def test_the_bound_of_answers_is_taken_at_a_reload_and_told_in_the_sums(file: Path) -> None:
    async with serving(file) as server:
        assert server.engine.rate is None
        file.write_text(BEFORE + "limits: {responses_per_second: 3}\n")
        await server.reload()
        rate = server.engine.rate
        host, port = server.sockets[0].address
        door = server.sockets[0].door
        with patch.object(server.engine, "_now", lambda: 5.0), patch.object(door, "now", lambda: 5.0):
            query = dns.message.make_query("www.example.com", "A")
            answers = [await dns.asyncquery.udp(query, host, port=port, timeout=5) for _ in range(4)]
            assert [bool(each.flags & dns.flags.TC) for each in answers] == [False] * 3 + [True]
            assert (await dns.asyncquery.tcp(query, host, port=port, timeout=5)).answer == answers[0].answer
        assert server.counts().packets.limited == 1
        file.write_text(BEFORE + "limits: {responses_per_second: 3, tcp_connections: 5}\n")
        await server.reload()
        assert server.engine.rate is rate


# The query log


def logging_to(path: Path, form: str = "text") -> str:
    return BEFORE + f"query_log: {{path: {path}, format: {form}}}\n"


async def test_every_query_is_logged_until_the_server_has_stopped(file: Path, tmp_path: Path) -> None:
    file.write_text(logging_to(tmp_path / "log", "json"))
    async with serving(file) as server:
        await addresses(server)
        await addresses(server, 1)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [(line["view"], line["transport"], line["name"]) for line in lines] == [
        (view, transport, "www.example.com.") for view in ("a", "internet") for transport in ("UDP", "TCP")
    ]
    assert [line["answers"][0]["data"] for line in lines] == ["10.0.5.10"] * 2 + ["203.0.113.10"] * 2


async def test_asked_twice_within_its_ttl_route_53_has_one_line(file: Path, tmp_path: Path) -> None:
    file.write_text(logging_to(tmp_path / "log", "route53"))
    async with serving(file) as server:
        for _ in range(2):
            await addresses(server)
        await addresses(server, 1)
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert json.loads(line)["answers"] == [{"Rdata": "10.0.5.10", "Type": "A", "Class": "IN"}]


async def test_a_reload_takes_another_log_or_none_and_opens_the_same_one_anew(file: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    file.write_text(logging_to(first))
    async with serving(file) as server:
        await addresses(server)
        file.write_text(logging_to(second))
        await server.reload()
        await addresses(server)
        assert len(first.read_text().splitlines()) == 2
        second.rename(tmp_path / "moved")
        await server.reload()
        await addresses(server)
        file.write_text("nonsense: 1")
        await server.reload_and_log()
        file.write_text(BEFORE)
        await server.reload()
        assert server.engine.observe is None
        await addresses(server)
    assert len((tmp_path / "moved").read_text().splitlines()) + len(second.read_text().splitlines()) == 4
    assert len(first.read_text().splitlines()) == 2


async def test_a_log_that_cannot_be_opened_stops_the_start_and_refuses_a_reload(
    file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(file) as server:
        file.write_text(logging_to(tmp_path / "nowhere" / "log").replace("10.0.5.10", "10.0.5.11"))
        await server.reload_and_log()
        assert await addresses(server) == ["10.0.5.10"]
        assert "the old one stays in force: cannot write the query log" in caplog.text
    with pytest.raises(QueryLogError, match="No such file or directory"):
        async with serving(file):
            pytest.fail("it started")


async def test_when_an_address_is_taken_the_log_is_not_left_open(file: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.2", 0))
        taken.listen()
        text = logging_to(tmp_path / "log").replace("127.0.0.2:0", f"127.0.0.2:{taken.getsockname()[1]}")
        file.write_text(text)
        with pytest.raises(ListenError):
            async with serving(file):
                pytest.fail("it started")
        file.write_text(BEFORE)
        async with serving(file) as server:
            file.write_text(text)
            with pytest.raises(ListenError):
                await server.reload()
            assert [thread for thread in threading.enumerate() if thread.name == "query log"] == []


async def test_a_change_of_the_file_is_seen(file: Path) -> None:
    async with serving(file, watched=True) as server:
        await asyncio.sleep(0.1)
        file.write_text(BEFORE.replace("10.0.5.10", "10.0.5.12"))
        for _ in range(100):
            await asyncio.sleep(0.1)
            if await udp(server, "www.example.com") == ["10.0.5.12"]:
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


RULE = """
listen: [{address: "127.0.0.1:0", view: a}]
upstream: {mode: off}
vpcs: {a: {cidr: 10.0.0.0/16}}
private_zones: [{name: example.com, vpcs: [a], records: {www: 10.0.5.10}}]
resolver_rules: [{name: onprem, domain: example.com, type: forward, targets: [192.168.9.9], vpcs: [a]}]
simulated_servers: {192.168.9.9: {records: {www.example.com: {A: 192.168.7.8, ttl: 100}}}}
"""


async def test_a_rule_that_is_gone_is_gone_after_a_reload(file: Path) -> None:
    file.write_text(RULE)
    async with serving(file) as server:
        assert await addresses(server) == ["192.168.7.8"]
        file.write_text(RULE.replace("vpcs: [a]}]\nsimulated", "vpcs: []}]\nsimulated"))
        await server.reload()
        assert await addresses(server) == ["10.0.5.10"]


PRIVATE_DNS = """
listen: [{address: "127.0.0.1:0", view: a}]
upstream: {mode: off}
region: us-east-1
vpcs: {a: {endpoints: {k: {service: kms, id: vpce-0a-1, private_dns: true, addresses: [10.0.1.50, 10.0.2.50]}}}}
public_records: {kms.us-east-1.amazonaws.com: 198.51.100.20}
"""


async def test_private_dns_that_is_turned_off_gives_the_name_back(file: Path) -> None:
    file.write_text(PRIVATE_DNS)
    service, own = "kms.us-east-1.amazonaws.com", "vpce-0a-1.kms.us-east-1.vpce.amazonaws.com"
    async with serving(file) as server:
        assert sorted(await udp(server, service)) == ["10.0.1.50", "10.0.2.50"]
        file.write_text(PRIVATE_DNS.replace("private_dns: true", "private_dns: false"))
        await server.reload()
        assert await udp(server, service) == ["198.51.100.20"]
        assert sorted(await udp(server, own)) == ["10.0.1.50", "10.0.2.50"]


async def udp(server: Server, name: str) -> list[str]:
    host, port = server.sockets[0].address
    answer = await dns.asyncquery.udp(dns.message.make_query(name, "A"), host, port=port, timeout=5)
    return [record.to_text() for found in answer.answer for record in found]


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_rules_forward_to_real_servers_and_to_the_inbound_endpoint_of_another_vpc(tmp_path: Path) -> None:
    inbound, dead = free_port(), free_port()
    async with serve(says("h.corp.example. 60 A 192.168.7.7"), framed(says("h.corp.example. 60 A 192.168.7.7"))) as corp:
        path = tmp_path / "vpcdns.yaml"
        path.write_text(f"""
listen: [{{address: "127.0.0.1:0", view: spoke}}]
upstream: {{mode: off}}
vpcs:
  hub: {{inbound_endpoints: {{in: {{listen: "127.0.0.1:{inbound}"}}}}}}
  spoke: {{}}
private_zones: [{{name: hub.example, vpcs: [hub], records: {{www: 10.0.5.10}}}}]
resolver_rules:
  - {{domain: corp.example, targets: ["127.0.0.1:{dead}", "127.0.0.1:{corp.port}"], vpcs: [hub]}}
  - {{domain: example, targets: ["127.0.0.1:{inbound}"], vpcs: [spoke]}}
""")
        async with serving(path) as server:
            assert await addresses(server, name="www.hub.example") == ["10.0.5.10"]
            assert await addresses(server, name="h.corp.example") == ["192.168.7.7"]


async def test_a_reply_is_never_answered_over_tcp_and_its_connection_serves_the_next_query(file: Path) -> None:
    reply, query = (dns.message.make_query("www.example.com", "A", id=number) for number in (1, 2))
    reply.flags |= dns.flags.QR
    async with serving(file) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].address)
        with contextlib.closing(writer):
            for message in (reply, query):
                writer.write(message.to_wire(prepend_length=True))
            writer.write_eof()
            octets = await asyncio.wait_for(reader.read(), 20)  # all that ever comes
    assert int.from_bytes(octets[:2], "big") == len(octets) - 2
    answer = dns.message.from_wire(octets[2:])
    assert answer.id == 2
    assert answer.answer


async def test_a_vpc_without_dns_support_is_silent_over_udp_and_tcp(file: Path) -> None:
    file.write_text(BEFORE.replace("vpcs: {a: {", "vpcs: {a: {enable_dns_support: false, "))
    async with serving(file) as server:
        host, port = server.sockets[0].address
        query = dns.message.make_query("www.example.com", "A")
        for way in (dns.asyncquery.udp, dns.asyncquery.tcp):
            with pytest.raises(dns.exception.Timeout):
                await way(query, host, port=port, timeout=0.3)
        assert await addresses(server, 1) == ["203.0.113.10"]


async def test_listeners_at_any_free_port_are_told_from_one_another_by_their_views(file: Path) -> None:
    file.write_text(BEFORE.replace("127.0.0.2:0", "127.0.0.1:0"))
    async with serving(file) as server:
        before = [socket.address for socket in server.sockets]
        file.write_text(file.read_text().replace("10.0.5.10", "10.0.5.11"))
        await server.reload()
        assert [socket.address for socket in server.sockets] == before
        assert [await addresses(server, place) for place in (0, 1)] == [["10.0.5.11"], ["203.0.113.10"]]
