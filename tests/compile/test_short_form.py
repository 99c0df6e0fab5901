"""The short form: three lines that stand for a VPC, its endpoints and its zones."""

from __future__ import annotations

import pytest

from tests.worlds import ask, problems_of, texts, world_of

SHORT = """
    region: ap-northeast-1
    endpoints:
      monitoring: 172.16.2.49
      sqs: [172.16.2.50, 172.16.3.50]
      kms: [172.16.2.51, "2001:db8::51"]
      ECR.dkr: 172.16.2.52
      s3: 172.16.2.53
      com.amazonaws.us-west-2.ssm: 172.16.2.54
      db.corp.example: [10.1.2.3, "2001:db8::3"]
    public_records: {ecr.ap-northeast-1.amazonaws.com: 203.0.113.1}
    """


@pytest.mark.parametrize(
    ("query", "answers"),
    [
        ("monitoring.ap-northeast-1.amazonaws.com", ["172.16.2.49"]),
        ("monitoring.ap-northeast-1.api.aws", ["172.16.2.49"]),
        ("sqs.ap-northeast-1.amazonaws.com", ["172.16.2.50", "172.16.3.50"]),
        ("kms.ap-northeast-1.amazonaws.com AAAA", ["2001:db8::51"]),
        ("111122223333.dkr.ecr.ap-northeast-1.amazonaws.com", ["172.16.2.52"]),
        ("photos.s3.ap-northeast-1.amazonaws.com", ["172.16.2.53"]),
        ("ssm.us-west-2.amazonaws.com", ["172.16.2.54"]),
        ("db.corp.example", ["10.1.2.3"]),
        ("db.corp.example AAAA", ["2001:db8::3"]),
        ("ecr.ap-northeast-1.amazonaws.com", ["203.0.113.1"]),
    ],
)
def test_services_and_host_names_lead_to_their_addresses(query: str, answers: list[str]) -> None:
    world = world_of(SHORT)
    assert set(world.views) == {"internet", "vpc"}
    assert texts(ask(world, "vpc", query)) == answers


def test_a_host_name_is_a_zone_of_its_own() -> None:
    world = world_of(SHORT)
    assert ask(world, "vpc", "x.db.corp.example").sections.rcode == 3
    assert ask(world, "vpc", "db.corp.example").sections.answer[0][1].ttl == 300
    assert texts(ask(world, "vpc", "db.corp.example SOA")) != []


def test_its_zones_follow_those_of_the_file() -> None:
    world = world_of("""
        endpoints: {db.corp.example: 10.1.2.3}
        private_zones: [{name: example.com, vpcs: [vpc], records: {www: 10.0.5.10}}]
        """)
    assert texts(ask(world, "vpc", "www.example.com")) == ["10.0.5.10"]
    assert texts(ask(world, "vpc", "db.corp.example")) == ["10.1.2.3"]


REFUSED = [
    (
        "montoring: 10.0.0.1",
        "endpoints.montoring: montoring is neither a service nor a host name (did you mean monitoring?)",
    ),
    ("ecr: 10.0.0.1", "endpoints.ecr: ecr is neither a service nor a host name (did you mean ecr.api or ecr.dkr?)"),
    ("zzqqxx: 10.0.0.1", "endpoints.zzqqxx: zzqqxx is neither a service nor a host name"),
    (
        "dynamodb: 10.0.0.1",
        "endpoints.dynamodb: InvalidParameter: Private DNS can't be enabled because the service "
        "com.amazonaws.us-east-1.dynamodb does not provide a private DNS name. "
        "(leave private_dns out, or give private_dns_names)",
    ),
    ("a..b: 10.0.0.1", "endpoints.a..b: a..b has an empty label"),
]


@pytest.mark.parametrize(("line", "problem"), REFUSED)
def test_mistakes_stand_where_they_were_written(line: str, problem: str) -> None:
    assert problems_of(f"endpoints: {{{line}}}") == [problem]


def test_a_zone_of_a_services_name_is_refused_where_it_was_written() -> None:
    (problem,) = problems_of("endpoints: {sqs: 10.0.0.1, sqs.us-east-1.amazonaws.com: 10.0.0.2}")
    assert problem.startswith("endpoints.sqs.us-east-1.amazonaws.com: ConflictingDomainExists: The VPC vpc-0")
