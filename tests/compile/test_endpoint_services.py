"""Endpoint services that are not AWS's, and endpoints of Gateway Load Balancers."""

from __future__ import annotations

import pytest

from tests.compile.test_endpoints import K, answers, vpc_with
from tests.worlds import problems_of

PARTNER = "vpce-svc-0123456789abcdef0"
SERVICES = f"""
endpoint_services:
  partner: {{id: {PARTNER}, private_dns_name: api.partner.com}}
  wild: {{private_dns_name: "*.wild.example", private_dns_name_state: verified}}
  waits: {{private_dns_name: wait.partner.com, private_dns_name_state: pending_verification}}
  failed: {{private_dns_name: failed.partner.com, private_dns_name_state: failed}}
  plain: {{id: vpce-svc-0aaaaaaaaaaaaaaaa}}
  far: {{id: vpce-svc-0bbbbbbbbbbbbbbbb, region: eu-west-1, private_dns_name: far.partner.com}}
public_records: {{api.partner.com: 198.51.100.1, wait.partner.com: 198.51.100.2}}
"""


def vpc(*endpoints: str, region: str = "us-east-1") -> str:
    return vpc_with(*endpoints, more=SERVICES, region=region)


@pytest.mark.parametrize(
    ("endpoint", "query", "found"),
    [
        ("service: partner, private_dns: true", "api.partner.com", ["10.0.1.80"]),
        ("service: partner, private_dns: true", "x.api.partner.com", "3"),
        ("service: partner", "api.partner.com", ["198.51.100.1"]),
        ("service: partner, private_dns_names: mine.example", "mine.example", ["10.0.1.80"]),
        (f"service: {PARTNER}, private_dns: true", "api.partner.com", ["10.0.1.80"]),
        (f"service: com.amazonaws.vpce.us-east-1.{PARTNER}, private_dns: true", "api.partner.com", ["10.0.1.80"]),
        ("service: wild, private_dns: true", "a.b.wild.example", ["10.0.1.80"]),
        ("service: waits", "wait.partner.com", ["198.51.100.2"]),
        (f"service: partner, id: {K}", f"{K}.{PARTNER}.us-east-1.vpce.amazonaws.com", ["10.0.1.80"]),
        (f"service: partner, id: {K}", f"{K}-us-east-1a.{PARTNER}.us-east-1.vpce.amazonaws.com", ["10.0.1.80"]),
        (f"service: far, id: {K}", f"{K}.vpce-svc-0bbbbbbbbbbbbbbbb.eu-west-1.vpce.amazonaws.com", ["10.0.1.80"]),
        (f"service: far, id: {K}", f"{K}-us-east-1a.vpce-svc-0bbbbbbbbbbbbbbbb.eu-west-1.vpce.amazonaws.com", "3"),
        ("service: far, private_dns: true", "far.partner.com", ["10.0.1.80"]),
        (f"service: vpce-svc-0ccccccccccccccccc, id: {K}",
         f"{K}.vpce-svc-0ccccccccccccccccc.us-east-1.vpce.amazonaws.com", ["10.0.1.80"]),
        (f"service: com.amazonaws.vpce.us-west-2.vpce-svc-0ccccccccccccccccc, id: {K}",
         f"{K}.vpce-svc-0ccccccccccccccccc.us-west-2.vpce.amazonaws.com", ["10.0.1.80"]),
        ("service: vpce-svc-0ccccccccccccccccc, private_dns_names: api.other.example", "api.other.example", ["10.0.1.80"]),
    ],
)  # fmt: skip
def test_what_leads_to_an_endpoint_of_it(endpoint: str, query: str, found: list[str] | str) -> None:
    text = vpc(f"k: {{{endpoint}, subnets: {{a1: 10.0.1.80}}}}")
    assert answers(text, query) == found
    if "vpce" in query:
        assert answers(text, query, "internet") == found


def test_the_base_name_of_a_service_is_there_and_has_nothing() -> None:
    text = vpc("k: {service: partner, subnets: {a1: 10.0.1.80}}")
    for view in ("a", "internet"):
        assert answers(text, f"{PARTNER}.us-east-1.vpce.amazonaws.com", view) == "0"
        assert answers(text, f"vpce-0bbbbbbbbbbbbbbbb-aaaaaaaa.{PARTNER}.us-east-1.vpce.amazonaws.com", view) == "3"
        assert answers(text, "vpce-svc-0bbbbbbbbbbbbbbbb.eu-west-1.vpce.amazonaws.com", view) == "0"


