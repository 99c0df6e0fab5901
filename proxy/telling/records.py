"""Answers as people read them: records in zone-file lines, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from proxy.dns.codes import (
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
from proxy.dns.records import Placed
from proxy.dns.text import rdata_text
from proxy.dns.write import Sections
from proxy.model.answers import Question, Reason

# Which words of record data are names, and get the final dot that zone files want.
_NAMES_AT = {
    TYPE_CNAME: (0,), TYPE_NS: (0,), TYPE_PTR: (0,), TYPE_DNAME: (0,), TYPE_MX: (1,), TYPE_SOA: (0, 1), TYPE_SRV: (3,),
    TYPE_NAPTR: (-1,), TYPE_SVCB: (1,), TYPE_HTTPS: (1,),
}  # fmt: skip


class Record(NamedTuple):
    """A record as text: names with their final dot."""

    name: str
    ttl: int
    type: str
    data: str

    def line(self) -> tuple[str, str, str, str]:
        """The cells of its line in a zone file."""
        return self.name, str(self.ttl), self.type, self.data


def records_of(question: Question, placed: Iterable[Placed]) -> Iterator[Record]:
    """The records of a section, in its order."""
    for owner, found in placed:
        name = absolute(question.name if owner is None else owner)
        for rdata in found.rdatas():
            yield Record(name, found.ttl, type_word(found.type), _data(found.type, rdata))


def absolute(wire: bytes) -> str:
    """A name with its final dot."""
    text = name_text(wire)
    return text if text == "." else f"{text}."


def answer_json(question: Question, sections: Sections) -> dict[str, Any]:
    """The question, the rcode and the answer and authority sections."""
    return {
        "name": name_text(question.name),
        "type": type_word(question.type),
        "rcode": rcode_word(sections.rcode),
        "answers": [record._asdict() for record in records_of(question, sections.answer)],
        "authority": [record._asdict() for record in records_of(question, sections.authority)],
    }


def reason_json(reason: Reason) -> dict[str, str]:
    """Why an answer is what it is."""
    return {"kind": reason.kind.word, "text": reason.text}


def _data(kind: int, rdata: bytes) -> str:
    text = rdata_text(kind, rdata)
    if kind not in _NAMES_AT or text.startswith("\\#"):
        return text
    words = text.split(" ")
    for at in _NAMES_AT[kind]:
        words[at] += "" if words[at].endswith(".") else "."
    return " ".join(words)
