"""What came of a question, in words."""

from __future__ import annotations

from proxy.asking import Finding, Outcome
from proxy.dns.codes import rcode_word, type_word
from proxy.dns.write import Sections
from proxy.model.answers import Question


def short_word(outcome: Outcome, sections: Sections | None) -> str:
    """NOERROR, NODATA, NXDOMAIN, SERVFAIL, …, no answer."""
    if sections is None:
        return "not asked" if outcome is Outcome.UNASKED else "no answer"
    return "NODATA" if outcome is Outcome.NODATA else rcode_word(sections.rcode)


def verdict(question: Question, outcome: Outcome, sections: Sections | None) -> str:
    """The rcode, and what it means where that is not plain."""
    word = short_word(outcome, sections)
    if outcome is Outcome.NODATA:
        return f"NOERROR, but no {type_word(question.type)} record (NODATA)"
    if outcome is Outcome.NXDOMAIN:
        return f"{word}, {outcome.value}"
    if outcome is Outcome.SILENCE:
        return f"{word}, a client waits in vain"
    return word


def because(finding: Finding) -> str:
    """The reason of what came of an inquiry."""
    if finding.unasked is not None:
        return finding.unasked.reason.text if finding.unasked.ask.route.servers else "upstream without a server"
    return Outcome.SILENCE.value.partition(": ")[2] if finding.answer is None else finding.answer.reason.text
