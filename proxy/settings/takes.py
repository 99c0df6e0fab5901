"""What a key can take: pieces that check plain data, and that `composites.py` puts together.

A piece is frozen and knows what it `expects` in words, an `example` to copy, and how to `check` data into the value that
`Settings` has.  Nothing else in this room walks over data, so a key that is added to `shape.py` is read, explained, put into
the JSON schema and into the reference by its own line there.

Checking goes on after a mistake: every problem is gathered, and then the values are of no use.

pydantic draws the JSON schema from these pieces, and could check data as well; but to import it and to build its validators
takes 120 ms, and a process has 400 ms from its start to its first answer.

    >>> Flag().check("yes", Place(("vpcs", "app", "enable_dns_support"), problems := []))
    >>> problems[0].what, problems[0].hint
    ('yes is neither true nor false', 'write true, without quotation marks')
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

from proxy.nouns import dataclass
from proxy.settings.problems import MAX_PROBLEMS, Path, did_you_mean, shortened

Data = Any
"""What `reader.py` reads: dicts, lists, str, True, False, None."""


class Found(NamedTuple):
    """A problem whose mark is not known yet."""

    path: Path
    what: str
    hint: str


class TooManyError(Exception):
    """There are so many problems that looking for more is of no use."""


class Wrong(ValueError):
    """What is wrong with a value, what to write instead, and at which key inside of it."""

    def __init__(self, what: str, hint: str = "", at: Path = ()) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.at = at


class Place(NamedTuple):
    """Where data stand, the list that takes their problems, and the mapping around them."""

    path: Path
    problems: list[Found]
    around: Mapping[str, Data] = {}

    def at(self, part: str | int, around: Mapping[str, Data] | None = None) -> Place:
        """The place of a key or of an item."""
        return Place((*self.path, part), self.problems, around or {})

    def wrong(self, what: str, hint: str = "", at: Path = ()) -> None:
        """Note a problem of these data, or of what stands `at` a path inside of them; TooManyError ends the search."""
        self.problems.append(Found((*self.path, *at), shortened(what), hint))
        if len(self.problems) >= MAX_PROBLEMS:
            raise TooManyError

    def catch(self, wrong: Wrong) -> None:
        """Note what was raised while these data were looked at."""
        self.wrong(wrong.what, wrong.hint, wrong.at)


@runtime_checkable
class Takes(Protocol):
    """What a key takes."""

    @property
    def expects(self) -> str:
        """What it takes, in words that follow `takes`."""

    @property
    def example(self) -> str:
        """What can be written, in YAML."""

    def check(self, data: Data, place: Place) -> Any:
        """The value of `data`; where there is none, a problem is noted, and what comes back is of no use."""


def refuse(takes: Takes, data: Data, place: Place) -> None:
    """Note that data are of the wrong kind."""
    place.wrong(f"{kind_of(data)} stands where {takes.expects} is expected", f"write for example {takes.example}")


def kind_of(data: Data) -> str:
    """What data are, in words."""
    if isinstance(data, dict):
        return "a mapping"
    return "a list" if isinstance(data, list) else "nothing" if data is None else text_of(data)


def is_scalar(data: Data) -> bool:
    """True for a text or a boolean, which is a text wherever one is wanted."""
    return isinstance(data, str | bool)


def text_of(data: Data) -> str:
    """A scalar as it was written."""
    return str(data).lower() if isinstance(data, bool) else str(data)


def whole_number(text: str) -> int | None:
    """The number of decimal digits without leading zeros; None for anything else (`012`, `0x10`, `1e3`, `1_000`)."""
    if text.isdecimal() and text.isascii() and len(text) < 20 and (text == "0" or text[0] != "0"):
        return int(text)
    return None


@dataclass(frozen=True, slots=True)
class Text:
    """One scalar.  `parse` gives its value or raises Wrong, `show` is its reverse.

    `pattern` and `number`, whether it may look like a number, are for the JSON schema.
    """

    expects: str
    example: str
    parse: Callable[[str], Any] = str
    show: Callable[[Any], Data] = str
    pattern: str | None = None
    number: bool = False

    def check(self, data: Data, place: Place) -> Any:
        """The value of a scalar's text."""
        if not is_scalar(data):
            return refuse(self, data, place)
        text = text_of(data)
        try:
            return self.parse(text)
        except Wrong as wrong:
            return place.catch(wrong)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words."""

    words: tuple[str, ...]

    @property
    def expects(self) -> str:
        """All the words."""
        return " or ".join(self.words) if len(self.words) < 3 else f"one of {', '.join(self.words)}"

    @property
    def example(self) -> str:
        """The first."""
        return self.words[0]

    def check(self, data: Data, place: Place) -> Any:
        """The word."""
        if not is_scalar(data):
            return refuse(self, data, place)
        text = text_of(data)
        if text not in self.words:
            return place.wrong(f"{text} is no choice here", did_you_mean(text, self.words))
        return text


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`, and no other word."""

    expects: str = "true or false"
    example: str = "true"

    def check(self, data: Data, place: Place) -> Any:
        """The boolean."""
        if isinstance(data, bool):
            return data
        if not isinstance(data, str):
            return refuse(self, data, place)
        means = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
        hint = f"write {means.get(data.lower(), self.expects)}, without quotation marks"
        return place.wrong(f"{data} is neither true nor false", hint)


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number in decimal digits."""

    low: int
    high: int

    @property
    def expects(self) -> str:
        """The range."""
        return f"a whole number from {self.low} to {self.high}"

    @property
    def example(self) -> str:
        """The lowest."""
        return str(self.low)

    def check(self, data: Data, place: Place) -> Any:
        """The number."""
        if not is_scalar(data):
            return refuse(self, data, place)
        number = whole_number(text_of(data))
        if number is None or not self.low <= number <= self.high:
            return place.wrong(f"{text_of(data)} is not {self.expects}")
        return number
