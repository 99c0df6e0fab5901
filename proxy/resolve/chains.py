"""Chains of CNAME records: what was passed on the way to an answer, and the answer behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from proxy.dns.codes import RCODE_SERVFAIL, TYPE_CNAME
from proxy.dns.names import Name
from proxy.dns.records import Placed, RecordSet
from proxy.dns.write import Sections
from proxy.model.answers import Answer, Reason, ReasonKind
from proxy.model.steps import CnameFollowed, Stopped, Trace

MAX_HOPS = 16


class Leads(NamedTuple):
    """Records on the way (owners None where they are the name asked for), and the name where it goes on."""

    chain: tuple[Placed, ...]
    target: bytes


def targets(placed: Sequence[Placed], name: bytes) -> Iterator[tuple[int, bytes]]:
    """The names that the CNAME records of a reply lead to from `name`, in order, each with the place of its record."""
    at = name
    for index, (owner, found) in enumerate(placed):
        if found.type == TYPE_CNAME and (name if owner is None else owner.lower()) == at:
            at = found.rdatas()[0].lower()
            yield index, at


def lead_on(found: RecordSet | Leads, name: bytes, trace: Trace | None) -> Leads:
    """Where a CNAME leads: one record of a zone, or the last one of a reply."""
    if isinstance(found, RecordSet):
        found = Leads(((None, found),), found.rdatas()[0].lower())
    if trace is not None:
        trace(CnameFollowed(Name(name), Name(found.target)))
    return found


def with_owner(placed: Iterable[Placed], name: bytes | None) -> tuple[Placed, ...]:
    """The same sets with the owner said where it is no longer the question's name."""
    return tuple((name if owner is None else owner, found) for owner, found in placed)


def put_behind(chain: tuple[Placed, ...], name: bytes, last: Answer) -> Answer:
    """The answer for a chain's last name, with the chain in front; its rcode is that of the last hop."""
    rcode, answer, authority, additional = last.sections
    sections = Sections(rcode, chain + with_owner(answer, name), with_owner(authority, name), with_owner(additional, name))
    return last._replace(sections=sections)


def stop(name: bytes, rcode: int, kind: ReasonKind, why: str, trace: Trace | None) -> Answer:
    """An answer without records that ends a resolution."""
    reason = Reason(kind, why)
    if trace is not None:
        trace(Stopped(Name(name), reason))
    return Answer(Sections(rcode), reason)


def stop_chain(name: bytes, trace: Trace | None) -> Answer:
    """The end of a chain of too many names, which is most often a loop."""
    return stop(name, RCODE_SERVFAIL, ReasonKind.CHAIN_TOO_LONG, f"a CNAME chain of more than {MAX_HOPS} names", trace)
