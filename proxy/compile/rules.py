"""Resolver rules: where they send names, and what Route 53 would refuse of them ("AssociateResolverRule")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from proxy.compile.claims import claim_table, covering
from proxy.compile.delegations import Delegations
from proxy.compile.ids import rule_id, vpc_id
from proxy.compile.problems import Problems
from proxy.dns.names import Name
from proxy.model.answers import Reason, ReasonKind
from proxy.model.claims import Claim, ClaimKind, Elsewhere, Forward
from proxy.settings.problems import Path, did_you_mean, path_text
from proxy.settings.shape import ResolverRuleSetting, Settings

MAX_TARGETS = 6


class Rule(NamedTuple):
    """A compiled resolver rule; `forward` is None unless it is a forwarding rule."""

    setting: ResolverRuleSetting
    id: str
    forward: Forward | None
    path: Path

    @property
    def title(self) -> str:
        """What it is called in texts: its name, or where it stands."""
        return self.setting.name or path_text(self.path)


class AppliedRule(NamedTuple):
    """A rule as one VPC has it: its own where `profile` is 0, else by a Profile of that priority."""

    rule: Rule
    profile: int = 0


def compile_rules(settings: Settings, elsewhere: Elsewhere, problems: Problems) -> tuple[Rule, ...]:
    """The resolver rules of the file."""
    rules = tuple(
        _compile_rule(rule, ("resolver_rules", index), settings, elsewhere)
        for index, rule in enumerate(settings.resolver_rules)
    )
    _check_names(rules, problems)
    for rule in rules:
        _check_targets(rule, problems)
    taken: dict[tuple[str, Name, bool], Rule] = {}
    for rule in rules:
        for vpc in dict.fromkeys(rule.setting.vpcs):
            _associate(rule, vpc, settings, taken, problems)
    return rules


def rules_of(vpc: str, rules: Iterable[Rule]) -> Iterator[AppliedRule]:
    """The rules that a VPC has itself."""
    return (AppliedRule(rule) for rule in rules if vpc in rule.setting.vpcs)


def apply_rules(claims: Iterable[Claim], rules: Iterable[AppliedRule], delegations: Delegations) -> dict[bytes, Claim]:
    """The table of all other `claims` of a view, of its rules, and of the delegations that these let be followed.

    A system rule has no way of its own to answer: it leads to what would answer its name if nothing were forwarded, a zone
    that covers it or the internet ("Using rules to control which queries are forwarded").
    """
    claims, rules = tuple(claims), tuple(rules)
    names = tuple(rule.setting.domain for rule, _ in rules if rule.setting.type == "delegate")
    local = delegations.put_into(claim_table(claims), names)
    ruled = [_rule_claim(applied, local) for applied in rules if applied.rule.setting.type != "delegate"]
    return delegations.put_into(claim_table((*claims, *ruled)), names) if ruled else local


def _rule_claim(applied: AppliedRule, local: Mapping[bytes, Claim]) -> Claim:
    rule, profile = applied
    name, origin = rule.setting.domain, path_text(rule.path)
    if rule.forward is not None:
        return Claim(name, ClaimKind.FORWARD_RULE, origin, rule.forward, profile=profile)
    return Claim(name, ClaimKind.SYSTEM_RULE, origin, covering(local, name).action, profile=profile)


def _compile_rule(rule: ResolverRuleSetting, path: Path, settings: Settings, elsewhere: Elsewhere) -> Rule:
    ident = rule_id(rule.name or "", rule.type, str(rule.domain), *sorted(rule.vpcs))
    if rule.type != "forward":
        return Rule(rule, ident, None, path)
    servers = ", ".join(map(str, rule.targets))
    reason = Reason(ReasonKind.FORWARDED, f"rule {rule.name or rule.domain} for {rule.domain}, to {servers}")
    forward = Forward(rule.targets, elsewhere.reach(rule.targets), reason, settings.quirks.forwarded_cname == "follow")
    return Rule(rule, ident, forward, path)


def _check_targets(rule: Rule, problems: Problems) -> None:
    kind, targets, path = rule.setting.type, rule.setting.targets, (*rule.path, "targets")
    if kind == "forward" and not 1 <= len(targets) <= MAX_TARGETS:
        problems.add(
            path, f"a forward rule has 1 to {MAX_TARGETS} targets, not {len(targets)}", "write for example [192.168.9.9]"
        )
    if kind != "forward" and targets:
        problems.add(path, f"a {kind} rule has no targets", "leave them out, or say type: forward")


def _check_names(rules: Iterable[Rule], problems: Problems) -> None:
    """A Profile knows a rule by its name, so a name is given once."""
    known: set[str] = set()
    for rule in rules:
        name = rule.setting.name
        if name in known:
            problems.add((*rule.path, "name"), f"a second rule {name}", "give it another name")
        if name is not None:
            known.add(name)


def _associate(
    rule: Rule, vpc: str, settings: Settings, taken: dict[tuple[str, Name, bool], Rule], problems: Problems
) -> None:
    """Give a rule to a VPC, unless AWS would refuse that.

    A delegation rule is for names of name servers, so it does not stand in the way of another rule for the same name.
    """
    setting = settings.vpcs.get(vpc)
    if setting is None:
        problems.add((*rule.path, "vpcs"), f"there is no VPC {vpc}", did_you_mean(vpc, settings.vpcs))
        return
    holder = taken.setdefault((vpc, rule.setting.domain, rule.setting.type == "delegate"), rule)
    if holder is not rule:
        problems.add(
            rule.path,
            "InvalidRequestException: Cannot associate rules with same domain name with same VPC. Conflict with resolver rule "
            f"'{holder.id}'",
            f"{holder.title} is for {rule.setting.domain} on {vpc}, too",
        )
    shown = setting.id or vpc_id(vpc)
    for place, target in enumerate(rule.setting.targets):
        for inbound, endpoint in setting.inbound_endpoints.items():
            listen = endpoint.listen
            if listen is not None and (listen.host, listen.port) == (target.host, target.port):
                problems.add(
                    (*rule.path, "targets", place),
                    f"InvalidRequestException: Cannot associate rule {rule.id} to VPC {shown} because the VPC include an INBOUND "
                    "resolver endpoints with rule's target IP. Please try a different rule or update rule's target IP.",
                    f"{target} is vpcs.{vpc}.inbound_endpoints.{inbound}, which would forward the name to itself",
                )
