"""What a server elsewhere says: one that a route leads to, or one that is simulated in the file."""

from __future__ import annotations

from collections.abc import Generator

from proxy.dns.codes import RCODE_SERVFAIL, TYPE_ANY, TYPE_NSEC, TYPE_NSEC3, TYPE_RRSIG
from proxy.dns.names import Name
from proxy.dns.records import Placed, RecordSet
from proxy.dns.write import Sections
from proxy.model.answers import Answer, Ask, Reason, ReasonKind, Reply, Route, StaleReply
from proxy.model.claims import Forward, Zone
from proxy.model.steps import Asked, Forwarded, Replied, Trace
from proxy.resolve.chains import MAX_HOPS, lead_on, put_behind, stop, stop_chain, with_owner
from proxy.resolve.zones import look_up

_PROOFS = frozenset((TYPE_RRSIG, TYPE_NSEC, TYPE_NSEC3))


def forward(action: Forward, name: bytes, kind: int, trace: Trace | None) -> Generator[Ask, Reply, Answer | RecordSet]:
    """The answer of a rule's targets as it comes; a simulated one's CNAME, where the view follows it.

    Where every target is a simulated server that is unreachable, the answer is SERVFAIL, as that of a real one would be.
    """
    to = action.to
    if trace is not None:
        trace(Forwarded(Name(name), action.targets, isinstance(to, Zone)))
    if to is None:
        why = f"{', '.join(map(str, action.targets))}: unreachable"
        return stop(name, RCODE_SERVFAIL, ReasonKind.UPSTREAM_FAILED, why, trace)
    if isinstance(to, Zone):
        return look_up(to, name, kind, trace) if action.follows_cnames else ask_simulated(to, name, kind, trace)
    return (yield from ask_route(to, name, kind, action.reason, trace))


def ask_route(route: Route, name: bytes, kind: int, reason: Reason, trace: Trace | None) -> Generator[Ask, Reply, Answer]:
    """The reply of a route."""
    ask = Ask(route, name, kind)
    if trace is not None:
        trace(Asked(ask, reason))
    reply = yield ask
    if trace is not None:
        trace(Replied(ask, reply))
    if isinstance(reply, StaleReply):
        reason = Reason(ReasonKind.STALE, f"no server answers, so this is what was kept: {reason.text}")
    return Answer(_without_proofs(reply, kind), reason)


def ask_simulated(server: Zone, name: bytes, kind: int, trace: Trace | None) -> Answer:
    """What a simulated server says: it follows its own CNAME records, and knows nothing beside its records."""
    chain: tuple[Placed, ...] = ()
    at = name
    for _ in range(MAX_HOPS):
        found = look_up(server, at, kind, trace)
        if isinstance(found, Answer):
            return put_behind(chain, at, found) if chain else found
        leads = lead_on(found, at, trace)
        chain += with_owner(leads.chain, at if chain else None)
        at = leads.target
    return stop_chain(at, trace)


def _without_proofs(reply: Reply, kind: int) -> Reply:
    """The reply without DNSSEC's proofs, which the resolver never hands out (unless asked for by their type)."""
    if kind in _PROOFS or kind == TYPE_ANY:
        return reply
    for section in reply[1:]:
        for _, found in section:
            if found.type in _PROOFS:
                sections = (tuple(placed for placed in each if placed[1].type not in _PROOFS) for each in reply[1:])
                return Sections(reply.rcode, *sections)
    return reply
