"""The functions of `socket` that look names up, as they are where the VPC's resolver is the machine's.

As with glibc (getaddrinfo(3), resolv.conf(5) with `ndots:1`): a name without a dot is tried in the VPC's search domain first.
Addresses, localhost and this machine's own name stay with the functions that were there before.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from proxy.dns.codes import RCODE_NOERROR, RCODE_NXDOMAIN, TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_PTR
from proxy.dns.errors import MalformedMessage
from proxy.dns.names import Name
from proxy.dns.text import rdata_text
from proxy.model.answers import Reply

Ask = Callable[[Name, Sequence[int]], Sequence[Reply | None]]
"""The replies to a name and several types, None where there is none."""

_NONAME = socket.EAI_NONAME
_NODATA = getattr(socket, "EAI_NODATA", _NONAME)
_AGAIN = socket.EAI_AGAIN
_WORDS = {
    _NODATA: "No address associated with hostname",
    _NONAME: "Name or service not known",
    _AGAIN: "Temporary failure in name resolution",
}
_FAMILIES = {socket.AF_INET: (TYPE_A,), socket.AF_INET6: (TYPE_AAAA,), socket.AF_UNSPEC: (TYPE_A, TYPE_AAAA)}

# As they are before anything is redirected.
_getaddrinfo, _getnameinfo = socket.getaddrinfo, socket.getnameinfo


class Found(NamedTuple):
    """What a name leads to: its canonical name, and addresses, IPv4 first."""

    canonical: str
    addresses: tuple[str, ...]


class Lookups:
    """Look-ups by `ask`; `search` is the search domain; `why` says of a name why it has no answer; `note` hears of every name."""

    def __init__(self, ask: Ask, search: str, why: Callable[[str], str], note: Callable[[str], None]) -> None:
        self._ask = ask
        self._search = search
        self._why = why
        self._note = note

    def getaddrinfo(  # noqa: PLR0917  as socket has it
        self, host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[tuple[Any, ...]]:
        """As socket.getaddrinfo."""
        name = _to_look_up(host)
        if name is None or flags & socket.AI_NUMERICHOST or family not in _FAMILIES:
            return _getaddrinfo(host, port, family, type, proto, flags)
        found = self.find(name, _FAMILIES[socket.AddressFamily(family)])
        came: list[tuple[Any, ...]] = []
        for address in found.addresses:
            for entry in _getaddrinfo(address, port, 0, type, proto, flags & ~socket.AI_CANONNAME | socket.AI_NUMERICHOST):
                canonical = found.canonical if flags & socket.AI_CANONNAME and not came else ""
                came.append((*entry[:3], canonical, entry[4]))
        return came

    def gethostbyname(self, hostname: Any) -> str:
        """As socket.gethostbyname."""
        name = _to_look_up(hostname)
        if name is None:
            return str(_getaddrinfo(hostname or "0.0.0.0", None, socket.AF_INET)[0][4][0])  # noqa: S104  its meaning of ""
        return self.find(name, (TYPE_A,)).addresses[0]

    def gethostbyname_ex(self, hostname: Any) -> tuple[str, list[str], list[str]]:
        """As socket.gethostbyname_ex."""
        name = _to_look_up(hostname)
        if name is None:
            return str(hostname), [], [self.gethostbyname(hostname)]
        found = self.find(name, (TYPE_A,))
        aliases = [] if found.canonical == name.rstrip(".") else [name]
        return found.canonical, aliases, list(found.addresses)

    def gethostbyaddr(self, ip_address: Any) -> tuple[str, list[str], list[str]]:
        """As socket.gethostbyaddr."""
        name = _to_look_up(ip_address)
        address = str(ip_address) if name is None else self.find(name, (TYPE_A,)).addresses[0]
        found = self._name_of(address)
        if found is None:
            raise socket.herror(1, "Unknown host")
        return found, [], [address]

    def getnameinfo(self, sockaddr: Any, flags: int) -> tuple[str, str]:
        """As socket.getnameinfo."""
        host, service = _getnameinfo(sockaddr, (flags | socket.NI_NUMERICHOST) & ~socket.NI_NAMEREQD)
        if flags & socket.NI_NUMERICHOST:
            return host, service
        name = self._name_of(host)
        if name is None and flags & socket.NI_NAMEREQD:
            raise _error(_NONAME)
        return name or host, service

    def find(self, host: str, types: Sequence[int]) -> Found:
        """The addresses of a name; socket.gaierror where it has none."""
        worst = _NONAME
        for text in self._candidates(host):
            self._note(text)
            try:
                replies = self._ask(Name.from_text(text), types)
            except MalformedMessage:
                continue
            addresses = tuple(address for reply in replies for address in _data_of(reply, types))
            if addresses:
                aliases = [name for reply in replies for name in _data_of(reply, (TYPE_CNAME,))]
                return Found(aliases[-1] if aliases else text.rstrip("."), addresses)
            worst = _verdict(replies)
            if worst == _AGAIN:
                break
        raise _error(worst, self._why(text))

    def _candidates(self, host: str) -> Iterator[str]:
        if self._search and "." not in host:
            yield f"{host}.{self._search}"
        yield host

    def _name_of(self, address: str) -> str | None:
        numeric = ipaddress.ip_address(address.partition("%")[0])
        if numeric.is_loopback:
            return "localhost"
        self._note(numeric.reverse_pointer)
        [reply] = self._ask(Name.from_text(numeric.reverse_pointer), (TYPE_PTR,))
        return next(iter(_data_of(reply, (TYPE_PTR,))), None)


def _to_look_up(host: Any) -> str | None:
    """The name to ask for; None where none is to be asked for."""
    if isinstance(host, bytes | bytearray):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str) or not host:
        return None
    if not host.isascii():
        host = host.encode("idna").decode()
    plain = host.lower().rstrip(".")
    if plain == "localhost" or plain.endswith(".localhost") or plain == socket.gethostname().lower() or _is_address(plain):
        return None
    return str(host)


def _is_address(text: str) -> bool:
    try:
        _getaddrinfo(text, None, flags=socket.AI_NUMERICHOST)  # which also knows 127.1 and fe80::1%eth0
    except (socket.gaierror, UnicodeError):
        return False
    return True


def _data_of(reply: Reply | None, types: Sequence[int]) -> list[str]:
    if reply is None or reply.rcode != RCODE_NOERROR:
        return []
    return [rdata_text(each.type, rdata) for _, each in reply.answer if each.type in types for rdata in each.rdatas()]


def _verdict(replies: Sequence[Reply | None]) -> int:
    rcodes = {None if reply is None else reply.rcode for reply in replies}
    if rcodes == {RCODE_NXDOMAIN}:
        return _NONAME
    return _NODATA if RCODE_NOERROR in rcodes else _AGAIN


def _error(number: int, why: str = "") -> socket.gaierror:
    return socket.gaierror(number, f"{_WORDS[number]} (vpcdns: {why})" if why else _WORDS[number])
