"""Who manages this machine's resolver, and the changes by which names lead to a server of ours.

Owns the plans: pure functions of `Facts` and a `Wish`.  Where a manager cannot do what is wished, `CannotBe` says why, and what
can be done by hand.  Nothing is changed here.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from proxy.host.changes import Change, CommandChange, FileChange
from proxy.host.marks import marked, without_marked

LINK = "vpcdns"
LINK_ADDRESS = "169.254.53.53/32"  # a link without an address is none for systemd-resolved
DNS_PORT = 53
EVERYTHING = "."


class CannotBe(Exception):
    """What was wished for is not possible here; the text says why, `hints` what helps."""

    def __init__(self, why: str, *hints: str) -> None:
        super().__init__(why)
        self.hints = hints


class Wish(NamedTuple):
    """The domains (without a final dot; EVERYTHING is all names) that are to lead to the server at `host` and `port`."""

    host: str
    port: int
    domains: tuple[str, ...]

    @property
    def everything(self) -> bool:
        """Whether all names are wished for."""
        return EVERYTHING in self.domains


class Facts(NamedTuple):
    """What a machine is like: its platform, and what its resolver is made of."""

    platform: str = "linux"
    resolv_conf: str | None = None
    wsl_conf: str | None = None
    link: str | None = None
    resolved: bool = False
    systemd: bool = False
    dnsmasq_folder: bool = False
    dnsmasq_runs: bool = False
    dnsmasq_installed: bool = False
    networkmanager_plugin: str | None = None
    wsl: bool = False


def manager_of(facts: Facts) -> str:
    """The name of the manager, one of MANAGERS; CannotBe where nobody is known to manage names here."""
    text = facts.resolv_conf or ""
    if facts.platform == "darwin":
        return "macos"
    if facts.platform == "win32":
        return "windows"
    if facts.resolved and ("127.0.0.53" in text or "/systemd/resolve/" in (facts.link or "")):
        return "resolved"
    if facts.networkmanager_plugin is not None and ("NetworkManager" in text or facts.networkmanager_plugin == "dnsmasq"):
        return "networkmanager"
    if (
        facts.dnsmasq_runs
        and facts.dnsmasq_folder
        and any(line.split()[:2] == ["nameserver", "127.0.0.1"] for line in text.splitlines())
    ):
        return "dnsmasq"
    if facts.wsl and facts.link is not None:
        return "wsl"
    if facts.link is not None:
        raise CannotBe(
            f"/etc/resolv.conf is a link to {facts.link}, which belongs to a manager that vpcdns does not know",
            "nothing was changed; tell that manager to ask the server for these domains, or name a manager with --manager",
        )
    if facts.resolv_conf is None:
        raise CannotBe("there is no /etc/resolv.conf", "nothing was changed; --manager names a manager")
    return "plain"


def plan(manager: str, facts: Facts, wish: Wish) -> list[Change]:
    """The changes, in their order."""
    return _PLANS[manager](facts, wish)


def script(changes: Sequence[Change]) -> Iterator[str]:
    """The changes as commands for a terminal, and then how they are undone."""
    for change in changes:
        if isinstance(change, FileChange):
            yield _written(change.path, change.text)
        elif change.do:
            yield _typed(change.do)
    yield ""
    yield "# and to undo it:"
    for change in reversed(changes):
        if isinstance(change, FileChange):
            before = without_marked(change.text)
            yield _written(change.path, before) if before else f"rm {change.path}"
        elif change.undo:
            yield _typed(change.undo)


def _written(path: Path, text: str) -> str:
    return f"cat > {path} <<'END'\n{text}END"


def _typed(command: Sequence[str]) -> str:
    """A command of one word is a whole line of PowerShell."""
    return command[0] if len(command) == 1 else shlex.join(command)


def _resolved(_: Facts, wish: Wish) -> list[Change]:
    """A link of its own: only there are other names never asked of the server, and nothing of it is on the disk."""
    domains = ["~."] if wish.everything else [f"~{domain}" for domain in wish.domains]
    veth = f"ip link add {LINK} type veth peer name {LINK}-peer && ip link set {LINK}-peer up"
    return [
        CommandChange((), ("resolvectl", "flush-caches")),
        CommandChange(
            ("ip", "link", "add", LINK, "type", "dummy"), ("ip", "link", "delete", LINK), otherwise=("sh", "-c", veth)
        ),
        CommandChange(("ip", "address", "add", LINK_ADDRESS, "dev", LINK)),
        CommandChange(("ip", "link", "set", LINK, "up")),
        CommandChange(("resolvectl", "dns", LINK, _place(wish)), ("resolvectl", "revert", LINK)),
        CommandChange(("resolvectl", "domain", LINK, *domains)),
        CommandChange(("resolvectl", "default-route", LINK, "true" if wish.everything else "false")),
        CommandChange(("resolvectl", "dnssec", LINK, "no")),
        CommandChange(("resolvectl", "llmnr", LINK, "no")),
        CommandChange(("resolvectl", "mdns", LINK, "no")),
        CommandChange(("resolvectl", "flush-caches",)),
    ]  # fmt: skip


def _dnsmasq(facts: Facts, wish: Wish) -> list[Change]:
    restart = ("systemctl", "restart", "dnsmasq") if facts.systemd else ("service", "dnsmasq", "restart")
    return _between(restart, [FileChange(Path("/etc/dnsmasq.d/vpcdns.conf"), _dnsmasq_text(wish))])


def _networkmanager(facts: Facts, wish: Wish) -> list[Change]:
    own = FileChange(Path("/etc/NetworkManager/dnsmasq.d/vpcdns.conf"), _dnsmasq_text(wish))
    reload = ("nmcli", "general", "reload")
    if facts.networkmanager_plugin == "dnsmasq":
        return _between(reload, [own])
    drop_in = Path("/etc/NetworkManager/conf.d/90-vpcdns.conf")
    if wish.everything:
        _wants_port_53(wish, "NetworkManager's global servers")
        text = marked(["[global-dns-domain-*]", f"servers={wish.host}"])
        return _between(reload, [FileChange(drop_in, text)])
    if not facts.dnsmasq_installed:
        raise CannotBe(
            "NetworkManager writes resolv.conf itself here, and cannot send single domains elsewhere",
            "install dnsmasq (its plugin can), or --all, or let it use systemd-resolved",
        )
    return _between(reload, [FileChange(drop_in, marked(["[main]", "dns=dnsmasq"])), own])


def _plain(facts: Facts, wish: Wish) -> list[Change]:
    """First in the file, so that the servers that were there take over where ours is silent."""
    if not wish.everything:
        raise CannotBe(
            "a plain resolv.conf cannot send single domains elsewhere",
            "--all leads every name to vpcdns, which passes on what is not in its file",
        )
    _wants_port_53(wish, "a resolv.conf")
    text = facts.resolv_conf or ""
    return [FileChange(Path("/etc/resolv.conf"), marked([f"nameserver {wish.host}"]) + text)]


def _macos(_: Facts, wish: Wish) -> list[Change]:
    if wish.everything:
        raise CannotBe(
            "on macOS all names are led elsewhere by network service, not by a file",
            f"networksetup -setdnsservers Wi-Fi {wish.host}    (and `… Wi-Fi Empty` to undo it); it takes port 53",
        )
    forget = ("sh", "-c", "dscacheutil -flushcache; killall -HUP mDNSResponder")
    lines = [f"nameserver {wish.host}", f"port {wish.port}"]
    return _between(forget, [FileChange(Path("/etc/resolver", domain), marked(lines)) for domain in wish.domains])


def _windows(_: Facts, wish: Wish) -> list[Change]:
    """Rules of the Name Resolution Policy Table, for an elevated PowerShell."""
    _wants_port_53(wish, "an NRPT rule")
    spaces = ["."] if wish.everything else [space for domain in wish.domains for space in (domain, f".{domain}")]
    names = ",".join(f'"{space}"' for space in spaces)
    add = f'Add-DnsClientNrptRule -Namespace {names} -NameServers "{wish.host}" -Comment "vpcdns"'
    remove = 'Get-DnsClientNrptRule | Where-Object Comment -eq "vpcdns" | Remove-DnsClientNrptRule -Force'
    return [
        CommandChange((), ("Clear-DnsClientCache",)),
        CommandChange((add,), (remove,)),
        CommandChange(("Clear-DnsClientCache",)),
    ]


def _wsl(facts: Facts, wish: Wish) -> list[Change]:
    """WSL writes resolv.conf at each start: it must be told not to, and the file be one of ours."""
    _wants_port_53(wish, "a resolv.conf")
    if not wish.everything:
        raise CannotBe(
            "WSL's resolv.conf cannot send single domains elsewhere",
            "--all leads every name to vpcdns; or switch on systemd in /etc/wsl.conf, and systemd-resolved does it",
        )
    own = marked([f"nameserver {wish.host}"]) + (facts.resolv_conf or "")
    return [
        FileChange(Path("/etc/wsl.conf"), (facts.wsl_conf or "") + marked(["[network]", "generateResolvConf = false"])),
        CommandChange(("rm", "/etc/resolv.conf"), ("wsl.exe", "--shutdown")),
        FileChange(Path("/etc/resolv.conf"), own),
    ]


def _between(command: tuple[str, ...], changes: Sequence[Change]) -> list[Change]:
    """Changes that somebody has to be told of: after they are made, and after they are unmade."""
    return [CommandChange((), command), *changes, CommandChange(command)]


def _dnsmasq_text(wish: Wish) -> str:
    domains = ["#"] if wish.everything else wish.domains
    lines = [f"server=/{domain}/{wish.host}#{wish.port}" for domain in domains]
    return marked([*lines, *(f"rebind-domain-ok=/{domain}/" for domain in domains if domain != "#")])


def _wants_port_53(wish: Wish, what: str) -> None:
    if wish.port != DNS_PORT:
        raise CannotBe(
            f"{what} can name no port, and the server has port {wish.port}",
            "serve on an address with port 53: vpcdns serve -l 127.0.0.2:53",
        )


def _place(wish: Wish) -> str:
    return f"[{wish.host}]:{wish.port}" if ":" in wish.host else f"{wish.host}:{wish.port}"


_PLANS: dict[str, Callable[[Facts, Wish], list[Change]]] = {
    "resolved": _resolved,
    "networkmanager": _networkmanager,
    "dnsmasq": _dnsmasq,
    "plain": _plain,
    "macos": _macos,
    "windows": _windows,
    "wsl": _wsl,
}
MANAGERS = tuple(_PLANS)
PRINTED_ONLY = frozenset(("windows", "wsl"))
