"""Names that EC2 makes up from addresses, and addresses that it makes up from names, each from the question alone.

EC2 guide, "Amazon EC2 instance hostnames and domains": `ip-10-0-1-5.ec2.internal` has an A record and never an AAAA.  No
instance has to stand there: any private address has a name and is found under it (the DNS server of a container on an
instance is seen to call the bridge's 172.17.0.1 `ip-172-17-0-1.ec2.internal`).
"""

from __future__ import annotations

import ipaddress
import re

from proxy.dns.codes import RCODE_NOERROR, RCODE_NXDOMAIN, TYPE_A, TYPE_ANY, TYPE_PTR
from proxy.dns.names import Name, split_labels
from proxy.dns.records import RecordSet
from proxy.dns.write import Sections
from proxy.model.answers import Answer
from proxy.model.claims import ComputeZone, ReverseZone
from proxy.model.steps import NameComputed, NameMissing, RecordsFound, Trace, TypeMissing
from proxy.resolve.zones import look_up

TTL = 60

_NUMBER = rb"(0|[1-9][0-9]{0,2})"
_IP_LABEL = re.compile(rb"ip-%b-%b-%b-%b" % ((_NUMBER,) * 4))
_OCTETS = {str(octet).encode("ascii"): octet for octet in range(256)}
_REVERSE_LABELS = 2  # in-addr and arpa


def look_up_computed(action: ComputeZone, name: bytes, kind: int, trace: Trace | None) -> Answer | RecordSet:
    """The answer for a name of a region's compute zone: the address that it says, or what the zone lists."""
    found = _said_address(action, name)
    if found is None:
        return look_up(action.zone, name, kind, trace)
    address, where = found
    reason = action.zone.nodata.reason
    if kind not in (TYPE_A, TYPE_ANY):
        if trace is not None:
            trace(TypeMissing(Name(name), kind, reason))
        return action.zone.nodata
    if trace is not None:
        trace(NameComputed(Name(name), kind, str(address), where, reason))
    return Answer(Sections(answer=((None, RecordSet.pack(TYPE_A, TTL, [address.packed])),)), reason)


def look_up_reverse(action: ReverseZone, name: bytes, kind: int, trace: Trace | None) -> Answer:
    """The answer for a name below in-addr.arpa: the private name of the address that it says."""
    labels = [_OCTETS.get(label) for label in split_labels(name)][:-_REVERSE_LABELS]
    octets = [octet for octet in reversed(labels) if octet is not None]
    if len(octets) == len(labels) == 4:
        address = ipaddress.IPv4Address(bytes(octets))
        found = action.domains.find(address)
        if found is not None:
            label = b"ip-" + str(address).replace(".", "-").encode("ascii")
            return _pointer(action, name, kind, Name.from_text(found[1]).child(label), trace)
    if len(octets) < len(labels) or len(labels) >= 4:
        if trace is not None:
            trace(NameMissing(Name(name), action.reason))
        return _negative(action, RCODE_NXDOMAIN)
    return _look_up_between(action, name, kind, trace)


def _said_address(action: ComputeZone, name: bytes) -> tuple[ipaddress.IPv4Address, str] | None:
    """The address that a name says, and words for where it is; None where it says none that has such a name."""
    length = name[0] + 1
    said = _IP_LABEL.fullmatch(name, 1, length)
    if said is None or name[length:] != action.zone.name:
        return None
    octets = [int(octet) for octet in said.groups()]
    if max(octets) > 0xFF:
        return None
    address = ipaddress.IPv4Address(bytes(octets))
    found = action.ranges.find(address)
    return None if found is None else (address, found[1])


def _pointer(action: ReverseZone, name: bytes, kind: int, target: Name, trace: Trace | None) -> Answer:
    if kind not in (TYPE_PTR, TYPE_ANY):
        if trace is not None:
            trace(TypeMissing(Name(name), kind, action.reason))
        return _negative(action, RCODE_NOERROR)
    if trace is not None:
        trace(NameComputed(Name(name), kind, str(target), action.reason.text, action.reason))
    return Answer(Sections(answer=((None, RecordSet.pack(TYPE_PTR, TTL, [target])),)), action.reason)


def _look_up_between(action: ReverseZone, name: bytes, kind: int, trace: Trace | None) -> Answer:
    """The zone's own name, or one between it and those of addresses: it exists, and below the apex it has no records."""
    found = action.apex.get(kind) if name == action.name else None
    if found is None:
        if trace is not None:
            trace(TypeMissing(Name(name), kind, action.reason))
        return _negative(action, RCODE_NOERROR)
    if trace is not None:
        trace(RecordsFound(Name(name), kind, action.reason))
    return Answer(Sections(answer=((None, found),)), action.reason)


def _negative(action: ReverseZone, rcode: int) -> Answer:
    return Answer(Sections(rcode, authority=((action.name, action.soa),)), action.reason)
