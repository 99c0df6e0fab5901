"""`vpcdns services`: what can stand in `service`, and which names it takes over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.programs import vpcdns

DEMO_REGION = "ap-northeast-1"


def services(*arguments: object) -> list[str]:
    ran = vpcdns("services", *arguments, "--json")
    assert ran.status == 0
    return [service["service"] for service in json.loads(ran.out)]


def test_a_table_has_a_line_a_name() -> None:
    status, out, err = vpcdns("services", "ecr.dkr", "--region", "us-east-1")
    head, first, second, *_ = (line.split() for line in out.splitlines())
    assert head == ["SERVICE", "TYPES", "PRIVATE", "NAMES", "EVIDENCE"]
    assert first == ["ecr.dkr", "interface", "dkr.ecr.us-east-1.amazonaws.com", "confirmed"]
    assert second == ["*.dkr.ecr.us-east-1.amazonaws.com"]
    assert (status, err) == (0, "1 service in us-east-1\n")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("ecr.", ["ecr.api", "ecr.dkr"]),
        ("ECR.API", ["ecr.api"]),
        ("*.dkr.*", ["ecr.dkr"]),
        ("com.amazonaws.us-east-1.kinesis-streams", ["kinesis-streams", "kinesis-streams-fips"]),
        ("sqs.us-east-1.amazonaws.com", ["sqs"]),
    ],
)
def test_a_pattern_is_the_beginning_of_a_word_or_has_stars(pattern: str, found: list[str]) -> None:
    assert services(pattern, "--region", "us-east-1") == found


def test_the_region_is_the_configurations_unless_one_is_given(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("region: cn-north-1\n")
    assert "sqs.cn-north-1.amazonaws.com.cn" in vpcdns("services", "sqs", "-c", file).out
    assert "sqs.eu-west-1.amazonaws.com" in vpcdns("services", "sqs", "-c", file, "--region", "eu-west-1").out


def test_a_configuration_with_a_mistake_does_not_keep_them_back(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("endpoints: {sqss: 10.0.0.1}\n")
    status, out, err = vpcdns("services", "sqs", "-c", file)
    assert status == 0
    assert "sqs.us-east-1.amazonaws.com" in out
    assert "the names are those in us-east-1" in err


def test_without_a_pattern_there_are_hundreds() -> None:
    assert len(services("--region", "us-east-1")) > 300


def test_none_is_status_1_with_a_hint() -> None:
    status, out, err = vpcdns("services", "monitorign", "--region", "us-east-1")
    assert (status, out) == (1, "")
    assert err.startswith("no service matches monitorign in us-east-1")
    assert "did you mean monitoring?" in err
    assert vpcdns("services", "monitorign", "--region", "us-east-1", "--json")[:2] == (1, "[]\n")


def test_what_is_no_region_is_a_wrong_usage() -> None:
    status, out, err = vpcdns("services", "--region", "tokyo")
    assert (status, out) == (2, "")
    assert "--region: tokyo has not the form of a region, such as us-east-1" in err


def test_json_tells_of_both_kinds_of_endpoint() -> None:
    [found] = json.loads(vpcdns("services", "com.amazonaws.us-east-1.monitoring", "--region", "us-east-1", "--json").out)
    assert found["name"] == "com.amazonaws.us-east-1.monitoring"
    assert found["types"] == ["interface"]
    assert found["private_dns"] is True
    assert "monitoring.us-east-1.amazonaws.com" in found["private_names"]
    assert set(found["private_names"]) <= set(found["private_names_dualstack"])
    assert found["evidence"] == "confirmed"
