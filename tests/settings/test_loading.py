"""Whole configurations: what an empty one means, what everything together gives, and several files as one."""

from __future__ import annotations

import time
from ipaddress import ip_address, ip_network

import pytest

from proxy.dns.names import Name
from proxy.model.answers import Protocol, ServerAddress
from proxy.settings import read_expectation_of_refusal, read_settings, read_sound_part
from proxy.settings.problems import ConfigError
from proxy.settings.shape import (
    CacheSetting,
    EndpointSetting,
    ExpectationSetting,
    InboundEndpointSetting,
    LimitsSetting,
    ListenSetting,
    PeeringSetting,
    RefusalExpected,
    Settings,
    SubnetSetting,
    UpstreamSetting,
    VpcSetting,
)

WHOLE = """
region: ap-northeast-1
account: 111122223333
listen: [127.0.0.1:1053, {address: "[::1]:1054", view: internet}]
default_view: app
allow_clients: [loopback, 10.0.0.0/8]
vpcs:
  app:
    id: vpc-0123456789abcdef0
    region: eu-west-1
    account: "444455556666"
    cidr: 172.16.0.0/16
    clients: [10.99.0.0/24, 10.98.0.1]
    enable_dns_support: false
    enable_dns_hostnames: false
    subnets:
      a: {cidr: 172.16.2.0/24, az: eu-west-1a, ipv6_cidr: "2001:db8::/64"}
    endpoints:
      k: {service: kms, id: vpce-0a-k1, type: gateway, region: us-west-2,
          subnets: {a: 172.16.2.4, b: [172.16.3.4, "2001:db8::4"], c: auto}}
      l: {service: com.amazonaws.eu-west-1.logs, subnets: [a, b], private_dns: true, private_dns_names: logs.example.com}
      m: {service: s3, addresses: 172.16.2.9, ip_address_type: dualstack, dns_record_ip_type: service-defined, state: failed,
          private_dns_only_for_inbound_resolver_endpoint: true, unhealthy_zones: eu-west-1a, subnets: {}}
    inbound_endpoints: {onprem: {listen: "127.0.0.1:1055"}, quiet: {}, silent: }
  off:
private_zones:
  - {name: example.com, id: Z1, vpcs: app, account: "111122223333", authorized: false, records: }
public_zones: [{name: example.org, records: {www: 192.0.2.1}}]
simulated_servers: {192.168.9.9: {unreachable: true}, 192.168.9.10: }
peerings:
  - {vpcs: [app, off]}
  - {vpcs: [app, off], dns_resolution: true}
  - {vpcs: [app, off], dns_resolution: false}
  - {vpcs: [app, off], dns_resolution: [off]}
upstream: {servers: [system, 1.1.1.1, tcp://1.0.0.1:5353], timeout: 500ms, mode: off, strategy: failover}
cache: {entries: 5, min_ttl: 1s, max_ttl: 1h, negative_max_ttl: 1m}
limits: {tcp_connections: 3, tcp_idle: 2s}
expect:
  - {query: www.example.org}
  - {view: app, query: x.example AAAA, rcode: NXDOMAIN, answers: [], ttl: 5, authority: SOA}
  - {client: 10.0.0.1, query: x.example, any_of: [[a, CNAME b], []]}
  - {query: x.example, answers: [CNAME b, 10.0.0.1], ttls: [1, 2]}
"""


def settings(text: str) -> Settings:
    return read_settings([("x", text)]).settings


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "{}", "vpcs:\nprivate_zones:\nupstream:\ncache: {}\nlisten: 127.0.0.1:1053"]
)
def test_an_empty_file_is_all_defaults(text: str) -> None:
    assert settings(text) == Settings() == read_settings([]).settings


def test_a_whole_file() -> None:
    found = settings(WHOLE)
    assert (found.region, found.account, found.default_view) == ("ap-northeast-1", "111122223333", "app")
    assert found.listen == (ListenSetting("127.0.0.1", 1053), ListenSetting("::1", 1054, "internet"))
    assert found.allow_clients == ("loopback", ip_network("10.0.0.0/8"))
    assert [(zone.id, zone.vpcs, zone.account, zone.authorized, zone.records) for zone in found.private_zones] == [
        ("Z1", ("app",), "111122223333", False, ())
    ]
    assert [(zone.name, len(zone.records)) for zone in found.public_zones] == [(Name.from_text("example.org"), 1)]
    assert {str(address): server.unreachable for address, server in found.simulated_servers.items()} == {
        "192.168.9.9": True,
        "192.168.9.10": False,
    }
    assert found.peerings == tuple(PeeringSetting(("app", "off"), sides) for sides in [(), ("app", "off"), (), ("off",)])
    assert found.upstream == UpstreamSetting(
        ("system", ServerAddress(Protocol.UDP, "1.1.1.1", 53), ServerAddress(Protocol.TCP, "1.0.0.1", 5353)),
        timeout=0.5,
        mode="off",
    )
    assert found.cache == CacheSetting(5, 1.0, 3600.0, 60.0)
    assert found.limits == LimitsSetting(3, 2.0)


