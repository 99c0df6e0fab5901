"""Notes on record sets with a routing policy."""

from __future__ import annotations

import pytest

from tests.test_notes import notes_of

P, S = "{id: p, A: 10.0.0.1, failover: primary}", "{id: s, A: 10.0.0.2, failover: secondary}"
US, ANY = "{id: us, A: 10.0.0.1, geolocation: {country: US}}", "{id: any, A: 10.0.0.2, geolocation: default}"


def noted(sets: str, region: str = "us-east-1") -> list[str]:
    zone = f"{{name: example.com, vpcs: [a], records: {{w: [{sets}], x: 10.0.0.9}}}}"
    return notes_of(f"region: {region}\nvpcs: {{a: {{}}}}\nprivate_zones: [{zone}]")


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        (f"{P}, {S}", []),
        (P, ["has a primary record set and no secondary one: it is answered whatever its health is"]),
        (S, ["has a secondary record set and no primary one: it is answered whatever its health is"]),
        (f"{US}, {ANY}", []),
        (US, ["has no default record set: for who is in none of its places the answer is empty"]),
        ("{id: 1, A: 10.0.0.1, weight: 1}", []),
    ],
)
def test_groups_that_lack_something(sets: str, told: list[str]) -> None:
    assert noted(sets) == [f"private_zones[0].records.w[0].A: w.example.com A {line}" for line in told]


def test_a_region_that_is_not_on_the_map() -> None:
    assert noted("{id: 1, A: 10.0.0.1, latency: us-east-1}", "moon-east-1") == [
        "vpcs.a: moon-east-1 is not on the map of regions, so policies of example.com that look at it cannot tell what is near"
    ]
    assert noted("{id: 1, A: 10.0.0.1, weight: 1}", "moon-east-1") == []
