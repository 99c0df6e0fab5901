"""The image, and the examples of docker-compose, on a real engine."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.engines import EMULATOR, Engine, build, build_context, docker, podman
from tests.containers.test_emulator import KEPT, LOST
from tests.host.namespaces import HOUSE, there

ANSWERS = {
    "app-in-blue": ["sqs.us-east-1.amazonaws.com 172.30.0.50", "db.corp.example 172.30.0.20"],
    "app-in-green": ["sqs.us-east-1.amazonaws.com 198.51.100.10", "db.corp.example 172.30.1.20"],
    "app-outside": ["sqs.us-east-1.amazonaws.com 198.51.100.10", "db.corp.example does not exist here"],
}
# As nobody, without any right, on a file system that is read-only, in a network of its own.
CONFINED = "--read-only --cap-drop ALL --security-opt no-new-privileges --sysctl net.ipv4.ip_unprivileged_port_start=53"
# podman's own look at health takes systemd, and a machine under load may need a while.
HEALTHY = (
    "for try in $(seq 60); do podman exec dns vpcdns healthcheck --server 127.0.0.1:53 && exit; sleep 0.5; done; exit 1"
)

CONTAINED = """
import subprocess
from proxy.testing import VpcdnsContainer, World
world = World(default_view="internet").vpc("app", "10.0.0.0/16").private_zone("corp.example", {"db": "10.0.1.20"}, vpcs="app")
with VpcdnsContainer(world, view="app") as dns:
    for transport in ("udp", "tcp"):
        host, port = dns.address_over(transport)
        flag = "+tcp" if transport == "tcp" else "+notcp"
        dig = ["dig", "+short", flag, "-p", str(port), f"@{host}", "db.corp.example"]
        print(transport, subprocess.check_output(dig, text=True), end="")
"""


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_context(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def dockerd(context: Path) -> Iterator[Engine]:
    with docker() as engine:
        build(engine, "docker", context)
        yield engine


def test_the_image_is_what_it_should_be(dockerd: Engine) -> None:
    [image] = json.loads(dockerd.sh("docker image inspect vpcdns"))
    config = image["Config"]
    assert config["User"] == "65532:65532"
    assert config["Healthcheck"]["Test"] == ["CMD", "/vpcdns/bin/vpcdns", "healthcheck", "--server", "127.0.0.1:53"]
    assert config["Entrypoint"] == ["vpcdns"]
    assert config["Labels"]["org.opencontainers.image.title"] == "vpcdns"
    assert dockerd.sh(f"docker run --rm {CONFINED} --network none vpcdns version").startswith("vpcdns ")


def compose(engine: Engine, context: Path, example: str, answers: dict[str, list[str]], views: dict[str, str]) -> None:
    """Run an example as it is in the repository, but that its images are there already; what each service prints."""
    command = f"docker-compose -p {example} -f config/{example}/compose.yaml"
    try:
        engine.sh(f"{command} up -d --no-build", cwd=context)
        for service, lines in answers.items():
            name = engine.sh(f"{command} ps -q {service}", cwd=context).strip()
            engine.sh(f"docker wait {name}")
            assert engine.sh(f"docker logs {name} 2>&1").splitlines() == lines
        said = engine.sh(f"docker logs $({command} ps -q dns) 2>&1", cwd=context)
        for view, network in views.items():
            assert f"clients in {network} are in view {view}, as is who comes by a published port" in said
        assert "Docker's own resolver (127.0.0.11) answers its containers first" in said
        assert "warning: " not in said
        [health] = json.loads(engine.sh(f"docker inspect $({command} ps -q dns)", cwd=context))
        assert health["State"]["Health"]["Status"] == "healthy"
    finally:
        engine.sh(f"{command} down -v -t 3", cwd=context)


@pytest.mark.skipif(not there("docker-compose"), reason="no docker-compose")
def test_three_networks_get_three_answers(dockerd: Engine, context: Path) -> None:
    networks = {"blue": "172.30.0.0/24", "green": "172.30.1.0/24", "internet": "172.30.2.0/24"}
    compose(dockerd, context, "compose", ANSWERS, networks)


@pytest.mark.skipif(not there("docker-compose"), reason="no docker-compose")
@pytest.mark.skipif(not EMULATOR.exists(), reason="no emulator of AWS: .ci/emulator gets one")
def test_aws_code_reaches_an_emulator_in_one_network_alone(dockerd: Engine, context: Path) -> None:
    example = context / "config/emulator"
    shutil.copytree(EMULATOR / "wheels", example / "wheels")
    build(dockerd, "docker", example, "vpcdns-emulator", "--find-links /example/wheels")
    compose(
        dockerd,
        context,
        "emulator",
        {"app": KEPT, "app-outside": LOST},
        {"app": "172.31.0.0/24", "internet": "172.31.2.0/24"},
    )


@pytest.mark.skipif(not (EMULATOR.exists() and there("dig")), reason="no testcontainers (.ci/emulator), or no dig")
def test_testcontainers_has_it_for_a_test(dockerd: Engine) -> None:
    """Published ports, by which every client has the gateway's address: the view is the one that is named."""
    [packages] = (EMULATOR / "venv").glob("lib/python3*/site-packages")
    done = dockerd.run(
        "env", f"PYTHONPATH={HOUSE}{os.pathsep}{packages}", "TESTCONTAINERS_RYUK_DISABLED=true", sys.executable, "-c", CONTAINED
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "udp 10.0.1.20\ntcp 10.0.1.20\n"), done.stderr
    assert "vpcdns" not in dockerd.sh("docker ps --all")


def test_podman_runs_the_same_image(context: Path) -> None:
    with podman() as engine:
        build(engine, "podman", context)
        mount = f"-v {context}/config/compose/vpcdns.yaml:/etc/vpcdns/vpcdns.yaml:ro"
        engine.sh("podman network rm -f blue 2>/dev/null; podman network create --subnet 172.30.0.0/24 blue")
        engine.sh(
            f"podman run -d --name dns {CONFINED} --network blue --ip 172.30.0.53 {mount} vpcdns"
        )  # fmt: skip
        try:
            assert engine.sh(HEALTHY).startswith("healthy: ")
            inside = "import socket; print(socket.gethostbyname('db.corp.example'))"
            done = engine.sh(
                f'podman run --rm --network blue --dns 172.30.0.53 --entrypoint /vpcdns/bin/python vpcdns -c "{inside}"'
            )
            assert done == "172.30.0.20\n"
        finally:
            engine.sh("podman logs dns >&2; podman rm -f -t 0 dns")
