"""pytest's plugin, by pytest's own pytester: what passes, what fails, and with which words."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import proxy.testing.server  # noqa: F401  or pytester would forget it after each run, and have it loaded again

pytest_plugins = ["pytester"]

# Where vpcdns is installed, pytest loads the plugin by itself, and will not have it twice.
_LOAD = () if "vpcdns" in entry_points(group="pytest11").names else ("-p", "proxy.testing.plugin")
_PLUGIN = (*_LOAD, "-o", "asyncio_default_fixture_loop_scope=function")

HOUSE = Path(__file__).parent.parent.parent
HEAD = """
import asyncio, socket
import pytest
from proxy.testing import World
WORLD = (
    World(default_view="app").vpc("app", "10.0.0.0/16")
    .private_zone("corp.example", {"db": "10.0.1.20"}, vpcs="app").public("www.example.com", "203.0.113.1")
)
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("PYTHONPATH", str(HOUSE))
    return Run(pytester)


class Run:
    """Runs a test file with the plugin."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester

    def __call__(self, text: str, *args: str, head: str = HEAD) -> pytest.RunResult:
        self.pytester.makepyfile(head + textwrap.dedent(text))
        return self.pytester.runpytest_inprocess(*_PLUGIN, "-p", "no:cacheprovider", *args)


def test_sync_and_async_tests_and_test_cases(run: Run) -> None:
    result = run(
        """
        import unittest

        pytestmark = pytest.mark.vpcdns(WORLD)

        def test_sync(vpcdns):
            assert socket.gethostbyname("db.corp.example") == "10.0.1.20"
            assert [query.name for query in vpcdns.queries] == ["db.corp.example"]
            assert vpcdns.queries[0].where.endswith("in test_sync")

        @pytest.mark.asyncio
        async def test_async(vpcdns):
            found = await asyncio.get_running_loop().getaddrinfo("db.corp.example", 5432)
            assert found[0][4] == ("10.0.1.20", 5432)
            assert "in test_async" in vpcdns.assert_asked("db.corp.example", "A")[0].where

        @pytest.mark.vpcdns(view="internet")
        def test_the_nearest_marker_wins_key_by_key():
            assert socket.gethostbyname("www.example.com") == "203.0.113.1"
            with pytest.raises(socket.gaierror):
                socket.gethostbyname("db.corp.example")

        class TestCase(unittest.TestCase):
            def test_a_marker_is_enough(self):
                self.assertEqual(socket.gethostbyname("db.corp.example"), "10.0.1.20")

        def test_without_redirection(monkeypatch):
            pass
        """
    )
    result.assert_outcomes(passed=5)


def test_nothing_is_left_behind(run: Run) -> None:
    result = run(
        """
        before = socket.getaddrinfo, asyncio.base_events.BaseEventLoop.getaddrinfo

        def test_one(vpcdns_session):
            assert (socket.getaddrinfo, asyncio.base_events.BaseEventLoop.getaddrinfo) == before

        @pytest.mark.vpcdns(WORLD)
        def test_two(vpcdns):
            assert socket.getaddrinfo != before[0]

        @pytest.mark.vpcdns(WORLD, redirect=False)
        def test_three(vpcdns):
            assert socket.getaddrinfo == before[0]

        def test_four():
            import threading
            assert (socket.getaddrinfo, asyncio.base_events.BaseEventLoop.getaddrinfo) == before
            assert [thread.name for thread in threading.enumerate() if thread.name == "vpcdns-server"] != []

        @pytest.fixture(scope="session")
        def vpcdns_world():
            return WORLD
        """
    )
    result.assert_outcomes(passed=4)


def test_the_shared_server_is_each_tests_own(run: Run) -> None:
    result = run(
        """
        @pytest.fixture(scope="session")
        def vpcdns_world():
            return WORLD

        seen = []

        @pytest.mark.vpcdns(shared=True)
        @pytest.mark.parametrize("number", [1, 2])
        def test_it(vpcdns, vpcdns_session, number):
            assert vpcdns is vpcdns_session
            assert vpcdns.queries == []
            assert socket.gethostbyname("db.corp.example") == "10.0.1.20"
            vpcdns.set_records("corp.example", {"db": "10.0.1.21"})
            assert socket.gethostbyname("db.corp.example") == "10.0.1.21"
            seen.append(vpcdns.address)

        @pytest.mark.vpcdns(shared=True, view="internet")
        def test_another_view(vpcdns):
            assert socket.gethostbyname("www.example.com") == "203.0.113.1"
            assert seen[0] == seen[1] != vpcdns.address
        """
    )
    result.assert_outcomes(passed=3)


def test_strict_fails_the_test_and_says_who_looked_up_what(run: Run) -> None:
    run.pytester.makepyfile(helper="import socket\ndef tell():\n    try:\n        socket.getaddrinfo('t.example.net', 80)\n"
                            "    except OSError:\n        pass\n")  # fmt: skip
    result = run(
        """
        import helper
        pytestmark = pytest.mark.vpcdns(WORLD, strict=True)

        def test_telemetry():
            helper.tell()

        @pytest.mark.vpcdns(allow=["*.example.net"])
        def test_allowed():
            helper.tell()

        def test_asserted(vpcdns):
            helper.tell()
            vpcdns.assert_asked("t.example.net")

        def test_known_not_to_exist():
            with pytest.raises(socket.gaierror):
                socket.gethostbyname("x.corp.example")

        @pytest.mark.vpcdns(strict=False)
        def test_not_strict():
            helper.tell()
        """
    )
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        [
            "vpcdns: names were asked for that the world does not know (add them, or `allow` them):",
            "  t.example.net A in app: REFUSED (upstream is off (mode: off))",
            "    from helper.py:4 in tell, called from test_strict_fails*.py:* in test_telemetry",
        ]
    )
    result.stdout.no_fnmatch_line("*ERROR at teardown*")
    result.stdout.no_fnmatch_line("*During handling*")


def test_strict_by_the_file_of_pytest(run: Run) -> None:
    run.pytester.makeini("[pytest]\nvpcdns_strict = true\nvpcdns_config = dns.yaml\nvpcdns_view = internet\n")
    (run.pytester.path / "dns.yaml").write_text("upstream: {mode: off}\npublic_records: {www.example.com: 203.0.113.1}\n")
    result = run(
        """
        def test_it(vpcdns):
            assert socket.gethostbyname("www.example.com") == "203.0.113.1"
            with pytest.raises(socket.gaierror, match="upstream is off"):
                socket.gethostbyname("www.example.org")
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  www.example.org A in internet: REFUSED*"])


