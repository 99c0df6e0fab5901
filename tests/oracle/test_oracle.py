"""Proof by another road: whole worlds and questions by chance, answered by the program and by a second reading of AWS's rules.

`VPCDNS_ORACLE_EXAMPLES=20000 pytest tests/oracle` looks longer than the tests usually do.
"""

from __future__ import annotations

import json
import os
from typing import Any

from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from proxy.dns.codes import TYPE_SOA, type_word
from proxy.dns.names import Name, name_text
from proxy.dns.text import rdata_text
from proxy.model.answers import Answer
from tests.oracle.reading import File, Record, Said, answer
from tests.oracle.worlds import files, questions
from tests.worlds import ask, world_of

EXAMPLES = int(os.environ.get("VPCDNS_ORACLE_EXAMPLES", "100"))
QUESTIONS = 12


def shown(file: File) -> str:
    """The file as YAML has it, by which every text stays one."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict) and "alias" in value:
            return value
        if isinstance(value, dict):
            return {
                key: int(inner[0]) if key == "ttl" and isinstance(inner, list) else plain(inner)
                for key, inner in value.items()
            }
        return [plain(item) for item in value] if isinstance(value, list) else value

    return json.dumps(plain(file))


def said(found: Answer, name: str) -> Said:
    """An answer in the words of the second reading."""
    records = frozenset(
        Record(
            name if owner is None else name_text(owner).lower(), type_word(each.type), rdata_text(each.type, rdata), each.ttl
        )
        for owner, each in found.sections.answer
        for rdata in each.rdatas()
    )
    soas = [owner for owner, each in found.sections.authority if each.type == TYPE_SOA]
    owner = None if not soas else name if soas[0] is None else str(Name(soas[0]))
    return Said(found.sections.rcode, records, "" if owner == "." else owner)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)
@given(files(), st.data())
def test_the_program_and_the_second_reading_agree(file: File, data: st.DataObject) -> None:
    text = shown(file)
    note(text)
    world = world_of(text)
    for _ in range(QUESTIONS):
        view, name, kind = data.draw(questions(file))
        found = said(ask(world, view, f"{name} {kind}"), name)
        assert found == answer(file, view, name, kind), f"{name} {kind} in view {view}"
