"""Cassettes as text: what is written is read back octet by octet, and reads well in a difference."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.dns.errors import MalformedMessage
from proxy.dns.names import Name
from proxy.dns.records import RecordSet
from proxy.dns.reply import check_rdata
from proxy.dns.write import Sections
from proxy.settings.cassette import read_cassette, write_cassette
from proxy.settings.problems import ConfigError
from tests.worlds import placed, reply

EXAMPLE = """\
# What other servers replied to vpcdns, recorded with `upstream.mode: record` and given again with `mode: replay`.
# A record is OWNER TTL TYPE DATA, @ the name that was asked.  It may be edited; recording again keeps what still holds.

format: 1
routes:
  "192.0.2.9:53":
    "_x\\\\032y.corp.example TYPE65280":
      answer:
        - "@ 60 TYPE65280 \\\\# 3 0102ff"
    dead.corp.example A:
      failed: "192.0.2.9:53 gave no reply within 2 s"
  "system":
    example.com NS: {}
    nope.example.com A:
      rcode: NXDOMAIN
      authority:
        - "example.com 900 SOA ns.example.com hostmaster.example.com 1 2 3 4 5"
    www.example.com A:
      answer:
        - "@ 300 CNAME web.example.com"
        - "web.example.com 60 A 192.0.2.1"
        - "web.example.com 60 A 192.0.2.2"
      additional:
        - "ns.example.com 60 CLASS3 TXT \\"chaos\\""
