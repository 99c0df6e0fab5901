"""`resolver_rules`: which names leave a VPC for other servers.

A field with a `Key` is a key of the file, as in `shape.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from proxy.dns.names import Name
from proxy.model.answers import ServerAddress
from proxy.nouns import dataclass
from proxy.settings.composites import Key, ListOf, ObjectOf, OneOrList
from proxy.settings.sockets import TARGET
from proxy.settings.takes import Choice
from proxy.settings.values import NAME, VPC_NAME, WORD

RuleType = Literal["forward", "system", "delegate"]


@dataclass(frozen=True, slots=True)
class ResolverRuleSetting:
    """`resolver_rules[N]`."""

    domain: Annotated[
        Name,
        Key(
            NAME,
            "The name that the rule is for, with all below it; `.` for every name.  The API's DomainName, or DelegationRecord.",
        ),
    ]
    name: Annotated[str | None, Key(WORD, "Its name, by which a Profile knows it.", default="none")] = None
    type: Annotated[
        RuleType,
        Key(
            Choice(("forward", "system", "delegate")),
            "forward: ask `targets`.  system: answer here what a rule for a parent sends away.  delegate: follow NS records of "
            "private zones to name servers that are called `domain` or below it.",
        ),
    ] = "forward"
    targets: Annotated[
        tuple[ServerAddress, ...],
        Key(
            OneOrList(TARGET),
            "Of a forward rule, the 1 to 6 servers to ask, with a port where it is not 53.  AWS takes them in any order; here "
            "the first that answers is asked.",
        ),
    ] = ()
    vpcs: Annotated[tuple[str, ...], Key(OneOrList(VPC_NAME), "The VPCs that it is associated with.")] = ()


RULES = ListOf(
    ObjectOf(
        ResolverRuleSetting,
        "{name: corp, domain: corp.example.com, type: forward, targets: [192.168.9.9], vpcs: [app]}",
    )
)
