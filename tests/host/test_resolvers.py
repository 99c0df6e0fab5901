"""The servers that this machine asks, and that somebody notices when they change."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from proxy.host import resolvers as resolvers_module
from proxy.host.resolvers import all_servers, machine_servers, watch_resolvers
from proxy.model.answers import ServerAddress
from proxy.notify import listen, places_of


def hosts(path: Path, behind: Path) -> list[str]:
    return [server.host for server in all_servers(path, behind)]


def test_what_is_no_address_is_passed_over_and_nothing_is_named_twice(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    assert machine_servers(path) == ()
    path.write_bytes(
        b"# me\nsearch a.example\nnameserver 192.0.2.1\nnameserver x\n nameserver 2001:db8::1 # v6\nnameserver\n"
        b"nameserver 192.0.2.1\n\xff\xfe\n"
    )
    assert list(map(str, machine_servers(path))) == ["192.0.2.1:53", "[2001:db8::1]:53"]


def test_those_behind_systemd_resolved_count_where_it_is_asked(tmp_path: Path) -> None:
    path, behind = tmp_path / "resolv.conf", tmp_path / "behind"
    behind.write_text("nameserver 192.0.2.9")
    path.write_text("nameserver 192.0.2.1")
    assert hosts(path, behind) == ["192.0.2.1"]
    path.write_text("nameserver 127.0.0.53")
    assert hosts(path, behind) == ["127.0.0.53", "192.0.2.9"]
    behind.unlink()
    assert hosts(path, behind) == ["127.0.0.53"]


async def test_a_change_is_seen_whichever_of_the_files_has_it(tmp_path: Path) -> None:
    path, behind = tmp_path / "resolv.conf", tmp_path / "behind"
    path.write_text("nameserver 127.0.0.53")
    seen = asyncio.Queue[int]()

    async def changed() -> None:
        seen.put_nowait(1)

    watching = asyncio.create_task(watch_resolvers(changed, path, behind, 0.01))
    await asyncio.sleep(0.1)
    path.write_text("# the same, in other words\nnameserver 127.0.0.53\n")
    await asyncio.sleep(0.1)
    assert seen.empty()
    for file, text in ((behind, "nameserver 192.0.2.9"), (path, "nameserver 192.0.2.1"), (path, "")):
        file.write_text(text)
        await asyncio.wait_for(seen.get(), 10)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it has to be looked for")
async def test_nothing_is_looked_at_while_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 192.0.2.1")
    with listen(places_of(path)) as word:
        if word is None:
            pytest.skip("the kernel does not tell of changes here")
    looks: list[Path] = []

    def look(path: Path, behind: Path) -> tuple[ServerAddress, ...]:
        looks.append(path)
        return all_servers(path, behind)

    monkeypatch.setattr(resolvers_module, "all_servers", look)
    seen = asyncio.Queue[int]()

    async def changed() -> None:
        seen.put_nowait(1)

    watching = asyncio.create_task(watch_resolvers(changed, path, tmp_path / "behind", 0.01))
    await asyncio.sleep(0.5)
    assert len(looks) == 2, "at the start, and before it is waited"
    path.write_text("nameserver 192.0.2.2")
    await asyncio.wait_for(seen.get(), 10)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
