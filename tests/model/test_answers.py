"""The nouns of asking, as people read them."""

from __future__ import annotations

from proxy.model.answers import Protocol, Route, ServerAddress


def test_a_route_shows_its_servers_or_what_the_user_called_it() -> None:
    servers = (ServerAddress(Protocol.UDP, "192.0.2.1", 53), ServerAddress(Protocol.TCP, "2001:db8::1", 5353))
    assert str(Route(servers, 2.0)) == "192.0.2.1:53, tcp://[2001:db8::1]:5353"
    assert str(Route(servers, 2.0, label="system, 192.0.2.1")) == "system, 192.0.2.1"
