"""`vpcdns top`: what it shows, in windows of any size, and that a terminal is afterwards as it was."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import pytest

from proxy.cli.topframe import Frame, drawn
from tests.cli.programs import COMMAND, HOUSE, SPLIT, Serving, environment, serving, vpcdns

ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


def stats(**more: Any) -> dict[str, Any]:
    return {
        "version": "1.0",
        "uptime": 100.0,
        "configuration": {"name": "site.yaml", "digest": "0123456789ab", "changes": []},
        "answers": {"total": 0, "by_view": {"a": 10, "internet": 5}, "by_reason": {}, "by_rcode": {}, "by_transport": {}},
        "cache": {"hits": 10, "misses": 10},
        "upstream": {"in_flight": 2, "servers": [server("192.0.2.1:53", 5), server("192.0.2.2:53", 5, up=False)]},
        "tcp_connections": 3,
        **more,
    }


def server(address: str, sent: int, *, up: bool = True) -> dict[str, Any]:
    return {"address": address, "up": up, "sent": sent, "replies": 0, "failures": 1, "reply_seconds": 0.0123}


def query(name: str = "www.example.com.", seconds: float = 0.001) -> dict[str, Any]:
    return {"name": name, "type": "A", "view": "a", "seconds": seconds}


def later(**more: Any) -> Frame:
    """A look two seconds after a first one."""
    first = Frame.of(50.0, stats(), {"latest": 0, "queries": []}, None)
    answers = {
        "total": 0,
        "by_view": {"a": 110, "internet": 105},
        "by_reason": {"private zone": 150, "public record": 50},
        "by_rcode": {},
        "by_transport": {},
    }
    servers = [server("192.0.2.1:53", 25), server("192.0.2.2:53", 5, up=False)]
    now = stats(
        uptime=102.0,
        answers=answers,
        cache={"hits": 19, "misses": 11},
        upstream={"in_flight": 2, "servers": servers},
    )
    asked = [query()] * 3 + [query("db.example.com.", 0.5)]
    return Frame.of(52.0, {**now, **more}, {"latest": 4, "queries": asked}, first)


def texts(frame: Frame, width: int = 100, height: int = 40, wrong: str = "") -> list[str]:
    return [line.text for line in drawn(frame, width, height, wrong)]


def test_a_frame_tells_rates_shares_times_and_names() -> None:
    shown = "\n".join(texts(later()))
    assert "100 queries/s  answered in p50 1.0 ms p95 500.0 ms p99 500.0 ms  cache 90.0 %" in shown
    assert re.search(r"^  a +50/s +50\.0 % █{10}$", shown, re.MULTILINE)
    assert re.search(r"^  private zone +75/s +75\.0 % █{15}$", shown, re.MULTILINE)
    assert "NAMES of the last 4 queries" in shown
    assert re.search(r"^  www\.example\.com A in a +3 +75\.0 %", shown, re.MULTILINE)
    assert "  up    192.0.2.1:53  10/s  12.3 ms  1 failures" in shown
    assert "  rests 192.0.2.2:53  0/s" in shown


def test_a_server_that_was_started_anew_is_counted_from_its_beginning() -> None:
    first = Frame.of(50.0, stats(), {"latest": 9, "queries": []}, None)
    again = stats(uptime=1.0)
    again["answers"]["by_view"] = {"a": 4}
    assert Frame.of(51.0, again, {"latest": 0, "queries": []}, first).rate == 0.0
    more = stats(uptime=101.0)
    more["answers"]["by_view"] = {"a": 4}
    assert Frame.of(51.0, more, {"latest": 0, "queries": []}, first).rate == 4.0, "a worker that is counted no more"


def test_before_the_first_second_there_are_no_rates() -> None:
    first = Frame.of(50.0, stats(), {"latest": 0, "queries": []}, None)
    assert (first.rate, first.quantile(0.5)) == (0.0, None)
    assert "0 queries/s  answered in p50 - p95 - p99 -  cache -" in texts(first)[1]


@pytest.mark.parametrize("width", [1, 2, 10, 20, 40, 79, 200])
@pytest.mark.parametrize("height", [1, 2, 3, 5, 8, 12, 24, 60])
def test_it_fits_into_any_window(width: int, height: int) -> None:
    for wrong in ("", "no control API at 127.0.0.1:8053: Connection refused"):
        shown = texts(later(), width, height, wrong)
        assert len(shown) <= max(height - 1, 1)
        assert max(map(len, shown)) <= max(width - 1, 0)


def test_where_room_is_short_every_part_has_some() -> None:
    shown = texts(later(), 80, 16)
    assert [title for title in ("VIEWS", "REASONS", "NAMES", "UPSTREAM") if any(title in line for line in shown)] == [
        "VIEWS", "REASONS", "NAMES", "UPSTREAM",
    ]  # fmt: skip
    assert "VIEWS" in texts(later(), 80, 8)
    assert texts(later(), 80, 3)[0].startswith("vpcdns 1.0  up 1 min 42 s  site.yaml")


def test_what_comes_from_outside_draws_nothing_of_its_own() -> None:
    frame = later(configuration={"name": "a\x1b[2Jb", "digest": "", "changes": ["x"]})
    assert "a\\x1b[2Jb (), 1 changed until the next reload" in texts(frame)[0]


# With a server


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, str]]:
    file = tmp_path_factory.mktemp("top") / "split.yaml"
    file.write_text(SPLIT)
    with serving("-c", file, "serve", "--no-watch", VPCDNS_ADMIN="127.0.0.1:0") as started:
        found = re.search(r"control API: http://(\S+)", started.wait_for("try: "))
        assert found is not None
        yield started, found[1]


def ask(started: Serving) -> None:
    for port in started.ports:
        dns.query.udp(dns.message.make_query("www.example.com", "A"), "127.0.0.1", port=port, timeout=5)


def test_one_frame_for_scripts(running: tuple[Serving, str], monkeypatch: pytest.MonkeyPatch) -> None:
    started, address = running
    monkeypatch.setattr("proxy.cli.top.time.sleep", lambda _: ask(started))
    for arguments in ([], ["--once"]):  # what is no terminal gets one in any case
        ran = vpcdns("top", "--admin", address, "--interval", "0.5", *arguments)
        assert (ran.status, ran.err, "\x1b" in ran.out) == (0, "", False)
        assert "  www.example.com A in internet" in ran.out
    said = json.loads(vpcdns("top", "--admin", address, "--json").out)
    assert said["queries_per_second"] > 0
    assert {each["name"] for each in said["names"]} >= {"www.example.com A in a", "www.example.com A in internet"}
    assert said["per_second"]["by_view"].keys() == {"a", "internet"}


@pytest.mark.parametrize("interval", ["0", "x", "1e9", "nan"])
def test_a_wrong_interval_is_a_wrong_usage(interval: str) -> None:
    ran = vpcdns("top", "--interval", interval)
    assert (ran.status, f"{interval} is no number from 0.1 to 60" in ran.err) == (2, True)


def test_without_a_server_it_is_told() -> None:
    ran = vpcdns("top", "--admin", "127.0.0.1:1")
    assert (ran.status, "no control API at 127.0.0.1:1" in ran.err) == (3, True)


class Window:
    """A terminal of some size, and a program in it."""

    def __init__(self, process: subprocess.Popen[bytes], ours: int, theirs: int) -> None:
        self.process = process
        self.text = ""
        self._ours = ours
        self._theirs = theirs

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def mode(self) -> list[Any]:
        return termios.tcgetattr(self._theirs)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def wait_for(self, wanted: Callable[[str], bool]) -> str:
        """All that was written, once it is as wanted."""
        end = time.monotonic() + 30
        while not wanted(self.text):
            assert time.monotonic() < end, self.text
            if select.select([self._ours], [], [], 0.1)[0]:
                self.text += os.read(self._ours, 65536).decode(errors="replace")
        return self.text


@contextmanager
def window(address: str, rows: int = 24, columns: int = 80) -> Iterator[Window]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, "top", "--admin", address, "--interval", "0.2"],
        cwd=HOUSE, env=environment(TERM="xterm"), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  so that Ctrl-C and Ctrl-Z reach it
    )  # fmt: skip
    try:
        yield Window(process, ours, theirs)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("end", ["q", "\x03", signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_is_left_as_it_was(running: tuple[Serving, str], end: str | signal.Signals) -> None:
    started, address = running
    with window(address) as shown:
        before = shown.mode()
        shown.wait_for(lambda text: ENTER in text and "queries/s" in text)
        assert shown.mode() != before
        ask(started)
        shown.wait_for(lambda text: "www.example.com A in a" in text)
        shown.type(end) if isinstance(end, str) else shown.process.send_signal(end)
        shown.wait_for(lambda text: text.endswith(LEAVE))
        assert shown.process.wait(10) == 0
        assert shown.mode() == before


def test_it_follows_the_window_and_a_server_that_is_gone(running: tuple[Serving, str], tmp_path: Path) -> None:
    file = tmp_path / "split.yaml"
    file.write_text(SPLIT)
    with serving("-c", file, "serve", "--no-watch", VPCDNS_ADMIN="127.0.0.1:0") as started:
        found = re.search(r"control API: http://(\S+)", started.wait_for("try: "))
        assert found is not None
        with window(found[1], rows=5, columns=30) as shown:
            shown.wait_for(lambda text: text.count("\x1b[H") >= 2)
            assert max(map(len, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.text).split("\r\n"))) < 60
            shown.resize(40, 120)
            shown.wait_for(lambda text: "under way" in text)
            started.end()
            shown.wait_for(lambda text: "no control API at" in text)
            shown.type("q")
            assert shown.process.wait(10) == 0


def test_it_can_be_stopped_and_goes_on(running: tuple[Serving, str]) -> None:
    _, address = running
    with window(address) as shown:
        before = shown.mode()
        shown.wait_for(lambda text: "queries/s" in text)
        shown.type("\x1a")
        shown.wait_for(lambda text: text.endswith(LEAVE))
        os.waitid(os.P_PID, shown.process.pid, os.WSTOPPED | os.WNOWAIT)
        assert shown.mode() == before
        shown.process.send_signal(signal.SIGCONT)
        shown.wait_for(lambda text: text.count(ENTER) == 2 and text.rindex("queries/s") > text.rindex(ENTER))
        shown.type("q")
        assert shown.process.wait(10) == 0
        assert shown.mode() == before
