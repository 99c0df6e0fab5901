"""A cassette as YAML: one block a question, in the order of domains, one line a record.

>>> recorded = {("system", Name.from_text("nope.example"), 1): Sections(3)}
>>> write_cassette(recorded).splitlines()[-2:]
['    nope.example A:', '      rcode: NXDOMAIN']
>>> read_cassette("c.yaml", write_cassette(recorded)) == recorded
True
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any

from proxy.dns.codes import CLASS_IN, RCODE_NOERROR, RCODE_WORDS, rcode_word, type_number, type_word
from proxy.dns.errors import MalformedMessage
from proxy.dns.names import Name, name_text, wire_name
from proxy.dns.records import MAX_TTL, Placed, RecordSet
from proxy.dns.text import pack_rdata, rdata_text
from proxy.dns.write import Sections
from proxy.nouns import dataclass
from proxy.settings.composites import Key, ListOf, MapOf, ObjectOf
from proxy.settings.marks import Marks
from proxy.settings.problems import ConfigError, ConfigProblem, Path
from proxy.settings.reader import decode, read_yaml
from proxy.settings.takes import Choice, Found, Place, Text, TooManyError, Wrong, whole_number

Recorded = Mapping[tuple[str, bytes, int], Sections | str]
"""By route in words, name and type: a reply, or why there was none."""

_HEAD = """\
# What other servers replied to vpcdns, recorded with `upstream.mode: record` and given again with `mode: replay`.
# A record is OWNER TTL TYPE DATA, @ the name that was asked.  It may be edited; recording again keeps what still holds.
"""
_NUMBERED_RCODE = re.compile(r"RCODE([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class _Record:
    owner: bytes | None
    ttl: int
    rclass: int
    type: int
    rdata: bytes


def _parse_record(text: str) -> _Record:
    words = text.split(None, 3)
    rclass: int | None = CLASS_IN
    if len(words) == 4 and words[2].startswith("CLASS"):
        rclass = whole_number(words[2][5:])
        words = [*words[:2], *words[3].split(None, 1)]
    if len(words) == 3:
        words.append("")
    ttl = whole_number(words[1]) if len(words) == 4 else None
    if ttl is None or ttl > MAX_TTL or rclass is None or rclass > 0xFFFF:
        raise Wrong(f"{text} is no record", "write OWNER TTL TYPE DATA, for example @ 300 A 192.0.2.1")
    owner, _, word, data = words
    try:
        kind = type_number(word)
        return _Record(None if owner == "@" else wire_name(owner), ttl, rclass, kind, pack_rdata(kind, data, rclass))
    except MalformedMessage as error:
        raise Wrong(f"{text} is no record: {error.what}") from None


def _parse_question(text: str) -> tuple[Name, int]:
    name, _, word = text.rpartition(" ")
    what = "its type is missing"
    try:
        if name:
            return Name.from_text(name), type_number(word)
    except MalformedMessage as error:
        what = error.what
    raise Wrong(f"{text} is no question: {what}", "write NAME TYPE, for example www.example.com A")


def _show_question(question: tuple[Name, int]) -> str:
    name, kind = question
    return f"{name} {type_word(kind)}"


def _parse_rcode(text: str) -> int:
    numbered = _NUMBERED_RCODE.fullmatch(text)
    if numbered is not None and int(numbered[1]) <= 0xFFF:
        return int(numbered[1])
    for number, word in RCODE_WORDS.items():
        if word == text:
            return number
    raise Wrong(f"{text} is no response code", "write for example NXDOMAIN")


_RECORDS = ListOf(Text("a record", "@ 300 A 192.0.2.1", _parse_record))


@dataclass(frozen=True, slots=True)
class _Reply:
    """What came of a question."""

    rcode: Annotated[int, Key(Text("a response code", "NXDOMAIN", _parse_rcode, rcode_word), "Its response code.")] = 0
    answer: Annotated[tuple[_Record, ...], Key(_RECORDS, "Its answer section.")] = ()
    authority: Annotated[tuple[_Record, ...], Key(_RECORDS, "Its authority section.")] = ()
    additional: Annotated[tuple[_Record, ...], Key(_RECORDS, "Its additional section.")] = ()
    failed: Annotated[str | None, Key(Text("a text", "gave no reply"), "Instead of all that: why nobody replied.")] = None


def _settle(reply: _Reply, _: Path) -> _Reply:
    if reply.failed is not None and reply != _Reply(failed=reply.failed):
        raise Wrong("there is a reply, and failed says that there is none", "keep one of the two", ("failed",))
    return reply


@dataclass(frozen=True, slots=True)
class _Written:
    format: Annotated[str, Key(Choice(("1",)), "The format's number.")]
    routes: Annotated[
        Mapping[str, Mapping[tuple[Name, int], _Reply]],
        Key(
            MapOf(
                Text("a route", "system"),
                MapOf(
                    Text("a name and a type", "www.example.com A", _parse_question, _show_question),
                    ObjectOf(_Reply, '{answer: ["@ 300 A 192.0.2.1"]}', _settle),
                ),
            ),
            "What was replied, by route and question.",
        ),
    ] = field(default_factory=dict)


_CASSETTE = ObjectOf(_Written, "format: 1")


def read_cassette(name: str, content: str | bytes) -> dict[tuple[str, bytes, int], Sections | str]:
    """What a cassette has recorded; ConfigError with everything that is wrong with it, each with its place."""
    text = decode(name, content)
    data = read_yaml(name, text)
    found: list[Found] = []
    written: Any = None
    with contextlib.suppress(TooManyError):
        written = _CASSETTE.check(data, Place((), found))
    if found:
        marks = Marks([(name, text)])
        raise ConfigError([ConfigProblem(marks.mark(path), path, what, hint) for path, what, hint in found])
    return {
        (route, asked, kind): _reply_of(reply)
        for route, replies in written.routes.items()
        for (asked, kind), reply in replies.items()
    }


def write_cassette(recorded: Recorded) -> str:
    """The text of a cassette, the same for the same content."""
    return "\n".join((_HEAD, "format: 1", *_routes(recorded), ""))


def _reply_of(reply: _Reply) -> Sections | str:
    if reply.failed is not None:
        return reply.failed
    return Sections(reply.rcode, *(tuple(_into_sets(each)) for each in (reply.answer, reply.authority, reply.additional)))


def _into_sets(records: Iterable[_Record]) -> Iterator[Placed]:
    """Neighbours of one owner, type, class and TTL are one set, as in a reply that is read."""
    group: list[_Record] = []
    for record in records:
        if group and _key(group[0]) != _key(record):
            yield _set_of(group)
            group = []
        group.append(record)
    if group:
        yield _set_of(group)


def _key(record: _Record) -> tuple[bytes, int, int, int]:
    return (record.owner or b"").lower(), record.type, record.rclass, record.ttl


def _set_of(group: list[_Record]) -> Placed:
    first = group[0]
    return first.owner, RecordSet.pack(first.type, first.ttl, [record.rdata for record in group], first.rclass)


def _routes(recorded: Recorded) -> Iterator[str]:
    by_route: dict[str, list[tuple[bytes, int]]] = {}
    for route, name, kind in recorded:
        by_route.setdefault(route, []).append((name, kind))
    yield "routes:" if by_route else "routes: {}"
    for route, questions in sorted(by_route.items()):
        yield f"  {json.dumps(route)}:"
        for name, kind in sorted(questions, key=_by_domain):
            yield from _block(name, kind, recorded[route, name, kind])


def _by_domain(question: tuple[bytes, int]) -> tuple[list[bytes], int]:
    """example.com, then a.example.com, then b.example.com."""
    name, kind = question
    return list(reversed(Name(name).labels())), kind


def _block(name: bytes, kind: int, reply: Sections | str) -> Iterator[str]:
    key = f"{name_text(name)} {type_word(kind)}"
    if re.fullmatch(r"[a-z0-9][\w.-]* \w+", key) is None:
        key = json.dumps(key)
    if isinstance(reply, str):
        yield f"    {key}:"
        yield f"      failed: {json.dumps(reply.encode('ascii', 'backslashreplace').decode())}"
        return
    if reply == Sections():
        yield f"    {key}: {{}}"
        return
    yield f"    {key}:"
    if reply.rcode != RCODE_NOERROR:
        yield f"      rcode: {rcode_word(reply.rcode)}"
    for word, section in zip(("answer", "authority", "additional"), reply[1:], strict=True):
        if section:
            yield f"      {word}:"
            yield from (f"        - {json.dumps(line)}" for placed in section for line in _lines(*placed))


def _lines(owner: bytes | None, found: RecordSet) -> Iterator[str]:
    for record, rdata in zip(found.records, found.rdatas(), strict=True):
        rclass = int.from_bytes(record[4:6], "big")
        words = ["@" if owner is None else name_text(owner), str(found.ttl)]
        if rclass != CLASS_IN:
            words.append(f"CLASS{rclass}")
        yield " ".join((*words, type_word(found.type), _text(found.type, rdata, rclass)))


def _text(kind: int, rdata: bytes, rclass: int) -> str:
    r"""The data as people write it, where that is read as the same octets again; else as \# LENGTH HEX (RFC 3597)."""
    text = rdata_text(kind, rdata)
    try:
        if pack_rdata(kind, text, rclass) == rdata:
            return text
    except MalformedMessage:
        pass
    return rf"\# {len(rdata)} {rdata.hex()}".rstrip()
