"""Where a configuration comes from: what is found, what is read, what is refused, and when a change is noticed."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from proxy import source as source_module
from proxy.source import MAX_OCTETS, Source, SourceError, demo_path, find_source, watch

INTERVAL = 0.02


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with a working folder, a home folder and a demo in it."""
    for name in ("work", "home/.config/vpcdns"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "demo.yaml").write_text("demo")
    return tmp_path


def find(house: Path, given: str | None = None, **environ: str) -> Source:
    return find_source(given, environ, house / "work", house / "home", house / "demo.yaml")


def refusal(source: Source) -> str:
    with pytest.raises(SourceError) as caught:
        source.read()
    return str(caught.value)


# Which one


def test_the_order_in_which_a_configuration_is_looked_for(house: Path) -> None:
    """Each next one counts for more than all before it."""
    shown = [find(house)]
    (house / "home/.config/vpcdns/vpcdns.yaml").write_text("home")
    shown.append(find(house))
    (house / "work/vpcdns.yaml").write_text("work")
    shown.append(find(house))
    (house / "work/named.yaml").write_text("environment")
    shown.append(find(house, VPCDNS_CONFIG="named.yaml"))
    (house / "work/given.yaml").write_text("given")
    shown.append(find(house, "given.yaml", VPCDNS_CONFIG="named.yaml"))
    assert [(each.name, each.why, each.read()) for each in shown] == [
        (str(house / "demo.yaml"), "the built-in demo", [(str(house / "demo.yaml"), b"demo")]),
        ("~/.config/vpcdns/vpcdns.yaml", "the file of your home folder", [("~/.config/vpcdns/vpcdns.yaml", b"home")]),
        ("vpcdns.yaml", "the file of this folder", [("vpcdns.yaml", b"work")]),
        ("named.yaml", "VPCDNS_CONFIG", [("named.yaml", b"environment")]),
        ("given.yaml", "-c", [("given.yaml", b"given")]),
    ]


def test_an_empty_variable_names_nothing(house: Path) -> None:
    assert find(house, VPCDNS_CONFIG="").why == "the built-in demo"


def test_an_absolute_path_is_shown_as_it_was_given(house: Path) -> None:
    path = str(house / "demo.yaml")
    assert find(house, path).read() == [(path, b"demo")]


def test_what_was_named_but_is_missing_is_not_looked_for_elsewhere(house: Path) -> None:
    (house / "work/vpcdns.yaml").write_text("work")
    assert refusal(find(house, "gone.yaml")) == (
        "gone.yaml: there is no such file (`vpcdns init` writes a first one; -c names another)"
    )


def test_a_link_that_leads_nowhere_is_not_passed_over_for_the_demo(house: Path) -> None:
    (house / "work/vpcdns.yaml").symlink_to("gone.yaml")
    assert refusal(find(house)) == "vpcdns.yaml: this link leads to gone.yaml, which is not there"


def test_the_demo_is_there_and_is_the_source_trees_own() -> None:
    assert demo_path() == Path(__file__).parent.parent / "config" / "demo.yaml"
    assert demo_path().is_file()


def test_an_installed_demo_stands_beside_the_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "demo.yaml").write_text("demo")
    monkeypatch.setattr(source_module, "__file__", str(tmp_path / "source.py"))
    assert demo_path() == tmp_path / "demo.yaml"


# What is read


def test_a_folder_is_read_in_the_order_of_names_without_hidden_files_and_back_ups(house: Path) -> None:
    names = ["b.yml", "a.yaml", "a.yaml~", ".a.yaml.swp", ".hidden.yaml", "#a.yaml#", "README.md", "a.yaml.bak", "c.YAML"]
    (house / "work/site").mkdir()
    for name in names:
        (house / "work/site" / name).write_text(name)
    wanted = [("site/a.yaml", b"a.yaml"), ("site/b.yml", b"b.yml")]
    assert find(house, "site").read() == wanted
    assert find(house, "site/").read() == wanted


def test_standard_input_is_read_once_and_kept(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"region: eu-west-1\n")))
    given = find(house, "-")
    assert given.read() == given.read() == [("-", b"region: eu-west-1\n")]
    assert given.fingerprint() == given.seen
    assert find(house, VPCDNS_CONFIG="-").why == "VPCDNS_CONFIG"


