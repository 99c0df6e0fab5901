"""Each step of a resolution in words, with the rule behind it.

A new kind of step wants a case in `passage_of`, which mypy knows to be complete, and a function that tells it.  A new kind of
claim wants its rule in `rules.py`.
"""

from __future__ import annotations

from typing import assert_never

from proxy.dns.codes import rcode_word, type_word
from proxy.dns.names import name_text
from proxy.model.answers import Ask, Question, ReasonKind
from proxy.model.firewall import FirewallAction
from proxy.model.routing import AliasFollowed, PolicyDecided
from proxy.model.steps import (
    Asked,
    ClaimsWeighed,
    CnameFollowed,
    Delegated,
    DelegationMet,
    Dns64Begun,
    Dns64Ended,
    FirewallJudged,
    Forwarded,
    NameComputed,
    NameMissing,
    RecordsFound,
    Replied,
    ServerSought,
    Step,
    Stopped,
    TypeMissing,
)
from proxy.model.world import Placement
from proxy.telling import rules
from proxy.telling.choices import tell_choice
from proxy.telling.contest import tell_contest
from proxy.telling.ec2 import tell_ec2
from proxy.telling.elsewhere import tell_elsewhere
from proxy.telling.passage import Passage, Setting
from proxy.telling.records import answer_json, reason_json
from proxy.telling.words import counted

_DOES = {
    FirewallAction.ALLOW: "allows",
    FirewallAction.ALERT: "alerts to",
    FirewallAction.BLOCK: "blocks",
}
_STOPS = {
    ReasonKind.UPSTREAM_OFF: "This file answers from itself alone and refuses the rest, where AWS would ask public DNS. Give the "
    "name in public_records or public_zones, or name upstream servers.",
    ReasonKind.CHAIN_TOO_LONG: "A chain that long is most often a loop: the answer is SERVFAIL.",
}


def passage_of(step: Step, setting: Setting) -> Passage:  # noqa: C901, PLR0912  a case a step
    """A step in words."""
    match step:
        case FirewallJudged():
            return _tell_firewall(step, setting)
        case ClaimsWeighed():
            return tell_contest(step, setting)
        case AliasFollowed() | PolicyDecided():
            return tell_choice(step)
        case RecordsFound():
            return _tell_found(step)
        case NameComputed() | Dns64Begun() | Dns64Ended():
            return tell_ec2(step)
        case TypeMissing():
            return _tell_type_missing(step)
        case NameMissing():
            return _tell_name_missing(step)
        case CnameFollowed():
            return _tell_hop(step, setting)
        case Forwarded() | DelegationMet() | ServerSought() | Delegated():
            return tell_elsewhere(step)
        case Asked():
            return _tell_ask(step, setting)
        case Replied():
            return _tell_reply(step)
        case Stopped():
            return _tell_stop(step)
        case _:
            assert_never(step)


def tell_place(placement: Placement, *, allowed: bool) -> Passage:
    """From where the question is asked, and why from there."""
    view, why = placement
    title = f"In view {view.name} ({why})"
    data = {"view": view.name, "why": why}
    if not allowed:
        return Passage(title, ("This client is not in allow_clients, so it is refused.",), data=data)
    if view.vpc is None:
        return Passage(title, ("This is the internet, as whoever is in none of the VPCs sees it.",), data=data)
    vpc = f"{view.vpc.name} ({view.vpc.id}, {view.vpc.region})"
    if not view.serves:
        return Passage(title, (f"VPC {vpc} has enable_dns_support: false.", rules.SILENCE), rules.VPC_DNS_PAGE, data=data)
    if view.name != view.vpc.name:
        prose = f"What comes in by this inbound endpoint is resolved as if it had been asked inside VPC {vpc}."
        return Passage(title, (prose,), rules.INBOUND_PAGE, data=data)
    prose = f"VPC {vpc}: answered as its Resolver would, the one at 169.254.169.253 and at the VPC's first address plus two."
    return Passage(title, (prose,), rules.RESOLVER_PAGE, data=data)


