"""The documents that are written by the program: up to date, and whole."""

from __future__ import annotations

from proxy.settings.schema import reference
from tools.write_puzzles import PUZZLES, puzzles_text
from tools.write_puzzles import TARGET as PUZZLES_TARGET
from tools.write_reference import TARGET, reference_text


def test_the_reference_is_up_to_date() -> None:
    assert TARGET.read_text() == reference_text(), "write it anew: python -m tools.write_reference"


def test_it_has_every_key() -> None:
    text = TARGET.read_text()
    keys = {row.path.rpartition(".")[2] for row in reference()}
    assert [key for key in sorted(keys) if f"{key}`" not in text] == []
    assert len(keys) > 40


def test_the_puzzles_are_up_to_date() -> None:
    assert PUZZLES_TARGET.read_text() == puzzles_text(), "write it anew: python -m tools.write_puzzles"
    assert puzzles_text().count("\n=  ") == len(PUZZLES)
