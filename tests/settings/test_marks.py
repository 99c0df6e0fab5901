"""Where things stand, in one file and in several that are read as one."""

from __future__ import annotations

import gc

import pytest

from proxy.settings.marks import Marks
from proxy.settings.problems import Path

ONE = """\
vpcs:
  app: {cidr: [10.0.0.0/16, 10.1.0.0/16]}
zones:
  - name: a
  - &z {name: b, id: c}
  - {<<: *z, id: d}
  - {<<: [*z]}
"""
TWO = "vpcs: {data: {}}\nzones:\n  - name: e\n"


@pytest.mark.parametrize(
    ("path", "mark"),
    [
        ((), "one:1:1"),
        (("vpcs", "app"), "one:2:3"),
        (("vpcs", "app", "cidr", 1), "one:2:29"),
        (("vpcs", "app", "nothing", "here"), "one:2:3"),
        (("vpcs", "app", "cidr", "x"), "one:2:9"),
        (("vpcs", "data"), "two:1:8"),
        (("zones", 1, "id"), "one:5:18"),
        (("zones", 2, "name"), "one:5:9"),
        (("zones", 2, "id"), "one:6:14"),
        (("zones", 3, "id"), "one:5:18"),
        (("zones", 4, "name"), "two:3:5"),
        (("zones", 5), "one:3:1"),
        (("nothing",), "one:1:1"),
    ],
)
def test_a_path_leads_to_its_place_or_to_the_nearest(path: Path, mark: str) -> None:
    assert str(Marks([("one", ONE), ("two", TWO)]).mark(path)) == mark


def test_a_long_chain_of_references_is_followed() -> None:
    """A chain of some thousand, which is no deep nesting."""
    links = "".join(f"a{number}: &a{number} {{<<: *a{number - 1}}}\n" for number in range(1, 1200))
    marks = Marks([("x", f"a0: &a0 {{here: 1}}\n{links}")])
    assert str(marks.mark(("a1199", "here"))) == "x:1:10"


def test_references_that_grow_are_looked_at_once() -> None:
    links = "".join(f"a{number}: &a{number} {{<<: [*a{number - 1}, *a{number - 1}]}}\n" for number in range(1, 40))
    assert str(Marks([("x", f"a0: &a0 {{here: 1}}\n{links}")]).mark(("a39", "here"))) == "x:1:10"


def test_files_without_anything_have_a_first_line() -> None:
    assert str(Marks([("x", "")]).mark(("a",))) == "x:1:1"
    assert str(Marks([]).mark(())) == ":1:1"


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_left_as_it_was(enabled: bool) -> None:
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    Marks([("x", "a: 1")]).mark(("a",))
    after = gc.isenabled()
    (gc.enable if before else gc.disable)()
    assert after is enabled
