"""What AWS leaves undocumented: each quirk of records both ways."""

from __future__ import annotations

import pytest

from proxy.model.steps import NameMissing, Step, TypeMissing
from tests.worlds import ask, texts, world_of

TEXT = """
    region: us-east-1
    upstream: {mode: off}
    vpcs: {a: {endpoints: {k: {service: kms, addresses: 10.0.1.50}}}, b: {}}
    profiles: [{vpcs: {b: 100}, endpoints: [a/k], private_zones: [example.com]}]
    private_zones:
      - name: example.com
        vpcs: [a]
        records:
          "*.wild": 10.0.5.30
          "*.both": 10.0.5.31
          x.both: 10.0.5.32
          "*.txt": 10.0.5.33
          txt: {TXT: t}
          "*": 10.0.5.34
          "*.sets": [{id: a, A: 10.0.5.35, weight: 1}]
          "*.alias": {alias: x.both.example.com}
          alias: {alias: x.both.example.com, type: A}
          "*.cut": {alias: x.both.example.com}
          y.cut: [{id: a, A: 10.0.5.36, weight: 1}]
      - {name: short.example, vpcs: [a], records: {"@": {SOA: "a.example b.example 1 2 3 4 20", ttl: 30}}}
    """


@pytest.mark.parametrize(
    ("query", "rcode", "quirky"),
    [
        ("wild.example.com", 0, 3),
        ("wild.example.com TXT", 0, 3),
        ("sets.example.com", 0, 3),
        ("both.example.com", 0, 0),
        ("txt.example.com", 0, 0),
        ("cut.example.com", 0, 0),
        ("alias.example.com TXT", 0, 0),
        ("example.com", 0, 0),
    ],
)
def test_the_parent_of_a_wildcard(query: str, rcode: int, quirky: int) -> None:
    for quirk, wanted in (("nodata", rcode), ("nxdomain", quirky)):
        world = world_of(f"{TEXT}quirks: {{wildcard_parent: {quirk}}}")
        steps: list[Step] = []
        answer = ask(world, "a", query, trace=steps.append)
        assert answer.sections.rcode == wanted
        assert answer == ask(world, "a", query) == ask(world, "b", query)
        assert isinstance(steps[-1], NameMissing if wanted else TypeMissing)
        assert [found.type for _, found in answer.sections.authority] == [6]


@pytest.mark.parametrize("quirk", ["nodata", "nxdomain"])
def test_below_a_wildcards_parent_nothing_changes(quirk: str) -> None:
    world = world_of(f"{TEXT}quirks: {{wildcard_parent: {quirk}}}")
    answered = {
        name: texts(ask(world, "a", f"{name}.example.com")) for name in ("q.wild", "q.r.wild", "q.sets", "q.cut", "q")
    }
    assert answered == {
        "q.wild": ["10.0.5.30"],
        "q.r.wild": ["10.0.5.30"],
        "q.sets": ["10.0.5.35"],
        "q.cut": ["10.0.5.32"],
        "q": ["10.0.5.34"],
    }


@pytest.mark.parametrize(("quirk", "ttl"), [("60", 60), ("300", 300), ("5m", 300), ("0", 0), ("3600", 900)])
def test_the_ttl_of_negative_answers(quirk: str, ttl: int) -> None:
    world = world_of(f"{TEXT}quirks: {{negative_ttl: {quirk}}}")
    for view in ("a", "b"):
        for query in ("nope.txt.example.com TXT", "txt.example.com", "x.kms.us-east-1.amazonaws.com", "example.com MX"):
            ((_, soa),) = ask(world, view, query).sections.authority
            assert soa.ttl == ttl
        assert ask(world, view, "example.com SOA").sections.answer[0][1].ttl == 900
    assert ask(world, "a", "nope.short.example").sections.authority[0][1].ttl == min(ttl, 20)
