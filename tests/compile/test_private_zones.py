"""Private zones: their default records, and what Route 53 would refuse."""

from __future__ import annotations

import pytest

from tests.worlds import ask, problems_of, texts, world_of


def zone_of(records: str, more: str = "") -> str:
    return f"""
        vpcs: {{a: {{id: vpc-0aaaaaaaaaaaaaaaa, cidr: 10.0.0.0/16}}}}
        private_zones: [{{name: example.com, vpcs: [a], records: {{{records}}}{more}}}]
        """


def test_soa_and_ns_are_those_of_route_53() -> None:
    world = world_of(zone_of(""))
    soa = ask(world, "a", "example.com SOA")
    assert texts(soa) == ["ns-1536.awsdns-00.co.uk awsdns-hostmaster.amazon.com 1 7200 900 1209600 86400"]
    assert soa.sections.answer[0][1].ttl == 900
    names = ask(world, "a", "example.com NS")
    assert names.sections.answer[0][1].ttl == 172800
    assert texts(names) == [
        "ns-1536.awsdns-00.co.uk",
        "ns-0.awsdns-00.com",
        "ns-1024.awsdns-00.org",
        "ns-512.awsdns-00.net",
    ]


def test_a_zones_own_soa_and_ns_take_their_place() -> None:
    world = world_of(zone_of('"@": {SOA: a.example. b.example. 5 1 1 1 30, NS: [ns1.example.com], ttl: 3600}'))
    assert texts(ask(world, "a", "example.com NS")) == ["ns1.example.com"]
    assert ask(world, "a", "nope.example.com").sections.authority[0][1].ttl == 30


@pytest.mark.parametrize(
    ("query", "rcode"),
    [
        ("b.c.example.com", 0),
        ("c.example.com", 0),
        ("example.com", 0),
        ("x.a.b.c.example.com", 3),
        ("b.example.com", 3),
        ("mid.x.example.com", 3),
        ("mid.*.example.com", 0),
        ("*.example.com", 0),
    ],
)
def test_names_between_exist_and_an_asterisk_inside_is_a_letter(query: str, rcode: int) -> None:
    world = world_of(zone_of('a.b.c: 10.0.5.20, "mid.*": 10.0.5.99'))
    assert ask(world, "a", query).sections.rcode == rcode


def test_a_record_has_a_ttl_of_300_unless_it_says_another() -> None:
    world = world_of(zone_of("www: 10.0.5.10, api: {A: 10.0.5.11, ttl: 7}"))
    assert [ask(world, "a", f"{name}.example.com").sections.answer[0][1].ttl for name in ("www", "api")] == [300, 7]


CONFLICT = (
    "private_zones[1]: ConflictingDomainExists: The VPC vpc-0aaaaaaaaaaaaaaaa in region us-east-1 has already been associated "
    "with the hosted zone Z0FIRST with the same domain name. (two zones of the name example.com cannot be on one VPC, a)"
)