def _tell_firewall(step: FirewallJudged, setting: Setting) -> Passage:
    rule = step.rule
    data = {"name": str(step.name), "rule": None if rule is None else rule.name}
    if rule is None:
        return Passage(f"The firewall lets {step.name} pass", (rules.NO_FIREWALL_RULE,), rules.FIREWALL_PAGE, data=data)
    data = {**data, "action": rule.action.value, "origin": rule.origin}
    prose: list[str] = [rules.FIREWALL_RULES[rule.action]]
    if rule.trusts and rule.response is None:
        prose.append(rules.FIREWALL_TRUSTS)
    if rule.response is not None:
        prose.append(f"Source: {rule.response.reason.text}.")
    place = setting.place(rule.origin)
    title = f"The firewall's rule {rule.name} {_DOES[rule.action]} {step.name}" + (f" ({place})" if place else "")
    return Passage(title, tuple(prose), rules.FIREWALL_PAGE, data=data)


def _tell_found(step: RecordsFound) -> Passage:
    kind = type_word(step.type)
    data = {"name": str(step.name), "type": kind, "reason": reason_json(step.reason), "wildcard": None}
    rule, page = rules.FOUND_RULES.get(step.reason.kind, ("", ""))
    prose = (f"Source: {step.reason.text}.", *((rule,) if rule else ()))
    if step.wildcard is None:
        return Passage(f"{step.name} has an answer of type {kind}", prose, page, data=data)
    title = f"{step.name} is covered by the wildcard {step.wildcard}, which has an answer of type {kind}"
    return Passage(title, (*prose, rules.WILDCARD), rules.NAMES_PAGE, data={**data, "wildcard": str(step.wildcard)})


def _tell_type_missing(step: TypeMissing) -> Passage:
    kind = type_word(step.type)
    data = {"name": str(step.name), "type": kind, "reason": reason_json(step.reason)}
    inside = (rules.NOTHING_ELSE,) if step.reason.kind in rules.MISSING_RULES else ()
    prose = (f"Source: {step.reason.text}.", rules.EMPTY_ANSWER, *inside)
    return Passage(f"{step.name} has no answer of type {kind}", prose, rules.SOA_PAGE, data=data)


def _tell_name_missing(step: NameMissing) -> Passage:
    data = {"name": str(step.name), "reason": reason_json(step.reason)}
    rule = rules.MISSING_RULES.get(step.reason.kind)
    prose = (f"Source: {step.reason.text}.", rule or rules.MISSING_OUTSIDE)
    page = "" if rule is None else rules.PRIVATE_ZONES_PAGE
    if step.reason.kind is ReasonKind.AUTODEFINED:
        page = rules.EC2_NAMES_PAGE
    return Passage(f"{step.name} does not exist", prose, page, data=data)


def _tell_hop(step: CnameFollowed, setting: Setting) -> Passage:
    data = {"name": str(step.name), "target": str(step.target)}
    prose = rules.HOP_OUTSIDE if setting.view.vpc is None else rules.HOP_INSIDE
    return Passage(f"{step.name} is a CNAME for {step.target}", (prose,), data=data)


def _tell_ask(step: Asked, setting: Setting) -> Passage:
    servers, upstream = _servers(step.ask), step.reason.kind is ReasonKind.UPSTREAM
    who = "Upstream" if upstream else "The network"
    asked = f"{name_text(step.ask.name)} {type_word(step.ask.type)}"
    data = {**_ask_json(step.ask), "asked": setting.live}
    if setting.live:
        return Passage(f"{who} is asked for {asked}: {servers}", data=data)
    prose = "So far without the network; --live asks." + (f" {rules.HOP_OF_A_REPLY}" if upstream else "")
    return Passage(f"{who} would be asked for {asked}: {servers}", (prose,), data=data)


def _tell_reply(step: Replied) -> Passage:
    found = sum(len(found.records) for _, found in step.reply.answer)
    reply = answer_json(Question(step.ask.name, step.ask.type), step.reply)
    title = f"The reply is {rcode_word(step.reply.rcode)} with {counted(found, 'record')}"
    return Passage(title, data={**_ask_json(step.ask), "reply": reply})


def _tell_stop(step: Stopped) -> Passage:
    data = {"name": str(step.name), "reason": reason_json(step.reason)}
    more = _STOPS.get(step.reason.kind)
    return Passage(f"The search for {step.name} ends: {step.reason.text}", (more,) if more else (), data=data)


def _servers(ask: Ask) -> str:
    return ", ".join(map(str, ask.route.servers)) or "no server is known"


def _ask_json(ask: Ask) -> dict[str, object]:
    return {"name": name_text(ask.name), "type": type_word(ask.type), "servers": list(map(str, ask.route.servers))}
