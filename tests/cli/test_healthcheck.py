"""`vpcdns healthcheck`: a running server, a silent port, another server."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import dns.message
import pytest

from tests.cli.programs import SPLIT, Serving, serving, vpcdns


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    path = tmp_path_factory.mktemp("server") / "split.yaml"
    path.write_text(SPLIT)
    with serving("-c", path, "serve", "--no-watch") as running:
        running.wait_for("upstream: ")
        yield running


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        nobody.settimeout(5)
        yield nobody


def test_a_server_that_answers_is_healthy_in_every_view(server: Serving) -> None:
    for port in server.ports:
        assert vpcdns("healthcheck", "--server", f"127.0.0.1:{port}") == (0, f"healthy: 127.0.0.1:{port}\n", "")


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_without_a_server_it_is_the_first_listener(server: Serving, tmp_path: Path, host: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(f'listen: "{host}:{server.ports[0]}"\nupstream: {{mode: off}}\n')
    status, out, err = vpcdns("-c", file, "healthcheck")
    assert (status, out) == (0, f"healthy: 127.0.0.1:{server.ports[0]}\n")
    assert err == f"configuration: {file} (-c)\n"


def test_silence_is_status_1(silent: socket.socket) -> None:
    place = f"127.0.0.1:{silent.getsockname()[1]}"
    status, out, _ = vpcdns("healthcheck", "--server", place, "--timeout", "0.1")
    assert (status, out.startswith(f"unhealthy: {place}: ")) == (1, True)
    as_json = vpcdns("healthcheck", "--server", place, "--timeout", "0.1", "--json")
    found = json.loads(as_json.out)
    assert (as_json.status, found["server"], found["healthy"]) == (1, place, False)
    assert found["problem"]


def test_another_dns_server_is_status_1(silent: socket.socket) -> None:
    def refuse() -> None:
        packet, client = silent.recvfrom(4096)
        reply = dns.message.make_response(dns.message.from_wire(packet))
        reply.set_rcode(dns.rcode.NXDOMAIN)
        silent.sendto(reply.to_wire(), client)

    answering = threading.Thread(target=refuse)
    answering.start()
    status, out, _ = vpcdns("healthcheck", "--server", f"127.0.0.1:{silent.getsockname()[1]}")
    answering.join(5)
    assert status == 1
    assert "it answers NXDOMAIN without an address: this is no vpcdns" in out


def test_any_free_port_cannot_be_guessed(split: Path) -> None:
    status, out, err = vpcdns("-c", split, "healthcheck")
    assert (status, out) == (2, "")
    assert "--server: the configuration says port 0, any free one: say which it is" in err


@pytest.mark.parametrize("server", ["localhost", "127.0.0.1:0", "127.0.0.1:x"])
def test_what_is_no_server_is_a_wrong_usage(server: str) -> None:
    status, out, err = vpcdns("healthcheck", "--server", server)
    assert (status, out) == (2, "")
    assert "--server" in err
