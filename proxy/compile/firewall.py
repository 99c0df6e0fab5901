"""DNS Firewall's rule groups, into one table for every VPC.

AWS looks at a VPC's groups by the priorities of their associations, then at a group's rules by theirs, and the first rule that
fits decides ("How Route 53 Resolver DNS Firewall works").  That order becomes a number here, and the rules stand under
their domains, so that ten thousand domains cost a query no more than ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from proxy.compile.claims import HEALTH_NAME, SELF_NAME
from proxy.compile.ids import domain_list_id, rule_group_id
from proxy.compile.problems import Problems
from proxy.compile.profiles import PRIORITIES, profiles_of
from proxy.compile.profiles import Association as ProfileAssociation
from proxy.dns.codes import RCODE_NXDOMAIN, RCODE_SERVFAIL, TYPE_CNAME
from proxy.dns.names import ROOT
from proxy.dns.records import RecordSet
from proxy.dns.write import Sections
from proxy.model.answers import Answer, FirewallMatch, Reason, ReasonKind
from proxy.model.firewall import Firewall, FirewallAction, FirewallRule, Ranked
from proxy.settings.firewall import DomainPattern, FirewallGroupSetting, FirewallRuleSetting
from proxy.settings.problems import Path, did_you_mean, path_text
from proxy.settings.shape import Settings

# Whoever is walled in can still ask who answers, and the server's health does not depend on its file's rules.
_ITSELF = FirewallRule("vpcdns itself", "", FirewallAction.ALLOW)
_UNAVAILABLE = FirewallRule(
    "firewall_unavailable",
    "firewall_unavailable",
    FirewallAction.BLOCK,
    response=Answer(
        Sections(RCODE_SERVFAIL),
        Reason(ReasonKind.FIREWALL_UNAVAILABLE, "the firewall cannot decide (firewall_unavailable)"),
    ),
)


OrderedRule = tuple[FirewallRule, tuple[DomainPattern, ...]]
"""A rule with its domains, in a sequence that is looked at from its beginning."""


class Association(NamedTuple):
    """A group on a VPC: `profile` is 0 for the VPC's own, else the priority of the Profile that brings it."""

    profile: int
    priority: int
    group: int


def compile_firewalls(settings: Settings, problems: Problems) -> dict[str, Firewall]:
    """The firewall of every VPC that has one, by the VPC's name."""
    groups = [_compile_group(group, index, problems) for index, group in enumerate(settings.firewall_rule_groups)]
    _check_names(settings.firewall_rule_groups, problems)
    _check_profiles(settings, problems)
    associations = _associations(settings, problems)
    for key in ("firewall_fail_open", "firewall_unavailable"):
        _check_vpcs(getattr(settings, key), (key,), settings, problems)
    firewalls: dict[str, Firewall] = {}
    made: dict[tuple[int, ...], Firewall] = {}
    for vpc, here in associations.items():
        if vpc not in settings.firewall_unavailable:
            order = tuple(association.group for association in sorted(here))
            if order not in made:
                made[order] = _build(rule for index in order for rule in groups[index])
            firewalls[vpc] = made[order]
        elif vpc not in settings.firewall_fail_open:
            firewalls[vpc] = _build([(_UNAVAILABLE, (DomainPattern(ROOT, below=True),))])
    return firewalls


def ordered_rules(settings: Settings) -> dict[str, Sequence[OrderedRule]]:
    """The rules of every VPC that has any, in the order in which they are looked at; of settings that are right."""
    problems = Problems()
    groups = [_compile_group(group, index, problems) for index, group in enumerate(settings.firewall_rule_groups)]
    return {
        vpc: [rule for association in sorted(here) for rule in groups[association.group]]
        for vpc, here in _associations(settings, problems).items()
    }


def _associations(settings: Settings, problems: Problems) -> Mapping[str, Sequence[Association]]:
    """The groups of every VPC that has any."""
    found: dict[str, list[Association]] = {}
    for index, group in enumerate(settings.firewall_rule_groups):
        path: Path = ("firewall_rule_groups", index, "vpcs")
        _check_vpcs(group.vpcs, path, settings, problems)
        for vpc, priority in group.vpcs.items():
            here = found.setdefault(vpc, [])
            if any(other.priority == priority for other in here):
                what = f"ValidationException: priority {priority} is taken on {vpc} by another rule group"
                problems.add((*path, vpc), what, "give each of a VPC's rule groups a priority of its own")
            here.append(Association(0, priority, index))
    for vpc in settings.vpcs:
        for profile in profiles_of(settings, vpc):
            found.setdefault(vpc, []).extend(_brought(profile, settings))
    return {vpc: here for vpc, here in found.items() if here}


