from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def tokens(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the tokens of this test's servers."""
    folder = tmp_path_factory.mktemp("runtime")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder / "vpcdns"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vpcdns.yaml"
