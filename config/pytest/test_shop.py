"""What vpcdns's pytest plugin can do, in tests of a small program.

pytest config/pytest
"""

from __future__ import annotations

import asyncio
import socket

import pytest
import shop

from proxy.testing import VpcdnsServer, World

TWO_DATABASES = (
    World(default_view="app")
    .vpc("app", "10.0.0.0/16")
    .private_zone(
        "shop.example",
        {
            "db": [
                {"id": "main", "A": "10.0.1.20", "failover": "primary", "health": "up"},
                {"id": "spare", "A": "10.0.2.20", "failover": "secondary"},
            ]
        },
        vpcs="app",
    )
)


def test_the_database_is_the_private_one(vpcdns: VpcdnsServer) -> None:
    assert shop.database() == "10.0.1.20"
    vpcdns.assert_asked("db.shop.example", "A", view="app", times=1)
    vpcdns.assert_not_asked("*.amazonaws.com")


def test_asyncio_asks_it_too(vpcdns: VpcdnsServer) -> None:
    assert asyncio.run(shop.queue()) == "127.0.0.1"
    assert "shop.py" in vpcdns.queries[0].where


@pytest.mark.vpcdns(view="internet")
def test_outside_there_is_no_database() -> None:
    with pytest.raises(socket.gaierror, match="NXDOMAIN in view internet"):
        shop.database()


@pytest.mark.vpcdns(config=TWO_DATABASES)
def test_the_spare_takes_over(vpcdns: VpcdnsServer) -> None:
    assert shop.database() == "10.0.1.20"
    vpcdns.set_health("shop.example", "db.shop.example", "main", up=False)
    assert shop.database() == "10.0.2.20"


def test_the_database_moves(vpcdns: VpcdnsServer) -> None:
    vpcdns.set_records("shop.example", {"db": "10.0.3.20"})
    assert shop.database() == "10.0.3.20"


@pytest.mark.vpcdns(shared=True, strict=True, allow=["telemetry.example.net"])
def test_an_order_asks_for_nothing_else() -> None:
    assert shop.order() == "10.0.1.20"


def test_the_split_horizon(vpcdns: VpcdnsServer) -> None:
    vpcdns.assert_answers("www.shop.example", {"app": "10.0.1.80", "internet": "203.0.113.80"})
    vpcdns.assert_answers("db.shop.example", {"app": "10.0.1.20", "internet": "NXDOMAIN"})
    vpcdns.assert_differs("sqs.eu-west-1.amazonaws.com")
