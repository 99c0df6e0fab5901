"""The forms of a line.

The Route 53 form is that of "Values that appear in VPC Resolver query logs": every value a string but `answers` and `srcids`,
no TTLs, and `firewall_…` for what a rule alerted to or blocked.  Names in `Rdata` have their final dot.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

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

ROUTE53_VERSION = "1.100000"

# Where names stand among the words of record data.
_NAMES = {
    TYPE_CNAME: (0,), TYPE_NS: (0,), TYPE_PTR: (0,), TYPE_DNAME: (0,), TYPE_MX: (1,), TYPE_SRV: (3,), TYPE_SOA: (0, 1),
    TYPE_NAPTR: (-1,), TYPE_SVCB: (1,), TYPE_HTTPS: (1,),
}  # fmt: skip


def text_line(moment: float, outcome: Outcome) -> str:
    """Time, view, client, question, rcode, answers, reason, firewall and how long it took, for people."""
    query, client, view, answer, seconds = outcome
    shown = ", ".join(rdata_text(found.type, rdata) for found, rdata in _records(outcome)) or "-"
    host = f"[{client.host}]" if ":" in client.host else client.host
    firewall = "" if answer.firewall is None else f" {answer.firewall.action} by {answer.firewall.rule}"
    line = (
        f"{_time(moment, 'milliseconds')} {view.name} {host}:{client.port} {outcome.transport} {_name(outcome)} "
        f"{type_word(query.type)} {rcode_word(answer.sections.rcode)} {shown} ({answer.reason.text}){firewall} "
        f"{seconds * 1000:.1f}ms"
    )
    return line if line.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in line)


def json_line(moment: float, outcome: Outcome) -> str:
    """All that there is of a query, for programs."""
    return json.dumps(fields_of(moment, outcome))


def fields_of(moment: float, outcome: Outcome) -> dict[str, Any]:
    """The same, before it is a line."""
    query, client, view, answer, seconds = outcome
    line: dict[str, Any] = {
        "time": _time(moment, "milliseconds"),
        "view": view.name,
        "client": client.host,
        "port": client.port,
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
        "seconds": round(seconds, 6),
    }
    if answer.firewall is not None:
        line["firewall"] = {"action": answer.firewall.action, "rule": answer.firewall.rule}
    if outcome.instance is not None:
        line["instance"] = outcome.instance
    return line


def route53_line(moment: float, outcome: Outcome) -> str:
    """The line of Route 53 Resolver query logging, for a query in a VPC."""
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
        "query_timestamp": _time(moment, "seconds"),
        "query_name": _name(outcome),
        "query_type": type_word(query.type),
        "query_class": _class_word(query.qclass),
        "rcode": rcode_word(answer.sections.rcode),
        "answers": [
            {"Rdata": dotted_text(found.type, rdata), "Type": type_word(found.type), "Class": "IN"}
            for found, rdata in _records(outcome)
        ],
        "srcaddr": client.host,
        "srcport": str(client.port),
        "transport": outcome.transport,
        "srcids": {name: ident for name, ident in srcids.items() if ident is not None},
    }
    if answer.firewall is not None:
        line["firewall_rule_group_id"] = answer.firewall.group_id
        line["firewall_rule_action"] = answer.firewall.action
        line["firewall_domain_list_id"] = answer.firewall.domain_list_id
    return json.dumps(line, separators=(",", ":"))


LINES: dict[QueryLogFormat, Callable[[float, Outcome], str]] = {
    QueryLogFormat.TEXT: text_line,
    QueryLogFormat.JSON: json_line,
    QueryLogFormat.ROUTE53: route53_line,
}


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
