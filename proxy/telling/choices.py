"""Steps that choose among record sets, in words: aliases, and routing policies."""

from __future__ import annotations

from proxy.dns.codes import type_word
from proxy.model.routing import AliasFollowed, Decision, PolicyDecided
from proxy.telling import rules
from proxy.telling.passage import Passage
from proxy.telling.words import counted


def tell_choice(step: Decision) -> Passage:
    """An alias, or a policy's decision, in words."""
    return _tell_alias(step) if isinstance(step, AliasFollowed) else _tell_policy(step)


def _tell_alias(step: AliasFollowed) -> Passage:
    kind = type_word(step.type)
    data = {"name": str(step.name), "type": kind, "target": step.target}
    return Passage(f"{step.name} is an alias of type {kind}: {step.target}", (rules.ALIAS,), rules.ALIAS_PAGE, data=data)


def _tell_policy(step: PolicyDecided) -> Passage:
    """The sets that were considered, a line each, and why which of them was taken."""
    rule, page = rules.POLICY_RULES[step.policy]
    sets = [
        f"{each.id} ({each.says}): {'healthy' if each.healthy else 'not healthy'}, {each.why}." for each in step.considered
    ]
    taken = f"{', '.join(step.chosen)}: {step.why}" if step.chosen else step.why
    kind = type_word(step.type)
    data = {
        "name": str(step.name),
        "type": kind,
        "policy": step.policy,
        "considered": [
            {"id": each.id, "says": each.says, "healthy": each.healthy, "why": each.why} for each in step.considered
        ],
        "chosen": list(step.chosen),
        "why": step.why,
    }
    fate = "none is taken" if not step.chosen else "this is taken" if len(step.chosen) == 1 else "these are taken"
    title = f"Of {counted(len(sets), 'record set')} of {step.name} {kind}, {fate}"
    return Passage(title, (f"{taken}.", *sets, rule), page, data=data)
