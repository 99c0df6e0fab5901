"""`firewall_rule_groups`: DNS Firewall's rule groups with their rules.

Sources: "Rule actions in DNS Firewall", "Rule settings in DNS Firewall", "Managing your own domain lists".
A domain of a rule is a name, `*.` before a name for everything below it, or `*` for everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Annotated, Literal, NamedTuple

from proxy.dns.errors import MalformedMessage
from proxy.dns.names import ROOT, Name
from proxy.nouns import dataclass
from proxy.settings.composites import Key, ListOf, MapOf, ObjectOf, OneOrList
from proxy.settings.problems import Path
from proxy.settings.takes import Choice, Integer, Text, Wrong
from proxy.settings.values import NAME, TYPE, VPC_NAME, WORD

MAX_OVERRIDE_TTL = 604_800

_DOMAIN = r"\*|(\*\.)?[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*\.?"
_IS_DOMAIN = re.compile(_DOMAIN).fullmatch
_DOES = {"allow": "allows", "alert": "alerts"}


class DomainPattern(NamedTuple):
    """A domain of a rule: `name` alone, or, where `below`, all names below it; below the root is everything."""

    name: Name
    below: bool


def parse_domain(text: str) -> DomainPattern:
    """A domain as a domain list of AWS takes it ("Managing your own domain lists")."""
    if _IS_DOMAIN(text) is None:
        hint = "write a name of letters, digits, hyphens and dots, *.example.com for all names below one, or * for all names"
        raise Wrong(f"{text} is no domain of a firewall rule", hint)
    if text == "*":
        return DomainPattern(ROOT, below=True)
    below = text.startswith("*.")
    try:
        return DomainPattern(Name.from_text(text[2:] if below else text), below)
    except MalformedMessage as error:
        raise Wrong(f"this is no domain: {error.what}") from None


DOMAIN = Text("a domain", "bad.example.com", parse_domain, pattern=_DOMAIN)


@dataclass(frozen=True, slots=True)
class OverrideSetting:
    """`firewall_rule_groups[N].rules[N].override`; `ttl` in seconds."""

    cname: Annotated[Name, Key(NAME, "The name that the CNAME record leads to.")]
    ttl: Annotated[int, Key(Integer(0, MAX_OVERRIDE_TTL), "The TTL of that record.")] = 0


@dataclass(frozen=True, slots=True)
class FirewallRuleSetting:
    """`firewall_rule_groups[N].rules[N]`.  `block_response` is None where the rule does not block."""

    priority: Annotated[int, Key(Integer(0, 2_147_483_647), "Its place: lower ones are looked at first.")]
    domains: Annotated[
        tuple[DomainPattern, ...],
        Key(OneOrList(DOMAIN), "What it is about: a name, `*.` and a name for all names below it, `*` for all names."),
    ]
    action: Annotated[
        Literal["allow", "alert", "block"],
        Key(
            Choice(("allow", "alert", "block")),
            "What to do.  The first rule that fits decides; alert lets through and logs.",
        ),
    ]
    name: Annotated[str, Key(WORD, "Its name.", default="its priority")] = ""
    block_response: Annotated[
        Literal["nodata", "nxdomain", "override"] | None,
        Key(
            Choice(("nodata", "nxdomain", "override")),
            "What a blocked query is answered with.",
            default="`nodata` with `action: block`",
        ),
    ] = None
    override: Annotated[
        OverrideSetting | None,
        Key(
            ObjectOf(OverrideSetting, "{cname: sink.example.org, ttl: 30}"),
            "The CNAME record of `block_response: override`.",
        ),
    ] = None
    query_type: Annotated[int | None, Key(TYPE, "The only record type that it is about.", default="all types")] = None
    redirection: Annotated[
        Literal["inspect", "trust"],
        Key(
            Choice(("inspect", "trust")),
            "inspect: names that a CNAME leads to are looked at too.  trust: only the name that was asked for is; "
            "where such a rule lets it through, what it leads to passes.",
        ),
    ] = "inspect"


def _settle_rule(rule: FirewallRuleSetting, _: Path) -> FirewallRuleSetting:
    """What a rule says besides its action has to go with it (CreateFirewallRule)."""
    if rule.action != "block":
        if rule.block_response is not None:
            raise Wrong(f"a rule that {_DOES[rule.action]} has no block_response", "leave it out", ("block_response",))
        if rule.override is not None:
            raise Wrong(f"a rule that {_DOES[rule.action]} has no override", "leave it out", ("override",))
        return rule
    if rule.block_response == "override" and rule.override is None:
        raise Wrong("override is missing", "write for example override: {cname: sink.example.org, ttl: 30}")
    if rule.block_response != "override" and rule.override is not None:
        raise Wrong("override goes with block_response: override", "write block_response: override", ("override",))
    return replace(rule, block_response=rule.block_response or "nodata")


@dataclass(frozen=True, slots=True)
class FirewallGroupSetting:
    """`firewall_rule_groups[N]`."""

    name: Annotated[str, Key(WORD, "Its name.")]
    vpcs: Annotated[
        Mapping[str, int],
        Key(
            MapOf(VPC_NAME, Integer(100, 9900)),
            "The VPCs that it is associated with, each with the priority that it has there: lower ones are looked at first.",
        ),
    ] = field(default_factory=dict)
    rules: Annotated[
        tuple[FirewallRuleSetting, ...],
        Key(
            ListOf(
                ObjectOf(
                    FirewallRuleSetting,
                    "{priority: 10, domains: bad.example.com, action: block}",
                    _settle_rule,
                )
            ),
            "Its rules.",
        ),
    ] = ()


FIREWALL_GROUPS = ListOf(
    ObjectOf(
        FirewallGroupSetting,
        "{name: guard, vpcs: {app: 101}, rules: [{priority: 10, domains: bad.example.com, action: block}]}",
    )
)
