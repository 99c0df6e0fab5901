"""What `vpcdns top` shows: numbers of two looks at a server, and how they are laid out in a window of any size.

Nothing here asks or draws: a look is a value, and a frame is lines of text.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, Self

from proxy.cli.stats import duration, percent
from proxy.settings.problems import one_line

KEPT = 1000
"""So many queries names and times are counted of."""

_BAR = 20
_LEAST_ROWS = 2  # a title and a row


class Line(NamedTuple):
    """A line, and its style in `Paint`'s words."""

    text: str
    style: str = ""


class Frame(NamedTuple):
    """A look: the moment in seconds, what /v1/stats said, the last queries, and what came to what since the look before."""

    moment: float
    stats: Mapping[str, Any]
    latest: int
    queries: deque[Mapping[str, Any]]
    seconds: float
    new: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(cls, moment: float, stats: Mapping[str, Any], said: Mapping[str, Any], before: Frame | None) -> Self:
        """The look at a moment; rates are those since the one before."""
        queries: deque[Mapping[str, Any]] = deque([] if before is None else before.queries, KEPT)
        queries.extend(said["queries"])
        old = stats if before is None or before.stats["uptime"] > stats["uptime"] else before.stats
        new = {word: _grown(old["answers"][word], stats["answers"][word]) for word in stats["answers"] if word != "total"}
        new["cache"] = _grown(old["cache"], stats["cache"])
        asked = [{each["address"]: each["sent"] for each in one["upstream"]["servers"]} for one in (old, stats)]
        new["upstream"] = _grown(*asked)
        return cls(moment, stats, said["latest"], queries, 0.0 if before is None else moment - before.moment, new)

    @property
    def rate(self) -> float:
        """Queries a second."""
        return self.per_second(sum(self.new["by_view"].values()))

    def per_second(self, number: int) -> float:
        """What a number since the look before is in a second."""
        return number / self.seconds if self.seconds else 0.0

    def quantile(self, share: float) -> float | None:
        """In how many seconds that share of the last queries was answered; None where there were none."""
        times = sorted(query["seconds"] for query in self.queries)
        return times[min(int(len(times) * share), len(times) - 1)] if times else None

    def names(self) -> list[tuple[str, int]]:
        """The names of the last queries with their types and views, the most asked for first."""
        asked = Counter(
            f"{query['name'].removesuffix('.') or '.'} {query['type']} in {query['view']}" for query in self.queries
        )
        return asked.most_common()

    def hit_ratio(self) -> tuple[int, int]:
        """Looks into the cache since the look before that found something, and all."""
        new = self.new["cache"]
        return new["hits"], new["hits"] + new["misses"]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        hits, looks = self.hit_ratio()
        rates = {
            word: {name: round(self.per_second(number), 3) for name, number in self.new[word].items()}
            for word in ("by_view", "by_reason", "by_rcode", "by_transport", "upstream")
        }
        return {
            "seconds": round(self.seconds, 3),
            "queries_per_second": round(self.rate, 3),
            "per_second": rates,
            "cache": {"hits": hits, "lookups": looks},
            "answer_seconds": {f"p{share}": self.quantile(share / 100) for share in (50, 95, 99)},
            "names": [{"name": name, "queries": number} for name, number in self.names()[:20]],
            "last_queries": len(self.queries),
            "stats": self.stats,
        }


class _Section(NamedTuple):
    title: str
    rows: Sequence[Line]


def drawn(frame: Frame, width: int, height: int, wrong: str = "") -> list[Line]:
    """The frame in `width` columns and `height` rows: as much of every part as there is room for, none wider."""
    head = [Line(wrong, "bold red")] if wrong else []
    head += _head(frame)
    sections = list(_sections(frame, width))
    rooms = _rooms([len(section.rows) for section in sections], height - len(head) - 1)
    body = chain.from_iterable(
        [Line(""), Line(section.title, "bold"), *section.rows[: room - 2]]
        for section, room in zip(sections, rooms, strict=True)
        if room > _LEAST_ROWS
    )
    return [Line(one_line(line.text)[: max(width - 1, 0)], line.style) for line in [*head, *body]][: max(height - 1, 1)]


