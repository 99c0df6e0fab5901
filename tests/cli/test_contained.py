"""What `serve` tells in a container: where clients are that have nothing but their address to tell it by."""

from __future__ import annotations

import ipaddress

import pytest

from proxy.cli import contained
from proxy.host import container
from proxy.host.container import _networks
from proxy.model.plan import Listener
from tests.worlds import world_of

EVERYWHERE = Listener("0.0.0.0", 53, None)
BLUE, OTHER = ipaddress.IPv4Network("172.30.0.0/24"), ipaddress.IPv4Network("172.17.0.0/16")
TEXT = "upstream: {mode: off}\nvpcs: {blue: {cidr: 172.30.0.0/24}}\ndefault_view: internet\n"


def told(text: str, *networks: ipaddress.IPv4Network, listener: Listener = EVERYWHERE, dockers: bool = False) -> list[str]:
    world = world_of(text)
    return list(contained.who_is_where(world, [listener], networks, dockers_resolver=dockers))


def test_each_network_has_its_view() -> None:
    lines = told(TEXT + "allow_clients: [loopback, vpcs, 172.17.0.0/16]\n", BLUE, OTHER)
    rest = ", as is who comes by a published port and has the gateway's address"
    assert lines == [f"clients in {BLUE} are in view blue{rest}", f"clients in {OTHER} are in view internet{rest}"]


def test_a_network_of_no_vpc_is_warned_of() -> None:
    refused, nowhere = told(TEXT, OTHER)
    assert refused.startswith(
        "warning: clients in 172.17.0.0/16, this container's network, are refused: add it to `allow_clients`"
    )
    assert nowhere.startswith("warning: no VPC of the file has a network of this container")
    assert told("upstream: {mode: off}\nallow_clients: [any]\n", OTHER)[0].startswith(
        "clients in 172.17.0.0/16 are in view internet"
    )


def test_a_vpc_that_is_everybodys_by_default_is_a_place() -> None:
    [line] = told("upstream: {mode: off}\nvpcs: {blue: {cidr: 172.30.0.0/24}}\nallow_clients: [172.17.0.0/16]\n", OTHER)
    assert line.startswith("clients in 172.17.0.0/16 are in view blue")


def test_dockers_own_resolver_is_told_of() -> None:
    assert told(TEXT, BLUE, dockers=True)[1].startswith("Docker's own resolver (127.0.0.11) answers its containers first")


@pytest.mark.parametrize(
    "listener", [Listener("0.0.0.0", 53, "blue"), Listener("127.0.0.1", 53, None), Listener("::1", 53, None)]
)
def test_where_no_address_decides_there_is_nothing_to_tell(listener: Listener) -> None:
    assert told(TEXT, OTHER, listener=listener, dockers=True) == []


def test_a_container_is_known_by_its_engines_mark(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setattr(container, "MARKS", (tmp_path / "mark",))
    assert not container.is_in_container()
    world = world_of(TEXT)
    assert list(contained.contained(world, [EVERYWHERE])) == []
    (tmp_path / "mark").touch()
    assert container.is_in_container()
    (tmp_path / "route").write_text(
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
        "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        f"eth0\t{ipaddress.ip_address('172.30.0.0').packed[::-1].hex()}\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
        "eth0\t0101FEA9\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n"
    )
    assert [str(network) for network in _networks((tmp_path / "route").read_text())] == ["172.30.0.0/24"]
    monkeypatch.setattr(container, "ROUTES", tmp_path / "route")
    assert next(contained.contained(world, [EVERYWHERE])).startswith("clients in 172.30.0.0/24 are in view blue")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    assert not container.is_in_container()


def test_no_routes_are_no_networks() -> None:
    assert list(_networks("")) == []
