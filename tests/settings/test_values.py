"""The words that keys take, and the values that they are."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from proxy.dns.names import Name
from proxy.model.answers import Protocol, ServerAddress
from proxy.settings.query_log import SIZE
from proxy.settings.sockets import SERVER, ListenSetting, parse_domain_and_server, parse_listen
from proxy.settings.takes import Text, Wrong, whole_number
from proxy.settings.values import (
    ACCOUNT,
    ADDRESS,
    CIDR,
    NAME,
    NETWORK,
    QUESTION,
    RCODE,
    REGION,
    SERVICE_ID,
    TTL,
    TYPE,
    VIEW,
    WORD,
    ZONE,
    duration,
    show_seconds,
)

TIME = duration(0, 10**9)
UDP, TCP = Protocol.UDP, Protocol.TCP

GOOD: list[tuple[Text, str, Any]] = [
    (NAME, "WWW.Example.com.", Name.from_text("www.example.com")),
    (NAME, ".", Name.from_text(".")),
    (ADDRESS, "2001:DB8::1", ip_address("2001:db8::1")),
    (CIDR, "10.0.0.0/8", ip_network("10.0.0.0/8")),
    (CIDR, "2001:0db8::/32", ip_network("2001:db8::/32")),
    (NETWORK, "10.1.2.3", ip_network("10.1.2.3/32")),
    (TIME, "500ms", 0.5),
    (TIME, "1.5s", 1.5),
    (TIME, "15m", 900.0),
    (TIME, "1h", 3600.0),
    (TIME, "1d", 86_400.0),
    (TIME, "2w", 1_209_600.0),
    (TTL, "0", 0),
    (TTL, "2147483647", 2**31 - 1),
    (TTL, "15m", 900),
    (SIZE, "0", 0),
    (SIZE, "500KB", 500_000),
    (SIZE, "100MB", 100_000_000),
    (SIZE, "1GB", 1_000_000_000),
    (TYPE, "aaaa", 28),
    (TYPE, "TYPE65280", 65280),
    (RCODE, "nxdomain", 3),
    (QUESTION, "www.example.com  AAAA", (Name.from_text("www.example.com"), 28)),
    (REGION, "us-gov-east-1", "us-gov-east-1"),
    (ZONE, "us-west-2-lax-1a", "us-west-2-lax-1a"),
    (ACCOUNT, "000000000000", "000000000000"),
    (WORD, "off", "off"),
    (VIEW, "app/onprem", "app/onprem"),
    (SERVER, "system", "system"),
    (SERVER, "1.1.1.1", ServerAddress(UDP, "1.1.1.1", 53)),
    (SERVER, "1.1.1.1:5353", ServerAddress(UDP, "1.1.1.1", 5353)),
    (SERVER, "2001:db8::1", ServerAddress(UDP, "2001:db8::1", 53)),
    (SERVER, "[2001:db8::1]:54", ServerAddress(UDP, "2001:db8::1", 54)),
    (SERVER, "tcp://1.1.1.1", ServerAddress(TCP, "1.1.1.1", 53)),
    (SERVER, "tcp://[::1]:54", ServerAddress(TCP, "::1", 54)),
    (SERVER, "tls://1.1.1.1", ServerAddress(Protocol.TLS, "1.1.1.1", 853)),
    (SERVER, "tls://[::1]:54#One.example", ServerAddress(Protocol.TLS, "::1", 54, "one.example")),
    (SERVER, "https://dns.example/dns-query", ServerAddress(Protocol.HTTPS, "", 443, "dns.example", "/dns-query")),
    (
        SERVER,
        "https://dns.example:8443/q?a=b#192.0.2.1",
        ServerAddress(Protocol.HTTPS, "192.0.2.1", 8443, "dns.example", "/q?a=b"),
    ),
    (SERVER, "https://[2001:db8::1]/", ServerAddress(Protocol.HTTPS, "2001:db8::1", 443, "", "/")),
]


@pytest.mark.parametrize(("takes", "text", "value"), GOOD)
def test_a_word_has_its_value(takes: Text, text: str, value: Any) -> None:
    assert takes.parse(text) == value


@pytest.mark.parametrize("size", [0, 1000, 500_000, 100_000_000, 1_000_000_000, 1_500_000_000])
def test_a_size_is_shown_as_it_would_be_written(size: int) -> None:
    assert SIZE.parse(SIZE.show(size)) == size


BAD: list[tuple[Text, str]] = [
    (NAME, "ex ämple"),
    (ADDRESS, "fe80::1%eth0"),
    (ADDRESS, "10.0.0.01"),
    (CIDR, "10.0.0.0/08"),
    (CIDR, "/8"),
    (TIME, "1 s"),
    (TIME, "-1s"),
    (TIME, "1e3s"),
    (TTL, "0x10"),
    (TTL, "1.5s"),
    (REGION, "us-east-1a"),
    (REGION, "us-east-1\n"),
    (ACCOUNT, "١٢٣٤٥٦٧٨٩٠١٢"),
    (WORD, "a b"),
    (SERVER, "https:/x"),
]


@pytest.mark.parametrize(("takes", "text"), BAD)
def test_what_is_no_such_word_is_wrong(takes: Text, text: str) -> None:
    with pytest.raises(Wrong):
        takes.parse(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("127.0.0.1:1053", "127.0.0.1:1053"),
        ("127.0.0.1", "127.0.0.1:53"),
        ("::1", "[::1]:53"),
        ("[::1]", "[::1]:53"),
        ("[::]:0", "[::]:0"),
    ],
)
def test_a_listener_has_an_address_and_a_port(text: str, shown: str) -> None:
    listen = parse_listen(text)
    assert str(listen) == shown
    assert parse_listen(shown) == listen == ListenSetting(listen.host, listen.port)


@pytest.mark.parametrize(
    ("text", "domains", "server"),
    [
        ("1.1.1.1", (), ServerAddress(UDP, "1.1.1.1", 53)),
        ("[2001:db8::1]:54", (), ServerAddress(UDP, "2001:db8::1", 54)),
        ("[/corp.example/]10.0.0.2", ("corp.example",), ServerAddress(UDP, "10.0.0.2", 53)),
        ("[/corp.example/Other.example/]tcp://[::1]", ("corp.example", "other.example"), ServerAddress(TCP, "::1", 53)),
        ("[/corp.example/]system", ("corp.example",), "system"),
    ],
)
def test_a_server_may_be_for_some_domains_alone(text: str, domains: tuple[str, ...], server: object) -> None:
    assert parse_domain_and_server(text) == (tuple(Name.from_text(domain) for domain in domains), server)


@pytest.mark.parametrize("text", ["[/corp.example]10.0.0.2", "[//]10.0.0.2", "[/corp.example/]", "[/a..b/]10.0.0.2"])
def test_what_is_no_server_for_a_domain(text: str) -> None:
    with pytest.raises(Wrong):
        parse_domain_and_server(text)


@pytest.mark.parametrize("text", ["0s", "1ms", "500ms", "2s", "15m", "90s", "1h", "1d", "10d"])
def test_a_time_is_shown_as_it_is_written(text: str) -> None:
    assert show_seconds(TIME.parse(text)) == text


@pytest.mark.parametrize("text", ["012", "0x10", "1e3", "1_000", "+1", "-1", "", " 1", "1.0", "²", "9" * 30])
def test_a_whole_number_has_nothing_but_digits(text: str) -> None:
    assert whole_number(text) is None
    assert whole_number("0") == 0


@pytest.mark.parametrize(
    ("takes", "good", "too_long"),
    [
        (REGION, "us-gov-west-1", f"us-{'a' * 70}-1"),
        (ZONE, "us-west-2-lax-1a", f"us-west-2-{'a' * 70}"),
        (SERVICE_ID, "vpce-svc-0123456789abcdef0", f"vpce-svc-{'0' * 60}"),
        (WORD, "ü" * 100, "a" * 101),
        (VIEW, f"{'a' * 100}/{'b' * 100}", f"app/{'b' * 101}"),
    ],
)
def test_what_becomes_part_of_a_name_is_short_enough_for_one(takes: Text, good: str, too_long: str) -> None:
    assert takes.parse(good) == good
    with pytest.raises(Wrong, match="is not a"):
        takes.parse(too_long)
