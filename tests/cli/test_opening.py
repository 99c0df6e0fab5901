"""Which configuration a verb works on, and that it says so first."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.programs import SPLIT, vpcdns


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"


def first_line(*arguments: str) -> str:
    ran = vpcdns(*arguments)
    assert ran.status == 0
    return ran.err.splitlines()[0]


def test_the_nearest_wins(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert first_line("check").endswith("demo.yaml (the built-in demo)")
    (home / ".config/vpcdns").mkdir(parents=True)
    (home / ".config/vpcdns/vpcdns.yaml").write_text(SPLIT)
    assert first_line("check") == "configuration: ~/.config/vpcdns/vpcdns.yaml (the file of your home folder)"
    for name in ("vpcdns.yaml", "named.yaml", "before.yaml", "behind.yaml"):
        Path(name).write_text(SPLIT)
    assert first_line("check") == "configuration: vpcdns.yaml (the file of this folder)"
    monkeypatch.setenv("VPCDNS_CONFIG", "named.yaml")
    assert first_line("check") == "configuration: named.yaml (VPCDNS_CONFIG)"
    assert first_line("-c", "before.yaml", "check") == "configuration: before.yaml (-c)"
    assert first_line("-c", "before.yaml", "check", "-c", "behind.yaml") == "configuration: behind.yaml (-c)"
    assert first_line("check", "--config", "behind.yaml") == "configuration: behind.yaml (-c)"


def test_a_user_without_a_home_folder_has_no_file_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    assert first_line("check").endswith("demo.yaml (the built-in demo)")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing.yaml", "missing.yaml: there is no such file (`vpcdns init` writes a first one; -c names another)"),
        ("empty", "empty: this is a folder without a *.yaml file (put one there, or name a file)"),
        ("/dev/null", "/dev/null: this is no regular file (to read what a command prints: COMMAND | vpcdns -c - …)"),
    ],
)
def test_what_cannot_be_read_is_a_line_and_status_1(name: str, says: str) -> None:
    Path("empty").mkdir()
    assert vpcdns("-c", name, "check") == (1, "", f"configuration: {name} (-c)\n{says}\n")
