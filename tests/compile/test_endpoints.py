"""Endpoints: the names that lead to them, from where, and what EC2 would refuse."""

from __future__ import annotations

import pytest

from proxy.compile.ids import endpoint_id
from tests.worlds import ask, problems_of, texts, world_of

K = "vpce-0aaaaaaaaaaaaaaaa-k1k1k1k1"
ALL_PUBLIC = "public_zones: [{name: amazonaws.com, records: {'*': 198.51.100.1}}]"


def vpc_with(*endpoints: str, more: str = "", region: str = "us-east-1", keys: str = "") -> str:
    lines = "".join(f"        {endpoint}\n" for endpoint in endpoints)
    return f"""
region: {region}
vpcs:
  a:
    id: vpc-0aaaaaaaaaaaaaaaa
    cidr: 10.0.0.0/16
    {keys}
    subnets:
        a1: {{cidr: 10.0.1.0/24, az: {region}a, ipv6_cidr: "2001:db8:0:1::/64"}}
        a2: {{cidr: 10.0.2.0/24, az: {region}b, ipv6_cidr: "2001:db8:0:2::/64"}}
    inbound_endpoints: {{onprem: {{}}}}
    endpoints:
{lines}
upstream: {{mode: off}}
{more}
"""


def answers(text: str, query: str, view: str = "a") -> list[str] | str:
    """The answers' texts, or the rcode's number as a text."""
    answer = ask(world_of(text), view, query)
    return texts(answer) or str(answer.sections.rcode)


# Names of their own

TWO_ZONES = f"k: {{service: kms, id: {K}, subnets: {{a1: 10.0.1.50, a2: 10.0.2.50}}KEYS}}"


@pytest.mark.parametrize(
    ("keys", "query", "found"),
    [
        ("", f"{K}.kms.us-east-1.vpce.amazonaws.com", ["10.0.1.50", "10.0.2.50"]),
        ("", f"{K}-us-east-1a.kms.us-east-1.vpce.amazonaws.com", ["10.0.1.50"]),
        ("", f"{K}-us-east-1c.kms.us-east-1.vpce.amazonaws.com", "3"),
        ("", f"{K}.kms.us-east-1.vpce.amazonaws.com AAAA", "0"),
        ("", f"x.{K}.kms.us-east-1.vpce.amazonaws.com", "3"),
        ("", f"{K}.sqs.us-east-1.vpce.amazonaws.com", "3"),
        ("", f"{K}.kms.us-west-2.vpce.amazonaws.com", "3"),
        ("", "vpce-0bbbbbbbbbbbbbbbb-k1k1k1k1.kms.us-east-1.vpce.amazonaws.com", "5"),
        (", unhealthy_zones: us-east-1a", f"{K}.kms.us-east-1.vpce.amazonaws.com", ["10.0.2.50"]),
        (", unhealthy_zones: us-east-1a", f"{K}-us-east-1a.kms.us-east-1.vpce.amazonaws.com", ["10.0.1.50"]),
        (", unhealthy_zones: us-east-1a", "kms.us-east-1.amazonaws.com", ["10.0.2.50"]),
        (", unhealthy_zones: [us-east-1a, us-east-1b]", "kms.us-east-1.amazonaws.com", ["10.0.1.50", "10.0.2.50"]),
    ],
)
def test_an_endpoint_has_a_name_for_the_region_and_one_for_each_zone(keys: str, query: str, found: list[str] | str) -> None:
    text = vpc_with(TWO_ZONES.replace("KEYS", keys))
    assert answers(text, query) == found
    if "vpce" in query:
        assert answers(text, query, "internet") == found


def test_an_id_of_the_programs_choice_leads_to_an_address_of_its_choice() -> None:
    text = vpc_with("keys: {service: kms, subnets: [a1]}")
    name = f"{endpoint_id('a', 'keys')}-us-east-1a.kms.us-east-1.vpce.amazonaws.com"
    assert answers(text, name, "internet") == answers(text, "kms.us-east-1.amazonaws.com") == ["10.0.1.246"]


def test_two_endpoints_of_one_id_are_refused() -> None:
    second = f"k2: {{service: kms, id: {K}, private_dns: false, addresses: [10.0.1.51]}}"
    assert problems_of(vpc_with(TWO_ZONES.replace("KEYS", ""), second)) == [
        f"vpcs.a.endpoints.k2.id: {K} is the id of endpoint a/k already (give another)"
    ]


# The kinds of records


