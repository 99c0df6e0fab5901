"""notes/: what is right in a configuration, and yet may not do what its writer thinks.

Owns finding such places.  Must never refuse a configuration, nor change one.

A worked example::

    notes(world, settings)      # [Note(("private_zones", 2), "the zone x.example is on no VPC, so nobody sees it")]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from proxy.model.claims import Claim, ClaimKind
from proxy.model.plan import Listener
from proxy.model.world import World
from proxy.notes.endpoints import endpoint_notes
from proxy.notes.firewall import firewall_notes
from proxy.notes.networks import network_notes
from proxy.notes.note import Note
from proxy.notes.overlaps import overlap_notes
from proxy.notes.quotas import quota_notes
from proxy.notes.record_sets import record_set_notes
from proxy.notes.rules import profile_notes, rule_notes
from proxy.settings.problems import Path, path_text
from proxy.settings.shape import Settings

__all__ = ["Note", "notes", "open_listeners", "origins"]

_DEFAULTS = frozenset((ClaimKind.AUTODEFINED, ClaimKind.INTERNET))


def notes(world: World, settings: Settings) -> list[Note]:
    """All notes on a configuration, each once."""
    found = (
        *_shadowed(world, origins(settings)),
        *_zones_on_no_vpc(world, settings),
        *_private_names_off(settings),
        *network_notes(world, settings, origins(settings)),
        *endpoint_notes(settings),
        *overlap_notes(world, settings, origins(settings)),
        *firewall_notes(world, settings, origins(settings)),
        *rule_notes(world, settings, origins(settings)),
        *profile_notes(settings),
        *record_set_notes(settings),
        *quota_notes(settings),
    )
    return list(dict.fromkeys(found))


def origins(settings: Settings) -> dict[str, Path]:
    """The paths of what can claim a name or block it, by the text that its `origin` has."""
    paths: list[Path] = [("private_zones", index) for index in range(len(settings.private_zones))]
    paths += [("resolver_rules", index) for index in range(len(settings.resolver_rules))]
    for vpc, setting in settings.vpcs.items():
        paths.append(("vpcs", vpc))
        paths += [("vpcs", vpc, "endpoints", endpoint) for endpoint in setting.endpoints]
        paths += [("endpoints", endpoint) for endpoint in setting.endpoints]
    paths += [
        ("firewall_rule_groups", group, "rules", rule)
        for group, setting in enumerate(settings.firewall_rule_groups)
        for rule in range(len(setting.rules))
    ]
    return {path_text(path): path for path in (*paths, ("firewall_unavailable",))}


def open_listeners(settings: Settings, listeners: Iterable[Listener]) -> list[str]:
    """A warning for every listener by which anybody who reaches this machine may ask."""
    if "any" not in settings.allow_clients and not any(
        not isinstance(allowed, str) and allowed.prefixlen == 0 for allowed in settings.allow_clients
    ):
        return []
    return [
        f"{listener} answers everybody who can reach it (allow_clients has any): name the networks that may ask instead"
        for listener in listeners
        if not _is_loopback(listener.host)
    ]


def _shadowed(world: World, paths: dict[str, Path]) -> Iterator[Note]:
    """Claims that another beats, but for those that are there by default: to have another instead is what a writer wants."""
    for view in world.views.values():
        for winner in view.claims.values():
            for loser in winner.shadowed:
                # A Profile may bring what the VPC has itself, and a system rule leads to what the VPC has of its name.
                if loser.kind in _DEFAULTS or loser.origin == winner.origin or loser.action is winner.action:
                    continue
                what = f"in view {view.name}, {_words(loser)} does nothing: {_words(winner)} wins"
                yield Note(paths.get(loser.origin, ()), what)


def _words(claim: Claim) -> str:
    return f"the {claim.kind.word} {claim.name} ({claim.origin})" if claim.origin else claim.kind.word


def _zones_on_no_vpc(world: World, settings: Settings) -> Iterator[Note]:
    brought = {
        claim.origin
        for view in world.views.values()
        for winner in view.claims.values()
        for claim in (winner, *winner.shadowed)
        if claim.profile
    }
    for index, zone in enumerate(settings.private_zones):
        path: Path = ("private_zones", index)
        if not zone.vpcs and path_text(path) not in brought:
            yield Note(path, f"the zone {zone.name} is on no VPC, so nobody sees it")


def _private_names_off(settings: Settings) -> Iterator[Note]:
    """AWS ignores private zones and private names unless both attributes are true ("DNS attributes for your VPC")."""
    for name, vpc in settings.vpcs.items():
        zones = any(name in zone.vpcs for zone in settings.private_zones)
        if vpc.enable_dns_support and not vpc.enable_dns_hostnames and (zones or vpc.endpoints or vpc.instances):
            what = f"enable_dns_hostnames is false, so the private zones and private names of {name} are not used"
            yield Note(("vpcs", name), what)


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host == "::1"
