"""A comparison on a terminal: a table as wide as that is, or blocks where there are more views than columns fit.

The one module that draws with rich; it is imported only when there is a terminal to draw on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from proxy.cli.comparison import Cell, Row
from proxy.cli.folding import fold, share
from proxy.cli.outcomes import STYLE

_LEAST = 18  # a column that an address with its mark and the longer half of a reason fit in
_GAP = 2
_MANY = 4  # of an answer that all views agree on, so many records stand for all
_PRIVATE = "private"


def draw(rows: Sequence[Row], heads: Sequence[tuple[str, str]], console: Console) -> None:
    """Draw `rows`; each of `heads` is a view and what it is."""
    room = console.width - 1 - _GAP * (len(heads) + 1)
    needs = _needs(rows, heads, in_full=True)
    if sum(needs) > room:
        needs = _needs(rows, heads, in_full=False)
    widths = share(needs, room)
    if any(width < min(need, _LEAST) for width, need in zip(widths, needs, strict=True)):
        _draw_blocks(rows, [view for view, _ in heads], console)
    else:
        _draw_table(rows, heads, widths, console)


def _needs(rows: Sequence[Row], heads: Sequence[tuple[str, str]], *, in_full: bool) -> list[int]:
    """How wide the names and each view's answers are, the reasons without what stands in brackets unless `in_full`."""
    views = zip(heads, zip(*(row.cells for row in rows), strict=True), strict=True)
    return [
        max(len(_title(row)) for row in rows),
        *(max(*map(len, head), *(_need(cell, in_full=in_full) for cell in cells)) for head, cells in views),
    ]


def _need(cell: Cell, *, in_full: bool) -> int:
    return max(_width(cell), len(cell.reason if in_full else _shortened(cell.reason)))


def _width(cell: Cell) -> int:
    """How wide an answer is without its reason."""
    values = [len(value.text) + (len(_PRIVATE) + 2) * value.private for value in cell.values]
    return max(*values, len(cell.word), 0)


def _draw_table(rows: Sequence[Row], heads: Sequence[tuple[str, str]], widths: Sequence[int], console: Console) -> None:
    table = Table(
        box=box.HORIZONTALS, show_lines=True, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), border_style="dim"
    )
    table.add_column("", width=1)
    table.add_column("", width=widths[0])
    for (view, what), width in zip(heads, widths[1:], strict=True):
        table.add_column(_stack([*_folded(view, width, "bold cyan"), *_folded(what, width, "not bold dim")]), width=width)
    for row in rows:
        cells = (_stack(_lines(cell, width, row.same)) for cell, width in zip(row.cells, widths[1:], strict=True))
        table.add_row(_mark(row, console), _stack(_name(row, widths[0])), *cells)
    console.print(table)


def _draw_blocks(rows: Sequence[Row], views: Sequence[str], console: Console) -> None:
    """A block a name and a line or more a view, the reason beside the answer where there is room for it."""
    side = min(max(map(len, views)), max(console.width // 3, 8))
    room = console.width - side - 2 * _GAP
    middle = max(_width(cell) for row in rows for cell in row.cells)
    beside = room - middle - _GAP
    wide = all(len(_shortened(cell.reason)) <= beside for row in rows for cell in row.cells)
    for row in rows:
        table = Table.grid(padding=(0, _GAP, 0, 0))
        for width in (side, middle, beside) if wide else (side, room):
            table.add_column(width=width)
        for view, cell in zip(views, row.cells, strict=True):
            answer = [*_answer(cell, middle, row.same)] if wide else _lines(cell, room, row.same)
            reason = (_stack(_reason(cell, beside)),) if wide else ()
            table.add_row(_stack(_folded(view, side, "cyan")), _stack(answer), *reason)
        name = _name(row, console.width - _GAP)
        console.print(_stack([Text.assemble(_mark(row, console), " ", name[0]), *name[1:]]))
        console.print(Padding(table, (0, 0, 0 if row is rows[-1] else 1, _GAP)))


def _mark(row: Row, console: Console) -> Text:
    if row.same:
        return Text("=", "dim")
    return Text("!" if console.options.ascii_only else "≠", "bold yellow")


def _name(row: Row, width: int) -> list[Text]:
    return _folded(_title(row), width, "" if row.same else "bold")


def _title(row: Row) -> str:
    """The name, and its type where that is not the usual one."""
    return row.name if row.type == "A" else f"{row.name} {row.type}"


def _lines(cell: Cell, width: int, same: bool) -> list[Text]:
    return [*_answer(cell, width, same), *_reason(cell, width)]


def _reason(cell: Cell, width: int) -> list[Text]:
    return _folded(cell.reason if len(cell.reason) <= width else _shortened(cell.reason), width, "dim italic")


def _answer(cell: Cell, width: int, same: bool) -> Iterator[Text]:
    shown = cell.values[: _MANY - 1] if same and len(cell.values) > _MANY else cell.values
    for value in shown:
        if value.private:
            apart = "  " if len(value.text) + len(_PRIVATE) + 2 <= width else "\n"
            yield Text.assemble((value.text, "bold green"), apart, (_PRIVATE, "green"))
        else:
            yield from _folded(value.text, width)
    if len(shown) < len(cell.values):
        yield Text(f"and {len(cell.values) - len(shown)} more", "dim")
    if cell.word:
        yield Text(cell.word, STYLE[cell.outcome])


def _shortened(reason: str) -> str:
    """A reason without what stands in brackets behind it, such as an id."""
    return reason.partition(" (")[0]


def _folded(text: str, width: int, style: str = "") -> list[Text]:
    return [Text(line, style) for line in fold(text, width)]


def _stack(lines: Sequence[Text]) -> Text:
    return Text("\n").join(lines)