@pytest.mark.parametrize(
    ("kind", "private", "own"),
    [
        ("dualstack", ["A", "AAAA"], ["A", "AAAA"]),
        ("ipv4", ["A"], ["A"]),
        ("ipv6", ["AAAA"], ["AAAA"]),
        ("service-defined", ["A"], ["A", "AAAA"]),
    ],
)
def test_a_dual_stack_endpoint_has_the_records_of_its_choice(kind: str, private: list[str], own: list[str]) -> None:
    world = world_of(
        vpc_with(
            f"k: {{service: kms, id: {K}, ip_address_type: dualstack, dns_record_ip_type: {kind}, "
            "subnets: {a1: [10.0.1.50, '2001:db8:0:1::50']}}"
        )
    )
    for name, expected in (
        ("kms.us-east-1.amazonaws.com", private),
        (f"{K}.kms.us-east-1.vpce.amazonaws.com", own),
        (f"{K}-us-east-1a.kms.us-east-1.vpce.amazonaws.com", own),
    ):
        found = {kind: ask(world, "a", f"{name} {kind}") for kind in ("A", "AAAA")}
        assert [kind for kind, answer in found.items() if texts(answer)] == expected
        assert {answer.sections.rcode for answer in found.values()} == {0}


FITS = {
    ("interface", "ipv4"): ["ipv4"],
    ("interface", "ipv6"): ["ipv6"],
    ("interface", "dualstack"): ["dualstack", "ipv4", "ipv6", "service-defined"],
    ("gateway", "ipv4"): ["service-defined", "ipv4"],
    ("gateway", "ipv6"): ["service-defined", "ipv6"],
    ("gateway", "dualstack"): ["service-defined", "ipv4", "ipv6", "dualstack"],
}


@pytest.mark.parametrize("kind", ["ipv4", "ipv6", "dualstack", "service-defined"])
@pytest.mark.parametrize(("type_", "ip_type"), FITS)
def test_which_records_fit_which_addresses(type_: str, ip_type: str, kind: str) -> None:
    found = problems_of(
        vpc_with(f"k: {{service: s3, type: {type_}, ip_address_type: {ip_type}, dns_record_ip_type: {kind}}}")
    )
    allowed = FITS[type_, ip_type]
    refusal = (
        f"vpcs.a.endpoints.k: dns_record_ip_type {kind} does not fit ip_address_type {ip_type} "
        f"(it can be {' or '.join(allowed)})"
    )
    assert found == ([] if kind in allowed else [refusal])


# Private names


@pytest.mark.parametrize(
    ("endpoint", "query", "found"),
    [
        ("{service: kms}", "kms.us-east-1.amazonaws.com", ["10.0.1.50"]),
        ("{service: kms}", "x.kms.us-east-1.amazonaws.com", "3"),
        ("{service: kms, private_dns: false}", "kms.us-east-1.amazonaws.com", ["198.51.100.1"]),
        ("{service: ecr.dkr}", "1.dkr.ecr.us-east-1.amazonaws.com", ["10.0.1.50"]),
        ("{service: ecr.dkr}", "dkr.ecr.us-east-1.amazonaws.com", ["10.0.1.50"]),
        ("{service: ecr.dkr}", "api.ecr.us-east-1.amazonaws.com", ["198.51.100.1"]),
        ("{service: codeartifact.api}", "x.d.codeartifact.us-east-1.amazonaws.com", "3"),
        ("{service: dynamodb}", "dynamodb.us-east-1.amazonaws.com", ["198.51.100.1"]),
        ("{service: s3}", "s3.us-east-1.amazonaws.com", ["198.51.100.1"]),
        ("{service: kms, private_dns_names: [keys.example, '*.vault.example']}", "keys.example", ["10.0.1.50"]),
        ("{service: kms, private_dns_names: [keys.example, '*.vault.example']}", "x.keys.example", "3"),
        ("{service: kms, private_dns_names: [keys.example, '*.vault.example']}", "a.b.vault.example", ["10.0.1.50"]),
        ("{service: kms, private_dns_names: [keys.example, '*.vault.example']}", "vault.example", ["10.0.1.50"]),
        ("{service: kms, private_dns_names: keys.example}", "kms.us-east-1.amazonaws.com", ["198.51.100.1"]),
        ("{service: dynamodb-streams, private_dns_names: keys.example}", "keys.example", ["10.0.1.50"]),
        ("{service: kms, private_dns_names: kms.us-east-1.amazonaws.com, private_dns: false}",
         "kms.us-east-1.amazonaws.com", ["198.51.100.1"]),
        ("{service: com.amazonaws.us-east-1.brand.new, private_dns_names: new.us-east-1.amazonaws.com}",
         "new.us-east-1.amazonaws.com", ["10.0.1.50"]),
        (f"{{service: com.amazonaws.us-east-1.brand.new, private_dns_names: new.example, id: {K}}}",
         f"{K}.new.brand.us-east-1.vpce.amazonaws.com", ["10.0.1.50"]),
        ("{service: kms, state: pending}", "kms.us-east-1.amazonaws.com", ["198.51.100.1"]),
        ("{service: kms, state: deleting}", "kms.us-east-1.amazonaws.com", ["10.0.1.50"]),
        ("{service: kms, state: failed}", "kms.us-east-1.amazonaws.com", ["198.51.100.1"]),
        ("{service: kms, state: pending-acceptance}", "kms.us-east-1.amazonaws.com", ["198.51.100.1"]),
        (f"{{service: kms, id: {K}, state: pending}}", f"{K}.kms.us-east-1.vpce.amazonaws.com", ["10.0.1.50"]),
        (f"{{service: kms, id: {K}, state: rejected}}", f"{K}.kms.us-east-1.vpce.amazonaws.com", "3"),
        (f"{{service: kms, id: {K}, state: expired}}", f"{K}.kms.us-east-1.vpce.amazonaws.com", "3"),
    ],
)  # fmt: skip
def test_what_leads_to_an_endpoint_in_its_vpc(endpoint: str, query: str, found: list[str] | str) -> None:
    text = vpc_with(f"k: {endpoint.removesuffix('}')}, subnets: {{a1: 10.0.1.50}}}}", more=ALL_PUBLIC)
    assert answers(text, query) == found


