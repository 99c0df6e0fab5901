"""What tests of the command line share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.programs import SPLIT


@pytest.fixture(autouse=True)
def _no_configuration_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VPCDNS_CONFIG", "NO_COLOR", "FORCE_COLOR", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """A file whose www.example.com is 10.0.5.10 inside and 203.0.113.10 outside."""
    path = tmp_path / "split.yaml"
    path.write_text(SPLIT)
    return path
