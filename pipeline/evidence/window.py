"""Window: which rows of a table show what a cell means: its column's head, and the rows around."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from pipeline.read.document import Cell, Document, Table

_ABOVE, _BELOW = 3, 2
_TALLEST_GROUP = 12  # rows of a group label that are all shown
_TALLEST_HEAD = 4  # rows above the one next to the figures
_FIGURE = re.compile(r"[\d+\-—–−/\\.,○〇×*(]|[无零]$")


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a table: those from ``first`` up to, not including, ``last``."""

    table: Table
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Window:
    """What is shown of a table, or of the pieces that page breaks made of it.

    Args:
        cell: the cell that is marked.
        rows: one or two ranges from the top down; the last one holds the cell, one before it
            the head of its column.
        after: the rows in which a page break may have put the rest of the cell, None where the
            cell does not end its piece of the table.

    """

    cell: Cell
    rows: tuple[Rows, ...]
    after: Rows | None = None


def window_at(document: Document, place: str) -> Window | None:
    """Return what to show around a place, None when no table has a cell there.

    Args:
        document: what the reader found.
        place: of a cell.

    """
    tables = list(document.tables())
    for number, table in enumerate(tables):
        cell = next((cell for cell in table.cells if cell.place == place), None)
        if cell is not None:
            following = tables[number + 1] if number + 1 < len(tables) else None
            return replace(
                _window(tables[: number + 1], cell), after=_after(table, cell, following)
            )
    return None


def _after(table: Table, cell: Cell, following: Table | None) -> Rows | None:
    if following is None or cell.row + cell.row_span < table.rows:
        return None
    if following.columns != table.columns:
        return None
    column = [row[cell.column] for row in following.grid()]
    head = next((n for n, c in enumerate(column) if not (c and _is_label(c.text))), 0)
    return Rows(following, 0, head + 1)


def _window(tables: list[Table], cell: Cell) -> Window:
    table = tables[-1]
    first = max(cell.row - _ABOVE, 0)
    last = min(cell.row + min(cell.row_span, _TALLEST_GROUP) + _BELOW, table.rows)
    for other in table.grid()[cell.row]:
        if other is not None and other.row_span <= _TALLEST_GROUP:
            first, last = min(first, other.row), max(last, other.row + other.row_span)
    around = Rows(table, first, last)
    head = _head(tables, cell)
    if head is None:
        return Window(cell, (around,))
    if head.table is not table or head.last < first - 1:
        return Window(cell, (head, around))
    return Window(cell, (Rows(table, min(head.first, first), last),))


def _head(tables: list[Table], cell: Cell) -> Rows | None:
    """Return the rows of the labels above a cell, on an earlier piece of the table if need be."""
    table, column, row = tables[-1], cell.column, cell.row
    for number in range(len(tables) - 1, -1, -1):
        if tables[number] is not table:
            found = _same_column(table, column, tables[number])
            if found is None:
                return None
            table, column = tables[number], found
            row = table.rows
        grid = table.grid()
        for above in range(row - 1, -1, -1):
            label = grid[above][column]
            if label is not None and _is_label(label.text):
                top = label.row
                while top and (over := grid[top - 1][column]) and _is_label(over.text):
                    if label.row - over.row > _TALLEST_HEAD:
                        break
                    top = over.row
                return Rows(table, top, min(label.row + label.row_span, row))
    return None


def _same_column(table: Table, column: int, before: Table) -> int | None:
    """Return which column of the piece before goes on in a column, None when it is no piece."""
    if before.columns == table.columns:
        return column
    if not before.edges or not table.edges:
        return None
    centre = (table.edges[column] + table.edges[column + 1]) / 2
    for index in range(before.columns):
        if before.edges[index] <= centre < before.edges[index + 1]:
            return index
    return None


def _is_label(text: str) -> bool:
    """Tell a column's head from a figure, a dash or a blank."""
    folded = "".join(unicodedata.normalize("NFKC", text).split())
    return bool(folded) and not _FIGURE.match(folded)
