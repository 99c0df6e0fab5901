"""Errors become messages and exit statuses, whatever becomes of the streams."""

from __future__ import annotations

import errno
import subprocess
from pathlib import Path

import pytest

from proxy.app import ListenError
from proxy.cli.failures import report
from proxy.cli.status import Status
from proxy.model.plan import Listener
from proxy.querylog import QueryLogError
from tests.cli.programs import COMMAND, HOUSE, Ran, environment, vpcdns

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this machine has no /dev/full")


def shell(command: str, **environ: str) -> Ran:
    """A line of a shell in which `vpcdns` is ours."""
    line = f'vpcdns() {{ "{COMMAND[0]}" -m proxy "$@"; }}\n{command}'
    ran = subprocess.run(
        ["sh", "-c", line], capture_output=True, cwd=HOUSE, env=environment(**environ), timeout=10, check=False
    )
    return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())


def test_a_reader_that_has_enough_is_no_error() -> None:
    assert shell("{ vpcdns services --region us-east-1 2>/dev/null; echo $? >&2; } | true") == (0, "", "1\n")
    assert shell("vpcdns schema | head -n 1") == (0, "{\n", "")


@needs_full
@pytest.mark.parametrize("verb", ["schema", "version"])
def test_a_full_disk_is_told(verb: str) -> None:
    assert shell(f"vpcdns {verb} >/dev/full") == (3, "", "the result cannot be written: No space left on device\n")


def test_a_stream_that_is_closed_or_full_for_messages_changes_nothing() -> None:
    assert shell("vpcdns -c config/demo.yaml check >&-") == (0, "", "configuration: config/demo.yaml (-c)\n")
    assert shell("vpcdns -c config/demo.yaml check 2>&-").status == 0
    if FULL.exists():
        ran = shell("vpcdns -c config/demo.yaml check 2>/dev/full")
        assert ran.out.startswith("good: ")


def test_an_encoding_without_a_letter_gets_it_spelled_out(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("vpcs: {größe: {cdir: 10.0.0.0/16}}\n")
    ran = shell(f"vpcdns -c {file} check", PYTHONIOENCODING="ascii")
    assert ran.status == 1
    assert "gr\\xf6\\xdfe" in ran.out


def test_a_defect_is_a_traceback_and_where_to_report_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("this should not be")

    monkeypatch.setattr("proxy.cli.version._extras", broken)
    status, out, err = vpcdns("version")
    assert (status, out) == (5, "")
    assert err.startswith("Traceback ")
    assert "RuntimeError: this should not be" in err
    assert "This is a defect in vpcdns." in err


def test_a_query_log_that_cannot_be_opened_is_status_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(QueryLogError("log", OSError(errno.EACCES, "Permission denied"))) is Status.MACHINE
    assert capsys.readouterr().err == "cannot write the query log log: Permission denied\n"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (errno.EADDRINUSE, "another port is free:\n  vpcdns serve -l 127.0.0.9:"),
        (errno.EACCES, "take a port that needs no permission:\n  vpcdns serve -l 127.0.0.9:"),
        (errno.EADDRNOTAVAIL, "this machine has no address 127.0.0.9"),
        (errno.EAFNOSUPPORT, "listen elsewhere: vpcdns serve -l 127.0.0.1:"),
    ],
)
def test_an_address_that_cannot_be_had_is_status_3(code: int, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = report(ListenError(Listener("127.0.0.9", 53, None), OSError(code, "not so")))
    assert status is Status.MACHINE
    err = capsys.readouterr().err
    assert err.startswith("cannot listen on 127.0.0.9:53: not so\n")
    assert says in err
