"""Where to listen, and which servers to ask: addresses with their ports."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from proxy.dns.errors import MalformedMessage
from proxy.dns.names import Name
from proxy.model.answers import DEFAULT_PORTS, Protocol, ServerAddress
from proxy.nouns import dataclass
from proxy.settings.composites import ByKind, Key, ObjectOf
from proxy.settings.problems import Path
from proxy.settings.takes import Text, Wrong, whole_number
from proxy.settings.values import VIEW, parse_name

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
    return ListenSetting(*host_and_port(text, "127.0.0.1:1053"))


def parse_server(text: str) -> ServerAddress | str:
    """`system`, or a server: by UDP as 1.1.1.1, else as tcp://1.1.1.1, tls://1.1.1.1#NAME or https://NAME/PATH#ADDRESS."""
    if text == "system":
        return text
    scheme, between, rest = text.partition("://")
    if not between:
        return _parse_plain(Protocol.UDP, text, text)
    if scheme == "tcp":
        return _parse_plain(Protocol.TCP, rest, text)
    if scheme == "tls":
        place, _, name = rest.partition("#")
        return _parse_plain(Protocol.TLS, place, text)._replace(name=_parse_host(name, text) if "#" in rest else "")
    if scheme == "https":
        return _parse_https(rest, text)
    raise Wrong(
        f"{text} is no server",
        "write system, 1.1.1.1, 1.1.1.1:53, tcp://1.1.1.1, tls://1.1.1.1 or https://1.1.1.1/dns-query",
    )


def parse_target(text: str) -> ServerAddress:
    """The address of a server that a rule forwards to, asked by UDP; port 53 unless one is given."""
    return _parse_plain(Protocol.UDP, text, text, "192.168.9.9")


def _parse_plain(protocol: Protocol, place: str, text: str, example: str = "1.1.1.1") -> ServerAddress:
    default = DEFAULT_PORTS[protocol]
    scheme = "" if protocol is Protocol.UDP else f"{protocol.value}://"
    host, port = host_and_port(place, f"{scheme}{example}:{default}", default)
    if not port:
        raise Wrong(f"{text} has port 0", f"write {ServerAddress(protocol, host, default)}")
    return ServerAddress(protocol, host, port)


def _parse_https(rest: str, text: str) -> ServerAddress:
    """NAME[:PORT]/PATH[#ADDRESS], or an address in the name's place."""
    url, _, address = rest.partition("#")
    authority, slash, path = url.partition("/")
    if not slash or not path.isascii() or any(letter <= " " for letter in path):
        raise Wrong(f"{text} has no path", f"write for example https://{authority or '1.1.1.1'}/dns-query")
    host, port = _split(authority, DEFAULT_PORTS[Protocol.HTTPS])
    number = whole_number(port)
    if number is None or not 0 < number <= 0xFFFF:
        raise Wrong(f"{port or 'nothing'} is no port", "write for example https://dns.example:443/dns-query")
    if _is_address(host):
        return ServerAddress(Protocol.HTTPS, str(ipaddress.ip_address(host)), number, "", "/" + path)
    if address and not _is_address(address):
        raise Wrong(f"{address} is no address", f"write for example https://{url}#192.0.2.1")
    known = str(ipaddress.ip_address(address)) if address else ""
    return ServerAddress(Protocol.HTTPS, known, number, _parse_host(host, text), "/" + path)


def _parse_host(name: str, text: str) -> str:
    try:
        return str(Name.from_text(name))
    except MalformedMessage as error:
        raise Wrong(f"{text} names no host: {error.what}", "write for example tls://1.1.1.1#one.one.one.one") from None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def parse_domain_and_server(text: str) -> tuple[tuple[Name, ...], ServerAddress | str]:
    """`[/DOMAIN/]SERVER`, or `[/DOMAIN/DOMAIN/]SERVER`: a server for what is below these domains; without, for everything."""
    if not text.startswith("[/"):
        return (), parse_server(text)
    domains, between, server = text[2:].partition("/]")
    if not between:
        raise Wrong(f"{text} does not end its domains", "write for example [/corp.example/]10.0.0.2")
    return tuple(parse_name(domain) for domain in domains.split("/")), parse_server(server)


def host_and_port(text: str, example: str, default: int = _DNS_PORT) -> tuple[str, int]:
    """The address and the port of a text that may lack its port; raises Wrong with an example."""
    host, port = _split(text, default)
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


def _split(text: str, default: int) -> tuple[str, str]:
    """127.0.0.1:1053, [::1]:1053, 127.0.0.1, [::1] and ::1 into address and port."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest[1:] if rest.startswith(":") else rest or str(default)
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, port
    return text, str(default)


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
DOMAIN_AND_SERVER = Text(
    "a server, behind [/DOMAIN/] for that domain alone", "[/corp.example/]10.0.0.2", parse_domain_and_server
)
