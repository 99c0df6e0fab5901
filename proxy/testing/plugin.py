"""pytest's plugin: the fixtures `vpcdns`, `vpcdns_session` and `vpcdns_world`, and the marker `vpcdns`.

It is loaded in every session of an environment that has vpcdns, so it imports nothing but pytest until a test wants it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from proxy.testing.server import VpcdnsServer
    from proxy.testing.worlds import Config

_KEYS = ("config", "view", "strict", "allow", "redirect", "shared")
_MARKER = (
    "vpcdns(config=…, view=…, strict=…, allow=…, redirect=…, shared=…): run the test with a DNS server of its own.  config is a "
    "World, a path, a text or a mapping, else what the fixture vpcdns_world says; view is where the test is; strict fails it "
    "for names that the world does not know, but for those in allow; redirect=False leaves the process's look-ups alone; "
    "shared=True takes the session's server instead of a new one."
)
_NO_CONFIG = (
    "vpcdns: this test has no world.  Give it one: @pytest.mark.vpcdns(config=…), `vpcdns_config = FILE` in pytest's "
    "configuration, a vpcdns.yaml in {root}, or a fixture `vpcdns_world` of your own (scope='session')."
)
_SERVER: pytest.StashKey[VpcdnsServer] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The keys of pytest's configuration."""
    parser.addini("vpcdns_config", "vpcdns: the configuration of tests that name none, a file or folder", default="")
    parser.addini("vpcdns_view", "vpcdns: the view of tests that name none", default="")
    parser.addini("vpcdns_strict", "vpcdns: fail tests for names that the world does not know", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever has the marker has the fixture."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is not None and "vpcdns" not in names and item.get_closest_marker("vpcdns"):
            names.append("vpcdns")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Look at what was asked when a test is over: fail it in strict mode, and show it where it failed."""
    try:
        result = yield
    except Exception:
        _show_queries(item)
        raise
    server = item.stash.get(_SERVER, None)
    if server is not None and server.strict:
        _assert_nothing_unexpected(server)
    return result


def _show_queries(item: pytest.Item) -> None:
    server = item.stash.get(_SERVER, None)
    if server is not None and server.queries:
        from proxy.testing.queries import listed  # noqa: PLC0415  as all here

        item.add_report_section("call", "vpcdns", listed(server.queries))


def _assert_nothing_unexpected(server: VpcdnsServer) -> None:
    told = ""
    try:
        server.assert_nothing_unexpected()
    except AssertionError as error:
        told = str(error)
    if told:  # not from within the handler, or pytest shows both
        pytest.fail(f"vpcdns: {told}", pytrace=False)


@pytest.fixture(scope="session")
def vpcdns_world(pytestconfig: pytest.Config) -> Config:
    """The world of tests that name none: `vpcdns_config`, or vpcdns.yaml of the root.  Yours to override."""
    given = pytestconfig.getini("vpcdns_config")
    path = pytestconfig.rootpath / (given or "vpcdns.yaml")
    if given or path.exists():
        return path
    return pytest.fail(_NO_CONFIG.format(root=pytestconfig.rootpath), pytrace=False)


@pytest.fixture(scope="session")
def vpcdns_session(vpcdns_world: Config, pytestconfig: pytest.Config) -> Iterator[VpcdnsServer]:
    """A server for the whole session (one in each of xdist's processes), without redirecting anything."""
    view = pytestconfig.getini("vpcdns_view") or None
    with _made({"config": vpcdns_world, "view": view, "redirect": False}, (pytestconfig.rootpath,)) as server:
        yield server


@pytest.fixture
def vpcdns(request: pytest.FixtureRequest) -> Iterator[VpcdnsServer]:
    """A server with the world of the test's marker; the process's look-ups go to it until the test is over."""
    told = _told(request)
    if told.pop("shared", False):
        if "config" in told:
            pytest.fail(
                "vpcdns: shared=True takes the session's world (fixture vpcdns_world): leave out config", pytrace=False
            )
        yield from _lent(request, request.getfixturevalue("vpcdns_session"), told)
        return
    if "config" not in told:
        told["config"] = request.getfixturevalue("vpcdns_world")
    strict = told.pop("strict")  # looked at when the test is over, so that it fails and not its tear-down
    with _made(told, (request.path.parent, request.config.rootpath)) as server:
        server.strict = strict
        request.node.stash[_SERVER] = server
        yield server
        server.strict = False


def _lent(request: pytest.FixtureRequest, server: VpcdnsServer, told: dict[str, Any]) -> Iterator[VpcdnsServer]:
    """The session's server, for one test as if it were its own."""
    from contextlib import ExitStack  # noqa: PLC0415

    before = server.view, server.strict, server.allow
    server.forget()
    with ExitStack() as undo:
        view = told["view"] or server.view
        _told_plainly(server.address_of, view)
        server.view, server.strict, server.allow = view, told["strict"], tuple(told.get("allow", ()))
        if told.get("redirect", True):
            undo.enter_context(server.redirected())
        request.node.stash[_SERVER] = server
        yield server
    server.view, server.strict, server.allow = before
    server.restore()


def _told(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the markers say, the nearest first, and pytest's configuration in their place."""
    told: dict[str, Any] = {
        "view": request.config.getini("vpcdns_view") or None,
        "strict": request.config.getini("vpcdns_strict"),
    }
    for marker in reversed(list(request.node.iter_markers("vpcdns"))):
        _check(marker)
        told |= dict(zip(("config",), marker.args, strict=False)) | marker.kwargs
    return told


def _check(marker: pytest.Mark) -> None:
    from proxy.settings.problems import did_you_mean  # noqa: PLC0415

    if len(marker.args) > 1:
        pytest.fail("vpcdns: the marker takes the configuration, and all else by name", pytrace=False)
    for key in marker.kwargs:
        if key not in _KEYS:
            pytest.fail(f"vpcdns: the marker has no {key} ({did_you_mean(key, _KEYS)})", pytrace=False)


def _made(told: dict[str, Any], folders: tuple[Path, ...]) -> VpcdnsServer:
    from proxy.testing.server import vpcdns_server  # noqa: PLC0415

    made: VpcdnsServer = _told_plainly(vpcdns_server, folders=folders, **told)
    return made


def _told_plainly(make: Any, *args: Any, **kwargs: Any) -> Any:
    """The outcome, or the test fails with what is wrong with its world, and without our stack."""
    from proxy.settings.problems import ConfigError  # noqa: PLC0415
    from proxy.source import SourceError  # noqa: PLC0415
    from proxy.testing.server import UnknownView  # noqa: PLC0415
    from proxy.testing.worlds import NoSuchConfig  # noqa: PLC0415

    try:
        return make(*args, **kwargs)
    except ConfigError as error:
        told = f"vpcdns: the world is not right:\n{error}"
    except (SourceError, NoSuchConfig, UnknownView) as error:
        told = f"vpcdns: {error}"
    return pytest.fail(told, pytrace=False)  # not from within the handler, or pytest shows both
