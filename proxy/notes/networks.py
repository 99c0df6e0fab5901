"""Notes on what reaches what: peerings, listeners at the resolver's addresses, rules for reverse names."""

from __future__ import annotations

from collections.abc import Iterator

from proxy.dns.names import Name
from proxy.model.claims import ClaimKind
from proxy.model.world import View, World
from proxy.notes.note import Note
from proxy.settings.problems import Path
from proxy.settings.shape import Settings

_REVERSE = Name.from_text("in-addr.arpa")


def network_notes(world: World, settings: Settings, origins: dict[str, Path]) -> Iterator[Note]:
    """All of them; `origins` are the paths of what claims names."""
    yield from _peerings_without_names(settings)
    yield from _listeners_without_answers(settings)
    for name in settings.vpcs:
        yield from _rules_above_reverse_zones(world.views[name], origins)


def _peerings_without_names(settings: Settings) -> Iterator[Note]:
    """DNS resolution over a peering needs both attributes of both VPCs ("Enable DNS resolution for a VPC peering connection")."""
    for index, peering in enumerate(settings.peerings):
        for name in peering.vpcs if peering.dns_resolution else ():
            vpc = settings.vpcs[name]
            if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
                what = f"dns_resolution does nothing, as {name} lacks enable_dns_support or enable_dns_hostnames"
                yield Note(("peerings", index), what)


def _listeners_without_answers(settings: Settings) -> Iterator[Note]:
    """A VPC has its resolver at the third address of its first range alone ("Amazon DNS server")."""
    for index, listen in enumerate(settings.listen):
        there = [vpc.resolver_addresses for vpc in settings.vpcs.values() if listen.host in map(str, vpc.resolver_addresses)]
        if listen.view is None and there and all(str(first) != listen.host for first, *_ in there):
            yield Note(
                ("listen", index), f"nobody is answered at {listen.host}: the VPC's resolver is at {there[0][0]} alone"
            )


def _rules_above_reverse_zones(view: View, origins: dict[str, Path]) -> Iterator[Note]:
    """Autodefined rules are more specific than what covers several networks ("Forwarding rules for reverse DNS queries")."""
    reverse = {Name(name): claim for name, claim in view.claims.items() if name.endswith(_REVERSE)}
    rules = [(name, claim) for name, claim in reverse.items() if claim.kind is ClaimKind.FORWARD_RULE]
    own = [name for name, claim in reverse.items() if claim.kind is ClaimKind.AUTODEFINED]
    for name, rule in rules:
        hidden = [zone for zone in own if zone != name and zone.is_under(name)]
        if hidden:
            what = (
                f"the rule for {name} forwards nothing below {hidden[0]}"
                f"{f' and {len(hidden) - 1} more' if len(hidden) > 1 else ''}: {view.name} has more specific reverse zones of "
                "its own, unless autodefined_reverse is false"
            )
            yield Note(origins.get(rule.origin, ()), what)
