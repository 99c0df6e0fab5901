"""What is to be served beside DNS, and what the machine lacks for it."""

from __future__ import annotations

import textwrap

import pytest

from proxy.compile.problems import Problems
from proxy.compile.short_form import expand_short_form
from proxy.compile.world import compile_world
from proxy.settings import read_settings
from tests.worlds import MACHINE, compiled


def test_a_control_api_may_be_left_out_and_has_a_port_of_its_own() -> None:
    assert compiled("admin: {listen: false}")[1].admin is None
    assert compiled("{listen: '127.0.0.1:8053', admin: {listen: '127.0.0.1:8053'}}")[2] == [
        "admin.listen: 127.0.0.1 port 8053 is listened on already (give another port)"
    ]


@pytest.mark.parametrize(
    ("servers", "path"),
    [
        ("https://dns.example/dns-query", ("upstream", "servers")),
        ("[system, https://dns.example/q]", ("upstream", "servers", 1)),
    ],
)
def test_a_server_over_https_needs_its_package(servers: str, path: tuple[str | int, ...]) -> None:
    loaded = read_settings([("test.yaml", textwrap.dedent(f"upstream: {{servers: {servers}}}"))])
    problems = Problems()
    settings = expand_short_form(loaded.settings, problems)
    compile_world(settings, MACHINE._replace(speaks_http_2=False), problems)
    ((where, what, hint),) = problems.found
    assert where == path
    assert "the package for it is not installed" in what
    assert hint == "pip install 'vpcdns[https]'"
