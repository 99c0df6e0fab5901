"""Following NS records of a private zone to the name servers that they name.

Those are asked as a resolver asks: what they say of other names than theirs is looked up anew, and if they in turn name other
name servers, those need a delegation rule as well.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from proxy.dns.codes import RCODE_NOERROR, RCODE_SERVFAIL, TYPE_A, TYPE_AAAA, TYPE_ANY, TYPE_DS, TYPE_NS
from proxy.dns.names import Name
from proxy.dns.records import Placed, RecordSet
from proxy.dns.text import rdata_text
from proxy.dns.write import Sections
from proxy.model.answers import Answer, Ask, Protocol, Question, Reason, ReasonKind, Reply, Route, ServerAddress
from proxy.model.claims import Delegation, NameServer, Zone
from proxy.model.steps import Delegated, DelegationMet, RecordsFound, ServerSought, Trace, TypeMissing
from proxy.resolve.chains import stop
from proxy.resolve.servers import ask_route
from proxy.resolve.zones import look_up

Seek = Callable[[Name, int], Generator[Ask, Reply, Answer]] | None
"""Looks up an address of a name server, in the view that asks for it; None where that has led back to where it began."""

MAX_REFERRALS = 8
MAX_SOUGHT = 4
_PORT = 53


class Referral(NamedTuple):
    """Who knows more: the name that is handed over, and the name servers that have it."""

    cut: Name
    servers: tuple[NameServer, ...]


def follow(
    delegation: Delegation, question: Question, trace: Trace | None, seek: Seek
) -> Generator[Ask, Reply, Answer | RecordSet]:
    """What the name servers of a delegation answer, or a CNAME of theirs; what no rule lets be asked is an empty answer."""
    name, kind = question
    referral = Referral(delegation.name, delegation.servers)
    if kind == TYPE_DS and name == delegation.name:  # belongs to the parent's side of a cut (RFC 4035 section 2.4)
        return _at_the_cut(delegation, question, trace)
    for _ in range(MAX_REFERRALS):
        followed = delegation.followed(referral.servers)
        if trace is not None:
            trace(DelegationMet(Name(name), referral.cut, referral.servers, followed))
        if not followed:
            return _at_the_cut(delegation, question, trace)
        answer = yield from _ask(delegation, followed, question, trace, seek)
        further = _referral(answer.sections, name, referral.cut) if isinstance(answer, Answer) else None
        if further is None:
            return answer
        referral = further
    why = f"more than {MAX_REFERRALS} referrals from {delegation.name} on"
    return stop(name, RCODE_SERVFAIL, ReasonKind.UPSTREAM_FAILED, why, trace)


def _at_the_cut(delegation: Delegation, question: Question, trace: Trace | None) -> Answer:
    """What the zone itself has to say: at the cut its NS and DS records, and nothing else."""
    name, kind = question
    answers = delegation.zone.nodes[delegation.name].answers
    wanted = TYPE_NS if kind == TYPE_ANY else kind
    if name == delegation.name and wanted in (TYPE_NS, TYPE_DS) and wanted in answers:
        found = answers[wanted]
        if trace is not None:
            trace(RecordsFound(Name(name), wanted, found.reason))
        return found
    nodata = delegation.zone.nodata
    if trace is not None:
        trace(TypeMissing(Name(name), kind, nodata.reason))
    return nodata


def _ask(
    delegation: Delegation, servers: Sequence[NameServer], question: Question, trace: Trace | None, seek: Seek
) -> Generator[Ask, Reply, Answer | RecordSet]:
    name, kind = question
    known = [address for server in servers for address in server.addresses]
    targets, to = _reach(delegation, known)
    if to is None:
        for server in [server.name for server in servers if not server.addresses][:MAX_SOUGHT]:
            known += yield from _find_addresses(server, trace, seek)
        targets, to = _reach(delegation, known)
    named = ", ".join(str(server.name) for server in servers)
    if to is None:
        why = f"{named}: unreachable" if known else f"no address of {named} could be found"
        return stop(name, RCODE_SERVFAIL, ReasonKind.UPSTREAM_FAILED, why, trace)
    if trace is not None:
        trace(Delegated(Name(name), targets, isinstance(to, Zone)))
    if isinstance(to, Zone):
        if kind == TYPE_NS and name == delegation.name and not _has_name_servers(to, name):
            return _at_the_cut(delegation, question, trace)  # a real zone would have them, too
        return look_up(to, name, kind, trace)
    reason = Reason(ReasonKind.DELEGATED, f"delegation of {delegation.name} to {named}")
    return (yield from ask_route(to, name, kind, reason, trace))


def _has_name_servers(server: Zone, name: bytes) -> bool:
    node = server.nodes.get(name)
    return node is not None and TYPE_NS in node.answers


def _reach(delegation: Delegation, addresses: Iterable[str]) -> tuple[tuple[ServerAddress, ...], Route | Zone | None]:
    targets = tuple(ServerAddress(Protocol.UDP, address, _PORT) for address in dict.fromkeys(addresses))
    return targets, delegation.elsewhere.reach(targets)


def _find_addresses(server: Name, trace: Trace | None, seek: Seek) -> Generator[Ask, Reply, list[str]]:
    """The IPv4 addresses of a name server or, if it has none, the IPv6 ones."""
    if seek is None:
        return []
    if trace is not None:
        trace(ServerSought(server))
    for kind in (TYPE_A, TYPE_AAAA):
        answer = yield from seek(server, kind)
        found = [text for _, text in _addresses(answer.sections.answer, kind)]
        if found:
            return found
    return []


def _addresses(placed: Iterable[Placed], *kinds: int) -> Iterator[tuple[bytes | None, str]]:
    for owner, found in placed:
        if found.type in kinds:
            yield from ((owner, rdata_text(found.type, rdata)) for rdata in found.rdatas())


def _referral(sections: Sections, name: bytes, cut: Name) -> Referral | None:
    """Where a reply sends on to: a name between `cut` and the name that was asked for, with its name servers."""
    if sections.rcode != RCODE_NOERROR or sections.answer:
        return None
    for owner, found in sections.authority:
        at = Name(name if owner is None else owner.lower())
        if found.type == TYPE_NS and at != cut and at.is_under(cut) and Name(name).is_under(at):
            glue: dict[Name, list[str]] = {}
            for server, text in _addresses(sections.additional, TYPE_A, TYPE_AAAA):
                glue.setdefault(Name(name if server is None else server.lower()), []).append(text)
            return Referral(at, tuple(_named(Name(rdata.lower()), glue, cut) for rdata in found.rdatas()))
    return None


def _named(server: Name, glue: Mapping[Name, Sequence[str]], cut: Name) -> NameServer:
    """A name server with the addresses that came along, unless it stands where whoever sent them has nothing to say."""
    return NameServer(server, tuple(glue.get(server, ())) if server.is_under(cut) else ())