def test_a_service_of_china_has_the_names_of_china() -> None:
    keys = f"service: cn.com.amazonaws.vpce.cn-north-1.{PARTNER}, id: {K}, subnets: {{a1: 10.0.1.80}}"
    assert answers(vpc(f"k: {{{keys}}}", region="cn-north-1"), f"{K}.{PARTNER}.cn-north-1.vpce.amazonaws.com.cn") == [
        "10.0.1.80"
    ]


HERE = "vpcs.a.endpoints.k"
REFUSED = [
    ("service: waits, private_dns: true",
     f"{HERE}: InvalidParameter: Private DNS can't be enabled because the private DNS name wait.partner.com is not verified. "
     "(its owner has to prove the domain with a TXT record: private_dns_name_state: verified)"),
    ("service: failed, private_dns: true",
     f"{HERE}: InvalidParameter: Private DNS can't be enabled because the private DNS name failed.partner.com is not verified. "
     "(its owner has to prove the domain with a TXT record: private_dns_name_state: verified)"),
    ("service: partner, private_dns: true, state: pending-acceptance",
     f"{HERE}: InvalidParameter: Private DNS can only be enabled after the endpoint connection is accepted by the owner of "
     f"com.amazonaws.vpce.us-east-1.{PARTNER}. (say private_dns: false, or another state)"),
    ("service: plain, private_dns: true",
     f"{HERE}: InvalidParameter: Private DNS can't be enabled because the service "
     "com.amazonaws.vpce.us-east-1.vpce-svc-0aaaaaaaaaaaaaaaa does not provide a private DNS name. "
     "(leave private_dns out, or give private_dns_names)"),
    (f"service: com.amazonaws.vpce.eu-west-1.{PARTNER}",
     f"{HERE}.service: there is no endpoint service com.amazonaws.vpce.eu-west-1.{PARTNER} "
     "(a service that is new: write its full name, and private_dns_names)"),
    (f"service: us-east-1.{PARTNER}",
     f"{HERE}.service: there is no endpoint service us-east-1.{PARTNER} "
     "(a service that is new: write its full name, and private_dns_names)"),
    ("service: partner, region: us-west-2",
     f"{HERE}.region: partner is of us-east-1, not of us-west-2 (leave one of them out)"),
    ("service: partner, type: gateway",
     f"{HERE}.type: InvalidParameter: there is no gateway endpoint for com.amazonaws.vpce.us-east-1.{PARTNER} "
     "(its type is gateway_load_balancer or interface)"),
    ("service: kms, type: gateway_load_balancer",
     f"{HERE}.type: InvalidParameter: there is no gateway_load_balancer endpoint for com.amazonaws.us-east-1.kms "
     "(its type is interface)"),
    ("service: plain, type: gateway_load_balancer, private_dns: true",
     f"{HERE}.private_dns: InvalidParameter: a Gateway Load Balancer endpoint has no private DNS (leave it out)"),
    ("service: plain, type: gateway_load_balancer, dns_record_ip_type: ipv4",
     f"{HERE}.dns_record_ip_type: a Gateway Load Balancer endpoint has no DNS names (leave it out)"),
    ("service: plain, type: gateway_load_balancer, subnets: [a1, a2]",
     f"{HERE}: a Gateway Load Balancer endpoint stands in one subnet (make one for each)"),
    ("service: kms, domains: {db.example: {}}",
     f"{HERE}.domains: domains is for endpoints of type resource and service_network (leave it out)"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "problem"), REFUSED)
def test_it_is_refused_in_awss_words(keys: str, problem: str) -> None:
    assert problems_of(vpc(f"k: {{{keys}}}")) == [problem]


def test_two_services_of_one_id_are_refused() -> None:
    assert problems_of(f"endpoint_services: {{a: {{id: {PARTNER}}}, b: {{id: {PARTNER}}}}}") == [
        f"endpoint_services.b.id: {PARTNER} is the id of endpoint service a already (give another)"
    ]


def test_an_endpoint_of_a_gateway_load_balancer_has_no_names() -> None:
    text = vpc(f"k: {{service: plain, type: gateway_load_balancer, id: {K}, subnets: {{a1: 10.0.1.83}}}}")
    assert answers(text, f"{K}.vpce-svc-0aaaaaaaaaaaaaaaa.us-east-1.vpce.amazonaws.com") == "3"
    assert problems_of(text.replace("10.0.1.83", "10.0.1.3")) != []
