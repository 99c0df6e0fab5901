"""Names of special use: what they mean is settled, so nobody outside is ever asked about them.

They stand behind everything that a file says itself: a private zone, a rule, a public zone or a server of one's own for such
a domain goes first.
"""

from __future__ import annotations

from proxy.compile.tables import build_zone
from proxy.dns.codes import TYPE_A, TYPE_AAAA, TYPE_NS, TYPE_SOA
from proxy.dns.names import Name
from proxy.dns.records import RecordSet
from proxy.dns.text import pack_rdata
from proxy.model.answers import Reason, ReasonKind
from proxy.model.claims import Node, Zone

# Domain and where it is reserved.
SPECIAL_USE = {
    "localhost": "RFC 6761 section 6.3",
    "test": "RFC 6761 section 6.2",
    "invalid": "RFC 6761 section 6.4",
    "onion": "RFC 7686",
    "home.arpa": "RFC 8375",
    "resolver.arpa": "RFC 9462",
    "alt": "RFC 9476",
    "10.in-addr.arpa": "RFC 6761 section 6.1",
    **{f"{number}.172.in-addr.arpa": "RFC 6761 section 6.1" for number in range(16, 32)},
    "168.192.in-addr.arpa": "RFC 6761 section 6.1",
    "ec2.internal": "EC2's private names",
    "compute-1.internal": "EC2's private names",
    "compute.internal": "EC2's private names",
}

_TTL = 10_800  # that, and the SOA record, are those of RFC 6303 section 3
_LOOPBACK = {
    TYPE_A: RecordSet.pack(TYPE_A, _TTL, [pack_rdata(TYPE_A, "127.0.0.1")]),
    TYPE_AAAA: RecordSet.pack(TYPE_AAAA, _TTL, [pack_rdata(TYPE_AAAA, "::1")]),
}


def compile_special_use() -> dict[bytes, Zone]:
    """The zones of special-use names: no names below them, but for localhost's, which are all this machine."""
    return {Name.from_text(domain): _zone(Name.from_text(domain), source) for domain, source in SPECIAL_USE.items()}


def _zone(name: Name, source: str) -> Zone:
    records = {
        TYPE_SOA: RecordSet.pack(
            TYPE_SOA, _TTL, [pack_rdata(TYPE_SOA, f"{name}. nobody.invalid. 1 3600 1200 604800 10800")]
        ),
        TYPE_NS: RecordSet.pack(TYPE_NS, _TTL, [name]),
    }
    table = {name: records}
    nodes: dict[bytes, Node] = {}
    if str(name) == "localhost":
        table = {name: {**records, **_LOOPBACK}, name.child(b"*"): _LOOPBACK}
    elif str(name) == "resolver.arpa":
        nodes[name.child(b"_dns")] = Node()  # it exists, and no resolver is designated (RFC 9462 section 4)
    return build_zone(name, table, Reason(ReasonKind.SPECIAL_USE, f"special-use name {name} ({source})"), nodes)
