"""A comparison: what every view answers to every name, as cells that any renderer can draw."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any, NamedTuple

from proxy.asking import Finding, Outcome
from proxy.dns.codes import type_word
from proxy.dns.names import name_text
from proxy.dns.write import Sections
from proxy.model.answers import Question
from proxy.telling.outcomes import because, short_word
from proxy.telling.records import Record, answer_json, reason_json, records_of

# What a VPC gives its own: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291.  Not `is_private`: that counts the networks for
# documentation, which stand for public ones.
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10"),
    )
)
_ADDRESSES = frozenset(("A", "AAAA"))


class Value(NamedTuple):
    """A record of an answer: its data, its type where another one was asked for, and whether the address is private."""

    text: str
    private: bool = False


class Cell(NamedTuple):
    """What one view answers: its records; a word where that is not simply NOERROR; the reason."""

    outcome: Outcome
    word: str
    values: tuple[Value, ...]
    reason: str


class Row(NamedTuple):
    """A name, what each view answers, and whether they all answer the same."""

    question: Question
    findings: tuple[Finding, ...]
    cells: tuple[Cell, ...]
    same: bool

    @property
    def name(self) -> str:
        """The name as text."""
        return name_text(self.question.name)

    @property
    def type(self) -> str:
        """The type as a word."""
        return type_word(self.question.type)


def compare(findings: Sequence[Finding]) -> Row:
    """One name's findings, a view each.  Neither the order of records nor their TTLs make a difference."""
    cells = tuple(map(_cell, findings))
    same = len({(cell.outcome, cell.word, frozenset(cell.values)) for cell in cells}) == 1
    return Row(findings[0].inquiry.question, tuple(findings), cells, same)


def row_json(row: Row) -> dict[str, Any]:
    """A row as JSON: the whole answer of each view."""
    views = {finding.inquiry.placement.view.name: _finding_json(finding, cell) for finding, cell in _pairs(row)}
    return {"name": row.name, "type": row.type, "same": row.same, "views": views}


def is_private(text: str) -> bool:
    """True for an address that only a VPC, or another private network, has."""
    address = ipaddress.ip_address(text)
    return any(address in network for network in _PRIVATE if network.version == address.version)


def _pairs(row: Row) -> list[tuple[Finding, Cell]]:
    return list(zip(row.findings, row.cells, strict=True))


def _finding_json(finding: Finding, cell: Cell) -> dict[str, Any]:
    answer = finding.answer
    said = answer_json(finding.inquiry.question, Sections() if answer is None else answer.sections)
    return {
        "outcome": finding.outcome.name.lower(),
        "rcode": None if answer is None else said["rcode"],
        "answers": said["answers"],
        "private": sorted(value.text for value in cell.values if value.private),
        "authority": said["authority"],
        "reason": {"kind": "silence", "text": cell.reason} if answer is None else reason_json(answer.reason),
    }


def _cell(finding: Finding) -> Cell:
    question, outcome = finding.inquiry.question, finding.outcome
    sections = None if finding.answer is None else finding.answer.sections
    records = list(records_of(question, () if sections is None else sections.answer))
    asked = type_word(question.type)
    way = [Value(f"{record.type} {record.data}") for record in records if record.type != asked]
    end = [_value(record) for record in sorted(records, key=_rank) if record.type == asked]
    word = "" if outcome is Outcome.ANSWER else short_word(outcome, sections)
    return Cell(outcome, word, (*way, *end), because(finding))


def _value(record: Record) -> Value:
    return Value(record.data, record.type in _ADDRESSES and is_private(record.data))


def _rank(record: Record) -> tuple[int, int, str]:
    """An order that is the same for equal sets, however they were turned: addresses by number, else by text."""
    if record.type not in _ADDRESSES:
        return (0, 0, record.data)
    address = ipaddress.ip_address(record.data)
    return (address.version, int(address), "")
