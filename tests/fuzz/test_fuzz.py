"""The corpus, all that was ever found, and some thousand mutations of these, without atheris."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.fuzz.corpus import TARGETS, mutations, read_line, seeds

MUTATIONS = {"packets": 1500, "replies": 1500, "texts": 250}
SEED = 20_26


def run(name: str, inputs: Iterable[bytes]) -> None:
    for data in inputs:
        try:
            TARGETS[name].attempt(data)
        except Exception as error:
            error.add_note(f"the input for {name}, in hex: {data.hex()}")
            raise


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus(name: str) -> None:
    run(name, seeds(name))


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("name", TARGETS)
def test_mutations(name: str, part: int) -> None:
    words = list(TARGETS[name].words())
    run(name, mutations(seeds(name), words, MUTATIONS[name] // 3, SEED + part))


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_at_all(name: str) -> None:
    run(name, [b"", b"\0", b"{", b"\xff" * TARGETS[name].longest])


def test_a_line_of_the_corpus() -> None:
    assert read_line("00ff  # a remark") == b"\0\xff"
    assert read_line('"a: \\u00e9 # b"  # a remark') == "a: é # b".encode()


def test_mutations_are_always_the_same() -> None:
    words = list(TARGETS["packets"].words())
    first, second = (list(mutations(seeds("packets"), words, 50, SEED)) for _ in range(2))
    assert first == second
    assert len(set(first)) > 40
