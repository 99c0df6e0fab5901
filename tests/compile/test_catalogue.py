"""The catalogue of endpoint services: that its file can be read, what it says, and how services are found in it."""

from __future__ import annotations

import doctest
import importlib
import sys
from pathlib import Path

import pytest

from proxy.compile import catalogue
from proxy.compile.catalogue import (
    CONFIDENCES,
    Service,
    all_services,
    find_service,
    is_region,
    partition_of,
    service_hint,
    similar_services,
)
from proxy.dns.names import Name

FILE = Path(catalogue.__file__).with_name("services.txt")
REGIONS = ["us-east-1", "ap-northeast-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1"]
ATTRIBUTES = {"types", "prefix", "label", "vpce", "listed", "regions", "port", "private", "in"}
SERVICES = all_services()


def service(short: str) -> Service:
    found = find_service(short, "us-east-1")
    assert found is not None
    return found.service


def names(short: str, region: str = "us-east-1", dualstack: bool = False) -> set[str]:
    return set(service(short).private_names(region, dualstack))


def test_the_worked_example_is_right() -> None:
    assert doctest.testmod(catalogue) == (0, 3)


# The file


def lines() -> list[str]:
    text = FILE.read_text("ascii").replace("\n    ", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_file_has_every_service_in_the_order_of_its_names() -> None:
    shorts = [line.split()[0] for line in lines() if not line.startswith("@")]
    assert len(SERVICES) == len(shorts) == 499
    assert shorts == sorted(shorts)
    assert [each.short for each in SERVICES] == shorts


def test_no_line_is_wider_than_the_houses() -> None:
    assert [line for line in FILE.read_text("ascii").splitlines() if len(line) > 125] == []


def test_no_two_services_have_one_full_name() -> None:
    for region in REGIONS:
        full = [each.full_name(region) for each in SERVICES]
        assert len(set(full)) == len(full)


def test_a_line_says_only_what_is_explained_on_top() -> None:
    marks = {"if-fips", "if-dualstack", "dualstack", *(partition_of(region).name for region in REGIONS)}
    for line in (line for line in lines() if not line.startswith("@")):
        confidence = ""
        for word in line.split()[1:]:
            key, is_attribute, value = word.partition("=")
            if is_attribute:
                assert key in ATTRIBUTES, line
                assert value, line
            elif word.partition(":")[0] in CONFIDENCES:
                confidence = word
            else:
                assert confidence, line
                assert set(word.split("/")[1:]) <= marks, line


def test_the_other_lines_are_of_five_kinds_and_name_services() -> None:
    shorts = {each.short for each in SERVICES}
    missing = set()
    for line in lines():
        kind, *words = line.split()
        if kind.startswith("@"):
            assert kind in {"@alias", "@partition", "@fips", "@prefix", "@append"}
        if kind in {"@prefix", "@append"}:
            assert all(is_region(region) for region in words[0].split(","))
            missing |= set(words[2:]) - shorts
        if kind == "@alias":
            assert set(words[1:]) <= shorts
            assert words[0] not in shorts
    assert missing == {"diode-messaging", "diode-messaging-proxy"}  # of the isolated regions, with no other line


@pytest.mark.parametrize("region", REGIONS)
def test_names_are_host_names_and_each_is_of_one_service(region: str) -> None:
    taken: dict[str, str] = {}
    for each in SERVICES:
        private = each.private_names(region, dualstack=True)
        if "{cell}" in each.short:
            private = tuple(name.replace("{cell}", "c1") for name in private)
        for name in private:
            assert str(Name.from_text(name)) == name
            assert name == name.lower()
            assert taken.setdefault(name, each.full_name(region)) == each.full_name(region)
        assert len(set(private)) == len(private)
        assert Name.from_text(f"{each.label}.{each.vpce_zone(region)}".replace("{cell}", "c1"))


@pytest.mark.parametrize("region", REGIONS)
def test_a_service_is_found_by_its_full_name(region: str) -> None:
    for each in (each for each in SERVICES if "{cell}" not in each.short):
        found = find_service(each.full_name(region), "eu-west-1")
        assert found is not None, each.full_name(region)
        assert found.service == each
        assert found.region in {region, None, *each.regions}


# What it says


@pytest.mark.parametrize(
    ("short", "region", "has", "lacks"),
    [
        ("ecr.api", "eu-west-2", "api.ecr.eu-west-2.amazonaws.com ecr.eu-west-2.api.aws", ""),
        ("ssm", "eu-west-2", "ssm.eu-west-2.amazonaws.com ssm.eu-west-2.api.aws", ""),
        ("ecr.dkr", "us-east-1", "dkr.ecr.us-east-1.amazonaws.com *.dkr.ecr.us-east-1.amazonaws.com", ""),
        ("ecr.dkr", "us-east-1", "dkr-ecr.us-east-1.on.aws *.dkr-ecr.us-east-1.on.aws", ""),
        ("ecr.dkr", "us-gov-west-1", "*.dkr.ecr.us-gov-west-1.amazonaws.com", "dkr-ecr.us-gov-west-1.on.aws"),
        ("execute-api", "us-east-1", "execute-api.us-east-1.amazonaws.com *.execute-api.us-east-1.amazonaws.com", ""),
        ("kms", "us-east-1", "kms.us-east-1.amazonaws.com", "*.kms.us-east-1.amazonaws.com"),
        ("notebook", "us-east-1", "*.notebook.us-east-1.sagemaker.aws", ""),
        ("studio", "us-east-1", "*.studio.us-east-1.sagemaker.aws", ""),
        ("s3-global.accesspoint", "us-east-1", "*.accesspoint.s3-global.amazonaws.com", ""),
        ("kinesis-streams", "us-east-1", "kinesis.us-east-1.amazonaws.com", "kinesis-streams.us-east-1.amazonaws.com"),
        ("kinesis-streams", "us-east-1", "*.data-kinesis.us-east-1.amazonaws.com", "kinesis.us-east-1.api.aws"),
        ("kinesis-firehose", "us-east-1", "firehose.us-east-1.amazonaws.com", ""),
        ("ecs-agent", "us-east-1", "ecs-a.us-east-1.amazonaws.com", ""),
        ("ecs-telemetry", "us-east-1", "ecs-t.us-east-1.amazonaws.com", ""),
        ("appstream.api", "us-east-1", "appstream2.us-east-1.amazonaws.com", ""),
        ("rum-dataplane", "us-east-1", "dataplane.rum.us-east-1.amazonaws.com", ""),
        ("pinpoint-sms-voice-v2", "us-east-1", "sms-voice.us-east-1.amazonaws.com", ""),
        ("eks-auth", "us-east-1", "eks-auth.us-east-1.api.aws", "eks-auth.us-east-1.amazonaws.com"),
        ("codeartifact.api", "us-east-1", "codeartifact.us-east-1.amazonaws.com", "*.codeartifact.us-east-1.amazonaws.com"),
        ("codeartifact.repositories", "us-east-1", "*.d.codeartifact.us-east-1.amazonaws.com", ""),
        ("sagemaker.api", "us-east-1", "api.sagemaker.us-east-1.amazonaws.com", ""),
        ("sagemaker.runtime", "us-east-1", "runtime.sagemaker.us-east-1.amazonaws.com", ""),
        ("ec2", "us-east-1", "ec2.us-east-1.amazonaws.com", "ec2.us-east-1.api.aws"),
        ("dsql-fnh4", "us-east-1", "*.dsql-fnh4.us-east-1.on.aws", "*.dsql-{cell}.us-east-1.on.aws"),
        ("sqs", "cn-north-1", "sqs.cn-north-1.amazonaws.com.cn sqs.cn-north-1.api.amazonwebservices.com.cn", ""),
        ("kms", "us-gov-west-1", "kms.us-gov-west-1.amazonaws.com", ""),
        ("kms", "eusc-de-east-1", "kms.eusc-de-east-1.amazonaws.eu", ""),
        ("kms", "us-iso-east-1", "kms.us-iso-east-1.c2s.ic.gov", ""),
        ("kms", "us-isob-east-1", "kms.us-isob-east-1.sc2s.sgov.gov", ""),
        ("kms", "us-isof-south-1", "kms.us-isof-south-1.csp.hci.ic.gov", ""),
        ("kms", "eu-isoe-west-1", "kms.eu-isoe-west-1.cloud.adc-e.uk", ""),
        ("iam", "us-east-1", "iam.amazonaws.com", ""),
        ("iam", "us-gov-west-1", "iam.us-gov.amazonaws.com", "iam.amazonaws.com"),
        ("kinesisvideo", "us-gov-east-1", "*.kinesisvideo-fips.us-gov-east-1.amazonaws.com",
         "kinesisvideo.us-gov-east-1.amazonaws.com"),
        ("transcribe", "cn-north-1", "cn.transcribe.cn-north-1.amazonaws.com.cn", "transcribe.cn-north-1.amazonaws.com.cn"),
    ],
)  # fmt: skip
def test_private_names(short: str, region: str, has: str, lacks: str) -> None:
    assert set(has.split()) <= names(short, region)
    assert not set(lacks.split()) & names(short, region)


def test_names_for_fips_exist_where_there_are_fips_endpoints() -> None:
    assert names("monitoring") == {
        "monitoring.us-east-1.amazonaws.com",
        "monitoring.us-east-1.api.aws",
        "monitoring-fips.us-east-1.amazonaws.com",
        "monitoring-fips.us-east-1.api.aws",
    }
    assert names("monitoring", "ap-northeast-1") == {
        "monitoring.ap-northeast-1.amazonaws.com",
        "monitoring.ap-northeast-1.api.aws",
    }


def test_s3_has_its_dualstack_names_on_a_dualstack_endpoint() -> None:
    kinds = ["s3", "s3-control", "s3-accesspoint"]
    plain = {f"{star}{kind}.eu-west-1.amazonaws.com" for kind in kinds for star in ("", "*.")}
    more = {f"{star}{kind}.dualstack.eu-west-1.amazonaws.com" for kind in kinds for star in ("", "*.")}
    assert names("s3", "eu-west-1") == plain
    assert names("s3", "eu-west-1", dualstack=True) == plain | more


@pytest.mark.parametrize(
    ("short", "default", "provides", "evidence"),
    [
        ("kms", True, True, "likely"),
        ("monitoring", True, True, "confirmed"),
        ("s3", False, True, "confirmed"),
        ("dynamodb", False, False, "confirmed"),
        ("dynamodb-streams", False, False, "confirmed"),
        ("s3express", False, False, "confirmed"),
        ("apprunner.requests", False, False, "unknown"),
        ("glue.dashboard", False, True, "inferred"),
        ("tnb", True, True, "inferred"),
    ],
)
def test_private_dns(short: str, default: bool, provides: bool, evidence: str) -> None:
    found = service(short)
    assert (found.private_dns, found.provides_private_dns, found.evidence) == (default, provides, evidence)


def test_types() -> None:
    assert service("kms").types == {"interface"}
    assert service("s3").types == service("dynamodb").types == {"interface", "gateway"}
    assert service("s3express").types == {"gateway"}
    assert service("aoss").types == {"interface", "service_managed"}


@pytest.mark.parametrize(
    ("short", "region", "label_and_zone"),
    [
        ("ecr.dkr", "us-east-1", "dkr.ecr.us-east-1.vpce.amazonaws.com"),
        ("kinesis-streams", "us-east-1", "kinesis.us-east-1.vpce.amazonaws.com"),
        ("notebook", "us-east-1", "notebook.us-east-1.vpce.sagemaker.aws"),
        ("kms", "cn-north-1", "kms.cn-north-1.vpce.amazonaws.com.cn"),
        ("kms", "us-gov-west-1", "kms.us-gov-west-1.vpce.amazonaws.com"),
        ("kms", "us-iso-east-1", "kms.us-iso-east-1.vpce.c2s.ic.gov"),
    ],
)
def test_the_end_of_an_endpoints_own_name(short: str, region: str, label_and_zone: str) -> None:
    assert f"{service(short).label}.{service(short).vpce_zone(region)}" == label_and_zone


def test_ports_regions_and_wildcards_where_they_differ() -> None:
    assert (service("kms").port, service("cassandra").port) == (443, 9142)
    assert (service("kms").regions, service("networkmanager").regions) == ((), ("us-west-2",))
    assert [each.short for each in SERVICES if each.wildcard_only] == ["s3"]
    offered = [region for region in ("us-west-2", "us-east-1", "cn-north-1") if service("networkmanager").is_offered(region)]
    assert offered == ["us-west-2", "cn-north-1"]


def test_what_a_host_name_is_shows_in_it() -> None:
    assert [set(name.kinds) for name in service("monitoring").names] == [
        set(), {"dualstack"}, {"fips"}, {"fips", "dualstack"},
    ]  # fmt: skip
    assert [set(name.kinds) for name in service("ecr.dkr").names] == [set(), set(), {"dualstack"}, {"dualstack"}]
    assert service("route53globalresolver").names[0].kinds == {"dualstack"}
    assert service("monitoring").names[0].source == "A2"
    assert service("kms").names[0].source == "B"


# Finding


@pytest.mark.parametrize(
    ("text", "full_name", "region"),
    [
        ("monitoring", "com.amazonaws.us-east-1.monitoring", None),
        ("Monitoring", "com.amazonaws.us-east-1.monitoring", None),
        ("cloudwatch", "com.amazonaws.us-east-1.monitoring", None),
        ("efs", "com.amazonaws.us-east-1.elasticfilesystem", None),
        ("com.amazonaws.us-west-2.s3", "com.amazonaws.us-west-2.s3", "us-west-2"),
        ("com.amazonaws.route53", "com.amazonaws.route53", None),
        ("com.amazonaws.s3-global.accesspoint", "com.amazonaws.s3-global.accesspoint", None),
        ("aws.api.us-east-1.freetier", "aws.api.us-east-1.freetier", "us-east-1"),
        ("com.amazonaws.us-east-1.freetier", "com.amazonaws.us-east-1.freetier", "us-east-1"),
        ("aws.api.us-east-2.route53globalresolver", "aws.api.us-east-2.route53globalresolver", "us-east-2"),
        ("aws.api.global.codecatalyst", "aws.api.global.codecatalyst", None),
        ("aws.sagemaker.eu-west-1.notebook", "aws.sagemaker.eu-west-1.notebook", "eu-west-1"),
        ("api.aws.us-east-1.cassandra-streams", "api.aws.us-east-1.cassandra-streams", "us-east-1"),
        ("com.amazonaws.cn-north-1.ec2", "cn.com.amazonaws.cn-north-1.ec2", "cn-north-1"),
        ("cn.com.amazonaws.cn-north-1.transcribe.cn", "cn.com.amazonaws.cn-north-1.transcribe.cn", "cn-north-1"),
        ("com.amazonaws.cn-north-1.kms", "com.amazonaws.cn-north-1.kms", "cn-north-1"),
        ("timestream.ingest-cell1", "com.amazonaws.us-east-1.timestream.ingest-cell1", None),
        ("com.amazonaws.us-east-1.dsql-fnh4", "com.amazonaws.us-east-1.dsql-fnh4", "us-east-1"),
    ],
)
def test_a_service_is_found(text: str, full_name: str, region: str | None) -> None:
    found = find_service(text, "us-east-1")
    assert found is not None
    assert found.region == region
    assert found.service.full_name(region or "us-east-1") == full_name


def test_the_ending_of_a_region_is_known_there() -> None:
    found = find_service("transcribe.cn", "cn-north-1")
    assert found is not None
    assert found.service.short == "transcribe"
    assert find_service("transcribe.cn", "us-east-1") is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("ecr", "did you mean ecr.api or ecr.dkr?"),
        ("com.amazonaws.us-east-1.ecr", "did you mean ecr.api or ecr.dkr?"),
        ("dkr.ecr", "did you mean ecr.dkr?"),
        ("monitorng", "did you mean monitoring?"),
        ("elbb", "did you mean elasticloadbalancing?"),
        ("com.amazonaws.us-east-1.route53", "did you mean route53?"),
        ("com.amazonaws.us-east-1.notebook", "did you mean notebook?"),
        ("com.amazonaws.notebok", "did you mean notebook?"),
        ("opensearch", "there is no endpoint service of that kind"),
        ("com.amazonaws.us-east-1.es", "there is no endpoint service of that kind"),
        ("timestream-write", "did you mean timestream.ingest-{cell}? ({cell} is the one of your account)"),
        ("dsql-{cell}", "did you mean dsql-{cell}? ({cell} is the one of your account)"),
        ("db.corp.example", ""),
        ("com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0", ""),
        ("", ""),
    ],
)
def test_a_service_is_not_found_and_others_are_like_it(text: str, hint: str) -> None:
    assert find_service(text, "us-east-1") is None
    assert service_hint(text) == hint


