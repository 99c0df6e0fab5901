"""Who decides about a name: the claims that cover it, how each fared, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proxy.dns.names import ROOT, Name
from proxy.model.claims import Claim, ClaimKind, ComputeZone, Internet, PublicHostnames, WithoutTypes, Zone
from proxy.model.steps import ClaimsWeighed
from proxy.telling.passage import Contender, Passage, Setting
from proxy.telling.rules import CLAIM_RULES, FROM_OUTSIDE, MOST_SPECIFIC


def tell_contest(step: ClaimsWeighed, setting: Setting) -> Passage:
    """The claims on a name, the longest first, and the rule by which the first has won."""
    winner, *losers = step.claims
    contenders = (
        _contender(winner, _victory(winner, losers), setting),
        *(_contender(loser, _defeat(step.name, winner, loser), setting) for loser in losers),
    )
    data = {"name": str(step.name), "claims": [contender._asdict() for contender in contenders]}
    title = f"Who decides about {step.name}?"
    return Passage(title, tuple(_rules(winner, losers, setting)), winner.kind.page, contenders, data)


def _contender(claim: Claim, fate: str, setting: Setting) -> Contender:
    kind = f"{claim.kind.word} of a Profile" if claim.profile else claim.kind.word
    return Contender(str(claim.name), kind, setting.place(claim.origin), fate, claim.origin)


def _victory(winner: Claim, losers: Sequence[Claim]) -> str:
    if not losers:
        return "decides: nothing else covers the name"
    rival = _rival(winner, losers)
    return "wins: the longest name" if rival is None else f"wins: {_precedence(winner, rival)}"


def _defeat(name: Name, winner: Claim, loser: Claim) -> str:
    why = "the same name, but weaker" if loser.name == winner.name else "less specific"
    return f"{why}; its records of this name stay unseen" if _has(loser, name) else why


def _rules(winner: Claim, losers: Sequence[Claim], setting: Setting) -> Iterator[str]:
    if winner.kind is ClaimKind.INTERNET and setting.view.vpc is None:
        yield FROM_OUTSIDE
        return
    rival = _rival(winner, losers)
    if rival is not None:
        yield f"Among claims on one and the same name: {_precedence(winner, rival)}."
    elif any(loser.name != ROOT for loser in losers):
        yield MOST_SPECIFIC
    yield CLAIM_RULES[winner.kind]


def _rival(winner: Claim, losers: Sequence[Claim]) -> Claim | None:
    """The best of the other claims on the winner's own name."""
    return next((loser for loser in losers if loser.name == winner.name), None)


def _precedence(winner: Claim, rival: Claim) -> str:
    """Why one of two claims on the same name goes before the other (`ClaimKind` has the order)."""
    if rival.profile and not winner.profile:
        return "what the VPC has itself before what a Profile brings"
    if rival.profile != winner.profile and rival.profile:
        return f"the Profile of priority {winner.profile} before that of {rival.profile}"
    if rival.kind is winner.kind:
        return f"the first {winner.kind.word} before the next"
    return f"{winner.kind.word} before {rival.kind.word}"


def _has(claim: Claim, name: Name) -> bool:
    """True where a claim has records of exactly this name, which is what somebody would wonder about."""
    action = claim.action
    if isinstance(action, PublicHostnames) and name in action.zone.nodes:
        return True
    if isinstance(action, WithoutTypes | PublicHostnames):
        action = action.internet
    if isinstance(action, Internet):
        return name in action.names or any(_holds(zone, name) for zone in action.zones.values())
    if isinstance(action, ComputeZone):
        action = action.zone
    return isinstance(action, Zone) and _holds(action, name)


def _holds(zone: Zone, name: Name) -> bool:
    node = zone.nodes.get(name)
    return node is not None and bool(node.answers)
