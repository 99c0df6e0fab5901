"""Records put in place of others, in settings that are served."""

from __future__ import annotations

import pickle
import textwrap
from typing import Any

import pytest

from proxy.changes import NotThere, RecordsChange, RecordsRemoval, zones_of
from proxy.dns.codes import TYPE_A, TYPE_TXT, type_word
from proxy.settings import read_settings
from proxy.settings.problems import ConfigError, path_text
from proxy.settings.shape import Settings

TEXT = """
    vpcs: {a: {}, b: {inbound_endpoints: {onprem: {}}}, c: {}}
    private_zones:
      - {name: example.com, id: Z0A, vpcs: [a], records: {www: 10.0.0.1, "@": {TXT: here}}}
      - {name: example.com, id: Z0B, vpcs: [b], records: {www: 10.0.0.2}}
      - name: corp.example
        vpcs: [a]
        records:
          db: {A: [10.0.1.1, 10.0.1.2], TXT: [one, two], ttl: 60}
          app:
            - {id: blue, A: 10.0.8.1, weight: 1, ttl: 60}
            - {id: green, A: 10.0.8.2, weight: 2, ttl: 60}
    public_zones:
      - {name: example.com, records: {www: 203.0.113.1}}
      - {name: example.org, records: {www: 203.0.113.2}}
    public_records: {www.example.net: 203.0.113.3}
    profiles: [{vpcs: {c: 100}, private_zones: [Corp.example.]}]
    """


def settings() -> Settings:
    return read_settings([("x", textwrap.dedent(TEXT))]).settings


def records(of: Settings, zone: int) -> list[str]:
    """The record sets of a zone in the order of all zones, as NAME TYPE VALUES."""
    place = list(zones_of(of))[zone]
    return [f"{spec.owner} {type_word(spec.type)} {','.join(spec.values)}" for spec in place.records]


@pytest.mark.parametrize(
    ("zone", "view", "at"),
    [
        ("Z0A", None, 0),
        ("example.com", "a", 0),
        ("Example.com.", "b", 1),
        ("example.com", "b/onprem", 1),
        ("corp.example", "c", 2),
        ("example.com", "internet", 3),
        ("example.org", None, 4),
        ("example.org", "internet", 4),
    ],
)
def test_a_zone_is_named_by_its_id_or_by_its_name_and_a_view(zone: str, view: str | None, at: int) -> None:
    before = settings()
    after = RecordsChange(zone, {"new": "192.0.2.9"}, view)(before)
    changed = [place for place in range(6) if records(after, place) != records(before, place)]
    assert changed == [at]
    assert records(after, at)[-1].startswith("new.")


def test_public_records_have_whole_names() -> None:
    after = RecordsChange("public_records", {"api.example.net": "203.0.113.4", "www.example.net": None})(settings())
    assert records(after, 5) == ["api.example.net A 203.0.113.4"]


@pytest.mark.parametrize(
    ("zone", "view", "told"),
    [
        ("example.con", None, r"there is no zone example.con \(did you mean example.com\?\)"),
        ("example.org", "a", r"there is no zone example.org in view a \("),
        ("example.com", None, r"there are 2 private zones example.com \(name one by its id, Z0A, Z0B, or give a view\)"),
        ("public_records", "a", r"there is no zone public_records in view a"),
    ],
)
def test_a_zone_that_is_not_there(zone: str, view: str | None, told: str) -> None:
    with pytest.raises(NotThere, match=told):
        RecordsChange(zone, {}, view)(settings())


DB = ["db.corp.example A 10.0.1.1,10.0.1.2", "db.corp.example TXT one,two"]
APP = ["app.corp.example A 10.0.8.1", "app.corp.example A 10.0.8.2"]


