"""The metrics, as a real Prometheus parser reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from proxy.web.exposition import Family, Kind, Sample, written
from tests.web.control import WORLD, Control, controlled

Numbers = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every number by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def number(numbers: Numbers, metric: str, /, **labels: str) -> float:
    return numbers[metric, frozenset(labels.items())]


async def metrics(control: Control) -> Numbers:
    said = await control.get("/metrics")
    assert said.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return read(said.text)


async def test_queries_are_counted_by_view_transport_rcode_and_reason(file: Path) -> None:
    async with controlled(file) as control:
        for _ in range(5):  # the first is resolved, the others are known
            await control.addresses("www.example.com")
        for name in ("nope1", "nope2", "nope3"):
            await control.addresses(f"{name}.example.com")
        await control.addresses("www.example.com", place=1)
        await control.addresses("www.example.org", place=1)
        numbers = await metrics(control)
        queries = {labels: value for (name, labels), value in numbers.items() if name == "vpcdns_queries_total"}
        assert sum(queries.values()) == 10
        for view, rcode, reason, wanted in [
            ("a", "NOERROR", "private zone", 5),
            ("a", "NXDOMAIN", "private zone", 3),
            ("internet", "NOERROR", "public record", 1),
            ("internet", "REFUSED", "upstream off", 1),
        ]:
            found = number(numbers, "vpcdns_queries_total", view=view, transport="udp", rcode=rcode, reason=reason)
            assert found == wanted


async def test_the_rest(file: Path, tmp_path: Path) -> None:
    text = f"{WORLD}query_log: {{path: {tmp_path}/queries.log}}\n"
    async with controlled(file, text) as control:
        numbers = await metrics(control)
        assert number(numbers, "vpcdns_configuration_objects", kind="private_zones") == 1
        assert number(numbers, "vpcdns_reloads_total", result="good") == 0
        await control.server.reload()
        numbers = await metrics(control)
        assert number(numbers, "vpcdns_reloads_total", result="good") == 1
        digest = control.server.configuration.world.digest
        assert number(numbers, "vpcdns_configuration_info", name=str(file), digest=digest) == 1
        assert number(numbers, "vpcdns_query_log_lost_lines_total", cause="busy") == 0
        assert number(numbers, "process_resident_memory_bytes") > 1_000_000
        assert number(numbers, "process_open_fds") > 5
        names = {name for name, _ in numbers}
        assert all(re.fullmatch(r"(vpcdns|process)_[a-z_]+", name) for name in names)
        listener = "{}:{}".format(*control.server.sockets[0].address)
        assert number(numbers, "vpcdns_tcp_connections", listener=listener) == 0


async def test_names_and_kinds_are_those_of_the_convention(file: Path) -> None:
    async with controlled(file) as control:
        families = list(text_string_to_metric_families((await control.get("/metrics")).text))
        for family in families:
            assert family.documentation.endswith("."), family.name
            assert family.type in ("counter", "gauge")
            assert all(sample.name.endswith("_total") is (family.type == "counter") for sample in family.samples)
        assert len({family.name for family in families}) == len(families)


async def test_a_client_makes_no_label(file: Path) -> None:
    """However many names are asked for, and whatever is sent, there are no more samples for it."""
    async with controlled(file) as control:
        await control.addresses("x0.example.com")
        before = len(await metrics(control))
        for place in range(50):
            await control.addresses(f"x{place}.example.com", kind="TXT" if place % 2 else "A")
        assert len(await metrics(control)) == before


@pytest.mark.parametrize("value", ['a"b', "a\\b", "a\nb", "ü…", "\\n", "{}=,"])
def test_labels_are_written_so_that_they_come_back(value: str) -> None:
    text = written([Family("x_total", Kind.COUNTER, "What \\ it\nis.", [Sample({"a": value, "b": "c"}, 1.5)])])
    assert read(text) == {("x_total", frozenset({("a", value), ("b", "c")})): 1.5}


def test_a_family_without_samples_is_left_out() -> None:
    assert written([Family("x", Kind.GAUGE, "X.", [])]) == "\n"
