"""DNS Firewall, as the resolver of a VPC looks at it: every rule under the domains that it is about.

What AWS calls rule groups and their priorities is settled by `compile/`: what is left of them is one number, the place of a
rule in the order in which a VPC's rules are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from proxy.model.answers import Answer, FirewallMatch
from proxy.nouns import dataclass


class FirewallAction(Enum):
    """What a rule does, in the word of AWS's logs."""

    ALLOW = "ALLOW"
    ALERT = "ALERT"
    BLOCK = "BLOCK"


@dataclass(frozen=True, slots=True)
class FirewallRule:
    """A rule: `name` is for people (`guard/sink`), `origin` its path in the file (`firewall_rule_groups[0].rules[2]`).

    `type` is the one record type that it is about, None for all.  A rule that `trusts` looks at the name that was asked for
    alone.  `response` is what a blocked query gets, None where the rule lets it through; `match` is what is logged of it.
    """

    name: str
    origin: str
    action: FirewallAction
    type: int | None = None
    trusts: bool = False
    match: FirewallMatch | None = None
    response: Answer | None = None


Ranked = tuple[tuple[int, FirewallRule], ...]
"""Rules with their places in the VPC's order, the lowest first; behind one that always decides there is none."""


@dataclass(frozen=True, slots=True)
class Firewall:
    """The rules of a VPC, by the name that they are about and by the name below which all names are."""

    exact: Mapping[bytes, Ranked]
    below: Mapping[bytes, Ranked]
