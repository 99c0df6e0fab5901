"""DNS Firewall beside a resolution: the first rule that fits a name decides about it.

It looks at the name that is asked for before anything else does, and then at every name that a CNAME leads to, the moment it
is known: a blocked name is not asked for outside.  A rule that trusts looks at the name asked for alone
(FirewallDomainRedirectionAction in the Route 53 Resolver API).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proxy.dns.codes import TYPE_ANY, TYPE_CNAME
from proxy.dns.names import Name
from proxy.dns.records import Placed
from proxy.model.firewall import Firewall, FirewallAction, FirewallRule, Ranked
from proxy.model.steps import FirewallJudged, Trace


def judge(
    firewall: Firewall, name: bytes, kind: int, trace: Trace | None = None, *, led_to: bool = False
) -> FirewallRule | None:
    """The rule that decides about `name`, asked for by itself or `led_to` by a CNAME; None where no rule does."""
    exact, below = firewall.exact, firewall.below
    best = _first(exact[name], kind, led_to) if name in exact else None
    if below:
        at = 0
        while length := name[at]:
            at += length + 1
            suffix = name[at:]
            if suffix in below:
                found = _first(below[suffix], kind, led_to)
                if found is not None and (best is None or found[0] < best[0]):
                    best = found
    rule = None if best is None else best[1]
    if trace is not None:
        trace(FirewallJudged(Name(name), rule))
    return rule


def judge_targets(
    firewall: Firewall, placed: Sequence[Placed], name: bytes, kind: int, trace: Trace | None
) -> FirewallRule | None:
    """The rule that blocks one of the names that CNAMEs in `placed` lead to from `name`; else the first that alerts."""
    for _, found in placed:
        if found.type == TYPE_CNAME:
            break
    else:  # as nearly always
        return None
    noted = None
    for target in _targets(placed, name, kind):
        rule = judge(firewall, target, kind, trace, led_to=True)
        if rule is not None and rule.action is not FirewallAction.ALLOW:
            if rule.response is not None:
                return rule
            noted = noted or rule
    return noted


def _first(rules: Ranked, kind: int, led_to: bool) -> tuple[int, FirewallRule] | None:
    for ranked in rules:
        rule = ranked[1]
        if (rule.type is None or rule.type == kind) and not (led_to and rule.trusts):
            return ranked
    return None


def _targets(placed: Sequence[Placed], name: bytes, kind: int) -> Iterator[bytes]:
    """The names that a chain leads to, in its order.  Who asks for CNAME records is not led anywhere."""
    if kind in (TYPE_CNAME, TYPE_ANY):
        return
    at = name
    for owner, found in placed:
        if found.type == TYPE_CNAME and (name if owner is None else owner.lower()) == at:
            at = found.rdatas()[0].lower()
            yield at
