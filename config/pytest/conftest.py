"""The world of all tests of this folder."""

from __future__ import annotations

import pytest

from proxy.testing import World

SHOP = (
    World(region="eu-west-1", default_view="app")
    .vpc("app", "10.0.0.0/16")
    .endpoint("app", "sqs", "127.0.0.1")
    .private_zone("shop.example", {"db": "10.0.1.20", "www": "10.0.1.80"}, vpcs="app")
    .public_zone("shop.example", {"www": "203.0.113.80"})
    .public("sqs.eu-west-1.amazonaws.com", "52.95.116.30")
)


@pytest.fixture(scope="session")
def vpcdns_world() -> World:
    """What every test is served that has no `config` in its marker."""
    return SHOP
