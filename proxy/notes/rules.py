"""Notes on resolver rules, on the delegations that they let be followed, and on Profiles."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from proxy.compile.catalogue import partition_of
from proxy.compile.claims import covering
from proxy.compile.profiles import profiles_of
from proxy.dns.codes import TYPE_NS
from proxy.dns.names import ROOT, Name
from proxy.model.claims import Claim, ClaimKind, Delegation, Forward, Internet, Zone
from proxy.model.world import View, World
from proxy.notes.note import Note
from proxy.settings.problems import Path
from proxy.settings.shape import ResolverRuleSetting, Settings

_GUIDE = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/"
_PAGE_OF_ZONES = _GUIDE + "hosted-zone-private-considerations.html"
_PAGE_OF_RULES = _GUIDE + "resolver-overview-forward-vpc-to-network-using-rules.html"
_PAGE_OF_NAMES = _GUIDE + "resolver-overview-forward-vpc-to-network-autodefined-rules.html"
_PAGE_OF_DELEGATION = _GUIDE + "outbound-delegation-tutorial.html"
_PAGE_OF_RESOLVER = _GUIDE + "resolver.html"
_PAGE_OF_PROFILES = _GUIDE + "profiles.html"
_SHOWN = 3


def rule_notes(world: World, settings: Settings, paths: Mapping[str, Path]) -> Iterator[Note]:
    """All notes on rules.  `paths` are those of what can claim a name, by the text of a claim's origin."""
    for index, rule in enumerate(settings.resolver_rules):
        path: Path = ("resolver_rules", index)
        yield from (Note(path, what) for what in _by_itself(rule, settings))
    for name, vpc in settings.vpcs.items():
        view = world.views[name]
        for claim in view.claims.values():
            path = paths.get(claim.origin, ())
            yield from (Note(path, f"in view {name}, {what}") for what in _in_a_view(claim, view))
        yield from _idle_delegate_rules(name, view, settings)
        root = view.claims[ROOT]
        suffix = partition_of(vpc.region or settings.region).suffix
        if root.kind is ClaimKind.FORWARD_RULE and covering(view.claims, Name.from_text(suffix)) is root:
            what = (
                f"in view {name}, the rule for every name forwards AWS's own names, but for those of endpoints: AWS advises a "
                f"system rule for {suffix} beside it ({_PAGE_OF_NAMES})"
            )
            yield Note(paths.get(root.origin, ()), what)


def profile_notes(settings: Settings) -> Iterator[Note]:
    """All notes on Profiles."""
    for index, profile in enumerate(settings.profiles):
        path: Path = ("profiles", index)
        if not profile.vpcs:
            yield Note(path, f"the Profile is on no VPC, so nobody has what it brings ({_PAGE_OF_PROFILES})")
        for place, (vpc, handle) in enumerate(profile.endpoints):
            if settings.vpcs[vpc].endpoints[handle].private_dns is False:
                what = (
                    f"endpoint {vpc}/{handle} has no private DNS, so the Profile brings no names of it ({_PAGE_OF_PROFILES})"
                )
                yield Note((*path, "endpoints", place), what)


def _by_itself(rule: ResolverRuleSetting, settings: Settings) -> Iterator[str]:
    """What can be said of a rule without any view."""
    brought = any(rule.name is not None and rule.name in profile.resolver_rules for profile in settings.profiles)
    if not rule.vpcs and not brought:
        yield f"the rule for {rule.domain} is on no VPC and in no Profile, so it does nothing ({_PAGE_OF_RULES})"
    resolvers = _resolvers(settings)
    simulated = {str(address): server for address, server in settings.simulated_servers.items()}
    real = [target for target in rule.targets if target.host not in simulated]
    for target in rule.targets:
        if target.host in resolvers:
            yield (
                f"the target {target} is {resolvers[target.host]}, which AWS does not let be asked from elsewhere: a rule needs "
                f"the addresses of an inbound endpoint there ({_PAGE_OF_RESOLVER})"
            )
    if real and settings.upstream.mode == "off":
        shown = _listed(map(str, real))
        yield f"upstream is off, but the rule asks {shown} over the network: give simulated_servers to stay without"
    if rule.targets and not real and all(simulated[target.host].unreachable for target in rule.targets):
        yield f"no target of the rule can be reached: every name below {rule.domain} is SERVFAIL"
    if real and len(real) < len(rule.targets):
        yield "of targets that are partly simulated and partly real, only the kind that comes first is asked"


def _resolvers(settings: Settings) -> dict[str, str]:
    """The addresses of VPCs' resolvers, each with words for it ("Amazon DNS server")."""
    own = "the address of the VPC's own resolver"
    found = {"169.254.169.253": own, "fd00:ec2::253": own}
    for name, vpc in settings.vpcs.items():
        for network in vpc.cidr[:1]:
            if isinstance(network, ipaddress.IPv4Network) and network.num_addresses > 2:
                found[str(network[2])] = f"the resolver of VPC {name}"
    return found


