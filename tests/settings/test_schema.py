"""The JSON schema for editors and the table of the reference: drawn from the same keys as the file is read with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from proxy.settings import read_settings
from proxy.settings.composites import ByKind, ListOf, MapOf, ObjectOf, OneOrList, OrFalse, keys_of
from proxy.settings.problems import ConfigError
from proxy.settings.reader import read_yaml
from proxy.settings.schema import json_schema, reference
from proxy.settings.shape import SETTINGS
from proxy.settings.takes import Found, Place, Takes

FOLDER = Path(__file__).parents[1]
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


class Loader(yaml.SafeLoader):
    """YAML 1.2, as editors read it: `on` is a word."""


Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":timestamp", ":merge"))]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def editor_accepts(text: str) -> bool:
    documents = list(yaml.load_all(text, Loader)) or [None]
    return len(documents) == 1 and bool(VALIDATOR.is_valid(documents[0] or {}))


def accepted(text: str) -> bool:
    try:
        read_settings([("x", text)])
    except ConfigError:
        return False
    return True


def files() -> Iterator[Path]:
    yield from FOLDER.glob("conformance/**/*.yaml")
    yield from FOLDER.parent.glob("config/**/*.yaml")


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(FOLDER.parent))) for path in files()])
def test_editor_and_program_agree_about_every_file(path: Path) -> None:
    text = path.read_text()
    assert editor_accepts(text) is accepted(text)


@pytest.mark.parametrize(
    "text",
    [
        "regoin: x", "region: here", "account: x", "account: []", "vpcs: []", "vpcs: {a: {cidr: 10.0.0.0}}",
        "vpcs: {a: {x: 1}}", "vpcs: {a: {enable_dns_support: yes}}", "vpcs: {a: {endpoints: {k: {}}}}",
        "upstream: {mode: on}",
        "upstream: {timeout: 2}", "cache: {entries: -1}", "private_zones: [{records: {}}]", "expect: [{}]",
        "private_zones: [{name: a, records: {w: {B: x}}}]", "public_records: {a: [{}]}", "vpcs: {a: {subnets: {s: {}}}}",
        "listen: {view: a}", "admin: {listen: true, x: 1}",
        "peerings: [{}]", "vpcs: {a: {endpoints: {k: {type: gateway_load_balancer}}}}",
    ],
)  # fmt: skip
def test_an_editor_sees_the_same_mistakes(text: str) -> None:
    assert not editor_accepts(text)
    assert not accepted(text)


@pytest.mark.parametrize(
    "text",
    [
        "region: us-east-1\naccount: 111122223333\nlisten: [127.0.0.1:1053, {address: '::1', view: a}]",
        "vpcs: {off: {cidr: 10.0.0.0/16, clients: [10.0.0.1]}}\nallow_clients: any",
        "vpcs: {a: {endpoints: {k: {service: kms, subnets: [x], private_dns: true}}}}",
        "vpcs: {a: {endpoints: {k: {type: resource}, l: {type: service_network, domains: {db.example: {verified: true}}}}}}",
        "vpcs: {a: {endpoints: {k: {service: kms, subnets: {x: auto, y: [10.0.0.1]}}}}}",
        "endpoints: {monitoring: 172.16.2.49, db.corp.example: [10.1.2.3]}",
        "private_zones: [{name: a, records: {w: {TXT: [1, x], ttl: 60}, x: 10.0.0.1, y: {A: 10.0.0.1, ttl: 1m}}}]",
        "expect: {error: x, at: y}",
        "admin: false",
        "admin: {listen: false, hosts: vpcdns.internal}",
        "admin: {listen: 0.0.0.0, token: correct-horse-battery-staple}",
        "upstream: {servers: system, timeout: 2s, mode: off}\ncache: {entries: 0}",
    ],
)
def test_an_editor_lets_pass_what_is_right(text: str) -> None:
    assert editor_accepts(text)
    assert accepted(text)


def test_the_schema_is_one_of_its_dialect_and_plain_json() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "properties" in schema and "type" in schema:  # else it is a condition
            yield schema
        for value in schema.values():
            yield from objects(value)
    if isinstance(schema, list):
        for value in schema:
            yield from objects(value)


def test_every_object_is_closed_and_every_key_described() -> None:
    found = list(objects(json_schema()))
    assert len(found) > 15
    for each in found:
        assert each["additionalProperties"] is False
        assert all(key["description"] for key in each["properties"].values())


def test_defaults_stand_as_a_file_has_them() -> None:
    schema = json_schema()
    assert {name: key["default"] for name, key in schema["properties"].items() if "default" in key} == {
        "region": "us-east-1",
        "account": "000000000000",
        "listen": "127.0.0.1:1053",
        "allow_clients": ["loopback", "vpcs"],
    }
    cache = schema["$defs"]["Cache"]["properties"]
    assert [key.get("default") for key in cache.values()] == [10_000, "0s", "1d", "15m", "64MB", "1d", True, None]
    assert schema["$defs"]["Upstream"]["properties"]["servers"]["default"] == "system"


def test_what_the_reference_says() -> None:
    rows = {row.path: row for row in reference()}
    assert rows["region"][1:] == ("a region", "us-east-1", "The region of every VPC that names none.")
    assert rows["vpcs.NAME.cidr"].takes == "a network (or a list of such)"
    assert rows["private_zones[].name"].default == "required"
    assert rows["allow_clients"].default == "[loopback, vpcs]"
    assert rows["upstream.timeout"].default == "2s"
    assert rows["vpcs.NAME.id"].default == "derived from its name, always the same"
    assert {"simulated_servers.ADDRESS.unreachable", "expect.error", "expect[].query", "listen[].view"} <= rows.keys()
    assert list(rows)[:3] == ["region", "account", "listen"]


def pieces(takes: Takes) -> Iterator[Takes]:
    yield takes
    inner: list[Takes] = []
    if isinstance(takes, ListOf | OneOrList | OrFalse):
        inner = [takes.item]
    if isinstance(takes, MapOf):
        inner = [takes.key, takes.item]
    if isinstance(takes, ByKind):
        inner = list(takes.choices)
    if isinstance(takes, ObjectOf):
        inner = [key.takes for key in keys_of(takes.shape).values()]
    for each in inner:
        yield from pieces(each)


def test_every_example_can_be_copied() -> None:
    for takes in pieces(SETTINGS):
        problems: list[Found] = []
        takes.check(read_yaml("x", f"- {takes.example}")[0], Place((), problems, {"name": "example.com"}))
        assert problems == [], takes
