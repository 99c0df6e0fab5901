"""Where to listen, and which servers to ask: addresses with their ports."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Annotated

from proxy.model.answers import Protocol, ServerAddress
from proxy.settings.composites import ByKind, Key, ObjectOf
from proxy.settings.problems import Path
from proxy.settings.takes import Text, Wrong, whole_number
from proxy.settings.values import VIEW

_DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class ListenSetting:
    """`listen`: an address (port 0 = any free one) and, where it names one, the view of all who ask there."""

    host: str
    port: int
    view: str | None = None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_listen(text: str) -> ListenSetting:
    """ADDRESS:PORT, or ADDRESS for port 53; an IPv6 address with a port stands in brackets."""
    return ListenSetting(*_host_and_port(text, "127.0.0.1:1053"))


def parse_server(text: str) -> ServerAddress | str:
    """`system`, or the address of a server, asked by UDP unless `tcp://` stands before it; port 53 unless one is given."""
    if text == "system":
        return text
    protocol, rest = (Protocol.TCP, text[6:]) if text.startswith("tcp://") else (Protocol.UDP, text)
    if "://" in rest:
        raise Wrong(f"{text} is no server", "write system, 1.1.1.1, 1.1.1.1:53 or tcp://1.1.1.1")
    host, port = _host_and_port(rest, "1.1.1.1:53")
    if not port:
        raise Wrong(f"{text} has port 0", f"write {ServerAddress(protocol, host, _DNS_PORT)}")
    return ServerAddress(protocol, host, port)


def parse_target(text: str) -> ServerAddress:
    """The address of a server that a rule forwards to, asked by UDP; port 53 unless one is given."""
    host, port = _host_and_port(text, "192.168.9.9:53")
    if not port:
        raise Wrong(f"{text} has port 0", f"write {ServerAddress(Protocol.UDP, host, _DNS_PORT)}")
    return ServerAddress(Protocol.UDP, host, port)


def _host_and_port(text: str, example: str) -> tuple[str, int]:
    host, port = _split(text)
    number = whole_number(port)
    if number is None or number > 0xFFFF:
        raise Wrong(f"{port or 'nothing'} is no port", f"write for example {example}")
    if host in ("localhost", "", "*"):
        instead = "127.0.0.1" if host == "localhost" else "0.0.0.0"  # noqa: S104  a hint; nothing is bound here
        raise Wrong(f"{text} has no address", f"write {instead}:{port}")
    try:
        return str(ipaddress.ip_address(host)), number
    except ValueError:
        raise Wrong(f"{host} is no address", f"write for example {example}") from None


def _split(text: str) -> tuple[str, str]:
    """127.0.0.1:1053, [::1]:1053, 127.0.0.1, [::1] and ::1 into address and port."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest[1:] if rest.startswith(":") else rest or str(_DNS_PORT)
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, port
    return text, str(_DNS_PORT)


@dataclass(frozen=True, slots=True)
class _WrittenListen:
    address: Annotated[ListenSetting, Key(Text("an address and a port", "127.0.0.1:1053", parse_listen), "Where to listen.")]
    view: Annotated[str | None, Key(VIEW, "The view of all who ask there.", default="by the client's address")] = None


def _with_view(written: _WrittenListen, _: Path) -> ListenSetting:
    return ListenSetting(written.address.host, written.address.port, written.view)


LISTEN = ByKind(
    "an address and a port",
    "127.0.0.1:1053",
    scalar=Text("an address and a port", "127.0.0.1:1053", parse_listen),
    mapping=ObjectOf(_WrittenListen, '{address: "127.0.0.1:1053", view: internet}', _with_view),
)
SERVER = Text("a server", "1.1.1.1", parse_server)
TARGET = Text("an address, with a port or without", "192.168.9.9", parse_target)
