"""The file: its end, its rotation, and machines that do not take it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from proxy.querylog.file import LogFile


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log"


def test_lines_are_added_at_the_end_of_what_is_there(path: Path) -> None:
    path.write_text("before\n")
    log = LogFile(str(path), 0, 5)
    log.write(b"one\n")
    log.write(b"two\n")
    log.close()
    assert path.read_text() == "before\none\ntwo\n"


def test_it_is_rotated_by_size_and_the_oldest_goes(path: Path) -> None:
    log = LogFile(str(path), 8, 2)
    for number in range(9):
        log.write(f"{number}..\n".encode())
    log.close()
    assert files(path.parent) == {"log": "8..\n", "log.1": "6..\n7..\n", "log.2": "4..\n5..\n"}


def test_what_was_there_before_counts_and_a_long_line_has_a_file_of_its_own(path: Path) -> None:
    path.write_text("123456\n")
    log = LogFile(str(path), 8, 1)
    log.write(b"a line that is longer than the bound\n")
    log.write(b"x\n")
    log.close()
    assert files(path.parent) == {"log": "x\n", "log.1": "a line that is longer than the bound\n"}


def test_without_older_files_it_begins_anew(path: Path) -> None:
    log = LogFile(str(path), 4, 0)
    log.write(b"one\n")
    log.write(b"two\n")
    log.close()
    assert files(path.parent) == {"log": "two\n"}


def test_after_somebody_moved_it_away_it_is_opened_anew(path: Path) -> None:
    log = LogFile(str(path), 0, 5)
    log.write(b"one\n")
    path.rename(path.with_name("moved"))
    log.write(b"two\n")
    log.reopen()
    log.write(b"three\n")
    log.close()
    assert files(path.parent) == {"log": "three\n", "moved": "one\ntwo\n"}


def test_if_it_cannot_be_opened_anew_the_old_one_is_kept(path: Path) -> None:
    log = LogFile(str(path), 0, 5)
    path.rename(path.with_name("moved"))
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        log.reopen()
    log.write(b"one\n")
    log.close()
    assert (path.parent / "moved").read_text() == "one\n"


def test_a_full_disk_is_the_callers_affair_and_the_next_line_is_tried() -> None:
    log = LogFile("/dev/full", 0, 5)
    for _ in range(2):
        with pytest.raises(OSError, match="No space left") as caught:
            log.write(b"one\n")
        assert caught.value.errno == errno.ENOSPC
    log.reopen()
    log.close()


def test_half_a_line_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = LogFile(str(path), 0, 5)
    log.write(b"whole\n")
    write = os.write
    room = [3, 0]

    def little_room(descriptor: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[: room.pop(0)])

    monkeypatch.setattr(os, "write", little_room)
    with pytest.raises(OSError, match="No space"):
        log.write(b"half of it\n")
    monkeypatch.undo()
    log.write(b"next\n")
    log.close()
    assert path.read_text() == "whole\nnext\n"


def test_half_a_line_is_left_where_somebody_else_writes_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = LogFile(str(path), 0, 5)
    write = os.write
    room = [3]

    def little_room(descriptor: int, data: bytes) -> int:
        if not room:
            with path.open("a") as other:
                other.write("other\n")
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[: room.pop()])

    monkeypatch.setattr(os, "write", little_room)
    with pytest.raises(OSError, match="No space"):
        log.write(b"half of it\n")
    monkeypatch.undo()
    log.close()
    assert path.read_text() == "halother\n"


def test_standard_error_is_not_closed(capfd: pytest.CaptureFixture[str]) -> None:
    log = LogFile("-", 1, 0)
    log.write(b"one\n")
    log.write(b"two\n")
    log.close()
    os.write(2, b"still there\n")
    assert capfd.readouterr().err == "one\ntwo\nstill there\n"


def test_a_pipe_that_nobody_reads_is_refused_and_one_that_is_read_is_written_to(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(OSError, match="No such device"):
        LogFile(str(path), 1, 1)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = LogFile(str(path), 1, 1)
    log.write(b"one\n")
    log.write(b"two\n")
    assert os.read(reader, 100) == b"one\ntwo\n"
    log.close()
    os.close(reader)
