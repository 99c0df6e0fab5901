"""What Route 53 would refuse of record sets that share a name and a type (ChangeResourceRecordSets)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from proxy.compile.aliases import Key
from proxy.compile.problems import Problems
from proxy.compile.records import DEFAULT_TTL
from proxy.compile.regions import REGIONS
from proxy.dns.codes import TYPE_CNAME, TYPE_DS, TYPE_NS, TYPE_SOA, type_word
from proxy.dns.names import Name
from proxy.dns.records import RecordSet
from proxy.settings.problems import did_you_mean
from proxy.settings.shape import RecordSpec, RoutingSetting

_ONLY_SIMPLE = (TYPE_SOA, TYPE_NS, TYPE_DS)
_ONE_VALUE = ("weight", "latency")
_WORDS = {"weight": "weighted"}


def check_sets(
    sets: Mapping[Key, Sequence[RecordSpec]], plain: Mapping[Name, Mapping[int, RecordSet]], problems: Problems
) -> None:
    """Note what is wrong with record sets, by name and type, beside the `plain` ones."""
    for key, specs in sets.items():
        routed = [(spec, spec.routing) for spec in specs if spec.routing is not None]
        alone = [spec for spec in specs if spec.routing is None]
        simple = key[1] in plain.get(key[0], {})
        for spec, routing in routed:
            for what, hint in _wrong_alone(spec, routing):
                problems.add(spec.path, what, hint)
        for at, (spec, routing) in enumerate(routed):
            found = next(_wrong_together(spec, routing, routed[:at], simple or bool(alone)), None)
            if found is not None:
                problems.add(spec.path, *found)


def _wrong_alone(spec: RecordSpec, routing: RoutingSetting) -> Iterator[tuple[str, str]]:
    kind, policy = type_word(spec.type), routing.policy
    if spec.type in _ONLY_SIMPLE or (policy == "multivalue" and spec.type == TYPE_CNAME):
        yield f"InvalidInput: record sets of type {kind} cannot have the policy {policy}", "take another type or policy"
    if policy == "multivalue" and spec.alias is not None:
        yield "InvalidInput: a multivalue answer cannot be an alias", "write its value, or take another policy"
    if policy in _ONE_VALUE and len(spec.values) > 1:
        word = _WORDS.get(policy, policy)
        yield f"InvalidChangeBatch: a {word} record set has one value, not {len(spec.values)}", "make one set of each value"
    region = routing.latency or (routing.geoproximity.region if routing.geoproximity else None)
    if region is not None and region not in REGIONS:
        yield f"InvalidInput: there is no region {region} for {policy}", did_you_mean(region, REGIONS)


def _wrong_together(
    spec: RecordSpec, routing: RoutingSetting, before: Sequence[tuple[RecordSpec, RoutingSetting]], simple: bool
) -> Iterator[tuple[str, str]]:
    """What is wrong with a set after those `before` it; the first of these is what Route 53 would tell."""
    cannot = f"InvalidChangeBatch: {_rrset(spec)}, SetIdentifier {routing.id} cannot be created as"
    mixed = "sets of one name and type cannot mix routing policies"
    if simple:
        yield (
            f"{cannot} other RRSets exist with the same name and type: {mixed}",
            "give the other one a policy, or leave it out",
        )
    if before and before[0][1].policy != routing.policy:
        word = _WORDS.get(routing.policy, routing.policy)
        what = f"{cannot} a non-{word} set exists with the same name and type: {mixed}"
        yield what, f"the others have {before[0][1].policy}"
    for earlier, other in before:
        if other.id == routing.id:
            name, kind = spec.owner, type_word(spec.type)
            what = (
                f"resource record set [name='{name}.', type='{kind}', set identifier='{routing.id}'] but it already exists"
            )
            yield f"InvalidChangeBatch: Tried to create {what}", "give each its own id"
        weighted = routing.weight is not None and earlier.alias is None and spec.alias is None
        if weighted and _ttl(earlier) != _ttl(spec):
            yield (
                f"{cannot} weighted sets must contain the same TTL.",
                f"{other.id} has {_ttl(earlier)}, this has {_ttl(spec)}",
            )
        same = _same_place(routing, other)
        if same:
            yield f"{cannot} a set with the same name, type and {same} already exists", f"that is {other.id}"


def _same_place(one: RoutingSetting, other: RoutingSetting) -> str:
    """What two sets have in common of which there may be one: the region of latency, the place, primary or secondary."""
    if one.latency is not None and one.latency == other.latency:
        return f"region {one.latency}"
    if one.geolocation is not None and one.geolocation == other.geolocation:
        return "geolocation"
    return f"failover {one.failover}" if one.failover is not None and one.failover == other.failover else ""


def _ttl(spec: RecordSpec) -> int:
    return DEFAULT_TTL if spec.ttl is None else spec.ttl


def _rrset(spec: RecordSpec) -> str:
    return f"RRSet with DNS name {spec.owner}., type {type_word(spec.type)}"
