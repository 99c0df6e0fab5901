"""Names: text and wire form, and what is no name."""

from __future__ import annotations

import dns.exception
import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.dns.errors import MalformedMessage
from proxy.dns.names import ROOT, Name, name_text, split_labels, wire_name

LABELS = st.lists(st.binary(min_size=1, max_size=63), max_size=5)


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("www.example.com", b"\3www\7example\3com\0"),
        ("WWW.Example.COM.", b"\3www\7example\3com\0"),
        (".", b"\0"),
        (r"a\.b.c", b"\3a.b\1c\0"),
        (r"a\\b", b"\3a\\b\0"),
        (r"\065b", b"\2ab\0"),
        (r"\000", b"\1\0\0"),
        (r"a.b\.", b"\1a\2b.\0"),
        (r"\$x.", b"\2$x\0"),
        ("_sip._tcp", b"\4_sip\4_tcp\0"),
        ("*.example.com", b"\1*\7example\3com\0"),
    ],
)
def test_text_to_wire(text: str, wire: bytes) -> None:
    assert Name.from_text(text) == wire
    assert (dns.name.from_text(text).to_wire() or b"").lower() == wire


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a name is empty"),
        ("a..b", "a..b has an empty label"),
        (".a", ".a has an empty label"),
        (r"a\..b..c", r"a\..b..c has an empty label"),
        ("a" * 64, "is longer than 63 octets"),
        (".".join(["a" * 63] * 4), "a name is longer than 255 octets"),
        ("bücher.example", "has the letter ü, which is not ASCII"),
        (r"a\256", r"\256 in a\256 is no octet"),
        ("a\\", "has a broken escape"),
        (r"a\1", "has a broken escape"),
        (r"a\12x", "has a broken escape"),
        ("a\\ü", "has a broken escape"),
    ],
)
def test_what_is_no_name(text: str, says: str) -> None:
    with pytest.raises(MalformedMessage) as wrong:
        Name.from_text(text)
    assert says in str(wrong.value)


def test_a_name_and_its_parents() -> None:
    name = Name.from_text("www.example.com")
    assert repr(name) == "Name('www.example.com')"
    assert str(name) == "www.example.com"
    assert str(ROOT) == "."
    assert name.labels() == (b"www", b"example", b"com")
    assert name.parent() == Name.from_text("example.com")
    assert ROOT.parent() == ROOT
    assert [str(each) for each in name.suffixes()] == ["www.example.com", "example.com", "com", "."]
    assert list(ROOT.suffixes()) == [ROOT]
    assert name.child(b"API") == Name.from_text("api.www.example.com")
    assert {b"\3com\0": 1}[name[12:]] == 1
    with pytest.raises(MalformedMessage):
        Name.from_text(".".join(["a" * 60] * 4)).child(b"b" * 63)


@pytest.mark.parametrize(
    ("name", "other", "under"),
    [
        ("www.example.com", "example.com", True),
        ("example.com", "example.com", True),
        ("notexample.com", "example.com", False),
        ("com", "example.com", False),
        ("anything", ".", True),
    ],
)
def test_under(name: str, other: str, under: bool) -> None:
    assert Name.from_text(name).is_under(Name.from_text(other)) is under


@given(LABELS)
def test_text_and_wire_are_each_others_reverse(labels: list[bytes]) -> None:
    wire = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    if len(wire) > 255:
        return
    assert wire_name(name_text(wire)) == wire
    assert list(split_labels(wire)) == labels
    assert dns.name.from_text(name_text(wire)).to_wire() == wire


@given(st.text(max_size=80))
def test_any_text_is_a_name_or_a_malformed_one(text: str) -> None:
    try:
        name = Name.from_text(text)
    except MalformedMessage:
        return
    assert Name.from_text(str(name)) == name
