"""DNS64 (RFC 6147): IPv6 addresses for names that have IPv4 addresses alone.

VPC guide, "DNS64 and NAT64": in a subnet with DNS64 the resolver answers a query for AAAA records, where there are none, with
the A records' addresses behind 64:ff9b::/96, and a NAT gateway takes it from there.  AWS does so for private addresses
as well, which RFC 6052 section 3.1 would not.
"""

from __future__ import annotations

import ipaddress

from proxy.dns.codes import RCODE_NXDOMAIN, TYPE_A, TYPE_AAAA, TYPE_SOA
from proxy.dns.names import Name
from proxy.dns.records import RecordSet
from proxy.dns.write import Sections
from proxy.model.answers import Answer, Reason, ReasonKind
from proxy.model.steps import Dns64Begun, Dns64Ended, Trace

PREFIX = ipaddress.IPv6Address("64:ff9b::").packed[:12]
MAX_TTL_WITHOUT_SOA = 600


def wants_dns64(answer: Answer, name: bytes, trace: Trace | None) -> bool:
    """Whether IPv4 addresses are to be looked for: not where the name is known not to exist (RFC 6147 section 5.1.2)."""
    if answer.sections.rcode == RCODE_NXDOMAIN or any(found.type == TYPE_AAAA for _, found in answer.sections.answer):
        return False
    if trace is not None:
        trace(Dns64Begun(Name(name), answer.reason))
    return True


def synthesise(six: Answer, four: Answer, name: bytes, trace: Trace | None) -> Answer:
    """The answer for AAAA records of which there are none: made of the one for A records, whose CNAMEs stay in front.

    Where that has no address either it is the answer itself (RFC 6147 section 5.1).  The TTL is that of the A record, and not
    longer than it would be known that there is no AAAA record (section 5.1.7).
    """
    most = min((found.ttl for _, found in six.sections.authority if found.type == TYPE_SOA), default=MAX_TTL_WITHOUT_SOA)
    placed = tuple((owner, _mapped(found, most)) for owner, found in four.sections.answer)
    made = [found for _, found in placed if found.type == TYPE_AAAA]
    if trace is not None:
        addresses = tuple(str(ipaddress.IPv6Address(rdata)) for found in made for rdata in found.rdatas())
        trace(Dns64Ended(Name(name), addresses, four.reason))
    if not made:
        return four
    reason = Reason(ReasonKind.DNS64, f"DNS64 of {four.reason.text}")
    return four._replace(sections=Sections(answer=placed), reason=reason)


def _mapped(found: RecordSet, most: int) -> RecordSet:
    if found.type != TYPE_A:
        return found
    return RecordSet.pack(TYPE_AAAA, min(found.ttl, most), [PREFIX + address for address in found.rdatas()])