def test_private_names_are_for_their_vpc_alone() -> None:
    text = vpc_with("k: {service: kms, subnets: {a1: 10.0.1.50}}", more=ALL_PUBLIC)
    assert answers(text, "kms.us-east-1.amazonaws.com", "a/onprem") == ["10.0.1.50"]
    assert answers(text, "kms.us-east-1.amazonaws.com", "internet") == ["198.51.100.1"]


def test_an_endpoint_without_addresses_hides_the_name_nevertheless() -> None:
    text = vpc_with("k: {service: kms, subnets: {}}", more=ALL_PUBLIC)
    assert answers(text, "kms.us-east-1.amazonaws.com") == "0"


API = "k: {service: execute-api, id: vpce-0aaaaaaaaaaaaaaaa-k1k1k1k1, KEYSsubnets: {a1: 10.0.1.50}}"


@pytest.mark.parametrize(
    ("keys", "query", "found"),
    [
        ("", "abc123-vpce-0aaaaaaaaaaaaaaaa.execute-api.us-east-1.amazonaws.com", ["10.0.1.50"]),
        ("private_dns: false, ", "ABC123-vpce-0aaaaaaaaaaaaaaaa.execute-api.us-east-1.amazonaws.com", ["10.0.1.50"]),
        ("", "abc123-vpce-0aaaaaaaaaaaaaaaa.execute-api.us-east-1.amazonaws.com AAAA", "0"),
        ("", "abc123-vpce-0bbbbbbbbbbbbbbbb.execute-api.us-east-1.amazonaws.com", "5"),
        ("", "abc123-vpce-0aaaaaaaaaaaaaaaa.execute-api.us-west-2.amazonaws.com", "5"),
        ("", "x.abc123-vpce-0aaaaaaaaaaaaaaaa.execute-api.us-east-1.amazonaws.com", "5"),
        ("", "-vpce-0aaaaaaaaaaaaaaaa.execute-api.us-east-1.amazonaws.com", "5"),
        ("state: failed, ", "abc123-vpce-0aaaaaaaaaaaaaaaa.execute-api.us-east-1.amazonaws.com", "5"),
        ("region: us-west-2, ", "abc123-vpce-0aaaaaaaaaaaaaaaa.execute-api.us-west-2.amazonaws.com", ["10.0.1.50"]),
    ],
)
def test_a_private_api_has_a_public_name_with_the_endpoints_id(keys: str, query: str, found: list[str] | str) -> None:
    assert answers(vpc_with(API.replace("KEYS", keys)), query, "internet") == found


