"""What on this machine stands in the way of names: findings, each with what helps.

Owns looking.  Every look is a function that reads the machine and changes nothing.
"""

from __future__ import annotations

import errno
import ipaddress
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from proxy.host import kernel
from proxy.host.container import DOCKERS_RESOLVER
from proxy.host.facts import facts, running, text_of
from proxy.host.journal import Journal
from proxy.host.managers import CannotBe, manager_of
from proxy.host.ports import advice, holders
from proxy.host.private_files import NSSWITCH_CONF
from proxy.host.resolvers import RESOLV_CONF, machine_servers

_TUNNELS = ("tun", "wg", "ppp", "tailscale", "utun", "zt")
_FIREFOX = (".mozilla/firefox", "snap/firefox/common/.mozilla/firefox", "Library/Application Support/Firefox/Profiles")
_CHROMES = (
    ".config/google-chrome", ".config/chromium", "snap/chromium/common/chromium", "Library/Application Support/Google/Chrome",
)  # fmt: skip
_DOH_ONLY = re.compile(r'"network\.trr\.mode",\s*([23])\b')


class Finding(NamedTuple):
    """Something in the way: a word for it, what it is, and lines that help."""

    word: str
    what: str
    remedies: tuple[str, ...]


class Looked(NamedTuple):
    """What the looks are about: the listeners (those that answer already apart), domains, names, and the installation."""

    listeners: tuple[tuple[str, int], ...]
    answering: frozenset[tuple[str, int]]
    domains: tuple[str, ...]
    names: frozenset[str]
    asks_the_machine: bool
    journal: Journal | None
    home: Path
    unreadable: str = ""


def findings(looked: Looked) -> Iterator[Finding]:
    """All that is found."""
    for look in LOOKS:
        yield from look(looked)


def _listeners(looked: Looked) -> Iterator[Finding]:
    """Addresses that cannot be had: held by another, without permission, not there."""
    for host, port in looked.listeners:
        if (host, port) in looked.answering:
            continue
        error = _refusal(host, port)
        if error is not None:
            held = holders(host, port) if error.errno == errno.EADDRINUSE else []
            words = {errno.EADDRINUSE: "port-held", errno.EACCES: "no-permission", errno.EADDRNOTAVAIL: "no-address"}
            what = f"cannot listen on {_place(host, port)}: {error.strerror}"
            yield Finding(words.get(error.errno or 0, "listener"), what, tuple(advice(host, port, error.errno, held)))


def _resolv_conf(_: Looked) -> Iterator[Finding]:
    if RESOLV_CONF.is_symlink() and not RESOLV_CONF.exists():
        what = f"{RESOLV_CONF} is a link to {RESOLV_CONF.readlink()}, which is not there: nothing resolves"
        yield Finding("dangling-link", what, ("start the manager that writes it, or put a file in its place",))
        return
    try:
        manager_of(facts())
    except CannotBe as error:
        yield Finding("unknown-manager", str(error), error.hints)


def _docker(_: Looked) -> Iterator[Finding]:
    if any(server.host == DOCKERS_RESOLVER for server in machine_servers()):
        yield Finding(
            "docker-resolver",
            f"{RESOLV_CONF} names Docker's own resolver, {DOCKERS_RESOLVER}: it knows containers' names, and passes on the rest",
            ("`dns:` of the service in compose.yaml, or `docker run --dns`, says to whom it passes it on",),
        )


def _loop(looked: Looked) -> Iterator[Finding]:
    own = {host for host, port in looked.listeners if port == 53} if looked.asks_the_machine else set()
    for server in machine_servers():
        if server.host in own:
            yield Finding(
                "loop",
                f"vpcdns asks this machine's resolvers, and one of them is vpcdns itself ({server.host})",
                ("upstream: {servers: [...]} in the file names servers elsewhere",),
            )


def _order_of_lookups(looked: Looked) -> Iterator[Finding]:
    words = _lookups()
    if not words:
        return
    if "dns" not in words and "resolve" not in words:
        what = f"{NSSWITCH_CONF} does not have DNS for hosts: glibc's programs ask no server"
        yield Finding("no-dns", what, ("hosts: files dns",))
    mdns = next((word for word in words if word.startswith("mdns")), None)
    local = [domain for domain in looked.domains if domain == "local" or domain.endswith(".local")]
    if mdns is not None and local and ("dns" not in words or words.index(mdns) < words.index("dns")):
        yield Finding(
            "mdns-local",
            f"{NSSWITCH_CONF} has {mdns} before DNS, which keeps names that end in .local for itself: {', '.join(local)}",
            ("put dns before it in the line `hosts:`, or take a domain that does not end in .local",),
        )


