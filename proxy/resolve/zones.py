"""Looking up one name in one zone (RFC 1034 section 4.3.2, RFC 4592).

A miss ends here: AWS tries nothing else once a zone was chosen ("Considerations when working with a private hosted zone").
"""

from __future__ import annotations

from proxy.dns.codes import TYPE_ANY
from proxy.dns.names import Name
from proxy.dns.records import RecordSet
from proxy.dns.write import Sections
from proxy.model.answers import Answer, Question
from proxy.model.claims import Node, Zone
from proxy.model.routing import AliasOutside, Chance
from proxy.model.steps import NameMissing, RecordsFound, Trace, TypeMissing
from proxy.resolve.policies import answer_routed, find_routed

_WILDCARD_LABEL = b"\x01*"
_NOTHING = Node()


def first_of_all() -> float:
    """A chance that always takes the first: for whoever wants one of the possible answers, and always the same."""
    return 0.0


def look_up(zone: Zone, name: bytes, kind: int, trace: Trace | None) -> Answer | RecordSet:
    """The zone's answer, or the CNAME that leads on.  `name` is the zone's or below it."""
    node = zone.nodes.get(name)
    wildcard = None
    if node is None:
        wildcard = find_wildcard(zone, name)
        if wildcard is None:
            return _no_name(zone, name, trace)
        node = zone.nodes[wildcard]
    found = look_in(node, kind)
    if found is None:
        if node.missing:
            return _no_name(zone, name, trace)
        if trace is not None:
            trace(TypeMissing(Name(name), kind, zone.nodata.reason))
        return zone.nodata
    if trace is not None and isinstance(found, Answer):
        trace(RecordsFound(Name(name), kind, found.reason, wildcard))
    return found


def _no_name(zone: Zone, name: bytes, trace: Trace | None) -> Answer:
    if trace is not None:
        trace(NameMissing(Name(name), zone.nxdomain.reason))
    return zone.nxdomain


def look_up_routed(
    zone: Zone, name: bytes, kind: int, trace: Trace | None, chance: Chance
) -> Answer | RecordSet | AliasOutside:
    """The same in a zone with aliases and routing policies; an alias may lead to a name outside."""
    wildcard = None if name in zone.nodes else find_wildcard(zone, name)
    node = zone.nodes.get(wildcard or name, _NOTHING)
    if node.routed is not None and look_in(node, kind) is None:
        routed = find_routed(node.routed, kind)
        if routed is not None:
            return answer_routed(routed, Question(name, kind), wildcard, trace, chance)
    return look_up(zone, name, kind, trace)


def look_in(node: Node, kind: int) -> Answer | RecordSet | None:
    """The node's answer of a type; its CNAME where that answers instead; None where it has nothing of that type."""
    answer = node.answers.get(kind)
    if answer is not None:
        return answer
    if kind == TYPE_ANY and node.answers:
        return _everything(node)
    return node.cname


def find_wildcard(zone: Zone, name: bytes) -> Name | None:
    """The wildcard that covers a name that does not exist: the one right below its closest encloser.

    An asterisk that only stands inside a longer name (`mid.*`) is a letter like others, as in "DNS domain name format".
    """
    encloser = name[name[0] + 1 :]
    while encloser not in zone.nodes:
        encloser = encloser[encloser[0] + 1 :]
    wildcard = Name(_WILDCARD_LABEL + encloser)
    node = zone.nodes.get(wildcard)
    return wildcard if node is not None and (node.answers or node.routed) else None


def _everything(node: Node) -> Answer:
    """All record sets of a node, for type ANY (RFC 8482 leaves the choice)."""
    answers = tuple(node.answers.values())
    return Answer(
        Sections(answer=tuple(placed for answer in answers for placed in answer.sections.answer)), answers[0].reason
    )
