"""What is known gives the same octets as what is worked out anew.

Two engines hear the same traffic in every world of the conformance files: one knows what it answered before, and is asked as
`listen/` does it; the other takes the true path every time.  The traffic is random, but from a seed, and of all that may tell
one packet from another: names that are there, that are not, beside and below those, letter case, types, flags, EDNS with and
without options, clients, transports, and what other servers say, while time goes by.
"""

from __future__ import annotations

import pytest

from proxy.configuration import load
from proxy.dns.codes import TYPE_HTTPS
from proxy.flow import Flow
from proxy.known import MOST_YOUNG, Bounds
from proxy.model.plan import ClientAddress
from tests.pairs import HOME, UNGUARDED, UPSTREAM, Pair, Traffic, known_of, query
from tests.test_conformance import SERVED, source
from tests.worlds import world_of

QUERIES = 1500
OWN = {"upstream": UPSTREAM, "unguarded": UNGUARDED}


@pytest.mark.parametrize("observed", [False, True], ids=["unobserved", "observed"])
@pytest.mark.parametrize("name", [*SERVED, *OWN])
async def test_what_is_known_is_what_would_be_worked_out(name: str, *, observed: bool) -> None:
    world = world_of(OWN[name]) if name in OWN else load(source(name)).world
    pair, traffic = Pair(world, observed=observed), Traffic(world, seed=7)
    views = [None, *world.views]
    client, view, earlier = HOME, None, [traffic.packet()]
    for _ in range(QUERIES):
        again = traffic.random.random() < 0.6
        packet = traffic.random.choice(earlier) if again else traffic.packet()
        earlier = [*earlier[-15:], packet]
        if traffic.random.random() < 0.05:
            client, view = traffic.client(world), traffic.random.choice(views[:3])
        pair.clock.time += traffic.random.choice((0, 0, 0.001, 0.3))
        answer, expected = await pair.ask(traffic.random.randbytes(2) + packet[2:], client, view)
        assert answer == expected, (packet.hex(), client, view)
    assert pair.quick.reasons == pair.true.reasons
    assert pair.quick.malformed == pair.true.malformed
    assert pair.told[0] == pair.told[1]
    assert len(pair.told[0]) == (sum(pair.true.reasons.values()) if observed else 0)
    assert pair.quick.cache.misses == pair.true.cache.misses
    assert pair.known > QUERIES / 20


async def test_a_name_that_is_there_is_known_from_the_second_time_on() -> None:
    pair = Pair(world_of(UPSTREAM))
    assert await known_of(pair, "www.example.com", "www.example.com", "WWW.example.com") == 2


async def test_an_answer_that_counts_down_is_right_at_every_moment() -> None:
    pair, seen = Pair(world_of(UPSTREAM)), set[bytes]()
    asked = query("name3.example.net")
    for _ in range(100):  # 25 seconds, in which it expires and is fetched again
        for _ in range(3):
            answer, expected = await pair.ask(asked, HOME, None)
            assert answer == expected
        assert answer is not None
        seen.add(answer)
        pair.clock.time += 0.25
    assert len(seen) == 18, "TTLs of 9 down to 1, the two records in either order"
    assert pair.known > 200


async def test_an_answer_that_counts_down_is_found_without_a_call() -> None:
    pair = Pair(world_of(UPSTREAM))
    asked = query("name1.example.net")
    for _ in range(4):
        await pair.ask(asked, HOME, None)
    [table, _] = pair.quick._tables.values()
    for _ in range(2):
        tail, until, _, _ = table.answers[asked[2:]]
        assert pair.clock.time < until <= pair.clock.time + 1
        pair.clock.time = until
        answer, expected = await pair.ask(asked, HOME, None)
        assert answer == expected
        assert answer is not None
        assert answer[2:] != tail


async def test_a_type_whose_number_looks_like_a_letter_is_no_other_one() -> None:
    pair = Pair(world_of(UPSTREAM))
    for kind in (TYPE_HTTPS, TYPE_HTTPS + 32):
        for name in ("www.example.com", "WWW.example.com", "no.example.com", "NO.EXAMPLE.COM"):
            for _ in range(3):
                answer, expected = await pair.ask(query(name, kind), HOME, None)
                assert answer == expected


