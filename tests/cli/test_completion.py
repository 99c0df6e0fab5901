"""What a shell completes: verbs, views, names of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.programs import SPLIT, program, vpcdns


def asked(typed: str) -> dict[str, str]:
    """How bash asks for the last word of a line."""
    return {"_VPCDNS_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split(" ")) - 1)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "other.yaml").write_text("vpcs: {b: {cidr: 10.0.0.0/16, inbound_endpoints: {dc: {}}}, c: {}}\n")
    (tmp_path / "vpcdns.yaml").write_text(SPLIT.replace("www: ", '"*.x": 10.0.0.1, db: 10.0.0.2, www: '))
    (tmp_path / "bad.yaml").write_text("vpcs: [")
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("vpcdns s", ["serve", "services", "stats", "schema"]),
        ("vpcdns query --view ", ["internet", "a"]),
        ("vpcdns query --view i", ["internet"]),
        ("vpcdns query --view i -c other.yaml", []),
        ("vpcdns -c other.yaml query --view ", ["internet", "b", "b/dc", "c"]),
        ("vpcdns -c other.yaml query -c vpcdns.yaml --view ", ["internet", "a"]),
        ("vpcdns query D", ["Db.example.com"]),
        ("vpcdns query ", ["www.example.com", "db.example.com"]),
        ("vpcdns compare www.example.com d", ["db.example.com"]),
        ("vpcdns compare --views ", ["internet", "a"]),
        ("vpcdns compare --views a,", ["a,internet"]),
        ("vpcdns records s", ["set"]),
        ("vpcdns records set w", ["www.example.com"]),
        ("vpcdns records --zone ", ["example.com", "public_records"]),
        ("vpcdns records --view i", ["internet"]),
        ("vpcdns health ", ["list", "set"]),
        ("vpcdns health set d", ["db.example.com"]),
        ("vpcdns -c bad.yaml records --zone ", []),
        ("vpcdns -c bad.yaml query --view ", []),
        ("vpcdns -c missing.yaml query ", []),
        ("vpcdns -c - query --view ", []),
    ],
)
def test_it_comes_from_the_file_that_is_typed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, typed: str, offered: list[str]
) -> None:
    monkeypatch.chdir(folder)
    for name, value in asked(typed).items():
        monkeypatch.setenv(name, value)
    status, out, err = vpcdns()
    assert (status, out.split(), err) == (0, offered, "")


def test_it_comes_from_the_environments_file(folder: Path) -> None:
    ran = program(cwd=folder, environ={**asked("vpcdns query --view b"), "VPCDNS_CONFIG": "other.yaml"})
    assert (ran.status, ran.out.split(), ran.err) == (0, ["b", "b/dc"], "")
