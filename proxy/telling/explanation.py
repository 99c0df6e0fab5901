"""How an answer came about: its steps in words, and all of it as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from proxy.asking import Finding
from proxy.configuration import Configuration
from proxy.dns.write import Sections
from proxy.model.steps import Step
from proxy.notes import origins
from proxy.telling.outcomes import because, short_word
from proxy.telling.passage import Passage, Setting
from proxy.telling.passages import passage_of, tell_place
from proxy.telling.records import answer_json, reason_json


def passages_of(configuration: Configuration, finding: Finding, *, live: bool) -> list[Passage]:
    """From where it was asked, and each step; `live` where the network was asked too."""
    placement = finding.inquiry.placement
    setting = Setting(placement.view, live, _places(configuration))
    place = tell_place(placement, allowed=finding.inquiry.allowed)
    return [place, *(passage_of(step, setting) for step in finding.steps)]


def explanation_json(finding: Finding, passages: Sequence[Passage]) -> dict[str, Any]:
    """An explanation for programs: the answer, where it was asked and why there, its reason, and the steps."""
    question, answer = finding.inquiry.question, finding.answer
    said = answer_json(question, Sections() if answer is None else answer.sections)
    if answer is None:
        said["rcode"] = None
    steps = [
        {"step": kind, "title": passage.title, "prose": list(passage.prose), "page": passage.page or None, **passage.data}
        for kind, passage in zip(["place", *map(_kind, finding.steps)], passages, strict=True)
    ]
    return {
        **said,
        "outcome": finding.outcome.name.lower(),
        "view": finding.inquiry.placement.view.name,
        "why": finding.inquiry.placement.why,
        "reason": {"kind": short_word(finding.outcome, None), "text": because(finding)}
        if answer is None
        else reason_json(answer.reason),
        "steps": steps,
    }


def _places(configuration: Configuration) -> Callable[[str], str]:
    """From a claim's origin to its line in the file."""
    paths = origins(configuration.settings)

    def place(origin: str) -> str:
        if origin not in paths:
            return ""
        mark = configuration.loaded.mark(paths[origin])
        return f"{Path(mark.file).name}:{mark.line}"

    return place


def _kind(step: Step) -> str:
    """claims_weighed for ClaimsWeighed."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(step).__name__).lower()
