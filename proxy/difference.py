"""difference: what a reload changed, in words for the log.

Owns comparing two Worlds.  Must never decide whether the new one is taken.

A worked example::

    describe_difference(old, new)       # ["view app: + example.org (private zone)", "view app: ~ example.com (…)"]
"""

from __future__ import annotations

from collections.abc import Iterator

from proxy.model.claims import Claim, ClaimKind, PublicHostnames
from proxy.model.world import View, World

MAX_LINES = 20


def describe_difference(old: World, new: World) -> list[str]:
    """One line a change, at most MAX_LINES and one that counts the rest; none where no answer can have changed."""
    lines = list(_lines(old, new))
    if len(lines) > MAX_LINES:
        return [*lines[:MAX_LINES], f"and {len(lines) - MAX_LINES} more changes"]
    return lines


def _lines(old: World, new: World) -> Iterator[str]:
    for name in dict.fromkeys((*old.views, *new.views)):
        before, after = old.views.get(name), new.views.get(name)
        if before is None:
            yield f"+ view {name}"
        elif after is None:
            yield f"- view {name}"
        else:
            yield from _changed_claims(before, after)
            if before.firewall != after.firewall:
                yield f"view {name}: the firewall's rules"
            if before.serves != after.serves:
                yield f"view {name}: enable_dns_support is now {'on' if after.serves else 'off'}"
    subnets = [{vpc: dns64.subnets for vpc, dns64 in world.dns64.items()} for world in (old, new)]
    if subnets[0] != subnets[1]:
        yield "the subnets with DNS64"
    if old.default_view != new.default_view:
        yield f"default_view: {old.default_view} -> {new.default_view}"
    if old.networks != new.networks:
        yield "the clients of the views"
    if old.allowed != new.allowed:
        yield "allow_clients"
    if old.rotates != new.rotates:
        yield f"the order of several records is now {'another one each time' if new.rotates else 'that of the file'}"


def _changed_claims(before: View, after: View) -> Iterator[str]:
    autodefined = set()
    for name in sorted(before.claims.keys() | after.claims.keys()):
        was, becomes = before.claims.get(name), after.claims.get(name)
        claim = becomes or was
        if claim is None or claim.kind is ClaimKind.SELF or _says_the_same(was, becomes):
            continue
        sign = "+" if was is None else "-" if becomes is None else "~"
        if {each.kind for each in (was, becomes) if each is not None} == {ClaimKind.AUTODEFINED}:
            autodefined.add(sign)
        else:
            yield f"view {after.name}: {sign} {_words(claim)}"
    if autodefined:  # they come by the hundred, and go together
        yield f"view {after.name}: {autodefined.pop() if len(autodefined) == 1 else '~'} autodefined names"


def _says_the_same(was: Claim | None, becomes: Claim | None) -> bool:
    """Equal but for the place in the file, which moves when something is put in front.

    Where EC2's public host names lead outside, that is a change of the internet and told there.
    """
    if was is None or becomes is None:
        return was is becomes
    if isinstance(was.action, PublicHostnames) and isinstance(becomes.action, PublicHostnames):
        return was.action.zone == becomes.action.zone
    return (was.kind, was.profile, was.action) == (becomes.kind, becomes.profile, becomes.action)


def _words(claim: Claim) -> str:
    return claim.kind.word if claim.kind is ClaimKind.INTERNET else f"{claim.name} ({claim.kind.word})"