def test_a_name_of_ones_own_may_lead_to_a_private_api() -> None:
    zone = (
        "private_zones: [{name: corp.example, vpcs: [a], "
        "records: {api: {CNAME: abc-vpce-0aaaaaaaaaaaaaaaa.execute-api.us-east-1.amazonaws.com}}}]"
    )
    text = vpc_with(API.replace("KEYS", "private_dns: false, "), more=zone)
    assert answers(text, "api.corp.example")[-1] == "10.0.1.50"


# S3


def s3(keys: str, gateway: str = "{service: s3, type: gateway}") -> list[str]:
    return [
        f"s3: {{service: s3, private_dns: true, subnets: {{a1: 10.0.1.80}}{keys}}}",
        *([f"g: {gateway}"] if gateway else []),
    ]


def test_private_dns_for_s3_is_for_inbound_endpoints_alone_unless_said_otherwise() -> None:
    name = "photos.s3.us-east-1.amazonaws.com"
    for keys, inside in (("", "198.51.100.1"), (", private_dns_only_for_inbound_resolver_endpoint: false", "10.0.1.80")):
        text = vpc_with(*s3(keys), more=ALL_PUBLIC)
        assert answers(text, name) == [inside]
        assert answers(text, name, "a/onprem") == ["10.0.1.80"]
        assert answers(text, name, "internet") == ["198.51.100.1"]


def test_s3_of_another_region_has_no_gateway_and_so_is_for_everybody() -> None:
    text = vpc_with(*s3(", region: us-west-2"), more=ALL_PUBLIC)
    assert answers(text, "s3.us-west-2.amazonaws.com") == ["10.0.1.80"]
    assert answers(text, "s3.us-east-1.amazonaws.com") == ["198.51.100.1"]


@pytest.mark.parametrize(
    ("service", "keys", "kinds"),
    [
        ("s3", "", ["A", "AAAA"]),
        ("s3", "dns_record_ip_type: ipv4", ["A"]),
        ("s3", "ip_address_type: dualstack, dns_record_ip_type: ipv6", ["AAAA"]),
        ("s3", "ip_address_type: ipv6, dns_record_ip_type: ipv6", ["AAAA"]),
        ("s3", "ip_address_type: dualstack, dns_record_ip_type: dualstack", ["A", "AAAA"]),
        ("dynamodb", "ip_address_type: dualstack", ["A", "AAAA"]),
    ],
)
def test_a_gateway_endpoint_takes_types_from_s3_and_adds_nothing(service: str, keys: str, kinds: list[str]) -> None:
    world = world_of(
        vpc_with(
            f"g: {{service: {service}, type: gateway, {keys}}}",
            more="public_zones: [{name: us-east-1.amazonaws.com, records: {'*': [198.51.100.1, '2001:db8::1']}}]",
        )
    )
    for name in (f"{service}.us-east-1.amazonaws.com", f"photos.{service}.dualstack.us-east-1.amazonaws.com"):
        assert [kind for kind in ("A", "AAAA") if texts(ask(world, "a", f"{name} {kind}"))] == kinds
        assert len(texts(ask(world, "internet", f"{name} AAAA"))) == 1


DIFFERS = (
    "dns_record_ip_type ipv6 of g differs from ipv4 of s3, which needs that gateway endpoint "
    "(give both the same, or the gateway service-defined)"
)
IPV6_GATEWAY = "{service: s3, type: gateway, ip_address_type: dualstack, dns_record_ip_type: ipv6}"


def test_records_of_a_gateway_and_of_the_endpoint_that_needs_it_are_of_one_kind() -> None:
    assert problems_of(vpc_with(*s3("", IPV6_GATEWAY))) == [f"vpcs.a.endpoints.g.dns_record_ip_type: {DIFFERS}"]
    assert problems_of(vpc_with(*s3("", IPV6_GATEWAY)[::-1])) == [f"vpcs.a.endpoints.s3.dns_record_ip_type: {DIFFERS}"]
    assert problems_of(vpc_with(*s3("", "{service: s3, type: gateway, dns_record_ip_type: ipv4}"))) == []


# Across regions, and in other partitions


@pytest.mark.parametrize("service", ["service: kms, region: eu-west-1", "service: com.amazonaws.eu-west-1.kms"])
def test_an_endpoint_to_another_region_has_no_names_for_zones(service: str) -> None:
    text = vpc_with(f"k: {{{service}, id: {K}, subnets: {{a1: 10.0.1.50}}}}", more=ALL_PUBLIC)
    assert answers(text, f"{K}.kms.eu-west-1.vpce.amazonaws.com") == ["10.0.1.50"]
    assert answers(text, f"{K}-us-east-1a.kms.eu-west-1.vpce.amazonaws.com") == "3"
    assert answers(text, f"{K}.kms.us-east-1.vpce.amazonaws.com") == "3"
    assert answers(text, "kms.eu-west-1.amazonaws.com") == ["10.0.1.50"]
    assert answers(text, "kms.us-east-1.amazonaws.com") == ["198.51.100.1"]


