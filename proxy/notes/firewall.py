"""Notes on DNS Firewall: rules that never decide, rules that change nothing, and chains that end at a block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from proxy.compile.firewall import OrderedRule, ordered_rules
from proxy.dns.codes import TYPE_A
from proxy.dns.names import ROOT, Name
from proxy.model.claims import Internet, Node, Zone
from proxy.model.firewall import FirewallAction, FirewallRule
from proxy.model.world import View, World
from proxy.notes.note import Note
from proxy.resolve.firewall import judge
from proxy.settings.firewall import DomainPattern
from proxy.settings.problems import Path
from proxy.settings.shape import Settings

_SHOWN = 3


def firewall_notes(world: World, settings: Settings, paths: Mapping[str, Path]) -> Iterator[Note]:
    """All notes on rule groups.  `paths` are those of rules, by the text of a rule's origin."""
    if not settings.firewall_rule_groups:
        return
    for index, group in enumerate(settings.firewall_rule_groups):
        brought = any(group.name in profile.firewall_rule_groups for profile in settings.profiles)
        if not group.vpcs and not brought:
            yield Note(("firewall_rule_groups", index), f"the rule group {group.name} is on no VPC, so it does nothing")
    for vpc, rules in ordered_rules(settings).items():
        view = world.views[vpc]
        for rule, what in (*_never_reached(rules), *_without_effect(rules), *_broken_chains(view)):
            yield Note(paths.get(rule.origin, ()), f"in view {vpc}, {what}")


def _never_reached(rules: Iterable[OrderedRule]) -> Iterator[tuple[FirewallRule, str]]:
    """Rules that an earlier one leaves nothing to decide, domain by domain."""
    earlier = _Patterns()
    for rule, domains in rules:
        hidden: dict[str, list[str]] = {}
        for pattern in domains:
            found = next((other for other in earlier.covering(pattern) if _decides_for(other, rule)), None)
            if found is not None:
                hidden.setdefault(found.name, []).append(_text(pattern))
        for pattern in domains:
            earlier.add(pattern, rule)
        for name, texts in hidden.items():
            yield rule, f"the firewall's rule {rule.name} never decides about {_listed(texts)}: {name} comes first"


def _decides_for(earlier: FirewallRule, later: FirewallRule) -> bool:
    """True where the earlier rule leaves the later one no query, nor a name that a CNAME leads to."""
    return earlier.type in (None, later.type) and (later.trusts or not earlier.trusts)


def _without_effect(rules: Sequence[OrderedRule]) -> Iterator[tuple[FirewallRule, str]]:
    """Rules that allow what no later rule would block or alert to: what no rule is about passes anyhow."""
    later = _Patterns()
    for rule, domains in reversed(rules):
        if rule.action is not FirewallAction.ALLOW:
            for pattern in domains:
                later.add(pattern, rule)
        elif not rule.trusts and not any(map(later.meets, domains)):
            yield (
                rule,
                f"the firewall's rule {rule.name} changes nothing: no rule after it blocks or alerts to its domains "
                "(a list of what alone is allowed ends with a rule that blocks *)",
            )


def _broken_chains(view: View) -> Iterator[tuple[FirewallRule, str]]:
    """Names of the file that a rule allows, and that lead by a CNAME to a name that another blocks."""
    if view.firewall is None:
        return
    for owner, node in _nodes_of(view):
        if node.cname is None:
            continue
        rule = judge(view.firewall, owner, TYPE_A)
        if rule is None or rule.action is not FirewallAction.ALLOW or rule.trusts:
            continue
        target = Name(node.cname.rdatas()[0].lower())
        other = judge(view.firewall, target, TYPE_A, led_to=True)
        if other is not None and other.response is not None:
            yield (
                rule,
                f"the firewall's rule {rule.name} allows {Name(owner)}, but not {target}, which it leads to: {other.name} blocks "
                "that (allow it too, or give redirection: trust)",
            )


def _nodes_of(view: View) -> Iterator[tuple[bytes, Node]]:
    """The names that a view finds in the file."""
    for claim in view.claims.values():
        if isinstance(claim.action, Zone):
            yield from claim.action.nodes.items()
        elif isinstance(claim.action, Internet):
            yield from claim.action.names.items()
            for zone in claim.action.zones.values():
                yield from zone.nodes.items()


class _Patterns:
    """Domains with the rules that they are of, in the order in which they were added."""

    def __init__(self) -> None:
        self._rules: dict[DomainPattern, list[FirewallRule]] = {}
        self._parents: set[bytes] = set()

    def add(self, pattern: DomainPattern, rule: FirewallRule) -> None:
        """One more."""
        known = self._rules.setdefault(pattern, [])
        if not known:
            self._parents.update(_above(pattern))
        known.append(rule)

    def covering(self, pattern: DomainPattern) -> Iterator[FirewallRule]:
        """The rules that are about all that `pattern` is about."""
        yield from self._rules.get(pattern, ())
        for parent in _above(pattern):
            yield from self._rules.get(DomainPattern(parent, below=True), ())

    def meets(self, pattern: DomainPattern) -> bool:
        """True where some rule is about something that `pattern` is about."""
        return any(True for _ in self.covering(pattern)) or (pattern.below and pattern.name in self._parents)


def _above(pattern: DomainPattern) -> Iterator[Name]:
    """The names that what `pattern` is about stands below, its own name left out; the root is above everything."""
    name = pattern.name
    while name != ROOT:
        name = name.parent()
        yield name


def _text(pattern: DomainPattern) -> str:
    if not pattern.below:
        return str(pattern.name)
    return "*" if pattern.name == ROOT else f"*.{pattern.name}"


def _listed(texts: Sequence[str]) -> str:
    shown = ", ".join(texts[:_SHOWN])
    return f"{shown} and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else shown
