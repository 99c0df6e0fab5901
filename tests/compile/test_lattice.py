"""Resource and service-network endpoints: which domains lead to them, and the names that they have anyway."""

from __future__ import annotations

import re

import pytest

from proxy.dns.codes import TYPE_A
from proxy.dns.names import ROOT, Name
from proxy.model.claims import Internet
from tests.compile.test_endpoints import answers, vpc_with
from tests.worlds import problems_of, world_of

PUBLIC = "public_zones: [{name: partner.com, records: {'*': 198.51.100.1}}]"
DOMAINS = "{db.partner.com: {verified: true}, x.db.partner.com: {}, other.example: {verified: false}}"


def vpc(keys: str, more: str = PUBLIC, region: str = "us-east-1") -> str:
    return vpc_with(f"k: {{subnets: {{a1: 10.0.1.90}}, {keys}}}", more=more, region=region)


@pytest.mark.parametrize("type_", ["resource", "service_network"])
@pytest.mark.parametrize(
    ("preference", "specified", "led"),
    [
        ("", "[]", ["db.partner.com"]),
        ("verified_domains_only", "[]", ["db.partner.com"]),
        ("verified_domains_only", "[other.example]", ["db.partner.com"]),
        ("all_domains", "[]", ["db.partner.com", "x.db.partner.com", "other.example"]),
        ("verified_domains_and_specified_domains", "[other.example]", ["db.partner.com", "other.example"]),
        ("specified_domains_only", "[other.example]", ["other.example"]),
        ("specified_domains_only", "['*.partner.com']", ["db.partner.com", "x.db.partner.com"]),
        ("specified_domains_only", "['*.db.partner.com', y.example]", ["x.db.partner.com"]),
        ("specified_domains_only", "[partner.com]", []),
    ],
)
def test_the_preference_decides_which_domains_lead_to_it(
    type_: str, preference: str, specified: str, led: list[str]
) -> None:
    said = f"private_dns_preference: {preference}, " if preference else ""
    keys = f"type: {type_}, private_dns: true, {said}private_dns_specified_domains: {specified}, domains: {DOMAINS}"
    text = vpc(keys, PUBLIC.replace("]", ", {name: other.example, records: {'@': 198.51.100.1}}]"))
    for name in ("db.partner.com", "x.db.partner.com", "other.example"):
        hidden = any(f".{name}".endswith(f".{each}") for each in led)
        expected = ["10.0.1.90"] if name in led else "3" if hidden else ["198.51.100.1"]
        assert answers(text, name) == expected
        assert answers(text, name, "internet") == ["198.51.100.1"]


def test_without_private_dns_no_domain_leads_to_it() -> None:
    text = vpc(f"type: resource, private_dns_preference: all_domains, domains: {DOMAINS}")
    assert answers(text, "db.partner.com") == ["198.51.100.1"]


def test_a_domain_with_a_wildcard_is_all_below_it() -> None:
    text = vpc("type: resource, private_dns: true, domains: {'*.nodes.partner.com': {verified: true}}")
    assert answers(text, "n1.nodes.partner.com") == ["10.0.1.90"]


@pytest.mark.parametrize(
    ("its", "found"),
    [
        ("arn: true", ["10.0.1.90"]),
        ("arn: true, resource_gateway: b", ["10.0.1.90"]),
        ("arn: true, resource_gateway: a", ["198.51.100.1"]),
        ("verified: true, resource_gateway: a", ["198.51.100.1"]),
    ],
)
def test_the_name_of_an_arn_leads_to_it_unless_its_gateway_is_in_the_vpc(its: str, found: list[str]) -> None:
    text = vpc(f"type: service_network, domains: {{rds.partner.com: {{{its}}}}}", f"  b: {{}}\n{PUBLIC}")
    text = text.replace("upstream: {mode: off}\n", "") + "upstream: {mode: off}\n"
    assert answers(text, "rds.partner.com") == found


LABEL = "vpce-1234567890abcdefg-snra-1234567890abcdefg"


@pytest.mark.parametrize(
    ("region", "suffix"),
    [
        ("us-east-1", "us-east-1.on.aws"),
        ("us-gov-west-1", "us-gov-west-1.on.aws"),
        ("cn-north-1", "cn-north-1.on.amazonwebservices.com.cn"),
    ],
)
def test_every_resource_configuration_has_a_public_name(region: str, suffix: str) -> None:
    keys = f"type: resource, id: {LABEL}, domains: {{db.partner.com: {{id: rcfg-abcdefgh123456789.4232ccc}}}}"
    text = vpc(keys, region=region)
    for view in ("a", "internet"):
        name = f"{LABEL}.rcfg-abcdefgh123456789.4232ccc.vpc-lattice-rsc.{suffix}"
        assert answers(text, name, view) == ["10.0.1.90"]
        assert answers(text, f"{LABEL}.rcfg-0.4232ccc.vpc-lattice-rsc.{suffix}", view) == "3"


