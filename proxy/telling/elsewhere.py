"""Steps that lead to servers elsewhere, in words: forwarding rules and delegations."""

from __future__ import annotations

from proxy.model.steps import Delegated, DelegationMet, Forwarded, ServerSought
from proxy.telling import rules
from proxy.telling.passage import Passage


def tell_elsewhere(step: Forwarded | DelegationMet | ServerSought | Delegated) -> Passage:
    """A step in words."""
    match step:
        case Forwarded():
            return _tell_forward(step)
        case DelegationMet():
            return _tell_delegation(step)
        case ServerSought():
            data = {"server": str(step.server)}
            return Passage(f"Where is the name server {step.server}?", (rules.SERVER_SOUGHT,), data=data)
        case Delegated():
            return _tell_delegated(step)


def _tell_forward(step: Forwarded) -> Passage:
    targets = ", ".join(map(str, step.targets))
    data = {"name": str(step.name), "targets": [str(target) for target in step.targets], "simulated": step.simulated}
    prose = (rules.FORWARDED, *((rules.TARGETS_SIMULATED,) if step.simulated else ()))
    return Passage(f"{step.name} is forwarded to {targets}", prose, rules.FORWARD_PAGE, data=data)


def _tell_delegation(step: DelegationMet) -> Passage:
    servers, followed = ([str(server.name) for server in each] for each in (step.servers, step.followed))
    data = {"name": str(step.name), "cut": str(step.cut), "servers": servers, "followed": followed}
    title = f"NS records hand {step.cut} over to {', '.join(servers)}"
    covered = f"A delegation rule covers {', '.join(followed)}." if followed else rules.NOT_DELEGATED
    return Passage(title, (covered,), rules.DELEGATION_PAGE, data=data)


def _tell_delegated(step: Delegated) -> Passage:
    targets = ", ".join(map(str, step.targets))
    data = {"name": str(step.name), "targets": [str(target) for target in step.targets], "simulated": step.simulated}
    prose = (rules.TARGETS_SIMULATED,) if step.simulated else ()
    return Passage(f"{step.name} is asked of the name servers at {targets}", prose, data=data)
