"""What is wrong with a configuration, in words."""

from __future__ import annotations

import pytest

from proxy.settings.problems import did_you_mean


@pytest.mark.parametrize(
    ("word", "choices", "told"),
    [
        ("Aplha", ["beta", "alpha"], "did you mean alpha?"),
        ("zzz", ["beta", "alpha"], "there is beta, alpha"),
        (
            "zzz",
            [f"vpc-{number}" for number in range(31)],
            f"there is {', '.join(f'vpc-{number}' for number in range(30))}, …",
        ),
        ("zzz", [], ""),
    ],
)
def test_a_hint_names_the_nearest_or_what_there_is(word: str, choices: list[str], told: str) -> None:
    assert did_you_mean(word, choices) == told
