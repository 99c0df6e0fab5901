"""The Grafana dashboard and the scrape example: what they ask for is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.message
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.web.control import WORLD, Control, controlled

HOUSE = Path(__file__).parent.parent.parent
DASHBOARD = json.loads((HOUSE / "config/grafana/vpcdns.json").read_text())
SCRAPE = yaml.safe_load((HOUSE / "config/grafana/prometheus.yml").read_text())

# What PromQL has beside metrics, as far as the dashboard uses it; anything else that stands outside of {…} is a metric.
_WORDS = frozenset(
    ("sum", "rate", "increase", "by", "count", "min", "max", "time", "or", "vector", "label_values", "instance")
)
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)?\{([^}]*)\}")
_MATCHER = re.compile(r"\s*(\w+)\s*(=|!=|=~|!~)\s*\"([^\"]*)\"\s*")
_BY = re.compile(r"\bby\s*\(([^)]*)\)")
_RANGE = re.compile(r"\[[^\]]*\]")


def panels(every: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in every:
        yield panel
        yield from panels(panel.get("panels", []))


def expressions() -> Iterator[tuple[str, str]]:
    """Each expression, and the legend that is made of its labels."""
    for panel in panels(DASHBOARD["panels"]):
        for target in panel.get("targets", []):
            yield target["expr"], target["legendFormat"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["definition"], ""


def metrics_of(expression: str) -> set[str]:
    """The metrics of an expression."""
    bare = _RANGE.sub("", _BY.sub("", re.sub(r"\{[^}]*\}", "", expression)))
    return set(re.findall(r"[a-zA-Z_:][\w:]*", bare)) - _WORDS


async def labels_by_metric(control: Control) -> dict[str, dict[str, set[str]]]:
    """Every metric of a server that has done a bit of everything: its labels, and their values."""
    await control.addresses("www.example.com")
    await control.addresses("far.example.org", place=1)  # of a server that does not reply
    host, port = control.server.sockets[0].address
    await dns.asyncquery.tcp(dns.message.make_query("www.example.com", "A"), host, port=port, timeout=5)
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families((await control.get("/metrics")).text):
        for sample in family.samples:
            values = found.setdefault(sample.name, {"instance": set(), "job": set()})  # which Prometheus adds
            for label, value in sample.labels.items():
                values.setdefault(label, set()).add(value)
    return found


async def test_every_expression_asks_for_what_there_is(file: Path, tmp_path: Path) -> None:
    upstream = "upstream: {servers: ['127.0.0.1:1'], timeout: 100ms}"
    text = WORLD.replace("upstream: {mode: off}", upstream) + f"query_log: {{path: {tmp_path}/queries.log}}\n"
    async with controlled(file, text) as control:
        there = await labels_by_metric(control)
    used: set[str] = set()
    for expression, legend in expressions():
        names = metrics_of(expression)
        assert names, expression
        assert names <= there.keys(), expression
        used |= names
        known = set.intersection(*(set(there[name]) for name in names))
        grouped = {word.strip() for found in _BY.findall(expression) for word in found.split(",")}
        assert grouped <= known, expression
        shown = set(re.findall(r"\{\{(\w+)\}\}", legend))
        assert shown <= (grouped or known), expression
        for name, matchers in _SELECTOR.findall(expression):
            for label, _, value in _MATCHER.findall(matchers):
                assert label in there[name], expression
                if not value.startswith("$"):
                    assert value in there[name][label] | {"SERVFAIL", "hit", "failed"}, expression
    assert there.keys() - used == set(), "what is counted is shown"


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('sum by (view) (rate(a_total{instance=~"$i"}[$__rate_interval])) / sum(b)', {"a_total", "b"}),
        ("count(up == 0) or vector(0)", {"up"}),
        ('time() - min(c{x="sum"})', {"c"}),
        ("label_values(d, instance)", {"d"}),
    ],
)
def test_metrics_are_found_in_expressions(expression: str, names: set[str]) -> None:
    assert metrics_of(expression) == names


def test_panels_are_told_apart_and_lie_beside_one_another() -> None:
    every = list(panels(DASHBOARD["panels"]))
    assert len({panel["id"] for panel in every}) == len(every)
    taken: dict[tuple[int, int], str] = {}
    for panel in every:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
        if panel["type"] != "row":
            assert panel["description"].endswith(".")
            assert panel["datasource"]["uid"] == "${datasource}"
            assert [target["refId"] for target in panel["targets"]] == [*"ABCDEFGH"][: len(panel["targets"])]


def test_the_scrape_example_asks_where_the_control_api_is() -> None:
    [job] = SCRAPE["scrape_configs"]
    assert job["metrics_path"] == "/metrics"
    assert job["static_configs"] == [{"targets": ["127.0.0.1:8053"]}]