def _in_a_view(claim: Claim, view: View) -> Iterator[str]:
    """What can be said of a claim that won its name."""
    action = claim.action
    if claim.kind is ClaimKind.FORWARD_RULE and isinstance(action, Forward):
        yield from _over_records(claim, view)
        above = _without(claim, view)
        if (
            above.kind is ClaimKind.FORWARD_RULE
            and isinstance(above.action, Forward)
            and above.action.targets == action.targets
        ):
            yield f"the rule for {claim.name} changes nothing: that for {above.name} ({above.origin}) has the same targets"
    if claim.kind is ClaimKind.SYSTEM_RULE and _without(claim, view).kind is not ClaimKind.FORWARD_RULE:
        yield f"the system rule for {claim.name} changes nothing, as nothing would forward that name ({_PAGE_OF_RULES})"
    if isinstance(action, Delegation) and claim.kind is ClaimKind.DELEGATION:
        yield from _of_a_delegation(action, view)


def _over_records(claim: Claim, view: View) -> Iterator[str]:
    """A rule below a private zone's name: what the zone has there is not seen."""
    if claim.shadowed:  # the rule's own name has a zone, which was said
        return
    above = _without(claim, view)
    if isinstance(above.action, Zone) and above.kind in (ClaimKind.PRIVATE_ZONE, ClaimKind.ENDPOINT_ZONE):
        hidden = _records_below(above.action, claim.name)
        if hidden:
            yield (
                f"the rule for {claim.name} forwards {_listed(hidden)}, which the {above.kind.word} {above.name} "
                f"({above.origin}) has ({_PAGE_OF_ZONES})"
            )


def _of_a_delegation(delegation: Delegation, view: View) -> Iterator[str]:
    cut, servers = delegation.name, ", ".join(str(server.name) for server in delegation.servers)
    followed = delegation.followed(delegation.servers)
    if not followed:
        mistaken = [str(rule) for rule in delegation.rules if rule.is_under(cut) or cut.is_under(rule)]
        why = f", as that for {mistaken[0]} would have to be for their names" if mistaken else ""
        yield (
            f"NS records hand {cut} over to {servers}, but no delegate rule is for these{why}: all names below are empty "
            f"({_PAGE_OF_DELEGATION})"
        )
    glue = {server.name for server in delegation.servers}
    hidden = [name for name in _records_below(delegation.zone, cut) if name not in glue and name != cut]
    if hidden:
        yield f"NS records hand {cut} over to {servers}, so {_listed(hidden)} in the zone is not seen ({_PAGE_OF_DELEGATION})"
    for server in followed:
        if not server.addresses and isinstance(covering(view.claims, server.name).action, Internet):
            yield (
                f"the address of {server.name}, to which NS records hand {cut} over, is looked up in public DNS: where it is "
                f"private, it needs a forward rule or a zone ({_PAGE_OF_DELEGATION})"
            )


def _idle_delegate_rules(vpc: str, view: View, settings: Settings) -> Iterator[Note]:
    """Delegate rules on a VPC where no NS record names a name server that they are for."""
    brought = {name for association in profiles_of(settings, vpc) for name in association.profile.resolver_rules}
    servers = [
        server.name
        for claim in view.claims.values()
        if isinstance(claim.action, Delegation)
        for server in claim.action.servers
    ]
    for index, rule in enumerate(settings.resolver_rules):
        here = vpc in rule.vpcs or rule.name in brought
        if rule.type == "delegate" and here and not any(server.is_under(rule.domain) for server in servers):
            what = (
                f"in view {vpc}, the delegate rule for {rule.domain} does nothing: no NS record of a private zone names a name "
                f"server below it ({_PAGE_OF_DELEGATION})"
            )
            yield Note(("resolver_rules", index), what)


def _records_below(zone: Zone, name: Name) -> list[Name]:
    """The names at or below `name` for which a zone has records of more than NS."""
    return [
        Name(owner)
        for owner, node in zone.nodes.items()
        if (node.answers.keys() - {TYPE_NS} or node.routed) and Name(owner).is_under(name)
    ]


def _without(claim: Claim, view: View) -> Claim:
    """The claim that would decide about a claim's name if that were not there; a view has one for the root."""
    if claim.shadowed:
        return claim.shadowed[0]
    return covering(view.claims, claim.name.parent())


def _listed(names: Iterable[object]) -> str:
    texts = [str(name) for name in names]
    shown = ", ".join(texts[:_SHOWN])
    return shown + (f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else "")
