"""Public names that lead to private addresses, dropped (DNS rebinding).

A page of some stranger's name is the same origin for a browser when the name leads into one's own network a minute later.
What rules, private zones and servers for single domains say is one's own affair, and passes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence, Set

from proxy.dns.codes import TYPE_A, TYPE_AAAA, TYPE_HTTPS, TYPE_SVCB
from proxy.dns.names import Name
from proxy.dns.records import Placed, RecordSet
from proxy.dns.write import Sections
from proxy.model.answers import Answer, Reason, ReasonKind

_PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "255.255.255.255/32", "::/127", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
_V4_IN_V6 = (bytes(10) + b"\xff\xff", b"\0\x64\xff\x9b" + bytes(8))  # mapped (RFC 4291), and NAT64 (RFC 6052)
_HINTS = {4: 4, 6: 16}  # the SvcParams with addresses, and how many octets each has (RFC 9460 section 7.3)


def without_private_addresses(answer: Answer, name: bytes, allowed: Set[bytes]) -> Answer:
    """`answer`, a reply to `name`, without private addresses; as it is below an `allowed` domain."""
    sections = answer.sections
    if not any(_has_private(found) for section in sections[1:] for _, found in section):
        return answer
    if any(suffix in allowed for suffix in Name(name).suffixes()):
        return answer
    kept = Sections(sections.rcode, *(_without_private(section) for section in sections[1:]))
    what = f"{Name(name)} leads to a private address: rebind_protection drops it"
    return Answer(kept, Reason(ReasonKind.REBINDING, what))


def _without_private(section: Sequence[Placed]) -> tuple[Placed, ...]:
    kept = []
    for owner, found in section:
        records = tuple(
            record for record, rdata in zip(found.records, found.rdatas(), strict=True) if not _is_private(found.type, rdata)
        )
        if records:
            kept.append((owner, RecordSet(found.type, found.ttl, records)))
    return tuple(kept)


def _has_private(found: RecordSet) -> bool:
    return any(_is_private(found.type, rdata) for rdata in found.rdatas())


def _is_private(kind: int, rdata: bytes) -> bool:
    if kind in (TYPE_A, TYPE_AAAA):
        return _is_private_address(rdata)
    return kind in (TYPE_SVCB, TYPE_HTTPS) and any(_is_private_address(hint) for hint in _address_hints(rdata))


def _is_private_address(octets: bytes) -> bool:
    if len(octets) == 16 and octets[:12] in _V4_IN_V6:
        octets = octets[12:]
    if len(octets) not in (4, 16):
        return False
    address = ipaddress.ip_address(octets)
    return any(address in network for network in _PRIVATE)


def _address_hints(rdata: bytes) -> list[bytes]:
    """The addresses of ipv4hint and ipv6hint; what breaks off has none."""
    at = 2
    while at < len(rdata) and rdata[at]:
        at += rdata[at] + 1
    at += 1
    hints: list[bytes] = []
    while at + 4 <= len(rdata):
        key, length = int.from_bytes(rdata[at : at + 2], "big"), int.from_bytes(rdata[at + 2 : at + 4], "big")
        value = rdata[at + 4 : at + 4 + length]
        size = _HINTS.get(key)
        if size is not None:
            hints += [value[place : place + size] for place in range(0, len(value), size)]
        at += 4 + length
    return hints
