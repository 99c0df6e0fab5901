"""The thread that writes: lines arrive, and nothing that goes wrong with them reaches the server."""

from __future__ import annotations

import json
import logging
import os
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from proxy.model.outcome import Outcome
from proxy.model.plan import QueryLogFormat, QueryLogPlan
from proxy.querylog import QueryLog, QueryLogError, writer
from proxy.repeated import Repeated, Said
from tests.querylog.outcomes import outcome_of
from tests.querylog.test_lines import WORLD
from tests.worlds import world_of


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return outcome_of(world_of(WORLD), "www.example.com")


def plan(path: Path | str, form: QueryLogFormat = QueryLogFormat.TEXT) -> QueryLogPlan:
    return QueryLogPlan(str(path), form, max_size=0, keep=5)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_every_line_arrives_in_its_order(tmp_path: Path, outcome: Outcome) -> None:
    log = QueryLog(plan(tmp_path / "log", QueryLogFormat.JSON))
    for port in range(1000):
        log.observe(outcome._replace(client=outcome.client._replace(port=port)))
    log.close()
    ports = [json.loads(line)["port"] for line in (tmp_path / "log").read_text().splitlines()]
    assert ports == list(range(1000))
    assert (log.dropped, log.unwritten) == (0, 0)


def test_lines_arrive_while_it_runs(tmp_path: Path, outcome: Outcome) -> None:
    log = QueryLog(plan(tmp_path / "log"))
    log.observe(outcome)
    until((tmp_path / "log").read_text)
    log.close()


def test_the_moment_is_that_of_the_answer(tmp_path: Path, outcome: Outcome) -> None:
    log = QueryLog(plan(tmp_path / "log"), clock=lambda: 1612461115.5)
    log.observe(outcome)
    log.close()
    assert (tmp_path / "log").read_text().startswith("2021-02-04T17:51:55.500Z a 10.0.1.5:40000 ")


def test_route_53_has_one_line_for_what_is_asked_again(tmp_path: Path, outcome: Outcome) -> None:
    moments = iter((1000.0, *[1001.0] * 40, 1300.0))
    wall = iter((5000.0, *[7.0] * 41))  # it is set back meanwhile, which changes nothing but the stamps
    log = QueryLog(plan(tmp_path / "log", QueryLogFormat.ROUTE53), lambda: next(wall), lambda: next(moments))
    for _ in range(42):
        log.observe(outcome)
    log.close()
    stamps = [json.loads(line)["query_timestamp"] for line in (tmp_path / "log").read_text().splitlines()]
    assert stamps == ["1970-01-01T01:23:20Z", "1970-01-01T00:00:07Z"]


def test_after_a_move_it_goes_on_in_a_new_file(tmp_path: Path, outcome: Outcome) -> None:
    path = tmp_path / "log"
    log = QueryLog(plan(path))
    log.observe(outcome)
    until(path.read_text)
    path.rename(tmp_path / "moved")
    log.reopen()
    until(path.exists)
    log.observe(outcome)
    log.close()
    assert [len(each.read_text().splitlines()) for each in (path, tmp_path / "moved")] == [1, 1]


def test_what_cannot_be_opened_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(QueryLogError, match=r"cannot write the query log .*/nowhere/log: No such file or directory"):
        QueryLog(plan(tmp_path / "nowhere" / "log"))


def test_a_full_disk_is_survived_and_counted(outcome: Outcome, caplog: pytest.LogCaptureFixture) -> None:
    log = QueryLog(plan("/dev/full"))
    for _ in range(3):
        log.observe(outcome)
    until(lambda: log.unwritten == 3)
    log.observe(outcome)
    log.close()
    assert log.unwritten == 4
    assert caplog.messages[0] == "the query log /dev/full cannot be written: No space left on device"
    assert caplog.messages[-1] == (
        "the query log /dev/full lacks lines: 0 came faster than they could be written, 4 could not be written"
    )


def test_what_is_lost_is_told_once_a_minute_and_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    teller = writer._Teller("log")
    teller.tell(0, 0, 100)
    for now in (100, 120, 159, 160):
        teller.trouble = "No space left on device"
        teller.tell(int(now), 2, now)
    teller.tell(160, 2, 500)
    teller.tell(160, 2, None)
    teller.tell(161, 2, None)
    lacks = "the query log log lacks lines: {} came faster than they could be written, 2 could not be written"
    full = "the query log log cannot be written: No space left on device"
    assert caplog.messages == [full, lacks.format(100), full, lacks.format(160), lacks.format(161)]


