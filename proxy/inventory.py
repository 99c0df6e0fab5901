r"""inventory: what a configuration holds: how many of each thing, and all its names.

Owns counting and listing.  Must never look a name up.

A worked example::

    count(configuration)          # Counts(views=2, vpcs=1, private_zones=1, records=12, endpoints=1)
    names_of(configuration)       # [Question(b"\x0amonitoring…", 1), …]
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from proxy.configuration import Configuration
from proxy.dns.codes import TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_NS, TYPE_SOA
from proxy.dns.names import ROOT, Name
from proxy.model.answers import Question
from proxy.model.claims import ClaimKind, ComputeZone, Internet, PublicHostnames, WithoutTypes, Zone
from proxy.model.world import View
from proxy.settings.shape import RecordSpec, Settings

_OF_EVERY_ZONE = frozenset((TYPE_SOA, TYPE_NS))
_OF_ITS_OWN = frozenset((
    ClaimKind.SELF, ClaimKind.FORWARD_RULE, ClaimKind.SYSTEM_RULE, ClaimKind.PRIVATE_ZONE, ClaimKind.ENDPOINT_ZONE,
    ClaimKind.DELEGATION,
))  # fmt: skip


class Counts(NamedTuple):
    """How much of what a configuration holds; `records` are its record sets."""

    views: int
    vpcs: int
    private_zones: int
    records: int
    endpoints: int


def count(configuration: Configuration) -> Counts:
    """How much of what there is."""
    settings = configuration.settings
    return Counts(
        views=len(configuration.world.views),
        vpcs=len(settings.vpcs),
        private_zones=len(settings.private_zones),
        records=sum(1 for _ in _records(settings)),
        endpoints=sum(len(vpc.endpoints) for vpc in settings.vpcs.values()),
    )


def names_of(configuration: Configuration) -> list[Question]:
    """Every name of the file with the type to ask it for: its addresses if it has any, else the first that it has.

    Endpoints' private names come first, then those of instances, then the public names, then the private zones', each in the
    order of the file.
    """
    types: dict[Name, list[int]] = {}
    for name, kind in _owners(configuration):
        types.setdefault(name, []).append(kind)
    return [Question(name, _best_type(kinds)) for name, kinds in types.items()]


def domains_of(view: View) -> list[str]:
    """The domains that a view answers otherwise than the rest of the world, without a final dot, none below another.

    Private zones, endpoints' names, and what rules forward or delegate; a rule for all names is none of them.  The names of
    vpcdns itself are among them, by which one sees whether they lead here.
    """
    found = [claim.name for claim in view.claims.values() if claim.kind in _OF_ITS_OWN and claim.name != ROOT]
    for claim in view.claims.values():
        internet = claim.action.internet if isinstance(claim.action, WithoutTypes) else claim.action
        if isinstance(internet, Internet):
            found += [_own(name) for zone in internet.endpoint_zones.values() for name, _ in _owners_of(zone)]
    widest: list[Name] = []
    for name in sorted(set(found), key=len):
        if not any(name.is_under(wider) for wider in widest):
            widest.append(name)
    return sorted(str(name).removesuffix(".") for name in widest)


def _own(name: Name) -> Name:
    """A wildcard's parent; any other name itself."""
    return name.parent() if name.labels()[0] == b"*" else name


def _best_type(kinds: list[int]) -> int:
    if TYPE_A in kinds or TYPE_CNAME in kinds:
        return TYPE_A
    return TYPE_AAAA if TYPE_AAAA in kinds else kinds[0]


def _owners(configuration: Configuration) -> Iterator[tuple[Name, int]]:
    for view in configuration.world.views.values():
        for claim in view.claims.values():
            if claim.kind is ClaimKind.ENDPOINT_ZONE and isinstance(claim.action, Zone):
                yield from _owners_of(claim.action)
    for view in configuration.world.views.values():
        yield from _names_of_instances(view)
    for spec in _records(configuration.settings):
        yield spec.owner, spec.type


def _names_of_instances(view: View) -> Iterator[tuple[Name, int]]:
    """The private names, the resource names and the public host names that a VPC has of instances."""
    for claim in view.claims.values():
        if isinstance(claim.action, PublicHostnames):
            yield from _owners_of(claim.action.zone)
        elif isinstance(claim.action, ComputeZone) and view.vpc is not None:
            for text in view.vpc.instances:
                if claim.action.ranges.find(ipaddress.ip_address(text)) is not None:
                    yield claim.name.child(b"ip-" + text.replace(".", "-").encode("ascii")), TYPE_A
            named = ((name, kind) for name, kind in _owners_of(claim.action.zone) if name.labels()[0].startswith(b"i-"))
            yield from named


def _owners_of(zone: Zone) -> Iterator[tuple[Name, int]]:
    for name, node in zone.nodes.items():
        yield from ((Name(name), kind) for kind in node.answers if kind not in _OF_EVERY_ZONE)


def _records(settings: Settings) -> Iterator[RecordSpec]:
    yield from settings.public_records
    zones: Iterable[tuple[RecordSpec, ...]] = (
        *(zone.records for zone in settings.public_zones),
        *(server.records for server in settings.simulated_servers.values()),
        *(zone.records for zone in settings.private_zones),
    )
    for records in zones:
        yield from records
