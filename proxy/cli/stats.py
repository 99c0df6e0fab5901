"""`vpcdns stats`: what a running server has counted since its start."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from proxy.cli.arguments import AdminOption, ConfigOption, JsonOption
from proxy.cli.control import find_control, told
from proxy.cli.output import aligned, say, say_json
from proxy.cli.paint import Paint
from proxy.telling.words import counted

_WORDS = {
    "malformed": "that were no query",
    "dropped": "over packets_per_second",
    "limited": "over responses_per_second",
    "ignored": "to which no answer may go",
    "given_up": "given up for newer ones",
    "unsent": "whose answer the machine did not take",
}


def run(ctx: typer.Context, config: ConfigOption = None, admin: AdminOption = None, as_json: JsonOption = False) -> None:
    """What a running server has counted since its start: queries by view, reason and rcode, cache, upstream servers."""

    def work() -> None:
        said = find_control(ctx, config, admin).get("/v1/stats")
        if as_json:
            say_json(said)
            return
        paint = Paint(sys.stdout)
        for title, lines in _parts(said):
            say(paint(title, "bold"))
            for line in lines:
                say(f"  {line}")

    told(work, as_json=as_json)


def duration(seconds: float) -> str:
    """Two units of time at most: `3 h 12 min`."""
    left = int(seconds)
    parts: list[str] = []
    for word, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if left >= size or (word == "s" and not parts):
            parts.append(f"{left // size} {word}")
            left %= size
    return " ".join(parts[:2])


def percent(part: float, whole: float) -> str:
    """A share of something that there is."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _parts(said: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    configuration, answers = said["configuration"], said["answers"]
    up = f"vpcdns {said['version']}, up {duration(said['uptime'])}"
    yield up, list(_configuration(configuration))
    queries = "query" if answers["total"] == 1 else "queries"
    yield f"{answers['total']:,} {queries} answered", list(_answers(answers))
    yield "cache", [_cache(said["cache"])]
    servers = said["upstream"]["servers"]
    yield "upstream", aligned([_server(each) for each in servers]) or ["nobody was asked"]
    bad = {word: number for word, number in said["packets"].items() if number}
    if bad:
        yield "packets", [f"{number:,} {_WORDS[word]}" for word, number in bad.items()]


def _configuration(configuration: Mapping[str, Any]) -> Iterator[str]:
    reloads = configuration["reloads"]
    failed = f", {reloads['failed']:,} failed" if reloads["failed"] else ""
    yield f"{configuration['name']} ({configuration['digest']}), {counted(reloads['good'], 'reload')}{failed}"
    yield from (f"changed until the next reload: {change}" for change in configuration["changes"])


def _answers(answers: Mapping[str, Any]) -> list[str]:
    rows = []
    for word in ("view", "reason", "rcode", "transport"):
        for at, (name, number) in enumerate(answers[f"by_{word}"].items()):
            rows.append((f"by {word}" if not at else "", name, f"{number:,}", percent(number, answers["total"])))
    width = max((len(row[2]) for row in rows), default=0)
    return aligned([(first, name, number.rjust(width), share.rjust(7)) for first, name, number, share in rows])


def _cache(cache: Mapping[str, int]) -> str:
    looks = cache["hits"] + cache["misses"]
    return (
        f"{counted(cache['entries'], 'reply')} kept, {cache['hits']:,} of {looks:,} looks found one "
        f"({percent(cache['hits'], looks)}), {cache['evictions']:,} evicted, "
        f"{cache['stale']:,} given out stale"
    )


def _server(server: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        server["address"],
        "up" if server["up"] else "rests",
        f"{server['sent']:,} asked",
        f"{server['replies']:,} replied",
        f"{server['failures']:,} failures",
        f"{1000 * server['reply_seconds']:.1f} ms",
    )
