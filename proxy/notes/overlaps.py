"""Notes on names inside of one another: private zones and private names of endpoints, in a VPC and across peerings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from proxy.compile.catalogue import all_services, partition_of
from proxy.dns.names import Name
from proxy.model.claims import Claim, ClaimKind, Zone
from proxy.model.world import View, World
from proxy.notes.note import Note
from proxy.settings.problems import Path
from proxy.settings.shape import Settings

_WILDCARD_LABEL = b"\x01*"
_SHOWN = 3


def overlap_notes(world: World, settings: Settings, paths: Mapping[str, Path]) -> Iterator[Note]:
    """All notes on overlaps.  `paths` are those of what can claim a name, by the text of a claim's origin."""
    for name, setting in settings.vpcs.items():
        view = world.views[name]
        region = setting.region or settings.region
        for claim in view.claims.values():
            for what in _looks(claim, view, region):
                yield Note(paths.get(claim.origin, ()), f"in view {name}, {what}")
    yield from _peerings(world, settings)


def _looks(claim: Claim, view: View, region: str) -> Iterator[str]:
    if claim.kind is ClaimKind.PRIVATE_ZONE:
        yield from _inside_an_endpoint(claim, view)
        yield from _over_all_of_aws(claim, region)
    if claim.kind is ClaimKind.ENDPOINT_ZONE:
        yield from _over_records(claim, view)
        yield from _over_other_services(claim, view, region)


def _inside_an_endpoint(claim: Claim, view: View) -> Iterator[str]:
    above = _above(claim, view)
    if above.kind is ClaimKind.ENDPOINT_ZONE:
        yield f"the zone {claim.name} takes its names out of the private name {above.name} of an endpoint ({above.origin})"


def _over_all_of_aws(claim: Claim, region: str) -> Iterator[str]:
    suffix = partition_of(region).suffix
    if claim.name in (Name.from_text(suffix), Name.from_text(f"{region}.{suffix}")):
        yield f"the zone {claim.name} hides all public names of AWS below it: a service without an endpoint is NXDOMAIN"


def _over_records(claim: Claim, view: View) -> Iterator[str]:
    above = _above(claim, view)
    if above.kind is ClaimKind.PRIVATE_ZONE and isinstance(above.action, Zone):
        hidden = [name for name, node in above.action.nodes.items() if node.answers and claim.name in Name(name).suffixes()]
        if hidden:
            yield (
                f"the private name {claim.name} hides {_listed(hidden)} of the private zone {above.name} ({above.origin})"
            )


def _over_other_services(claim: Claim, view: View, region: str) -> Iterator[str]:
    """A hidden zone without a wildcard makes all below it NXDOMAIN, other services' names too."""
    if not isinstance(claim.action, Zone) or _WILDCARD_LABEL + claim.name in claim.action.nodes:
        return
    for service in all_services():
        names = map(Name.from_text, service.private_names(region, dualstack=False))
        hidden = [name for name in names if not name.startswith(_WILDCARD_LABEL) and _decides(claim, name, view)]
        if hidden:
            yield f"the private name {claim.name} makes {_listed(hidden)} NXDOMAIN, for want of an endpoint for {service.short}"


def _decides(claim: Claim, name: Name, view: View) -> bool:
    return name != claim.name and next(suffix for suffix in name.suffixes() if suffix in view.claims) == claim.name


def _above(claim: Claim, view: View) -> Claim:
    """The claim that would decide about a claim's name if that were not there; a view has one for the root."""
    return next(view.claims[suffix] for suffix in claim.name.parent().suffixes() if suffix in view.claims)


def _peerings(world: World, settings: Settings) -> Iterator[Note]:
    for index, peering in enumerate(settings.peerings):
        for one, other in (peering.vpcs, peering.vpcs[::-1]):
            theirs = world.views[other].claims
            names = [
                claim.name
                for claim in world.views[one].claims.values()
                if claim.kind is ClaimKind.ENDPOINT_ZONE and not claim.profile and claim.name not in theirs
            ]
            if names and one in peering.dns_resolution:
                what = (
                    f"a peering does not carry private names: in view {other}, {_listed(names)} of {one}'s endpoints stays "
                    "public; a private zone, a Profile or an endpoint there would change that"
                )
                yield Note(("peerings", index), what)


def _listed(names: list[bytes] | list[Name]) -> str:
    shown = ", ".join(str(Name(name)) for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
