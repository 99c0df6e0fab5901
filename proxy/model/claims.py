"""Claims on names, and what each leads to.

A view has one table of claims; the longest claimed suffix of a name decides (`resolve/`).  `compile/` has settled every
tie before: one winner stands in the table, and the losers beside it for whoever wants to know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import Enum
from typing import NamedTuple

from proxy.dns.names import Name
from proxy.dns.records import RecordSet
from proxy.model.answers import Answer, Reason, Route, ServerAddress, Strategy
from proxy.model.networks import NetworkTable
from proxy.model.routing import Routed
from proxy.nouns import dataclass

_GUIDE = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/"
_PRIVATELINK = "https://docs.aws.amazon.com/vpc/latest/privatelink/"


class ClaimKind(Enum):
    """The kinds of claim, the strongest first: among claims on one and the same name the earlier kind wins.

    A VPC's own claims go before those that a Profile brings, whatever their kinds; but what lets names through to the
    internet, `GATEWAY_RECORDS` and `INTERNET`, is weaker than any other.  Each has a word for people and the AWS page that
    its place comes from.
    """

    SELF = ("vpcdns itself", "")
    FORWARD_RULE = ("forwarding rule", _GUIDE + "hosted-zone-private-considerations.html")
    SYSTEM_RULE = ("system rule", _GUIDE + "resolver-overview-forward-vpc-to-network-using-rules.html")
    PRIVATE_ZONE = ("private zone", _GUIDE + "hosted-zone-private-considerations.html")
    ENDPOINT_ZONE = ("endpoint's private name", _PRIVATELINK + "privatelink-access-aws-services.html")
    DELEGATION = ("delegation", _GUIDE + "outbound-delegation-tutorial.html")
    AUTODEFINED = ("autodefined name", _GUIDE + "resolver-overview-forward-vpc-to-network-autodefined-rules.html")
    GATEWAY_RECORDS = ("gateway endpoint's record types", _PRIVATELINK + "gateway-endpoints.html")
    INTERNET = ("internet", _GUIDE + "resolver-overview-DSN-queries-to-vpc.html")

    def __init__(self, word: str, page: str) -> None:
        self.word = word
        self.page = page


@dataclass(frozen=True, slots=True)
class Node:
    """A name that exists: its finished answers by type.  Without any, it is an empty non-terminal.

    `cname` stands for its CNAME record, if it has one: that answers every type but its own by a further hop.  `routed` has the
    types that are not in `answers`: aliases, and record sets with a routing policy.  A `missing` one, without any of these, is
    answered as a name that does not exist, though there are names below it.
    """

    answers: Mapping[int, Answer] = field(default_factory=dict)
    cname: RecordSet | None = None
    routed: Mapping[int, Routed] | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Zone:
    """An authoritative table of names: the apex, all names with records, and the empty ones between.

    `nodes` has wildcards under their own name (`*.example.com`).  `nodata` and `nxdomain` are the zone's finished negative
    answers; their reason is the zone's.  `routed` is True where any node has `routed` types.
    """

    name: Name
    nodes: Mapping[bytes, Node]
    nodata: Answer
    nxdomain: Answer
    routed: bool = False


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Servers elsewhere: those that the file simulates, and how many seconds all others have to answer.

    `simulated` leads from an address to all that the server there knows, or to None where it is unreachable.
    """

    simulated: Mapping[str, Zone | None]
    timeout: float

    def reach(
        self, servers: Iterable[ServerAddress], strategy: Strategy = Strategy.FAILOVER, label: str = ""
    ) -> Route | Zone | None:
        """Who answers for a list of servers: the first that is simulated, or else a route to all that are not.

        A simulated one that is unreachable is passed over, as the resolver goes on to the next server when one does not
        answer; None where all are.  A simulated server behind a real one is never asked.
        """
        real: list[ServerAddress] = []
        for server in servers:
            if server.host not in self.simulated:
                real.append(server)
            elif not real and (zone := self.simulated[server.host]) is not None:
                return zone
        return Route(tuple(dict.fromkeys(real)), self.timeout, strategy, label) if real else None


