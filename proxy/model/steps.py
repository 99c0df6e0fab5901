"""The steps of an explanation: what `resolve` weighed and found, in its order.

A closed union of frozen types, so that whoever draws them handles each and a type checker sees to it.
"""

from __future__ import annotations

from collections.abc import Callable

from proxy.dns.names import Name
from proxy.model.answers import Ask, Reason, Reply, ServerAddress
from proxy.model.claims import Claim, NameServer
from proxy.model.firewall import FirewallRule
from proxy.model.routing import AliasFollowed, PolicyDecided
from proxy.nouns import dataclass


@dataclass(frozen=True, slots=True)
class FirewallJudged:
    """The firewall looked at `name`, and `rule` decided about it; None where no rule fits and the name passes."""

    name: Name
    rule: FirewallRule | None


@dataclass(frozen=True, slots=True)
class ClaimsWeighed:
    """All claims that cover `name`, the longest name first; the first of them wins."""

    name: Name
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class RecordsFound:
    """`name` has an answer of the type asked for.  `wildcard` is the wildcard that it comes from, if one."""

    name: Name
    type: int
    reason: Reason
    wildcard: Name | None = None


@dataclass(frozen=True, slots=True)
class NameComputed:
    """`name` says itself what it stands for, `value`: an address in `where`, or the name of such an address."""

    name: Name
    type: int
    value: str
    where: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class TypeMissing:
    """`name` exists, with other types or none (an empty non-terminal): NODATA."""

    name: Name
    type: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class NameMissing:
    """`name` does not exist where it had to: NXDOMAIN, and nothing else is tried."""

    name: Name
    reason: Reason


@dataclass(frozen=True, slots=True)
class CnameFollowed:
    """A CNAME record leads on from `name` to `target`, which is looked up in the same view."""

    name: Name
    target: Name


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A rule sends `name` to its targets; `simulated` where the one that answers is in the file."""

    name: Name
    targets: tuple[ServerAddress, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class Dns64Begun:
    """`name` has no AAAA record, for `reason`, and its client is in a subnet with DNS64: its IPv4 addresses are looked for."""

    name: Name
    reason: Reason


@dataclass(frozen=True, slots=True)
class Dns64Ended:
    """What DNS64 made: `addresses` of the IPv4 addresses that `reason` is for; none where there are none."""

    name: Name
    addresses: tuple[str, ...]
    reason: Reason


@dataclass(frozen=True, slots=True)
class DelegationMet:
    """NS records hand `cut` and all below it, `name` among them, over to `servers`; rules let `followed` be asked."""

    name: Name
    cut: Name
    servers: tuple[NameServer, ...]
    followed: tuple[NameServer, ...]


@dataclass(frozen=True, slots=True)
class ServerSought:
    """The addresses of a name server are looked up in the same view, as none stand beside its NS record."""

    server: Name


@dataclass(frozen=True, slots=True)
class Delegated:
    """`name` is asked of name servers at `targets`; `simulated` where the one that answers is in the file."""

    name: Name
    targets: tuple[ServerAddress, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A route is asked, for the reason that its answer will have: nothing here covers the name, or a rule sends it there."""

    ask: Ask
    reason: Reason


@dataclass(frozen=True, slots=True)
class Replied:
    """What the route replied."""

    ask: Ask
    reply: Reply


@dataclass(frozen=True, slots=True)
class Stopped:
    """The resolution ends without looking further: nothing may be asked outside, or the chain is too long."""

    name: Name
    reason: Reason


Step = (
    FirewallJudged
    | ClaimsWeighed
    | AliasFollowed
    | PolicyDecided
    | RecordsFound
    | NameComputed
    | TypeMissing
    | NameMissing
    | CnameFollowed
    | Forwarded
    | Dns64Begun
    | Dns64Ended
    | DelegationMet
    | ServerSought
    | Delegated
    | Asked
    | Replied
    | Stopped
)
Trace = Callable[[Step], None]
