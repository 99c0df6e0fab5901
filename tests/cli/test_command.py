"""The command itself: its verbs and help."""

from __future__ import annotations

import pytest

from proxy import __version__
from proxy.cli.command import VERBS
from proxy.cli.output import aligned
from proxy.cli.paint import Paint
from proxy.telling.words import counted
from tests.cli.programs import program, vpcdns


def test_help_lists_every_verb_with_what_it_does() -> None:
    status, out, err = vpcdns("--help")
    assert (status, err) == (0, "")
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.split()}
    assert all(lines[verb] for verb in VERBS)
    assert [word for word in lines if word in VERBS] == list(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str) -> None:
    for option in ("-h", "--help"):
        status, out, err = vpcdns(verb, option)
        assert (status, err) == (0, "")
        assert out.startswith(f"Usage: vpcdns {verb} ") or f"vpcdns {verb}" in out
        assert "[default: None]" not in out


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"serve", "exec", "init", "schema"}))
def test_every_verb_that_prints_data_has_json(verb: str) -> None:
    assert "--json" in vpcdns(verb, "--help").out


def test_without_a_verb_there_is_help() -> None:
    status, out, err = vpcdns()
    assert status == 2
    assert "serve" in out + err


def test_a_verb_that_is_not_there_is_a_wrong_usage_with_a_hint() -> None:
    status, out, err = vpcdns("chekc")
    assert (status, out) == (2, "")
    assert "there is no verb chekc (did you mean check?)" in err


@pytest.mark.parametrize("arguments", [["--nonsense"], ["check", "--nonsense"], ["check", "surplus"], ["-c"]])
def test_wrong_usage_is_status_2_and_prints_no_result(arguments: list[str]) -> None:
    status, out, err = vpcdns(*arguments)
    assert (status, out) == (2, "")
    assert "Error: " in err
    assert "Traceback" not in err


def test_the_version_is_told() -> None:
    assert vpcdns("version").out.splitlines()[0] == f"vpcdns {__version__}"
    assert f'"version": "{__version__}"' in vpcdns("version", "--json").out


def test_it_is_a_program() -> None:
    assert program("version").out.startswith(f"vpcdns {__version__}\n")


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert aligned([("a", "b"), ("ccc", ""), ("", "d")]) == ["a    b", "ccc", "     d"]
    assert aligned([]) == []


@pytest.mark.parametrize(
    ("number", "word", "text"),
    [(0, "zone", "no zones"), (1, "zone", "1 zone"), (2, "query", "2 queries"), (3, "VPC", "3 VPCs")],
)
def test_things_are_counted_in_words(number: int, word: str, text: str) -> None:
    assert counted(number, word) == text


class Terminal:
    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert Paint(Terminal())("x", "red") == "\x1b[31mx\x1b[0m"  # type: ignore[arg-type]
    monkeypatch.setenv("NO_COLOR", "1")
    assert Paint(Terminal())("x", "red") == "x"  # type: ignore[arg-type]
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert Paint(Terminal())("x", "red") == "x"  # type: ignore[arg-type]
