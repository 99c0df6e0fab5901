"""The files of config/, one a feature: each is accepted, and what it expects holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.configuration import check
from proxy.source import find_source

FOLDER = Path(__file__).parent.parent / "config"


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.yaml")))
def test_it_is_true(name: str) -> None:
    result = check(find_source(str(FOLDER / name), {}, FOLDER, FOLDER, FOLDER))
    assert [str(problem) for problem in result.problems] == []
    assert (FOLDER / name).read_text().startswith("# ")