def _brought(profile: ProfileAssociation, settings: Settings) -> Iterator[Association]:
    """The groups that a Profile brings, behind those that the VPC has itself (AWS does not say how the two are put in order)."""
    index = {group.name: place for place, group in enumerate(settings.firewall_rule_groups)}
    for name, priority in profile.profile.firewall_rule_groups.items():
        if name in index:
            yield Association(profile.priority, priority, index[name])


def _check_profiles(settings: Settings, problems: Problems) -> None:
    names = [group.name for group in settings.firewall_rule_groups]
    for index, profile in enumerate(settings.profiles):
        taken: set[int] = set()
        for name, priority in profile.firewall_rule_groups.items():
            path: Path = ("profiles", index, "firewall_rule_groups", name)
            if name not in names:
                problems.add(path, f"there is no rule group {name}", did_you_mean(name, names))
            if priority not in PRIORITIES:
                what = f"ValidationException: priority {priority} is out of range"
                problems.add(path, what, "give another, from 100 to 9900")
            if priority in taken:
                what = f"ValidationException: priority {priority} is taken in this Profile by another rule group"
                problems.add(path, what, "give each of a Profile's rule groups a priority of its own")
            taken.add(priority)


def _compile_group(group: FirewallGroupSetting, index: int, problems: Problems) -> Sequence[OrderedRule]:
    taken: set[int] = set()
    found = []
    for place, setting in enumerate(group.rules):
        path: Path = ("firewall_rule_groups", index, "rules", place)
        if setting.priority in taken:
            what = f"ValidationException: priority {setting.priority} is taken by another rule of {group.name}"
            problems.add((*path, "priority"), what, "give each rule of a group a priority of its own")
        taken.add(setting.priority)
        found.append((setting.priority, _compile_rule(group.name, setting, path), setting.domains))
    return [(rule, domains) for _, rule, domains in sorted(found, key=lambda item: item[0])]


def _compile_rule(group: str, setting: FirewallRuleSetting, path: Path) -> FirewallRule:
    name = setting.name or str(setting.priority)
    action = FirewallAction[setting.action.upper()]
    match = FirewallMatch(action.value, f"{group}/{name}", rule_group_id(group), domain_list_id(group, name))
    return FirewallRule(
        name=f"{group}/{name}",
        origin=path_text(path),
        action=action,
        type=setting.query_type,
        trusts=setting.redirection == "trust",
        match=None if action is FirewallAction.ALLOW else match,
        response=_response(setting, match) if action is FirewallAction.BLOCK else None,
    )


def _response(setting: FirewallRuleSetting, match: FirewallMatch) -> Answer:
    """What a blocked query gets.  AWS does not say what stands beside it: nothing does here."""
    if setting.override is not None:
        found = RecordSet.pack(TYPE_CNAME, setting.override.ttl, [setting.override.cname])
        reason = Reason(ReasonKind.OVERRIDDEN, f"firewall rule {match.rule} leads to {setting.override.cname}")
        return Answer(Sections(answer=((None, found),)), reason, match)
    rcode = RCODE_NXDOMAIN if setting.block_response == "nxdomain" else 0
    return Answer(Sections(rcode), Reason(ReasonKind.BLOCKED, f"firewall rule {match.rule}"), match)


def _build(rules: Iterable[OrderedRule]) -> Firewall:
    exact: dict[bytes, Ranked] = {SELF_NAME: ((0, _ITSELF),), HEALTH_NAME: ((0, _ITSELF),)}
    below: dict[bytes, Ranked] = {}
    for rank, (rule, domains) in enumerate(rules, 1):
        alone = ((rank, rule),)
        for name, is_below in domains:
            for table in _tables(name, exact, below, is_below=is_below):
                known = table.setdefault(name, alone)
                if known is not alone and (known[-1][1].type is not None or known[-1][1].trusts):
                    table[name] = known + alone  # else an earlier rule decides, whatever is asked and however it came there
    return Firewall(exact, below)


def _tables(
    name: bytes, exact: dict[bytes, Ranked], below: dict[bytes, Ranked], *, is_below: bool
) -> Iterator[dict[bytes, Ranked]]:
    """Where a pattern stands: `*` is about the root too, which is below nothing."""
    if is_below:
        yield below
    if not is_below or name == ROOT:
        yield exact


def _check_names(groups: Iterable[FirewallGroupSetting], problems: Problems) -> None:
    seen: set[str] = set()
    for index, group in enumerate(groups):
        if group.name in seen:
            problems.add(
                ("firewall_rule_groups", index, "name"), f"a second rule group {group.name}", "give it another name"
            )
        seen.add(group.name)


def _check_vpcs(vpcs: Iterable[str], path: Path, settings: Settings, problems: Problems) -> None:
    for vpc in vpcs:
        if vpc not in settings.vpcs:
            problems.add(path, f"there is no VPC {vpc}", did_you_mean(vpc, settings.vpcs))