def test_a_failed_test_shows_what_was_asked(run: Run) -> None:
    result = run(
        """
        @pytest.mark.vpcdns(WORLD)
        def test_it():
            assert socket.gethostbyname("db.corp.example") == "10.0.1.21"
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*vpcdns call*", "  db.corp.example A in app: 10.0.1.20 (private zone corp.example*"])


WRONG = [
    ("WORLD, veiw='app'", "vpcdns: the marker has no veiw (did you mean view?)"),
    ("WORLD, nonsense=1", "vpcdns: the marker has no nonsense (there is config, view, strict, allow, redirect, shared)"),
    ("WORLD, 'app'", "vpcdns: the marker takes the configuration, and all else by name"),
    ("WORLD, view='ap'", "vpcdns: there is no view ap (did you mean app?)"),
    ("WORLD, shared=True", "vpcdns: shared=True takes the session's world (fixture vpcdns_world): leave out config"),
    ("'dns.yaml'", "vpcdns: there is no dns.yaml in *"),
    ("5", "vpcdns: 5 is no configuration: give a World, a mapping, a path, or a text of several lines"),
    ("World().vpc('app', '10.0.0.0')", "the test's world:*: vpcs.app.cidr: *"),
    (
        "'vpcs:\\n  app: {cdir: 10.0.0.0/16}\\n'",
        "the test's world:2:9: vpcs.app.cdir: unknown key cdir (did you mean cidr?)",
    ),
    ("", "vpcdns: this test has no world.  Give it one: @pytest.mark.vpcdns(config=*"),
]


def test_what_is_wrong_is_told_without_a_traceback(run: Run) -> None:
    tests = [f"@pytest.mark.vpcdns({marker})\ndef test_{at}(vpcdns):\n    pass\n" for at, (marker, _) in enumerate(WRONG)]
    result = run("\n".join(tests))
    result.assert_outcomes(errors=len(WRONG))
    for _, told in WRONG:
        result.stdout.fnmatch_lines([told.replace("[", "[[]")])
    result.stdout.no_fnmatch_line("*plugin.py*")
    result.stdout.no_fnmatch_line("*During handling*")


def test_a_failed_assertion_is_shown_where_the_test_has_it(run: Run) -> None:
    result = run(
        """
        @pytest.mark.vpcdns(WORLD)
        def test_it(vpcdns):
            vpcdns.assert_asked("db.corp.example")

        @pytest.mark.vpcdns(WORLD)
        def test_both(vpcdns):
            vpcdns.assert_answers("db.corp.example", {"app": "10.0.1.21"})
        """
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ['>*vpcdns.assert_asked("db.corp.example")', "E*AssertionError: db.corp.example was not asked for; *"]
    )
    result.stdout.no_fnmatch_line("*server.py*")


def test_each_process_of_xdist_has_its_own(run: Run) -> None:
    pytest.importorskip("xdist")
    run.pytester.makepyfile(
        HEAD
        + textwrap.dedent(
            """
            import os

            @pytest.fixture(scope="session")
            def vpcdns_world():
                return WORLD

            @pytest.mark.parametrize("number", range(6))
            def test_it(vpcdns, vpcdns_session, number):
                assert socket.gethostbyname("db.corp.example") == "10.0.1.20"
                assert vpcdns.address != vpcdns_session.address
            """
        )
    )
    run.pytester.runpytest_subprocess(*_PLUGIN, "-n", "2").assert_outcomes(passed=6)


def test_the_marker_is_known(run: Run) -> None:
    result = run("", "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.vpcdns(config=*"])


def test_loading_it_costs_nothing() -> None:
    """Every session of an environment with vpcdns loads it; what it would bring along is counted, time is not to be relied on."""
    code = (
        "import pytest, sys; before = set(sys.modules); import proxy.testing.plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=HOUSE, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["proxy", "proxy.testing", "proxy.testing.plugin"]


def test_an_installed_vpcdns_brings_it_along() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"vpcdns": "proxy.testing.plugin"}
    assert not [name for name in project["dependencies"] if name.startswith("pytest")]  # it is the user's


def test_the_sample_project(run: Run) -> None:
    sample = run.pytester.path / "sample"
    shutil.copytree(HOUSE / "config/pytest", sample, ignore=shutil.ignore_patterns("__pycache__"))
    result = run.pytester.runpytest_subprocess(*_PLUGIN, "-W", "error", str(sample))
    result.assert_outcomes(passed=7)
