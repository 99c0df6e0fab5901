"""Instances: what each has, and what EC2 would refuse."""

from __future__ import annotations

import pytest

from proxy.model.world import Vpc, World
from tests.worlds import ask, problems_of, texts, world_of

SUBNETS = """
    region: us-east-1
    vpcs:
      a:
        cidr: [10.0.0.0/16, "2001:db8::/56"]
        subnets:
          both: {cidr: 10.0.1.0/24, ipv6_cidr: "2001:db8:0:1::/64", az: us-east-1a}
          six: {ipv6_cidr: "2001:db8:0:2::/64", az: us-east-1b}
        endpoints: {k: {service: kms, subnets: {both: 10.0.1.50}}, s: {service: sns, addresses: [10.0.1.51]}}
        instances:
"""


def with_instances(lines: str) -> str:
    return SUBNETS + "\n".join(f"          {line}" for line in lines.splitlines())


def vpc_of(world: World, view: str = "a") -> Vpc:
    vpc = world.views[view].vpc
    assert vpc is not None
    return vpc


PROBLEMS = [
    (
        "web: {subnet: bot, ip: 10.0.1.5}",
        "vpcs.a.instances.web.subnet: there is no subnet bot (did you mean both?)",
    ),
    (
        "web: {subnet: both, ip: 10.0.2.5}",
        "vpcs.a.instances.web.ip: 10.0.2.5 is not in subnet both (its range is 10.0.1.0/24 and 2001:db8:0:1::/64)",
    ),
    (
        "web: {subnet: six, ip: 10.0.1.5, ipv6: '2001:db8:0:2::5'}",
        "vpcs.a.instances.web.ip: 10.0.1.5 is not in subnet six (its range is 2001:db8:0:2::/64)",
    ),
    (
        "web: {ip: 10.0.3.5}",
        "vpcs.a.instances.web.ip: 10.0.3.5 is in no subnet of the VPC (add its subnet, or take an address of one)",
    ),
    (
        "web: {ip: 10.0.1.3}",
        "vpcs.a.instances.web.ip: 10.0.1.3 is reserved: the first four addresses and the last one of subnet both are AWS's "
        "(take 10.0.1.4 or a later one)",
    ),
    (
        "web: {subnet: both, ip: 10.0.1.255}",
        "vpcs.a.instances.web.ip: 10.0.1.255 is reserved: the first four addresses and the last one of subnet both are AWS's "
        "(take 10.0.1.4 or a later one)",
    ),
    ("web: {ip: 10.0.1.50}", "vpcs.a.instances.web.ip: 10.0.1.50 is in use already, by endpoint k (take another)"),
    ("web: {ip: 10.0.1.51}", "vpcs.a.instances.web.ip: 10.0.1.51 is in use already, by endpoint s (take another)"),
    (
        "web: {ip: 10.0.1.5}\ndb: {ip: 10.0.1.5}",
        "vpcs.a.instances.db.ip: 10.0.1.5 is in use already, by instance web (take another)",
    ),
    (
        "web: {subnet: both}",
        "vpcs.a.instances.web: an instance without an address (give it an ip, or an ipv6 in an IPv6-only subnet)",
    ),
    (
        "web: {ipv6: '2001:db8:0:2::5', public_ip: 203.0.113.25}",
        "vpcs.a.instances.web.public_ip: a public IPv4 address without a private one (give it an ip)",
    ),
    (
        "web: {ip: 10.0.1.5, public_ip: 203.0.113.25}\ndb: {ip: 10.0.1.6, public_ip: 203.0.113.25}",
        "vpcs.a.instances.db.public_ip: 203.0.113.25 is in use already, by instance a/web (give each its own)",
    ),
    (
        "web: {ip: 10.0.1.5, id: i-0abc}\ndb: {ip: 10.0.1.6, id: i-0abc}",
        "vpcs.a.instances.db.id: i-0abc is in use already, by instance a/web (give each its own)",
    ),
]


@pytest.mark.parametrize(("lines", "problem"), PROBLEMS)
def test_what_ec2_would_refuse(lines: str, problem: str) -> None:
    assert problems_of(with_instances(lines)) == [problem]


def test_without_subnets_the_vpc_has_to_hold_an_instance_and_without_ranges_anything_goes() -> None:
    text = "vpcs: {a: {cidr: 10.0.0.0/16, instances: {web: {ip: 10.1.0.5}}}, b: {instances: {web: {ip: 192.0.2.5}}}}"
    assert problems_of(text) == ["vpcs.a.instances.web.ip: 10.1.0.5 is not in the VPC (its ranges are 10.0.0.0/16)"]
    assert texts(ask(world_of(text.replace("10.1.0.5", "10.0.0.5")), "b", "ip-192-0-2-5.ec2.internal")) == ["192.0.2.5"]


def test_ids_are_derived_from_names_and_found_by_address() -> None:
    lines = "web: {ip: 10.0.1.5, ipv6: '2001:db8:0:1::5'}\ndb: {ip: 10.0.1.6, id: i-0abc}"
    found = vpc_of(world_of(with_instances(lines))).instances
    assert found == vpc_of(world_of(with_instances(lines))).instances
    assert found["10.0.1.5"] == found["2001:db8:0:1::5"] != found["10.0.1.6"] == "i-0abc"
    assert found["10.0.1.5"].startswith("i-0")


def test_what_is_made_up_for_an_endpoint_leaves_instances_alone() -> None:
    held = ", ".join(f"n{last}: {{ip: 10.0.1.{last}}}" for last in range(4, 15) if last not in (7, 11))
    world = world_of(f"""
        vpcs:
          a:
            cidr: 10.0.1.0/28
            subnets: {{s: {{cidr: 10.0.1.0/28, az: us-east-1a}}}}
            endpoints: {{k: {{service: kms, subnets: [s]}}, l: {{service: sns, subnets: {{s: 10.0.1.11}}}}}}
            instances: {{{held}}}
        """)
    assert texts(ask(world, "a", "kms.us-east-1.amazonaws.com")) == ["10.0.1.7"]


def test_the_search_domain_is_the_regions_or_the_dhcp_options() -> None:
    world = world_of("""
        region: us-east-1
        vpcs: {a: {}, b: {region: eu-west-2}, c: {dhcp: {domain_name: corp.example.com}}}
        """)
    domains = [str(vpc_of(world, view).domain_name) for view in ("a", "b", "c")]
    assert domains == ["ec2.internal", "eu-west-2.compute.internal", "corp.example.com"]
