"""`vpcdns check`: every problem, what is worth knowing, and whether the file's own tests hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.programs import HOUSE, SPLIT, program, vpcdns

GOOD = SPLIT + "expect: [{view: a, query: www.example.com, answers: [10.0.5.10]}]\n"
FAILING = SPLIT + "expect:\n  - {view: a, query: www.example.com}\n  - {view: a, query: www.example.com, ttl: 5}\n"
REFUSED = "private_zones: [{name: com, vpcs: [a]}]\nvpcs: {a: {cidr: 10.0.0.0/16}}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vpcdns.yaml"


@pytest.mark.parametrize("path", sorted((HOUSE / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_everything_that_is_shipped_is_good(path: Path) -> None:
    status, out, err = vpcdns("check", "-c", path)
    assert (status, err) == (0, f"configuration: {path} (-c)\n"), out
    *noted, last = out.splitlines()
    assert last.startswith("good: ")
    assert all(": note: " in line for line in noted)


def test_a_good_file_is_summed_up(file: Path) -> None:
    file.write_text(GOOD)
    status, out, _ = vpcdns("-c", file, "check")
    assert out == "good: 2 views, 1 VPC, no endpoints, 1 private zone, 2 record sets; 1 expectation met\n"
    assert status == 0


def test_every_problem_has_its_place_and_a_hint(file: Path) -> None:
    file.write_text("regoin: us-east-1\nvpcs:\n  a: {cidr: 10.0.0.1/16}\n")
    status, out, _ = vpcdns("-c", file, "check")
    assert out.splitlines() == [
        f"{file}:1:1: regoin: unknown key regoin (did you mean region?)",
        f"{file}:3:7: vpcs.a.cidr: 10.0.0.1/16 has bits set behind its prefix (write 10.0.0.0/16)",
        "refused: 2 problems",
    ]
    assert status == 1


def test_expectations_that_do_not_hold_are_problems_unless_they_are_not_run(file: Path) -> None:
    file.write_text(FAILING)
    status, out, _ = vpcdns("-c", file, "check")
    [problem, summary] = out.splitlines()
    says = (
        "expect[1]: www.example.com A in view a: the TTLs are [300], not 5 (the answer came from: private zone example.com"
    )
    assert problem.startswith(f"{file}:8:5: {says}")
    assert summary == "failed: 1 of 2 expectations"
    assert status == 1
    assert vpcdns("-c", file, "check", "--no-expect")[:2] == (
        0,
        "good: 2 views, 1 VPC, no endpoints, 1 private zone, 2 record sets; no expectations\n",
    )


@pytest.mark.parametrize(
    ("expect", "status", "last"),
    [
        ('{error: "top-level domain"}', 0, "good: refused, as the file's expect wants it"),
        ('{error: "top-level domain", at: "private_zones[0]"}', 0, "good: refused, as the file's expect wants it"),
        ('{error: "top-level domain", at: vpcs}', 1, "refused: 1 problem"),
        ('{error: "something else"}', 1, "refused: 1 problem"),
    ],
)
def test_a_file_that_wants_to_be_refused_is_good_when_it_is_so(file: Path, expect: str, status: int, last: str) -> None:
    file.write_text(REFUSED + f"expect: {expect}\n")
    ran = vpcdns("-c", file, "check")
    first, summary = ran.out.splitlines()
    assert first.startswith(f"{file}:1:18: private_zones[0].name: ")
    assert (ran.status, summary) == (status, last)


def test_a_file_that_wants_to_be_refused_and_is_not_is_bad(file: Path) -> None:
    file.write_text(SPLIT + 'expect: {error: "anything"}\n')
    status, out, _ = vpcdns("-c", file, "check")
    assert "expect: the file is accepted, though it is to be refused with: anything" in out
    assert (status, out.splitlines()[-1]) == (1, "failed: 1 of 1 expectation")


def test_notes_are_no_problems(file: Path) -> None:
    file.write_text(SPLIT.replace("vpcs: [a]", "vpcs: []") + "allow_clients: any\n")
    file.write_text(file.read_text().replace('"127.0.0.1:0", view: a', '"0.0.0.0:0", view: a'))
    status, out, _ = vpcdns("-c", file, "check")
    lines = out.splitlines()
    assert lines[0] == f"{file}:4:17: private_zones[0]: note: the zone example.com is on no VPC, so nobody sees it"
    assert lines[1].startswith(f"{file}:6:1: allow_clients: note: 0.0.0.0:0 answers everybody who can reach it")
    assert lines[2].startswith("good: ")
    assert status == 0


def test_json_has_everything(file: Path) -> None:
    file.write_text(GOOD)
    good = vpcdns("-c", file, "check", "--json")
    assert good.status == 0
    assert json.loads(good.out) == {
        "configuration": str(file),
        "good": True,
        "refused": False,
        "problems": [],
        "notes": [],
        "expectations": 1,
        "counts": {"views": 2, "vpcs": 1, "private_zones": 1, "records": 2, "endpoints": 0},
    }
    file.write_text("regoin: us-east-1\n")
    bad = vpcdns("-c", file, "check", "--json")
    assert bad.status == 1
    found = json.loads(bad.out)
    assert (found["good"], found["refused"], found["counts"]) == (False, True, None)
    assert found["problems"] == [
        {
            "file": str(file),
            "line": 1,
            "column": 1,
            "path": "regoin",
            "what": "unknown key regoin",
            "hint": "did you mean region?",
        }
    ]


def test_a_folder_is_read_as_one_file_and_standard_input_too(tmp_path: Path) -> None:
    first, *rest = SPLIT.splitlines(keepends=True)
    (tmp_path / "a.yaml").write_text(first)
    (tmp_path / "b.yaml").write_text("".join(rest) + "nonsense: 1\n")
    status, out, _ = vpcdns("check", "-c", tmp_path)
    assert (status, out.splitlines()[0].partition(": ")[0]) == (1, f"{tmp_path}/b.yaml:5:1")
    ran = program("-c", "-", "check", stdin=GOOD)
    assert (ran.status, ran.err) == (0, "configuration: - (-c)\n")
    assert ran.out.startswith("good: ")


@pytest.mark.parametrize("text", [b"", b"\0\1\2", b"\xff\xfe", b"[1, 2]", b"a: &a [*a]", b"- {" * 500, b"? ? ? :"])
def test_whatever_the_file_holds_there_is_no_traceback(file: Path, text: bytes) -> None:
    file.write_bytes(text)
    status, out, err = vpcdns("-c", file, "check")
    assert status == (1 if text else 0)
    assert out
    assert "Traceback" not in err


def test_a_cassette_that_cannot_be_replayed_is_a_problem(file: Path) -> None:
    cassette = file.with_name("answers.yaml")
    file.write_text(f"upstream: {{mode: replay, cassette: '{cassette}'}}\nvpcs: {{a: {{cidr: 10.0.0.0/16}}}}\n")
    missing = f"{file}:1:26: upstream.cassette: there is no cassette {cassette} to replay; make it with mode: record"
    assert vpcdns("-c", file, "check")[:2] == (1, f"{missing}\nrefused: 1 problem\n")
    cassette.write_text("format: 1\nroutes: {s: {a A: {rcode: NXDOMAN}, b A: {answer: ['@ 300 A here']}}}\n")
    status, out, _ = vpcdns("-c", file, "check")
    assert [line.partition(": ")[0] for line in out.splitlines()] == [f"{cassette}:2:20", f"{cassette}:2:52", "refused"]
    assert status == 1
    cassette.write_text("format: 1\n")
    assert vpcdns("-c", file, "check")[0] == 0
