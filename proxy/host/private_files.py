"""A resolv.conf(5) and an nsswitch.conf(5) of one process's own, in a mount namespace that ends with it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from proxy.host import kernel

RESOLV_CONF = Path("/etc/resolv.conf")
NSSWITCH_CONF = Path("/etc/nsswitch.conf")

# Caches of names, and the services that answer for nss-resolve: hidden, or glibc would ask them first.
_CACHES = ("/run/nscd", "/var/run/nscd")
_SERVICES = ("/run/systemd/resolve/io.systemd.Resolve",)
_SCRATCH = ("/tmp", "/run", "/var", "/mnt", "/srv")  # noqa: S108  nothing is written into them: something is mounted over one


def resolv_conf(server: str, search: Sequence[str] = ()) -> str:
    """The text of a resolv.conf with one server."""
    domains = f"search {' '.join(search)}\n" if search else ""
    return f"# For one command alone, from `vpcdns exec`.\nnameserver {server}\n{domains}options timeout:2 attempts:2\n"


def nsswitch_conf(text: str) -> str:
    """`text` with nothing but /etc/hosts and DNS for names of hosts: no nss-resolve, no mDNS."""
    return re.sub(r"(?m)^hosts:.*\n?", "", text).rstrip("\n") + "\nhosts: files dns\n"


def mount_private_files(resolv: str) -> None:
    """Put `resolv` over this mount namespace's resolv.conf, and what goes with it; OSError where the kernel does not let us.

    The files are on a memory file system that nothing else can reach, and nothing of them is left behind.
    """
    if not RESOLV_CONF.exists():
        raise FileNotFoundError(2, f"there is no {RESOLV_CONF}, or it is a link to nowhere: nothing can be put over it")
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    scratch = next(folder for folder in _SCRATCH if Path(folder).is_dir())
    here = _working_folder()
    kernel.mount("vpcdns", scratch, "tmpfs")
    files = {RESOLV_CONF: resolv}
    with suppress(OSError):
        files[NSSWITCH_CONF] = nsswitch_conf(NSSWITCH_CONF.read_text(errors="surrogateescape"))
    for path, text in files.items():
        own = Path(scratch, path.name)
        own.write_text(text, errors="surrogateescape")
        own.chmod(0o644)
        kernel.mount(str(own), str(path), None, kernel.MS_BIND)
    kernel.umount(scratch)
    _hide_other_resolvers()
    if here is not None:
        os.chdir(here)


def _hide_other_resolvers() -> None:
    for folder in _CACHES:
        if Path(folder).is_dir():
            with suppress(OSError):
                kernel.mount("vpcdns", folder, "tmpfs")
    for path in _SERVICES:
        if Path(path).exists():
            with suppress(OSError):
                kernel.mount("/dev/null", path, None, kernel.MS_BIND)


def _working_folder() -> str | None:
    """Where this process is; None where that is no longer anywhere."""
    with suppress(OSError):
        return os.getcwd()  # noqa: PTH109
    return None
