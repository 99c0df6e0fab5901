"""refusals: queries that are answered without being looked up.

Owns which these are: those of strangers, of other classes and EDNS versions, and types that are no data.
Must never look at a name.

A worked example::

    refused = refusal(query, allowed=False)     # an Answer with REFUSED, and why; None where the query is to be looked up
"""

from __future__ import annotations

from proxy.dns.codes import CLASS_IN, RCODE_BADVERS, RCODE_REFUSED
from proxy.dns.query import Query
from proxy.dns.write import Sections
from proxy.model.answers import Answer, Reason, ReasonKind

_NO_DATA = frozenset((41, 249, 250, 251, 252, 253, 254))  # OPT, TKEY, TSIG and the transfers (RFC 5936, RFC 1035)
_NOT_ALLOWED = Answer(Sections(RCODE_REFUSED), Reason(ReasonKind.CLIENT_REFUSED, "this client is not in allow_clients"))
_OTHER_CLASS = Answer(Sections(RCODE_REFUSED), Reason(ReasonKind.NOT_SUPPORTED, "only class IN is answered"))
_OTHER_TYPE = Answer(Sections(RCODE_REFUSED), Reason(ReasonKind.NOT_SUPPORTED, "this type cannot be asked for here"))
_OTHER_EDNS = Answer(Sections(RCODE_BADVERS), Reason(ReasonKind.NOT_SUPPORTED, "only EDNS version 0 is spoken"))


def refusal(query: Query, *, allowed: bool) -> Answer | None:
    """What a query gets that is never looked up; `allowed` is whether its client may ask at all."""
    if not allowed:
        return _NOT_ALLOWED
    if query.qclass != CLASS_IN:
        return _OTHER_CLASS
    if query.type in _NO_DATA:
        return _OTHER_TYPE
    if query.edns is not None and query.edns.version:
        return _OTHER_EDNS
    return None
