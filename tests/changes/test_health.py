"""The health of a record set, changed while its world is served."""

from __future__ import annotations

import textwrap

import pytest

from proxy.changes import HealthChange, NotThere
from proxy.compile.problems import Problems
from proxy.compile.world import compile_world
from proxy.dns.codes import TYPE_A, TYPE_TXT
from proxy.dns.names import Name
from proxy.settings import read_settings
from proxy.settings.shape import Settings
from tests.worlds import MACHINE, ask, texts

APP = Name.from_text("app.example.com")
TEXT = """
    vpcs: {a: {}, b: {}}
    private_zones:
      - name: example.com
        id: Z0A
        vpcs: [a]
        records:
          app:
            - {id: main, A: 10.0.0.1, TXT: one, failover: primary}
            - {id: spare, A: 10.0.0.2, failover: secondary, health: down}
          www: {alias: app.example.com}
      - {name: example.org, id: Z0C, vpcs: [a], records: {app: 10.0.0.9}}
      - {name: corp.example, vpcs: [a], records: {app: [{id: main, A: 10.0.0.5, weight: 1}]}}
      - {name: corp.example, id: Z0B, vpcs: [b], records: {app: [{id: main, A: 10.0.0.6, weight: 1}]}}
    """


def with_health(before: Settings, zone: str | None, name: Name, kind: int | None, ident: str, *, up: bool) -> Settings:
    return HealthChange(name, ident, up, kind, zone)(before)


def settings() -> Settings:
    return read_settings([("x", textwrap.dedent(TEXT))]).settings


def answered(of: Settings, name: str = "app.example.com") -> list[str]:
    problems = Problems()
    world = compile_world(of, MACHINE, problems)
    assert problems.found == []
    return texts(ask(world, "a", name))


@pytest.mark.parametrize("zone", ["example.com", "Example.com.", "Z0A"])
def test_a_set_goes_down_and_up_again(zone: str) -> None:
    before = settings()
    down = with_health(before, zone, APP, TYPE_A, "main", up=False)
    assert answered(before) == ["10.0.0.1"]
    assert answered(down) == ["10.0.0.1"]  # neither is healthy
    other = with_health(down, zone, APP, TYPE_A, "spare", up=True)
    assert answered(other) == answered(other, "www.example.com") == ["10.0.0.2"]
    assert answered(with_health(other, zone, APP, TYPE_A, "main", up=True)) == ["10.0.0.1"]


def test_nothing_else_changes() -> None:
    before = settings()
    after = with_health(before, "example.com", APP, TYPE_A, "main", up=False)
    assert before == settings()
    same = [spec for spec in after.private_zones[0].records if spec in before.private_zones[0].records]
    assert len(same) == len(before.private_zones[0].records) - 1
    assert after.private_zones[1:] == before.private_zones[1:]


@pytest.mark.parametrize(
    ("zone", "kind", "ident", "told"),
    [
        ("example.con", TYPE_A, "main", "there is no zone example.con (did you mean example.com?)"),
        ("example.com", TYPE_A, "man", "app.example.com A has no record set man (did you mean main?)"),
        ("example.com", TYPE_TXT, "spare", "app.example.com TXT has no record set spare (there is main)"),
        ("example.org", TYPE_A, "main", "app.example.com A has no record set main"),
    ],
)
def test_what_there_is_not(zone: str, kind: int, ident: str, told: str) -> None:
    with pytest.raises(NotThere) as caught:
        with_health(settings(), zone, APP, kind, ident, up=False)
    assert str(caught.value) == told


def test_of_two_zones_of_one_name_the_id_says_which() -> None:
    app = Name.from_text("app.corp.example")
    with pytest.raises(
        NotThere, match=r"there are 2 private zones corp.example \(name one by its id, Z0\w+, Z0B, or give a view\)"
    ):
        with_health(settings(), "corp.example", app, TYPE_A, "main", up=False)
    after = with_health(settings(), "Z0B", app, TYPE_A, "main", up=False)
    assert [spec.routing is not None and spec.routing.health for spec in after.private_zones[3].records] == ["down"]


def test_without_a_type_it_is_the_item_of_the_file() -> None:
    """An item has one health, whatever types it has."""
    after = with_health(settings(), "example.com", APP, None, "main", up=False)
    turned = [spec for spec in after.private_zones[0].records if spec.routing and spec.routing.health == "down"]
    assert [(spec.type, spec.routing and spec.routing.id) for spec in turned] == [
        (TYPE_A, "main"),
        (TYPE_TXT, "main"),
        (TYPE_A, "spare"),
    ]


def test_without_a_zone_it_is_the_one_that_has_it() -> None:
    before = settings()
    assert with_health(before, None, APP, None, "main", up=False) == with_health(before, "Z0A", APP, None, "main", up=False)
    corp = Name.from_text("app.corp.example")
    with pytest.raises(NotThere, match=r"2 zones have a record set main of app.corp.example \(give a view, or a zone: Z0"):
        with_health(before, None, corp, None, "main", up=False)
    after = HealthChange(corp, "main", up=False, view="b")(before)
    assert after == with_health(before, "Z0B", corp, None, "main", up=False)
    with pytest.raises(NotThere, match=r"app\.example\.com has no record set main"):
        HealthChange(APP, "main", up=False, view="b")(before)


def test_it_is_told_in_words() -> None:
    assert str(HealthChange(APP, "main", up=False)) == "app.example.com: main is down"
    assert str(HealthChange(APP, "main", up=True, type=TYPE_A)) == "app.example.com A: main is up"
