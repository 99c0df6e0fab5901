"""What cannot be said yet is refused by its name, and never ignored."""

from __future__ import annotations

import pytest

from proxy.settings import read_settings
from proxy.settings.composites import keys_of
from proxy.settings.problems import ConfigError
from proxy.settings.shape import Settings
from proxy.settings.unsupported import NOT_YET

FILES = {
    "admin: false": "admin",
}


@pytest.mark.parametrize("text", FILES)
def test_it_is_refused_as_not_there_yet(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings([("x", text)])
    problem = caught.value.problems[0]
    assert (problem.what, problem.hint) == (f"{FILES[text]} is not supported yet", "")
    assert all(problem.what.endswith(" is not supported yet") for problem in caught.value.problems)


def test_no_row_stands_for_a_key_that_is_there() -> None:
    rows = [row for row in NOT_YET.splitlines() if row and "." not in row]
    assert rows
    assert not keys_of(Settings).keys() & set(rows)


def test_the_same_word_elsewhere_is_an_unknown_key() -> None:
    with pytest.raises(ConfigError, match="unknown key admin"):
        read_settings([("x", "vpcs: {a: {admin: false}}")])