@pytest.mark.parametrize(
    ("patch", "given", "wanted"),
    [
        (False, {"db": "10.0.1.9"}, [*APP, "db.corp.example A 10.0.1.9"]),
        (True, {"db": "10.0.1.9"}, ["db.corp.example TXT one,two", *APP, "db.corp.example A 10.0.1.9"]),
        (True, {"DB.corp.example.": {"MX": "10 a.", "ttl": 5}}, [*DB, *APP, "db.corp.example MX 10 a."]),
        (False, {"db": None, "nope": None}, APP),
        (True, {"db": None, "nope": None}, APP),
        (
            True,
            {"app": [{"id": "blue", "A": "10.0.9.1", "weight": 5, "ttl": 60}]},
            [*DB, "app.corp.example A 10.0.8.2", "app.corp.example A 10.0.9.1"],
        ),
        (False, {"app": [{"id": "red", "A": "10.0.9.1", "weight": 5}]}, [*DB, "app.corp.example A 10.0.9.1"]),
        (False, {}, [*DB, *APP]),
    ],
)
def test_a_name_has_what_it_is_given_and_with_patch_keeps_the_rest(
    patch: bool, given: dict[str, Any], wanted: list[str]
) -> None:
    assert records(RecordsChange("corp.example", given, patch=patch)(settings()), 2) == wanted


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"db": "10.0.1.999"}, "private_zones[2].records.db: 10.0.1.999 is no address"),
        ({"db": {"B": "x"}}, "private_zones[2].records.db.B: there is no record type B here"),
        ({"db": {"A": "10.0.0.1", "ttl": -1}}, "private_zones[2].records.db.ttl: -1 is no TTL"),
        ({"db": []}, "private_zones[2].records.db: the list is empty"),
        ({"a..b": None}, "private_zones[2].records.a..b: this is no name: a..b has an empty label"),
        ({"db": "10.0.0.1", "DB": None}, "private_zones[2].records.DB: private_zones[2].records.db is of the same name"),
        ({"db": {"TXT": "a\0b"}}, "private_zones[2].records.db.TXT: the character U+0000 is not allowed"),
        ({"d\ud800": "10.0.0.1"}, "private_zones[2].records: the character U+D800 is not allowed"),
        ({"db": {"A\ud800": "10.0.0.1"}}, "private_zones[2].records.db: the character U+D800 is not allowed"),
        ({"db": True}, "private_zones[2].records.db: true stands where a record is expected"),
    ],
)
def test_what_is_wrong_is_told_as_of_a_file(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RecordsChange("corp.example", given)(settings())
    assert f"{path_text(caught.value.problems[0].path)}: {caught.value.problems[0].what}".startswith(told)


def test_all_mistakes_are_told_at_once_but_not_a_million() -> None:
    with pytest.raises(ConfigError) as caught:
        RecordsChange("corp.example", {f"x{number}": "nonsense" for number in range(3000)})(settings())
    assert len(caught.value.problems) == 1000


def test_nesting_has_an_end() -> None:
    value: Any = "x"
    for _ in range(500):
        value = [value]
    with pytest.raises(ConfigError, match="nested more than 64 deep"):
        RecordsChange("corp.example", {"db": value})(settings())


@pytest.mark.parametrize(
    ("removal", "wanted"),
    [
        (RecordsRemoval("corp.example", "db"), APP),
        (RecordsRemoval("corp.example", "db.corp.example.", TYPE_TXT), [DB[0], *APP]),
        (RecordsRemoval("corp.example", "APP", None, "blue", "a"), [*DB, APP[1]]),
        (RecordsRemoval("corp.example", "app", TYPE_A, "green"), [*DB, APP[0]]),
    ],
)
def test_what_is_taken_away(removal: RecordsRemoval, wanted: list[str]) -> None:
    assert records(removal(settings()), 2) == wanted


@pytest.mark.parametrize(
    ("removal", "told"),
    [
        (RecordsRemoval("corp.example", "dbb"), "corp.example has no record dbb (did you mean db.corp.example?)"),
        (RecordsRemoval("corp.example", "app", TYPE_TXT), "corp.example has no TXT record app"),
        (RecordsRemoval("corp.example", "app", TYPE_A, "red"), "corp.example has no A record app of id red"),
        (RecordsRemoval("corp.example", "db", TYPE_A, "red"), "corp.example has no A record db of id red"),
    ],
)
def test_what_is_not_there_cannot_be_taken_away(removal: RecordsRemoval, told: str) -> None:
    with pytest.raises(NotThere) as caught:
        removal(settings())
    assert str(caught.value).startswith(told)


def test_a_change_can_be_told_and_sent() -> None:
    change = RecordsChange("corp.example", {"db": "10.0.1.9", "app": None}, "a", patch=True)
    assert str(change) == "corp.example: db, app"
    assert str(RecordsRemoval("corp.example", "app", TYPE_A, "red")) == "corp.example: no A record app of id red"
    assert pickle.loads(pickle.dumps(change)) == change
    assert len(str(RecordsChange("corp.example", dict.fromkeys(map(str, range(1000)))))) < 250
