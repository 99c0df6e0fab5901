"""What other makers' clients get from both sides: dig, kdig, dnspython, and getaddrinfo of the C library."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import dns.resolver
import pytest

from tests.cli.programs import HOUSE, Serving, environment, serving

FILE = """
    listen: [{address: "127.0.0.1:0", view: app}, {address: "127.0.0.1:0", view: internet}]
    region: ap-northeast-1
    upstream: {mode: off}
    vpcs:
      app: {cidr: 172.16.0.0/16, endpoints: {cloudwatch: {service: monitoring, addresses: 172.16.2.49}}}
    private_zones:
      - name: example.com
        vpcs: [app]
        records:
          www: [172.16.2.80, "2001:db8::80"]
          alias: {CNAME: www.example.com}
          note: {TXT: ["one two", '"three" "four"']}
          svc: {HTTPS: 1 . alpn="h2" port=8443}
          big: [%s]
    public_records: {monitoring.ap-northeast-1.amazonaws.com: 52.119.219.193}
    """
BIG = [f"10.20.0.{last}" for last in range(1, 41)]
SERVICE = "monitoring.ap-northeast-1.amazonaws.com"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "vpcdns.yaml"
    path.write_text(textwrap.dedent(FILE % ", ".join(BIG)))
    return path


@pytest.fixture
def server(file: Path) -> Iterator[Serving]:
    with serving("-c", file, "serve", "--no-watch") as running:
        assert len(running.ports) == 2
        yield running


@pytest.fixture(params=["dig", "kdig"])
def client(request: pytest.FixtureRequest) -> str:
    found = shutil.which(request.param)
    if found is None:
        pytest.skip(f"{request.param} is not installed")
    printed: str = found
    return printed


def ask(client: str, port: int, *words: str) -> str:
    once = "+retry=0" if "kdig" in client else "+tries=1"
    command = [client, "@127.0.0.1", "-p", str(port), once, *words]
    printed: str = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    return printed


def test_both_views_at_once(client: str, server: Serving) -> None:
    inside, outside = server.ports
    assert ask(client, inside, "+short", SERVICE) == "172.16.2.49\n"
    assert ask(client, outside, "+short", SERVICE) == "52.119.219.193\n"
    assert ask(client, inside, "+short", "+tcp", SERVICE) == "172.16.2.49\n"
    assert sorted(ask(client, inside, "+short", "alias.example.com").split()) == ["172.16.2.80", "www.example.com."]
    assert ask(client, inside, "+short", "www.example.com", "AAAA") == "2001:db8::80\n"
    assert set(ask(client, inside, "+short", "note.example.com", "TXT").splitlines()) == {'"one two"', '"three" "four"'}


def test_headers_letter_case_and_negative_answers(client: str, server: Serving) -> None:
    inside, outside = server.ports
    full = ask(client, inside, "WWW.Example.COM")
    assert ("www.example.com." if "kdig" in client else "WWW.Example.COM.") in full  # kdig lower-cases what it was given
    flags = full.lower().partition("flags: ")[2].partition(";")[0].split()
    assert set(flags) == {"qr", "rd", "ra"}
    missing = ask(client, inside, "nope.example.com")
    assert "NXDOMAIN" in missing
    assert "awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400" in missing
    assert "REFUSED" in ask(client, outside, "www.example.com")


def test_forty_addresses_come_by_udp_where_they_fit_and_else_by_tcp(client: str, server: Serving) -> None:
    inside, _ = server.ports
    plain = ["+noedns"]
    cut = ask(client, inside, *plain, "+ignore", "big.example.com", "A")
    assert " tc" in cut.lower().partition("flags: ")[2].partition(";")[0]
    assert 25 <= cut.count("10.20.0.") < 40
    assert sorted(ask(client, inside, *plain, "+short", "big.example.com").split()) == sorted(BIG)
    whole = ask(client, inside, "+bufsize=4096", "+ignore", "big.example.com", "A")
    assert whole.count("10.20.0.") == 40


def test_dnspython_resolves_in_both_views(server: Serving) -> None:
    inside, outside = server.ports
    assert resolver(inside).resolve(SERVICE)[0].to_text() == "172.16.2.49"
    assert resolver(outside).resolve(SERVICE)[0].to_text() == "52.119.219.193"
    assert {each.to_text() for each in resolver(inside).resolve("big.example.com")} == set(BIG)
    with pytest.raises(dns.resolver.NXDOMAIN):
        resolver(inside).resolve("nope.example.com")
    with pytest.raises(dns.resolver.NoAnswer):
        resolver(inside).resolve(SERVICE, "AAAA")
    answer = resolver(inside).resolve("svc.example.com", "HTTPS")
    assert answer[0].to_text() == '1 . alpn="h2" port="8443"'


def resolver(port: int) -> dns.resolver.Resolver:
    found = dns.resolver.Resolver(configure=False)
    found.nameservers = ["127.0.0.1"]
    found.port = port
    found.lifetime = 5
    return found


GETADDRINFO = """
import socket, sys
for name in sys.argv[1:]:
    try:
        found = sorted({each[4][0] for each in socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)})
    except socket.gaierror as error:
        found = [error.errno == socket.EAI_NONAME and "no name" or str(error)]
    print(name, *found)
"""
NAMES = (SERVICE, "www.example.com", "alias.example.com", "big.example.com", "nope.example.com")
IN_A_NETWORK_OF_ITS_OWN = """
set -eu
ip link set lo up
for file in resolv.conf nsswitch.conf; do mount --bind "$1/$file" "/etc/$file"; done
"$2" -m proxy -c "$1/vpcdns.yaml" serve --no-watch -l 127.0.0.1:53 2>"$1/log" &
server=$!
for _ in $(seq 100); do grep -q '^upstream: ' "$1/log" && break; sleep 0.05; done
"$2" "$1/client.py" {names}
kill $server
wait $server
"""


def test_getaddrinfo_of_the_c_library(file: Path, tmp_path: Path) -> None:
    """In a network and mount namespace of its own, where port 53 is free and /etc/resolv.conf is a file of the test."""
    if sys.platform != "linux" or shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("needs Linux with unshare and ip")
    alone = ["unshare", "--net", "--mount"] if os.getuid() == 0 else ["unshare", "--net", "--mount", "--map-root-user"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine gives no namespaces")
    file.write_text(file.read_text().replace("127.0.0.1:0", "127.0.0.1:1053", 1).replace("127.0.0.1:0", "127.0.0.1:1054"))
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:2 attempts:1\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: files dns\n")
    (tmp_path / "client.py").write_text(GETADDRINFO)
    script = IN_A_NETWORK_OF_ITS_OWN.format(names=" ".join(NAMES))
    command = [*alone, "sh", "-c", script, "sh", str(tmp_path), sys.executable]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=HOUSE, env=environment(), timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr + (tmp_path / "log").read_text()
    assert ran.stdout.splitlines() == [
        f"{SERVICE} 172.16.2.49",
        "www.example.com 172.16.2.80 2001:db8::80",
        "alias.example.com 172.16.2.80 2001:db8::80",
        f"big.example.com {' '.join(sorted(BIG))}",
        "nope.example.com no name",
    ]
