"""The units and `resolver` under a systemd that is process 1, with its own systemd-resolved, in a container."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.containers.engines import Engine, build, build_context, podman
from tests.host.namespaces import HOUSE

CONFIG = """\
region: eu-west-1
default_view: app
upstream: {mode: off}
query_log: {path: "-"}
vpcs:
  app:
    cidr: 10.0.0.0/16
    subnets: {a: {cidr: 10.0.1.0/24, az: eu-west-1a}}
    endpoints: {queue: {service: sqs, subnets: {a: 10.0.1.9}}}
private_zones: [{name: shop.example, vpcs: [app], records: {db: 10.0.1.20}}]
"""
SET_UP = """
set -e
ln -sf /vpcdns/bin/vpcdns /usr/local/bin/vpcdns
cp /units/vpcdns.socket /units/vpcdns.service /etc/systemd/system/
install -Dm644 /units/vpcdns.sysusers.conf /etc/sysusers.d/vpcdns.conf
systemd-sysusers
systemctl daemon-reload
systemctl enable -q --now vpcdns.socket
"""

# The network's DNS server, on the container's own interface: writes down what it is asked, and answers 198.51.100.9 to all.
SNIFFER = """
import socket
sock = socket.socket(type=socket.SOCK_DGRAM)
sock.bind(("192.0.2.53", 53))
while True:
    packet, client = sock.recvfrom(4096)
    name, rest = packet[12:].split(b"\\0", 1)
    labels, text = name, []
    while labels:
        text.append(labels[1:labels[0] + 1].decode())
        labels = labels[labels[0] + 1:]
    with open("/run/heard", "a") as heard:
        heard.write(".".join(text).lower() + "\\n")
    answer = b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\1\\0\\4\\xc6\\x33\\x64\\x09" if rest[:2] == b"\\0\\1" else b""
    count = b"\\0\\1" if answer else b"\\0\\0"
    sock.sendto(packet[:2] + b"\\x81\\x80\\0\\1" + count + b"\\0\\0\\0\\0" + name + b"\\0" + rest[:4] + answer, client)
"""
NETWORK = """
ip address add 192.0.2.53/24 dev eth0
systemd-run -q --unit sniffer python3 /opt/sniffer.py
resolvectl dns eth0 192.0.2.53
resolvectl default-route eth0 yes
"""


class Container:
    """A container whose process 1 is systemd."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def sh(self, script: str) -> str:
        """What a shell in it prints; it must go well."""
        done = self.run(script)
        assert done[0] == 0, f"{script}\n{done[1]}"
        return done[1]

    def run(self, script: str) -> tuple[int, str]:
        """Exit status and output."""
        done = self._engine.run("podman", "exec", "systemd", "bash", "-c", script)
        return done.returncode, done.stdout + (done.stderr if done.returncode else "")

    def until(self, script: str, seconds: float = 30) -> str:
        """Wait until it goes well."""
        end = time.monotonic() + seconds
        while (done := self.run(script))[0]:
            assert time.monotonic() < end, f"{script}: {done[1]}"
            time.sleep(0.3)
        return done[1]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    folder = tmp_path_factory.mktemp("systemd")
    (folder / "vpcdns.yaml").write_text(CONFIG)
    (folder / "sniffer.py").write_text(SNIFFER)
    folder.chmod(0o755)
    with podman() as engine:
        build(engine, "podman", build_context(folder))
        engine.sh(
            "podman run -d --name systemd --network podman --cap-add NET_ADMIN --systemd=always --user 0:0 "
            "--entrypoint /lib/systemd/systemd "
            f"--healthcheck-command none --dns none -v {HOUSE}/config/systemd:/units:ro "
            f"-v {folder}/vpcdns.yaml:/etc/vpcdns/vpcdns.yaml:ro -v {folder}/sniffer.py:/opt/sniffer.py:ro vpcdns"
        )
        try:
            container = Container(engine)
            container.until("systemctl is-system-running | grep -qE 'running|degraded'")
            container.sh(SET_UP)
            yield container
        finally:
            engine.run("podman", "rm", "-f", "-t", "0", "systemd")


