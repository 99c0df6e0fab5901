"""`vpcdns init` and `vpcdns schema`: a file to begin with, and what editors need to know of it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from proxy.cli.init import STARTER
from tests.cli.programs import HOUSE, vpcdns
from tests.settings.test_schema import Loader


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_starter_file_is_good_and_has_comments(here: Path) -> None:
    assert vpcdns("init") == (0, "", "wrote vpcdns.yaml; next: vpcdns check, vpcdns serve\n")
    assert (here / "vpcdns.yaml").read_text().count("#") > 15
    status, out, err = vpcdns("check")
    assert (status, err) == (0, "configuration: vpcdns.yaml (the file of this folder)\n")
    assert out == "good: 2 views, 1 VPC, 1 endpoint, 1 private zone, 5 record sets; 4 expectations met\n"


def test_what_is_commented_out_in_the_starter_file_is_good_too(here: Path) -> None:
    text = STARTER.read_text().replace("upstream: {mode: off}  ", "#").replace("# upstream:", "upstream:")
    (here / "vpcdns.yaml").write_text(text.replace("# logs:", "logs:"))
    status, out, _ = vpcdns("check")
    assert (status, out.splitlines()[-1].split(", ")[2]) == (0, "2 endpoints")


@pytest.mark.parametrize("arguments", [["init", "a b.yaml"], ["-c", "a b.yaml", "init"]])
def test_another_file_can_be_named(here: Path, arguments: list[str]) -> None:
    assert vpcdns(*arguments).err == "wrote a b.yaml; next: vpcdns -c 'a b.yaml' check, vpcdns -c 'a b.yaml' serve\n"
    assert (here / "a b.yaml").read_text() == STARTER.read_text()


def test_the_demo_can_be_had(here: Path) -> None:
    assert vpcdns("init", "--from-seed", "seed.yaml").status == 0
    assert (here / "seed.yaml").read_text() == (HOUSE / "config/demo.yaml").read_text()


def test_a_dash_prints_it() -> None:
    assert vpcdns("init", "-") == (0, STARTER.read_text(), "")


@pytest.mark.parametrize("kind", ["file", "folder", "link that leads nowhere"])
def test_what_is_there_is_left_alone(here: Path, kind: str) -> None:
    target = here / "vpcdns.yaml"
    if kind == "file":
        target.write_text("mine")
    elif kind == "folder":
        target.mkdir()
    else:
        target.symlink_to("nowhere")
    says = "vpcdns.yaml: this is there already (name another file, or remove it first)\n"
    assert vpcdns("init") == (1, "", says)
    assert kind != "file" or target.read_text() == "mine"
    assert not (here / "nowhere").exists()


def test_a_folder_that_is_not_there_is_told() -> None:
    assert vpcdns("init", "missing/vpcdns.yaml") == (1, "", "missing/vpcdns.yaml: No such file or directory\n")


def test_a_disk_that_is_full_leaves_no_half_of_a_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = pytest.importorskip("resource")
    signals = pytest.importorskip("signal")
    monkeypatch.setattr("proxy.cli.init._REFUSED", (27,))  # EFBIG stands for a full disk here
    before, old = limits.getrlimit(limits.RLIMIT_FSIZE), signals.signal(signals.SIGXFSZ, signals.SIG_IGN)
    limits.setrlimit(limits.RLIMIT_FSIZE, (100, before[1]))
    try:
        status, out, err = vpcdns("init")
    finally:
        limits.setrlimit(limits.RLIMIT_FSIZE, before)
        signals.signal(signals.SIGXFSZ, old)
    assert (status, out, err) == (3, "", "vpcdns.yaml: File too large\n")
    assert not (here / "vpcdns.yaml").exists()


def test_the_schema_accepts_everything_that_is_shipped() -> None:
    status, out, err = vpcdns("schema")
    assert (status, err) == (0, "")
    schema = json.loads(out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in (*(HOUSE / "config").glob("*.yaml"), STARTER):
        errors = [error.message for error in validator.iter_errors(yaml.load(path.read_text(), Loader))]
        assert errors == [], path.name
    assert not validator.is_valid({"regoin": "us-east-1"})
