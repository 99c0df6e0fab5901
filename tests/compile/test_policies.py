"""Routing policies: which record sets are answered, where from, and what Route 53 would refuse of them."""

from __future__ import annotations

import math
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as quick
from hypothesis import strategies as st

from proxy.compile.regions import REGIONS, biased_distance, distance, place
from proxy.model.routing import AliasFollowed, PolicyDecided
from proxy.model.steps import ClaimsWeighed, CnameFollowed, RecordsFound, Step, TypeMissing
from tests.worlds import ask, problems_of, texts, world_of


def zone_text(records: str) -> str:
    return f"""
        region: us-east-1
        upstream: {{mode: off}}
        vpcs:
          virginia: {{inbound_endpoints: {{onprem: {{}}}}}}
          oregon: {{region: us-west-2}}
          ireland: {{region: eu-west-1}}
          tokyo: {{region: ap-northeast-1}}
          moon: {{region: moon-east-1}}
        private_zones:
          - {{name: example.com, id: Z0, vpcs: [virginia, oregon, ireland, tokyo, moon], records: {{{records}}}}}
        """


def sets(*items: str) -> str:
    """x with a record set for each of items: its id is its place, its address 10.0.0.PLACE."""
    return "x: [" + ", ".join(f"{{id: {at}, A: 10.0.0.{at}, {item}}}" for at, item in enumerate(items, 1)) + "]"


def numbers(records: str, view: str = "virginia", seed: int = 1) -> list[int]:
    """The places of the sets that x.example.com is answered with."""
    answer = ask(world_of(zone_text(records)), view, "x.example.com", chance=Random(seed).random)
    assert answer.sections.rcode == 0
    return sorted(int(text.rpartition(".")[2]) for text in texts(answer))


P, S = "failover: primary", "failover: secondary"
UP, DOWN = "health: up", "health: down"


@pytest.mark.parametrize(
    ("items", "chosen"),
    [
        ([P, S], [1]),
        ([S, P], [2]),
        ([f"{P}, {UP}", f"{S}, {DOWN}"], [1]),
        ([f"{P}, {DOWN}", S], [2]),
        ([f"{P}, {DOWN}", f"{S}, {UP}"], [2]),
        ([f"{P}, {DOWN}", f"{S}, {DOWN}"], [1]),
        ([f"{P}, {DOWN}"], [1]),
        ([S], [1]),
        ([f"multivalue: true, {UP}", f"multivalue: true, {DOWN}", "multivalue: true"], [1, 3]),
        ([f"multivalue: true, {DOWN}"] * 3, [1, 2, 3]),
        (["multivalue: true"] * 8, [1, 2, 3, 4, 5, 6, 7, 8]),
        (["weight: 0", "weight: 5"], [2]),
        ([f"weight: 0, {UP}", f"weight: 5, {DOWN}"], [1]),
        ([f"weight: 0, {DOWN}", f"weight: 5, {DOWN}"], [2]),
        ([f"weight: 7, {DOWN}", "weight: 5"], [2]),
        (["weight: 0"], [1]),
        (["latency: us-east-1", "latency: us-west-2"], [1]),
        ([f"latency: us-east-1, {DOWN}", "latency: us-west-2"], [2]),
        ([f"latency: us-west-2, {DOWN}", f"latency: us-east-1, {DOWN}"], [2]),
        (["geolocation: {country: US}", "geolocation: {subdivision: VA}", "geolocation: {continent: NA}"], [2]),
        (["geolocation: {country: US, subdivision: VA}, health: down", "geolocation: {country: US}"], [2]),
        (["geolocation: {subdivision: VA}, health: down", "geolocation: default, health: down"], [1]),
        (["geolocation: {subdivision: VA}, health: down", "geolocation: default"], [2]),
        (["geolocation: {continent: EU}", "geolocation: {subdivision: OR}", 'geolocation: {country: "*"}'], [3]),
        (["geolocation: {continent: EU}", "geolocation: {subdivision: OR}"], []),
        (["geoproximity: {region: us-east-1}", "geoproximity: {region: us-east-2}"], [1]),
        (["geoproximity: {region: us-west-2}", "geoproximity: {region: us-east-2}"], [2]),
        (["geoproximity: {region: us-west-2, bias: 99}", "geoproximity: {region: us-east-2}"], [1]),
        (["geoproximity: {region: us-west-2}", "geoproximity: {region: us-east-2, bias: -99}"], [1]),
        (["geoproximity: {region: us-west-2}", "geoproximity: {region: us-east-2}, health: down"], [1]),
    ],
)
def test_the_policies_of_route_53(items: list[str], chosen: list[int]) -> None:
    assert numbers(sets(*items)) == chosen