def _rooms(wanted: Sequence[int], room: int) -> list[int]:
    """How many rows each section has, with a blank one and a title: in turn one more each, until there are none left."""
    rooms = [0] * len(wanted)
    for place in range(len(wanted)):
        if room > _LEAST_ROWS and wanted[place]:
            rooms[place] = _LEAST_ROWS + 1
            room -= _LEAST_ROWS + 1
    while room > 0:
        growing = [place for place, rows in enumerate(rooms) if rows and rows < wanted[place] + _LEAST_ROWS]
        if not growing:
            break
        for place in growing[:room]:
            rooms[place] += 1
        room -= len(growing[:room])
    return rooms


def _head(frame: Frame) -> Iterator[Line]:
    configuration = frame.stats["configuration"]
    changes = len(configuration["changes"])
    changed = f", {changes} changed until the next reload" if changes else ""
    up = duration(frame.stats["uptime"])
    yield Line(
        f"vpcdns {frame.stats['version']}  up {up}  {configuration['name']} ({configuration['digest']}){changed}", "cyan"
    )
    hits, looks = frame.hit_ratio()
    times = " ".join(f"p{share} {_milliseconds(frame.quantile(share / 100))}" for share in (50, 95, 99))
    yield Line(
        f"{_rate(frame.rate)} queries/s  answered in {times}  cache {percent(hits, looks)}  "
        f"upstream {frame.stats['upstream']['in_flight']} under way  TCP {frame.stats['tcp_connections']}",
        "bold",
    )


def _sections(frame: Frame, width: int) -> Iterator[_Section]:
    """The most telling first: where room is short, the later ones are left out."""
    total = sum(frame.new["by_view"].values())
    for title, word in (("VIEWS", "by_view"), ("REASONS", "by_reason")):
        found = sorted(frame.new[word].items(), key=lambda pair: -pair[1])
        yield _Section(
            title, list(_bars(((name, frame.per_second(number), number, total) for name, number in found), width))
        )
    names = frame.names()
    asked = len(frame.queries)
    rows = _bars(((name, None, number, asked) for name, number in names[:100]), width)
    yield _Section(f"NAMES of the last {asked:,} queries", list(rows))
    yield _Section("UPSTREAM", list(_servers(frame)))


def _bars(rows: Iterable[tuple[str, float | None, int, int]], width: int) -> Iterator[Line]:
    """A name, its rate or number, its share, and a bar as long as that."""
    room = max(width - _BAR - 22, 12)
    for name, rate, number, total in rows:
        shown = name if len(name) <= room else f"{name[: room - 1]}…"
        value = f"{number:,}" if rate is None else f"{_rate(rate)}/s"
        bar = "█" * round(_BAR * number / total) if total else ""
        yield Line(f"  {shown.ljust(room)} {value:>9} {percent(number, total):>7} {bar}")


def _servers(frame: Frame) -> Iterator[Line]:
    for each in sorted(
        frame.stats["upstream"]["servers"], key=lambda server: -frame.new["upstream"].get(server["address"], 0)
    ):
        rate = _rate(frame.per_second(frame.new["upstream"].get(each["address"], 0)))
        state = "up   " if each["up"] else "rests"
        text = (
            f"  {state} {each['address']}  {rate}/s  {_milliseconds(each['reply_seconds'])}  {each['failures']:,} failures"
        )
        yield Line(text, "" if each["up"] else "red")


def _grown(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """How much more of each there is; who counted from the beginning again has counted that."""
    return {
        name: number - before.get(name, 0) if number >= before.get(name, 0) else number for name, number in after.items()
    }


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 or rate == int(rate) else f"{rate:.1f}"


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1000 * seconds:.1f} ms" if seconds >= 0.0001 else f"{1000 * seconds:.2f} ms"