REFUSED = [
    (
        zone_of('"@": {CNAME: www.example.net}'),
        "private_zones[0].records.@.CNAME: InvalidChangeBatch: RRSet of type CNAME with DNS name example.com. is not permitted "
        "at apex in zone example.com. (an A or AAAA record can stand there)",
    ),
    (
        zone_of("api: {CNAME: www.example.com, TXT: x}"),
        "private_zones[0].records.api.CNAME: InvalidChangeBatch: RRSet of type CNAME with DNS name api.example.com. is not "
        "permitted as it conflicts with other records with the same DNS name in zone example.com. (the others are TXT)",
    ),
    (
        zone_of("api: {CNAME: [www.example.com, b.example.com]}"),
        "private_zones[0].records.api.CNAME: InvalidChangeBatch: a CNAME record set has one value (give one name)",
    ),
    (
        zone_of('"*.lab": {NS: ns1.example.net}'),
        "private_zones[0].records.*.lab.NS: InvalidChangeBatch: a wildcard cannot have NS records (name the domain itself)",
    ),
    (
        zone_of("www: [10.0.5.10, 10.0.5.10]"),
        "private_zones[0].records.www: a value stands twice among the values of one record set",
    ),
    (
        "{vpcs: {a: {}}, private_zones: [{name: com, vpcs: [a]}]}",
        "private_zones[0].name: InvalidDomainName: com is a top-level domain of the internet, which no zone can be made for "
        "(name a domain below it, such as example.com)",
    ),
    (
        '{vpcs: {a: {}}, private_zones: [{name: "*.example.com", vpcs: [a]}]}',
        "private_zones[0].name: InvalidDomainName: the name of a zone cannot begin with a wildcard (*.example.com)",
    ),
    (
        '{vpcs: {a: {}}, private_zones: [{name: ".", vpcs: [a]}]}',
        "private_zones[0].name: a private zone of the root, which Route 53 does not make (name a domain)",
    ),
    (
        "{vpcs: {app: {}}, private_zones: [{name: example.com, vpcs: [ap]}]}",
        "private_zones[0].vpcs: there is no VPC ap (did you mean app?)",
    ),
    (
        "private_zones: [{name: example.com, vpcs: [a]}]",
        "private_zones[0].vpcs: there is no VPC a",
    ),
    (
        """
        vpcs: {a: {id: vpc-0aaaaaaaaaaaaaaaa}}
        private_zones: [{name: example.com, vpcs: [a], id: Z0FIRST}, {name: Example.com., vpcs: [a]}]
        """,
        CONFLICT,
    ),
    (
        """
        vpcs: {a: {id: vpc-0aaaaaaaaaaaaaaaa}}
        private_zones: [{name: example.com, vpcs: [a], id: Z0FIRST}, {name: example.com, vpcs: [a], id: Z0FIRST}]
        """,
        CONFLICT,
    ),
    (
        """
        vpcs: {a: {id: vpc-0aaaaaaaaaaaaaaaa, account: "222222222222"}}
        private_zones: [{name: example.com, account: "111111111111", authorized: false, vpcs: [a]}]
        """,
        "private_zones[0]: NotAuthorizedException: account 111111111111 of zone example.com has not authorized the association "
        "with the VPC vpc-0aaaaaaaaaaaaaaaa of account 222222222222 (create the authorization, and say authorized: true)",
    ),
]


@pytest.mark.parametrize(("text", "problem"), REFUSED)
def test_what_route_53_would_refuse_is_refused_in_its_words(text: str, problem: str) -> None:
    assert problems_of(text) == [problem]


def test_a_zone_of_an_endpoints_private_name_is_the_zones_mistake() -> None:
    (problem,) = problems_of("""
        region: us-east-1
        vpcs: {a: {id: vpc-0aaaaaaaaaaaaaaaa, endpoints: {k: {service: kms, addresses: [10.0.1.50]}}}}
        private_zones: [{name: kms.us-east-1.amazonaws.com, vpcs: [a]}]
        """)
    assert problem.startswith(
        "private_zones[0]: ConflictingDomainExists: The VPC vpc-0aaaaaaaaaaaaaaaa in region us-east-1 has already been "
        "associated with the hosted zone Z"
    )


@pytest.mark.parametrize("name", ["corp", "staging", "local", "internal", "example.com", "co.uk"])
def test_names_that_a_private_zone_may_have(name: str) -> None:
    assert problems_of(f"{{vpcs: {{a: {{}}}}, private_zones: [{{name: {name}, vpcs: [a]}}]}}") == []


def test_a_zone_of_another_account_is_fine_once_it_is_authorized() -> None:
    assert problems_of('{vpcs: {a: {account: "222222222222"}}, private_zones: [{name: example.com, vpcs: [a]}]}') == []


def test_a_value_that_cannot_be_packed_is_a_problem_of_its_record() -> None:
    (problem,) = problems_of(zone_of("mail: {MX: mail.example.com}"))
    assert problem.startswith("private_zones[0].records.mail.MX: ")
