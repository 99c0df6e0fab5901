"""Record specifications into packed record sets."""

from __future__ import annotations

from collections.abc import Iterable

from proxy.compile.problems import Problems
from proxy.dns.codes import TYPE_CNAME
from proxy.dns.errors import MalformedMessage
from proxy.dns.names import Name
from proxy.dns.records import RecordSet
from proxy.dns.text import pack_rdata
from proxy.settings.shape import RecordSpec

DEFAULT_TTL = 300


def compile_records(specs: Iterable[RecordSpec], problems: Problems) -> dict[Name, dict[int, RecordSet]]:
    """The record sets of `specs` by owner and type; what cannot be packed is a problem at its place."""
    table: dict[Name, dict[int, RecordSet]] = {}
    for spec in specs:
        packed = pack_record(spec, problems)
        if packed is not None:
            table.setdefault(spec.owner, {})[spec.type] = packed
    return table


def compile_whole_names(specs: Iterable[RecordSpec], problems: Problems) -> dict[Name, dict[int, RecordSet]]:
    """The same for records that stand in no zone of Route 53, a CNAME beside another type refused (RFC 2181 section 10.1)."""
    specs = tuple(specs)
    table = compile_records(specs, problems)
    for spec in specs:
        if spec.type == TYPE_CNAME and len(table.get(spec.owner, {})) > 1:
            problems.add(spec.path, f"a CNAME record at {spec.owner} beside other records", "keep one or the other")
    return table


def pack_record(spec: RecordSpec, problems: Problems) -> RecordSet | None:
    """The record set of one specification; None, and a problem at its place, where it cannot be packed."""
    try:
        rdatas = [pack_rdata(spec.type, value) for value in spec.values]
    except MalformedMessage as error:
        problems.add(spec.path, error.what)
        return None
    if len(set(rdatas)) < len(rdatas):
        problems.add(spec.path, "a value stands twice among the values of one record set")
    return RecordSet.pack(spec.type, DEFAULT_TTL if spec.ttl is None else spec.ttl, rdatas)
