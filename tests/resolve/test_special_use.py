"""What never goes upstream, whoever asks for it and by whatever type; and what single domains and their servers change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.compile.special_use import SPECIAL_USE
from proxy.dns.codes import TYPE_DS, TYPE_NS, TYPE_SOA
from proxy.dns.names import Name
from proxy.model.answers import Ask, ReasonKind, Reply
from proxy.model.world import World
from tests.worlds import ask, placed, reply, texts, world_of

WORLD = world_of("""
    vpcs:
      a:
        cidr: 10.0.0.0/16
        endpoints: {keys: {service: kms, addresses: 10.0.1.10}}
    private_zones:
      - {name: corp.test, vpcs: [a], records: {www: 10.0.5.10}}
      - {name: example.com, vpcs: [a], records: {www: 10.0.5.10}}
    resolver_rules: [{name: onprem, domain: lan.home.arpa, type: forward, targets: [192.0.2.9], vpcs: [a]}]
    """)
DOMAINS = world_of("""
    upstream:
      servers: 192.0.2.1
      strategy: random
      domains:
        corp.example: [192.0.2.2, "tcp://192.0.2.3"]
        home.arpa: 192.0.2.4
        lan.test: 192.0.2.5
        example: 192.0.2.7
        simulated.example: 192.0.2.6
    simulated_servers: {192.0.2.6: {records: {www.simulated.example: 192.0.2.66}}}
    """)
LABELS = st.lists(st.binary(min_size=1, max_size=8), max_size=4)
# Names that mean something within the file or by their kind, in the view `a`.
NEVER_OUTSIDE = [
    *SPECIAL_USE, "example.com", "corp.test", "kms.us-east-1.amazonaws.com", "us-east-1.compute.internal", "ec2.internal",
    "vpcdns.test", "0.10.in-addr.arpa",
]  # fmt: skip


def below(domain: str, labels: list[bytes]) -> Name:
    name = Name.from_text(domain)
    for label in labels:
        name = name.child(label)
    return name


@given(st.sampled_from(NEVER_OUTSIDE), LABELS, st.integers(1, 0xFFFF))
def test_nothing_private_or_special_is_ever_asked_outside(domain: str, labels: list[bytes], kind: int) -> None:
    if domain == "us-east-1.compute.internal" or (domain == "home.arpa" and labels[:1] == [b"lan"]):
        return  # another region's domain; a rule says where the other is asked
    answer = ask(WORLD, "a", f"{below(domain, labels)} TYPE{kind}")
    assert answer.sections.rcode in {0, 3}


@given(st.sampled_from(list(SPECIAL_USE)), LABELS, st.integers(1, 0xFFFF))
def test_nor_from_the_internet(domain: str, labels: list[bytes], kind: int) -> None:
    answer = ask(WORLD, "internet", f"{below(domain, labels)} TYPE{kind}")
    assert answer.reason.kind in {ReasonKind.SPECIAL_USE, ReasonKind.SELF}


@pytest.mark.parametrize("zone", ["example.com", "corp.test", "kms.us-east-1.amazonaws.com", "vpcdns.test", "ec2.internal"])
@pytest.mark.parametrize("kind", [TYPE_DS, TYPE_SOA, TYPE_NS])
def test_the_ds_of_a_private_apex_stays_private(zone: str, kind: int) -> None:
    """The parent's side of a cut is public, but that the zone exists is not (unbound and named ask for it)."""
    assert ask(WORLD, "a", f"{zone} TYPE{kind}").sections.rcode == 0


SPECIAL = [
    ("localhost", 0, ["127.0.0.1"]),
    ("localhost AAAA", 0, ["::1"]),
    ("a.b.localhost", 0, ["127.0.0.1"]),
    ("localhost TXT", 0, []),
    ("x.invalid", 3, []),
    ("test SOA", 0, ["test nobody.invalid 1 3600 1200 604800 10800"]),
    ("www.onion", 3, []),
    ("printer.home.arpa", 3, []),
    ("_dns.resolver.arpa SVCB", 0, []),
    ("resolver.arpa", 0, []),
    ("a.alt", 3, []),
    ("1.0.0.10.in-addr.arpa PTR", 3, []),
    ("1.1.168.192.in-addr.arpa PTR", 3, []),
]


@pytest.mark.parametrize(("query", "rcode", "expected"), SPECIAL)
def test_special_use_names_are_answered_here(query: str, rcode: int, expected: list[str]) -> None:
    answer = ask(WORLD, "internet", query)
    assert (answer.sections.rcode, texts(answer)) == (rcode, expected)
    assert bool(answer.sections.authority) is not bool(expected)


def test_what_the_file_says_of_such_a_name_goes_first() -> None:
    assert texts(ask(WORLD, "a", "www.corp.test")) == ["10.0.5.10"]
    assert asked(WORLD, "a", "printer.lan.home.arpa") == ["192.0.2.9:53"]
    public = world_of("public_records: {www.test: 192.0.2.1}\npublic_zones: [{name: b.test, records: {x: 192.0.2.2}}]")
    assert texts(ask(public, "internet", "www.test")) == ["192.0.2.1"]
    assert texts(ask(public, "internet", "x.b.test")) == ["192.0.2.2"]


def asked(world: World, view: str, query: str) -> list[str]:
    """The servers of the one route that is asked."""
    routes = []

    def network(what: Ask) -> Reply:
        routes.append(what.route)
        return reply(placed(None, "A", 60, "192.0.2.99"))

    ask(world, view, query, network)
    [route] = routes
    return [str(server) for server in route.servers]


@pytest.mark.parametrize(
    ("name", "servers"),
    [
        ("www.example.net", ["192.0.2.1:53"]),
        ("corp.example", ["192.0.2.2:53", "tcp://192.0.2.3:53"]),
        ("www.corp.example", ["192.0.2.2:53", "tcp://192.0.2.3:53"]),
        ("corp2.example", ["192.0.2.7:53"]),
        ("printer.home.arpa", ["192.0.2.4:53"]),
        ("a.lan.test", ["192.0.2.5:53"]),
    ],
)
def test_a_domain_may_have_servers_of_its_own(name: str, servers: list[str]) -> None:
    assert asked(DOMAINS, "internet", name) == servers


def test_the_rest_of_a_special_domain_stays_here() -> None:
    assert ask(DOMAINS, "internet", "other.test").reason.kind is ReasonKind.SPECIAL_USE
    assert texts(ask(DOMAINS, "internet", "www.simulated.example")) == ["192.0.2.66"]


def test_off_is_off_for_single_domains_too() -> None:
    world = world_of("upstream: {mode: off, domains: {corp.example: 192.0.2.2}}")
    assert ask(world, "internet", "corp.example").reason.kind is ReasonKind.UPSTREAM_OFF


def test_a_cname_that_leads_to_a_special_name_ends_here() -> None:
    leads = reply(placed(None, "CNAME", 60, "localhost"), placed("localhost", "A", 60, "192.0.2.66"))
    assert texts(ask(WORLD, "internet", "www.example.net", lambda _: leads)) == ["CNAME localhost", "127.0.0.1"]