@pytest.mark.parametrize(
    ("view", "latency", "geolocation", "geoproximity"),
    [
        ("virginia", [1], [4], [1]),
        ("virginia/onprem", [1], [4], [1]),
        ("oregon", [2], [1], [2]),
        ("ireland", [3], [3], [3]),
        ("tokyo", [2], [2], [2]),
        ("moon", [1], [2], [1]),
    ],
)
def test_they_look_at_the_region_of_the_vpc_that_asks(
    view: str, latency: list[int], geolocation: list[int], geoproximity: list[int]
) -> None:
    """Also where an inbound endpoint is asked; a region that is not on the map is nowhere near."""
    regions = ("us-east-1", "us-west-2", "eu-central-1")
    assert numbers(sets(*(f"latency: {region}" for region in regions)), view) == latency
    assert numbers(sets(*(f"geoproximity: {{region: {region}}}" for region in regions)), view) == geoproximity
    places = ["{subdivision: OR}", "default", "{continent: EU}", "{country: US}"]
    assert numbers(sets(*(f"geolocation: {where}" for where in places)), view) == geolocation


def test_of_no_place_and_no_default_comes_an_empty_answer() -> None:
    world = world_of(zone_text('"*.x": [{id: eu, A: 10.0.0.1, geolocation: {continent: EU}}]'))
    answer = ask(world, "virginia", "w.x.example.com")
    assert (answer.sections.rcode, texts(answer)) == (0, [])
    assert [found.type for _, found in answer.sections.authority] == [6]
    assert texts(ask(world, "ireland", "w.x.example.com")) == ["10.0.0.1"]


def test_a_multivalue_answer_has_one_ttl_and_no_value_twice() -> None:
    items = ["A: 10.0.0.1, ttl: 60", "A: 10.0.0.1, ttl: 60", "A: [10.0.0.2, 10.0.0.3], ttl: 90"]
    records = ", ".join(f"{{id: {at}, {item}, multivalue: true}}" for at, item in enumerate(items))
    ((_, found),) = ask(world_of(zone_text(f"x: [{records}]")), "virginia", "x.example.com").sections.answer
    assert (found.ttl, len(found.records)) == (90, 3)


def test_a_zone_is_the_same_in_every_region_where_no_policy_looks_at_it() -> None:
    world = world_of(zone_text(sets("weight: 1", "weight: 2")))
    zones = [view.claims[b"\7example\3com\0"].action for name, view in world.views.items() if name != "internet"]
    assert len({id(zone) for zone in zones}) == 1


def test_record_sets_stand_beside_plain_ones() -> None:
    records = (
        "x: [{id: 1, A: 10.0.0.1, TXT: one, weight: 1}, {id: 2, A: 10.0.0.2, weight: 0}, {MX: 10 m.example.com, ttl: 9}]"
    )
    world = world_of(zone_text(records))
    assert texts(ask(world, "virginia", "x.example.com")) == ["10.0.0.1"]
    assert texts(ask(world, "virginia", "x.example.com TXT")) == ['"one"']
    assert texts(ask(world, "virginia", "x.example.com MX")) == ["10 m.example.com"]


# Chance


def chi_squared(found: Counter[str], expected: dict[str, float]) -> float:
    assert found.keys() <= expected.keys()
    return sum((found[text] - number) ** 2 / number for text, number in expected.items())


@pytest.mark.parametrize("weights", [(1, 255), (1, 1, 1), (10, 20, 30, 40), (0, 7, 3), (0, 0, 0, 0)])
def test_weighted_answers_come_as_often_as_their_weights_say(weights: tuple[int, ...]) -> None:
    world = world_of(zone_text(sets(*(f"weight: {weight}" for weight in weights))))
    chance = Random(53).random
    found: Counter[str] = Counter()
    for _ in range(10_000):
        (text,) = texts(ask(world, "virginia", "x.example.com", chance=chance))
        found[text] += 1
    shares = weights if any(weights) else (1,) * len(weights)
    expected = {f"10.0.0.{at}": 10_000 * share / sum(shares) for at, share in enumerate(shares, 1) if share}
    assert chi_squared(found, expected) < 16.3  # the limit that three degrees of freedom pass once in a thousand