@pytest.mark.parametrize(
    ("region", "service", "full_name", "private", "own"),
    [
        ("cn-north-1", "ecr.dkr", "cn.com.amazonaws.cn-north-1.ecr.dkr", "dkr.ecr.cn-north-1.amazonaws.com.cn",
         "dkr.ecr.cn-north-1.vpce.amazonaws.com.cn"),
        ("cn-northwest-1", "kms", "com.amazonaws.cn-northwest-1.kms", "kms.cn-northwest-1.amazonaws.com.cn",
         "kms.cn-northwest-1.vpce.amazonaws.com.cn"),
        ("us-gov-west-1", "sqs", "com.amazonaws.us-gov-west-1.sqs", "sqs.us-gov-west-1.amazonaws.com",
         "sqs.us-gov-west-1.vpce.amazonaws.com"),
        ("eusc-de-east-1", "kms", "com.amazonaws.eusc-de-east-1.kms", "kms.eusc-de-east-1.amazonaws.eu",
         "kms.eusc-de-east-1.vpce.amazonaws.eu"),
        ("us-iso-east-1", "kms", "gov.ic.c2s.us-iso-east-1.kms", "kms.us-iso-east-1.c2s.ic.gov",
         "kms.us-iso-east-1.vpce.c2s.ic.gov"),
        ("us-isob-east-1", "kms", "com.amazonaws.us-isob-east-1.kms", "kms.us-isob-east-1.sc2s.sgov.gov",
         "kms.us-isob-east-1.vpce.sc2s.sgov.gov"),
    ],
)  # fmt: skip
def test_other_partitions_have_names_of_their_own(region: str, service: str, full_name: str, private: str, own: str) -> None:
    for word in (service, full_name):
        text = vpc_with(f"k: {{service: {word}, id: {K}, subnets: {{a1: 10.0.1.50}}}}", region=region)
        assert problems_of(text) == []
        assert answers(text, private) == ["10.0.1.50"]
        assert answers(text, f"{K}.{own}", "internet") == ["10.0.1.50"]
        assert answers(text, f"{K}-{region}a.{own}", "internet") == ["10.0.1.50"]


# Refused