@dataclass(frozen=True, slots=True)
class Internet:
    """What the file says of the world outside, and where all the rest is asked.

    `endpoint_zones` are the zones of endpoints' DNS names (`us-east-1.vpce.amazonaws.com`); they hold every name with a
    label that begins with one of `endpoint_ids` (each with the hyphen that follows it), and nothing else.  `names` are
    single names (wildcards under their own name), `zones` the public zones.  `soa` goes with an empty answer at one of
    `names` that no zone covers.  `beyond` is a route, or a simulated server's table, or None where nothing may be asked
    (`mode: off`).  `api_names` answer for any label that ends in a hyphen and the id of an endpoint; their keys begin at that
    id (`vpce-0123456789abcdef0` and then `execute-api.us-east-1.amazonaws.com` in wire form).

    `domains` has for single domains what `beyond` is for the rest.  `special` are the zones of special-use names, and stand
    behind domains that are as long.  `rebinding` has the domains whose names may lead from `beyond` to private addresses;
    None: all.
    """

    endpoint_zones: Mapping[bytes, Zone]
    endpoint_ids: tuple[bytes, ...]
    names: Mapping[bytes, Node]
    zones: Mapping[bytes, Zone]
    soa: RecordSet
    beyond: Route | Zone | None
    api_names: Mapping[bytes, Node] = field(default_factory=dict)
    domains: Mapping[bytes, Route | Zone] = field(default_factory=dict)
    special: Mapping[bytes, Zone] = field(default_factory=dict)
    rebinding: frozenset[bytes] | None = None


@dataclass(frozen=True, slots=True)
class WithoutTypes:
    """The internet's answers, but for `types`, which are answered with `nodata` (an S3 gateway endpoint's record types)."""

    types: frozenset[int]
    internet: Internet
    nodata: Answer


@dataclass(frozen=True, slots=True)
class Forward:
    """Where a forwarding rule sends a name.

    `to` is the route to its `targets`, or all that the simulated server knows which is the first of them to answer, or None
    where every target is a simulated server that is unreachable.  `reason` is that of a reply of the route.
    `follows_cnames` where the view looks up itself what a CNAME in an answer leads to.
    """

    targets: tuple[ServerAddress, ...]
    to: Route | Zone | None
    reason: Reason
    follows_cnames: bool = False


@dataclass(frozen=True, slots=True)
class ComputeZone:
    """EC2's private names of a region: `ip-10-0-1-5` says its address itself, so none of these names is listed anywhere.

    `ranges` has the networks whose addresses have such names, with words for each.  `zone` has everything else: the apex, the
    resource names of instances, negative answers.
    """

    zone: Zone
    ranges: NetworkTable


@dataclass(frozen=True, slots=True)
class ReverseZone:
    """A zone below in-addr.arpa that leads from an address to the private name that says it.

    `domains` has, for each network, the domain of these names (`ec2.internal`).  `apex` are the records of `name`, `soa` goes
    with a negative answer, and all have one `reason`: a VPC has hundreds of such zones, which differ in their names alone.
    """

    name: Name
    domains: NetworkTable
    apex: Mapping[int, RecordSet]
    soa: RecordSet
    reason: Reason


@dataclass(frozen=True, slots=True)
class PublicHostnames:
    """The domain of EC2's public host names in a VPC: those of `zone`, which holds nothing else, are private; the rest is not."""

    zone: Zone
    internet: Internet


class NameServer(NamedTuple):
    """A name server, with its addresses where they are known beside the NS record (glue)."""

    name: Name
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delegation:
    """Names that NS records in `zone` hand over to other name servers, from `name` down.

    `servers` are all that the NS records have; those of them below one of `rules`, the names of the view's delegation rules, are
    asked.  Where none is, `name` has its NS records and all below it is an empty answer.
    """

    name: Name
    zone: Zone
    servers: tuple[NameServer, ...]
    rules: tuple[Name, ...]
    elsewhere: Elsewhere

    def followed(self, servers: Iterable[NameServer]) -> tuple[NameServer, ...]:
        """Those of `servers` that a rule covers."""
        return tuple(server for server in servers if any(server.name.is_under(rule) for rule in self.rules))


Action = Zone | Internet | WithoutTypes | Forward | Delegation | ComputeZone | ReverseZone | PublicHostnames


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim on a name and everything below it.

    `origin` is its path in the file (`private_zones[0]`).  `shadowed` are the weaker claims on the same name, best first.
    `profile` is 0 for what the VPC itself has, else the priority (100 to 9900) of the Profile that brings it.
    """

    name: Name
    kind: ClaimKind
    origin: str
    action: Action
    shadowed: tuple[Claim, ...] = ()
    profile: int = 0
