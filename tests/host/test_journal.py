"""Changes and their journal: made, interrupted, unmade, twice, and after others had their hands on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.host import journal
from proxy.host.changes import Change, ChangeFailed, CommandChange, FileChange
from proxy.host.journal import Busy, Journal, load, only_one
from proxy.host.marks import marked


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(journal, "FOLDER", tmp_path / "journal")
    yield
    assert not (tmp_path / "journal").exists()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "resolv.conf"
    path.write_bytes(b"nameserver 10.0.0.2\n\xff\n")
    path.chmod(0o640)
    return path


def change(path: Path) -> FileChange:
    return FileChange(path, marked(["nameserver 127.0.0.2"]) + path.read_text(errors="replace"))


def test_a_file_is_given_back_octet_by_octet(target: Path) -> None:
    before = target.read_bytes(), target.stat().st_mode
    Journal("plain", "127.0.0.2:53", ["."]).make([change(target)])
    assert b"127.0.0.2" in target.read_bytes()
    found = load()
    assert found is not None
    assert (found.complete, found.from_before_the_start, found.manager) == (True, False, "plain")
    assert found.undo() == []
    assert (target.read_bytes(), target.stat().st_mode) == before
    assert load() is None
    assert found.undo() == [], "twice is as good as once"
    assert (target.read_bytes(), target.stat().st_mode) == before


def test_a_file_that_was_not_there_is_not_there_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "vpcdns.conf"
    made = Journal("dnsmasq", "", [])
    made.make([FileChange(path, marked(["server=/a/1.2.3.4"]))])
    assert path.exists()
    assert made.undo() == []
    assert not path.exists()


@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_interruption_anywhere_can_be_undone(target: Path, tmp_path: Path, at: int) -> None:
    before = target.read_bytes()
    changes: list[Change] = [CommandChange(("true",), ("true",)), change(target), FileChange(tmp_path / "second", "x\n")]
    changes.insert(at, CommandChange(("false",)))
    with pytest.raises(ChangeFailed, match="false: exit status 1"):
        Journal("plain", "", []).make(changes)
    found = load()
    assert found is not None
    assert not found.complete
    found.undo()
    assert target.read_bytes() == before
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize(
    ("edit", "left", "says"),
    [
        (
            lambda text: text + b"search corp.example\n",
            b"nameserver 10.0.0.2\n\xff\nsearch corp.example\n",
            "only the lines of vpcdns",
        ),
        (lambda _: b"nameserver 10.9.9.9\n", b"nameserver 10.9.9.9\n", "is left as it is now"),
        (lambda _: b"nameserver 10.0.0.2\n\xff\n", b"nameserver 10.0.0.2\n\xff\n", ""),
    ],
)
def test_what_was_edited_meanwhile_is_kept(target: Path, edit, left: bytes, says: str) -> None:  # type: ignore[no-untyped-def]
    made = Journal("plain", "", [])
    prepared = FileChange(target, marked(["nameserver 127.0.0.2"]) + "nameserver 10.0.0.2\n")
    made.make([prepared])
    target.write_bytes(edit(marked(["nameserver 127.0.0.2"]).encode() + b"nameserver 10.0.0.2\n\xff\n") if says else left)
    said = made.undo()
    assert target.read_bytes() == left
    assert bool(said) is bool(says)
    assert all(says in line for line in said)


def test_a_file_that_was_removed_stays_removed(target: Path) -> None:
    made = Journal("plain", "", [])
    made.make([change(target)])
    target.unlink()
    assert "was removed meanwhile" in made.undo()[0]


def test_commands_have_opposites_and_others_to_try(tmp_path: Path) -> None:
    made = Journal("resolved", "", [])
    one, two = tmp_path / "one", tmp_path / "two"
    made.make([
        CommandChange((), ("touch", str(two))),
        CommandChange(("no-such-command",), ("rm", str(one)), otherwise=("touch", str(one))),
    ])  # fmt: skip
    assert one.exists()
    found = load()
    assert found is not None
    assert found.undo() == []
    assert (one.exists(), two.exists()) == (False, True)
    [said] = found.undo()
    assert said.startswith(f"rm {one}: ")


def test_the_next_start_of_the_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Journal("resolved", "", [])
    made.make([])
    monkeypatch.setattr(journal, "boot", lambda: "another")
    assert made.from_before_the_start
    made.undo()


def test_one_at_a_time() -> None:
    with only_one(), pytest.raises(Busy), only_one():
        pass
    with only_one():
        pass
