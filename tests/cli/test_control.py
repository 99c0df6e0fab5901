"""`vpcdns reload`, `stats`, `records` and `health`: a running server, told and asked."""

from __future__ import annotations

import http.server
import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import pytest

from tests.cli.programs import Ran, Serving, serving, vpcdns

WORLD = """\
listen: [{address: "127.0.0.1:0", view: a}, {address: "127.0.0.1:0", view: internet}]
upstream: {mode: off}
vpcs: {a: {cidr: 10.0.0.0/16}, b: {}}
private_zones:
  - name: example.com
    id: Z0A
    vpcs: [a]
    records:
      www: {A: 10.0.5.10, TXT: one, ttl: 60}
      app:
        - {id: blue, A: 10.0.8.1, AAAA: "fd00::1", failover: primary, ttl: 60, health: up}
        - {id: green, A: 10.0.8.2, failover: secondary}
      pool: [{id: one, A: 10.0.7.1, multivalue: true}]
      home: {alias: www.example.com}
  - {name: sub.example.com, vpcs: [a], records: {}}
  - {name: sub.example.com, vpcs: [b], records: {}}
  - {name: nowhere.example, records: {}}
public_zones: [{name: example.com, records: {www: 203.0.113.10}}]
public_records: {www.example.net: 203.0.113.11}
"""
ZONE = "example.com (a)"


class Running:
    """A server, and the verbs at it."""

    def __init__(self, server: Serving, file: Path) -> None:
        self.server = server
        self.file = file
        found = re.search(r"control API: http://(\S+)", server.wait_for("try: "))
        assert found is not None
        self.address = found[1]

    def __call__(self, *arguments: object) -> Ran:
        verb, *rest = arguments
        return vpcdns("-c", self.file, verb, "--admin", self.address, *rest)

    def addresses(self, name: str, view: int = 0) -> list[str]:
        answer = dns.query.udp(dns.message.make_query(name, "A"), "127.0.0.1", port=self.server.ports[view], timeout=5)
        return [record.to_text() for found in answer.answer for record in found]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("control")
    file = folder / "vpcdns.yaml"
    file.write_text(WORLD)
    with serving("-c", file, "serve", "--no-watch", VPCDNS_ADMIN="127.0.0.1:0", XDG_RUNTIME_DIR=str(folder)) as server:
        yield Running(server, file)


@pytest.fixture
def running(started: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(started.file.parent))
    for name in ("VPCDNS_TOKEN", "VPCDNS_ADMIN"):
        monkeypatch.delenv(name, raising=False)
    yield started
    started.file.write_text(WORLD)
    assert started("reload").status == 0


def test_the_record_sets(running: Running) -> None:
    ran = running("records")
    assert (ran.status, ran.err) == (0, "9 record sets\n")
    lines = [re.split(r"\s{2,}", line) for line in ran.out.splitlines()]
    assert lines[0] == ["NAME", "TYPE", "TTL", "VALUES", "POLICY", "ZONE"]
    assert ["www.example.com", "A", "60", "10.0.5.10", "-", ZONE] in lines
    assert ["app.example.com", "A", "60", "10.0.8.1", "blue: failover primary, up", ZONE] in lines
    assert ["pool.example.com", "A", "-", "10.0.7.1", "one: multivalue", ZONE] in lines
    assert ["home.example.com", "A", "-", "alias www.example.com", "-", ZONE] in lines
    assert ["www.example.net", "A", "-", "203.0.113.11", "-", "public_records (internet)"] in lines


def test_some_of_them(running: Running) -> None:
    for arguments, number in [
        (["www.example.com"], 3),
        (["list", "www.example.com.", "a"], 2),
        (["www.example.com", "--view", "a"], 2),
        (["--zone", "Z0A", "--id", "blue"], 2),
    ]:
        ran = running("records", *arguments, "--json")
        assert (ran.status, ran.err, len(json.loads(ran.out)["record_sets"])) == (0, "", number), arguments
    ran = running("records", "nope.example.com")
    assert ran == (1, "", "there is no such record set\n")


def test_a_name_has_other_values_until_the_next_reload(running: Running) -> None:
    ran = running("records", "set", "www.example.com", "a", "10.0.5.11", "10.0.5.12", "--view", "a")
    assert ran == (0, "view a: ~ example.com (private zone)\n", "until the next reload: the file is as it was\n")
    assert sorted(running.addresses("www.example.com")) == ["10.0.5.11", "10.0.5.12"]
    listed = running("records", "www.example.com", "--view", "a")
    assert "10.0.5.11, 10.0.5.12" in listed.out
    assert " 60 " in listed.out, "the TTL is what it was"
    assert " one " in listed.out, "and so are the other types"
    assert "changed until the next reload: example.com: www.example.com." in listed.err
    ran = running("reload")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[1:] == [
        "  view a: ~ example.com (private zone)",
        "  as in the file again: example.com: www.example.com.",
    ]
    assert running.addresses("www.example.com") == ["10.0.5.10"]
    assert running("reload").out.endswith(": nothing changed\n")


