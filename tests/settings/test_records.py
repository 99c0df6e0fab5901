"""The records of zones, of simulated servers and of the internet."""

from __future__ import annotations

import pytest

from proxy.dns.codes import type_word
from proxy.settings import read_settings
from proxy.settings.problems import ConfigError
from proxy.settings.shape import RecordSpec


def zone(records: str, name: str = "example.com") -> tuple[RecordSpec, ...]:
    return read_settings([("x", f"private_zones: [{{name: {name}, records: {records}}}]")]).settings.private_zones[0].records


FORMS = {
    "{www: 10.0.5.10}": ["www.example.com A 10.0.5.10"],
    "{www: '2001:db8::1'}": ["www.example.com AAAA 2001:db8::1"],
    "{www: [10.0.5.10, '2001:db8::1', 10.0.5.11]}": [
        "www.example.com A 10.0.5.10 10.0.5.11",
        "www.example.com AAAA 2001:db8::1",
    ],
    "{api: {CNAME: www.example.com, ttl: 120}}": ["api.example.com CNAME www.example.com 120s"],
    "{'@': {A: 10.0.5.1, MX: [10 mail.example.com.], ttl: 1m}}": [
        "example.com A 10.0.5.1 60s",
        "example.com MX 10 mail.example.com. 60s",
    ],
    "{'*': 10.0.5.1, '*.wild': 10.0.5.2, mid.*: 10.0.5.3}": [
        "*.example.com A 10.0.5.1",
        "*.wild.example.com A 10.0.5.2",
        "mid.*.example.com A 10.0.5.3",
    ],
    "{www.Example.COM.: 10.0.5.1, web-1: 10.0.5.2, WWW2: 10.0.5.3}": [
        "www.example.com A 10.0.5.1",
        "web-1.example.com A 10.0.5.2",
        "www2.example.com A 10.0.5.3",
    ],
    "{www: {A: 10.0.5.1}, WWW: {AAAA: '::1'}}": ["www.example.com A 10.0.5.1", "www.example.com AAAA ::1"],
    r"{'a\.': 10.0.5.1}": [r"a\..example.com A 10.0.5.1"],
    "{on: {TXT: [no, true, 012]}}": ["on.example.com TXT no true 012"],
    "{pool: {HTTPS: 0 www.example.com.}, '10': {PTR: [www.example.com]}}": [
        "pool.example.com HTTPS 0 www.example.com.",
        "10.example.com PTR www.example.com",
    ],
    "": [],
}


def shown(spec: RecordSpec) -> str:
    return " ".join((str(spec.owner), type_word(spec.type), *spec.values, *([] if spec.ttl is None else [f"{spec.ttl}s"])))


@pytest.mark.parametrize("records", FORMS)
def test_the_forms_of_records(records: str) -> None:
    assert [shown(spec) for spec in zone(records)] == FORMS[records]


def test_a_record_knows_where_it_stands() -> None:
    paths = [spec.path for spec in zone("{www: 10.0.5.1, api: {CNAME: www, ttl: 1}, all: [10.0.5.1]}")]
    assert paths == [("private_zones", 0, "records", *rest) for rest in [("www",), ("api", "CNAME"), ("all",)]]


def test_names_of_the_root_and_of_the_internet_are_whole() -> None:
    assert [shown(spec) for spec in zone("{com: 10.0.5.1, '@': 10.0.5.2}", ".")] == ["com A 10.0.5.1", ". A 10.0.5.2"]
    text = "public_records: {www.example.net: 192.0.2.1, '*.a.': 192.0.2.2}\n"
    settings = read_settings([("x", text + "simulated_servers: {'::1': {records: {b.: '::1'}}}")]).settings
    assert [shown(spec) for spec in settings.public_records] == ["www.example.net A 192.0.2.1", "*.a A 192.0.2.2"]
    assert [shown(spec) for server in settings.simulated_servers.values() for spec in server.records] == ["b AAAA ::1"]


@pytest.mark.parametrize(
    ("name", "records", "told"),
    [
        (
            "example.com",
            "{www: 10.0.5.1, WWW.example.com.: 10.0.5.2}",
            "records.www is of the same name and type",
        ),
        (".".join(["a" * 60] * 4), f"{{{'b' * 11}: 10.0.5.1}}", "this name is longer than 255 octets"),
        (".".join(["a" * 60] * 4), "{b.cdefghijk: 10.0.5.1}", "this name is longer than 255 octets"),
    ],
)
def test_names_that_cannot_be(name: str, records: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        zone(records, name)
    assert told in caught.value.problems[0].what
