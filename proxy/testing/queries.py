"""What was asked: a record of every query, and what a test may say of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from proxy.dns.codes import rcode_word, type_word
from proxy.dns.names import name_text
from proxy.expectations import shown_records
from proxy.model.answers import ReasonKind
from proxy.model.outcome import Outcome
from proxy.settings.problems import did_you_mean

_NOT_OF_THE_WORLD = frozenset(
    kind.word
    for kind in (
        ReasonKind.UPSTREAM, ReasonKind.UPSTREAM_OFF, ReasonKind.UPSTREAM_FAILED, ReasonKind.STALE, ReasonKind.NOT_RECORDED,
    )
)  # fmt: skip
_MOST_SHOWN = 30


class Query(NamedTuple):
    """A query that was answered: `kind` and `reason` say why so, `where` which code looked the name up, if that is known."""

    name: str
    type: str
    view: str
    rcode: str
    answers: tuple[str, ...]
    kind: str
    reason: str
    transport: str
    client: str
    where: str

    @property
    def known(self) -> bool:
        """Whether the world itself answered it, be it with NXDOMAIN, and neither refused it nor asked elsewhere."""
        return self.kind not in _NOT_OF_THE_WORLD

    def __str__(self) -> str:
        came = ", ".join(self.answers) or self.rcode
        source = self.where or f"a client at {self.client} by {self.transport}"
        return f"{self.name} {self.type} in {self.view}: {came} ({self.reason})\n    from {source}"


def query_of(outcome: Outcome, where: str) -> Query:
    """The record of a query that the engine tells of."""
    query, client, view, answer, _ = outcome
    return Query(
        name_text(query.name),
        type_word(query.type),
        view.name,
        rcode_word(answer.sections.rcode),
        tuple(record.text for record in shown_records(answer.sections)),
        answer.reason.kind.word,
        answer.reason.text,
        outcome.transport,
        f"{client.host}:{client.port}",
        where,
    )


def matching(queries: Iterable[Query], name: str, kind: str | None, view: str | None) -> list[Query]:
    """The queries for a name (`*.example.com`: for any below it), of a type and in a view, where these are given."""
    return [
        query for query in queries if fits(query.name, name) and kind in (None, query.type) and view in (None, query.view)
    ]


def fits(name: str, pattern: str) -> bool:
    """Whether a name is `pattern`, or stands below example.com where that is `*.example.com`."""
    name, pattern = name.lower().rstrip("."), pattern.lower().rstrip(".")
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def listed(queries: Sequence[Query]) -> str:
    """The queries, those that are equal once with their number."""
    numbers: dict[Query, int] = {}
    for query in queries:
        plain = query._replace(client="127.0.0.1") if query.where else query
        numbers[plain] = numbers.get(plain, 0) + 1
    lines = [f"  {query}" + (f"  ({number} times)" if number > 1 else "") for query, number in numbers.items()]
    more = len(lines) - _MOST_SHOWN
    return "\n".join([*lines[:_MOST_SHOWN], *([f"  … and {more} more"] if more > 0 else [])])


def hint(name: str, queries: Iterable[Query]) -> str:
    """The name that may have been meant, in brackets; nothing where there is none."""
    meant = did_you_mean(name, {query.name for query in queries} or {name})
    return f" ({meant})" if meant.startswith("did you mean") and name not in meant else ""
