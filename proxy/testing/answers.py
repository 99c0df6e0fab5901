"""Answers as a test wants to compare them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from proxy.asking import Finding, Outcome
from proxy.dns.codes import rcode_word
from proxy.expectations import shown_records

Wanted = str | Iterable[str]
"""A record's text, several in any order, or what there is instead of one: NODATA, NXDOMAIN, REFUSED, …"""


class Reply(NamedTuple):
    """What a view answers: the word of the outcome (`NOERROR`, `NODATA`, `NXDOMAIN`, …), the records' texts, and why.

    `records` are in the form of the file's `expect`, a CNAME as `CNAME target`.
    """

    word: str
    records: tuple[str, ...]
    reason: str

    @property
    def addresses(self) -> tuple[str, ...]:
        """The records without the CNAMEs that lead to them."""
        return tuple(record for record in self.records if not record.startswith("CNAME "))

    def is_as(self, other: Reply) -> bool:
        """Whether two views answer the same: neither the order of records nor the reason makes a difference."""
        return (self.word, set(self.records)) == (other.word, set(other.records))

    def __str__(self) -> str:
        return ", ".join(self.records) or self.word


def reply_of(finding: Finding) -> Reply:
    """A reply that can be compared; `not asked` where the network would have to be."""
    if finding.answer is None:
        silent = finding.outcome is Outcome.SILENCE
        return Reply("no answer" if silent else "not asked", (), finding.outcome.value)
    sections, reason = finding.answer.sections, finding.answer.reason
    word = "NODATA" if finding.outcome is Outcome.NODATA else rcode_word(sections.rcode)
    return Reply(word, tuple(record.text for record in shown_records(sections)), reason.text)


def differences(replies: Mapping[str, Reply], wanted: Mapping[str, Wanted]) -> list[str]:
    """A line for each view that answers otherwise than is wanted."""
    lines = []
    for view, want in wanted.items():
        texts = [want] if isinstance(want, str) else list(want)
        reply = replies[view]
        if set(texts) not in ({reply.word}, set(reply.records), set(reply.addresses)):
            lines.append(f"  {view}: {reply}, not {', '.join(texts) or 'nothing'}; because: {reply.reason}")
    return lines
