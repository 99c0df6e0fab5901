"""What is answered while the network is slow or away."""

from __future__ import annotations

import asyncio

import pytest

from proxy import forward
from proxy.cache import ReplyCache
from proxy.dns.names import Name
from proxy.forward import Done, Forwarder
from proxy.model.answers import Ask, Protocol, ReasonKind, Reply, Route, ServerAddress, StaleReply, UpstreamError
from proxy.model.plan import CacheBounds
from tests.worlds import placed, reply

BOUNDS = CacheBounds(entries=100, min_ttl=0, max_ttl=86_400, negative_max_ttl=900, serve_stale=1000, prefetch=True)
ASK = Ask(Route((ServerAddress(Protocol.UDP, "192.0.2.53", 53),), 2.0), Name.from_text("www.example.com"), 1)
OLD = reply(placed(None, "A", 60, "192.0.2.1"))
NEW = reply(placed(None, "A", 60, "192.0.2.2"))
DEAD = UpstreamError("192.0.2.53:53 gave no reply")


class Network:
    """Gives what it is told to, in the loop's next turn, or later when told to wait."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []
        self.waiting: list[Done] = []
        self.says: Reply | UpstreamError | None = OLD

    def start(self, ask: Ask, done: Done) -> None:
        self.asked.append(ask)
        if self.says is None:
            self.waiting.append(done)
        else:
            asyncio.get_running_loop().call_soon(done, self.says)


class Scene:
    """A network, a cache, a clock, and who forwards."""

    def __init__(self) -> None:
        self.network = Network()
        self.cache = ReplyCache(BOUNDS)
        self.time = 0.0
        self.forwarder = Forwarder(self.cache, self.network.start, lambda: self.time)

    async def ask(self) -> Reply:
        """As the engine does: the cache first, and what comes is kept."""
        kept = self.cache.get(ASK, self.time)
        if kept is not None:
            return kept
        found = await self.forwarder.exchange(ASK)
        self.cache.put(ASK, found, self.time)
        return found


@pytest.fixture
def scene() -> Scene:
    return Scene()


def address(found: Reply) -> bytes:
    return found.answer[0][1].rdatas()[0][-1:]


async def test_while_all_is_well_the_network_is_asked(scene: Scene) -> None:
    assert await scene.ask() == OLD
    assert len(scene.network.asked) == 1


async def test_what_failed_is_not_asked_again_for_a_second(scene: Scene) -> None:
    scene.network.says = DEAD
    with pytest.raises(UpstreamError) as caught:
        await scene.ask()
    assert caught.value.reason.kind is ReasonKind.UPSTREAM_FAILED
    for _ in range(3):
        with pytest.raises(UpstreamError) as caught:
            await scene.ask()
        assert caught.value.reason == (ReasonKind.FAILED_BEFORE, "192.0.2.53:53 gave no reply")
    assert len(scene.network.asked) == 1
    scene.time = 1.0
    scene.network.says = NEW
    assert await scene.ask() == NEW


async def test_that_we_were_busy_is_not_held_against_a_question(scene: Scene) -> None:
    scene.network.says = UpstreamError("given up for newer questions", ReasonKind.OVERLOADED)
    for _ in range(2):
        with pytest.raises(UpstreamError, match="given up for newer"):
            await scene.ask()
    assert len(scene.network.asked) == 2


@pytest.mark.parametrize("failure", [DEAD, Reply(2), Reply(5)], ids=["dead", "SERVFAIL", "REFUSED"])
async def test_when_nobody_knows_better_the_old_reply_is_given(scene: Scene, failure: Reply | UpstreamError) -> None:
    await scene.ask()
    scene.time = 61.0
    scene.network.says = failure
    found = await scene.ask()
    assert isinstance(found, StaleReply)
    assert (address(found), found.answer[0][1].ttl) == (b"\1", 30)
    assert scene.cache.stale_hits == 1
    scene.network.says = NEW
    scene.time = 70.0
    assert await scene.ask() == NEW


async def test_a_question_that_just_failed_gets_the_old_reply_at_once(scene: Scene) -> None:
    await scene.ask()
    scene.time = 61.0
    scene.network.says = DEAD
    await scene.ask()
    asked = len(scene.network.asked)
    assert isinstance(await scene.ask(), StaleReply)
    assert len(scene.network.asked) == asked


async def test_who_waits_too_long_gets_the_old_reply_and_the_next_one_the_new(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forward, "PATIENCE", 0.05)
    await scene.ask()
    scene.time = 61.0
    scene.network.says = None
    assert isinstance(await scene.ask(), StaleReply)
    [done] = scene.network.waiting
    done(NEW)
    assert await scene.ask() == NEW
    scene.time = 130.0
    assert isinstance(await scene.ask(), StaleReply)
    scene.network.waiting[-1](DEAD)
    assert isinstance(await scene.ask(), StaleReply)
    assert scene.cache.stale_hits == 3


async def test_a_new_reply_in_time_is_given(scene: Scene) -> None:
    await scene.ask()
    scene.time = 61.0
    scene.network.says = NEW
    found = await scene.ask()
    assert found == NEW
    assert not isinstance(found, StaleReply)


async def test_what_is_popular_is_new_before_it_is_old(scene: Scene) -> None:
    await scene.ask()
    scene.network.says = NEW
    scene.time = 55.0
    for _ in range(5):
        assert address(await scene.ask()) == b"\1"
    await asyncio.sleep(0)
    assert len(scene.network.asked) == 2
    scene.time = 61.0
    assert address(await scene.ask()) == b"\2"
    assert len(scene.network.asked) == 2


async def test_a_prefetch_that_fails_changes_nothing(scene: Scene) -> None:
    await scene.ask()
    scene.network.says = DEAD
    scene.time = 55.0
    for _ in range(5):
        assert address(await scene.ask()) == b"\1"
    await asyncio.sleep(0)
    assert address(await scene.ask()) == b"\1"


async def test_another_cache_takes_over(scene: Scene) -> None:
    await scene.ask()
    other = ReplyCache(BOUNDS)
    scene.forwarder.use(other)
    assert scene.cache.fetch is None
    scene.cache = other
    assert await scene.ask() == OLD
    assert len(scene.network.asked) == 2


async def test_who_has_gone_is_not_told(scene: Scene) -> None:
    scene.network.says = None
    waiting = asyncio.create_task(scene.ask())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    scene.network.waiting[0](NEW)
