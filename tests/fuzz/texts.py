"""YAML of any content, as a configuration and as a cassette: there is one, or a ConfigError that says what is wrong and where.

An input is the file.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from proxy.cache import ReplyCache
from proxy.cassette import Cassette
from proxy.configuration import check
from proxy.dns.codes import TYPE_WORDS
from proxy.dns.write import write_query
from proxy.model.plan import ClientAddress
from proxy.settings.cassette import Recorded, read_cassette, write_cassette
from proxy.settings.composites import keys_of
from proxy.settings.problems import ConfigError, ConfigProblem
from proxy.settings.shape import EndpointSetting, Settings, VpcSetting
from proxy.source import Source
from tests.fuzz.asking import Clock, check_answer, no_defects
from tests.fuzz.replies import BOUNDS, ask

_NAME = "file.yaml"
_MOST_REPLAYED = 20


def run(data: bytes) -> None:
    """Read `data` as either kind of file."""
    with no_defects():
        _check_problems(data, check(_Text(data), run_expectations=len(data) < 3000).problems)
        recorded = _read_cassette(data)
        assert write_cassette(read_cassette(_NAME, write_cassette(recorded))) == write_cassette(recorded)
        cassette = Cassette(recorded)
        for _, name, kind in list(recorded)[:_MOST_REPLAYED]:
            packet = write_query(7, name, kind)
            client = ClientAddress("10.0.1.7", 40000, tcp=False)
            answer = ask(packet, client, None, ReplyCache(BOUNDS), cassette.replay, clock=Clock())
            check_answer(packet, answer, tcp=False, others_data=True)


def _read_cassette(data: bytes) -> Recorded:
    """What a cassette has recorded, nothing where it is none."""
    try:
        return read_cassette(_NAME, data)
    except ConfigError as error:
        problems = error.problems
    assert problems
    _check_problems(data, problems)
    return {}


def words() -> Iterator[bytes]:
    """What files are made of."""
    for key in sorted({*keys_of(Settings), *keys_of(VpcSetting), *keys_of(EndpointSetting), "format", "routes", "answer"}):
        yield f"{key}: ".encode()
    yield from (f"{word}: ".encode() for word in TYPE_WORDS.values())
    yield from (
        b"&a ",
        b"*a",
        b"<<: *a",
        b"- ",
        b"{",
        b"}",
        b"[",
        b"]",
        b"'",
        b'"',
        b"!!str ",
        b"\n---\n",
        b"true",
        b"\\# 4 ",
    )
    yield from (b"system", b"10.0.0.0/16", b"2001:db8::/64", b"CLASS3 ", b"@ 300 A 192.0.2.1", b"off", b"us-east-1", b"\n  ")


class _Text(Source):
    """A text that is there."""

    def __init__(self, text: bytes) -> None:
        super().__init__(_NAME, "given")
        self._text = text

    def fingerprint(self) -> Hashable:
        return self._text

    def _read(self) -> list[tuple[str, bytes]]:
        return [(_NAME, self._text)]


def _check_problems(data: bytes, problems: Sequence[ConfigProblem]) -> None:
    """Each of them says where, in lines that can be printed."""
    lines = len(data) + 1  # any of YAML's line breaks
    for problem in problems:
        assert problem.mark.file == _NAME
        assert 1 <= problem.mark.line <= lines + 1
        assert problem.mark.column >= 1
        assert str(problem).isprintable()
        assert len(str(problem)) < 4000