"""
CONTENT: dict[tuple[str, bytes, int], Sections | str] = {
    ("system", Name.from_text("www.example.com"), 1): Sections(
        0,
        (placed(None, "CNAME", 300, "web.example.com"), placed("web.example.com", "A", 60, "192.0.2.1", "192.0.2.2")),
        (),
        ((Name.from_text("ns.example.com"), RecordSet.pack(16, 60, [b"\5chaos"], 3)),),
    ),
    ("system", Name.from_text("nope.example.com"), 1): reply(
        rcode=3, authority=(placed("example.com", "SOA", 900, "ns.example.com. hostmaster.example.com. 1 2 3 4 5"),)
    ),
    ("system", Name.from_text("example.com"), 2): Sections(),
    ("192.0.2.9:53", Name.from_text("dead.corp.example"), 1): "192.0.2.9:53 gave no reply within 2 s",
    ("192.0.2.9:53", Name.from_text("_x\\032y.corp.example"), 65280): Sections(
        0, ((None, RecordSet.pack(65280, 60, [b"\1\2\xff"])),)
    ),
}


def test_it_is_read_as_it_is_written() -> None:
    assert write_cassette(CONTENT) == EXAMPLE
    assert read_cassette("c.yaml", EXAMPLE) == CONTENT


def test_an_empty_one() -> None:
    assert read_cassette("c.yaml", write_cassette({})) == {}


NAMES = st.lists(st.binary(min_size=1, max_size=20).map(bytes.lower), max_size=5).map(
    lambda labels: Name(b"".join(bytes((len(label),)) + label for label in labels) + b"\0")
)


def packed(kind: int, ttl: int, rdatas: list[bytes], rclass: int) -> RecordSet:
    """A set of those of `rdatas` that a reply can have."""
    good = []
    for rdata in rdatas:
        with suppress(MalformedMessage):
            check_rdata(kind, rdata, rclass)
            good.append(rdata)
    return RecordSet.pack(kind if good else 65280, ttl, good or rdatas, rclass)


SETS = st.builds(
    packed,
    st.one_of(st.integers(0, 0xFFFF), st.sampled_from([1, 2, 5, 6, 15, 16, 28, 33, 35, 43, 44, 52, 64, 65, 99, 257])),
    st.integers(0, 0x7FFFFFFF),
    st.lists(
        st.binary(max_size=30)
        | st.sampled_from([b"\1\2\3\4", bytes(16), b"\1a\0", b"\0\x0a\1a\0", b"\0\0" + bytes(20), b"\0\1\0\2\1U\0\0\1a\0"]),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from([1, 1, 1, 3, 255]),
)
SECTIONS = st.lists(st.tuples(st.one_of(st.none(), NAMES), SETS), max_size=3).map(tuple)
REPLIES = st.one_of(
    st.builds(Sections, st.integers(0, 0xFFF), SECTIONS, SECTIONS, SECTIONS),
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=30),
)
HEADINGS = st.tuples(st.sampled_from(["system", "192.0.2.9:53", 'a "b": c']), NAMES, st.integers(0, 0xFFFF))


def records(sections: object) -> object:
    """Every record by itself: neighbours that differ in nothing but their set are one set when they are read."""
    if isinstance(sections, str):
        return sections
    assert isinstance(sections, Sections)
    return sections.rcode, [
        [(owner, found.ttl, record) for owner, found in section for record in found.records] for section in sections[1:]
    ]


@given(st.dictionaries(HEADINGS, REPLIES, max_size=4))
def test_whatever_was_replied_comes_back(content: dict[tuple[str, bytes, int], Sections | str]) -> None:
    text = write_cassette(content)
    found = read_cassette("c.yaml", text)
    assert {heading: records(each) for heading, each in found.items()} == {
        heading: records(each) for heading, each in content.items()
    }
    assert write_cassette(found) == text
    assert text.isascii()


def test_blanks_do_not_count() -> None:
    """Whoever edits it may line its columns up."""
    aligned = (
        'format: 1\nroutes:\n  s:\n    a TXT:\n      answer: ["@    60  TXT   \\"x  y\\"", "@ 60\tCLASS3  TXT  \\"z\\""]'
    )
    written = write_cassette(read_cassette("c.yaml", aligned))
    assert r'"@ 60 TXT \"x  y\""' in written
    assert r'"@ 60 CLASS3 TXT \"z\""' in written


WRONG = [
    ("", "x:1:1: format is missing (write for example format: 1)"),
    ("format: 2", "x:1:1: format: 2 is no choice here (there is 1)"),
    ("format: 1\nroutes: {system: {www.example.com: {}}}", "x:2:19: routes.system.www.example.com: "),
    ("format: 1\nroutes: {system: {a A: {answer: [x]}}}", "x:2:34: routes.system.a A.answer[0]: x is no record (write OWNER TTL"),
    ("format: 1\nroutes: {system: {a A: {answer: ['@ 300 A here']}}}", "here is no data of type A; write for example 192.0.2.1"),
    ("format: 1\nroutes: {system: {a A: {answer: ['@ -1 A 10.0.0.1']}}}", "is no record"),
    ("format: 1\nroutes: {system: {a A: {answer: ['@ 1 CLASS70000 A 10.0.0.1']}}}", "is no record"),
    ("format: 1\nroutes: {system: {a A: {answer: ['@ 1 CLASSx A 10.0.0.1']}}}", "is no record"),
    ("format: 1\nroutes: {system: {a A: {answer: ['@ " + "9" * 5000 + " A 10.0.0.1']}}}", "is no record"),
    ("format: 1\nroutes: {system: {a A: {answer: ['@ 1 CLASS" + "9" * 5000 + " A 10.0.0.1']}}}", "is no record"),
    ("format: 1\nroutes: {system: {a A: {answer: ['@ ١ A 10.0.0.1']}}}", "is no record"),
    ("format: 1\nroutes: {system: {a A: {answer: ['@ 1 CNAME \\# 1 ff']}}}", "is no data of type CNAME"),
    ("format: 1\nroutes: {system: {a A: {answer: ['@ 1 TYPE9999 \\# 65536 " + "00" * 65536 + "']}}}", "over 65,535 octets"),
    ("format: 1\nroutes: {system: {a A: {rcode: MAYBE}}}", "MAYBE is no response code (write for example NXDOMAIN)"),
    ("format: 1\nroutes: {system: {a A: {rcode: RCODE4096}}}", "RCODE4096 is no response code"),
    ("format: 1\nroutes: {system: {a A: {answr: []}}}", "unknown key answr (did you mean answer?)"),
    ("format: 1\nroutes: {system: {a A: {}, A. A: {}}}", "a A stands twice here (keep one of the two)"),
    ("format: 1\nroutes: {system: {" + ", ".join(f"{n}: 0" for n in range(500)) + "}}", "is no question"),
    ("format: 1\nroutes: {s: {a.example: {}}}", "a.example is no question: its type is missing (write NAME TYPE"),
    ("format: 1\nroutes: {s: {a A: {failed: no, rcode: NXDOMAIN}}}", "a A.failed: there is a reply, and failed says"),
    ("[", "x:2:1: this is no YAML"),
    (b"\xff", "x:1:1: this is not UTF-8"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_what_is_wrong_is_told_with_its_place(text: str | bytes, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_cassette("x", text)
    assert says in str(caught.value)


@given(st.text(max_size=100))
def test_nothing_but_a_config_error_is_raised(text: str) -> None:
    for made in (text, f"format: 1\nroutes: {text}", f"format: 1\nroutes: {{system: {{{text}}}}}"):
        try:
            read_cassette("x", made)
        except ConfigError:
            continue
