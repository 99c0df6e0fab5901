"""Which names go straight outside: those that the whole resolution asks for there as well, and nothing else."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from proxy.dns.codes import TYPE_A
from proxy.dns.names import Name
from proxy.model.answers import Ask, Question
from proxy.resolve import find_straight, goes_straight, resolve
from tests.worlds import world_of

UPSTREAM = "servers: [192.0.2.53], domains: {corp.example: 192.0.2.54}"
TEXT = f"""
    upstream: {{{UPSTREAM}}}
    vpcs:
      a:
        cidr: 10.0.0.0/16
        region: us-east-1
        subnets: {{a1: {{cidr: 10.0.1.0/24, az: us-east-1a}}}}
        endpoints: {{s: {{service: sqs, id: vpce-0aaaaaaaaaaaaaaaa-k1k1k1k1, subnets: {{a1: 10.0.1.50}}}}}}
    private_zones: [{{name: example.com, vpcs: [a], records: {{www: 10.0.5.10}}}}]
    public_records: {{www.example.net: 203.0.113.9, "*.wild.example.net": 203.0.113.10}}
    public_zones: [{{name: zone.example, records: {{www: 203.0.113.11}}}}]
    """


@pytest.mark.parametrize("name", ["example.org", "a.b.example.org", "net", "example.net", "other.example.net", "rp"])
def test_what_the_file_has_nothing_to_say_of(name: str) -> None:
    view = world_of(TEXT).views["a"]
    straight = find_straight(view)
    assert straight is not None
    assert goes_straight(straight, Name.from_text(name))
    asked = next(resolve(Question(Name.from_text(name), TYPE_A), view))
    assert asked == Ask(straight.route, Name.from_text(name), TYPE_A)


@pytest.mark.parametrize(
    "name",
    [
        ".", "example.com", "www.example.com", "no.example.com", "www.example.net", "below.www.example.net", "wild.example.net",
        "no.wild.example.net", "a.no.wild.example.net", "zone.example", "no.zone.example", "corp.example", "x.corp.example",
        "localhost", "x.onion", "sqs.us-east-1.amazonaws.com", "sqs.us-east-1.vpce.amazonaws.com",
        "ip-10-0-1-5.ec2.internal", "5.1.0.10.in-addr.arpa",
    ],
)  # fmt: skip
def test_what_it_may_have_its_say_in(name: str) -> None:
    straight = find_straight(world_of(TEXT).views["a"])
    assert straight is not None
    assert not goes_straight(straight, Name.from_text(name))


LONG = (b"\x3f" + b"a" * 63) * 4 + b"\0"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\1",
        b"\1a",
        b"\2a\0",
        b"\1a\0\0",
        b"\0\1a\0",
        b"\x40" + b"a" * 64 + b"\0",
        b"\xc0\x0c",
        (b"\x3f" + b"a" * 63) * 4 + b"\0",
    ],
)
def test_what_is_no_name(octets: bytes) -> None:
    straight = find_straight(world_of(TEXT).views["a"])
    assert straight is not None
    assert not goes_straight(straight, octets)


GUARD = """
    firewall_rule_groups:
      - {name: f, vpcs: {a: 101}, rules: [{name: r, priority: 1, domains: bad.example, action: alert}]}
    """
RULE = """
    resolver_rules: [{name: all, domain: ".", vpcs: [a], targets: [192.0.2.9]}]
    """


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace(UPSTREAM, "mode: off"),
        TEXT.replace(UPSTREAM, f"{UPSTREAM}, rebind_protection: true"),
        TEXT + RULE,
        TEXT + GUARD,
        TEXT.replace("{a1: {", "{a1: {dns64: true, "),
        TEXT.replace("sqs", "execute-api"),
    ],
    ids=["off", "rebinding", "rule for all", "firewall", "dns64", "private api"],
)
def test_where_every_name_or_every_reply_is_looked_at(text: str) -> None:
    world = world_of(text)
    view = world.view_for(ip_address("10.0.1.5")).view
    assert view.name == "a"
    assert find_straight(view) is None
