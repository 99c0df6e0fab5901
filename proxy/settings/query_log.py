"""`query_log`: whether queries are logged, where to and in which form."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from proxy.nouns import dataclass
from proxy.settings.composites import Key
from proxy.settings.takes import Choice, Integer, Text, Wrong

_UNITS = {"KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000}
_SIZE = "0|[1-9][0-9]{0,8}(KB|MB|GB)"


def parse_size(text: str) -> int:
    """A size with its unit, in octets; 0 needs none."""
    if re.fullmatch(_SIZE, text) is None:
        raise Wrong(f"{text} is no size", "write for example 500KB, 100MB or 1GB, or 0")
    return int(text[:-2]) * _UNITS[text[-2:]] if text != "0" else 0


def show_size(size: int) -> str:
    """A size with the largest unit that needs no fraction: 100MB for 100,000,000."""
    for unit in ("GB", "MB", "KB"):
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return "0"


SIZE = Text("a size", "100MB", parse_size, show_size, pattern=_SIZE)


def _parse_path(text: str) -> str:
    if not text or "\0" in text:
        raise Wrong("this is no path", "write a file's path, or - for standard error")
    return text


@dataclass(frozen=True, slots=True)
class QueryLogSetting:
    """`query_log`: `max_size` in octets, 0 for any."""

    path: Annotated[
        str,
        Key(Text("a path", "queries.log", _parse_path), "The file to write to, which grows at its end; -: standard error."),
    ] = "-"
    format: Annotated[
        Literal["text", "json", "route53"],
        Key(
            Choice(("text", "json", "route53")),
            "text: a line to read.  json: an object a line, with view and reason.  route53: what Route 53 Resolver query "
            "logging writes, VPCs' queries alone, and one line for what a client asks again within the TTL.",
        ),
    ] = "text"
    max_size: Annotated[int, Key(SIZE, "The size at which the file becomes PATH.1 and a new one is begun; 0: never.")] = (
        100_000_000
    )
    keep: Annotated[int, Key(Integer(0, 1000), "How many such older files are kept.")] = 5
