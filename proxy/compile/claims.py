"""The claim table of every view, ties settled: the one place where it is decided who wins a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from proxy.compile.endpoints import Endpoint
from proxy.compile.machine import Machine
from proxy.compile.private_zones import PrivateZone
from proxy.compile.tables import build_zone
from proxy.dns.codes import TYPE_A, TYPE_TXT
from proxy.dns.names import ROOT, Name
from proxy.dns.records import RecordSet
from proxy.dns.text import pack_rdata
from proxy.model.answers import Reason, ReasonKind
from proxy.model.claims import Claim, ClaimKind, Internet, WithoutTypes
from proxy.model.world import Vpc
from proxy.settings.problems import path_text

SELF_NAME = Name.from_text("vpcdns.test")
HEALTH_NAME = Name.from_text("health.vpcdns.test")
INSTANCE_NAME = Name.from_text("instance.vpcdns.test")
_PLACES = {kind: place for place, kind in enumerate(ClaimKind)}
_LETS_THROUGH = frozenset((ClaimKind.GATEWAY_RECORDS, ClaimKind.INTERNET))
_MOST_OF_A_VIEW = 240  # octets of its name, so that a string of 255 has room for it


def claim_table(claims: Iterable[Claim]) -> dict[bytes, Claim]:
    """One claim a name: the strongest wins, and of equal ones the first; the others stand in its `shadowed`."""
    by_name: dict[Name, list[Claim]] = {}
    for claim in claims:
        by_name.setdefault(claim.name, []).append(claim)
    table: dict[bytes, Claim] = {}
    for name, rivals in by_name.items():
        winner, *losers = sorted(rivals, key=strength)
        table[name] = replace(winner, shadowed=tuple(losers)) if losers else winner
    return table


def covering(table: Mapping[bytes, Claim], name: Name) -> Claim:
    """The claim that decides about a name; there is always that of the root."""
    return next(table[suffix] for suffix in name.suffixes() if suffix in table)


def strength(claim: Claim) -> tuple[bool, int, int]:
    """The smaller, the stronger among claims on one name.

    The VPC's own go before those of Profiles, and these by priority ("What are Amazon Route 53 Profiles?"); then the kind
    decides.  What only lets names through to the internet comes last, or a Profile's `.` rule could never win.
    """
    return claim.kind in _LETS_THROUGH, claim.profile, _PLACES[claim.kind]


def internet_claim(internet: Internet) -> Claim:
    """What every view has for all names that nothing else claims."""
    return Claim(ROOT, ClaimKind.INTERNET, "upstream", internet)


def self_claim(view: str, machine: Machine) -> Claim:
    """The name under which the server tells who answers, and from which view; below it, how it knows itself."""
    reason = Reason(ReasonKind.SELF, f"vpcdns {machine.version} itself")
    told = view.encode()[:_MOST_OF_A_VIEW].decode(errors="ignore")
    text = f'"version={machine.version}" "view={told}" "configuration={machine.digest}"'
    table = {
        SELF_NAME: {TYPE_TXT: RecordSet.pack(TYPE_TXT, 0, [pack_rdata(TYPE_TXT, text)])},
        HEALTH_NAME: {TYPE_A: RecordSet.pack(TYPE_A, 0, [pack_rdata(TYPE_A, "127.0.0.1")])},
        INSTANCE_NAME: {TYPE_TXT: RecordSet.pack(TYPE_TXT, 0, [pack_rdata(TYPE_TXT, f'"{machine.instance}"')])},
    }
    return Claim(SELF_NAME, ClaimKind.SELF, "", build_zone(SELF_NAME, table, reason))


def private_zone_claims(vpc: Vpc, zones: Iterable[PrivateZone]) -> Iterator[Claim]:
    """The private zones that are associated with a VPC, as they are in its region."""
    for zone in zones:
        if vpc.name in zone.vpcs:
            yield Claim(zone.zone.name, ClaimKind.PRIVATE_ZONE, path_text(zone.path), zone.in_region(vpc.region))


class Vantage(NamedTuple):
    """From where a VPC's names are asked: its region, the internet around it, and the TTL of negative answers.

    `inbound` is True for a view that is asked through an inbound endpoint: some of S3's zones are for those alone
    (PrivateDnsOnlyForInboundResolverEndpoint).
    """

    region: str
    internet: Internet
    negative_ttl: int
    inbound: bool


def endpoint_claims(endpoints: Iterable[Endpoint], vantage: Vantage) -> Iterator[Claim]:
    """The hidden zones of endpoints' private names, and the record types that a gateway endpoint takes away."""
    for endpoint in endpoints:
        origin = path_text(endpoint.path)
        reason = Reason(ReasonKind.ENDPOINT, f"endpoint {endpoint.vpc}/{endpoint.handle} ({endpoint.id})")
        for hidden in endpoint.private_zones:
            if vantage.inbound or not hidden.inbound_only:
                zone = build_zone(hidden.name, hidden.records, reason, negative_ttl=vantage.negative_ttl)
                yield Claim(hidden.name, ClaimKind.ENDPOINT_ZONE, origin, zone)
        gateway = Reason(
            ReasonKind.GATEWAY, f"gateway endpoint {endpoint.vpc}/{endpoint.handle} has no records of this type"
        )
        for name in endpoint.gateway_names if endpoint.hidden_types else ():
            nodata = build_zone(name, {}, gateway).nodata
            action = WithoutTypes(endpoint.hidden_types, vantage.internet, nodata)
            yield Claim(name, ClaimKind.GATEWAY_RECORDS, origin, action)