def test_when_lines_come_too_fast_they_are_dropped_and_counted_and_nobody_waits(
    tmp_path: Path, outcome: Outcome, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe that nobody empties holds up the thread that writes, and no one else."""
    monkeypatch.setattr(writer, "MOST_WAITING", 100)
    os.mkfifo(tmp_path / "log")
    reader = os.open(tmp_path / "log", os.O_RDONLY | os.O_NONBLOCK)
    log = QueryLog(plan(tmp_path / "log"))
    slowest = 0.0
    for _ in range(3000):
        began = time.perf_counter()
        log.observe(outcome)
        slowest = max(slowest, time.perf_counter() - began)
        time.sleep(0.0001)
    assert log.dropped > 0
    assert slowest < 0.5
    os.set_blocking(reader, True)
    lines = b""
    until_lines = 3000 - log.dropped
    while lines.count(b"\n") < until_lines:
        lines += os.read(reader, 65536)
    log.close()
    os.close(reader)
    assert lines.count(b"\n") + log.dropped == 3000
    assert f"{log.dropped} came faster than they could be written, 0 could not be written" in caplog.text


def test_a_defect_costs_a_line_and_not_the_log(tmp_path: Path, outcome: Outcome, caplog: pytest.LogCaptureFixture) -> None:
    log = QueryLog(plan(tmp_path / "log"))
    log.observe(outcome._replace(seconds=None))  # type: ignore[arg-type]
    log.observe(outcome)
    log.close()
    assert len((tmp_path / "log").read_text().splitlines()) == 1
    assert "a defect in vpcdns: no line could be made of a query" in caplog.text


def test_a_file_that_cannot_be_opened_anew_is_told_of(
    tmp_path: Path, outcome: Outcome, caplog: pytest.LogCaptureFixture
) -> None:
    log = QueryLog(plan(tmp_path / "log"))
    (tmp_path / "log").rename(tmp_path / "moved")
    (tmp_path / "log").mkdir()
    log.reopen()
    until(lambda: caplog.records)
    log.observe(outcome)
    log.close()
    assert "cannot be written: Is a directory" in caplog.text
    assert len((tmp_path / "moved").read_text().splitlines()) == 1


def test_standard_error_has_a_name_in_messages(
    outcome: Outcome, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.WARNING)
    log = QueryLog(plan("-"))

    def fail(_: bytes) -> None:
        raise OSError

    monkeypatch.setattr(log._file, "write", fail)
    log.observe(outcome)
    log.close()
    assert "the query log on standard error cannot be written: OSError()" in caplog.text


def heap_of(outcome: Outcome, *ports: int) -> Repeated:
    """Queries that were answered as `outcome` was, from these ports."""
    packet = struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + outcome.query.question
    said = Said([0], outcome.answer, outcome.view)
    address = ip_address(outcome.client.host).packed
    return Repeated([(packet, address, port.to_bytes(2, "big"), said) for port in ports], tcp=False, seconds=0.0123)


@pytest.mark.parametrize("form", QueryLogFormat)
def test_a_heap_has_the_lines_that_its_queries_would_have_one_by_one(
    tmp_path: Path, outcome: Outcome, form: QueryLogFormat
) -> None:
    heap, written = heap_of(outcome, 1, 2, 65535), []
    for name in ("one", "many"):
        log = QueryLog(plan(tmp_path / name, form), clock=lambda: 1612461115.5)
        if name == "many":
            log.observe_repeated(heap)
            log.observe_repeated(heap)
        else:
            for each in (*heap.outcomes(), *heap.outcomes()):
                log.observe(each)
        log.close()
        written.append((tmp_path / name).read_text())
    assert written[0] == written[1]
    assert written[0].count("\n") == (1 if form is QueryLogFormat.ROUTE53 else 6)


def test_a_client_that_hears_something_else_has_another_line(tmp_path: Path, outcome: Outcome) -> None:
    log = QueryLog(plan(tmp_path / "log"))
    view = replace(outcome.view, name="other")
    for each in (outcome, outcome._replace(view=view), outcome):
        log.observe_repeated(heap_of(each, 1))
    log.close()
    assert [line.split()[1] for line in (tmp_path / "log").read_text().splitlines()] == ["a", "other", "a"]


def test_lines_of_more_names_than_are_remembered(tmp_path: Path, outcome: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.querylog.lines._MOST_MADE", 1)
    log = QueryLog(plan(tmp_path / "log"))
    for host in ("10.0.1.5", "10.0.1.6", "10.0.1.5"):
        log.observe_repeated(heap_of(outcome._replace(client=outcome.client._replace(host=host)), 53))
    log.close()
    hosts = [line.split()[2] for line in (tmp_path / "log").read_text().splitlines()]
    assert hosts == ["10.0.1.5:53", "10.0.1.6:53", "10.0.1.5:53"]


def test_what_is_too_much_of_a_heap_is_dropped_and_counted(
    tmp_path: Path, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MOST_WAITING", 10)
    monkeypatch.setattr(writer, "_GATHER_SECONDS", 60)
    log = QueryLog(plan(tmp_path / "log"))
    log.observe_repeated(heap_of(outcome, *range(7)))
    log.observe_repeated(heap_of(outcome, *range(7, 14)))
    log.observe_repeated(heap_of(outcome, 14))
    log.observe(outcome)
    log.close()
    assert len((tmp_path / "log").read_text().splitlines()) == 10
    assert log.dropped == 6
