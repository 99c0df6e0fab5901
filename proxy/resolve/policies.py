"""Names whose answer is chosen among record sets: what `compile/` left to each query is decided here, by chance.

The chances are those of Route 53 ("Weighted routing": a set's weight divided by the sum of all; "Multivalue answer routing":
up to eight of the healthy ones).  `chance` is an argument, so that a seeded one gives the same answers again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from proxy.dns.codes import RCODE_NOERROR, RCODE_NXDOMAIN, TYPE_ANY, TYPE_CNAME
from proxy.dns.names import Name
from proxy.dns.records import RecordSet
from proxy.dns.write import Sections
from proxy.model.answers import Answer, Question
from proxy.model.routing import AliasOutside, Chance, Routed, Sampled, Share, Weighted
from proxy.model.steps import RecordsFound, Trace, TypeMissing


def find_routed(table: Mapping[int, Routed], kind: int) -> Routed | None:
    """What answers a type: its own, or a CNAME's; for type ANY one of them (RFC 8482 leaves the choice)."""
    if kind == TYPE_ANY:
        return next(iter(table.values()))
    return table.get(kind) or table.get(TYPE_CNAME)


def answer_routed(
    routed: Routed, question: Question, wildcard: Name | None, trace: Trace | None, chance: Chance
) -> Answer | RecordSet | AliasOutside:
    """The answer that is decided on, the CNAME that leads on, or the name outside that an alias leads to."""
    name, kind = question
    decided = _decide(routed, trace, chance)
    if isinstance(decided, AliasOutside):
        return decided
    placed = decided.sections.answer
    if not placed:
        if trace is not None:
            trace(TypeMissing(Name(name), kind, decided.reason))
        return decided
    found = placed[0][1]
    if found.type == TYPE_CNAME and kind not in (TYPE_CNAME, TYPE_ANY):
        return found
    if trace is not None:
        trace(RecordsFound(Name(name), kind, decided.reason, wildcard))
    return decided


def flatten(alias: AliasOutside, answer: Answer) -> Answer:
    """What an alias's target was answered with, as if it were the alias's own: no CNAME is visible.

    An alias has the TTL of its target ("Choosing between alias and non-alias records").
    """
    rcode, placed, *_ = answer.sections
    if rcode not in (RCODE_NOERROR, RCODE_NXDOMAIN):
        return Answer(Sections(rcode), answer.reason)
    sets = [found for _, found in placed if found.type == alias.type]
    if not sets:
        return alias.nodata
    ttl = min(found.ttl for _, found in placed)
    records = tuple(record for found in sets for record in found.with_ttl(ttl).records)
    return Answer(Sections(answer=((None, RecordSet(alias.type, ttl, records)),)), alias.nodata.reason)


def _decide(routed: Routed, trace: Trace | None, chance: Chance) -> Answer | AliasOutside:
    """Follow the choices of chance to what they lead to: a set that is chosen may be an alias to further ones."""
    while True:
        leads = routed.leads
        if trace is not None:
            for decision in routed.decisions:
                trace(decision)
        if isinstance(leads, Sampled):
            return _sample(leads, trace, chance)
        if not isinstance(leads, Weighted):
            return leads
        share = _choose(leads, chance)
        if trace is not None:
            why = f"by chance, {share.weight} of {leads.total}: {leads.decided.why}"
            trace(replace(leads.decided, chosen=(share.id,), why=why))
        routed = share.routed


def _choose(weighted: Weighted, chance: Chance) -> Share:
    at = chance() * weighted.total
    *others, last = weighted.shares
    for share in others:
        at -= share.weight
        if at < 0:
            return share
    return last


def _sample(sampled: Sampled, trace: Trace | None, chance: Chance) -> Answer:
    """Some of the sets, each equally likely: the beginning of a shuffle (Fisher and Yates)."""
    sets = list(sampled.sets)
    for place in range(sampled.size):
        other = place + int(chance() * (len(sets) - place))
        sets[place], sets[other] = sets[other], sets[place]
    chosen = sets[: sampled.size]
    if trace is not None:
        trace(replace(sampled.decided, chosen=tuple(ident for ident, _ in chosen)))
    first = chosen[0][1]
    records = tuple(record for _, found in chosen for record in found.records)
    return Answer(Sections(answer=((None, RecordSet(first.type, first.ttl, records)),)), sampled.reason)
