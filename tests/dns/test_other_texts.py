r"""Record data that people write, packed by us, by dnspython and by dnslib: the same octets, or a reason why not.

A row has the text, what each of the three does with it, and why where they do not agree: `=` is "packs these octets", `x` is
"refuses it".  `!` stands for other octets than ours, or for any where we refuse.
"""

from __future__ import annotations

from collections.abc import Callable

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from dnslib import RR, DNSBuffer

from proxy.dns.codes import type_number
from proxy.dns.errors import MalformedMessage
from proxy.dns.text import pack_rdata

DECIMAL = r"\NNN is octal in Route 53's strings, decimal in a zone file (RFC 1035 section 5.1)"
ONE_STRING = "Route 53 takes a value without quotation marks as one string, a zone file as several"
LENIENT = "dnslib takes whatever Python's functions take"

TEXTS = [
    ("A", "192.0.2.1", "===", ""),
    ("A", "192.0.2", "xxx", ""),
    ("A", "192.0.2.256", "xxx", ""),
    ("A", "1.2.3.4.5", "xxx", ""),
    ("AAAA", "2001:db8::1", "===", ""),
    ("AAAA", "::ffff:192.0.2.1", "==x", "RFC 4291 section 2.2 has this form, dnslib has not"),
    ("AAAA", "2001:db8::1::", "xx!", LENIENT),
    ("AAAA", "192.0.2.1", "xxx", ""),
    ("CNAME", "www.example.com.", "===", ""),
    ("CNAME", r"a\.b.example.", "==!", "a dot may be escaped (RFC 1035 section 5.1), which dnslib does not know"),
    ("CNAME", r"\097.example.", "===", ""),
    ("CNAME", "a..example.", "xxx", ""),
    ("CNAME", "a" * 64 + ".", "xxx", ""),
    ("NS", ".", "===", ""),
    ("PTR", "*.example.", "===", ""),
    ("DNAME", "example.net.", "==x", "dnslib has no such type"),
    ("MX", "10 mail.example.", "===", ""),
    ("MX", "65536 mail.example.", "xxx", ""),
    ("MX", "-1 mail.example.", "xxx", ""),
    ("MX", "mail.example.", "xxx", ""),
    ("MX", "10 mail.example. more", "xx!", LENIENT),
    ("SRV", "1 2 3 sip.example.", "===", ""),
    ("SRV", "1 2 sip.example.", "xxx", ""),
    ("SOA", "a.example. b.example. 1 2 3 4 5", "===", ""),
    ("SOA", "a.example. b.example. 1 2 3 4", "xxx", ""),
    ("TXT", '"one" "two"', "===", ""),
    ("TXT", '""', "===", ""),
    ("TXT", r'"a\"b"', "===", ""),
    ("TXT", r'"\101"', "=!=", DECIMAL),
    ("TXT", "one two", "=!!", ONE_STRING),
    ("TXT", '"open', "xxx", ""),
    ("CAA", '0 issue "ca.example"', "===", ""),
    ("CAA", "0 issue ca.example", "===", ""),
    ("CAA", '256 issue "ca.example"', "xxx", ""),
    ("NAPTR", '100 10 "U" "SIP+D2U" "" sip.example.', "===", ""),
    ("DS", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118", "===", ""),
    ("DS", "60485 5 1 xyz", "xxx", ""),
    ("TLSA", "3 1 1 00ff", "=x=", "dnspython wants as many octets as that hash has; nobody here looks into hashes"),
    ("SSHFP", "2 1 123456789ABCDEF67890123456789ABCDEF67890", "===", ""),
    ("HTTPS", '1 . alpn="h2,h3"', "==x", "dnslib wants no quotation marks, RFC 9460 section 2.1 has them"),
    ("HTTPS", "0 svc.example.", "===", ""),
    ("TYPE65280", r"\# 4 0a000001", "===", ""),
    ("TYPE65280", r"\# 3 0a000001", "xx!", "the length has to fit (RFC 3597 section 5)"),
    ("A", r"\# 4 0a000001", "==x", "known types may be written so, too (RFC 3597 section 5)"),
    ("A", r"\# 3 0a0000", "xxx", ""),
]  # fmt: skip


def by_us(kind: str, text: str) -> bytes | None:
    try:
        return pack_rdata(type_number(kind), text)
    except MalformedMessage:
        return None


def by_dnspython(kind: str, text: str) -> bytes | None:
    try:
        found = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), text, relativize=False)
    except (dns.exception.DNSException, ValueError):
        return None
    return found.to_wire()


def by_dnslib(kind: str, text: str) -> bytes | None:
    try:
        (record,) = RR.fromZone(f"x. 60 IN {kind} {text}")
        buffer = DNSBuffer()
        buffer.encode_name = buffer.encode_name_nocompress
        record.rdata.pack(buffer)
    except Exception:  # noqa: BLE001  it raises what comes up
        return None
    return bytes(buffer.data)


PACKERS: tuple[Callable[[str, str], bytes | None], ...] = (by_us, by_dnspython, by_dnslib)


@pytest.mark.parametrize(("kind", "text", "expected", "why"), TEXTS)
def test_a_text(kind: str, text: str, expected: str, why: str) -> None:
    ours, *theirs = (pack(kind, text) for pack in PACKERS)
    shown = "x" if ours is None else "="
    for they in theirs:
        shown += "x" if they is None else "=" if they == ours else "!"
    assert shown == expected
    assert bool(why) is (len(set(expected)) > 1), "a difference has its reason"
