"""`expect`: the file's own tests, as they are written and as they are run."""

from __future__ import annotations

import re
from typing import Annotated

from proxy.dns.names import Name
from proxy.nouns import dataclass
from proxy.settings.composites import ByKind, Key, ListOf, ObjectOf, OneOrList
from proxy.settings.problems import Path
from proxy.settings.takes import Integer, Text, Wrong
from proxy.settings.values import ADDRESS, ANYTHING, MAX_TTL, QUESTION, RCODE, TYPE, VIEW, Address


@dataclass(frozen=True, slots=True)
class ExpectationSetting:
    """`expect[N]`: one question and what its answer has to be.

    `answers` is one set of rdata texts, or with `any_of` several of which one has to come; None: not looked at.
    """

    query: Name
    type: int
    path: Path
    view: str | None = None
    client: Address | None = None
    rcode: int = 0
    any_of: tuple[tuple[str, ...], ...] | None = None
    ttl: int | None = None
    ttls: tuple[int, ...] | None = None
    authority: tuple[int, ...] | None = None


def parse_path(text: str) -> Path:
    """The path of `vpcs.app.endpoints.k` or `private_zones[1].records`."""
    if re.fullmatch(r"[^.\[\]]+(\[[0-9]{1,9}\])*(\.[^.\[\]]+(\[[0-9]{1,9}\])*)*", text) is None:
        raise Wrong(f"{text or 'an empty text'} is no path", "write for example private_zones[1]")
    return tuple(int(part) if part.isdecimal() and before else part for before, part in _parts(text))


def _parts(text: str) -> list[tuple[str, str]]:
    """The parts of a path, each with the bracket before it if there is one."""
    return re.findall(r"(\[?)([^.\[\]]+)", text)


_PART = Text("a text", "ConflictingDomainExists")
_PATH = Text("a path", "private_zones[1]", parse_path)


@dataclass(frozen=True, slots=True)
class RefusalExpected:
    """`expect: {error, at}`: the file has to be refused with a problem whose text holds `error`, at `at` or below."""

    error: Annotated[str, Key(_PART, "A part of the problem's text.")]
    at: Annotated[Path | None, Key(_PATH, "Where it is, or what it lies below.", default="anywhere")] = None


_TTL = Integer(0, MAX_TTL)
_ANSWERS = OneOrList(ANYTHING)


@dataclass(frozen=True, slots=True)
class _WrittenExpectation:
    query: Annotated[tuple[Name, int], Key(QUESTION, "NAME or NAME TYPE; the type is A where none is given.")]
    view: Annotated[str | None, Key(VIEW, "The view that asks.", default="`default_view`")] = None
    client: Annotated[Address | None, Key(ADDRESS, "The address that asks, instead of a view.")] = None
    rcode: Annotated[int, Key(RCODE, "The response code.")] = 0
    answers: Annotated[
        tuple[str, ...] | None,
        Key(_ANSWERS, "The records of the answer, in any order; a CNAME as `CNAME target`.", default="not looked at"),
    ] = None
    any_of: Annotated[
        tuple[tuple[str, ...], ...] | None, Key(ListOf(_ANSWERS), "Several such sets, of which one has to come.")
    ] = None
    ttl: Annotated[int | None, Key(_TTL, "The TTL of every record of the answer.", default="not looked at")] = None
    ttls: Annotated[
        tuple[int, ...] | None, Key(ListOf(_TTL), "The TTLs, in the order of `answers`.", default="not looked at")
    ] = None
    authority: Annotated[
        tuple[int, ...] | None, Key(OneOrList(TYPE), "The types of the authority section.", default="not looked at")
    ] = None


def _settle(written: _WrittenExpectation, path: Path) -> ExpectationSetting:
    if written.view is not None and written.client is not None:
        raise Wrong("view and client exclude each other", "keep one of the two", ("client",))
    if written.answers is not None and written.any_of is not None:
        raise Wrong("answers and any_of exclude each other", "keep one of the two", ("any_of",))
    if written.ttls is not None and (written.answers is None or len(written.ttls) != len(written.answers)):
        raise Wrong("there is one TTL for each of answers, in the same order", at=("ttls",))
    name, kind = written.query
    return ExpectationSetting(
        query=name,
        type=kind,
        path=path,
        view=written.view,
        client=written.client,
        rcode=written.rcode,
        any_of=written.any_of if written.answers is None else (written.answers,),
        ttl=written.ttl,
        ttls=written.ttls,
        authority=written.authority,
    )


REFUSAL = ObjectOf(RefusalExpected, '{error: "ConflictingDomainExists", at: "private_zones[1]"}')
EXPECT = ByKind(
    "a list of expectations",
    "[{view: app, query: www.example.com A, answers: [10.0.5.10]}]",
    sequence=ListOf(ObjectOf(_WrittenExpectation, "{view: app, query: www.example.com A, answers: [10.0.5.10]}", _settle)),
    mapping=REFUSAL,
)