def test_the_vpcs_of_a_whole_file() -> None:
    found = settings(WHOLE).vpcs
    app = found["app"]
    assert found["off"] == VpcSetting()
    assert (app.id, app.region, app.account) == ("vpc-0123456789abcdef0", "eu-west-1", "444455556666")
    assert (app.enable_dns_support, app.enable_dns_hostnames) == (False, False)
    assert (app.cidr, app.clients) == (
        (ip_network("172.16.0.0/16"),),
        (ip_network("10.99.0.0/24"), ip_network("10.98.0.1/32")),
    )
    assert app.subnets["a"] == SubnetSetting("eu-west-1a", ip_network("172.16.2.0/24"), ip_network("2001:db8::/64"))  # type: ignore[arg-type]
    addresses = tuple(map(ip_address, ("172.16.3.4", "2001:db8::4")))
    assert app.endpoints == {
        "k": EndpointSetting(
            "kms",
            "vpce-0a-k1",
            "gateway",
            {"a": (ip_address("172.16.2.4"),), "b": addresses, "c": "auto"},
            region="us-west-2",
        ),
        "l": EndpointSetting(
            "com.amazonaws.eu-west-1.logs",
            subnets={"a": "auto", "b": "auto"},
            private_dns=True,
            private_dns_names=(Name.from_text("logs.example.com"),),
        ),
        "m": EndpointSetting(
            "s3",
            subnets={},
            addresses=(ip_address("172.16.2.9"),),
            ip_address_type="dualstack",
            dns_record_ip_type="service-defined",
            private_dns_only_for_inbound_resolver_endpoint=True,
            state="failed",
            unhealthy_zones=("eu-west-1a",),
        ),
    }
    assert app.inbound_endpoints == {
        "onprem": InboundEndpointSetting(ListenSetting("127.0.0.1", 1055)),
        "quiet": InboundEndpointSetting(),
        "silent": InboundEndpointSetting(),
    }


def test_the_expectations_of_a_whole_file() -> None:
    name = Name.from_text("x.example")
    assert settings(WHOLE).expect == (
        ExpectationSetting(Name.from_text("www.example.org"), 1, ("expect", 0)),
        ExpectationSetting(name, 28, ("expect", 1), view="app", rcode=3, any_of=((),), ttl=5, authority=(6,)),
        ExpectationSetting(name, 1, ("expect", 2), client=ip_address("10.0.0.1"), any_of=(("a", "CNAME b"), ())),
        ExpectationSetting(name, 1, ("expect", 3), any_of=(("CNAME b", "10.0.0.1"),), ttls=(1, 2)),
    )


def test_the_short_form_is_kept_as_it_was_written() -> None:
    text = "endpoints: {monitoring: 172.16.2.49, sqs: [172.16.2.50, 172.16.3.50]}\n"
    loaded = read_settings([("vpcdns.yaml", text)])
    assert loaded.settings.short_endpoints == {
        "monitoring": (ip_address("172.16.2.49"),),
        "sqs": (ip_address("172.16.2.50"), ip_address("172.16.3.50")),
    }
    assert str(loaded.mark(("endpoints", "monitoring"))) == "vpcdns.yaml:1:13"
    assert loaded.names == ("vpcdns.yaml",)


ONE = "region: us-west-1\nvpcs: {app: {}}\nprivate_zones: [{name: a.example}]\nupstream: {mode: off}\ncache:\n"
TWO = "vpcs: {data: {}}\nprivate_zones: [{name: b.example}]\nupstream: {timeout: 1s}\ncache: {entries: 1}\nregion:\n"