async def test_names_that_nothing_tells_apart_are_known_before_they_were_asked() -> None:
    pair = Pair(world_of(UPSTREAM))
    assert (
        await known_of(pair, "no1.example.com", "no2.example.com", "no3.example.com", "sub.example.com", "bad.example.com")
        == 2
    )
    assert await known_of(pair, "aa.wild.example.com", "bb.wild.example.com", "wild.example.com") == 1
    assert await known_of(pair, "longer.example.com", "as-long.example.com") == 0, "another length has other pointers"


async def test_no_name_is_taken_for_another_of_the_internet() -> None:
    pair = Pair(world_of(UPSTREAM.replace("servers: [192.0.2.53]", "mode: off")))
    assert await known_of(pair, "name1.example.net", "name2.example.net", "name0.example.net") == 0


async def test_another_world_is_known_nothing_of() -> None:
    pair = Pair(world_of(UPSTREAM))
    await known_of(pair, "www.example.com", "www.example.com")
    for engine in (pair.quick, pair.true):
        engine.adopt(world_of(UPSTREAM.replace("10.0.5.10", "10.0.5.99")))
    assert await known_of(pair, "www.example.com", "www.example.com") == 1


async def test_whoever_begins_to_observe_is_told_of_every_query_from_then_on() -> None:
    pair = Pair(world_of(UPSTREAM))
    await known_of(pair, "www.example.com", "www.example.com")
    pair.quick.observe = pair.told[0].append
    pair.true.observe = pair.told[1].append
    assert await known_of(pair, "www.example.com", "www.example.com", "no.example.com", "of.example.com") == 3
    assert pair.told[0] == pair.told[1]
    assert len(pair.told[0]) == 4


async def test_packets_beyond_a_client_s_number_are_dropped_also_where_their_answer_is_known() -> None:
    pair = Pair(world_of(UPSTREAM), observed=True)
    for engine in (pair.quick, pair.true):
        engine.flow = Flow(10)
    inside = ClientAddress("10.0.1.5", 40000, tcp=False)
    for client in (inside, inside._replace(tcp=True)):
        answers = 0
        for _ in range(40):
            pair.clock.time += 0.06
            answer, expected = await pair.ask(query("www.example.com"), client, None)
            assert answer == expected
            answers += answer is not None
        assert answers < 30
    assert pair.known > 40
    assert pair.quick.dropped == pair.true.dropped > 20
    assert pair.told[0] == pair.told[1]


async def test_answers_beyond_a_client_s_number_are_shortened_also_where_they_are_known() -> None:
    pair = Pair(world_of(UPSTREAM), observed=True)
    for engine in (pair.quick, pair.true):
        engine.rate = Flow(10)
    for tcp in (False, True):
        for _ in range(40):
            pair.clock.time += 0.06
            answer, expected = await pair.ask(query("www.example.com"), HOME._replace(tcp=tcp), None)
            assert answer == expected
    assert pair.known > 60
    assert pair.quick.limited == pair.true.limited > 10
    assert pair.told[0] == pair.told[1]


async def test_names_without_end_take_no_memory_and_push_nothing_out() -> None:
    pair = Pair(world_of(UPSTREAM.replace("servers: [192.0.2.53]", "mode: off")))
    await known_of(pair, "www.example.com")
    [table, _] = pair.quick._tables.values()
    for number in range(MOST_YOUNG + 100):
        pair.quick.handle(query(f"n{number}.example.org"), HOME, None)
        pair.quick.handle(query(f"n{number:06}.example.com"), HOME, None)
    assert len(table._kept) <= MOST_YOUNG
    assert len(table._siblings) == 1
    assert await known_of(pair, "www.example.com", "no-such.example.com") == 2


def test_where_too_much_is_known_all_of_it_is_forgotten() -> None:
    forgotten: list[bool] = []
    bounds = Bounds(lambda: forgotten.append(True), most=10)
    for _ in range(22):
        bounds.count()
    assert len(forgotten) == 2
