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
    folder.chmod(0o755)
    with podman() as engine:
        build(engine, "podman", build_context(folder))
        engine.sh(
            "podman run -d --name systemd --network podman --cap-add NET_ADMIN --systemd=always --user 0:0 "
            "--entrypoint /lib/systemd/systemd "
            f"--healthcheck-command none --dns none -v {HOUSE}/config/systemd:/units:ro "
            f"-v {folder}/vpcdns.yaml:/etc/vpcdns/vpcdns.yaml:ro vpcdns"
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
    """Real resolved, real nss-resolve; files, links and domains compared."""
    box.sh("umount /etc/resolv.conf 2>/dev/null; ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf")
    files = "find /etc/systemd /etc/resolv.conf -printf '%p %l %s %m\\n' | sort"
    look = f"cat /etc/resolv.conf; {files}; ip -o link; resolvectl domain"
    before = box.sh(look)
    box.sh("vpcdns resolver install --server 127.0.0.2:53")
    assert box.sh("resolvectl query -4 --legend=no db.shop.example").split()[:2] == ["db.shop.example:", "10.0.1.20"]
    assert box.sh("getent -s resolve ahostsv4 sqs.eu-west-1.amazonaws.com").split()[0] == "10.0.1.9"
    assert "10.0.1.20" in box.run("curl -sv -m 2 http://db.shop.example:9/ 2>&1")[1]
    said = box.run("resolvectl query www.example.com")[1]
    assert "refused" not in said.lower(), "vpcdns, which would refuse it, is not asked"
    # The server and its socket go: the guard takes it all back.
    box.sh("systemctl stop vpcdns.socket; systemctl kill -s KILL vpcdns.service; systemctl stop vpcdns.service")
    box.until("vpcdns resolver status | grep -q 'not installed'")
    assert box.sh(look) == before
    box.sh("systemctl start vpcdns.socket")
    box.sh("vpcdns resolver install --server 127.0.0.2:53 && systemctl restart systemd-resolved")
    assert box.until("getent ahostsv4 db.shop.example").split()[0] == "10.0.1.20", "it outlives a restart of resolved"
    box.sh("vpcdns resolver uninstall; vpcdns resolver uninstall")
    assert box.sh(look) == before
