"""How many packets a client may send in a second."""

from __future__ import annotations

import pytest

from proxy import flow
from proxy.flow import Flow


def test_a_second_begins_with_a_clients_own_first_packet() -> None:
    counts = Flow(2)
    assert [counts.admits("a", now) for now in (10.5, 10.9, 11.4, 11.5, 11.6, 12.4, 12.5)] == [
        True, True, False, True, True, False, True,
    ]  # fmt: skip
    assert counts.admits("b", 11.0)


def test_what_is_dropped_does_not_prolong_it() -> None:
    counts = Flow(1)
    assert [counts.admits("a", 10 + number / 10) for number in range(11)] == [True, *[False] * 9, True]


def test_it_remembers_a_bounded_number_of_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "_REMEMBERED_CLIENTS", 4)
    counts = Flow(1)
    for client in range(3):
        counts.admits(client, 10.0)
    counts.admits(3, 10.9)
    counts.admits(4, 11.1)  # three are over
    assert not counts.admits(3, 11.2)
    for client in range(5, 20):
        counts.admits(client, 11.2)
    assert len(counts._counts) <= 4
