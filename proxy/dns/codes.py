"""Numbers of the DNS protocol and the words for them.

Types: IANA "Resource Record (RR) TYPEs".  Rcodes: RFC 6895 section 2.3.  Extended errors: RFC 8914 section 4.
A type without a word here is written and read as `TYPE65280` (RFC 3597 section 5).
"""

from __future__ import annotations

import re

from proxy.dns.errors import MalformedMessage

CLASS_IN = 1
CLASS_ANY = 255

OPCODE_QUERY = 0

RCODE_NOERROR = 0
RCODE_FORMERR = 1
RCODE_SERVFAIL = 2
RCODE_NXDOMAIN = 3
RCODE_NOTIMP = 4
RCODE_REFUSED = 5
RCODE_BADVERS = 16

RCODE_WORDS = {
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET",
    8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 16: "BADVERS", 23: "BADCOOKIE",
}  # fmt: skip

TYPE_A = 1
TYPE_NS = 2
TYPE_CNAME = 5
TYPE_SOA = 6
TYPE_PTR = 12
TYPE_MX = 15
TYPE_TXT = 16
TYPE_AAAA = 28
TYPE_SRV = 33
TYPE_NAPTR = 35
TYPE_DNAME = 39
TYPE_OPT = 41
TYPE_DS = 43
TYPE_SSHFP = 44
TYPE_RRSIG = 46
TYPE_NSEC = 47
TYPE_DNSKEY = 48
TYPE_NSEC3 = 50
TYPE_TLSA = 52
TYPE_SVCB = 64
TYPE_HTTPS = 65
TYPE_SPF = 99
TYPE_TSIG = 250
TYPE_AXFR = 252
TYPE_ANY = 255
TYPE_CAA = 257

TYPE_WORDS = {
    TYPE_A: "A", TYPE_NS: "NS", TYPE_CNAME: "CNAME", TYPE_SOA: "SOA", TYPE_PTR: "PTR", 13: "HINFO", TYPE_MX: "MX",
    TYPE_TXT: "TXT", 17: "RP", 18: "AFSDB", TYPE_AAAA: "AAAA", 29: "LOC", TYPE_SRV: "SRV", TYPE_NAPTR: "NAPTR",
    36: "KX", 37: "CERT", TYPE_DNAME: "DNAME", TYPE_OPT: "OPT", TYPE_DS: "DS", TYPE_SSHFP: "SSHFP",
    TYPE_RRSIG: "RRSIG", TYPE_NSEC: "NSEC", TYPE_DNSKEY: "DNSKEY", 49: "DHCID", TYPE_NSEC3: "NSEC3",
    51: "NSEC3PARAM", TYPE_TLSA: "TLSA", 53: "SMIMEA", 55: "HIP", 59: "CDS", 60: "CDNSKEY", 61: "OPENPGPKEY",
    62: "CSYNC", 63: "ZONEMD", TYPE_SVCB: "SVCB", TYPE_HTTPS: "HTTPS", TYPE_SPF: "SPF", 249: "TKEY",
    TYPE_TSIG: "TSIG", 251: "IXFR", TYPE_AXFR: "AXFR", 253: "MAILB", 254: "MAILA", TYPE_ANY: "ANY", 256: "URI",
    TYPE_CAA: "CAA",
}  # fmt: skip

TYPE_NUMBERS = {word: number for number, word in TYPE_WORDS.items()}

EDE_STALE_ANSWER = 3
EDE_FORGED_ANSWER = 4
EDE_CACHED_ERROR = 13
EDE_NOT_READY = 14
EDE_BLOCKED = 15
EDE_PROHIBITED = 18
EDE_NOT_SUPPORTED = 21
EDE_NO_REACHABLE_AUTHORITY = 22
EDE_NETWORK_ERROR = 23

_NUMBERED_TYPE = re.compile(r"TYPE(\d{1,5})", re.ASCII)


def rcode_word(rcode: int) -> str:
    """NXDOMAIN for 3; RCODE11 for a number that has no word here."""
    return RCODE_WORDS.get(rcode, f"RCODE{rcode}")


def type_word(number: int) -> str:
    """AAAA for 28; TYPE65280 for a number that has no word here (RFC 3597 section 5)."""
    return TYPE_WORDS.get(number, f"TYPE{number}")


def type_number(word: str) -> int:
    """28 for AAAA or aaaa, 65280 for TYPE65280; MalformedMessage for anything else."""
    upper = word.upper()
    if upper in TYPE_NUMBERS:
        return TYPE_NUMBERS[upper]
    numbered = _NUMBERED_TYPE.fullmatch(upper)
    if numbered is None or int(numbered[1]) > 0xFFFF:
        raise MalformedMessage(f"{word} is no record type")
    return int(numbered[1])
