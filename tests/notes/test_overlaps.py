"""Notes on names inside of one another."""

from __future__ import annotations

from tests.test_notes import notes_of

KMS = "k: {service: kms, addresses: 10.0.1.9}"


def noted(endpoint: str, zones: str, more: str = "") -> list[str]:
    return notes_of(f"region: us-east-1\nvpcs: {{a: {{endpoints: {{{endpoint}}}}}}}\nprivate_zones: [{zones}]\n{more}")


def test_a_zone_inside_a_private_name_makes_a_hole() -> None:
    assert noted(KMS, "{name: x.kms.us-east-1.amazonaws.com, vpcs: [a]}") == [
        "private_zones[0]: in view a, the zone x.kms.us-east-1.amazonaws.com takes its names out of the private name "
        "kms.us-east-1.amazonaws.com of an endpoint (vpcs.a.endpoints.k)"
    ]
    assert noted(KMS, "{name: x.sqs.us-east-1.amazonaws.com, vpcs: [a]}") == []


def test_a_zone_of_all_of_aws_hides_it() -> None:
    for name in ("amazonaws.com", "us-east-1.amazonaws.com"):
        assert noted(KMS, f"{{name: {name}, vpcs: [a]}}") == [
            f"private_zones[0]: in view a, the zone {name} hides all public names of AWS below it: a service without an endpoint "
            "is NXDOMAIN"
        ]
    assert noted(KMS, "{name: us-west-2.amazonaws.com, vpcs: [a]}") == []


def test_a_private_name_inside_a_zone_hides_its_records() -> None:
    zone = (
        "{name: corp.example, vpcs: [a], records: {w: 10.0.0.1, k.x: 10.0.0.2, k: 10.0.0.1, a.k: 10.0.0.1, b.k: 10.0.0.1}}"
    )
    assert noted("k: {service: kms, private_dns_names: k.corp.example, addresses: 10.0.1.9}", zone) == [
        "vpcs.a.endpoints.k: in view a, the private name k.corp.example hides k.corp.example, a.k.corp.example, "
        "b.k.corp.example of the private zone corp.example (private_zones[0])"
    ]
    more = zone.replace("a.k:", "c.k: 10.0.0.1, d.k: 10.0.0.1, a.k:")
    assert " and 2 more of " in noted("k: {service: kms, private_dns_names: k.corp.example, addresses: 10.0.1.9}", more)[0]
    assert noted("k: {service: kms, private_dns_names: k.corp.example, addresses: 10.0.1.9}",
                 "{name: corp.example, vpcs: [a], records: {w: 10.0.0.1}}") == []  # fmt: skip


def test_a_private_name_above_those_of_other_services() -> None:
    api = "k: {service: codeartifact.api, addresses: 10.0.1.9}"
    both = f"{api}, r: {{service: codeartifact.repositories, addresses: 10.0.1.9}}, s: {{service: s3, addresses: 10.0.1.9}}"
    assert noted(api, "") == [
        "vpcs.a.endpoints.k: codeartifact.api needs codeartifact.repositories for the packages too, for which the VPC has no "
        "endpoint",
        "vpcs.a.endpoints.k: in view a, the private name codeartifact.us-east-1.amazonaws.com makes "
        "d.codeartifact.us-east-1.amazonaws.com NXDOMAIN, for want of an endpoint for codeartifact.repositories",
    ]
    assert noted(both, "") == []


def test_a_peering_does_not_carry_private_names() -> None:
    text = """
        vpcs:
          a: {endpoints: {k: {service: kms, addresses: 10.0.1.9}}}
          b: {}
        peerings: [{vpcs: [b, a], dns_resolution: SIDES}]
        """
    note = (
        "peerings[0]: a peering does not carry private names: in view b, kms.us-east-1.amazonaws.com of a's endpoints stays "
        "public; a private zone, a Profile or an endpoint there would change that"
    )
    assert notes_of(text.replace("SIDES", "true")) == [note]
    assert notes_of(text.replace("SIDES", "[a]")) == [note]
    assert notes_of(text.replace("SIDES", "[b]")) == []
    own = "b: {endpoints: {k: {service: kms, addresses: 10.1.1.9}}}"
    assert notes_of(text.replace("SIDES", "true").replace("b: {}", own)) == []
