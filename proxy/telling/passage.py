"""What an explanation is made of, before it is printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from proxy.model.world import View


class Contender(NamedTuple):
    """A claim as a line: its name and kind, its line in the file, how it fared, and its path in the file."""

    name: str
    kind: str
    place: str
    fate: str
    origin: str


class Passage(NamedTuple):
    """A step in words: a title, sentences, and AWS's page on the matter.

    Of the `contenders`, if there are any, the first has won.  `data` is the step for programs.
    """

    title: str
    prose: tuple[str, ...] = ()
    page: str = ""
    contenders: tuple[Contender, ...] = ()
    data: Mapping[str, Any] = {}


class Setting(NamedTuple):
    """What words depend on beside the step: the view, whether the network is asked, and the file's place of an origin."""

    view: View
    live: bool
    place: Callable[[str], str]