def test_of_more_than_eight_multivalue_sets_eight_come_each_as_often() -> None:
    world = world_of(zone_text(sets(*["multivalue: true"] * 10, "multivalue: true, health: down")))
    chance = Random(53).random
    found: Counter[str] = Counter()
    for _ in range(1_000):
        answers = texts(ask(world, "virginia", "x.example.com", chance=chance))
        assert len(set(answers)) == len(answers) == 8
        found.update(answers)
    assert found.keys() == {f"10.0.0.{at}" for at in range(1, 11)}
    assert chi_squared(found, dict.fromkeys(found, 800.0)) < 27.9


def test_the_ends_of_chance_choose_too() -> None:
    world = world_of(zone_text(sets("weight: 1", "weight: 3")))
    for number, text in ((0.0, "10.0.0.1"), (0.2499, "10.0.0.1"), (0.25, "10.0.0.2"), (1 - 2**-53, "10.0.0.2")):
        assert texts(ask(world, "virginia", "x.example.com", chance=lambda number=number: number)) == [text]  # type: ignore[misc]


def test_a_cname_among_weighted_sets_is_followed() -> None:
    records = """
        x: [{id: a, CNAME: one.example.com, weight: 1}, {id: b, CNAME: two.example.com, weight: 1}],
        one: 10.0.0.1, two: 10.0.0.2
        """
    world = world_of(zone_text(records))
    chance = Random(1).random
    found = {tuple(texts(ask(world, "virginia", "x.example.com", chance=chance))) for _ in range(50)}
    assert found == {("CNAME one.example.com", "10.0.0.1"), ("CNAME two.example.com", "10.0.0.2")}
    assert len(texts(ask(world, "virginia", "x.example.com CNAME"))) == 1
    assert len(texts(ask(world, "virginia", "x.example.com ANY"))) == 1


def test_aliases_to_sets_and_among_sets() -> None:
    """A tree as people build them: latency first, then weights, then failover; each leaf can be down."""
    records = """
        x: [{id: us, alias: us.example.com, latency: us-east-1}, {id: eu, alias: eu.example.com, latency: eu-west-1}],
        us: [{id: a, A: 10.0.0.1, weight: 1, health: down}, {id: b, A: 10.0.0.2, weight: 1, health: down}],
        eu: [{id: a, alias: k.example.com, weight: 1}, {id: b, alias: lb-1.us-east-1.elb.amazonaws.com, weight: 0}],
        k: [{id: p, alias: p.example.com, failover: primary, health: up}, {id: s, A: 10.0.0.4, failover: secondary}],
        p: 10.0.0.3,
        y: {alias: x.example.com},
        own: [{id: p, alias: p.example.com, failover: primary, health: down}, {id: s, A: 10.0.0.4, failover: secondary}]
        """
    world = world_of(zone_text(records))
    assert texts(ask(world, "virginia", "y.example.com")) == ["10.0.0.3"]
    assert texts(ask(world, "virginia", "us.example.com", chance=lambda: 0.9)) == ["10.0.0.2"]
    assert texts(ask(world, "virginia", "own.example.com")) == ["10.0.0.4"]
    steps: list[Step] = []
    ask(world, "virginia", "y.example.com", trace=steps.append)
    assert [type(step) for step in steps] == [
        ClaimsWeighed, AliasFollowed, PolicyDecided, AliasFollowed, PolicyDecided, AliasFollowed, PolicyDecided,
        AliasFollowed, RecordsFound,
    ]  # fmt: skip
    latency = steps[2]
    assert isinstance(latency, PolicyDecided)
    assert [(each.id, each.healthy, each.why) for each in latency.considered] == [
        ("us", False, "nothing that it is an alias of is healthy"),
        ("eu", True, "no health check"),
    ]
    assert (latency.chosen, latency.why) == (("eu",), "its region is the nearest to us-east-1, of the healthy ones")


def test_a_choice_of_chance_may_lead_to_further_ones() -> None:
    records = """
        x: [{id: a, alias: y.example.com, weight: 1}, {id: b, A: 10.0.0.3, weight: 1}, {id: c, alias: z.example.com, weight: 1}],
        y: [{id: a, A: 10.0.0.1, weight: 1}, {id: b, A: 10.0.0.2, weight: 1}],
        z: [{id: eu, A: 10.0.0.4, geolocation: {continent: EU}}]
        """
    world = world_of(zone_text(records))
    chance = Random(1).random
    found = {tuple(texts(ask(world, "virginia", "x.example.com", chance=chance))) for _ in range(100)}
    assert found == {("10.0.0.1",), ("10.0.0.2",), ("10.0.0.3",), ()}


