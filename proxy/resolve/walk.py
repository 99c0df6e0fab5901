"""One resolution, from the question to its answer.

Inside a VPC the most specific claim decides, of whatever kind it is; `compile/` has settled the ties.  So each hop is one
walk along the name's suffixes, then one look-up in what the winner leads to.  The order of the two matters: to look into
zones before the claims would find names that a more specific zone hides.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import lru_cache, partial

from proxy.dns.codes import RCODE_NOERROR, RCODE_REFUSED, RCODE_SERVFAIL, TYPE_A, TYPE_AAAA, TYPE_ANY, TYPE_CNAME
from proxy.dns.names import ROOT, Name
from proxy.dns.records import Placed, RecordSet
from proxy.dns.write import Sections
from proxy.model.answers import Answer, Ask, FirewallMatch, Question, Reason, ReasonKind, Reply, Route, UpstreamError
from proxy.model.claims import (
    Claim,
    ComputeZone,
    Delegation,
    Forward,
    Internet,
    PublicHostnames,
    ReverseZone,
    WithoutTypes,
    Zone,
)
from proxy.model.firewall import Firewall
from proxy.model.routing import AliasOutside, Chance
from proxy.model.steps import ClaimsWeighed, Trace, TypeMissing
from proxy.model.world import INTERNET_VIEW, View
from proxy.resolve.chains import MAX_HOPS, Leads, lead_on, put_behind, stop, stop_chain, targets, with_owner
from proxy.resolve.delegation import follow
from proxy.resolve.dns64 import synthesise, wants_dns64
from proxy.resolve.ec2 import look_up_computed, look_up_reverse
from proxy.resolve.firewall import judge, judge_targets
from proxy.resolve.outside import covers, look_up_outside, way_beyond
from proxy.resolve.policies import flatten
from proxy.resolve.rebinding import without_private_addresses
from proxy.resolve.servers import ask_route, forward
from proxy.resolve.zones import first_of_all, look_up, look_up_routed

Resolution = Generator[Ask, Reply, Answer]
_Outside = Internet | WithoutTypes | PublicHostnames
_OUTSIDE = (Internet, WithoutTypes, PublicHostnames)
_Elsewhere = Forward | Delegation | ComputeZone | ReverseZone


def resolve(question: Question, view: View, trace: Trace | None = None, chance: Chance = first_of_all) -> Resolution:
    """Answer `question` as asked in `view`.  Yields what must be asked elsewhere and is sent its reply.

    `trace` is called with every step in its order; it changes nothing of the answer.  `chance` decides where Route 53 leaves
    it to chance.
    """
    firewall = view.firewall
    if firewall is None:
        return _walk(question, view, trace, chance)
    rule = judge(firewall, *question, trace)  # before everything else: what it blocks is not looked for
    if rule is None:
        return _walk(question, view, trace, chance, firewall=firewall)
    if rule.response is not None:
        return _settled(rule.response)
    walk = _walk(question, view, trace, chance, firewall=None if rule.trusts else firewall, alert=rule.match)
    return walk if rule.match is None else _alerted(walk, rule.match)


def _settled(answer: Answer) -> Resolution:
    yield from ()
    return answer


def _alerted(walk: Resolution, alert: FirewallMatch) -> Resolution:
    """The same, its failure included: that a rule alerts to a name does not depend on whether it can be looked up."""
    try:
        return (yield from walk)
    except UpstreamError as error:
        return Answer(Sections(RCODE_SERVFAIL), error.reason, alert)


def _walk(
    question: Question,
    view: View,
    trace: Trace | None,
    chance: Chance,
    *,
    firewall: Firewall | None = None,
    alert: FirewallMatch | None = None,
    sought: tuple[bytes, ...] = (),
) -> Resolution:
    """From hop to hop.  `firewall` looks at what CNAMEs lead to; `alert` is what it has to say of the name asked for.

    `sought` are the delegations for which addresses of name servers are looked up at the time.
    """
    name, kind = question
    chain: tuple[Placed, ...] = ()
    for _ in range(MAX_HOPS):
        action = find_claim(view, name, trace).action
        found: Answer | RecordSet | Leads
        if isinstance(action, _OUTSIDE):
            found = yield from _look_outside(action, view, name, kind, trace)
        elif not isinstance(action, Zone):
            found = yield from _look_elsewhere(action, view, Question(name, kind), trace=trace, chance=chance, sought=sought)
        elif action.routed:
            found = yield from _look_up_routed(action, view, name, kind, trace=trace, chance=chance)
        else:
            found = look_up(action, name, kind, trace)
        leads = found if isinstance(found, Answer) else lead_on(found, name, trace)
        if firewall is not None:
            placed = leads.sections.answer if isinstance(leads, Answer) else leads.chain
            rule = judge_targets(firewall, placed, name, kind, trace)
            if rule is not None and rule.response is not None:
                return rule.response
            alert = alert or (None if rule is None else rule.match)
        if isinstance(leads, Answer):
            answer = put_behind(chain, name, leads) if chain else leads
            if view.dns64 and kind == TYPE_AAAA and wants_dns64(answer, name, trace):
                again = Question(question.name, TYPE_A)
                four = yield from _walk(again, view, trace, chance, firewall=firewall, alert=alert, sought=sought)
                answer = synthesise(answer, four, question.name, trace)
            return _noted(answer, alert)
        chain += with_owner(leads.chain, name if chain else None)
        name = leads.target
    return _noted(stop_chain(name, trace), alert)


def _seek(  # noqa: PLR0917  the last two are those of Seek
    view: View, trace: Trace | None, chance: Chance, sought: tuple[bytes, ...], server: Name, kind: int
) -> Resolution:
    """An address of a name server: the resolver's own question, which no firewall looks at."""
    return _walk(Question(server, kind), view, trace, chance, sought=sought)