@pytest.mark.parametrize(
    ("keys", "form"),
    [
        ("type: resource", r"vpce-0[0-9a-f]{16}-snra-0[0-9a-f]{16}\.rcfg-0[0-9a-f]{16}\.[0-9a-f]{7}"),
        ("type: resource, id: vpce-0aaa", r"vpce-0aaa-snra-0[0-9a-f]{16}\.rcfg-0[0-9a-f]{16}\.[0-9a-f]{7}"),
        (
            "type: service_network, id: vpce-0aaa, domains: {db.partner.com: {id: rcfg-0bbb}}",
            r"vpce-0aaa-snra-0[0-9a-f]{16}\.rcfg-0bbb\.[0-9a-f]{7}",
        ),
    ],
)
def test_names_that_are_made_up_have_the_form_of_awss(keys: str, form: str) -> None:
    internet = world_of(vpc(keys)).views["internet"].claims[ROOT].action
    assert isinstance(internet, Internet)
    (name,) = [
        name
        for zone in internet.endpoint_zones.values()
        for name, node in zone.nodes.items()
        if TYPE_A in node.answers and b"rcfg" in name
    ]
    assert re.fullmatch(form + r"\.vpc-lattice-rsc\.us-east-1\.on\.aws", str(Name(name)))
    assert answers(vpc(keys), str(Name(name)), "internet") == ["10.0.1.90"]


def test_a_service_network_without_domains_has_no_names() -> None:
    internet = world_of(vpc("type: service_network")).views["internet"].claims[ROOT].action
    assert isinstance(internet, Internet)
    assert not any(b"rcfg" in name for zone in internet.endpoint_zones.values() for name in zone.nodes)


REFUSED = [
    ("type: resource, service: kms", "service: a resource endpoint leads to domains, not to a service (leave it out)"),
    (
        "type: service_network, region: eu-west-1",
        "region: a service network endpoint leads to its own region (leave it out)",
    ),
    (
        "type: resource, private_dns_names: a.example",
        "private_dns_names: the private names of a resource endpoint are its domains (leave it out)",
    ),
    (
        "type: resource, private_dns: true, private_dns_preference: specified_domains_only",
        "private_dns_specified_domains: there are 0 specified domains "
        "(the preference specified_domains_only takes 1 to 10 of them)",
    ),
    (
        f"type: resource, private_dns_specified_domains: [{', '.join(f'd{n}.example' for n in range(11))}]",
        "private_dns_specified_domains: there are 11 specified domains "
        "(the preference verified_domains_only takes 0 to 10 of them)",
    ),
    (
        "type: resource, domains: {db.example: {arn: true, resource_gateway: x}}",
        "domains.db.example.resource_gateway: there is no VPC x (there is a)",
    ),
]


@pytest.mark.parametrize(("keys", "problem"), REFUSED)
def test_it_is_refused_at_its_place(keys: str, problem: str) -> None:
    assert problems_of(vpc(keys)) == [f"vpcs.a.endpoints.k.{problem}"]


def test_private_dns_needs_both_attributes_of_the_vpc() -> None:
    text = vpc("type: resource, private_dns: true").replace(
        "cidr: 10.0.0.0/16", "cidr: 10.0.0.0/16\n    enable_dns_hostnames: false"
    )
    (problem,) = problems_of(text)
    assert "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames" in problem


def test_two_endpoints_for_one_domain_conflict() -> None:
    keys = "private_dns: true, domains: {db.partner.com: {verified: true}}"
    (problem,) = problems_of(vpc_with(f"k: {{type: resource, {keys}}}", f"n: {{type: service_network, {keys}}}"))
    assert problem.startswith(
        "vpcs.a.endpoints.n: InvalidParameter: private-dns-enabled cannot be set because there is already"
    )


def test_names_that_get_too_long_are_told_at_the_endpoint() -> None:
    for keys in ("type: resource", "type: service_network, domains: {db.example: {verified: true}}"):
        (problem,) = problems_of(vpc(f"{keys}, id: vpce-{'0' * 50}"))
        assert problem.startswith("vpcs.a.endpoints.k: the endpoint's names cannot be made: a label of vpce-00")
        assert problem.endswith("is longer than 63 octets (give shorter ids)")
