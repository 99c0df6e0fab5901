"""`vpcdns compare`: the same names in several views, as text, as a table and as JSON."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from proxy.asking import Finding, Inquiry, Outcome, ask_all, place
from proxy.cli.comparison import Cell, Row, Value, compare, is_private
from proxy.cli.comparison_table import draw
from proxy.configuration import load
from proxy.dns.names import Name
from proxy.inventory import names_of
from proxy.model.answers import Answer, Question, Reason, ReasonKind
from proxy.model.world import Placement
from proxy.source import Files
from tests.cli.programs import COMMAND, PATIENCE, Ran, environment, vpcdns
from tests.worlds import placed, reply

WORLD = """
upstream: {mode: off}
listen: [{address: "127.0.0.1:0", view: internet}, {address: "127.0.0.1:1055", view: a}]
vpcs: {a: {id: vpc-0a, region: eu-west-1}, b: {}}
private_zones:
  - {name: corp.example, id: Z0A, vpcs: [a], records: {www: 10.0.5.10, web: {CNAME: www.corp.example}, "@": {TXT: in}}}
public_records:
  www.corp.example: 203.0.113.10
  same.example: [198.51.100.2, 198.51.100.10, 198.51.100.1]
"""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    path = tmp_path / "world.yaml"
    path.write_text(WORLD)
    return path


# As text


def test_a_name_is_asked_in_the_views_of_the_listeners_and_shown_side_by_side(world: Path) -> None:
    assert vpcdns("compare", "www.corp.example", "same.example", "-c", world) == Ran(
        1,
        "         NAME              TYPE  a                                internet\n"
        "differs  www.corp.example  A     10.0.5.10 (private)              203.0.113.10\n"
        "                                 private zone corp.example (Z0A)  public record\n"
        "same     same.example      A     198.51.100.1                     198.51.100.1\n"
        "                                 198.51.100.2                     198.51.100.2\n"
        "                                 198.51.100.10                    198.51.100.10\n"
        "                                 public record                    public record\n"
        "\n"
        "2 names, of which 1 differs between a and internet\n",
        f"configuration: {world} (-c)\n",
    )


def test_without_names_all_of_the_file_are_compared(world: Path) -> None:
    told = json.loads(vpcdns("-c", world, "compare", "--json").out)
    assert [(row["name"], row["type"], row["same"]) for row in told["names"]] == [
        ("www.corp.example", "A", False),
        ("same.example", "A", True),
        ("web.corp.example", "A", False),
        ("corp.example", "TXT", False),
    ]
    assert (told["views"], told["differ"]) == (["a", "internet"], 3)


def test_the_views_are_those_asked_for_else_all_if_listeners_name_fewer_than_two(world: Path) -> None:
    chosen = json.loads(vpcdns("-c", world, "compare", "same.example", "--views", "internet, b,b", "--json").out)
    assert chosen["views"] == ["internet", "b"]
    world.write_text(WORLD.replace("view: a}", "view: internet}"))
    every = json.loads(vpcdns("-c", world, "compare", "same.example", "--json").out)
    assert every["views"] == ["a", "b", "internet"]


def test_all_the_same_is_0(world: Path) -> None:
    ran = vpcdns("-c", world, "compare", "same.example", "nope.example", "--views", "a,b,internet")
    assert ran.status == 0
    assert ran.out.endswith("2 names, the same in a, b and internet\n")


def test_the_order_of_records_and_their_ttls_make_no_difference(world: Path) -> None:
    """Upstreams turn their records, and TTLs run down."""
    question = Question(Name.from_text("x.example"), 1)
    view = load(Files(world, "world.yaml", "-c")).world.views["a"]
    one, other = (
        Finding(Inquiry(question, Placement(view, "")), Answer(said, Reason(ReasonKind.UPSTREAM, "upstream")), ())
        for said in (
            reply(placed(None, "A", 60, "198.51.100.1", "198.51.100.2")),
            reply(placed(None, "A", 17, "198.51.100.2", "198.51.100.1")),
        )
    )
    row = compare([one, other])
    assert row.same
    assert row.cells[0] == row.cells[1]


def test_another_rcode_is_a_difference_and_is_said(world: Path) -> None:
    ran = vpcdns("-c", world, "compare", "nope.corp.example")
    assert ran.status == 1
    assert ran.out.splitlines()[1].split() == ["differs", "nope.corp.example", "A", "NXDOMAIN", "REFUSED"]


def test_a_type_is_for_all_names(world: Path) -> None:
    told = json.loads(vpcdns("-c", world, "compare", "--type", "txt", "--json").out)
    assert {row["type"] for row in told["names"]} == {"TXT"}


def test_names_can_come_from_a_file(world: Path, tmp_path: Path) -> None:
    names = tmp_path / "names"
    names.write_text("# ours\nwww.corp.example\n\ncorp.example TXT  # the text\nwww.corp.example\n")
    told = json.loads(vpcdns("-c", world, "compare", "same.example", "--file", names, "--json").out)
    assert [(row["name"], row["type"]) for row in told["names"]] == [
        ("same.example", "A"), ("www.corp.example", "A"), ("corp.example", "TXT"),
    ]  # fmt: skip


def test_names_can_come_by_standard_input(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("same.example\n"))
    assert vpcdns("-c", world, "compare", "--file", "-").status == 0


def test_json_tells_private_addresses_and_reasons(world: Path) -> None:
    [row] = json.loads(vpcdns("-c", world, "compare", "web.corp.example", "--json").out)["names"]
    assert row["views"]["a"]["private"] == ["10.0.5.10"]
    assert row["views"]["a"]["reason"] == {"kind": "private zone", "text": "private zone corp.example (Z0A)"}
    assert (row["views"]["internet"]["outcome"], row["views"]["internet"]["rcode"]) == ("failure", "REFUSED")


def test_a_file_without_names_is_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("upstream: {mode: off}\n")
    ran = vpcdns("-c", path, "compare")
    assert (ran.status, ran.out) == (0, "")
    assert ran.err.endswith("there is no name to compare\n")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["a..b"], "a..b has an empty label"),
        (["same.example", "--type", "FOO"], "FOO is no record type"),
        (["--views", "a"], "it takes two views to compare"),
        (["--views", "a,intranet"], "there is no view intranet (did you mean internet?)"),
        (["--file", "nowhere"], "nowhere cannot be read: No such file or directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_usage_is_told_with_a_hint(world: Path, arguments: list[str], hint: str) -> None:
    ran = vpcdns("-c", world, "compare", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert hint in ran.err


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (b"fine.example\nx.example A more\n", ", line 2: NAME or NAME TYPE, one a line"),
        (b"fine.example\n\na..b\n", ", line 3: a..b has an empty label"),
        (b"\xff\xfe\n", "it is no text in UTF-8"),
    ],
)
def test_a_mistake_in_a_file_of_names_has_its_line(world: Path, tmp_path: Path, text: bytes, hint: str) -> None:
    names = tmp_path / "names"
    names.write_bytes(text)
    ran = vpcdns("-c", world, "compare", "--file", names)
    assert (ran.status, ran.out) == (2, "")
    assert hint in ran.err


# On a terminal


@pytest.fixture
def rows(world: Path) -> list[Row]:
    configuration = load(Files(world, "world.yaml", "-c"))
    inquiries = [
        place(configuration.world, question, view) for question in names_of(configuration) for view in ("a", "internet")
    ]
    found = asyncio.run(ask_all(configuration, inquiries, live=False))
    return [compare(pair) for pair in zip(found[::2], found[1::2], strict=True)]


def drawn(rows: list[Row], width: int, *, colour: bool = False, views: int = 2) -> str:
    out = io.StringIO()
    heads = [("a", "127.0.0.1:1055"), *(("internet", "outside every VPC") for _ in range(views - 1))]
    wider = [row._replace(cells=(row.cells[0], *row.cells[1:] * (views - 1))) for row in rows]
    draw(wider, heads, Console(file=out, width=width, force_terminal=colour, color_system="standard" if colour else None))
    return out.getvalue()


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("views", [2, 3, 6])
def test_a_drawing_keeps_to_the_width_and_loses_nothing(rows: list[Row], width: int, views: int) -> None:
    text = drawn(rows, width, views=views)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert text.count("10.0.5.10") == 2
    assert text.count("198.51.100.10") == views
    assert text.count("≠") == 3


def test_a_wide_terminal_has_columns(rows: list[Row]) -> None:
    lines = [line.rstrip() for line in drawn(rows, 90).splitlines()]
    assert lines[0].split() == ["a", "internet"]
    assert lines[3].split() == ["≠", "www.corp.example", "10.0.5.10", "private", "203.0.113.10"]
    assert lines[4].split() == ["private", "zone", "corp.example", "(Z0A)", "public", "record"]


def test_many_views_are_lines_of_a_block_with_the_reason_beside_the_answer(rows: list[Row]) -> None:
    lines = [line.rstrip() for line in drawn(rows, 80, views=6).splitlines()]
    assert lines[:3] == [
        "≠ www.corp.example",
        "  a         10.0.5.10  private       private zone corp.example (Z0A)",
        "  internet  203.0.113.10             public record",
    ]


def test_on_a_narrow_terminal_the_reason_stands_below(rows: list[Row]) -> None:
    lines = [line.rstrip() for line in drawn(rows, 38).splitlines()]
    assert lines[:5] == [
        "≠ www.corp.example",
        "  a         10.0.5.10  private",
        "            private zone corp.example",
        "  internet  203.0.113.10",
        "            public record",
    ]


def test_many_records_that_all_agree_on_are_cut_short() -> None:
    cell = Cell(Outcome.ANSWER, "", tuple(Value(f"198.51.100.{last}") for last in range(9)), "public record")
    question = Question(Name.from_text("many.example"), 1)
    assert "and 6 more" in drawn([Row(question, (), (cell, cell), same=True)], 80)
    assert "198.51.100.8" in drawn([Row(question, (), (cell, cell._replace(values=())), same=False)], 80)


def test_colours_are_for_terminals(rows: list[Row]) -> None:
    assert "\x1b[1;32m10.0.5.10" in drawn(rows, 80, colour=True)
    assert "\x1b" not in drawn(rows, 80)


def on_a_terminal(*arguments: object, **environ: str) -> str:
    """What a command prints on a terminal of 80 columns."""
    leader, follower = pty.openpty()
    command = [*COMMAND, *map(str, arguments)]
    more = environment(TERM="xterm-256color", COLUMNS="80", **environ)
    subprocess.run(command, stdout=follower, stderr=subprocess.DEVNULL, env=more, timeout=PATIENCE, check=False)
    os.close(follower)
    text = b""
    with contextlib.suppress(OSError):  # Linux tells the end of a terminal so
        while read := os.read(leader, 65536):
            text += read
    os.close(leader)
    return text.decode().replace("\r\n", "\n")


def test_a_terminal_gets_the_table_and_no_color_the_text(world: Path) -> None:
    table = on_a_terminal("-c", world, "compare", "www.corp.example")
    assert "\x1b[1;33m≠" in table
    assert "\x1b[1;32m10.0.5.10" in table
    plain = on_a_terminal("-c", world, "compare", "www.corp.example", NO_COLOR="1")
    assert plain == vpcdns("-c", world, "compare", "www.corp.example").out


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("10.255.0.1", True), ("172.31.0.1", True), ("172.32.0.1", False), ("192.168.1.1", True), ("100.64.0.1", True),
        ("100.128.0.1", False), ("203.0.113.10", False), ("fd00::1", True), ("2001:db8::1", False), ("169.254.169.253", True),
    ],
)  # fmt: skip
def test_private_addresses_are_those_of_networks_not_of_documents(text: str, private: bool) -> None:
    assert is_private(text) is private