def test_the_first_query_starts_the_service_which_may_nothing(box: Container) -> None:
    assert box.run("systemctl is-active vpcdns.service")[0] != 0
    for flag in ("", "+tcp"):
        assert box.sh(f"dig +short {flag} @127.0.0.2 db.shop.example") == "10.0.1.20\n"
    assert box.sh("systemctl is-active vpcdns.service") == "active\n"
    assert "serving 127.0.0.2:53: " in box.sh("systemctl show -P StatusText vpcdns.service")
    process = box.sh("systemctl show -P MainPID vpcdns.service").strip()
    status = box.sh(f"cat /proc/{process}/status")
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert box.sh(f"stat -c %U /proc/{process}") == "vpcdns\n"
    box.sh("systemctl reload vpcdns.service || { journalctl --no-pager -o cat | tail -n 8; false; }")
    box.until("journalctl --no-pager -o cat -u vpcdns.service | grep -q ' reloaded '")


def test_a_service_that_is_killed_comes_back_and_no_query_is_lost(box: Container) -> None:
    box.sh("systemctl kill -s KILL vpcdns.service")
    assert box.sh("dig +short +time=10 @127.0.0.2 db.shop.example").strip() == "10.0.1.20"


def test_systemds_figure_for_its_hardening(box: Container) -> None:
    assert "OK" in box.sh("systemd-analyze security --no-pager --threshold=15 vpcdns.service | tail -n 1")


def test_the_machines_resolver_is_led_and_given_back(box: Container) -> None:
    """Real resolved, real nss-resolve: every file of /etc, links and domains as before; the network hears no private name."""
    box.sh("umount /etc/resolv.conf 2>/dev/null; ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf")
    box.sh(NETWORK)
    box.until("getent ahostsv4 first.example.com | grep -q 198.51.100.9")
    files = "find /etc -path /etc/ssl -prune -o -type f -exec sha256sum {} + | sort -k 2"
    kinds = "find /etc -path /etc/ssl -prune -o -printf '%p %l %m %U %G\\n' | sort"
    links = "ip -o link; ip -o -4 address show dev eth0; resolvectl dns; resolvectl domain"
    look = f"{files}; {kinds}; {links}; find /var/lib -name '*vpcdns*'"
    before = box.sh(look)
    box.sh("vpcdns resolver install --server 127.0.0.2:53; : > /run/heard")
    assert box.sh("resolvectl query -4 --legend=no db.shop.example").split()[:2] == ["db.shop.example:", "10.0.1.20"]
    assert box.sh("getent -s resolve ahostsv4 sqs.eu-west-1.amazonaws.com").split()[0] == "10.0.1.9"
    assert "10.0.1.20" in box.run("curl -sv -m 2 http://db.shop.example:9/ 2>&1")[1]
    for number in range(4):
        name = f"host{number}.example.com"
        assert box.sh(f"getent ahostsv4 {name}").split()[0] == "198.51.100.9"
        assert "198.51.100.9" in box.run(f"curl -sv -m 1 http://{name}:9/ 2>&1")[1]
    heard = set(box.sh("cat /run/heard").split())
    assert {f"host{number}.example.com" for number in range(4)} <= heard
    assert [name for name in heard if "shop" in name or "amazonaws" in name or "vpcdns" in name] == []
    asked = box.sh("journalctl --no-pager -o cat -u vpcdns.service")
    assert "db.shop.example" in asked
    assert "example.com" not in asked, "vpcdns was asked for its own names alone"
    # The server and its socket go: the guard takes it all back.
    box.sh("systemctl stop vpcdns.socket; systemctl kill -s KILL vpcdns.service; systemctl stop vpcdns.service")
    assert box.sh("getent ahostsv4 later.example.com").split()[0] == "198.51.100.9", "other names are there all the while"
    box.until("vpcdns resolver status | grep -q 'not installed'")
    assert box.sh(look) == before
    box.sh("systemctl start vpcdns.socket")
    box.sh("vpcdns resolver install --server 127.0.0.2:53 && systemctl restart systemd-resolved")
    assert box.until("getent ahostsv4 db.shop.example").split()[0] == "10.0.1.20", "it outlives a restart of resolved"
    box.sh("vpcdns resolver uninstall; vpcdns resolver uninstall")
    assert box.sh(look) == before
