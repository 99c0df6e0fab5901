"""The image, and the example of docker-compose, on a real engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.engines import Engine, build, build_context, docker, podman
from tests.host.namespaces import there

ANSWERS = {
    "app-in-blue": ["sqs.us-east-1.amazonaws.com 172.30.0.50", "db.corp.example 172.30.0.20"],
    "app-in-green": ["sqs.us-east-1.amazonaws.com 198.51.100.10", "db.corp.example 172.30.1.20"],
    "app-outside": ["sqs.us-east-1.amazonaws.com 198.51.100.10", "db.corp.example does not exist here"],
}
# As nobody, without any right, on a file system that is read-only, in a network of its own.
CONFINED = "--read-only --cap-drop ALL --security-opt no-new-privileges --sysctl net.ipv4.ip_unprivileged_port_start=53"


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


@pytest.mark.skipif(not there("docker-compose"), reason="no docker-compose")
def test_three_networks_get_three_answers(dockerd: Engine, context: Path) -> None:
    """The file as it is in the repository, but that its image is there already."""
    compose = "docker-compose -p example -f config/compose/compose.yaml"
    try:
        dockerd.sh(f"{compose} up -d --no-build", cwd=context)
        for service, lines in ANSWERS.items():
            name = dockerd.sh(f"{compose} ps -q {service}", cwd=context).strip()
            dockerd.sh(f"docker wait {name}")
            assert dockerd.sh(f"docker logs {name}").splitlines() == lines
        [health] = json.loads(dockerd.sh(f"docker inspect $({compose} ps -q dns)", cwd=context))
        assert health["State"]["Health"]["Status"] == "healthy"
    finally:
        dockerd.sh(f"{compose} down -t 3", cwd=context)


def test_podman_runs_the_same_image(context: Path) -> None:
    with podman() as engine:
        build(engine, "podman", context)
        mount = f"-v {context}/config/compose/vpcdns.yaml:/etc/vpcdns/vpcdns.yaml:ro"
        engine.sh("podman network rm -f blue 2>/dev/null; podman network create --subnet 172.30.0.0/24 blue")
        engine.sh(
            f"podman run -d --name dns {CONFINED} --network blue --ip 172.30.0.53 {mount} vpcdns"
        )  # fmt: skip
        try:
            inside = "import socket; print(socket.gethostbyname('db.corp.example'))"
            done = engine.sh(
                f'podman run --rm --network blue --dns 172.30.0.53 --entrypoint /vpcdns/bin/python vpcdns -c "{inside}"'
            )
            assert done == "172.30.0.20\n"
            assert engine.sh("podman exec dns vpcdns healthcheck --server 127.0.0.1:53").startswith("healthy: ")
        finally:
            engine.sh("podman logs dns >&2; podman rm -f -t 0 dns")
