"""Users and namespaces for tests of what is done to a machine: never this one's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent.parent
_NOBODY = 65534
_PACKAGES = next(path for path in sys.path if path.endswith("site-packages"))

linux = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="this namespace takes root")


def works(*command: str) -> bool:
    """Whether a command can be run here, and ends well."""
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except FileNotFoundError:
        return False


def apart(*flags: str) -> list[str]:
    """`unshare` with namespaces of its own, the loopback interface up in a new network."""
    return ["unshare", *flags, "--propagation", "private", "sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh"]


def without_rights() -> list[str]:
    """What to put before `-m proxy` to run it as somebody who may nothing; skips where there is nobody else to be."""
    if os.geteuid() != 0:
        return [sys.executable]
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    told = "import sys; sys.exit('%d.%d' % sys.version_info[:2] != sys.argv[1])"
    nobody = [
        "setpriv",
        f"--reuid={_NOBODY}",
        f"--regid={_NOBODY}",
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
        "env",  # setpriv itself has its rights to the last
    ]
    for python in (sys.executable, "/usr/bin/python3"):
        if works(*nobody, python, "-c", told, wanted):
            return [*nobody, python]
    pytest.skip(f"another user can run no Python {wanted} here")


def surroundings(**more: str) -> dict[str, str]:
    """The environment of such a process."""
    kept = {name: value for name, value in os.environ.items() if name != "VPCDNS_CONFIG" and not name.startswith("COV_")}
    house = f"{HOUSE}{os.pathsep}{_PACKAGES}"
    return {**kept, "PYTHONPATH": house, "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent", **more}


def there(*commands: str) -> bool:
    """Whether all of these commands are here."""
    return all(shutil.which(command) for command in commands)