# A second reading of "How Amazon Route 53 chooses records when health checking is configured"


@st.composite
def groups(draw: st.DrawFn) -> tuple[str, list[tuple[str, str]]]:
    """A policy, and for each record set its own word for it and its health, "" where it has no health check."""
    policy = draw(st.sampled_from(("weight", "failover", "multivalue")))
    words = draw(st.lists(st.sampled_from(("0", "1", "7", "255")), min_size=1, max_size=4))
    if policy == "failover":
        words = ["primary", "secondary"]
    if policy == "multivalue":
        words = ["true"] * len(words)
    return policy, [(word, draw(st.sampled_from(("up", "down", "")))) for word in words]


def possible(policy: str, group: list[tuple[str, str]]) -> set[tuple[int, ...]]:
    """Which record sets an answer may have, by their places from 1."""
    members = [(at, word, health != "down") for at, (word, health) in enumerate(group, 1)]
    if policy == "failover":
        (_, _, primary), (_, _, secondary) = members
        return {(2,)} if secondary and not primary else {(1,)}
    if not any(healthy for _, _, healthy in members):
        members = [(at, word, True) for at, word, _ in members]
    able = [(at, word) for at, word, healthy in members if healthy]
    if policy == "multivalue":
        return {tuple(at for at, _ in able)}
    return {(at,) for at, word in able if word != "0"} or {(at,) for at, _ in able}


@given(groups())
@quick(max_examples=60)
def test_chance_takes_what_a_second_reading_takes_and_nothing_else(group: tuple[str, list[tuple[str, str]]]) -> None:
    policy, members = group
    items = [f"{policy}: {word}" + (f", health: {health}" if health else "") for word, health in members]
    world = world_of(zone_text(sets(*items)))
    ends = [(number + 0.5) / 800 for number in range(800)]
    found = {tuple(texts(ask(world, "virginia", "x.example.com", chance=lambda at=at: at))) for at in ends}  # type: ignore[misc]
    assert found == {tuple(f"10.0.0.{at}" for at in answer) for answer in possible(policy, members)}


# Steps


@pytest.mark.parametrize(
    ("items", "chosen", "why"),
    [
        ([P, S], ("1",), "the primary one is healthy"),
        ([f"{P}, {DOWN}", S], ("2",), "the primary one is not healthy, the secondary one is"),
        ([f"{P}, {DOWN}", f"{S}, {DOWN}"], ("1",), "neither is healthy, and then it is the primary one"),
        ([P], ("1",), "there is no other"),
        (["multivalue: true", "multivalue: true, health: down"], ("1",), "the healthy ones"),
        (["multivalue: true, health: down"], ("1",), "all, for none is healthy"),
        (["weight: 1", "weight: 3"], ("1",), "by chance, 1 of 4: the weights of all"),
        (["weight: 0", "weight: 0"], ("1",), "by chance, 1 of 2: equal shares of all, for their weights are 0"),
        (["latency: us-west-2"], ("1",), "its region is the nearest to us-east-1, of all"),
        (
            ["geoproximity: {region: us-west-2, bias: 5}"],
            ("1",),
            "with the biases, its region is the nearest to us-east-1, of all",
        ),
        (["geolocation: {country: US}"], ("1",), "the smallest place that has us-east-1 in it"),
        (
            ["geolocation: {country: US}, health: down", "geolocation: default"],
            ("2",),
            "the smallest healthy place that has us-east-1 in it",
        ),
        (
            ["geolocation: {country: US}, health: down"],
            ("1",),
            "none is healthy, and this is the smallest place that has us-east-1 in it",
        ),
        (["geolocation: {country: FR}"], (), "no place has us-east-1 in it, and there is no default"),
    ],
)
def test_a_step_tells_what_was_considered_and_why_which_was_taken(items: list[str], chosen: tuple[str], why: str) -> None:
    steps: list[Step] = []
    world = world_of(zone_text(sets(*items)))
    traced = ask(world, "virginia", "x.example.com", trace=steps.append)
    assert traced == ask(world, "virginia", "x.example.com")
    _, decided, last = steps
    assert isinstance(decided, PolicyDecided)
    assert (decided.chosen, decided.why, len(decided.considered)) == (chosen, why, len(items))
    assert isinstance(last, RecordsFound if chosen else TypeMissing)


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("weight: 0", "weight 0"),
        (P, "primary"),
        ("multivalue: true", "multivalue"),
        ("latency: us-west-2", "latency us-west-2"),
        ("geolocation: {subdivision: VA}", "state VA"),
        ("geolocation: {country: US}", "country US"),
        ("geolocation: {continent: NA}", "continent NA"),
        ("geolocation: default", "default"),
        ("geoproximity: {region: us-east-1}", "us-east-1"),
        ("geoproximity: {region: us-east-1, bias: +5}", "us-east-1, bias 5"),
        ("geoproximity: {region: us-east-1, bias: -5}", "us-east-1, bias -5"),
    ],
)
def test_what_a_set_says_of_itself(item: str, says: str) -> None:
    steps: list[Step] = []
    ask(world_of(zone_text(sets(item))), "virginia", "x.example.com", trace=steps.append)
    assert isinstance(steps[1], PolicyDecided)
    assert [each.says for each in steps[1].considered] == [says]