def _noted(answer: Answer, alert: FirewallMatch | None) -> Answer:
    return answer if alert is None else answer._replace(firewall=alert)


def find_claim(view: View, name: bytes, trace: Trace | None = None) -> Claim:
    """The claim with the longest name that `name` equals or stands below.  The root's is always there."""
    claims = view.claims
    suffix = name
    while suffix not in claims:
        suffix = suffix[suffix[0] + 1 :]
    if trace is not None:
        covering = [claims[shorter] for shorter in Name(suffix).suffixes() if shorter in claims]
        trace(ClaimsWeighed(Name(name), tuple(claim for winner in covering for claim in (winner, *winner.shadowed))))
    return claims[suffix]


def _look_up_routed(
    zone: Zone, view: View, name: bytes, kind: int, *, trace: Trace | None, chance: Chance
) -> Generator[Ask, Reply, Answer | RecordSet]:
    """What a zone with aliases and policies has.  An alias's target outside is looked up outside, whatever the VPC has of it."""
    found = look_up_routed(zone, name, kind, trace, chance)
    if not isinstance(found, AliasOutside):
        return found
    root = view.claims[ROOT]
    internet = next(claim for claim in (root, *root.shadowed) if isinstance(claim.action, Internet))
    outside = View(INTERNET_VIEW, None, True, {ROOT: internet})
    return flatten(found, (yield from resolve(Question(found.target, found.type), outside, trace, chance)))


def _look_elsewhere(
    action: _Elsewhere, view: View, question: Question, *, trace: Trace | None, chance: Chance, sought: tuple[bytes, ...]
) -> Generator[Ask, Reply, Answer | RecordSet | Leads]:
    """What is neither a zone nor the internet: servers that are asked, names that are computed."""
    name, kind = question
    if isinstance(action, ComputeZone):
        return look_up_computed(action, name, kind, trace)
    if isinstance(action, ReverseZone):
        return look_up_reverse(action, name, kind, trace)
    if isinstance(action, Forward):
        forwarded = yield from forward(action, name, kind, trace)
        return _lead_away(forwarded, action, view, name, kind) if action.follows_cnames else forwarded
    seek = None
    if action.name not in sought:
        seek = partial(_seek, view, trace, chance, (*sought, action.name))
    return _lead_away((yield from follow(action, question, trace, seek)), action, view, name, kind)


def _look_outside(
    action: _Outside, view: View, name: bytes, kind: int, trace: Trace | None
) -> Generator[Ask, Reply, Answer | RecordSet | Leads]:
    if isinstance(action, WithoutTypes):
        if kind in action.types:
            if trace is not None:
                trace(TypeMissing(Name(name), kind, action.nodata.reason))
            return action.nodata
        action = action.internet
    elif isinstance(action, PublicHostnames):
        if name in action.zone.nodes:
            return look_up(action.zone, name, kind, trace)
        action = action.internet
    found = look_up_outside(action, name, kind, trace)
    if found is not None:
        return found
    beyond = way_beyond(action, name)
    if beyond is None:
        return stop(name, RCODE_REFUSED, ReasonKind.UPSTREAM_OFF, "upstream is off (mode: off)", trace)
    if isinstance(beyond, Zone):
        return look_up(beyond, name, kind, trace)
    answer = yield from ask_route(beyond, name, kind, _reason_of(beyond), trace)
    if action.rebinding is not None and beyond is action.beyond:
        answer = without_private_addresses(answer, name, action.rebinding)
    return _lead_inside(answer, view, name, kind)


@lru_cache
def _reason_of(route: Route) -> Reason:
    return Reason(ReasonKind.UPSTREAM, "upstream " + ", ".join(map(str, route.servers)))


def _lead_inside(answer: Answer, view: View, name: bytes, kind: int) -> Answer | Leads:
    """The reply as an answer, but for a CNAME in it whose target the view itself decides about.

    The resolver follows each hop from inside the VPC, so a public name that leads to a private one ends there.
    """
    if kind not in (TYPE_CNAME, TYPE_ANY):
        placed = answer.sections.answer
        for index, target in targets(placed, name):
            if _decided_inside(view, target):
                return Leads(tuple(placed[: index + 1]), target)
    return answer


def _lead_away(
    answer: Answer | RecordSet, action: Forward | Delegation, view: View, name: bytes, kind: int
) -> Answer | RecordSet | Leads:
    """The answer of servers that are asked for what one claim covers, as far as that goes.

    Where a CNAME leads to other names, these are looked up by the view, and so is a target that the servers left open.
    """
    if kind in (TYPE_CNAME, TYPE_ANY) or not isinstance(answer, Answer):
        return answer
    placed, leads = answer.sections.answer, None
    for index, target in targets(placed, name):
        leads = Leads(tuple(placed[: index + 1]), target)
        if find_claim(view, target).action is not action:
            return leads
    open_end = leads is not None and answer.sections.rcode == RCODE_NOERROR and placed[-1][1].type == TYPE_CNAME
    return leads if leads is not None and open_end else answer


def _decided_inside(view: View, name: bytes) -> bool:
    action = find_claim(view, name).action
    if isinstance(action, PublicHostnames):
        return name in action.zone.nodes or covers(action.internet, name)
    return not isinstance(action, Internet) or covers(action, name)
