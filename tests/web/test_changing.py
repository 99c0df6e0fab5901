"""What can be changed while it is served: record sets, their health, and all of it by a reload."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.web.control import WORLD, Control, controlled
from tests.web.test_pages import validate

CHANGES = [("PUT", "/v1/records"), ("PATCH", "/v1/records"), ("PUT", "/v1/health")]
APP = "app.example.com"


async def put(control: Control, records: dict[str, Any], zone: str = "example.com", method: str = "PUT") -> Any:
    said = await control.change(method, "/v1/records", {"zone": zone, "records": records})
    assert said.status == 200, said.text
    validate(said.json, "/v1/records", method.lower())
    return said.json


async def record_sets(control: Control, query: str = "") -> list[str]:
    said = await control.get(f"/v1/records{query}")
    validate(said.json, "/v1/records")
    return [f"{each['name']} {each['type']} {','.join(each['values'])}" for each in said.json["record_sets"]]


async def test_the_record_sets_of_a_zone_or_of_a_view(file: Path) -> None:
    async with controlled(file) as control:
        said = (await control.get("/v1/records?view=a")).json
        assert [(zone["zone"], zone["name"], zone["views"]) for zone in said["zones"]] == [
            ("Z0123456789EXAMPLE", "example.com.", ["a"])
        ]
        blue = next(each for each in said["record_sets"] if each["routing"])
        assert blue["routing"] == {"id": "blue", "failover": "primary", "health": "up"}
        assert await record_sets(control, "?view=a/onprem&type=CNAME") == ["api.example.com. CNAME www.example.com"]
        assert await record_sets(control, "?view=internet") == ["www.example.com. A 203.0.113.10"]
        assert await record_sets(control, "?zone=public_records") == ["www.example.com. A 203.0.113.10"]
        assert await record_sets(control, "?zone=Example.com&name=WWW.example.com") == ["www.example.com. A 10.0.5.10"]
        assert len(await record_sets(control)) == 7


LOOKS = [
    ("view=b", 404, "there is no view b"),
    ("zone=example.org", 404, "there is no zone example.org"),
    ("zone=example.com&view=internet", 404, "there is no zone example.com in view internet"),
    ("name=a..b", 400, "empty label"),
    ("type=XX", 400, "XX"),
    ("zon=a", 400, "there is no parameter zon"),
]


@pytest.mark.parametrize("path", ["/v1/records", "/v1/health"])
async def test_a_wrong_look_is_told(file: Path, path: str) -> None:
    async with controlled(file) as control:
        for query, status, error in LOOKS:
            said = await control.get(f"{path}?{query}")
            assert (said.status, error in said.json["error"]) == (status, True), said.text
            validate(said.json, path, status=status)


async def test_records_change_at_once_and_until_the_next_reload(file: Path) -> None:
    async with controlled(file) as control:
        digest = control.server.configuration.world.digest
        said = await put(control, {"www": {"A": ["10.0.5.11"], "ttl": 5}, "new": "10.0.5.12", "api": None})
        assert said["changed"] == ["view a: ~ example.com (private zone)", "view a/onprem: ~ example.com (private zone)"]
        assert (said["until"], said["digest"]) == ("the next reload", f"{digest}+")
        assert await control.addresses("www.example.com") == ["10.0.5.11"]
        assert await control.addresses("new.example.com") == ["10.0.5.12"]
        assert await control.addresses("api.example.com") == []
        assert await control.addresses("www.example.com", place=1) == ["203.0.113.10"]
        await put(control, {"www.example.com": "203.0.113.11"}, "public_records", "PATCH")
        assert await control.addresses("www.example.com", place=1) == ["203.0.113.11"]
        assert (await control.get("/readyz")).json["configuration"]["changes"] == [
            "example.com: www, new, api",
            "public_records: www.example.com",
        ]
        said = (await control.change("POST", "/v1/reload")).json
        validate(said, "/v1/reload", "post")
        assert said["dropped"] == ["example.com: www, new, api", "public_records: www.example.com"]
        assert said["digest"] == digest
        assert await control.addresses("www.example.com") == ["10.0.5.10"]
        assert await control.addresses("api.example.com") == ["www.example.com.", "10.0.5.10"]
        assert (await control.get("/readyz")).json["configuration"]["changes"] == []


async def test_a_patch_keeps_the_rest_of_a_name(file: Path) -> None:
    async with controlled(file) as control:
        await put(control, {"www": {"TXT": "one"}}, method="PATCH")
        await put(control, {"app": [{"id": "green", "A": "10.0.9.2", "failover": "secondary"}]}, method="PATCH")
        assert await control.addresses("www.example.com") == ["10.0.5.10"]
        assert await control.addresses("www.example.com", "TXT") == ['"one"']
        assert await record_sets(control, f"?name={APP}&type=A") == [f"{APP}. A 10.0.8.1", f"{APP}. A 10.0.9.2"]


async def test_record_sets_are_taken_away(file: Path) -> None:
    async with controlled(file) as control:
        said = await control.change("DELETE", "/v1/records?zone=example.com&name=app&type=A&id=blue")
        validate(said.json, "/v1/records", "delete")
        assert await control.addresses(APP) == ["10.0.8.2"]
        assert (await control.change("DELETE", "/v1/records?zone=example.com&name=app&view=a")).status == 200
        assert await control.addresses(APP) == []
        said = await control.change("DELETE", "/v1/records?zone=example.com&name=app")
        assert (said.status, said.json["error"]) == (404, "example.com has no record app")
        validate(said.json, "/v1/records", "delete", 404)


REMOVALS = [
    ("name=www", 400, "zone is missing"),
    ("zone=example.com", 400, "name is missing"),
    ("zone=example.org&name=www", 404, "there is no zone example.org"),
    ("zone=example.com&name=a..b", 422, "the change is not taken"),
    ("zone=example.com&name=www&type=XX", 400, "XX"),
]


async def test_a_wrong_removal_is_told(file: Path) -> None:
    async with controlled(file) as control:
        for query, status, error in REMOVALS:
            said = await control.change("DELETE", f"/v1/records?{query}")
            assert (said.status, error in said.json["error"]) == (status, True), said.text
            validate(said.json, "/v1/records", "delete", status)


async def test_what_a_file_may_not_say_is_told_as_check_tells_it(file: Path) -> None:
    """The same words at the same path: all that is wrong, and nothing of it is taken."""
    async with controlled(file) as control:
        world = control.server.engine.world
        records = {"www": "10.0.5.999", "x": {"AA": "10.0.0.1"}, "good": "10.0.0.1"}
        said = await control.change("PUT", "/v1/records", {"zone": "example.com", "records": records})
        assert said.status == 422
        validate(said.json, "/v1/records", "put", 422)
        file.write_text(WORLD.replace("www: 10.0.5.10", "www: 10.0.5.999\n      x: {AA: 10.0.0.1}\n      good: 10.0.0.1"))
        checked = await control.change("POST", "/v1/reload")
        assert checked.status == 422
        validate(checked.json, "/v1/reload", "post", 422)
        assert said.json["problems"] == [
            {word: text for word, text in problem.items() if word != "where"} for problem in checked.json["problems"]
        ]
        assert [problem["where"].rpartition("/")[2] for problem in checked.json["problems"]] == [
            "vpcdns.yaml:12:7",
            "vpcdns.yaml:13:11",
        ]
        assert control.server.engine.world is world
        assert control.server.reloads.failed == 1


REFUSED = [
    ({"@": {"CNAME": "a.example.com"}}, "is not permitted at apex"),
    ({"app": "10.0.0.1", "www": {"CNAME": "a.example.com", "A": "10.0.0.1"}}, "is not permitted as it conflicts"),
    ({"www": {"MX": "x"}}, "x"),
    ({"www": {"alias": "nope.example.org"}}, "does not lie within the target zone"),
    ({"*.*": {"NS": "a."}}, "wildcard"),
]


async def test_what_aws_would_refuse_is_refused(file: Path) -> None:
    async with controlled(file) as control:
        for records, what in REFUSED:
            said = await control.change("PUT", "/v1/records", {"zone": "example.com", "records": records})
            assert said.status == 422
            assert any(what in problem["what"] for problem in said.json["problems"]), said.text
            assert all(problem["path"].startswith("private_zones[0].records.") for problem in said.json["problems"])
        said = await control.change("PATCH", "/v1/records", {"zone": "example.com", "records": {"app": "10.0.0.1"}})
        assert said.status == 422
        assert "cannot mix routing policies" in said.json["problems"][0]["what"]


BODIES: list[tuple[Any, int, str]] = [
    (b"", 400, "the body is no JSON"),
    (b"{", 400, "the body is no JSON: Expecting property name"),
    (b"\xff", 400, "the body is no JSON"),
    (b"[" * 100_000, 400, "the body is nested too deep"),
    (b"[]", 400, "the body is no object"),
    (b'{"zone": NaN}', 400, "NaN is no number"),
    (b'{"zone": "a", "zone": "b"}', 400, "zone stands twice"),
    ({"zones": "a"}, 400, "unknown key zones"),
    ({"\ud800": 1}, 400, "unknown key \ud800"),
]


@pytest.mark.parametrize(("method", "path"), CHANGES)
async def test_a_body_that_cannot_be_read(file: Path, method: str, path: str) -> None:
    async with controlled(file) as control:
        for body, status, error in BODIES:
            said = await control.change(method, path, body)
            assert (said.status, error in said.json["error"]) == (status, True), said.text
            validate(said.json, path, method.lower(), status)


SAID: list[tuple[str, Any, int, str]] = [
    ("/v1/records", {"records": {}}, 400, "zone is missing"),
    ("/v1/records", {"zone": "example.com"}, 400, "records is missing"),
    ("/v1/records", {"zone": None, "records": {}}, 422, "zone is null"),
    ("/v1/records", {"zone": 1, "records": {}}, 404, "there is no zone 1"),
    ("/v1/records", {"zone": ["a"], "records": {}}, 422, "zone is no text"),
    ("/v1/records", {"zone": "example.com", "records": []}, 422, "records is no object"),
    ("/v1/records", {"zone": "example.com", "records": {"a": "\ud800"}}, 422, "the change is not taken"),
    ("/v1/records", {"zone": "\ud800", "records": {}}, 404, "there is no zone \ud800"),
    ("/v1/records", {"zone": "example.com", "view": "b", "records": {}}, 404, "there is no zone example.com in view b"),
    ("/v1/health", {"name": APP, "id": "blue"}, 400, "health is missing"),
    ("/v1/health", {"name": APP, "id": "blue", "health": "upp"}, 422, "upp is neither up nor down"),
    ("/v1/health", {"name": APP, "id": "blue", "health": True}, 422, "health is no text"),
    ("/v1/health", {"name": APP, "id": "red", "health": "up"}, 404, "app.example.com has no record set red"),
    ("/v1/health", {"name": "a..b", "id": "red", "health": "up"}, 422, "name: a..b has an empty label"),
    ("/v1/health", {"name": APP, "id": "blue", "type": "XX", "health": "up"}, 422, "XX"),
    ("/v1/health", {"name": APP, "id": "blue", "zone": "b", "health": "up"}, 404, "there is no zone b"),
    ("/v1/health", {"name": APP, "id": "blue", "view": "internet", "health": "up"}, 404, "has no record set blue"),
]


async def test_a_body_that_says_something_wrong(file: Path) -> None:
    async with controlled(file) as control:
        for path, body, status, error in SAID:
            said = await control.change("PUT", path, body)
            assert (said.status, error in said.json["error"]) == (status, True), said.text
            validate(said.json, path, "put", status)


@pytest.mark.parametrize(("method", "path"), [*CHANGES, ("POST", "/v1/reload")])
async def test_a_body_of_another_type(file: Path, method: str, path: str) -> None:
    """Which is what a form on another site's page would send."""
    async with controlled(file) as control:
        for kind in (None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
            headers = {"Authorization": f"Bearer {control.admin.token}"} | ({} if kind is None else {"Content-Type": kind})
            said = await control.ask(method, path, b"{}", headers)
            assert said.status == 415, said.text
            assert "Content-Type: application/json" in said.json["hint"]
            validate(said.json, path, method.lower(), 415)


async def test_health_goes_down_and_up(file: Path) -> None:
    async with controlled(file) as control:
        said = (await control.get(f"/v1/health?view=a&type=A&name={APP}")).json
        validate(said, "/v1/health")
        assert [(each["id"], each["policy"], each["health"]) for each in said["record_sets"]] == [
            ("blue", "failover", "up"),
            ("green", "failover", "up"),
        ]
        assert await control.addresses(APP) == ["10.0.8.1"]
        down = await control.change("PUT", "/v1/health", {"name": APP, "id": "blue", "health": "down"})
        assert down.status == 200
        validate(down.json, "/v1/health", "put")
        assert await control.addresses(APP) == ["10.0.8.2"]
        assert await control.addresses(APP, "AAAA") == ["fd00::2"]
        said = (await control.get("/v1/health?type=AAAA")).json
        assert [each["health"] for each in said["record_sets"]] == ["down", "up"]
        assert said["changes"] == ["app.example.com: blue is down"]
        only_a = {"name": f"{APP}.", "id": "blue", "health": "up", "type": "a", "zone": "example.com", "view": "a"}
        assert (await control.change("PUT", "/v1/health", only_a)).status == 200
        assert await control.addresses(APP) == ["10.0.8.1"]
        assert await control.addresses(APP, "AAAA") == ["fd00::2"]
        await control.server.reload()
        assert await control.addresses(APP, "AAAA") == ["fd00::1"]


async def test_what_is_changed_again_is_listed_once(file: Path) -> None:
    """A program that turns a health check every second must not fill the memory."""
    async with controlled(file) as control:
        for number in range(6):
            await put(control, {"www": f"10.0.5.{number}"})
        assert control.server.configuration.changes == ("example.com: www",)


async def test_a_reload_that_fails_keeps_what_was_changed(file: Path) -> None:
    async with controlled(file) as control:
        await put(control, {"www": "10.0.5.11"})
        file.write_text("vpcs: [")
        assert (await control.change("POST", "/v1/reload")).status == 422
        file.unlink()
        said = await control.change("POST", "/v1/reload")
        assert (said.status, "there is no such file" in said.json["error"]) == (422, True)
        assert await control.addresses("www.example.com") == ["10.0.5.11"]
        assert control.server.configuration.changes == ("example.com: www",)


async def test_a_reload_that_the_machine_refuses(file: Path) -> None:
    async with controlled(file) as control:
        port = control.server.sockets[0].address[1]
        file.write_text(WORLD.replace("upstream:", "query_log: {path: /nowhere/at/all}\nupstream:"))
        said = await control.change("POST", "/v1/reload")
        assert (said.status, "/nowhere/at/all" in said.json["error"]) == (503, True)
        validate(said.json, "/v1/reload", "post", 503)
        assert (await control.change("POST", "/v1/reload", {"x": 1})).json["error"] == "unknown key x"
        assert control.server.sockets[0].address[1] == port


async def test_changes_at_the_same_time_come_one_after_another(file: Path) -> None:
    async with controlled(file) as control:
        await asyncio.gather(*(put(control, {f"x{number}": f"10.0.6.{number}"}) for number in range(12)))
        found = await asyncio.gather(*(control.addresses(f"x{number}.example.com") for number in range(12)))
        assert found == [[f"10.0.6.{number}"] for number in range(12)]
        assert len(control.server.configuration.changes) == 12


async def test_no_query_is_lost_and_none_sees_half_a_change(file: Path) -> None:
    """Two names change together, again and again; whoever asks meanwhile gets an answer of one world or of the other."""
    async with controlled(file) as control:
        await put(control, {"www": {"A": ["10.0.5.1", "10.0.5.2"], "ttl": 5}})
        ended = asyncio.Event()

        async def look() -> int:
            looks = 0
            while not ended.is_set():
                found = {address.rpartition(".")[0] for address in await control.addresses("www.example.com")}
                assert found in ({"10.0.5"}, {"10.0.6"})
                looks += 1
            return looks

        looking = [asyncio.create_task(look()) for _ in range(4)]
        for number in range(10):
            part = 5 + number % 2
            await put(control, {"www": {"A": [f"10.0.{part}.1", f"10.0.{part}.2"], "ttl": 5}})
        ended.set()
        assert sum(await asyncio.gather(*looking)) > 10


async def test_who_changes_or_counts_costs_a_query_nothing(file: Path) -> None:
    """Answers that are known are given without asking the engine, as long as nobody looks at the queries themselves."""
    async with controlled(file) as control:
        await put(control, {"www": "10.0.5.11"})
        for path in ("/metrics", "/v1/stats", "/v1/records", "/v1/health", "/v1/views", "/readyz"):
            assert (await control.get(path)).status == 200
        assert await control.addresses("www.example.com") == ["10.0.5.11"]
        engine = control.server.engine
        assert engine.observe is None
        assert engine.door("a").udp, "whoever listens knows this client"
        await control.get("/v1/queries")
        assert engine.observe is not None
