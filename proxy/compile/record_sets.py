"""Aliases and record sets with a routing policy: what a zone's names lead to in one region.

All that health, regions and other names decide is settled here, once a zone and region, so that it costs a query nothing.
What Route 53 would refuse of such sets is refused in its words (ChangeResourceRecordSets).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import NamedTuple

from proxy.compile.aliases import Aliases, AtEndpoint, Key, Outside, Target, targets_first
from proxy.compile.policies import MAX_ANSWERS, Candidate, Choice, choose, is_regional, says
from proxy.compile.records import pack_record
from proxy.compile.set_checks import check_sets
from proxy.dns.names import Name
from proxy.dns.records import RecordSet
from proxy.dns.write import Sections
from proxy.model.answers import Answer
from proxy.model.claims import Zone
from proxy.model.routing import AliasFollowed, AliasOutside, Considered, PolicyDecided, Routed, Sampled, Share, Weighted
from proxy.nouns import dataclass
from proxy.settings.shape import RecordSpec, RoutingSetting


class Member(NamedTuple):
    """One record set of a key: how it is told from the others, and its records or what it is an alias of."""

    routing: RoutingSetting | None
    source: RecordSet | Target


@dataclass(frozen=True, slots=True)
class ZoneSets:
    """The record sets of a zone that are more than plain ones, by name and type, each after those that it leads to."""

    members: Mapping[Key, Sequence[Member]] = field(default_factory=dict)

    @property
    def regional(self) -> bool:
        """Whether any of them looks at the region that asks."""
        return any(
            member.routing is not None and is_regional(member.routing)
            for members in self.members.values()
            for member in members
        )


def compile_sets(specs: Sequence[RecordSpec], aliases: Aliases, plain: Mapping[Name, Mapping[int, RecordSet]]) -> ZoneSets:
    """The sets of `specs`, which are aliases or have a routing policy, beside the `plain` ones of the same zone."""
    problems = aliases.problems
    by_key: dict[Key, list[RecordSpec]] = {}
    for spec in specs:
        by_key.setdefault(spec[:2], []).append(spec)
    check_sets(by_key, plain, problems)
    members: dict[Key, list[Member]] = {}
    leading: dict[Key, list[tuple[RecordSpec, Target]]] = {}
    for key, found in by_key.items():
        for spec in found:
            source = pack_record(spec, problems) if spec.alias is None else aliases.find(spec, spec.alias)
            if source is not None:
                members.setdefault(key, []).append(Member(spec.routing, source))
                if not isinstance(source, RecordSet):
                    leading.setdefault(key, []).append((spec, source))
    ordered = [key for key in targets_first(leading, problems) if key in members]
    return ZoneSets({key: members[key] for key in dict.fromkeys((*ordered, *members))})


class _Settled(NamedTuple):
    """What a key leads to, and whether any of its sets is healthy."""

    routed: Routed
    healthy: bool


def settle_sets(sets: ZoneSets, zone: Zone, region: str) -> dict[Name, dict[int, Routed]]:
    """What each name of `sets` leads to for those who ask in `region`, by type; `zone` has the plain records."""
    settled: dict[Key, _Settled] = {}
    table: dict[Name, dict[int, Routed]] = {}
    for key, members in sets.members.items():
        each = [_follow(key, member.source, zone, settled) for member in members]
        routings = [member.routing for member in members if member.routing is not None]
        settled[key] = _decide(key, routings, each, zone, region) if routings else each[0]
        table.setdefault(key[0], {})[key[1]] = settled[key].routed
    return table


def _follow(key: Key, source: RecordSet | Target, zone: Zone, settled: Mapping[Key, _Settled]) -> _Settled:
    """What one record set leads to.  An alias has the health of its target in the zone (EvaluateTargetHealth: true)."""
    name, kind = key
    if isinstance(source, RecordSet):
        return _Settled(Routed((), _answer(source, zone)), healthy=True)
    here = AliasFollowed(name, kind, str(source))
    if isinstance(source, AtEndpoint):
        return _Settled(Routed((here,), _answer(source.found, zone)), healthy=True)
    if isinstance(source, Outside):
        return _Settled(Routed((here,), AliasOutside(source.name, kind, zone.nodata)), healthy=True)
    onward = settled.get((source.name, kind))
    if onward is None:
        node = zone.nodes.get(source.name)  # that may lack it where its data are wrong, which was told when it was packed
        return _Settled(Routed((here,), zone.nodata if node is None else node.answers.get(kind, zone.nodata)), healthy=True)
    return _Settled(Routed((here, *onward.routed.decisions), onward.routed.leads), onward.healthy)


def _decide(key: Key, routings: Sequence[RoutingSetting], each: Sequence[_Settled], zone: Zone, region: str) -> _Settled:
    """What the sets of one key lead to by their policy."""
    healthy = [routing.is_up and led.healthy for routing, led in zip(routings, each, strict=True)]
    choice = choose([Candidate(*pair) for pair in zip(routings, healthy, strict=True)], region)
    considered = tuple(map(_considered, routings, each))
    chosen = tuple(routings[at].id for at in choice.chosen)
    decided = PolicyDecided(*key, routings[0].policy, considered, chosen, choice.why)
    if len(choice.chosen) > 1:
        leads: Answer | Weighted | Sampled
        if choice.weights:
            leads = _by_weight(choice, decided, each)
        else:
            leads = _together(choice, decided, each, zone)
        return _Settled(Routed((decided,) if isinstance(leads, Answer) else (), leads), any(healthy))
    if not choice.chosen:
        return _Settled(Routed((decided,), zone.nodata), any(healthy))
    only = each[choice.chosen[0]].routed
    return _Settled(Routed((decided, *only.decisions), only.leads), any(healthy))


def _considered(routing: RoutingSetting, led: _Settled) -> Considered:
    if not routing.is_up:
        return Considered(routing.id, says(routing), healthy=False, why="health: down")
    if not led.healthy:
        return Considered(routing.id, says(routing), healthy=False, why="nothing that it is an alias of is healthy")
    return Considered(
        routing.id, says(routing), healthy=True, why="no health check" if routing.health is None else "health: up"
    )


def _by_weight(choice: Choice, decided: PolicyDecided, each: Sequence[_Settled]) -> Weighted:
    shares = tuple(
        Share(ident, weight, each[at].routed)
        for at, ident, weight in zip(choice.chosen, decided.chosen, choice.weights, strict=True)
    )
    return Weighted(shares, sum(choice.weights), decided)


def _together(choice: Choice, decided: PolicyDecided, each: Sequence[_Settled], zone: Zone) -> Answer | Sampled:
    """The sets of a multivalue answer.  All have the TTL of the last ("Values specific for multivalue answer records")."""
    sets = [answer.sections.answer[0][1] for led in each if isinstance(answer := led.routed.leads, Answer)]
    chosen = [sets[at].with_ttl(sets[-1].ttl) for at in choice.chosen]
    if len(chosen) > MAX_ANSWERS:
        return Sampled(tuple(zip(decided.chosen, chosen, strict=True)), MAX_ANSWERS, zone.nodata.reason, decided)
    records = dict.fromkeys(record for found in chosen for record in found.records)
    return _answer(RecordSet(chosen[0].type, chosen[0].ttl, tuple(records)), zone)


def _answer(found: RecordSet | None, zone: Zone) -> Answer:
    """The zone's answer with a set, or its "no data" without one."""
    return zone.nodata if found is None else Answer(Sections(answer=((None, found),)), zone.nodata.reason)
