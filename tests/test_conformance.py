"""The conformance files: what AWS does, as configurations with what each question has to be answered.

Each is checked in process as `vpcdns check` does, and asked over UDP and TCP sockets with another DNS library.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import dns.asyncquery
import dns.edns
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from proxy.app import Server
from proxy.configuration import Overrides, check, load
from proxy.settings.shape import ExpectationSetting, ListenSetting, RefusalExpected
from proxy.source import find_source

FOLDER = Path(__file__).parent / "conformance"


def names() -> list[str]:
    return sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.yaml"))


def source(name: str):  # type: ignore[no-untyped-def]
    return find_source(str(FOLDER / name), {}, FOLDER, FOLDER, FOLDER)


SERVED = [name for name in names() if not name.startswith("errors/")]


def test_the_conformance_files_are_there() -> None:
    assert len(SERVED) >= 16


@pytest.mark.parametrize("name", names())
def test_in_process(name: str) -> None:
    result = check(source(name))
    assert result.refused_as_expected is name.startswith("errors/"), [str(problem) for problem in result.problems]
    if not result.refused_as_expected:
        assert [str(problem) for problem in result.problems] == []


@asynccontextmanager
async def serving(name: str) -> AsyncIterator[dict[str | None, int]]:
    """The file on loopback: a port for every view, and one (None) where the client decides."""
    here = source(name)
    views = [None, *load(here).world.views]
    overrides = Overrides(listen=tuple(ListenSetting("127.0.0.1", 0, view) for view in views))
    async with Server(load(here, overrides), here, overrides) as server:
        yield {socket.listener.view: socket.address[1] for socket in server.sockets}


def questions(name: str) -> Iterator[ExpectationSetting]:
    expect = load(source(name)).settings.expect
    assert not isinstance(expect, RefusalExpected)
    yield from expect


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("name", SERVED)
async def test_over_sockets(name: str, transport: str) -> None:
    wrong = []
    asked = dns.asyncquery.udp if transport == "udp" else dns.asyncquery.tcp
    async with serving(name) as ports:
        for expected in questions(name):
            options: list[dns.edns.Option] = [] if expected.client is None else [dns.edns.ECSOption(str(expected.client))]
            kind = dns.rdatatype.RdataType.make(expected.type)
            query = dns.message.make_query(str(expected.query), kind, use_edns=0, payload=4096, options=options)
            answer = await asked(query, "127.0.0.1", port=ports[expected.view], timeout=5)
            wrong += [f"{expected.path}: {line}" for line in differences(expected, answer)]
    assert wrong == []


def differences(expected: ExpectationSetting, answer: dns.message.Message) -> Iterator[str]:
    """What another library reads in the packet and the file does not say."""
    came = {text(record): found.ttl for found in answer.answer for record in found}
    if answer.rcode() != expected.rcode:
        yield f"rcode {answer.rcode()}"
    if expected.any_of is not None and not any(set(map(plain, one)) == set(came) for one in expected.any_of):
        yield f"answers {came}"
    if expected.ttl is not None and set(came.values()) - {expected.ttl}:
        yield f"ttl {came}"
    if (
        expected.ttls is not None
        and expected.any_of
        and tuple(came[plain(one)] for one in expected.any_of[0]) != expected.ttls
    ):
        yield f"ttls {came}"
    if expected.authority is not None and {found.rdtype for found in answer.authority} != set(expected.authority):
        yield f"authority {answer.authority}"


def text(record: dns.rdata.Rdata) -> str:
    shown = plain(record.to_text())
    return f"CNAME {shown}" if record.rdtype == dns.rdatatype.CNAME else shown


def plain(shown: str) -> str:
    """A text without the final dots of the names in it."""
    return " ".join(word if word.startswith('"') or word == "." else word.removesuffix(".") for word in shown.split(" "))