def test_the_steps_of_a_sample_and_of_a_cname() -> None:
    steps: list[Step] = []
    ask(world_of(zone_text(sets(*["multivalue: true"] * 10))), "virginia", "x.example.com", trace=steps.append)
    assert isinstance(steps[1], PolicyDecided)
    assert steps[1].chosen == ("1", "2", "3", "4", "5", "6", "7", "8")
    assert steps[1].why == "8 of 10, by chance, of all"
    steps.clear()
    world = world_of(
        zone_text("x: [{id: a, CNAME: y.example.com, weight: 1}, {id: b, CNAME: z.example.com, weight: 1}], y: 10.0.0.1")
    )
    ask(world, "virginia", "x.example.com", trace=steps.append)
    assert [type(step) for step in steps] == [ClaimsWeighed, PolicyDecided, CnameFollowed, ClaimsWeighed, RecordsFound]


# Refusals


def refused(kind: str, ident: str) -> str:
    return f"InvalidChangeBatch: RRSet with DNS name x.example.com., type {kind}, SetIdentifier {ident} cannot be created as"


MIXED = "sets of one name and type cannot mix routing policies"
REFUSED = {
    sets(
        "weight: 1", P
    ): f"{refused('A', '2')} a non-failover set exists with the same name and type: {MIXED} (the others have weight)",
    sets(
        P, "weight: 1"
    ): f"{refused('A', '2')} a non-weighted set exists with the same name and type: {MIXED} (the others have failover)",
    "x: [{id: 1, A: 10.0.0.1, weight: 1}, {A: 10.0.0.2}]": (
        f"{refused('A', '1')} other RRSets exist with the same name and type: {MIXED} (give the other one a policy, or leave it "
        "out)"
    ),
    "x: [{id: 1, A: 10.0.0.1, weight: 1}, {alias: w.example.com}], w: 10.0.0.2": (
        f"{refused('A', '1')} other RRSets exist with the same name and type: {MIXED} (give the other one a policy, or leave it "
        "out)"
    ),
    "x: [{id: 1, A: 10.0.0.1, weight: 1}], X: 10.0.0.2": (
        f"{refused('A', '1')} other RRSets exist with the same name and type: {MIXED} (give the other one a policy, or leave it "
        "out)"
    ),
    sets("weight: 1, ttl: 60", "weight: 1"): (
        f"{refused('A', '2')} weighted sets must contain the same TTL. (1 has 60, this has 300)"
    ),
    "x: [{id: a, A: 10.0.0.1, weight: 1}, {id: a, A: 10.0.0.2, weight: 1}]": (
        "InvalidChangeBatch: Tried to create resource record set [name='x.example.com.', type='A', set identifier='a'] but it "
        "already exists (give each its own id)"
    ),
    sets(P, P): f"{refused('A', '2')} a set with the same name, type and failover primary already exists (that is 1)",
    sets("latency: us-east-1", "latency: us-east-1"): (
        f"{refused('A', '2')} a set with the same name, type and region us-east-1 already exists (that is 1)"
    ),
    sets("geolocation: default", 'geolocation: {country: "*"}'): (
        f"{refused('A', '2')} a set with the same name, type and geolocation already exists (that is 1)"
    ),
    "x: [{id: 1, A: [10.0.0.1, 10.0.0.2], weight: 1}]": (
        "InvalidChangeBatch: a weighted record set has one value, not 2 (make one set of each value)"
    ),
    "x: [{id: 1, A: [10.0.0.1, 10.0.0.2], latency: us-east-1}]": (
        "InvalidChangeBatch: a latency record set has one value, not 2 (make one set of each value)"
    ),
    "x: [{id: 1, NS: ns.example.net, weight: 1}]": (
        "InvalidInput: record sets of type NS cannot have the policy weight (take another type or policy)"
    ),
    "x: [{id: 1, CNAME: y.example.net, multivalue: true}]": (
        "InvalidInput: record sets of type CNAME cannot have the policy multivalue (take another type or policy)"
    ),
    "x: [{id: 1, alias: w.example.com, multivalue: true}], w: 10.0.0.2": (
        "InvalidInput: a multivalue answer cannot be an alias (write its value, or take another policy)"
    ),
    sets("latency: us-east-9"): "InvalidInput: there is no region us-east-9 for latency (did you mean us-east-2?)",
    sets(
        "geoproximity: {region: moon-east-1}"
    ): "InvalidInput: there is no region moon-east-1 for geoproximity (did you mean us-east-1?)",
    "x: [{id: 1, A: nonsense, weight: 1}]": "nonsense is no data of type A; write for example 192.0.2.1",
    "x: [{id: 1, CNAME: y.example.net, weight: 1}, {id: 1, A: 10.0.0.1, weight: 1}]": (
        "InvalidChangeBatch: RRSet of type CNAME with DNS name x.example.com. is not permitted as it conflicts with other "
        "records with the same DNS name in zone example.com. (the others are A)"
    ),
}


