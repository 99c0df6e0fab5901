"""Recording what the network says, and living without it (`mode: record`, `mode: replay`)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import dns.asyncquery
import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from proxy import reach as reach_module
from proxy.app import Server
from proxy.reach import FileError, replace_file
from tests.test_reach import file_for, serving
from tests.upstream.servers import Replies, answer, framed, serve, silent

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
    ("odd.example", "SVCB"): ("NOERROR", ['odd.example. 60 SVCB 1 s.example. alpn="dot"', "odd.example. 60 SVCB 2 t."], []),
    ("odd.example", "OPENPGPKEY"): ("NOERROR", ["odd.example. 60 OPENPGPKEY mDMEXEcE6RYJKwYBBAHaRw8BAQdAICAgICA="], []),
    ("odd.example", "NSEC3"): ("NOERROR", ["odd.example. 60 NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG"], []),
    ("odd.example", "ANY"): ("NOERROR", ["odd.example. 60 A 192.0.2.1", 'odd.example. 9 HINFO "RFC8482" ""'], []),
    ("gone.example", "A"): ("NXDOMAIN", ["gone.example. 60 CNAME www.gone.org."], ["org. 900 SOA ns.org. h.org. 1 2 3 4 600"]),
    ("moved.example", "CNAME"): ("NOERROR", ["moved.example. 0 CNAME www.example."], []),
    ("a.tree.example", "A"): ("NOERROR", [
        "tree.example. 60 DNAME wood.org.", "a.tree.example. 60 CNAME a.wood.org.", "a.wood.org. 60 A 192.0.2.1",
    ], []),
    ("far.example", "A"): ("NOERROR", ["far.example. 86400 A 192.0.2.1"], []),
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


async def test_what_was_recorded_is_what_was_said(tmp_path: Path) -> None:
    """Both equal runs might have been wrong alike: every record of `ZONE` is in the answer, TTL included."""
    async with (
        serve(internet, framed(internet_over_tcp)) as network,
        serving(file_for(tmp_path, "record", network.port)) as server,
    ):
        host, port = server.sockets[0].address
        for (name, kind), (rcode, records, _) in ZONE.items():
            query = dns.message.make_query(name, kind)
            response = await dns.asyncquery.tcp(query, host, port=port, timeout=10)
            assert dns.rcode.to_text(response.rcode()) == rcode, name
            if records:
                assert texts(response) == texts(dns.message.from_wire(answer(query, *records).to_wire(max_size=65535))), name


def texts(message: dns.message.Message) -> list[str]:
    return sorted(line.lower() for each in message.answer for line in each.to_text().splitlines())


TWO_VPCS = """\
listen: [{{address: "127.0.0.1:0", view: a}}, {{address: "127.0.0.1:0", view: b}}, {{address: "127.0.0.1:0", view: internet}}]
vpcs: {{a: {{cidr: 10.0.0.0/16}}, b: {{cidr: 10.1.0.0/16}}}}
resolver_rules:
  - {{domain: corp.example, type: forward, targets: ["127.0.0.1:{a}"], vpcs: [a]}}
  - {{domain: corp.example, type: forward, targets: ["127.0.0.1:{b}"], vpcs: [b]}}
upstream: {{servers: ["127.0.0.1:{c}"], domains: {{lab.example: "127.0.0.1:{a}"}}, mode: {mode}, cassette: '{cassette}'}}
"""


async def test_each_view_and_each_upstream_has_its_own(tmp_path: Path) -> None:
    def from_here(query: dns.message.Message, last: int) -> Replies:
        return [answer(query, f"{query.question[0].name} 60 A 192.0.2.{last}").to_wire()]

    async def ask(server: Server) -> list[str]:
        found = []
        for listener in server.sockets:
            for name in ("x.corp.example", "x.lab.example", "x.test.example"):
                query = dns.message.make_query(name, "A")
                response = await dns.asyncquery.udp(query, listener.address[0], port=listener.address[1], timeout=5)
                found.append(response.answer[0][0].to_text()[-1])
        return found

    path, cassette = tmp_path / "vpcdns.yaml", tmp_path / "answers.yaml"
    async with (
        serve(lambda query: from_here(query, 1)) as a,
        serve(lambda query: from_here(query, 2)) as b,
        serve(lambda query: from_here(query, 3)) as c,
    ):
        ports = {"a": a.port, "b": b.port, "c": c.port}
        path.write_text(TWO_VPCS.format(**ports, mode="record", cassette=cassette))
        async with serving(path) as server:
            recorded = await ask(server)
    assert "".join(recorded) == "113" + "213" + "313"
    assert cassette.read_text().count("x.corp.example A:") == 3
    path.write_text(TWO_VPCS.format(**ports, mode="replay", cassette=cassette))
    async with serving(path) as server:
        assert await ask(server) == recorded


async def test_that_nobody_replied_is_replayed_too(tmp_path: Path) -> None:
    async def ask(server: Server) -> bytes:
        host, port = server.sockets[0].address
        query = dns.message.make_query("dead.example", "A", use_edns=0, id=7)
        return (await dns.asyncquery.udp(query, host, port=port, timeout=10)).wire or b""

    async with serve(silent) as network, serving(file_for(tmp_path, "record", network.port)) as server:
        recorded = await ask(server)
    assert b"gave no reply within 1 s" in recorded
    async with serving(file_for(tmp_path, "replay", network.port)) as server:
        assert await ask(server) == recorded


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
        file_for(tmp_path, "replay", network.port, cassette="nonsense.yaml")
        (tmp_path / "nonsense.yaml").write_text("nonsense")
        await server.reload_and_log()
        assert "the old one stays in force" in caplog.text
        assert await ask(server, "b.example") == 0
        file_for(tmp_path, "replay", network.port, cassette="empty.yaml")
        (tmp_path / "empty.yaml").write_text("format: 1")
        await server.reload()
        assert await ask(server, "a.example") == 5
        file_for(tmp_path, "replay", network.port)
        await server.reload()
        assert "1 question was not in" in caplog.text
        asked = len(network.over_udp)
        assert [await ask(server, name) for name in ("a.example", "b.example")] == [0, 0], "all that was recorded before"
        assert len(network.over_udp) == asked
        file_for(tmp_path, "record", network.port)
        await server.reload()
        assert await ask(server, "c.example") == 0


async def test_what_comes_while_the_file_is_written_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end must not overtake a write that is under way: the older one would be the last."""
    begun, go_on, written = threading.Event(), threading.Event(), threading.Event()

    def slow(path: Path, octets: bytes) -> None:
        first = not begun.is_set()
        if first:
            begun.set()
            assert go_on.wait(20)
        replace_file(path, octets)
        if first:
            written.set()

    def good(query: dns.message.Message) -> Replies:
        return [answer(query, f"{query.question[0].name} 60 A 192.0.2.1").to_wire()]

    monkeypatch.setattr(reach_module, "replace_file", slow)
    monkeypatch.setattr(reach_module, "SAVE_SECONDS", 0.01)
    async with serve(good) as network, serving(file_for(tmp_path, "record", network.port)) as server:
        host, port = server.sockets[0].address
        await dns.asyncquery.udp(dns.message.make_query("a.example", "A"), host, port=port, timeout=5)
        assert await asyncio.to_thread(begun.wait, 20)
        await dns.asyncquery.udp(dns.message.make_query("b.example", "A"), host, port=port, timeout=5)
        asyncio.get_running_loop().call_later(1.0, go_on.set)
    assert await asyncio.to_thread(written.wait, 20)
    assert "b.example A" in (tmp_path / "answers.yaml").read_text()
