"""Record types that are rare on the query path, by dnslib; imported only where a configuration or an answer has one."""

from __future__ import annotations

import shlex
import struct

from dnslib import DNSError
from dnslib.bimap import BimapError
from dnslib.buffer import BufferError as ShortBuffer
from dnslib.dns import DS, HTTPS, NAPTR, SSHFP, TLSA, DNSBuffer
from dnslib.label import DNSLabelError

from proxy.dns.codes import TYPE_DS, TYPE_HTTPS, TYPE_NAPTR, TYPE_SSHFP, TYPE_SVCB, TYPE_TLSA
from proxy.dns.errors import MalformedMessage

_CLASSES = {
    TYPE_NAPTR: NAPTR,
    TYPE_DS: DS,
    TYPE_TLSA: TLSA,
    TYPE_SSHFP: SSHFP,
    TYPE_SVCB: HTTPS,  # the two have one format (RFC 9460 section 9)
    TYPE_HTTPS: HTTPS,
}
_WORDS = {TYPE_NAPTR: 6, TYPE_DS: 4, TYPE_TLSA: 4, TYPE_SSHFP: 3, TYPE_SVCB: 2, TYPE_HTTPS: 2}
_TARGET = {TYPE_NAPTR: -1, TYPE_SVCB: 1, TYPE_HTTPS: 1}
_FAILURES = (
    DNSError,
    DNSLabelError,
    BimapError,
    ShortBuffer,
    struct.error,
    ValueError,
    IndexError,
    TypeError,
)


def pack_rare_rdata(kind: int, text: str) -> bytes:
    """The wire form of NAPTR, DS, TLSA, SSHFP, SVCB or HTTPS data; MalformedMessage where it is none."""
    try:
        words = shlex.split(text)
        if len(words) < _WORDS[kind]:
            raise MalformedMessage(f"{len(words)} fields instead of {_WORDS[kind]}")
        at = _TARGET.get(kind)
        if at is not None:
            words[at] = words[at].removesuffix(".") + "."  # dnslib loses the last label of a name without its final dot
        data = _CLASSES[kind].fromZone(words)
        if kind in (TYPE_SVCB, TYPE_HTTPS):
            data.params = sorted(data.params, key=lambda param: param[0])  # RFC 9460 section 2.2 wants them in order
        buffer = DNSBuffer()
        data.pack(buffer)
    except _FAILURES as error:
        raise MalformedMessage(str(error)) from None
    return bytes(buffer.data)


def rare_rdata_text(kind: int, rdata: bytes) -> str:
    """Presentation form, the target without its final dot; MalformedMessage where the octets are no such data."""
    try:
        buffer = DNSBuffer(rdata)
        data = _CLASSES[kind].parse(buffer, len(rdata))
        if buffer.offset != len(rdata):
            raise MalformedMessage("octets after the data")
        words = repr(data).split(" ")
    except _FAILURES as error:
        raise MalformedMessage(str(error)) from None
    at = _TARGET.get(kind)
    if at is not None and words[at] != ".":
        words[at] = words[at].removesuffix(".")
    return " ".join(words)
