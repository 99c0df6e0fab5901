"""Notes on quotas: exactly as many as AWS gives is fine, one more is told with the quota's name and number."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proxy.notes.quotas import quota_notes
from proxy.settings.problems import path_text
from tests.test_notes import settings_of


def many(number: int, text: str) -> str:
    return ", ".join(text.replace("N", str(n)) for n in range(number))


VPCS_OF_TWO_REGIONS = f"vpcs: {{{many(5, 'aN: {}')}, {many(5, 'bN: {region: eu-west-1}')}}}"
QUOTAS = {
    "VPCs per Region": (5, "vpcs: {{{items}}}", "aN: {}", "vpcs: account 000000000000 in us-east-1"),
    "IPv4 CIDR blocks per VPC": (5, "vpcs: {{a: {{cidr: [{items}, '2001:db8::/56']}}}}", "10.N.0.0/16", "vpcs.a.cidr: VPC a"),
    "IPv6 CIDR blocks per VPC": (5, "vpcs: {{a: {{cidr: [{items}, 10.0.0.0/16]}}}}", "'2001:dbN::/56'", "vpcs.a.cidr: VPC a"),
    "Subnets per VPC": (
        200, "vpcs: {{a: {{subnets: {{{items}}}}}}}", "sN: {cidr: 10.0.N.0/24, az: us-east-1a}", "vpcs.a.subnets: VPC a",
    ),
    "Active VPC peering connections per VPC": (50, "peerings: [{items}]", "{vpcs: [a, bN]}", "peerings: VPC a"),
    "Interface and Gateway Load Balancer endpoints per VPC": (
        50, "vpcs: {{a: {{endpoints: {{{items}, g: {{service: s3, type: gateway}}}}}}}}", "kN: {service: kms}",
        "vpcs.a.endpoints: VPC a",
    ),
    "Gateway VPC endpoints per Region": (
        20, "vpcs: {{a: {{endpoints: {{{items}, k: {{service: kms}}}}}}}}", "gN: {service: s3, type: gateway}",
        "vpcs: account 000000000000 in us-east-1",
    ),
    "Hosted zones": (500, "private_zones: [{items}]", "{name: zN.example}", "private_zones: account 000000000000"),
    "Amazon VPCs that you can associate with a private hosted zone": (
        300, "private_zones: [{{name: z.example, vpcs: [{items}]}}]", "vN", "private_zones[0].vpcs: zone z.example",
    ),
    "Records per hosted zone": (
        10_000, "private_zones: [{{name: z.example, records: {{{items}}}}}]", "wN: 10.0.0.1",
        "private_zones[0].records: zone z.example",
    ),
    "Records in a record set": (
        400, "private_zones: [{{name: z.example, records: {{w: {{TXT: [{items}]}}}}}}]", "tN",
        "private_zones[0].records.w.TXT: w.z.example TXT",
    ),
    "Geolocation, latency, multivalue answer, weighted, and IP-based records": (
        100, "private_zones: [{{name: z.example, records: {{w: [{items}]}}}}]", "{id: sN, A: 10.0.0.1, weight: 1}",
        "private_zones[0].records.w[100].A: w.z.example A",
    ),
    "Geoproximity records": (
        30, "private_zones: [{{name: z.example, records: {{w: [{items}]}}}}]",
        "{id: sN, A: 10.0.0.1, geoproximity: {region: us-east-1}}", "private_zones[0].records.w[30].A: w.z.example A",
    ),
    "Resolver endpoints per AWS Region": (
        4, "vpcs: {{a: {{inbound_endpoints: {{{items}}}}}}}", "iN: {}", "vpcs: account 000000000000 in us-east-1",
    ),
    "Rules per AWS Region": (
        1000, "resolver_rules: [{items}]", "{domain: dN, type: system}", "resolver_rules: account 000000000000",
    ),
    "Associations between rules and VPCs per AWS Region": (
        2000, "resolver_rules: [{{domain: d, type: system, vpcs: [{items}]}}]", "vN", "resolver_rules: account 000000000000",
    ),
    "Rule group associations per VPC": (
        5, "firewall_rule_groups: [{items}]", "{name: gN, vpcs: {a: 10N}}", "firewall_rule_groups: VPC a",
    ),
    "Rules in a rule group": (
        100, "firewall_rule_groups: [{{name: g, rules: [{items}]}}]", "{priority: N, action: alert, domains: x.example}",
        "firewall_rule_groups[0].rules: group g",
    ),
    "Profiles per account per AWS Region": (5, "profiles: [{items}]", "{name: pN}", "profiles: account 000000000000"),
    "VPC associations per Profile": (
        1000, "profiles: [{{name: p, vpcs: {{{items}}}}}]", "aN: 100", "profiles[0].vpcs: Profile p",
    ),
    "Resolver rules per Profile": (
        1000, "profiles: [{{resolver_rules: [{items}]}}]", "rN", "profiles[0].resolver_rules: Profile 0",
    ),
    "DNS Firewall rule groups per Profile": (
        5, "profiles: [{{name: p, firewall_rule_groups: {{{items}}}}}]", "gN: 10N", "profiles[0].firewall_rule_groups: Profile p",
    ),
}  # fmt: skip


def noted(text: str) -> Iterator[str]:
    return (f"{path_text(path)}: {what}" for path, what in quota_notes(settings_of(f"account: '000000000000'\n{text}")))


@pytest.mark.parametrize("name", QUOTAS)
def test_one_more_than_the_quota_is_told(name: str) -> None:
    limit, text, item, where = QUOTAS[name]
    assert list(noted(text.format(items=many(limit, item)))) == []
    told = list(noted(text.format(items=many(limit + 1, item))))
    assert f"{where} has {limit + 1}, and AWS's quota '{name}' is {limit} unless it was raised" in told


def test_regions_and_accounts_have_quotas_of_their_own() -> None:
    assert list(noted(VPCS_OF_TWO_REGIONS)) == []
    assert list(noted(f"vpcs: {{{many(5, 'aN: {}')}, b: {{account: '111122223333'}}}}")) == []


def test_a_gateway_endpoint_too_many_for_a_vpc_is_one_too_many_for_its_region() -> None:
    text = f"vpcs: {{a: {{endpoints: {{{many(256, 'gN: {service: s3, type: gateway}')}}}}}}}"
    assert [note.partition(":")[0] for note in noted(text)] == ["vpcs", "vpcs.a.endpoints"]


def test_the_largest_quotas() -> None:
    domains = (
        f"firewall_rule_groups: [{{name: g, rules: [{{priority: 1, action: alert, domains: [{many(100_001, 'dN')}]}}]}}]"
    )
    assert list(noted(domains)) == [
        "firewall_rule_groups: account 000000000000 has 100001, and AWS's quota 'Domains in all domain lists of an account' is "
        "100000 unless it was raised"
    ]