def test_similar_services_as_names() -> None:
    assert similar_services("mwaa") == ("airflow.api", "airflow.env", "airflow.ops")
    assert similar_services("geo") == (
        "geo.geofencing",
        "geo.maps",
        "geo.metadata",
        "geo.places",
        "geo.routes",
        "geo.tracking",
    )
    assert similar_services("zzz") == ()


# Regions


@pytest.mark.parametrize(
    ("region", "name"),
    [
        ("us-east-1", "aws"),
        ("mx-central-1", "aws"),
        ("cn-northwest-1", "aws-cn"),
        ("us-gov-east-1", "aws-us-gov"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("somewhere", "aws"),
    ],
)
def test_the_partition_of_a_region(region: str, name: str) -> None:
    assert partition_of(region).name == name


def test_the_form_of_a_region() -> None:
    assert all(map(is_region, REGIONS))
    assert not any(
        map(is_region, ["", "us", "us-east", "us-east-1a", "global", "s3-global", "xx-east-1", "runtime-v2-lex", "us--1"])
    )


# The tool for its keeper


def test_comparing_needs_botocore_and_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    tool = importlib.import_module("tools.compare_catalogue")
    monkeypatch.setitem(sys.modules, "botocore", None)
    assert tool.main() == 2
    assert "python -m pip install botocore" in capsys.readouterr().err


def test_what_differs_from_botocore_is_told() -> None:
    tool = importlib.import_module("tools.compare_catalogue")
    clients = [
        tool.Client("kms", "kms", frozenset(("kms.us-east-1.amazonaws.com",)), frozenset()),
        tool.Client("sts", "sts", frozenset(("token.us-east-1.amazonaws.com",)), frozenset()),
        tool.Client("novel", "novel", frozenset(("novel.us-east-1.amazonaws.com",)), frozenset()),
        tool.Client("dynamodb", "dynamodb", frozenset(("dynamodb.us-east-1.amazonaws.com",)), frozenset()),
    ]
    outputs = {"dnsSuffix": "amazonaws.cn", "dualStackDnsSuffix": "api.aws"}
    partition = {"id": "aws-cn", "outputs": outputs, "regions": ["cn-north-1", "aws-cn-global"]}
    new, different, gone, partitions = tool.compare(clients, {"partitions": [partition]}).values()
    assert new == ["novel: novel.R.amazonaws.com"]
    assert different == ["sts: token.R.amazonaws.com, here sts: sts.R.amazonaws.com"]
    assert "kms-fips: kms-fips.R.amazonaws.com" in gone
    assert not any(line.startswith(("kms:", "dynamodb:")) for line in gone)
    assert [line.partition(":")[0] for line in partitions] == ["cn-north-1"]
