"""What `-l`, `-u` and `--admin` say in place of the file; what is wrong with it is a wrong usage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import typer

from proxy.configuration import Overrides
from proxy.dns.names import Name
from proxy.model.answers import ServerAddress
from proxy.settings.admin import ADMIN_ADDRESS
from proxy.settings.problems import Path
from proxy.settings.shape import AdminSetting, UpstreamSetting
from proxy.settings.sockets import DOMAIN_AND_SERVER, LISTEN
from proxy.settings.takes import Found, Place, Takes

Server = ServerAddress | Literal["system"]


def read_overrides(listen: Sequence[str], upstream: Sequence[str], admin: str | None = None) -> Overrides:
    """The overrides of a command line."""
    listeners = tuple(_read(LISTEN, text, ("listen",), "--listen") for text in listen)
    for listener, times in Counter(listeners).items():
        if times > 1 and listener.port:
            raise typer.BadParameter(f"{listener} is given twice", param_hint="--listen")
    servers: list[Server] = []
    domains: dict[Name, tuple[Server, ...]] = {}
    for text in upstream:
        only, server = _read(DOMAIN_AND_SERVER, text, ("upstream", "servers"), "--upstream")
        for domain in only:
            domains[domain] = (*domains.get(domain, ()), server)
        if not only:
            servers.append(server)
    asked = UpstreamSetting(servers=tuple(servers)) if servers else None
    return Overrides(listeners, asked, domains, admin=read_admin(admin))


def read_admin(text: str | None) -> AdminSetting | Literal[False] | None:
    """Where `--admin` wants the control API; False for nowhere, None where it says nothing."""
    if text is None:
        return None
    if text in ("off", "false"):
        return False
    return AdminSetting(listen=_read(ADMIN_ADDRESS, text, ("admin", "listen"), "--admin"))


def _read(takes: Takes, text: str, path: Path, option: str) -> Any:
    found: list[Found] = []
    value = takes.check(text, Place(path, found))
    for problem in found:
        hint = f" ({problem.hint})" if problem.hint else ""
        raise typer.BadParameter(f"{problem.what}{hint}", param_hint=option)
    return value
