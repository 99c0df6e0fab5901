"""The server in a thread, without pytest's plugin: look-ups of every kind, what was asked, and changes while it serves."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import ipaddress
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import dns.asyncresolver
import dns.resolver
import pytest

import proxy.testing
from proxy.changes import NotThere
from proxy.cli.status import Status
from proxy.configuration import load
from proxy.settings.problems import ConfigError
from proxy.source import Files
from proxy.testing import VpcdnsServer, World, vpcdns_server
from proxy.testing.server import UnknownView
from proxy.testing.worlds import NoSuchConfig

WORLD = (
    World(region="eu-west-1", default_view="app")
    .vpc(
        "app", "10.0.0.0/16", inbound_endpoints={"onprem": {"listen": "127.0.0.1:53"}}, dhcp={"domain_name": "corp.example"}
    )
    .endpoint("app", "sqs", "127.0.0.1")
    .private_zone(
        "corp.example",
        {
            "db": "10.0.1.20",
            "six": {"A": "10.0.1.6", "AAAA": "2001:db8::6"},
            "www": {"CNAME": "db.corp.example"},
            "text": {"TXT": "alone"},
            "app": [
                {"id": "main", "A": "10.0.8.1", "failover": "primary", "health": "up"},
                {"id": "spare", "A": "10.0.8.2", "failover": "secondary"},
            ],
        },
        vpcs="app",
    )
    .private_zone("1.0.10.in-addr.arpa", {"20": {"PTR": "db.corp.example"}}, vpcs="app")
    .public_zone("corp.example", {"www": "203.0.113.80"})
    .public("www.example.com", "203.0.113.1", "203.0.113.2")
)


@pytest.fixture
def server() -> Iterator[VpcdnsServer]:
    with vpcdns_server(WORLD) as server:
        yield server


# Look-ups of this process


def test_socket_functions(server: VpcdnsServer) -> None:
    assert socket.gethostbyname("db.corp.example") == "10.0.1.20"
    assert socket.gethostbyname_ex("www.corp.example") == ("db.corp.example", ["www.corp.example"], ["10.0.1.20"])
    assert socket.gethostbyname_ex("db.corp.example.")[:2] == ("db.corp.example", [])
    assert socket.gethostbyaddr("10.0.1.20") == ("db.corp.example", [], ["10.0.1.20"])
    assert socket.gethostbyaddr("db.corp.example") == ("db.corp.example", [], ["10.0.1.20"])
    assert socket.getnameinfo(("10.0.1.20", 80), socket.NI_NUMERICSERV) == ("db.corp.example", "80")
    assert socket.getnameinfo(("10.0.1.20", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV) == ("10.0.1.20", "80")
    assert socket.getnameinfo(("10.9.9.9", 80), socket.NI_NUMERICSERV)[0] in (
        "10.9.9.9",
        "ip-10-9-9-9.eu-west-1.compute.internal",
    )
    assert server.queries[0].type == "A"


def test_addresses_without_a_name(server: VpcdnsServer) -> None:
    with pytest.raises(socket.herror):
        socket.gethostbyaddr("203.0.113.77")
    with pytest.raises(socket.gaierror):
        socket.getnameinfo(("203.0.113.77", 80), socket.NI_NAMEREQD)
    assert socket.getnameinfo(("203.0.113.77", 80), socket.NI_NUMERICSERV) == ("203.0.113.77", "80")
    server.assert_asked("77.113.0.203.in-addr.arpa", "PTR", times=3)


def test_getaddrinfo_is_as_it_ever_was_but_for_the_addresses(server: VpcdnsServer) -> None:
    stream = socket.SOCK_STREAM
    assert socket.getaddrinfo("six.corp.example", "https", type=stream) == [
        (socket.AF_INET, stream, 6, "", ("10.0.1.6", 443)),
        (socket.AF_INET6, stream, 6, "", ("2001:db8::6", 443, 0, 0)),
    ]
    assert [each[4][0] for each in socket.getaddrinfo(b"six.corp.example", 1, socket.AF_INET6, stream)] == ["2001:db8::6"]
    named = socket.getaddrinfo("www.corp.example", 1, type=stream, flags=socket.AI_CANONNAME)
    assert [each[3] for each in named] == ["db.corp.example"]
    assert len(server.queries) == 5


def test_what_needs_no_server_does_not_ask_it(server: VpcdnsServer) -> None:
    assert socket.gethostbyname("localhost") == "127.0.0.1"
    assert socket.gethostbyname("10.1.2.3") == "10.1.2.3"
    assert socket.gethostbyname_ex("10.1.2.3") == ("10.1.2.3", [], ["10.1.2.3"])
    assert socket.getaddrinfo(None, 80, type=socket.SOCK_STREAM)
    assert socket.getaddrinfo("::1", 80, type=socket.SOCK_STREAM)[0][4][:2] == ("::1", 80)
    assert socket.getnameinfo(("127.0.0.1", 80), 0)[0] == "localhost"
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("db.corp.example", 80, flags=socket.AI_NUMERICHOST)
    assert server.queries == []


@pytest.mark.parametrize(
    ("name", "number", "told"),
    [
        ("x.corp.example", socket.EAI_NONAME, "NXDOMAIN in view app: private zone corp.example"),
        ("text.corp.example", socket.EAI_NODATA, "NOERROR in view app: private zone corp.example"),
        ("www.example.org", socket.EAI_AGAIN, r"REFUSED in view app: upstream is off \(mode: off\)"),
        ("a..b", socket.EAI_NONAME, "no answer came"),
    ],
)
@pytest.mark.usefixtures("server")
def test_errors_are_those_of_the_c_library_and_say_why(name: str, number: int, told: str) -> None:
    with pytest.raises(socket.gaierror, match=told) as caught:
        socket.getaddrinfo(name, 80)
    assert caught.value.errno == number


def test_the_search_domain_is_the_vpcs(server: VpcdnsServer) -> None:
    assert socket.gethostbyname("db") == "10.0.1.20"
    assert [query.name for query in server.queries] == ["db.corp.example"]
    with pytest.raises(socket.gaierror):
        socket.gethostbyname("nope")
    assert [query.name for query in server.queries[1:]] == ["nope.corp.example", "nope"]


async def test_asyncio(server: VpcdnsServer) -> None:
    loop = asyncio.get_running_loop()
    assert (await loop.getaddrinfo("db.corp.example", 80, family=socket.AF_INET))[0][4] == ("10.0.1.20", 80)
    assert (await loop.getnameinfo(("10.0.1.20", 80), socket.NI_NUMERICSERV))[0] == "db.corp.example"
    assert server.queries[0].where.endswith("in test_asyncio")


async def test_dnspython(server: VpcdnsServer) -> None:
    assert [record.to_text() for record in dns.resolver.resolve("db.corp.example", "A")] == ["10.0.1.20"]
    assert [record.to_text() for record in dns.resolver.Resolver().resolve("www.example.com", "A", tcp=True)]
    assert [record.to_text() for record in await dns.asyncresolver.resolve("text.corp.example", "TXT")] == ['"alone"']
    assert [query.transport for query in server.queries] == ["UDP", "TCP", "UDP"]
    assert all(query.where.endswith("in test_dnspython") for query in server.queries)


def test_pycares_gets_our_server_where_it_has_none_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Channel:
        def __init__(self, **kwargs: object) -> None:
            made.append(kwargs)

    fake = ModuleType("pycares")
    fake.Channel = Channel  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pycares", fake)
    with vpcdns_server(WORLD) as server:
        Channel(timeout=1)
        Channel(servers=["1.1.1.1"])
    Channel()
    host, port = server.address
    assert made == [{"timeout": 1, "servers": [host], "udp_port": port, "tcp_port": port}, {"servers": ["1.1.1.1"]}, {}]


@pytest.mark.skipif(importlib.util.find_spec("aiodns") is None, reason="aiodns is not installed")
async def test_aiodns(server: VpcdnsServer) -> None:
    aiodns = importlib.import_module("aiodns")
    found = await aiodns.DNSResolver().getaddrinfo("db.corp.example", family=socket.AF_INET)
    assert found.nodes[0].addr[0] == b"10.0.1.20"
    server.assert_asked("db.corp.example")


def test_when_it_is_over_all_is_as_before() -> None:
    before = socket.getaddrinfo, dns.resolver.BaseResolver.read_resolv_conf, dns.resolver.default_resolver
    with vpcdns_server(WORLD) as outer, vpcdns_server(WORLD, view="internet"):
        assert socket.gethostbyname("www.corp.example") == "203.0.113.80"
        with outer.redirected():
            assert socket.gethostbyname("www.corp.example") == "10.0.1.20"
        assert socket.gethostbyname("www.corp.example") == "203.0.113.80"
    assert (socket.getaddrinfo, dns.resolver.BaseResolver.read_resolv_conf, dns.resolver.default_resolver) == before
    assert [thread for thread in threading.enumerate() if thread.name.startswith("vpcdns")] == []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(outer.address)


# Other processes


def test_a_command_is_run_by_exec(server: VpcdnsServer) -> None:
    host, port = server.address
    line = server.command(["curl", "https://db.corp.example"])
    assert line == [
        sys.executable,
        "-m",
        "proxy",
        "exec",
        "--server",
        f"{host}:{port}",
        "--",
        "curl",
        "https://db.corp.example",
    ]
    assert server.command(["true"], view="internet")[5] == f"{host}:{server.address_of('internet')[1]}"


def test_a_commands_queries_are_counted(server: VpcdnsServer) -> None:
    if sys.platform != "linux" or shutil.which("getent") is None:
        pytest.skip("exec needs Linux")
    done = server.run(["getent", "ahostsv4", "db.corp.example"], capture_output=True, text=True)
    if done.returncode == Status.MACHINE:
        pytest.skip(f"this machine does not let exec: {done.stderr}")
    assert "10.0.1.20" in done.stdout, done.stderr
    [first, *_] = server.queries
    assert first.name == "db.corp.example"
    assert first.where.startswith("the command getent ahostsv4 db.corp.example, run by ")


# What was asked


def test_assertions_say_what_was_asked_instead(server: VpcdnsServer) -> None:
    with pytest.raises(AssertionError, match=r"^db.corp.example was not asked for; nothing was asked$"):
        server.assert_asked("db.corp.example")
    socket.gethostbyname("db.corp.example")
    socket.gethostbyname("db.corp.example")
    assert len(server.assert_asked("DB.corp.example.", "A", view="app", times=2)) == 2
    server.assert_asked("*.corp.example")
    server.assert_not_asked("db.corp.example", "AAAA")
    with pytest.raises(AssertionError) as caught:
        server.assert_asked("bd.corp.example", "A", view="app")
    lines = str(caught.value).splitlines()
    assert lines[0] == "bd.corp.example A in app was not asked for (did you mean db.corp.example?); what was asked:"
    assert lines[1].startswith("  db.corp.example A in app: 10.0.1.20 (private zone corp.example")
    with pytest.raises(AssertionError, match=r"db\.corp\.example was asked for 2 times, not 1"):
        server.assert_asked("db.corp.example", times=1)
    with pytest.raises(AssertionError, match=r"^\*.example was asked for:\n  db.corp.example"):
        server.assert_not_asked("*.example")
    server.forget()
    assert server.queries == []


def test_strict_without_pytest() -> None:
    def tell(allow: list[str]) -> None:
        with vpcdns_server(WORLD, strict=True, allow=allow), pytest.raises(socket.gaierror):
            socket.gethostbyname("t.example.net")

    tell(["t.example.net"])
    with pytest.raises(AssertionError, match=r"t.example.net A in app: REFUSED .*\n    from .*test_server.py:\d+ in tell"):
        tell([])


def test_a_client_of_its_own_is_told_by_its_address() -> None:
    with vpcdns_server(WORLD, redirect=False) as server:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [server.address[0]], server.address[1]
        resolver.resolve("db.corp.example", "A")
        assert server.queries[0].where == ""
        assert "from a client at 127.0.0.1:" in str(server.queries[0])


# What is answered


def test_comparing_views(server: VpcdnsServer) -> None:
    server.assert_answers("www.corp.example", {"app": "10.0.1.20", "internet": "203.0.113.80"})
    server.assert_answers("www.corp.example", {"app": ["CNAME db.corp.example", "10.0.1.20"], "app/onprem": "10.0.1.20"})
    server.assert_answers("db.corp.example", {"internet": "NXDOMAIN"})
    server.assert_answers("text.corp.example", {"app": "NODATA"})
    server.assert_answers("text.corp.example", {"app": '"alone"'}, "TXT")
    server.assert_same("www.example.com")
    server.assert_differs("www.corp.example", ["app", "internet"])
    assert server.answer("db.corp.example").records == ("10.0.1.20",)
    assert server.queries == []
    with pytest.raises(AssertionError) as caught:
        server.assert_answers("db.corp.example", {"app": "10.0.1.21", "internet": "10.0.1.21"})
    assert [line.partition("; because")[0] for line in str(caught.value).splitlines()] == [
        "db.corp.example A is not answered as expected:",
        "  app: 10.0.1.20, not 10.0.1.21",
        "  internet: NXDOMAIN, not 10.0.1.21",
    ]
    with pytest.raises(AssertionError, match="is not the same in all views:\n"):
        server.assert_same("www.corp.example")
    with pytest.raises(AssertionError, match=r"is the same in some views:\n  app and app/onprem: 10\.0\.1\.20"):
        server.assert_differs("db.corp.example", ["app", "app/onprem"])
    with pytest.raises(UnknownView, match=r"there is no view ap \(did you mean app\?\)"):
        server.compare("db.corp.example", views=["ap"])


def test_a_vpc_without_a_resolver_is_silent() -> None:
    with vpcdns_server(World().vpc("mute", "10.0.0.0/16", enable_dns_support=False)) as server:
        assert server.answer("www.example.com").word == "no answer"


def test_health_and_records_change_while_it_serves(server: VpcdnsServer) -> None:
    assert socket.gethostbyname("app.corp.example") == "10.0.8.1"
    server.set_health("corp.example", "app.corp.example", "main", up=False)
    server.set_records("corp.example", {"db": {"A": "10.0.1.21", "ttl": 5}, "new": "10.0.1.30", "www": None})
    server.set_records(None, {"www.example.com": "203.0.113.9"})
    assert socket.gethostbyname("app.corp.example") == "10.0.8.2"
    assert [socket.gethostbyname(f"{each}.corp.example") for each in ("db", "new")] == ["10.0.1.21", "10.0.1.30"]
    server.assert_answers("www.corp.example", {"app": "NXDOMAIN", "internet": "203.0.113.80"})
    server.assert_answers("www.example.com", {"internet": "203.0.113.9"})
    with pytest.raises(NotThere, match=r"there is no zone corp.exampel \(did you mean corp.example\?\)"):
        server.set_records("corp.exampel", {"db": "10.0.0.1"})
    with pytest.raises(ConfigError, match=r"the changed records:1:\d+: private_zones\[0\].records.db: "):
        server.set_records("corp.example", {"db": "10.0.0.999"})
    server.restore()
    assert socket.gethostbyname("app.corp.example") == "10.0.8.1"


def test_of_several_zones_of_a_name_the_id_says_which() -> None:
    world = World().vpc("a", "10.1.0.0/16").vpc("b", "10.2.0.0/16")
    world = world.private_zone("corp.example", {"db": "10.1.0.1"}, vpcs="a", id="Z0A").public_zone("example.org", {})
    world = world.private_zone("corp.example", {"db": "10.2.0.1"}, vpcs="b", id="Z0B")
    with vpcdns_server(world, view="b") as server:
        server.set_records("Z0B", {"db": "10.2.0.2"})
        server.set_records("example.org", {"www": "203.0.113.9"})
        server.assert_answers("db.corp.example", {"a": "10.1.0.1", "b": "10.2.0.2"})
        server.assert_answers("www.example.org", {"b": "203.0.113.9"})
        with pytest.raises(NotThere, match=r"there are 2 private zones corp\.example"):
            server.set_records("corp.example", {})


def test_another_world(server: VpcdnsServer) -> None:
    server.use(WORLD.private_zone("corp.example", {"db": "10.0.1.99"}, vpcs="app"))
    assert socket.gethostbyname("db.corp.example") == "10.0.1.99"
    with pytest.raises(UnknownView, match="the new world has no view app, which is being asked"):
        server.use(World())
    assert socket.gethostbyname("db.corp.example") == "10.0.1.99"


# Worlds


def test_a_world_is_the_text_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "dns.yaml").write_text(WORLD.as_yaml())
    for config in (WORLD.as_yaml(), WORLD.as_dict(), "dns.yaml", tmp_path / "dns.yaml"):
        with vpcdns_server(config, folders=[tmp_path], redirect=False) as server:
            server.assert_answers("db.corp.example", {"app": "10.0.1.20"})
    with pytest.raises(NoSuchConfig, match=r"there is no other.yaml in "):
        vpcdns_server("other.yaml", folders=[tmp_path])


def test_worlds_are_never_changed_only_added_to() -> None:
    base = World().vpc("app", "10.0.0.0/16").private_zone("a.example", {"x": "10.0.0.1"}, vpcs="app")
    before = base.as_dict()
    more = base.private_zone("a.example", {"y": "10.0.0.2"}, vpcs=["app"]).endpoint("app", "ecr.dkr", private_dns=False)
    more = more.endpoint("app", "sqs", "10.0.0.9", name="queues").rule("corp.example", "192.168.9.9", vpcs="app")
    more = more.simulated_server("192.168.9.9", {"h.corp.example": "192.168.7.7"}).rule(
        "z.example", vpcs="app", type="system"
    )
    assert base.as_dict() == before
    assert repr(base) == "<World: region, upstream, vpcs, private_zones>"
    assert more.as_dict()["private_zones"] == [
        {"name": "a.example", "vpcs": ["app"], "records": {"x": "10.0.0.1", "y": "10.0.0.2"}}
    ]
    assert list(more.as_dict()["vpcs"]["app"]["endpoints"]) == ["ecr-dkr", "queues"]
    with vpcdns_server(more, view="app", redirect=False) as server:
        server.assert_answers("h.corp.example", {"app": "192.168.7.7", "internet": "REFUSED"})


def test_a_world_that_lets_nobody_here_ask_is_asked_all_the_same() -> None:
    with vpcdns_server(WORLD.with_keys(allow_clients=["vpcs"])):
        assert socket.gethostbyname("db.corp.example") == "10.0.1.20"


def test_what_the_room_has_is_found_by_name() -> None:
    assert {"World", "vpcdns_server", "VpcdnsServer"} <= set(proxy.testing.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Wrold'"):
        _ = proxy.testing.Wrold


# testcontainers


def test_the_container_is_started_with_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: dict[str, Any] = {}

    class DockerContainer:
        def __init__(self, image: str) -> None:
            calls["image"] = image

        def __getattr__(self, name: str) -> object:
            return lambda *args: calls.update({name: args})

        def get_exposed_port(self, port: str) -> str:
            return {"1053/udp": "49153", "1053/tcp": "49154"}[port]

        def get_container_host_ip(self) -> str:
            return "127.0.0.1"

        def stop(self) -> None:
            calls["stop"] = ()

    for name in ("testcontainers", "testcontainers.core", "testcontainers.core.container"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(DockerContainer=DockerContainer))
    monkeypatch.delitem(sys.modules, "proxy.testing.container", raising=False)
    container = proxy.testing.VpcdnsContainer(WORLD, view="app")
    assert calls["image"] == "vpcdns"
    assert calls["with_command"] == (["-c", "/etc/vpcdns", "serve", "--no-watch"],)
    assert calls["with_exposed_ports"] == ("1053/udp", "1053/tcp")
    folder, there, mode = calls["with_volume_mapping"]
    assert (there, mode) == ("/etc/vpcdns", "ro")
    assert [path.name for path in Path(folder).iterdir()] == ["000-the-test's-world.yaml"]
    found = load(Files(Path(folder), folder, "test"))
    assert [(each.host, each.port, each.view) for each in found.plan.listeners][:1] == [("0.0.0.0", 1053, "app")]
    assert found.world.allowed.find(ipaddress.ip_address("203.0.113.7"))
    assert container.address_over("tcp") == ("127.0.0.1", 49154)
    container.stop()
    assert not Path(folder).exists()
    of_a_file = proxy.testing.VpcdnsContainer("upstream: {mode: off}\nvpcs: {a: {}, b: {}}\n", view="b")
    assert calls["with_command"] == (["-c", "/etc/vpcdns", "serve", "--no-watch", "--listen", "0.0.0.0:1053"],)
    assert load(Files(Path(calls["with_volume_mapping"][0]), "", "test")).world.default_view == "b"
    of_a_file.stop()
    sys.modules.pop("proxy.testing.container")


def test_without_testcontainers_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "testcontainers", None)
    monkeypatch.delitem(sys.modules, "proxy.testing.container", raising=False)
    with pytest.raises(ImportError, match="VpcdnsContainer needs testcontainers: pip install testcontainers"):
        _ = proxy.testing.VpcdnsContainer
