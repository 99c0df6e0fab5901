"""Names whose answer was chosen among record sets, and what of the choice is left to each query.

What depends on health, on the view's region or on other names was settled when the zone was compiled, and is told here for
whoever explains an answer.  Only chance, and an alias to a name outside, are left open.
"""

from __future__ import annotations

from collections.abc import Callable

from proxy.dns.names import Name
from proxy.dns.records import RecordSet
from proxy.model.answers import Answer, Reason
from proxy.nouns import dataclass

Chance = Callable[[], float]
"""A number from 0.0 up to, not including, 1.0; another one at every call."""


@dataclass(frozen=True, slots=True)
class Considered:
    """One of several record sets: its id, its policy's own word ("weight 5"), whether it counts as healthy, and why."""

    id: str
    says: str
    healthy: bool
    why: str


@dataclass(frozen=True, slots=True)
class AliasFollowed:
    """`name` is an alias of a type: its records are those of `target` ("www.example.com", "endpoint app/kms")."""

    name: Name
    type: int
    target: str


@dataclass(frozen=True, slots=True)
class PolicyDecided:
    """Of the record sets of one name and type the `chosen` ones, by their ids, were taken; `why` says why these.

    Nothing is chosen where no set is for the place that asks.
    """

    name: Name
    type: int
    policy: str
    considered: tuple[Considered, ...]
    chosen: tuple[str, ...]
    why: str


Decision = AliasFollowed | PolicyDecided


@dataclass(frozen=True, slots=True)
class AliasOutside:
    """An alias to an AWS resource: its public name is looked up at each query; `nodata` answers where that has nothing."""

    target: Name
    type: int
    nodata: Answer


@dataclass(frozen=True, slots=True)
class Routed:
    """What a name has of a type: the decisions on the way, and the answer that they led to, or what a query decides.

    An answer without any record is the zone's "no data".
    """

    decisions: tuple[Decision, ...]
    leads: Answer | AliasOutside | Weighted | Sampled


@dataclass(frozen=True, slots=True)
class Share:
    """A record set that chance may choose: its weight, and what it leads to."""

    id: str
    weight: int
    routed: Routed


@dataclass(frozen=True, slots=True)
class Weighted:
    """One of `shares` by chance, each as often as its weight says.  `decided` tells of the choice, but for its end."""

    shares: tuple[Share, ...]
    total: int
    decided: PolicyDecided


@dataclass(frozen=True, slots=True)
class Sampled:
    """`size` of `sets` by chance, each a record set of one TTL with its id.  `decided` as above."""

    sets: tuple[tuple[str, RecordSet], ...]
    size: int
    reason: Reason
    decided: PolicyDecided
