"""Container engines for tests: dockerd and podman, each in a network and mounts of its own, where neither touches this machine's.

Images are made of a root file system that `.ci/rootfs` makes; nothing is pulled.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.namespaces import HOUSE, there

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "vpcdns-tests"
ROOTFS = CACHE / "rootfs"
EMULATOR = CACHE / "emulator"
BASE = "localhost/vpcdns-test-base"
PATIENCE = 240

_SET_UP = """
ip link set lo up
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
sysctl -qw net.ipv4.ip_forward=1
echo ready
exec sleep 3600
"""
_PODMAN_STORAGE = '[storage]\ndriver = "overlay"\ngraphroot = "{folder}/graph"\nrunroot = "{folder}/run"\n'
_PODMAN_CONTAINERS = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{folder}/libpod"
"""


class Engine:
    """An engine that runs: `run` calls a program in its namespaces, with its environment."""

    def __init__(self, process: int, environ: dict[str, str]) -> None:
        self._enter = ["nsenter", "-t", str(process), "-n", "-m"]
        self._environ = {**os.environ, **environ}

    def run(self, *command: str, cwd: Path = HOUSE, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        there_first = ["sh", "-c", 'cd "$0" && exec "$@"', str(cwd)]
        return subprocess.run(
            [*self._enter, *there_first, *command], capture_output=True, text=True, timeout=timeout, check=False,
            env=self._environ, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def sh(self, script: str, cwd: Path = HOUSE) -> str:
        """What a shell prints; it must go well."""
        done = self.run("sh", "-c", script, cwd=cwd)
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, *command: str, log: Path) -> subprocess.Popen[bytes]:
        """Start what goes on running."""
        with log.open("wb") as output:
            return subprocess.Popen([*self._enter, *command], stdout=output, stderr=output, env=self._environ)


@contextlib.contextmanager
def _alone(name: str) -> Iterator[None]:
    """One at a time: the tests' processes share what an engine keeps."""
    import fcntl

    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _namespaces() -> Iterator[int]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("an engine of one's own takes root")
    if not ROOTFS.exists():
        pytest.skip("no root file system to make images of: .ci/rootfs makes one")
    held = subprocess.Popen(
        ["unshare", "-n", "-m", "--propagation", "private", "sh", "-c", _SET_UP], stdout=subprocess.PIPE, text=True
    )
    assert held.stdout is not None
    try:
        if held.stdout.readline() != "ready\n":
            pytest.skip("no namespaces can be had here")
        yield held.pid
    finally:
        held.kill()
        held.wait()
        held.stdout.close()


@contextlib.contextmanager
def docker() -> Iterator[Engine]:
    """dockerd, with the base image; skips where it cannot be started."""
    if not there("dockerd", "docker", "runc"):
        pytest.skip("no dockerd")
    with _namespaces() as process, _alone("docker"), tempfile.TemporaryDirectory(prefix="vpcdns-docker-") as folder:
        place = f"unix://{folder}/docker.sock"
        engine = Engine(process, {"DOCKER_HOST": place, "DOCKER_BUILDKIT": "0", "COMPOSE_DOCKER_CLI_BUILD": "0"})
        data = CACHE / "docker"
        data.mkdir(parents=True, exist_ok=True)
        daemon = engine.start(
            "dockerd", "--data-root", str(data), "--exec-root", f"{folder}/exec", "-H", place, "-p", f"{folder}/pid",
            log=Path(folder, "log"),
        )  # fmt: skip
        try:
            _wait(lambda: engine.run("docker", "version").returncode == 0, daemon, Path(folder, "log"))
            _import(engine, "docker")
            yield engine
        finally:
            engine.run("docker", "image", "prune", "-f")
            daemon.terminate()
            daemon.wait(30)


@contextlib.contextmanager
def podman() -> Iterator[Engine]:
    """podman, with the base image; skips where it is not there."""
    if not there("podman", "runc", "netavark") and not Path("/usr/lib/podman/netavark").exists():
        pytest.skip("no podman")
    folder = CACHE / "podman"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "storage.conf").write_text(_PODMAN_STORAGE.format(folder=folder))
    (folder / "containers.conf").write_text(_PODMAN_CONTAINERS.format(folder=folder))
    environ = {"CONTAINERS_STORAGE_CONF": f"{folder}/storage.conf", "CONTAINERS_CONF": f"{folder}/containers.conf"}
    with _namespaces() as process, _alone("podman"):
        engine = Engine(process, environ)
        shutil.rmtree(folder / "run", ignore_errors=True)
        shutil.rmtree(folder / "libpod", ignore_errors=True)
        if engine.run("podman", "info").returncode:
            pytest.skip("podman does not work here")
        _import(engine, "podman")
        try:
            yield engine
        finally:
            engine.run("podman", "image", "prune", "-f")


def build_context(folder: Path) -> Path:
    """A folder to build the image from without a network: what a clone has, and the wheels."""
    context = folder / "clone"
    for name in (
        ".dockerignore",
        "Dockerfile",
        "LICENSE",
        "README.md",
        "config",
        "proxy",
        "pyproject.toml",
        "requirements.txt",
    ):
        source = HOUSE / name
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, context / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, context / name)
    wheels = CACHE / f"wheels-{_digest('requirements.txt', 'requirements-dev.txt')}"
    if not wheels.exists():
        got = subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--python-version", "3.11", "--only-binary", ":all:",
             "-d", f"{wheels}.new", "-r", "requirements.txt", "hatchling"],
            cwd=HOUSE, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if got.returncode:
            shutil.rmtree(f"{wheels}.new", ignore_errors=True)
            pytest.skip(f"no packages to build of: {got.stderr[-200:]}")
        Path(f"{wheels}.new").rename(wheels)
    shutil.copytree(wheels, context / "wheels")
    return context


def build(
    engine: Engine, program: str, context: Path, tag: str = "vpcdns", wheels: str = "--find-links /source/wheels"
) -> None:
    """Build an image as its users do, but from the base and the wheels that are here."""
    options = f"--no-index {wheels}"
    done = engine.run(
        program, "build", "-q", "--network=none", "--build-arg", f"BASE={BASE}", "--build-arg", f"PIP_OPTIONS={options}",
        "-t", tag, ".", cwd=context,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def _digest(*names: str) -> str:
    import hashlib

    return hashlib.sha256(b"".join((HOUSE / name).read_bytes() for name in names)).hexdigest()[:12]


def _import(engine: Engine, program: str) -> None:
    if engine.run(program, "image", "inspect", BASE).returncode:
        engine.sh(f"tar -C {ROOTFS} --exclude=./proc/* --exclude=./dev/* -cf - . | {program} import - {BASE}")


def _wait(ready: object, daemon: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 30
    while not ready():  # type: ignore[operator]
        if daemon.poll() is not None or time.monotonic() > end:
            pytest.skip(f"the engine does not start here: {log.read_text(errors='replace')[-300:]}")
        time.sleep(0.2)