def test_the_zone_is_the_longest_that_holds_a_name(running: Running) -> None:
    for name, options, place, address in [
        ("new.sub.example.com", ["--view", "a"], 0, "10.0.0.1"),
        ("new.example.com", ["--zone", "Z0A"], 0, "10.0.0.2"),
        ("www.example.com", ["--view", "internet"], 1, "203.0.113.12"),
        ("www.example.net", ["--zone", "public_records", "--ttl", "5m"], 1, "203.0.113.13"),
    ]:
        assert running("records", "set", name, "A", address, *options).status == 0
        assert running.addresses(name, place) == [address]
    assert running("records", "set", "x.nowhere.example", "A", "10.0.0.1").status == 0


def test_of_several_record_sets_the_id_says_which(running: Running) -> None:
    assert running("records", "set", "app.example.com", "A", "10.0.9.1", "--id", "blue", "--view", "a").status == 0
    [changed] = json.loads(running("records", "app.example.com", "A", "--id", "blue", "--json").out)["record_sets"]
    assert (changed["values"], changed["ttl"]) == (["10.0.9.1"], 60)
    assert changed["routing"] == {"id": "blue", "failover": "primary", "health": "up"}
    assert running("records", "set", "pool.example.com", "A", "10.0.7.2", "--id", "one", "--view", "a").status == 0
    assert running.addresses("pool.example.com") == ["10.0.7.2"]
    assert running("records", "delete", "app.example.com", "A", "--id", "blue", "--view", "a").status == 0
    assert running.addresses("app.example.com") == ["10.0.8.2"]
    assert running("records", "delete", "app.example.com", "--view", "a").status == 0
    assert running.addresses("app.example.com") == []
    ran = running("records", "delete", "app.example.com", "--view", "a")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("example.com has no record app.example.com.")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["records", "sett"], "sett is nothing to do (did you mean set?)"),
        (["records", "set", "www.example.com", "A"], "write vpcdns records set NAME TYPE VALUE..."),
        (["records", "delete"], "write vpcdns records delete NAME [TYPE]"),
        (["records", "www.example.com", "A", "b"], "write vpcdns records [list] [NAME [TYPE]]"),
        (["records", "set", "app.example.com", "A", "1.2.3.4", "--view", "a"], "is several record sets: blue, green"),
        (["records", "set", "app.example.com", "A", "1.2.3.4", "--view", "a", "--id", "red"], "has no record set red"),
        (["records", "set", "x.sub.example.com", "A", "1.2.3.4"], "2 zones hold x.sub.example.com.: "),
        (["records", "set", "www.example.com", "A", "1.2.3.4"], "2 zones hold www.example.com.: Z0A in a; example.com in"),
        (["records", "set", "x.example.org", "A", "1.2.3.4"], "no zone holds x.example.org. (did you mean example.com.?)"),
        (["health", "sit"], "sit is nothing to do (did you mean set?)"),
        (["health", "set", "app.example.com", "blue", "upp"], "write vpcdns health set NAME ID up, or down"),
        (["health", "app.example.com", "blue"], "write vpcdns health [list] [NAME]"),
    ],
)
def test_a_wrong_usage_is_told(running: Running, arguments: list[str], told: str) -> None:
    ran = running(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert told in ran.err


def test_what_is_wrong_with_a_change_is_told_as_check_does(running: Running) -> None:
    ran = running("records", "set", "www.example.com", "A", "10.0.5.999", "--view", "a")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.splitlines() == [
        "private_zones[0].records.www.example.com..A: 10.0.5.999 is no data of type A; write for example 192.0.2.1",
        "the change is not taken (the old configuration stays in force)",
    ]
    ran = running("records", "set", "www.example.com", "A", "10.0.5.999", "--view", "a", "--json")
    assert (ran.status, json.loads(ran.out)["error"]) == (1, "the change is not taken")


def test_a_file_that_is_wrong_is_told_with_its_places(running: Running) -> None:
    running.file.write_text("region: x y\nvpc: {}\n")
    ran = running("reload")
    assert (ran.status, ran.out) == (1, "")
    assert [line.partition(": ")[0] for line in ran.err.splitlines()] == [
        f"{running.file}:1:1",
        f"{running.file}:2:1",
        "the new configuration is not taken (the old configuration stays in force)",
    ]
    assert running.addresses("www.example.com") == ["10.0.5.10"]


def test_health_is_listed_and_turned(running: Running) -> None:
    lines = [re.split(r"\s{2,}", line) for line in running("health").out.splitlines()]
    assert lines[0] == ["NAME", "TYPE", "ID", "POLICY", "HEALTH", "ZONE"]
    assert ["app.example.com", "AAAA", "blue", "failover", "up", ZONE] in lines
    assert ["pool.example.com", "A", "one", "multivalue", "up (no check)", ZONE] in lines
    assert running.addresses("app.example.com") == ["10.0.8.1"]
    ran = running("health", "set", "app.example.com", "blue", "down")
    assert ran == (0, "view a: ~ example.com (private zone)\n", "until the next reload: the file is as it was\n")
    assert running.addresses("app.example.com") == ["10.0.8.2"]
    ran = running("health", "app.example.com", "--type", "A", "--view", "a")
    assert ran.out.count(" down ") == 1
    assert ran.err == "changed until the next reload: app.example.com: blue is down\n"
    assert json.loads(running("health", "--zone", "Z0A", "--json").out)["record_sets"][0]["health"] == "down"
    ran = running("health", "set", "app.example.com", "bleu", "up", "--type", "A", "--zone", "example.com", "--view", "a")
    assert (ran.status, ran.err) == (1, "app.example.com A has no record set bleu (did you mean blue?)\n")
    assert running("health", "www.example.com") == (1, "", "there is no record set with a routing policy\n")


def test_what_was_counted(running: Running) -> None:
    running.addresses("www.example.com")
    running.addresses("www.example.com", 1)
    running.addresses("nope.example.com")
    ran = running("stats")
    assert (ran.status, ran.err) == (0, "")
    lines = [line.strip() for line in ran.out.splitlines()]
    assert lines[0].startswith("vpcdns ")
    assert lines[1].startswith(f"{running.file} (")
    assert any(re.fullmatch(r"by view +a +\d+ +\d+\.\d %", line) for line in lines)
    assert "no replies kept, 0 of 0 looks found one (-), 0 evicted, 0 given out stale" in lines
    assert "nobody was asked" in lines
    assert json.loads(running("stats", "--json").out)["answers"]["by_view"]["internet"] >= 1


def test_where_nobody_is(running: Running, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for verb in ("stats", "reload"):
        ran = vpcdns("-c", running.file, verb, "--admin", f"127.0.0.1:{port}")
        assert (ran.status, ran.out) == (3, "")
        assert ran.err.startswith(f"no control API at 127.0.0.1:{port}: Connection refused\n  is the server running?")
    file = tmp_path / "vpcdns.yaml"
    file.write_text(f"admin: {{listen: 127.0.0.1:{port}}}\nnonsense: 1\n")
    ran = vpcdns("-c", file, "stats")
    assert (ran.status, f"no control API at 127.0.0.1:{port}" in ran.err) == (3, True)


def test_the_address_may_be_pasted_or_come_from_the_environment(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    assert vpcdns("stats", "--json", "--admin", f"http://{running.address}/").status == 0
    monkeypatch.setenv("VPCDNS_ADMIN", running.address.replace("127.0.0.1", "localhost"))
    assert vpcdns("stats", "--json").status == 0
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert vpcdns("stats", "--json").status == 0


@pytest.mark.parametrize("address", ["off", "127.0.0.1:x", "127.0.0.1:99999", "", "http://127.0.0.1:8053/x", "127.0.0.1:0"])
def test_what_is_no_address_is_a_wrong_usage(address: str) -> None:
    ran = vpcdns("stats", "--admin", address)
    assert (ran.status, ran.out) == (2, "")
    assert "is no address: write for example 127.0.0.1:8053" in ran.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("admin: false", "the configuration has no control API (admin: false)"),
        ("admin: {listen: false}", "the configuration has no control API"),
        ("admin: {listen: '127.0.0.1:0'}", "the configuration says port 0, any free one: say which it is"),
    ],
)
def test_a_configuration_without_an_address(tmp_path: Path, text: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VPCDNS_ADMIN", raising=False)
    file = tmp_path / "vpcdns.yaml"
    file.write_text(text)
    ran = vpcdns("-c", file, "stats")
    assert (ran.status, told in ran.err) == (2, True)


def test_a_token_that_is_wrong_or_missing(running: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VPCDNS_TOKEN", "wrong")
    ran = running("reload")
    assert (ran.status, ran.out) == (3, "")
    assert ran.err.startswith(f"the server at {running.address} does not take the token of VPCDNS_TOKEN\n")
    assert "admin.token of the server's configuration" in ran.err
    monkeypatch.delenv("VPCDNS_TOKEN")
    kept = (running.file.parent / "vpcdns" / f"{running.address.replace(':', '-')}.token").read_text().strip()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    ran = running("reload")
    assert (ran.status, ran.out) == (3, "")
    assert ran.err.startswith(f"changing something at {running.address} takes a token, and none was found\n")
    assert f"{tmp_path}/vpcdns/" in ran.err
    running.file.write_text(f"{WORLD}admin: {{token: {'x' * 20}}}\n")
    assert "the token of admin.token of the configuration" in running("reload").err
    running.file.write_text(f"{WORLD}admin: {{token: {kept}}}\n")
    assert running("reload").status == 0
    monkeypatch.setenv("VPCDNS_TOKEN", kept)
    running.file.write_text(WORLD)
    assert running("reload").status == 0
    monkeypatch.delenv("VPCDNS_TOKEN")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(running.file.parent))


class Another(http.server.BaseHTTPRequestHandler):
    """Some other server."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"[]" if "records" in self.path else b"hello")

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_another_server_is_told(tmp_path: Path) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Another) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for verb in ("stats", "records"):
            ran = vpcdns(verb, "--admin", f"127.0.0.1:{server.server_port}")
            assert (ran.status, ran.out) == (3, "")
            assert ran.err.startswith(f"what answers at 127.0.0.1:{server.server_port} is no vpcdns\n")
        server.shutdown()
