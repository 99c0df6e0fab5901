"""The steps of what EC2 and its subnets add to DNS, in words: names that are computed, addresses that DNS64 makes."""

from __future__ import annotations

from proxy.dns.codes import type_word
from proxy.model.steps import Dns64Begun, Dns64Ended, NameComputed
from proxy.telling import rules
from proxy.telling.passage import Passage
from proxy.telling.records import reason_json


def tell_ec2(step: NameComputed | Dns64Begun | Dns64Ended) -> Passage:
    """A step in words."""
    match step:
        case NameComputed():
            return _tell_computed(step)
        case Dns64Begun():
            data = {"name": str(step.name), "reason": reason_json(step.reason)}
            return Passage(f"DNS64: {step.name} has no AAAA record", (rules.DNS64,), rules.DNS64_PAGE, data=data)
        case Dns64Ended():
            return _tell_dns64(step)


def _tell_computed(step: NameComputed) -> Passage:
    kind = type_word(step.type)
    data = {
        "name": str(step.name), "type": kind, "value": step.value, "where": step.where, "reason": reason_json(step.reason)
    }  # fmt: skip
    prose = (f"Source: {step.reason.text}; {step.where}.", rules.COMPUTED)
    return Passage(f"{step.name} says itself what it means: {step.value}", prose, rules.EC2_NAMES_PAGE, data=data)


def _tell_dns64(step: Dns64Ended) -> Passage:
    data = {"name": str(step.name), "addresses": list(step.addresses), "reason": reason_json(step.reason)}
    if not step.addresses:
        return Passage(f"DNS64: {step.name} has no A record either", ("So the answer is that for its A record.",), data=data)
    return Passage(f"DNS64: {step.name} gets {', '.join(step.addresses)}", (rules.DNS64_TTL,), rules.DNS64_PAGE, data=data)