HERE = "vpcs.a.endpoints.k"
NO_SERVICE = "a service that is new: write its full name, and private_dns_names"
REFUSED = [
    ("service: kmss", f"{HERE}.service: there is no endpoint service kmss (did you mean kms?)"),
    ("service: zzqqxx", f"{HERE}.service: there is no endpoint service zzqqxx ({NO_SERVICE})"),
    ("service: zzqqxx, private_dns_names: a.example", f"{HERE}.service: there is no endpoint service zzqqxx ({NO_SERVICE})"),
    ("service: com.amazonaws.us-east-1.zzqqxx",
     f"{HERE}.service: there is no endpoint service com.amazonaws.us-east-1.zzqqxx ({NO_SERVICE})"),
    ("service: com.amazonaws.us-east-1, private_dns_names: a.example",
     f"{HERE}.service: there is no endpoint service com.amazonaws.us-east-1 ({NO_SERVICE})"),
    ("service: com.amazonaws.eu-west-1.kms, region: eu-west-2",
     f"{HERE}.region: com.amazonaws.eu-west-1.kms is of eu-west-1, not of eu-west-2 (leave one of them out)"),
    ("service: kms, region: cn-north-1",
     f"{HERE}: com.amazonaws.cn-north-1.kms is in partition aws-cn, and the VPC in aws "
     "(endpoints do not lead from one partition into another)"),
    ("service: kms, type: gateway",
     f"{HERE}.type: InvalidParameter: there is no gateway endpoint for com.amazonaws.us-east-1.kms (its type is interface)"),
    ("service: s3, type: gateway, region: eu-west-1",
     f"{HERE}: a gateway endpoint is for a service of its own region, not of eu-west-1"),
    ("service: dynamodb, type: gateway, dns_record_ip_type: ipv4",
     f"{HERE}: a gateway endpoint for dynamodb has dns_record_ip_type service-defined alone, not ipv4 (leave it out)"),
    ("service: s3, type: gateway, subnets: [a1]",
     f"{HERE}.subnets: InvalidParameter: Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC "
     "Endpoints. (leave it out)"),
    ("service: s3, type: gateway, private_dns_only_for_inbound_resolver_endpoint: true",
     f"{HERE}.private_dns_only_for_inbound_resolver_endpoint: InvalidParameter: DnsOptions "
     "PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints. "
     "(leave it out)"),
    ("service: kms, state: pending-acceptance, private_dns: true",
     f"{HERE}: InvalidParameter: Private DNS can only be enabled after the endpoint connection is accepted by the owner of "
     "com.amazonaws.us-east-1.kms. (say private_dns: false, or another state)"),
    ("service: dynamodb, private_dns: true",
     f"{HERE}: InvalidParameter: Private DNS can't be enabled because the service com.amazonaws.us-east-1.dynamodb does not "
     "provide a private DNS name. (leave private_dns out, or give private_dns_names)"),
    ("service: kms, private_dns_names: []",
     f"{HERE}: InvalidParameter: Private DNS can't be enabled because the service com.amazonaws.us-east-1.kms does not "
     "provide a private DNS name. (leave private_dns out, or give private_dns_names)"),
    ("service: kms, private_dns_names: '*'",
     f"{HERE}.private_dns_names: * is no private name: it would lead every name of the world to this endpoint (name a domain)"),
    ("service: kms, private_dns_names: .",
     f"{HERE}.private_dns_names: . is no private name: it would lead every name of the world to this endpoint (name a domain)"),
    ("service: kms, private_dns_only_for_inbound_resolver_endpoint: true",
     f"{HERE}.private_dns_only_for_inbound_resolver_endpoint: private DNS for inbound endpoints alone is for endpoints with "
     "private DNS of a service that has gateway endpoints (leave it out)"),
    ("service: s3, private_dns: true",
     f"{HERE}: InvalidParameter: To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC vpc-0aaaaaaaaaaaaaaaa must "
     "have a Gateway endpoint for the service. (add one, or say private_dns_only_for_inbound_resolver_endpoint: false)"),
    ("service: s3, region: us-west-2, private_dns: true, private_dns_only_for_inbound_resolver_endpoint: true",
     f"{HERE}: InvalidParameter: To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC vpc-0aaaaaaaaaaaaaaaa must "
     "have a Gateway endpoint for the service. (add one, or say private_dns_only_for_inbound_resolver_endpoint: false)"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "problem"), REFUSED)
def test_it_is_refused_in_awss_words(keys: str, problem: str) -> None:
    assert problems_of(vpc_with(f"k: {{{keys}}}")) == [problem]


@pytest.mark.parametrize("attribute", ["enable_dns_support", "enable_dns_hostnames"])
def test_private_dns_needs_both_attributes(attribute: str) -> None:
    assert problems_of(vpc_with("k: {service: kms}", keys=f"{attribute}: false")) == [
        f"{HERE}: InvalidParameter: Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes "
        "set to true for vpc-0aaaaaaaaaaaaaaaa (turn them on, or say private_dns: false)"
    ]
    assert problems_of(vpc_with("k: {service: kms, private_dns: false}", keys=f"{attribute}: false")) == []


@pytest.mark.parametrize("state", ["pending", "available", "deleting"])
def test_a_private_name_is_held_by_one_endpoint_or_zone(state: str) -> None:
    first = f"k: {{service: kms, state: {state}}}"
    assert problems_of(vpc_with(first, "k2: {service: kms}")) == [
        "vpcs.a.endpoints.k2: InvalidParameter: private-dns-enabled cannot be set because there is already a conflicting DNS "
        "domain for kms.us-east-1.amazonaws.com in the VPC vpc-0aaaaaaaaaaaaaaaa "
        "(endpoint k has it already: say private_dns: false for one of the two)"
    ]
    (problem,) = problems_of(vpc_with(first, more="private_zones: [{name: kms.us-east-1.amazonaws.com, vpcs: [a]}]"))
    assert problem.startswith("private_zones[0]: ConflictingDomainExists: ")


@pytest.mark.parametrize("state", ["rejected", "expired", "failed"])
def test_an_endpoint_that_came_to_nothing_holds_no_name(state: str) -> None:
    zone = "private_zones: [{name: kms.us-east-1.amazonaws.com, vpcs: [a]}]"
    assert (
        problems_of(vpc_with(f"k: {{service: kms, state: {state}}}", "k2: {service: kms, private_dns: false}", more=zone))
        == []
    )
