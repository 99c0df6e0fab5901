"""Requests that nobody thought of: whatever is sent, what comes back is what the description says of it."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.programs import serving
from tests.web.control import WORLD
from tests.web.test_pages import DESCRIPTION, validate

TOKEN = "correct-horse-battery-staple"

quickly = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

WORDS = st.sampled_from((
    "example.com", "Z0123456789EXAMPLE", "public_records", "a", "a/onprem", "internet", "www", "app", "@", "*", "blue",
    "www.example.com.", "app.example.com", "A", "aaaa", "CNAME", "TXT", "true", "false", "0", "1", "up", "down", "NXDOMAIN",
    "10.0.0.1", "::1",
))  # fmt: skip
TEXTS = st.one_of(WORDS, st.text(max_size=12), st.sampled_from(("\ud800", "\0", "a" * 300, "%", "é.example", "1" * 5000)))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)
RECORD_SETS = st.fixed_dictionaries(
    {},
    optional={
        "A": st.one_of(st.sampled_from(("10.0.0.1", "10.0.0.2", ["10.0.0.1", "10.0.0.2"])), JSON),
        "TXT": TEXTS,
        "CNAME": st.one_of(st.just("www.example.com"), TEXTS),
        "alias": st.one_of(st.just("www.example.com"), st.just("app.example.com"), JSON),
        "ttl": st.one_of(st.integers(0, 300), JSON),
        "id": TEXTS,
        "weight": st.one_of(st.integers(0, 255), JSON),
        "failover": st.one_of(st.sampled_from(("primary", "secondary")), JSON),
        "multivalue": st.one_of(st.just(True), JSON),
        "latency": st.one_of(st.just("us-east-1"), JSON),
        "geolocation": st.one_of(st.just("default"), JSON),
        "geoproximity": st.one_of(st.just({"region": "us-east-1"}), JSON),
        "health": st.one_of(st.sampled_from(("up", "down")), JSON),
    },
)
NAMES = st.one_of(st.sampled_from(("www", "app", "@", "*", "new", "www.example.com.")), TEXTS)
VALUES = st.one_of(st.just("10.0.0.3"), RECORD_SETS, st.lists(RECORD_SETS, max_size=3), JSON)
RECORDS = st.dictionaries(NAMES, VALUES, max_size=3)
BODIES: dict[str, st.SearchStrategy[Any]] = {
    "/v1/records": st.one_of(
        st.fixed_dictionaries({"zone": WORDS, "records": RECORDS}, optional={"view": st.one_of(st.none(), WORDS)}), JSON
    ),
    "/v1/health": st.one_of(
        st.fixed_dictionaries(
            {"name": TEXTS, "id": TEXTS, "health": TEXTS}, optional={"type": JSON, "zone": JSON, "view": JSON}
        ),
        JSON,
    ),
    "/v1/reload": st.one_of(st.none(), st.just({}), JSON),
}
OPERATIONS = [
    (method, path) for path, methods in DESCRIPTION["paths"].items() for method in methods if not path.endswith("/live")
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("described") / "vpcdns.yaml"
    file.write_text(WORLD.replace("admin: {", f"admin: {{token: {TOKEN}, "))
    with serving("-c", file, "serve", "--no-watch", VPCDNS_ADMIN="127.0.0.1:0") as server:
        found = re.search(r"control API: http://(\S+)", server.wait_for("try: "))
        assert found is not None
        yield found[1]
        assert "defect" not in server.text


def parameters(path: str, method: str) -> st.SearchStrategy[dict[str, str]]:
    described = DESCRIPTION["paths"][path][method].get("parameters", [])
    names = [each["name"] if "name" in each else each["$ref"].rpartition("/")[2] for each in described]
    some = st.sampled_from(names) if names else st.nothing()
    return st.dictionaries(st.one_of(some, some, some, TEXTS), TEXTS, max_size=4)


@quickly
@given(st.data())
def test_every_answer_is_described(address: str, data: st.DataObject) -> None:
    method, path = data.draw(st.sampled_from(OPERATIONS))
    given = data.draw(parameters(path, method))
    query = urlencode({key.encode(errors="replace"): value.encode(errors="replace") for key, value in given.items()})
    body, headers = None, {}
    if method != "get":
        headers["Authorization"] = f"Bearer {TOKEN}"
        body = data.draw(BODIES[path])
        if body is not None:
            headers["Content-Type"] = "application/json"
    status, kind, text = ask(address, method, f"{path}?{query}" if query else path, body, headers)
    responses = DESCRIPTION["paths"][path][method]["responses"]
    assert str(status) in responses, text
    if kind == "application/json":
        validate(json.loads(text), path, method, status)
    else:
        assert kind.split(";")[0] in responses[str(status)]["content"]


def ask(address: str, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request(method.upper(), path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, response.headers.get("content-type", ""), response.read().decode()
    finally:
        connection.close()
