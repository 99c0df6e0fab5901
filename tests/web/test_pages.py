"""What each path says, and that the description of them is right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from starlette.routing import Route

from proxy.web import openapi_path
from proxy.web.desk import Desk
from proxy.web.pages import make_pages
from tests.web.control import Control, controlled

DESCRIPTION = json.loads(openapi_path().read_text())


def validate(said: Any, path: str, method: str = "get", status: int = 200) -> None:
    """Whether what came back is what the description says of it."""
    response = DESCRIPTION["paths"][path][method]["responses"][str(status)]
    if "$ref" in response:
        response = DESCRIPTION["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = {**response["content"]["application/json"]["schema"], "components": DESCRIPTION["components"]}
    jsonschema.Draft202012Validator(schema).validate(said)


async def test_the_description_names_every_path_and_no_other(file: Path) -> None:
    async with controlled(file) as control:
        routes = [route for route in make_pages(Desk(control.server)).routes if isinstance(route, Route)]
        served = {(route.path, method.lower()) for route in routes for method in (route.methods or ()) if method != "HEAD"}
        described = {(path, method) for path, methods in DESCRIPTION["paths"].items() for method in methods}
        assert served == described
        assert (await control.get("/openapi.json")).json == DESCRIPTION
        index = (await control.get("/")).text
        assert [path for path, method in served if f"{method.upper():7}{path} " not in index] == []


def test_the_description_refers_to_nothing_that_it_lacks() -> None:
    for schema in DESCRIPTION["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [found for each in value.values() for found in references(each)]
        return [found for each in value for found in references(each)] if isinstance(value, list) else []

    for reference in references(DESCRIPTION):
        found = DESCRIPTION
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_what_changes_something_needs_the_token() -> None:
    for path, methods in DESCRIPTION["paths"].items():
        for method, what in methods.items():
            assert ("security" in what) is (method != "get"), path
            assert ("401" in what["responses"]) is (method != "get"), path


async def parameters(control: Control, path: str) -> set[str]:
    """The parameters that a page takes, as it tells whoever gives it another one."""
    said = await control.get(f"{path}?zzzzzzzz=1")
    assert said.status == 400
    return set(said.json["hint"].removeprefix("there is ").split(", "))


async def test_the_description_names_every_parameter(file: Path) -> None:
    async with controlled(file) as control:
        for path in ("/v1/resolve", "/v1/queries", "/v1/queries/live"):
            described = {
                (each["name"] if "name" in each else each["$ref"].rpartition("/")[2])
                for each in DESCRIPTION["paths"][path]["get"]["parameters"]
            }
            assert await parameters(control, path) == described


async def test_alive_and_ready(file: Path) -> None:
    async with controlled(file) as control:
        assert (await control.get("/healthz")).text == "alive\n"
        ready = await control.get("/readyz")
        assert (ready.status, ready.json["ready"], len(ready.json["listeners"])) == (200, True, 2)
        validate(ready.json, "/readyz")
        control.server.stopping = True
        ready = await control.get("/readyz")
        assert (ready.status, ready.json["ready"]) == (503, False)
        validate(ready.json, "/readyz", status=503)


async def test_the_views(file: Path) -> None:
    async with controlled(file) as control:
        said = (await control.get("/v1/views")).json
        validate(said, "/v1/views")
        assert said["default_view"] == "a"
        views = {view["name"]: view for view in said["views"]}
        assert {name: view["kind"] for name, view in views.items()} == {
            "internet": "internet",
            "a": "vpc",
            "a/onprem": "inbound_endpoint",
        }
        assert views["a"]["clients"] == ["10.0.0.0/16"]


async def test_an_answer_comes_with_its_explanation(file: Path) -> None:
    async with controlled(file) as control:
        for question, addresses, view in [
            ("name=www.example.com", ["10.0.5.10"], "a"),
            ("name=api.example.com&view=a&type=A", ["www.example.com.", "10.0.5.10"], "a"),
            ("name=www.example.com&view=internet", ["203.0.113.10"], "internet"),
            ("name=www.example.com&client=10.0.1.5", ["10.0.5.10"], "a"),
            ("name=nope.example.com", [], "a"),
            ("name=www.example.org&live=false", [], "a"),
        ]:
            said = await control.get(f"/v1/resolve?{question}")
            assert said.status == 200
            validate(said.json, "/v1/resolve")
            assert [answer["data"] for answer in said.json["answers"]] == addresses
            assert said.json["view"] == view
            assert len(said.json["steps"]) >= 3
        assert control.server.engine.answers == {}, "nobody asked, so nobody is counted"


@pytest.mark.parametrize(
    ("question", "status", "error"),
    [
        ("", 400, "name is missing"),
        ("name=a..b", 400, "empty label"),
        ("name=a&type=B", 400, "B"),
        ("name=a&view=b", 404, "there is no view b"),
        ("name=a&client=b", 400, "b is no IP address"),
        ("name=a&client=10.0.0.1&view=a", 400, "a client has its view already"),
        ("name=a&name=b", 400, "name is given twice"),
        ("name=a&live=yes", 400, "live: yes is neither true nor false"),
        ("nam=a", 400, "there is no parameter nam"),
    ],
)
async def test_a_wrong_question_is_told_what_is_wrong(file: Path, question: str, status: int, error: str) -> None:
    async with controlled(file) as control:
        said = await control.get(f"/v1/resolve?{question}")
        assert said.status == status
        assert error in said.json["error"]
        validate(said.json, "/v1/resolve", status=status)


async def test_the_sums(file: Path) -> None:
    async with controlled(file) as control:
        for _ in range(3):
            await control.addresses("www.example.com")
        await control.addresses("nope.example.com", place=1)
        said = (await control.get("/v1/stats")).json
        validate(said, "/v1/stats")
        assert said["answers"]["total"] == 4
        assert said["answers"]["by_view"] == {"a": 3, "internet": 1}


async def test_what_is_not_there(file: Path) -> None:
    async with controlled(file) as control:
        assert (await control.get("/nope")).json["error"] == "not found"
        assert (await control.change("POST", "/healthz")).status == 405
        assert (await control.ask("HEAD", "/healthz")).status == 200


async def test_a_defect_is_told_and_logged_and_the_rest_goes_on(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("broken")

    async with controlled(file) as control:
        monkeypatch.setattr("proxy.web.pages.views_of", broken)
        said = await control.get("/v1/views")
        assert (said.status, said.json) == (500, {"error": "a defect in vpcdns; its log has the traceback"})
        assert "RuntimeError: broken" in caplog.text
        assert (await control.get("/healthz")).status == 200
