"""The forms of a line.

The Route 53 form is that of "Values that appear in VPC Resolver query logs": every value a string but `answers` and `srcids`,
no TTLs, and `firewall_…` for what a rule alerted to or blocked.  Names in `Rdata` have their final dot.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from proxy.dns.codes import (
    CLASS_IN,
    TYPE_CNAME,
    TYPE_DNAME,
    TYPE_HTTPS,
    TYPE_MX,
    TYPE_NAPTR,
    TYPE_NS,
    TYPE_PTR,
    TYPE_SOA,
    TYPE_SRV,
    TYPE_SVCB,
    rcode_word,
    type_word,
)
from proxy.dns.names import name_text
from proxy.dns.records import RecordSet
from proxy.dns.text import rdata_text
from proxy.model.outcome import Outcome
from proxy.model.plan import QueryLogFormat
from proxy.repeated import Record, Repeated, Said

ROUTE53_VERSION = "1.100000"

_MOST_MADE = 4096
_MARK = "\0"

# Where names stand among the words of record data.
_NAMES = {
    TYPE_CNAME: (0,), TYPE_NS: (0,), TYPE_PTR: (0,), TYPE_DNAME: (0,), TYPE_MX: (1,), TYPE_SRV: (3,), TYPE_SOA: (0, 1),
    TYPE_NAPTR: (-1,), TYPE_SVCB: (1,), TYPE_HTTPS: (1,),
}  # fmt: skip


Pieces = tuple[str, str, str, str]
"""What stands before, between and behind the three that each query has for itself: its time, its port, and how long it took."""


class Form(NamedTuple):
    """How lines look: their pieces, and how the time and the seconds are written between them."""

    pieces: Callable[[Outcome], Pieces]
    timespec: str
    seconds: Callable[[float], str]

    def line(self, moment: float, outcome: Outcome) -> str:
        """The line of one query."""
        first, second, third, last = self.pieces(outcome)
        took = self.seconds(outcome.seconds)
        return f"{first}{_time(moment, self.timespec)}{second}{outcome.client.port}{third}{took}{last}"


class Lines:
    """The lines of queries that come again: all but their three is made once, for a bounded number."""

    def __init__(self, form: Form, wants: Callable[[float, Outcome], bool] | None = None) -> None:
        self._form = form
        self._wants = wants
        self._made: dict[bytes, tuple[Said, Outcome, Pieces]] = {}

    def of(self, moment: float, now: float, repeated: Repeated) -> Iterator[str]:
        """The lines of a heap, without those that nobody wants."""
        time, took, wants = _time(moment, self._form.timespec), self._form.seconds(repeated.seconds), self._wants
        for record in repeated.records:
            packet, address, port, said = record
            key = packet[2:] + address
            made = self._made.get(key)
            if made is None or made[0] is not said:
                made = self._make(key, repeated, record)
            _, outcome, (first, second, third, last) = made
            if wants is None or wants(now, outcome):
                yield f"{first}{time}{second}{int.from_bytes(port)}{third}{took}{last}\n"

    def _make(self, key: bytes, repeated: Repeated, record: Record) -> tuple[Said, Outcome, Pieces]:
        if len(self._made) >= _MOST_MADE:
            self._made.clear()
        outcome = repeated.outcome(record)
        made = self._made[key] = record[3], outcome, self._form.pieces(outcome)
        return made


def _text_pieces(outcome: Outcome) -> Pieces:
    query, client, view, answer, _ = outcome
    shown = ", ".join(rdata_text(found.type, rdata) for found, rdata in _records(outcome)) or "-"
    host = f"[{client.host}]" if ":" in client.host else client.host
    firewall = "" if answer.firewall is None else f" {answer.firewall.action} by {answer.firewall.rule}"
    said = (
        f" {outcome.transport} {_name(outcome)} {type_word(query.type)} {rcode_word(answer.sections.rcode)} {shown} "
        f"({answer.reason.text}){firewall} "
    )
    return "", _printable(f" {view.name} {host}:"), _printable(said), "ms"


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)


def _json_pieces(outcome: Outcome) -> Pieces:
    first, second, third, last = _cut(json.dumps(_fields(outcome, _MARK, _MARK, _MARK)))
    return f'{first}"', f'"{second}', third, last


def fields_of(moment: float, outcome: Outcome) -> dict[str, Any]:
    """What there is of a query, before it is a line."""
    return _fields(outcome, _time(moment, "milliseconds"), outcome.client.port, round(outcome.seconds, 6))


def _fields(outcome: Outcome, time: str, port: object, seconds: object) -> dict[str, Any]:
    query, client, view, answer, _ = outcome
    line: dict[str, Any] = {
        "time": time,
        "view": view.name,
        "client": client.host,
        "port": port,
        "transport": outcome.transport,
        "name": _name(outcome),
        "type": type_word(query.type),
        "rcode": rcode_word(answer.sections.rcode),
        "answers": [
            {"type": type_word(found.type), "ttl": found.ttl, "data": rdata_text(found.type, rdata)}
            for found, rdata in _records(outcome)
        ],
        "reason": answer.reason.kind.word,
        "detail": answer.reason.text,
        "seconds": seconds,
    }
    if answer.firewall is not None:
        line["firewall"] = {"action": answer.firewall.action, "rule": answer.firewall.rule}
    if outcome.instance is not None:
        line["instance"] = outcome.instance
    return line


def _route53_pieces(outcome: Outcome) -> Pieces:
    query, client, view, answer, _ = outcome
    vpc = view.vpc
    if vpc is None:
        raise ValueError("Route 53 Resolver logs what is asked in a VPC alone")
    srcids = {"instance": outcome.instance, "resolver_endpoint": outcome.resolver_endpoint}
    line: dict[str, Any] = {
        "version": ROUTE53_VERSION,
        "account_id": vpc.account,
        "region": vpc.region,
        "vpc_id": vpc.id,
        "query_timestamp": _MARK,
        "query_name": _name(outcome),
        "query_type": type_word(query.type),
        "query_class": _class_word(query.qclass),
        "rcode": rcode_word(answer.sections.rcode),
        "answers": [
            {"Rdata": dotted_text(found.type, rdata), "Type": type_word(found.type), "Class": "IN"}
            for found, rdata in _records(outcome)
        ],
        "srcaddr": client.host,
        "srcport": _MARK,
        "transport": outcome.transport,
        "srcids": {name: ident for name, ident in srcids.items() if ident is not None},
    }
    if answer.firewall is not None:
        line["firewall_rule_group_id"] = answer.firewall.group_id
        line["firewall_rule_action"] = answer.firewall.action
        line["firewall_domain_list_id"] = answer.firewall.domain_list_id
    first, second, last = _cut(json.dumps(line, separators=(",", ":")))
    return f'{first}"', f'"{second}"', f'"{last}', ""


def _cut(line: str) -> list[str]:
    """Where the marks stand.  No other value is one: no name, no address and no text of ours is a NUL alone."""
    return line.split(json.dumps(_MARK))


FORMS: dict[QueryLogFormat, Form] = {
    QueryLogFormat.TEXT: Form(_text_pieces, "milliseconds", lambda seconds: f"{seconds * 1000:.1f}"),
    QueryLogFormat.JSON: Form(_json_pieces, "milliseconds", lambda seconds: json.dumps(round(seconds, 6))),
    QueryLogFormat.ROUTE53: Form(_route53_pieces, "seconds", lambda _: ""),
}
text_line, json_line, route53_line = (FORMS[form].line for form in QueryLogFormat)


def dotted_text(kind: int, rdata: bytes) -> str:
    """Record data as text, the names in it with their final dots."""
    text = rdata_text(kind, rdata)
    places = _NAMES.get(kind, ())
    if not places or text.startswith("\\#"):
        return text
    words = text.split(" ")
    for place in places:
        words[place] = words[place].removesuffix(".") + "."
    return " ".join(words)


def _records(outcome: Outcome) -> Iterator[tuple[RecordSet, bytes]]:
    for _, found in outcome.answer.sections.answer:
        for rdata in found.rdatas():
            yield found, rdata


def _name(outcome: Outcome) -> str:
    """The name as it was asked for, its letter case and final dot included."""
    name = name_text(outcome.query.question[:-4])
    return name if name == "." else name + "."


def _time(moment: float, timespec: str) -> str:
    """Seconds since 1970 as 2021-02-04T17:51:55Z."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def _class_word(number: int) -> str:
    return "IN" if number == CLASS_IN else {3: "CH", 4: "HS", 254: "NONE", 255: "ANY"}.get(number, f"CLASS{number}")