@pytest.mark.parametrize("records", REFUSED)
def test_what_route_53_would_refuse_is_refused_in_its_words(records: str) -> None:
    problems = problems_of(zone_text(records))
    assert [problem.partition(": ")[2] for problem in problems] == [REFUSED[records]]
    assert problems[0].startswith("private_zones[0].records.")


@pytest.mark.parametrize(
    "records",
    [
        sets("weight: 1, ttl: 60", "weight: 255, ttl: 60"),
        sets(P, f"{S}, ttl: 60"),
        sets("geoproximity: {region: us-east-1}", "geoproximity: {region: us-east-1, bias: 1}"),
        "x: [{id: 1, alias: w.example.com, weight: 1}, {id: 2, A: 10.0.0.2, weight: 1}], w: {A: 10.0.0.3, ttl: 7}",
        "x: [{id: 1, A: 10.0.0.2, weight: 1}, {id: 1, AAAA: '::1', failover: primary}]",
        "x: [{id: 1, A: [10.0.0.2, 10.0.0.3], failover: primary}]",
    ],
)
def test_what_route_53_accepts(records: str) -> None:
    assert problems_of(zone_text(records)) == []


# The map


def test_distances_are_those_of_a_map() -> None:
    assert distance("us-east-1", "us-east-1") == 0.0
    assert distance("us-east-1", "eu-west-1") == pytest.approx(5_450, abs=100)
    assert distance("ap-southeast-2", "sa-east-1") == pytest.approx(13_350, abs=150)
    assert distance("us-east-1", "moon-east-1") == distance("moon-east-1", "us-east-1") == math.inf
    assert all(distance(one, other) <= 20_040 for one in REGIONS for other in REGIONS)


def test_a_bias_of_fifty_halves_or_doubles_a_distance() -> None:
    far = distance("us-east-1", "eu-west-1")
    assert biased_distance("us-east-1", "eu-west-1", 50) == pytest.approx(far / 2)
    assert biased_distance("us-east-1", "eu-west-1", -50) == pytest.approx(far * 2)
    assert biased_distance("us-east-1", "eu-west-1", 0) == far


def test_every_place_has_codes_of_route_53() -> None:
    places = [where for where in map(place, REGIONS) if where is not None]
    assert len(places) == len(REGIONS) >= 39
    assert {where.continent for where in places} <= {"AF", "AN", "AS", "EU", "NA", "OC", "SA"}
    assert all((where.subdivision is not None) is (where.country == "US") for where in places)
    assert all(len(where.country) == 2 and where.country.isupper() for where in places)
