"""Finding out what this machine's resolver is made of."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from proxy.host.managers import Facts
from proxy.host.resolvers import RESOLV_CONF

PROC = Path("/proc")


def facts() -> Facts:
    """What is so now."""
    return Facts(
        platform=sys.platform,
        resolv_conf=text_of(RESOLV_CONF),
        wsl_conf=text_of(Path("/etc/wsl.conf")),
        link=str(RESOLV_CONF.readlink()) if RESOLV_CONF.is_symlink() else None,
        resolved=_answers("resolvectl", "status"),
        systemd=Path("/run/systemd/system").is_dir(),
        dnsmasq_folder=Path("/etc/dnsmasq.d").is_dir(),
        dnsmasq_runs="dnsmasq" in running(),
        dnsmasq_installed=shutil.which("dnsmasq") is not None,
        networkmanager_plugin=_networkmanager_plugin(),
        wsl="microsoft" in platform.release().lower(),
    )


def running() -> set[str]:
    """The names of the processes that are seen from here, each cut to 15 letters; none where there is no /proc."""
    return set(_names())


def text_of(path: Path) -> str | None:
    """A file's text; None where there is none to be read."""
    with suppress(OSError):
        return path.read_text(errors="surrogateescape")
    return None


def is_root() -> bool:
    """Whether this process may change what is the machine's."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _names() -> Iterator[str]:
    for folder in PROC.glob("[0-9]*"):
        with suppress(OSError):
            yield (folder / "comm").read_text().strip()


def _networkmanager_plugin() -> str | None:
    """NetworkManager's `dns=` if it runs; "default" where it says nothing."""
    if "NetworkManager" not in running():
        return None
    plugin = "default"
    folder = Path("/etc/NetworkManager")
    for path in (folder / "NetworkManager.conf", *sorted(folder.glob("conf.d/*.conf"))):
        for line in (text_of(path) or "").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "dns":
                plugin = value.strip()
    return plugin


def _answers(*command: str) -> bool:
    with suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(command, capture_output=True, timeout=5, check=False).returncode == 0  # noqa: S603
    return False
