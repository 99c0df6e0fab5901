"""What is wrong with a configuration, said so that it can be mended: where, what, and what to write instead."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

Path = tuple[str | int, ...]

MAX_PROBLEMS = 1000
"""A file of fifty megabytes can have a million problems; nobody reads more of them than this."""

_MAX_TEXT = 300
_MAX_CHOICES = 30


class Mark(NamedTuple):
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class ConfigProblem(NamedTuple):
    """One mistake.  `path` joins keys with dots and counts places in lists from 0."""

    mark: Mark
    path: Path
    what: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.mark}: {path_text(self.path)}" if self.path else str(self.mark)
        return one_line(f"{where}: {self.what} ({self.hint})" if self.hint else f"{where}: {self.what}")


class ConfigError(Exception):
    """All mistakes of a configuration at once, in the order of the file."""

    def __init__(self, problems: Iterable[ConfigProblem]) -> None:
        self.problems: Sequence[ConfigProblem] = sorted(dict.fromkeys(problems), key=lambda problem: problem.mark)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def path_text(path: Path) -> str:
    """vpcs.app.endpoints.k, private_zones[1].records."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def one_line(text: str) -> str:
    """A text as one line that can be printed: what a file has in it may be anything."""
    return text if text.isprintable() else "".join(_printable(letter) for letter in text)


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape", "replace").decode("ascii")


def shortened(text: str) -> str:
    """A text without its middle, if it is too long to be read."""
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT // 2]} … {text[-_MAX_TEXT // 2 :]}"


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """The question whether the most similar of `choices` was meant; else what there is, or nothing where there is nothing."""
    known = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(word[:_MAX_TEXT].casefold(), known, n=1)
    if close:
        return f"did you mean {known[close[0]]}?"
    listed = [*itertools.islice(known.values(), _MAX_CHOICES), *(["…"] if len(known) > _MAX_CHOICES else [])]
    return f"there is {', '.join(listed)}" if listed else ""