def test_several_files_are_one_configuration() -> None:
    loaded = read_settings([("1.yaml", ONE), ("2.yaml", TWO.encode()), ("3.yaml", "")])
    found = loaded.settings
    assert found.region == "us-west-1"
    assert list(found.vpcs) == ["app", "data"]
    assert [str(zone.name) for zone in found.private_zones] == ["a.example", "b.example"]
    assert found.upstream == UpstreamSetting(timeout=1.0, mode="off")
    assert found.cache.entries == 1
    assert str(loaded.mark(("private_zones", 1, "name"))) == "2.yaml:2:18"


@pytest.mark.parametrize(
    ("one", "two", "told"),
    [
        ("region: us-west-1", "region: us-west-1", "2:1:1: region: region stands in 1:1:1, too (keep one of the two)"),
        ("vpcs: {app: {}}", "vpcs: {app: {}}", "2:1:8: vpcs.app: app stands in 1:1:8, too (keep one of the two)"),
        (
            "upstream: {mode: off}",
            "upstream: {mode: off}",
            "2:1:12: upstream.mode: mode stands in 1:1:12, too (keep one of the two)",
        ),
        ("listen: [127.0.0.1]", "listen: ::1", "2:1:1: listen: listen stands in 1:1:1, too (keep one of the two)"),
        ("private_zones: [{name: a}]", "private_zones: [{name: 1.}, {}]", "2:1:29: private_zones[2]: name is missing"),
        ("a: [", "b: [", "1:2:1: this is no YAML"),
    ],
)
def test_what_two_files_both_say_is_told_with_both_places(one: str, two: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings([("1", one), ("2", two)])
    assert str(caught.value).startswith(told)


def test_every_file_that_cannot_be_read_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings([("1", "a: ["), ("2", ""), ("3", b"\xff"), ("4", "[]")])
    assert [problem.mark.file for problem in caught.value.problems] == ["1", "3", "4"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "expect: {error: Conflict, at: 'vpcs.app.endpoints.k'}",
            RefusalExpected("Conflict", ("vpcs", "app", "endpoints", "k")),
        ),
        (
            "regoin: x\nexpect: {error: x, at: 'private_zones[1].vpcs[0]'}",
            RefusalExpected("x", ("private_zones", 1, "vpcs", 0)),
        ),
        ("expect: {error: x}", RefusalExpected("x", None)),
        ("expect: {eror: x}", None),
        ("expect: []", None),
        ("expect: [", None),
        ("[]", None),
    ],
)
def test_the_refusal_that_a_broken_file_expects(text: str, expected: RefusalExpected | None) -> None:
    assert read_expectation_of_refusal([("0", ""), ("x", text)]) == expected
    if expected and "regoin" not in text:
        assert settings(text).expect == expected


def test_many_records_are_read_quickly() -> None:
    zones = "".join(
        f"- name: z{zone}.example\n  records:\n"
        + "".join(f"    h{host}: {{A: 10.0.0.{host}, ttl: 60}}\n" for host in range(100))
        for zone in range(100)
    )
    started = time.perf_counter()
    found = settings(f"private_zones:\n{zones}")
    assert sum(len(zone.records) for zone in found.private_zones) == 10_000
    assert time.perf_counter() - started < 3  # a tenth of a second where nothing else runs


@pytest.mark.parametrize(
    ("text", "problems", "left"),
    [
        ("upstrem: {}\nregion: eu-west-1\n", 1, "eu-west-1"),
        ("region: nowhere\n", 1, "us-east-1"),
        ("region: eu-west-1\nvpcs: {a: {endpoints: {k: {addresses: x}}}}\n", 2, "eu-west-1"),
        ("region: eu-west-1\nprivate_zones: [{name: a.example}, {vpcs: [a]}]\n", 1, "eu-west-1"),
        ("region: eu-west-1\nlisten: [y, x]\n", 2, "eu-west-1"),
        ("region: eu-west-1\nupstream: {servers: [x], timeout: 0}\nupstrem: 1\n", 3, "eu-west-1"),
    ],
)
def test_the_sound_part_of_a_file_is_what_is_left_without_its_mistakes(text: str, problems: int, left: str) -> None:
    loaded, found = read_sound_part([("a.yaml", text)])
    assert len(found) == problems, found
    assert loaded is not None
    assert loaded.settings.region == left


def test_a_file_with_too_many_mistakes_has_no_sound_part() -> None:
    loaded, found = read_sound_part([("a.yaml", "".join(f"k{number}: x\n" for number in range(1200)))])
    assert loaded is None
    assert len(found) > 1000 or "was not looked at" in found[-1].what
