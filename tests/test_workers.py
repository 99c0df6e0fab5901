"""`serve --workers N`: several processes that are one server to whoever asks, signals or counts."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import pytest

from proxy.listen import bind_both
from tests.cli.programs import serving, vpcdns

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux deals packets out among processes")

TEXT = """
listen: [{{address: "127.0.0.1:{port}", view: a}}]
upstream: {{mode: off}}
vpcs: {{a: {{cidr: 10.0.0.0/16}}}}
private_zones: [{{name: example.com, vpcs: [a], records: {{www: {address}}}}}]
"""


@pytest.fixture
def port() -> int:
    """A port that is free over UDP and TCP, which other tests may take meanwhile."""
    udp, tcp = bind_both("127.0.0.1", 0)
    with udp, tcp:
        found: int = udp.getsockname()[1]
        return found


def write(path: Path, port: int, address: str) -> None:
    path.write_text(TEXT.format(port=port, address=address))


def addresses(port: int, times: int = 40) -> set[str]:
    """What a name has, asked from as many sockets as times: so every process is asked."""
    query = dns.message.make_query("www.example.com", "A")
    answers = [dns.query.udp(query, "127.0.0.1", port=port, timeout=5) for _ in range(times)]
    answers += [dns.query.tcp(query, "127.0.0.1", port=port, timeout=5) for _ in range(times)]
    return {record.to_text() for answer in answers for found in answer.answer for record in found}


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def handled(pid: int) -> int:
    """How often a process was woken."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("voluntary"))


def test_they_serve_reload_count_and_end_as_one(tmp_path: Path, port: int) -> None:
    file = tmp_path / "vpcdns.yaml"
    write(file, port, "10.0.5.10")
    with serving("-c", file, "serve", "--workers", "3", "--no-watch") as server:
        server.wait_for("10.0.5.10  (view a)")
        others = children(server.process.pid)
        before = [handled(pid) for pid in others]
        assert len(others) == 2
        assert addresses(port) == {"10.0.5.10"}
        assert all(handled(pid) > woken for pid, woken in zip(others, before, strict=True)), "each had its part"
        server.send(signal.SIGUSR1)
        server.wait_for("statistics: 80 answers")
        write(file, port, "10.0.5.11")
        server.send(signal.SIGHUP)
        server.wait_for("reloaded")
        assert addresses(port) == {"10.0.5.11"}
        file.write_text("nonsense: 1")
        server.send(signal.SIGHUP)
        server.wait_for("the old one stays in force")
        assert addresses(port) == {"10.0.5.11"}
        assert server.end() == 0
        assert [pid for pid in others if Path(f"/proc/{pid}").exists()] == []


def test_one_that_is_lost_is_told_and_the_others_serve_on(tmp_path: Path, port: int) -> None:
    file = tmp_path / "vpcdns.yaml"
    write(file, port, "10.0.5.10")
    with serving("-c", file, "serve", "--workers", "2", "--no-watch") as server:
        server.wait_for("10.0.5.10  (view a)")
        [lost] = children(server.process.pid)
        os.kill(lost, signal.SIGKILL)
        wait_until_gone(lost)  # until then the kernel may still deal queries out to its sockets
        server.send(signal.SIGUSR1)
        server.wait_for("worker 2")
        assert addresses(port) == {"10.0.5.10"}
        assert server.end() == 0


def test_where_the_first_is_killed_none_is_left(tmp_path: Path, port: int) -> None:
    file = tmp_path / "vpcdns.yaml"
    write(file, port, "10.0.5.10")
    with serving("-c", file, "serve", "--workers", "2", "--no-watch") as server:
        server.wait_for("10.0.5.10  (view a)")
        [other] = children(server.process.pid)
        os.kill(server.process.pid, signal.SIGKILL)
        wait_until_gone(other)


def test_a_change_by_the_control_api_is_that_of_all(tmp_path: Path, port: int) -> None:
    """All of them answer otherwise as soon as the change is answered; and so they do after the reload that takes it back."""
    file = tmp_path / "vpcdns.yaml"
    write(file, port, "10.0.5.10")
    file.write_text(f"{file.read_text()}admin: {{token: correct-horse-battery}}\n")
    with serving("-c", file, "serve", "--workers", "3", "--no-watch", VPCDNS_ADMIN="127.0.0.1:0") as server:
        url = re.search(r"control API: (http://\S+)", server.wait_for("10.0.5.10  (view a)"))
        assert url is not None
        ask = partial(change, url[1])
        records = {"zone": "example.com", "records": {"www": "10.0.5.12"}}
        assert ask("PUT", "/v1/records", records)["changed"] == ["view a: ~ example.com (private zone)"]
        assert addresses(port) == {"10.0.5.12"}
        records["records"] = {"www": "10.0.5.999"}
        with pytest.raises(urllib.error.HTTPError, match="422"):
            ask("PUT", "/v1/records", records)
        assert addresses(port) == {"10.0.5.12"}
        assert ask("GET", "/v1/stats")["answers"]["total"] == 160, "those of all of them"
        assert ask("POST", "/v1/reload")["dropped"] == ["example.com: www"]
        assert addresses(port) == {"10.0.5.10"}


def change(url: str, method: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": "Bearer correct-horse-battery", "Content-Type": "application/json"}
    text = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url + path, text, headers, method=method), timeout=10) as said:
        return json.load(said)


def wait_until_gone(pid: int) -> None:
    """Wait until a process has ended, its sockets closed, though nobody may have asked how it ended."""
    for _ in range(600):
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "\nState:\tZ" in status.read_text():
            return
        time.sleep(0.1)
    pytest.fail("it lives on")


def test_an_address_that_others_have_is_refused(tmp_path: Path, port: int) -> None:
    file = tmp_path / "vpcdns.yaml"
    write(file, port, "10.0.5.10")
    with serving("-c", file, "serve", "--workers", "2", "--no-watch") as server:
        server.wait_for("10.0.5.10  (view a)")
        ran = vpcdns("-c", file, "serve", "--workers", "2")
        assert ran.status == 3
        assert f"127.0.0.1:{port}" in ran.err


def test_a_listener_needs_a_port(tmp_path: Path) -> None:
    file = tmp_path / "vpcdns.yaml"
    write(file, 0, "10.0.5.10")
    ran = vpcdns("-c", file, "serve", "--workers", "2")
    assert ran.status == 2
    assert "give each listener a port" in ran.err


def test_a_cassette_is_recorded_by_one_process(tmp_path: Path, port: int) -> None:
    file = tmp_path / "vpcdns.yaml"
    recording = f"upstream: {{servers: ['127.0.0.1:9'], mode: record, cassette: '{tmp_path / 'answers.yaml'}'}}\n"
    file.write_text(f"listen: '127.0.0.1:{port}'\n{recording}")
    ran = vpcdns("-c", file, "serve", "--workers", "2")
    assert ran.status == 2
    assert "mode: record takes one process" in ran.err

    write(file, port, "10.0.5.10")
    with serving("-c", file, "serve", "--workers", "2") as server:
        server.wait_for("10.0.5.10  (view a)")
        file.write_text(f"listen: '127.0.0.1:{port}'\n{recording}")
        server.wait_for("leave --workers out until all is recorded")
