"""expectations: a file's own tests (`expect`), run in process and without a network.

Owns asking each question in its view and saying what came instead.  Must never open a socket or change an answer: what is
tested is what will be served.

A worked example::

    failed_expectations(world, settings.expect, marks)    # [ConfigProblem(…, ("expect", 2), "the answers are …", …)]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from proxy.dns.codes import TYPE_CNAME, TYPE_SPF, TYPE_TXT, rcode_word, type_word
from proxy.dns.errors import MalformedMessage
from proxy.dns.text import normal_rdata_text, rdata_text
from proxy.dns.write import Sections
from proxy.model.answers import Answer, Question, Reason, ReasonKind
from proxy.model.steps import Asked, Step
from proxy.model.world import Placement, World
from proxy.resolve import resolve
from proxy.settings.problems import ConfigProblem, Mark, Path
from proxy.settings.shape import ExpectationSetting, RefusalExpected

_HINTS = {ReasonKind.UPSTREAM: "give the name in public_records, or set upstream: {mode: off}"}
_LETTER_CASE_MATTERS = frozenset((TYPE_TXT, TYPE_SPF))


class ShownRecord(NamedTuple):
    """A record of an answer section as `expect` writes it: its rdata, a CNAME as `CNAME target`, and its TTL."""

    text: str
    ttl: int


def failed_expectations(
    world: World, expectations: Iterable[ExpectationSetting], mark: Callable[[Path], Mark]
) -> list[ConfigProblem]:
    """A problem for every expectation that does not hold, with the reason of the answer that came."""
    problems = []
    for expected in expectations:
        placed = _place(world, expected)
        if placed is None:
            problems.append(ConfigProblem(mark(expected.path), expected.path, f"there is no view {expected.view}"))
            continue
        answer = _answer(placed, expected)
        if isinstance(answer, Reason):
            where = "upstream" if answer.kind is ReasonKind.UPSTREAM else f"outside ({answer.text})"
            wrong = [f"the answer would be asked for {where}, where a file's own tests do not go"]
            hint = _HINTS.get(answer.kind, "give the servers in simulated_servers")
        else:
            wrong = list(_differences(expected, answer.sections))
            hint = f"the answer came from: {answer.reason.text}"
        if wrong:
            asked = f"{expected.query} {type_word(expected.type)} in view {placed.view.name}: {'; '.join(wrong)}"
            problems.append(ConfigProblem(mark(expected.path), expected.path, asked, hint))
    return problems


def is_expected_refusal(expected: RefusalExpected, problems: Iterable[ConfigProblem]) -> bool:
    """True where one of `problems` has the expected text, its hint included, at the expected path or below it."""
    at = expected.at or ()
    text = " ".join(expected.error.split())
    return any(text in f"{problem.what} ({problem.hint})" and problem.path[: len(at)] == at for problem in problems)


def shown_records(sections: Sections) -> list[ShownRecord]:
    """The records of an answer section, in its order."""
    return [
        ShownRecord(_shown(found.type, rdata_text(found.type, rdata)), found.ttl)
        for _, found in sections.answer
        for rdata in found.rdatas()
    ]


def _place(world: World, expected: ExpectationSetting) -> Placement | None:
    if expected.view is not None:
        view = world.views.get(expected.view)
        return None if view is None else Placement(view, "expect")
    if expected.client is not None:
        return world.view_for(expected.client)
    return Placement(world.views[world.default_view], "the default view")


def _answer(placed: Placement, expected: ExpectationSetting) -> Answer | Reason:
    """The answer, or for what reason the network would have to be asked."""
    asked: list[Reason] = []

    def note(step: Step) -> None:
        if isinstance(step, Asked):
            asked.append(step.reason)

    resolution = resolve(Question(expected.query, expected.type), placed.view, note)
    try:
        next(resolution)
    except StopIteration as done:
        answer: Answer = done.value
        return answer
    resolution.close()
    return asked[-1]


def _differences(expected: ExpectationSetting, sections: Sections) -> Iterator[str]:
    if sections.rcode != expected.rcode:
        yield f"the rcode is {rcode_word(sections.rcode)}, not {rcode_word(expected.rcode)}"
    shown = shown_records(sections)
    came = {_comparable(expected.type, record.text): record.ttl for record in shown}
    wanted = [[_comparable(expected.type, text) for text in one] for one in expected.any_of or ()]
    if expected.any_of is not None and not any(set(one) == came.keys() for one in wanted):
        yield f"the answers are {_listed(record.text for record in shown)}, not {' or '.join(map(_listed, expected.any_of))}"
    elif expected.ttls is not None and wanted:
        ttls = tuple(came[text] for text in wanted[0])
        if ttls != expected.ttls:
            yield f"the TTLs are {_listed(map(str, ttls))}, not {_listed(map(str, expected.ttls))}"
    if expected.ttl is not None and any(record.ttl != expected.ttl for record in shown):
        yield f"the TTLs are {_listed(str(record.ttl) for record in shown)}, not {expected.ttl}"
    authority = {found.type for _, found in sections.authority}
    if expected.authority is not None and authority != set(expected.authority):
        yield f"the authority section has {_words(authority)}, not {_words(expected.authority)}"


def _comparable(asked: int, text: str) -> str:
    """A text that is equal for equal record data, however it was spelled."""
    kind = asked
    if text.startswith("CNAME "):
        kind, text = TYPE_CNAME, text.removeprefix("CNAME ")
    try:
        text = normal_rdata_text(kind, text)
    except MalformedMessage:
        return text
    return _shown(kind, text if kind in _LETTER_CASE_MATTERS else text.lower())


def _shown(kind: int, text: str) -> str:
    return f"CNAME {text}" if kind == TYPE_CNAME else text


def _listed(texts: Iterable[str]) -> str:
    return "[" + ", ".join(texts) + "]"


def _words(kinds: Iterable[int]) -> str:
    return _listed(type_word(kind) for kind in sorted(kinds))