def test_a_closed_standard_input_is_told(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert refusal(find(house, "-")) == "-: there is no standard input (give a file with -c)"


def test_a_name_that_is_no_utf_8_can_be_printed(house: Path) -> None:
    name = os.fsdecode(b"caf\xe9.yaml")
    assert refusal(find(house, name)).startswith("caf\ufffd.yaml: there is no such file")


# What is refused


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda path: path.mkdir(), "x: this is a folder without a *.yaml file (put one there, or name a file)"),
        (os.mkfifo, "x: this is no regular file (to read what a command prints: COMMAND | vpcdns -c - …)"),
        (lambda path: path.symlink_to("/dev/null"), "x: this is no regular file (to read what a command prints"),
        (lambda path: path.symlink_to(path), "x: Too many levels of symbolic links"),
    ],
    ids=["empty folder", "pipe", "device", "link to itself"],
)
def test_what_cannot_be_read_is_told(house: Path, make: Callable[[Path], object], text: str) -> None:
    make(house / "work/x")
    assert refusal(find(house, "x")).startswith(text)


def test_a_file_below_a_file_is_told(house: Path) -> None:
    assert refusal(find(house, "../demo.yaml/x")) == "../demo.yaml/x: Not a directory"


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_missing_permission_is_told(house: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (house / "work/site").mkdir()
    (house / "work/site/a.yaml").write_text("a")
    monkeypatch.setattr(Path, "open" if what == "file" else "iterdir", refuse)  # root may read everything
    name = "site/a.yaml" if what == "file" else "site"
    assert refusal(find(house, "site")) == f"{name}: no permission to read it (see who may with `ls -l`)"


def test_what_is_too_large_is_refused_before_it_fills_the_memory(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (house / "work/site").mkdir()
    for name in ("a.yaml", "b.yaml"):
        with (house / "work/site" / name).open("wb") as file:
            file.truncate(MAX_OCTETS // 2 + 1)
    too_large = "with this, a configuration of more than 67,108,864 octets (vpcdns reads no more)"
    assert refusal(find(house, "site")) == f"site/b.yaml: {too_large}"
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(bytes(MAX_OCTETS + 1))))
    assert refusal(find(house, "-")) == f"-: {too_large}"


def test_what_is_read_here_is_what_the_reader_of_yaml_takes() -> None:
    from proxy.settings import reader

    assert reader.MAX_OCTETS == MAX_OCTETS


# What is a change


def _write_in_place(site: Path) -> None:
    (site / "a.yaml").write_text("two")


def _rename_over(site: Path) -> None:
    (site / ".a.new").write_text("two")
    (site / ".a.new").replace(site / "a.yaml")


def _copy_with_old_times(site: Path) -> None:
    before = (site / "a.yaml").stat()
    (site / "a.yaml").write_text("two")
    os.utime(site / "a.yaml", ns=(before.st_atime_ns, before.st_mtime_ns))


def _add(site: Path) -> None:
    (site / "b.yaml").write_text("new")


def _rename(site: Path) -> None:
    (site / "a.yaml").rename(site / "z.yaml")


def _remove_all(site: Path) -> None:
    (site / "a.yaml").unlink()


CHANGES = [_write_in_place, _rename_over, _copy_with_old_times, _add, _rename, _remove_all]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_in_a_folder_shows(house: Path, change: Callable[[Path], None]) -> None:
    site = house / "work/site"
    site.mkdir()
    (site / "a.yaml").write_text("one")
    given = find(house, "site")
    given.read()
    assert given.fingerprint() == given.seen
    change(site)
    assert given.fingerprint() != given.seen


def test_what_is_not_read_is_no_change(house: Path) -> None:
    (house / "work/site").mkdir()
    (house / "work/site/a.yaml").write_text("one")
    given = find(house, "site")
    before = given.fingerprint()
    (house / "work/site/.a.yaml.swp").write_text("an editor at work")
    assert given.fingerprint() == before


def test_a_kubernetes_style_swap_of_a_link_shows(house: Path) -> None:
    """A volume's `vpcdns.yaml -> ..data/vpcdns.yaml`, whose `..data` is replaced at one stroke."""
    volume = house / "work"
    for version in ("..1", "..2"):
        (volume / version).mkdir()
        (volume / version / "vpcdns.yaml").write_text("same size")
    (volume / "..data").symlink_to("..1")
    (volume / "vpcdns.yaml").symlink_to("..data/vpcdns.yaml")
    for given in (find(house), find(house, ".")):
        before = given.fingerprint()
        (volume / "..new").symlink_to("..2" if (volume / "..data").readlink() == Path("..1") else "..1")
        (volume / "..new").replace(volume / "..data")
        assert given.fingerprint() != before


# Watching


@asynccontextmanager
async def watching(given: Source, changed: Callable[[], None]) -> AsyncIterator[None]:
    async def call() -> None:
        changed()

    task = asyncio.create_task(watch(given, call, INTERVAL))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def wait_until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(INTERVAL / 4)


async def some_looks() -> None:
    await asyncio.sleep(10 * INTERVAL)


@pytest.fixture
def file(house: Path) -> Path:
    path = house / "work/vpcdns.yaml"
    path.write_text("one")
    return path


async def test_each_change_is_told_once(house: Path, file: Path) -> None:
    told: list[bytes] = []
    given = find(house)
    given.read()
    async with watching(given, lambda: told.append(given.read()[0][1])):
        await some_looks()
        file.write_text("two")
        await wait_until(lambda: told == [b"two"])
        file.write_text("three")
        await wait_until(lambda: len(told) > 1)
        await some_looks()
    assert told == [b"two", b"three"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
async def test_where_nothing_happens_nobody_looks(house: Path, file: Path) -> None:
    given = find(house)
    given.read()
    looks = 0
    look = given.fingerprint

    def counted() -> object:
        nonlocal looks
        looks += 1
        return look()

    given.fingerprint = counted  # type: ignore[method-assign]
    told: list[str] = []
    async with watching(given, lambda: told.append("changed")):
        await some_looks()
        before = looks
        await some_looks()
        assert looks == before
        file.write_text("two")
        await wait_until(lambda: told == ["changed"])


@pytest.mark.parametrize("told_by_kernel", [True, False])
async def test_a_link_on_the_way_that_leads_elsewhere_is_a_change(
    house: Path, monkeypatch: pytest.MonkeyPatch, *, told_by_kernel: bool
) -> None:
    """As Kubernetes changes the files of a ConfigMap: all of them, by one link that is replaced."""
    if not told_by_kernel:
        monkeypatch.setattr("proxy.notify._LOCAL", frozenset())
    for version in ("one", "two"):
        (house / version).mkdir()
        (house / version / "vpcdns.yaml").write_text(version)
    (house / "data").symlink_to("one")
    (house / "work/vpcdns.yaml").symlink_to("../data/vpcdns.yaml")
    told: list[bytes] = []
    given = find(house)
    given.read()
    async with watching(given, lambda: told.append(given.read()[0][1])):
        await some_looks()
        (house / "new").symlink_to("two")
        (house / "new").rename(house / "data")
        await wait_until(lambda: told == [b"two"])
        (house / "two/vpcdns.yaml").write_text("three")
        await wait_until(lambda: told == [b"two", b"three"])


async def test_a_change_between_reading_and_watching_is_not_lost(house: Path, file: Path) -> None:
    told: list[bytes] = []
    given = find(house)
    given.read()
    file.write_text("changed")
    async with watching(given, lambda: told.append(given.read()[0][1])):
        await wait_until(lambda: told == [b"changed"])


async def test_what_was_read_meanwhile_is_not_told_again(house: Path, file: Path) -> None:
    """A signal made the program reload before the watch saw the change."""
    told: list[str] = []
    given = find(house)
    async with watching(given, lambda: told.append("changed")):
        await some_looks()
        file.write_text("two")
        given.read()
        await some_looks()
    assert told == []


async def test_a_file_that_is_still_being_written_is_left_to_settle(house: Path, file: Path) -> None:
    told: list[bytes] = []
    given = find(house)
    looks = 0
    look = given.fingerprint

    def growing() -> object:
        """The writer adds a line before each of the first five looks."""
        nonlocal looks
        looks += 1
        if looks <= 5:
            with file.open("a") as text:
                text.write("line\n")
        return look()

    given.read()
    given.fingerprint = growing  # type: ignore[method-assign]
    async with watching(given, lambda: told.append(file.read_bytes())):
        await wait_until(lambda: bool(told))
    assert told == [b"one" + 5 * b"line\n"]


async def test_a_file_that_goes_and_comes_back_is_told_both_times(house: Path, file: Path) -> None:
    told: list[str] = []
    given = find(house, "vpcdns.yaml")

    def changed() -> None:
        try:
            told.append(given.read()[0][1].decode())
        except SourceError as error:
            told.append(str(error.what))

    async with watching(given, changed):
        await some_looks()
        file.rename(house / "aside")
        await wait_until(lambda: len(told) == 1)
        (house / "aside").rename(file)
        await wait_until(lambda: len(told) == 2)
    assert told == ["vpcdns.yaml: there is no such file", "one"]


async def test_a_defect_in_what_a_change_leads_to_does_not_end_the_watching(
    house: Path, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    def changed() -> None:
        told.append("changed")
        raise ZeroDivisionError

    given = find(house)
    given.read()
    async with watching(given, changed):
        for count in (1, 2):
            file.write_text(f"version {count}")
            await wait_until(lambda count=count: len(told) == count)  # type: ignore[misc]
            await some_looks()
    assert [record.levelno for record in caplog.records if record.name == "proxy.source"] == [logging.ERROR] * 2
    assert told == ["changed"] * 2
