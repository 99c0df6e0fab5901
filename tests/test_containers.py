"""The compose examples: their networks are the VPCs of their configurations, and their configurations are right."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path

import pytest
import yaml

from proxy.configuration import check
from proxy.source import Files

HOUSE = Path(__file__).parent.parent
EXAMPLES = [HOUSE / "config" / name for name in ("compose", "emulator")]


@pytest.mark.parametrize("folder", EXAMPLES)
def test_its_networks_are_the_vpcs_and_its_configuration_is_right(folder: Path) -> None:
    compose = yaml.safe_load((folder / "compose.yaml").read_text())
    found = check(Files(folder / "vpcdns.yaml", "vpcdns.yaml", "test"))
    assert [str(problem) for problem in found.problems] == []
    assert found.configuration is not None
    vpcs = {name: str(vpc.cidr[0]) for name, vpc in found.configuration.settings.vpcs.items()}
    subnets = {name: network["ipam"]["config"][0]["subnet"] for name, network in compose["networks"].items()}
    assert vpcs.items() <= subnets.items()
    allowed = found.configuration.world.allowed
    assert all(allowed.find(ipaddress.ip_network(subnet)[7]) for subnet in subnets.values())


@pytest.mark.parametrize("folder", EXAMPLES)
def test_every_application_asks_the_proxy_at_its_address_in_its_own_network(folder: Path) -> None:
    services = yaml.safe_load((folder / "compose.yaml").read_text())["services"]
    proxy = services.pop("dns")
    applications = [service for name, service in services.items() if name.startswith("app")]
    assert len(applications) >= 2
    for service in applications:
        (network,) = service["networks"]
        assert service["dns"] == [proxy["networks"][network]["ipv4_address"]]
        assert service["depends_on"]["dns"]["condition"] == "service_healthy"


def test_the_image_runs_as_nobody_and_says_how_it_is() -> None:
    text = (HOUSE / "Dockerfile").read_text()
    assert len(re.findall(r"^FROM ", text, re.MULTILINE)) == 2
    assert re.search(r"^USER \d+:\d+$", text, re.MULTILINE)
    assert re.search(r'^HEALTHCHECK .*"healthcheck"', text, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["vpcdns"\]$', text, re.MULTILINE)
