r"""Record data as text and as bytes (RFC 1035 section 5.1, RFC 3597 section 5).

Text is what people write into a configuration: zone-file form, as the Route 53 API takes it.  Names are absolute with or
without their final dot going in, and stand without it coming out; strings stand in quotation marks.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable

from proxy.dns.codes import (
    CLASS_IN,
    TYPE_A,
    TYPE_AAAA,
    TYPE_CAA,
    TYPE_CNAME,
    TYPE_DNAME,
    TYPE_DS,
    TYPE_HTTPS,
    TYPE_MX,
    TYPE_NAPTR,
    TYPE_NS,
    TYPE_PTR,
    TYPE_SOA,
    TYPE_SPF,
    TYPE_SRV,
    TYPE_SSHFP,
    TYPE_SVCB,
    TYPE_TLSA,
    TYPE_TXT,
    type_word,
)
from proxy.dns.errors import MalformedMessage
from proxy.dns.names import name_text, wire_name
from proxy.dns.records import MAX_RDATA
from proxy.dns.reply import check_rdata

_EXAMPLES = {
    TYPE_A: "192.0.2.1",
    TYPE_AAAA: "2001:db8::1",
    TYPE_NS: "ns1.example.com.",
    TYPE_CNAME: "www.example.com.",
    TYPE_PTR: "www.example.com.",
    TYPE_DNAME: "example.net.",
    TYPE_MX: "10 mail.example.com.",
    TYPE_TXT: '"v=spf1 -all"',
    TYPE_SPF: '"v=spf1 -all"',
    TYPE_SRV: "10 60 5060 sip.example.com.",
    TYPE_SOA: "ns1.example.com. hostmaster.example.com. 1 7200 900 1209600 86400",
    TYPE_CAA: '0 issue "ca.example.net"',
    TYPE_NAPTR: '100 10 "U" "SIP+D2U" "" _sip._udp.example.com.',
    TYPE_DS: "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
    TYPE_TLSA: "3 1 1 0C72AC70B745AC19998811B131D662C9AC69DBDBE7CB23E5B514B56664C5D3D6",
    TYPE_SSHFP: "2 1 123456789ABCDEF67890123456789ABCDEF67890",
    TYPE_SVCB: '1 . alpn="h2,h3"',
    TYPE_HTTPS: '1 . alpn="h2,h3"',
}

_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"(?=\s|$)', re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_UNKNOWN = re.compile(r"\\#\s+(\d{1,5})((?:\s+[0-9A-Fa-f]+)*)\s*", re.ASCII)


def pack_rdata(kind: int, text: str, rclass: int = CLASS_IN) -> bytes:
    r"""The wire form of record data, its names uncompressed; MalformedMessage says what to write instead.

    A TXT or SPF value that does not begin with a quotation mark is one string, blanks included.  In quoted strings `\NNN` is
    an octet in octal, as Route 53 has it ("Supported DNS record types", TXT).  Any type can be given as `\# LENGTH HEX`,
    where names and addresses have to be whole: others follow them.
    """
    if text.startswith("\\#"):
        return _bounded(_pack_unknown(kind, text, rclass))
    packer = _PACKERS.get(kind)
    if packer is None:
        raise MalformedMessage(rf"{type_word(kind)} data can only be given as \# LENGTH HEX (RFC 3597)")
    try:
        return _bounded(packer(text))
    except MalformedMessage as error:
        why = f": {error.what}"
    except (ValueError, IndexError, struct.error, OSError):
        why = ""
    raise MalformedMessage(f"{text} is no data of type {type_word(kind)}{why}; write for example {_EXAMPLES[kind]}")


def normal_rdata_text(kind: int, text: str) -> str:
    """`text` as `rdata_text` writes it, so that spellings of one thing can be compared."""
    return rdata_text(kind, pack_rdata(kind, text))


def rdata_text(kind: int, rdata: bytes) -> str:
    r"""Presentation form; data that is not what its type says is shown as `\# LENGTH HEX`."""
    shower = _SHOWERS.get(kind)
    if shower is not None:
        try:
            return shower(rdata)
        except (ValueError, IndexError, struct.error, MalformedMessage):
            pass
    return rf"\# {len(rdata)} {rdata.hex()}".rstrip()


def _pack_unknown(kind: int, text: str, rclass: int) -> bytes:
    found = _UNKNOWN.fullmatch(text)
    digits = "".join(found[2].split()) if found else ""
    if found is None or len(digits) != 2 * int(found[1]):
        raise MalformedMessage(rf"{text} is no data; write for example \# 4 c0000201, the length in octets")
    rdata = bytes.fromhex(digits)
    try:
        check_rdata(kind, rdata, rclass)
    except MalformedMessage as error:
        raise MalformedMessage(f"{text} is no data of type {type_word(kind)}: {error.what}") from None
    return rdata


def _bounded(rdata: bytes) -> bytes:
    if len(rdata) > MAX_RDATA:
        raise MalformedMessage(f"record data of over {MAX_RDATA:,} octets")
    return rdata


def _pack_a(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET, text)


def _pack_aaaa(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6, text)


def _pack_numbers_and_name(layout: str) -> Callable[[str], bytes]:
    numbers = struct.Struct("!" + layout)

    def pack(text: str) -> bytes:
        *words, name = text.split()
        return numbers.pack(*map(_number, words)) + wire_name(name)

    return pack


def _pack_soa(text: str) -> bytes:
    primary, mailbox, *numbers = text.split()
    return wire_name(primary) + wire_name(mailbox) + struct.pack("!5I", *map(_number, numbers))


def _pack_txt(text: str) -> bytes:
    return b"".join(_pack_string(part) for part in _strings(text))


def _pack_caa(text: str) -> bytes:
    flags, tag, value = text.split(None, 2)
    if not tag.isalnum() or not tag.isascii():
        raise MalformedMessage(f"the tag {tag} is not of letters and digits")
    (data,) = _strings(value)
    return bytes((_number(flags),)) + _pack_string(tag.encode("ascii")) + data


def _pack_rare(kind: int) -> Callable[[str], bytes]:
    def pack(text: str) -> bytes:
        from proxy.dns.rare import pack_rare_rdata  # noqa: PLC0415  dnslib is slow to import and seldom needed

        return pack_rare_rdata(kind, text)

    return pack


def _number(word: str) -> int:
    if not (word.isascii() and word.isdecimal()):
        raise MalformedMessage(f"{word} is no number")
    return int(word)


def _strings(text: str) -> list[bytes]:
    """The strings of a value: one as it stands, or all the quoted ones."""
    if not text.startswith('"'):
        return [text.encode()]
    found = []
    at = 0
    while text[at:].strip():
        quoted = _QUOTED.match(text, at)
        if quoted is None:
            raise MalformedMessage("a quotation mark is missing, or something stands outside of them")
        found.append(_ESCAPE.sub(_unescaped, quoted[1].encode()))
        at = quoted.end()
    return found


def _unescaped(escape: re.Match[bytes]) -> bytes:
    return bytes((int(escape[1], 8),)) if len(escape[1]) == 3 and escape[1] < b"400" else escape[1]


def _pack_string(data: bytes) -> bytes:
    if len(data) > 255:
        raise MalformedMessage('a string is longer than 255 octets (split it: "first part" "second part")')
    return bytes((len(data),)) + data


def _show_a(rdata: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET, rdata)


def _show_aaaa(rdata: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET6, rdata)


def _show_numbers_and_names(layout: str, names: int) -> Callable[[bytes], str]:
    numbers = struct.Struct("!" + layout)

    def show(rdata: bytes) -> str:
        words = [str(number) for number in numbers.unpack_from(rdata)]
        rest = rdata[numbers.size :]
        for _ in range(names):
            name, rest = _split_name(rest)
            words.append(name_text(name))
        if rest:
            raise MalformedMessage("octets after the name")
        return " ".join(words)

    return show


def _show_soa(rdata: bytes) -> str:
    primary, rest = _split_name(rdata)
    mailbox, rest = _split_name(rest)
    return " ".join((name_text(primary), name_text(mailbox), *map(str, struct.unpack("!5I", rest))))


def _show_txt(rdata: bytes) -> str:
    if not rdata:
        raise MalformedMessage("no string")
    shown = []
    while rdata:
        length = rdata[0]
        if length >= len(rdata):
            raise MalformedMessage("a string ends early")
        shown.append(_quoted(rdata[1 : length + 1]))
        rdata = rdata[length + 1 :]
    return " ".join(shown)


def _show_caa(rdata: bytes) -> str:
    tag = rdata[2 : 2 + rdata[1]]
    if len(tag) != rdata[1] or not tag.isalnum():
        raise MalformedMessage("a tag ends early")
    return f"{rdata[0]} {tag.decode()} {_quoted(rdata[2 + rdata[1] :])}"


def _show_rare(kind: int) -> Callable[[bytes], str]:
    def show(rdata: bytes) -> str:
        from proxy.dns.rare import rare_rdata_text  # noqa: PLC0415  as above

        return rare_rdata_text(kind, rdata)

    return show


def _split_name(data: bytes) -> tuple[bytes, bytes]:
    at = 0
    while length := data[at]:
        if length > 63:
            raise MalformedMessage("a label of unknown kind")
        at += length + 1
    return data[: at + 1], data[at + 1 :]


def _quoted(data: bytes) -> str:
    return '"' + "".join(_shown_octet(octet) for octet in data) + '"'


def _shown_octet(octet: int) -> str:
    if octet in b'"\\':
        return "\\" + chr(octet)
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03o}"


_RARE = (TYPE_NAPTR, TYPE_DS, TYPE_TLSA, TYPE_SSHFP, TYPE_SVCB, TYPE_HTTPS)

_PACKERS: dict[int, Callable[[str], bytes]] = {
    TYPE_A: _pack_a,
    TYPE_AAAA: _pack_aaaa,
    TYPE_NS: wire_name,
    TYPE_CNAME: wire_name,
    TYPE_PTR: wire_name,
    TYPE_DNAME: wire_name,
    TYPE_MX: _pack_numbers_and_name("H"),
    TYPE_SRV: _pack_numbers_and_name("HHH"),
    TYPE_SOA: _pack_soa,
    TYPE_TXT: _pack_txt,
    TYPE_SPF: _pack_txt,
    TYPE_CAA: _pack_caa,
    **{kind: _pack_rare(kind) for kind in _RARE},
}

_SHOWERS: dict[int, Callable[[bytes], str]] = {
    TYPE_A: _show_a,
    TYPE_AAAA: _show_aaaa,
    TYPE_NS: _show_numbers_and_names("", 1),
    TYPE_CNAME: _show_numbers_and_names("", 1),
    TYPE_PTR: _show_numbers_and_names("", 1),
    TYPE_DNAME: _show_numbers_and_names("", 1),
    TYPE_MX: _show_numbers_and_names("H", 1),
    TYPE_SRV: _show_numbers_and_names("HHH", 1),
    TYPE_SOA: _show_soa,
    TYPE_TXT: _show_txt,
    TYPE_SPF: _show_txt,
    TYPE_CAA: _show_caa,
    **{kind: _show_rare(kind) for kind in _RARE},
}
