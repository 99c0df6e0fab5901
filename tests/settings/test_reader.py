"""YAML as it is read, its traps, and what is no YAML."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import yaml

from proxy.settings import marks
from proxy.settings.problems import ConfigError
from proxy.settings.reader import MAX_OCTETS, MAX_VALUES, decode, read_yaml


@pytest.fixture(params=["libyaml", "pure Python"], autouse=True)
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "pure Python":
        monkeypatch.setattr(marks, "Parser", yaml.SafeLoader)


GOOD: dict[str, Any] = {
    "": None,
    "# nothing\n": None,
    "---\n...\n": None,
    "a: no\nb: on\nc: off\nd: yes\ne: ~\nf: null": {"a": "no", "b": "on", "c": "off", "d": "yes", "e": "~", "f": "null"},
    "a: [012, 0x10, 1e3, 1_000, .inf, 22:30, 2021-01-01]": {
        "a": ["012", "0x10", "1e3", "1_000", ".inf", "22:30", "2021-01-01"]
    },
    "a: true\nb: false\nc: 'true'\nd: True": {"a": True, "b": False, "c": "true", "d": "True"},
    "a:\nb: ''\nc: !!str": {"a": None, "b": "", "c": ""},
    "no: 1\ntrue: 2\n~: 3\n12: 4": {"no": "1", "true": "2", "~": "3", "12": "4"},
    "a: &x [1, {b: 2}]\nc: *x\nd: &y e\nf: *y": {"a": ["1", {"b": "2"}], "c": ["1", {"b": "2"}], "d": "e", "f": "e"},
    "a: &x {b: 1, c: 2}\nd: {c: 3, <<: *x}": {"a": {"b": "1", "c": "2"}, "d": {"b": "1", "c": "3"}},
    "a: &x {b: 1}\nc: &y {b: 2, e: 3}\nd: {<<: [*x, *y]}": {
        "a": {"b": "1"}, "c": {"b": "2", "e": "3"}, "d": {"b": "1", "e": "3"},
    },
    "a: {'<<': 1}": {"a": {"<<": "1"}},
    "a: |\n  x\n  y\nb: >-\n  x\n  y": {"a": "x\ny\n", "b": "x y"},
    "a: !!map {b: !!seq [c]}": {"a": {"b": ["c"]}},
}  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_scalars_stay_what_was_written(text: str) -> None:
    assert read_yaml("x", text) == GOOD[text]


BAD = {
    "a: [1, 2": "x:",
    "a: {b: 1": "x:",
    "a: 'b": "x:1:6:",
    "a: 1\n\tb: 2": "x:2:1:",
    "a: b: c": "x:1:5: this is no YAML: mapping values are not allowed",
    "%YAML 9.9\n---\na: 1": "x:1:1: this is no YAML: found incompatible YAML document",
    "a: 1\n---\nb: 2": "x:2:1: a second document begins here (a configuration is one; a folder holds several files)",
    "a: !foo b": "x:1:4: the tag !foo is nothing that vpcdns takes (leave it out)",
    "a: !!python/object:os.system {}": "x:1:4: the tag tag:yaml.org,2002:python/object:os.system is nothing",
    "a: !!int 1": "x:1:4: the tag tag:yaml.org,2002:int is nothing",
    "a: *b": "x:1:4: *b refers to nothing (put &b before what is meant, further up)",
    "a: &b [*b]": "x:1:8: *b refers to what it stands in",
    "{{a}}: 1": "x:1:1: a key is a plain word",
    "? [a]\n: 1": "x:1:3: a key is a plain word (put a key with special characters into quotation marks)",
    "&a b: 1": "x:1:1: a key is a plain word",
    "a: {<<: 1}": "x:1:5: << takes a mapping, or a list of them (write for example <<: *defaults)",
    "a: {<<: [1]}": "x:1:5: << takes a mapping",
    "a: 1\nb: 2\na: 3": "x:3:1: a: a stands twice, first in line 1 (keep one of the two)",
    "v:\n  a: {b: 1, c: 2,\n   b: 3}": "x:3:4: v.a.b: b stands twice, first in line 2 (keep one of the two)",
    "l:\n  - {a: 1}\n  - {b: 1,\n    b: 2}": "x:4:5: l[1].b: b stands twice, first in line 3",
    "a: \x01": "x:1:4: the character U+0001 is not allowed in YAML",
    "a: b\nc: d\0": "x:2:5: the character U+0000 is not allowed in YAML",
    "a: \ud800": "x:1:4: the character U+D800 is not allowed in YAML",
    "- " * 10_000: "x:1:129: this is nested more than 64 deep",
}


@pytest.mark.parametrize("text", BAD)
def test_what_is_wrong_is_told_with_its_line_and_column(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_yaml("x", text)
    assert str(caught.value.problems[0]).startswith(BAD[text])


def test_a_key_that_stands_twice_is_told_beside_what_else_is_wrong() -> None:
    with pytest.raises(ConfigError) as caught:
        read_yaml("x", "a: *b\nc: 1\nc: 2")
    assert [str(problem)[:25] for problem in caught.value.problems] == [
        "x:1:4: *b refers to nothi",
        "x:3:1: c: c stands twice ",
    ]


@pytest.mark.parametrize("opening", ["[", "{", "[a, {b: "])
def test_brackets_that_never_close(opening: str) -> None:
    with pytest.raises(ConfigError):
        read_yaml("x", opening * 10_000)


def laughs(line: Callable[[str], str]) -> str:
    names = "abcdefghijkl"
    return "a: &a [x]\n" + "".join(f"{name}: &{name} {line('*' + before)}\n" for before, name in pairwise(names))


@pytest.mark.parametrize(
    "line",
    [
        lambda before: f"[{','.join([before] * 10)}]",
        lambda before: "{" + ",".join(f"k{number}: {before}" for number in range(10)) + "}",
    ],
)
def test_a_billion_laughs_are_counted_and_refused(line: Callable[[str], str]) -> None:
    with pytest.raises(ConfigError, match=f"more than {MAX_VALUES:,} values"):
        read_yaml("x", laughs(line))


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("a: 1\n" * 2000, "x:1001:1: with this there are 1,000 keys that stand twice"),
        ("a: [" + "*b, " * 2000 + "]", "x:1:4001: *b refers to nothing (put &b before what is meant, further up)"),
    ],
)
def test_a_thousand_problems_are_enough(text: str, last: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_yaml("x", text)
    assert len(caught.value.problems) <= 1000
    assert str(caught.value.problems[-1]) == last


def test_bytes_are_utf_8_with_or_without_a_byte_order_mark() -> None:
    assert decode("x", "ä".encode()) == decode("x", "ä".encode("utf-8-sig")) == decode("x", "\ufeffä") == "ä"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xef\xbb\xbfa: 1\nb: \xff", "x:2:4: this is not UTF-8 (save the file as UTF-8)"),
        ("a: 1".encode("utf-16"), "x:1:1: this is not UTF-8 (save the file as UTF-8)"),
        (b" " * (MAX_OCTETS + 1), "x:1:1: this has 67,108,865 octets, and vpcdns reads 67,108,864 at most"),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        decode("x", content)
    assert str(caught.value) == told


def test_merging_many_into_much_takes_no_product_of_the_two() -> None:
    """Key by key for each of 40,000 merged mappings, this would be 1.6 thousand million steps."""
    own = "".join(f", k{number}: " for number in range(40_000))
    text = f"a: &a {{x: 1}}\nb: {{<<: [{'*a, ' * 40_000}]{own}}}"
    merged = read_yaml("x", text)["b"]
    assert len(merged) == 40_001
    assert merged["x"] == "1"
