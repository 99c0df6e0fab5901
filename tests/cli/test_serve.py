"""`vpcdns serve`, as the program that it is: what it prints, signals, exit statuses."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.message
import dns.query
import dns.rrset
import pytest

from tests.cli.programs import HOUSE, SPLIT, environment, program, serving, vpcdns

DEMO = HOUSE / "config" / "demo.yaml"


def addresses(port: int, name: str = "www.example.com", timeout: float = 5) -> list[str]:
    answer = dns.query.udp(dns.message.make_query(name, "A"), "127.0.0.1", port=port, timeout=timeout)
    return sorted(record.to_text() for found in answer.answer for record in found)


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_it_tells_what_it_serves_and_answers_so(split: Path) -> None:
    with serving("-c", split, "serve") as server:
        inside, outside = server.ports
        lines = server.wait_for("(view internet)").splitlines()
        assert lines == [
            f"configuration: {split} (-c)",
            "loaded: 2 views, 1 VPC, no endpoints, 1 private zone, 2 record sets",
            f"listening: 127.0.0.1:{inside}, view a",
            f"listening: 127.0.0.1:{outside}, view internet",
            "upstream: off; what the file does not answer is refused",
            f"try: dig +short -p {inside} @127.0.0.1 www.example.com",
            "     10.0.5.10  (view a)",
            f"try: dig +short -p {outside} @127.0.0.1 www.example.com",
            "     203.0.113.10  (view internet)",
        ]
        assert addresses(inside) == ["10.0.5.10"]
        assert addresses(outside) == ["203.0.113.10"]
        assert server.end() == 0
        assert server.text.splitlines()[-1] == "stopped"


def test_the_demo_shows_a_name_of_two_answers() -> None:
    with serving("-c", DEMO, "serve", "-l", "127.0.0.1:0", "-l", "127.0.0.1:0") as server:
        text = server.wait_for("(view app)")
        name = "monitoring.ap-northeast-1.amazonaws.com"
        assert f"try: dig +short -p {server.ports[0]} @127.0.0.1 {name}\n     172.16.2.49  (view app)" in text
        assert text.count("try: ") == 1, "both listeners lead to one view here"
        assert text.count("view of the client; from this machine app") == 2
        assert addresses(server.ports[1], name) == ["172.16.2.49"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_end_it_well_even_at_once(split: Path, number: signal.Signals) -> None:
    with serving("-c", split, "serve") as server:
        server.wait_for("loaded: ")
        assert server.end(number) == 0


def test_hup_reloads_and_a_bad_file_leaves_the_old_one(split: Path) -> None:
    with serving("serve", "--no-watch", "-c", split) as server:
        port = server.ports[0]
        split.write_text(SPLIT.replace("10.0.5.10", "10.0.5.11"))
        server.send(signal.SIGHUP)
        assert f"INFO reloaded {split}: view a: ~ example.com (private zone)" in server.wait_for("INFO reloaded")
        assert addresses(port) == ["10.0.5.11"]
        split.write_text(SPLIT + "nonsense: 1\n")
        server.send(signal.SIGHUP)
        server.wait_for("the old one stays in force")
        server.wait_for(f"{split}:6:1: nonsense: ")
        assert addresses(port) == ["10.0.5.11"]


def test_a_change_is_seen_unless_it_is_not_to_be(split: Path) -> None:
    with serving("-c", split, "serve") as watching, serving("-c", split, "serve", "--no-watch") as other:
        ports = watching.ports[0], other.ports[0]
        split.write_text(SPLIT.replace("10.0.5.10", "10.0.5.12"))
        watching.wait_for("INFO reloaded")
        assert [addresses(port) for port in ports] == [["10.0.5.12"], ["10.0.5.10"]]


def test_usr1_writes_statistics_and_hup_at_an_error_level_is_quiet(split: Path) -> None:
    with serving("-c", split, "serve", "--log-level", "ERROR") as server:
        inside, outside = server.ports
        addresses(inside), addresses(inside), addresses(outside)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"no query", ("127.0.0.1", inside))
        addresses(inside)
        server.send(signal.SIGHUP)
        server.send(signal.SIGUSR1)
        text = server.wait_for(f" of {split}")
        assert "statistics: 4 answers in " in text
        assert "\n  3 private zone\n  1 public record\n  1 packet that was no query\n  configuration " in text
        assert "INFO" not in text


def test_statistics_tell_what_was_dropped(split: Path) -> None:
    split.write_text(SPLIT + "query_log: {path: /dev/full}\nlimits: {packets_per_second: 2}\n")
    with serving("-c", split, "serve") as server:
        addresses(server.ports[0]), addresses(server.ports[0])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(dns.message.make_query("www.example.com", "A").to_wire(), ("127.0.0.1", server.ports[0]))
        server.wait_for("lacks lines: 0 came faster than they could be written, ")
        server.send(signal.SIGUSR1)
        text = server.wait_for(f" of {split}")
        assert "\n  1 packet over packets_per_second\n" in text
        assert " that the query log lacks\n  configuration " in text


def test_what_is_under_way_is_answered_before_it_ends(split: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
        upstream.bind(("127.0.0.1", 0))
        upstream.settimeout(5)
        own = f"127.0.0.1:{upstream.getsockname()[1]}"
        with serving("-c", split, "serve", "-u", own) as server:
            found: list[list[str]] = []
            port = server.ports[0]
            assert f"upstream: {own}\n" in server.text
            asking = threading.Thread(target=lambda: found.append(addresses(port, "slow.example")))
            asking.start()
            packet, client = b"", ("", 0)
            while b"\x04slow" not in packet.lower():  # the first question is whether this upstream leads back here
                packet, client = upstream.recvfrom(4096)
            server.send(signal.SIGTERM)
            server.wait_for("stopping: ")
            reply = dns.message.make_response(dns.message.from_wire(packet))
            reply.answer.append(dns.rrset.from_text("slow.example.", 60, "IN", "A", "192.0.2.7"))
            upstream.sendto(reply.to_wire(), client)
            asking.join(5)
            assert found == [["192.0.2.7"]]
            assert server.process.wait(5) == 0


def test_a_second_signal_does_not_wait_for_what_is_under_way(split: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, socket.socket(type=socket.SOCK_DGRAM) as client:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(5)
        with serving("-c", split, "serve", "-u", f"127.0.0.1:{silent.getsockname()[1]}") as server:
            client.sendto(dns.message.make_query("slow.example", "A").to_wire(), ("127.0.0.1", server.ports[0]))
            silent.recv(4096)
            server.send(signal.SIGINT)
            server.wait_for("stopping: ")
            assert server.end(signal.SIGINT) == 130
            assert "Traceback" not in server.text


def test_the_command_line_says_where_and_whom(split: Path) -> None:
    with serving("-c", split, "serve", "-l", "127.0.0.1:0", "-u", "127.0.0.1:9", "-u", "tcp://127.0.0.2") as server:
        assert len(server.ports) == 1
        assert "upstream: 127.0.0.1:9, tcp://127.0.0.2:53\n" in server.text


def test_a_port_that_is_taken_is_status_3_with_a_command_that_works(split: Path) -> None:
    with taken_port() as port:
        ran = program("-c", split, "serve", "-l", f"127.0.0.1:{port}")
    assert ran.status == 3
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use\n" in ran.err
    assert f"  vpcdns -c {split} serve -l 127.0.0.1:" in ran.err
    if sys.platform == "linux":
        assert f"(process {os.getpid()}) has tcp 127.0.0.1:{port}" in ran.err
    assert "Traceback" not in ran.err


def test_it_reads_standard_input_and_keeps_it() -> None:
    with taken_port() as port:  # so that it ends by itself
        ran = program("-c", "-", "serve", "-l", f"127.0.0.1:{port}", stdin=SPLIT)
    assert ran.err.startswith("configuration: - (-c)\n")
    assert ran.status == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("region: [\n", ":2:1: this is no YAML: "),
        ("nonsense: 1\nregoin: us-east-1\n", "did you mean region?"),
        ("default_view: b\n", "default_view: there is no view b"),
        (SPLIT + "expect: [{view: a, query: www.example.com, answers: []}]", "expect[0]: www.example.com A in view a: "),
    ],
)  # fmt: skip
def test_a_configuration_that_is_not_right_is_not_served(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    status, out, err = vpcdns("-c", path, "serve")
    assert (status, out) == (1, "")
    assert err.splitlines()[0] == f"configuration: {path} (-c)"
    assert says in err
    assert f"{path}:" in err.splitlines()[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-l", "localhost:53"], "Invalid value for --listen: localhost:53 has no address (write 127.0.0.1:53)"),
        (["-l", "127.0.0.1:port"], "--listen: port is no port (write for example 127.0.0.1:1053)"),
        (["-l", "127.0.0.1:7", "-l", "127.0.0.1:7"], "--listen: 127.0.0.1:7 is given twice"),
        (["-u", "tls://one.one"], "--upstream: one.one is no address (write for example tls://1.1.1.1:853)"),
        (["-u", "[/a.example]1.1.1.1"], "--upstream: [/a.example]1.1.1.1 does not end its domains"),
        (["-u", "one.one"], "--upstream: one.one is no address (write for example 1.1.1.1:53)"),
        (["--log-level", "inof"], "--log-level: inof is no level (did you mean info?)"),
        (["--wtach"], "No such option"),
    ],
)
def test_wrong_usage_is_status_2_with_a_hint(arguments: list[str], says: str) -> None:
    status, out, err = vpcdns("serve", *arguments)
    assert (status, out) == (2, "")
    assert says in err


def test_what_answers_need_not_wait_for_is_not_imported(tmp_path: Path) -> None:
    """A process has 400 ms from its start to its first answer; pydantic alone takes 70 of them."""
    with taken_port() as port:
        ran = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "proxy", "-c", str(DEMO), "serve", "-l", f"127.0.0.1:{port}"],
            capture_output=True, text=True, cwd=tmp_path, env=environment(), timeout=20, check=False,
        )  # fmt: skip
    assert ran.returncode == 3
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in ran.stderr.splitlines() if "|" in line}
    assert "asyncio" in imported
    assert imported & {"pydantic", "pydantic_core", "rich", "dnslib", "jsonschema"} == set()
