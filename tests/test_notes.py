"""What is right in a configuration, and yet may not do what its writer thinks."""

from __future__ import annotations

import textwrap

import pytest

from proxy.compile.problems import Problems
from proxy.compile.short_form import expand_short_form
from proxy.compile.world import compile_world
from proxy.model.plan import Listener
from proxy.notes import notes, open_listeners, origins
from proxy.settings import read_settings
from proxy.settings.problems import path_text
from proxy.settings.shape import Settings
from tests.worlds import MACHINE


def settings_of(text: str) -> Settings:
    return expand_short_form(read_settings([("x", textwrap.dedent(text))]).settings, Problems())


def notes_of(text: str) -> list[str]:
    settings, problems = settings_of(text), Problems()
    world = compile_world(settings, MACHINE, problems)
    assert list(problems.found) == []
    return [f"{path_text(path)}: {what}" for path, what in notes(world, settings)]


def test_a_configuration_that_does_what_it_says_has_none() -> None:
    assert notes_of("vpcs: {a: {cidr: 10.0.0.0/16}}\nprivate_zones: [{name: example.com, vpcs: [a]}]") == []
    assert notes_of("") == []


def test_a_zone_beats_the_record_types_of_a_gateway() -> None:
    text = """
        vpcs:
          a:
            cidr: 10.0.0.0/16
            endpoints: {g: {service: s3, type: gateway, ip_address_type: dualstack, dns_record_ip_type: ipv6}}
        private_zones: [{name: s3.us-east-1.amazonaws.com, vpcs: [a]}]
    """
    assert notes_of(text) == [
        "vpcs.a.endpoints.g: in view a, the gateway endpoint's record types s3.us-east-1.amazonaws.com (vpcs.a.endpoints.g) "
        "does nothing: the private zone s3.us-east-1.amazonaws.com (private_zones[0]) wins"
    ]


def test_the_servers_own_name_beats_a_zone() -> None:
    text = "vpcs: {a: {cidr: 10.0.0.0/16}}\nprivate_zones: [{name: vpcdns.test, vpcs: [a]}]"
    assert notes_of(text) == [
        "private_zones[0]: in view a, the private zone vpcdns.test (private_zones[0]) does nothing: vpcdns itself wins"
    ]


def test_a_zone_on_no_vpc_is_seen_by_nobody() -> None:
    assert notes_of("private_zones: [{name: example.com}]") == [
        "private_zones[0]: the zone example.com is on no VPC, so nobody sees it"
    ]


@pytest.mark.parametrize(
    ("vpc", "zone_on", "told"),
    [
        ("enable_dns_hostnames: false", "a", True),
        ("enable_dns_hostnames: false", "b", False),
        ("enable_dns_hostnames: false, endpoints: {q: {service: sqs, addresses: 10.0.0.9, private_dns: false}}", "b", True),
        ("enable_dns_hostnames: false, enable_dns_support: false", "a", False),
        ("enable_dns_hostnames: true", "a", False),
    ],
)
def test_private_names_need_both_attributes(vpc: str, zone_on: str, told: bool) -> None:
    text = f"""
        vpcs: {{a: {{cidr: 10.0.0.0/16, {vpc}}}, b: {{cidr: 10.1.0.0/16}}}}
        private_zones: [{{name: example.com, vpcs: [{zone_on}]}}]
    """
    expected = "vpcs.a: enable_dns_hostnames is false, so the private zones and private names of a are not used"
    assert notes_of(text) == ([expected] if told else [])


def test_a_claims_origin_leads_to_its_place() -> None:
    text = "vpcs: {a: {endpoints: {q: {service: sqs, addresses: 10.0.0.9}}}}\nprivate_zones: [{name: x.example}]"
    assert {
        "private_zones[0]": ("private_zones", 0),
        "vpcs.a.endpoints.q": ("vpcs", "a", "endpoints", "q"),
    }.items() <= origins(settings_of(text)).items()


@pytest.mark.parametrize(
    ("allowed", "host", "told"),
    [
        ("any", "0.0.0.0", True),
        ("any", "::", True),
        ("any", "192.0.2.1", True),
        ("0.0.0.0/0", "0.0.0.0", True),
        ('"::/0"', "::", True),
        ("any", "127.0.0.5", False),
        ("any", "::1", False),
        ("[loopback, vpcs, 10.0.0.0/8]", "0.0.0.0", False),
    ],
)
def test_a_listener_for_everybody_is_told(allowed: str, host: str, told: bool) -> None:
    said = open_listeners(settings_of(f"allow_clients: {allowed}"), [Listener(host, 53, None)])
    assert [line.partition(" answers everybody")[0] for line in said] == ([str(Listener(host, 53, None))] if told else [])


@pytest.mark.parametrize(
    ("vpc", "sides", "told"),
    [
        ("enable_dns_hostnames: false", "true", True),
        ("enable_dns_support: false", "[b]", True),
        ("enable_dns_hostnames: false", "false", False),
        ("enable_dns_hostnames: true", "true", False),
    ],
)
def test_dns_resolution_over_a_peering_needs_both_attributes_of_both(vpc: str, sides: str, told: bool) -> None:
    text = f"""
        vpcs: {{a: {{cidr: 10.0.0.0/16, {vpc}}}, b: {{cidr: 10.1.0.0/16}}}}
        peerings: [{{vpcs: [a, b], dns_resolution: {sides}}}]
        """
    what = "peerings[0]: dns_resolution does nothing, as a lacks enable_dns_support or enable_dns_hostnames"
    assert notes_of(text) == ([what] if told else [])


def test_a_zone_in_the_place_of_an_autodefined_name_is_what_its_writer_wants() -> None:
    text = "vpcs: {a: {cidr: 10.0.0.0/16}}\nprivate_zones: [{name: 1.0.10.in-addr.arpa, vpcs: [a]}]"
    assert notes_of(text) == []
