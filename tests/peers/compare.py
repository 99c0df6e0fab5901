"""An answer taken apart into fields, and which of several servers says what."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.peers.client import Came
from tests.peers.questions import Asked

SILENCE = "silence"
FLAGS = ("QR", "AA", "TC", "RD", "RA", "AD", "CD")
Fields = dict[str, Hashable]


class Alone(NamedTuple):
    """A field of which one server says what no other one says."""

    asked: Asked
    field: str
    said: Mapping[str, Hashable]

    def __str__(self) -> str:
        return f"{self.field} of {self.asked}: " + "; ".join(f"{name} {_shown(value)}" for name, value in self.said.items())


def fields_of(asked: Asked, came: Came, later: Came, origin: Came) -> Fields:
    """What a server says, the first time and later on; TTLs beside those of the authoritative server."""
    if came.udp is None:
        return {"rcode": SILENCE}
    try:
        udp = _read(came.udp)
        whole = udp if came.tcp is None else _read(came.tcp)
        first = _read(origin.tcp or origin.udp) if origin.udp else whole
        second = whole if later.udp is None else _read(later.tcp or later.udp)
    except (dns.exception.DNSException, struct.error) as error:
        return {"rcode": f"unreadable: {error}"}
    truncated = bool(udp.flags & dns.flags.TC)
    found: Fields = {
        "rcode": dns.rcode.to_text(whole.rcode()),
        "question": came.udp[12 : 12 + len(asked.message(0).to_wire()) - 12 - _opt_size(asked)] if udp.question else b"",
        **{flag: bool(udp.flags & dns.flags.Flag[flag]) for flag in FLAGS},
        "size": "fits" if len(came.udp) <= asked.limit else "too large",
        "answer": _records(whole.answer),
        "authority": _records(whole.authority),
        "additional": _records(whole.additional),
        "order of CNAMEs": _in_order(whole),
        "TTLs": _ttls(whole, first, abs(came.until - origin.since) + 60),
        "OPT": udp.edns >= 0,
        "EDE": tuple(sorted(int(option.code) for option in udp.options if isinstance(option, dns.edns.EDEOption))),
        "second rcode": dns.rcode.to_text(second.rcode()),
        "second answer": _records(second.answer),
        "second TTLs": _aged(whole, second, later.since - came.until - 1, later.until - came.since + 1),
    }
    if truncated:
        found["what a truncated answer holds"] = "records" if udp.answer else "nothing"
    if udp.edns >= 0:
        found["OPT's DO"] = bool(udp.ednsflags & dns.flags.DO)
        found["OPT's version"] = udp.edns
        found["OPT's other options"] = tuple(
            sorted(int(o.otype) for o in udp.options if not isinstance(o, dns.edns.EDEOption))
        )
    return found


def alone(name: str, asked: Sequence[Asked], said: Mapping[str, Sequence[Fields]]) -> list[Alone]:
    """The fields of which `name` says what none of the others does."""
    found = []
    for number, question in enumerate(asked):
        here = {server: fields[number] for server, fields in said.items()}
        for field, value in here[name].items():
            others = {server: fields[field] for server, fields in here.items() if server != name and field in fields}
            if others and value not in others.values():
                found.append(Alone(question, field, {name: value, **others}))
    return found


def table(said: Mapping[str, Sequence[Fields]], asked: Sequence[Asked]) -> list[str]:
    """Fields × servers: for how many questions a server stands alone; and how many have all of one mind."""
    counts = {name: Counter(each.field for each in alone(name, asked, said)) for name in said}
    fields = list(dict.fromkeys(field for each in said.values() for one in each for field in one))
    heads = " | ".join(f"{name} alone" for name in said)
    lines = [f"| field | questions | all agree | {heads} |", "|---" * (3 + len(said)) + "|"]
    for field in fields:
        having = [each for each in zip(*said.values(), strict=True) if all(field in one for one in each)]
        agree = sum(len({one[field] for one in each}) == 1 for each in having)
        stands = " | ".join(str(counts[name][field]) for name in said)
        lines.append(f"| {field} | {len(having)} | {agree} | {stands} |")
    return lines


def _read(packet: bytes) -> dns.message.Message:
    return dns.message.from_wire(packet, one_rr_per_rrset=True, ignore_trailing=True)


def _opt_size(asked: Asked) -> int:
    return 0 if asked.edns is None else 11 + sum(4 + len(option.to_wire() or b"") for option in asked.options)


def _records(section: Sequence[dns.rrset.RRset]) -> frozenset[Hashable]:
    return frozenset(
        (str(each.name).lower(), int(each.rdtype), int(each.rdclass), each[0].to_digestable()) for each in section
    )


def _ttls(message: dns.message.Message, origin: dns.message.Message, seconds: float) -> str:
    """What the TTLs of the answer and of a SOA beside it are, by those of the authoritative server.

    A record that was the answer to an earlier question may be some seconds old.
    """
    at_origin = {_key(each): each.ttl for each in (*origin.answer, *origin.authority)}
    words = set()
    for each in _lasting(message):
        gone = at_origin[_key(each)] - each.ttl if _key(each) in at_origin else None
        words.add(
            "not of the origin"
            if gone is None
            else "longer"
            if gone < 0
            else "the origin's"
            if gone <= seconds
            else "shorter"
        )
    return ", ".join(sorted(words))


def _aged(first: dns.message.Message, second: dns.message.Message, least: float, most: float) -> str:
    before = {_key(each): each.ttl for each in _lasting(first)}
    after = {_key(each): each.ttl for each in _lasting(second)}
    words = set()
    for key in before.keys() & after.keys():
        gone = before[key] - after[key]
        if before[key] == 0:
            words.add("0 as before" if gone == 0 else "more than before")
        else:
            words.add("aged" if least <= gone <= most else "as before" if gone == 0 else "otherwise")
    return ", ".join(sorted(words))


def _lasting(message: dns.message.Message) -> list[dns.rrset.RRset]:
    return [*message.answer, *(each for each in message.authority if each.rdtype == dns.rdatatype.SOA)]


def _key(record: dns.rrset.RRset) -> Hashable:
    return str(record.name).lower(), record.rdtype, record[0]


def _in_order(message: dns.message.Message) -> bool:
    """Whether every CNAME stands before what it leads to."""
    seen: set[object] = set()
    for each in message.answer:
        if each.rdtype == dns.rdatatype.CNAME and each[0].target in seen and each[0].target != each.name:
            return False
        seen.add(each.name)
    return True


def _shown(value: Hashable) -> str:
    if not isinstance(value, frozenset):
        return repr(value)
    records = sorted(f"{owner} {dns.rdatatype.to_text(kind)} {data.hex()[:24]}" for owner, kind, _, data in value)
    return f"{{{', '.join(records)}}}"