def _hosts_file(looked: Looked) -> Iterator[Finding]:
    for line in (text_of(Path("/etc/hosts")) or "").splitlines():
        words = line.partition("#")[0].split()
        for name in words[1:]:
            if name.lower().removesuffix(".") in looked.names:
                what = f"/etc/hosts says that {name} is {words[0]}, and is asked before any server"
                yield Finding("hosts-file", what, ("take the line out of /etc/hosts",))


def _caches(_: Looked) -> Iterator[Finding]:
    if "nscd" in running():
        yield Finding("cache", "nscd keeps answers, those from before a change too", ("sudo nscd --invalidate=hosts",))


def _dnssec(looked: Looked) -> Iterator[Finding]:
    with suppress(OSError, subprocess.TimeoutExpired):
        said = subprocess.run(["resolvectl", "dnssec"], capture_output=True, text=True, timeout=5, check=False).stdout  # noqa: S607
        if looked.domains and re.search(r": yes$", said, re.MULTILINE):
            yield Finding(
                "dnssec",
                "systemd-resolved insists on DNSSEC, and private zones have no signatures: their names fail",
                ("`vpcdns resolver install` makes a link that does not; or DNSSEC=allow-downgrade in resolved.conf",),
            )


def _tunnels(_: Looked) -> Iterator[Finding]:
    found = [name for _, name in socket.if_nameindex() if name.startswith(_TUNNELS)]
    if found:
        yield Finding(
            "vpn",
            f"a VPN is up ({', '.join(sorted(found))}): it may lead names its own way, and change the resolver by and by",
            ("vpcdns resolver status   tells whether an installation is still in force",),
        )


def _browsers(looked: Looked) -> Iterator[Finding]:
    for browser in _with_doh(looked.home):
        yield Finding(
            "browser-doh",
            f"{browser} asks a resolver of its own by HTTPS, whatever this machine's is",
            ("switch DNS over HTTPS off in its settings, at least for these domains",),
        )


def _exec(_: Looked) -> Iterator[Finding]:
    if sys.platform == "linux":
        problem = _no_namespace()
        if problem:
            yield Finding(
                "no-namespaces",
                f"no user namespaces ({problem}): `vpcdns exec` can only redirect connections, and some programs see that",
                (
                    "Ubuntu 24.04 and later: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
                    "in a container: --security-opt seccomp=unconfined, or --cap-add SYS_ADMIN",
                    "elsewhere: sudo sysctl -w user.max_user_namespaces=15000",
                ),
            )


def _installation(looked: Looked) -> Iterator[Finding]:
    journal = looked.journal
    if looked.unreadable:
        remedy = "take what stands between vpcdns's two marks out of the resolver's files, then remove the journal"
        yield Finding("unreadable-journal", looked.unreadable, (remedy,))
    if journal is None:
        return
    if not journal.complete:
        what = "an installation of the resolver was interrupted"
    elif journal.from_before_the_start:
        what = "an installation of the resolver is from before this machine was started"
    elif journal.server not in {_place(*each) for each in looked.answering}:
        what = f"this machine's resolver is led to {journal.server}, which does not answer"
    else:
        return
    yield Finding("stale-installation", what, ("sudo vpcdns resolver uninstall",))


LOOKS: tuple[Callable[[Looked], Iterable[Finding]], ...] = (
    _listeners, _resolv_conf, _docker, _loop, _order_of_lookups, _hosts_file, _caches, _dnssec, _tunnels, _browsers, _exec,
    _installation,
)  # fmt: skip


def _refusal(host: str, port: int) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        try:
            with socket.socket(family, kind) as sock:
                if kind == socket.SOCK_STREAM:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind((host, port))
        except OSError as error:
            return error
    return None


def _lookups() -> list[str]:
    """The words of the line `hosts:`, without what stands in brackets; none where there is no such line."""
    for line in (text_of(NSSWITCH_CONF) or "").splitlines():
        key, _, rest = line.partition("#")[0].partition(":")
        if key.strip() == "hosts":
            return re.sub(r"\[[^]]*\]", " ", rest).split()
    return []


def _with_doh(home: Path) -> Iterator[str]:
    for folder in _FIREFOX:
        for path in sorted((home / folder).glob("*/prefs.js")):
            if _DOH_ONLY.search(text_of(path) or ""):
                yield f"Firefox (profile {path.parent.name})"
    for folder in _CHROMES:
        with suppress(ValueError, AttributeError):
            state = json.loads(text_of(home / folder / "Local State") or "{}")
            if state.get("dns_over_https", {}).get("mode") == "secure":
                yield Path(folder).name


def _no_namespace() -> str:
    """Why no user namespace can be had; nothing where one can.  Tried in a process of its own."""
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        with suppress(BaseException):
            try:
                kernel.unshare(kernel.CLONE_NEWUSER)
            except OSError as error:
                os.write(writing, str(error.strerror).encode())
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:  # noqa: PTH123  a descriptor
        said = pipe.read().decode()
    os.waitpid(process, 0)
    return said


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ipaddress.ip_address(host).version == 6 else f"{host}:{port}"
