"""Notes on endpoints: what a network engineer would say of them in a review."""

from __future__ import annotations

import pytest

from tests.test_notes import notes_of

VPC = """
region: us-east-1
upstream: {{mode: off}}
vpcs:
  a:
    cidr: 10.0.0.0/16
    subnets: {{a1: {{cidr: 10.0.1.0/24, az: us-east-1a}}}}
    {inbound}
    endpoints: {{{endpoints}}}
{more}
"""
SERVICE = "endpoint_services: {partner: {id: vpce-svc-0123456789abcdef0, private_dns_name: api.partner.com}}"


def noted(endpoints: str, inbound: str = "", more: str = "") -> list[str]:
    found = notes_of(VPC.format(endpoints=endpoints, inbound=inbound, more=more))
    return [note.removeprefix("vpcs.a.endpoints.") for note in found]


EMPTY = "it has no subnet and no address, so all its names are empty answers, its private names too"
ROUTE = "a gateway endpoint is a route: no name leads to it, and it changes no answer"
NOBODY = (
    "its private names are for inbound resolver endpoints alone (private_dns_only_for_inbound_resolver_endpoint, true by "
    "default), and the VPC has none, so nobody sees them"
)
EVERY_API = (
    "with private DNS every API of API Gateway in the region leads here, public ones too, which answer 403 then: give those a "
    "custom domain name, or say private_dns: false and call private ones as API-ENDPOINT.execute-api…"
)
GUESSED = "its private names follow from AWS's rule for names, which nobody has confirmed: private_dns_names gives others"

ONE = [
    ("k: {service: kms, subnets: [a1]}", []),
    ("k: {service: kms}", [EMPTY]),
    ("k: {service: kms, subnets: {}}", [EMPTY]),
    ("k: {service: kms, addresses: 10.0.1.9}", []),
    ("k: {service: kms, state: failed}", ["in state failed no private name leads to it"]),
    ("k: {service: kms, state: pending, subnets: [a1]}", ["in state pending no private name leads to it"]),
    ("k: {service: kms, state: deleting, subnets: [a1]}", []),
    ("k: {service: s3, type: gateway}", [ROUTE]),
    ("k: {service: dynamodb, type: gateway, dns_record_ip_type: service-defined}", [ROUTE]),
    ("k: {service: s3, type: gateway, dns_record_ip_type: ipv4}", []),
    ("k: {service: s3, subnets: [a1]}", []),
    ("k: {service: s3, private_dns: true, private_dns_only_for_inbound_resolver_endpoint: false, subnets: [a1]}", []),
    ("k: {service: s3, private_dns: true, region: us-west-2, subnets: [a1]}", []),
    ("k: {service: execute-api, subnets: [a1]}", [EVERY_API]),
    ("k: {service: com.amazonaws.us-east-1.execute-api, subnets: [a1]}", [EVERY_API]),
    ("k: {service: execute-api, private_dns: false, subnets: [a1]}", []),
    ("k: {service: kms, private_dns: false, private_dns_names: k.example, subnets: [a1]}",
     ["its private_dns_names do nothing, because private_dns is false"]),
    ("k: {type: resource, private_dns: true, private_dns_specified_domains: a.example, addresses: 10.0.1.9}",
     ["its private_dns_specified_domains do nothing with the preference verified_domains_only"]),
    ("k: {type: resource, domains: {a.example: {verified: true}}, addresses: 10.0.1.9}",
     ["its domains do not lead to it, because private_dns is not true"]),
    ("k: {type: service_network, domains: {a.example: {arn: true}}, addresses: 10.0.1.9}", []),
    ("k: {service: ce, region: us-east-1, subnets: [a1]}", []),
    ("k: {service: ce, region: us-west-2, subnets: [a1]}",
     ["as far as is known, ce is in us-east-1 alone, and not in us-west-2: say region"]),
    ("k: {service: qapps, subnets: [a1]}", [GUESSED]),
    ("k: {service: qapps, private_dns: false, subnets: [a1]}", []),
    ("k: {service: qapps, private_dns_names: q.example, subnets: [a1]}", []),
    ("k: {service: com.amazonaws.us-east-1.brand.new, private_dns_names: q.example, subnets: [a1]}", []),
    ("k: {service: ecr.dkr, subnets: [a1]}",
     ["ecr.dkr needs ecr.api to log in and s3 for the layers of images too, for which the VPC has no endpoint"]),
    ("k: {service: partner, private_dns: true, subnets: [a1]}", []),
    ("k: {service: partner, type: gateway_load_balancer}", [EMPTY]),
]  # fmt: skip


@pytest.mark.parametrize(("endpoint", "expected"), ONE)
def test_an_endpoint_by_itself(endpoint: str, expected: list[str]) -> None:
    assert noted(endpoint, more=SERVICE) == [f"k: {what}" for what in expected]


def test_s3_names_for_inbound_endpoints_need_one() -> None:
    endpoints = "g: {service: s3, type: gateway}, k: {service: s3, private_dns: true, subnets: [a1]}"
    assert noted(endpoints) == [f"k: {NOBODY}"]
    assert noted(endpoints, inbound="inbound_endpoints: {onprem: {}}") == []


def test_what_a_service_needs_may_be_an_endpoint_of_any_type() -> None:
    every = "k: {service: ecr.dkr, subnets: [a1]}, i: {service: ecr.api, subnets: [a1]}, s: {service: s3, subnets: [a1]}"
    assert noted(every) == []
    assert noted(every.replace("s3, subnets: [a1]", "s3, type: gateway, dns_record_ip_type: ipv4")) == []


def test_an_endpoint_in_one_of_several_zones() -> None:
    text = """
        vpcs:
          a:
            subnets:
              a1: {cidr: 10.0.1.0/24, az: us-east-1a}
              b1: {cidr: 10.0.2.0/24, az: us-east-1b}
              c1: {cidr: 10.0.3.0/24, az: us-east-1c}
            endpoints:
              one: {service: kms, subnets: [b1]}
              two: {service: sqs, subnets: [a1, c1]}
              lb: {service: vpce-svc-0123456789abcdef0, type: gateway_load_balancer, subnets: [a1]}
        """
    assert notes_of(text) == [
        "vpcs.a.endpoints.one: it stands in us-east-1b alone: clients in us-east-1a and us-east-1c go there, and lose it with "
        "that zone"
    ]
