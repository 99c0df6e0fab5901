"""Zones: names with their record sets into a finished table (RFC 1034 section 4.3.2, RFC 4592).

All answers of a zone are made here, once: one for every name and type, one for a type that is missing and one for a name
that is.  The SOA and NS records are those that Route 53 gives every private zone ("NS and SOA records that Route 53
creates"); a negative answer's SOA has a TTL of its own, by default 60 seconds as was seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from proxy.dns.codes import RCODE_NXDOMAIN, TYPE_CNAME, TYPE_NS, TYPE_SOA
from proxy.dns.names import ROOT, Name
from proxy.dns.records import RecordSet
from proxy.dns.text import pack_rdata
from proxy.dns.write import Sections
from proxy.model.answers import Answer, Reason
from proxy.model.claims import Node, Zone
from proxy.model.routing import Routed

NEGATIVE_TTL = 60
SOA_TTL = 900
NS_TTL = 172_800

_SOA_TEXT = "ns-1536.awsdns-00.co.uk. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
_NS_TEXTS = ("ns-1536.awsdns-00.co.uk.", "ns-0.awsdns-00.com.", "ns-1024.awsdns-00.org.", "ns-512.awsdns-00.net.")

DEFAULT_SOA = RecordSet.pack(TYPE_SOA, SOA_TTL, [pack_rdata(TYPE_SOA, _SOA_TEXT)])
DEFAULT_NS = RecordSet.pack(TYPE_NS, NS_TTL, [pack_rdata(TYPE_NS, text) for text in _NS_TEXTS])
NEGATIVE_SOA = DEFAULT_SOA.with_ttl(NEGATIVE_TTL)

Table = Mapping[Name, Mapping[int, RecordSet]]
"""Record sets by owner and type; owners are absolute, wildcards under their own name."""

_WILDCARD_LABEL = b"\x01*"
_NOTHING = Node()


def build_zone(
    name: Name,
    table: Table,
    reason: Reason,
    named: Mapping[bytes, Node] | None = None,
    *,
    negative_ttl: int = NEGATIVE_TTL,
) -> Zone:
    """The zone `name` with the records of `table` and, where it has none of its own, AWS's SOA and NS at the apex.

    `named` are further nodes, with reasons of their own; `negative_ttl` is that of its negative answers, in seconds.
    """
    apex = {TYPE_SOA: DEFAULT_SOA, TYPE_NS: DEFAULT_NS, **table.get(name, {})}
    nodes = _nodes({**table, name: apex}, reason)
    nodes.update(named or {})
    return _zone(name, nodes, reason, negative_soa(apex[TYPE_SOA], negative_ttl))


def with_routed(zone: Zone, routed: Mapping[Name, Mapping[int, Routed]]) -> Zone:
    """The zone with what aliases and routing policies lead to, by owner and type."""
    nodes = dict(zone.nodes)
    for owner, by_type in routed.items():
        nodes[owner] = replace(nodes.get(owner, _NOTHING), routed=by_type)
    for between in list(_between(nodes, zone.name)):
        nodes.setdefault(between, _NOTHING)
    return replace(zone, nodes=nodes, routed=True)


def without_wildcard_parents(zone: Zone) -> Zone:
    """The zone in which a name with nothing but a wildcard right below it does not exist ("DNS domain name format")."""
    parents = Counter(Name(owner).parent() for owner in zone.nodes)
    nodes = dict(zone.nodes)
    for owner in zone.nodes:
        parent = Name(owner).parent()
        if owner.startswith(_WILDCARD_LABEL) and parents[parent] == 1 and parent != zone.name:
            node = nodes[parent]
            if not node.answers and node.routed is None:
                nodes[parent] = replace(node, missing=True)
    return replace(zone, nodes=nodes)


def build_root_table(table: Table, reason: Reason) -> Zone:
    """All that a simulated server knows, as a zone of the root; it has no apex records that anybody asked for."""
    return _zone(ROOT, _nodes(table, reason), reason, NEGATIVE_SOA)


def build_node(sets: Mapping[int, RecordSet], reason: Reason) -> Node:
    """A name with its finished answers."""
    answers = {kind: Answer(Sections(answer=((None, found),)), reason) for kind, found in sets.items()}
    return Node(answers, sets.get(TYPE_CNAME))


def negative_soa(soa: RecordSet, ttl: int) -> RecordSet:
    """The SOA of a negative answer: never longer than the record's TTL or its minimum say (RFC 2308 section 5)."""
    minimum = int.from_bytes(soa.rdatas()[0][-4:], "big")
    return soa.with_ttl(min(ttl, soa.ttl, minimum))


def _nodes(table: Table, reason: Reason) -> dict[bytes, Node]:
    return {owner: build_node(sets, reason) for owner, sets in table.items()}


def _zone(name: Name, nodes: dict[bytes, Node], reason: Reason, soa: RecordSet) -> Zone:
    for between in list(_between(nodes, name)):
        nodes.setdefault(between, _NOTHING)
    authority = ((name, soa),)
    nodata = Answer(Sections(authority=authority), reason)
    nxdomain = Answer(Sections(RCODE_NXDOMAIN, authority=authority), reason)
    return Zone(name, nodes, nodata, nxdomain)


def _between(nodes: Mapping[bytes, Node], apex: Name) -> Iterator[Name]:
    """The names between those with records and the apex, the apex included."""
    yield apex
    for owner in nodes:
        parent = Name(owner)
        while parent != apex:
            parent = parent.parent()
            if parent in nodes:
                break
            yield parent
