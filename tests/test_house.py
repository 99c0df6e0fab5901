"""The house around the code: pins, versions, what is in the repository, and what runs when it changes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from proxy import __version__

HOUSE = Path(__file__).parent.parent
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text())
PIN = re.compile(r"[A-Za-z0-9._-]+==[0-9A-Za-z.]+")
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def lines(name: str) -> list[str]:
    return [line for line in (HOUSE / name).read_text().splitlines() if line and not line.startswith("#")]


def pins(name: str) -> dict[str, str]:
    """Version by name, without what the file includes."""
    pairs = (line.partition("==") for line in lines(name) if not line.startswith("-"))
    return {canonicalize_name(package): version for package, _, version in pairs}


def needed(requirements: Iterable[str]) -> Iterator[Requirement]:
    """Everything that `requirements` need, and what those need; by what the installed packages say of themselves."""
    todo = [(Requirement(text), "") for text in requirements]
    seen = set()
    while todo:
        requirement, extra = todo.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        yield requirement
        for wanted in ("", *requirement.extras):
            key = canonicalize_name(requirement.name), wanted
            if key not in seen:
                seen.add(key)
                todo += [(Requirement(text), wanted) for text in metadata.requires(requirement.name) or []]


# Pins


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "tests/fuzz/requirements.txt"])
def test_pins_are_names_and_versions_without_addresses(name: str) -> None:
    """Where packages come from is the machine's affair."""
    assert [line for line in lines(name) if not line.startswith("-r ") and not PIN.fullmatch(line)] == []


def run_by_make() -> list[str]:
    """What `make run` has: the program with its control API."""
    return [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["admin"]]


def test_running_needs_exactly_what_is_pinned_for_it() -> None:
    found = list(needed(run_by_make()))
    assert {canonicalize_name(each.name) for each in found} == pins("requirements.txt").keys()


def test_tests_and_lint_need_exactly_what_is_pinned_for_them() -> None:
    extras = [text for texts in PROJECT["project"]["optional-dependencies"].values() for text in texts]
    found = list(needed([*PROJECT["dependency-groups"]["dev"], *run_by_make(), *extras]))
    both = pins("requirements.txt") | pins("requirements-dev.txt")
    assert {canonicalize_name(each.name) for each in found} == both.keys()
    unfit = [str(each) for each in found if not each.specifier.contains(both[canonicalize_name(each.name)])]
    assert unfit == []


# Versions


def test_the_changelog_tells_of_this_version() -> None:
    assert re.search(rf"\b{re.escape(__version__)}\b", (HOUSE / "CHANGELOG.md").read_text())


def test_everything_agrees_on_the_pythons() -> None:
    project = PROJECT["project"]
    workflow = yaml.safe_load((HOUSE / ".github/workflows/ci.yml").read_text())
    named = [line.rsplit(" ", 1)[1] for line in project["classifiers"] if re.search(r"Python :: 3\.\d+$", line)]
    assert named == PYTHONS
    assert workflow["jobs"]["run"]["strategy"]["matrix"]["python"] == PYTHONS
    assert project["requires-python"] == f">={PYTHONS[0]}"
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{PYTHONS[0].replace('.', '')}"
    assert f"for version in {' '.join(PYTHONS)};" in (HOUSE / ".ci/run").read_text()
    tried = re.search(r"^PYTHONS := python3 (.*)$", (HOUSE / "Makefile").read_text(), re.MULTILINE)
    assert tried is not None
    assert tried[1].split() == [f"python{version}" for version in reversed(PYTHONS)]


# What runs when something changes


def test_the_workflow_calls_the_script_that_anybody_can_call() -> None:
    workflow = yaml.safe_load((HOUSE / ".github/workflows/ci.yml").read_text())
    steps = workflow["jobs"]["run"]["steps"]
    assert [step["run"] for step in steps if "run" in step][-1] == ".ci/run"
    assert workflow["permissions"] == {"contents": "read"}
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    assert workflow["concurrency"]["cancel-in-progress"] is True


def test_the_script_stops_at_the_first_thing_that_fails() -> None:
    script = HOUSE / ".ci/run"
    assert os.access(script, os.X_OK)
    text = script.read_text()
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in text
    assert {"make lint", "make test"} <= set(re.findall(r"\bmake \w+", text))


def test_make_has_the_four_targets() -> None:
    makefile = (HOUSE / "Makefile").read_text()
    assert {"run", "test", "lint", "clean"} <= set(re.findall(r"^(\w+):", makefile, re.MULTILINE))


# What is in the repository and in the packages


def test_the_licence_is_the_one_that_the_project_names() -> None:
    assert PROJECT["project"]["license"] == "MIT"
    assert (HOUSE / "LICENSE").read_text().startswith("MIT License\n\nCopyright (c) 2026 The vpcdns authors\n")


def test_what_the_packages_take_along_is_there() -> None:
    targets = PROJECT["tool"]["hatch"]["build"]["targets"]
    wanted = [*targets["wheel"]["force-include"], *(name.lstrip("/") for name in targets["sdist"]["include"])]
    assert [name for name in [*wanted, "proxy/py.typed"] if not (HOUSE / name).exists()] == []


def tracked() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (HOUSE / ".git").exists():
        pytest.skip("this is no git checkout")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=HOUSE, capture_output=True, check=True, text=True).stdout
    return [HOUSE / name for name in listed.split("\0") if name and (HOUSE / name).is_file()]


# In two parts each, so that they are not found here.
REGISTRIES = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "deb." + "debian.org", "proxy.golang" + ".org"]
MACHINE_PATH = re.compile(r"(?<![\w.~$}>/-])/(?:work|tmp|root|home|Users)/")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see /" + "root/notes", True),
        ('"/' + "home/anna/vpcdns.yaml" + '"', True),
        ("~/.config/vpcdns/", False),
        ("a/" + "tmp/b", False),
        ("$HOME/" + "work/x", False),
    ],
)
def test_paths_of_one_machine_are_told_from_others(text: str, found: bool) -> None:
    assert bool(MACHINE_PATH.search(text)) is found


def test_nothing_in_the_repository_is_of_one_machine_alone() -> None:
    """No path that only its author has, no host that packages are taken from."""
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{path.relative_to(HOUSE)}: {match[0]}" for match in MACHINE_PATH.finditer(text)]
        found += [f"{path.relative_to(HOUSE)}: {host}" for host in REGISTRIES if host in text]
    assert found == []


def test_nothing_that_was_made_here_is_in_the_repository() -> None:
    made = re.compile(r"(^|/)(__pycache__|\.venv|dist|build|\.\w+_cache|\.hypothesis)/|\.pyc$|(^|/)\.coverage")
    assert [str(path) for path in tracked() if made.search(str(path.relative_to(HOUSE)))] == []
