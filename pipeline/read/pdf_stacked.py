"""Figures that do not fit their cells: wrapped, overflowing, or of two rows without a rule."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from pipeline.read.document import Cell
from pipeline.read.grid import SNAP, Grid
from pipeline.read.pdf_page import Box, Page
from pipeline.read.pdf_text import Line, Run, cell_lines, lines_of

_MOST_WHITE = 12.0  # points left and right of what stands in a cell; office programs leave 11
_STACKED = re.compile(r"[-+－＋−]?\d(?:[\d.,，]*\d)?")
_REMARK = re.compile(r"[（(]|万?元|[件条份项个次]")
_REMARK_OVERLEAF = "数字后面的附注印在次页，未能合为一格"
_PIECE = re.compile(r"[,.，．]\d|\d+[,.，．]$")  # of a figure that goes on above or below
_DIGITS = frozenset("0123456789.,０１２３４５６７８９．，")
_KERNED = 0.1  # ems by which a digit may be wider than those of a line with kerned ones
CUT = "数字越过格线，不知整个数字属于哪一格"


@dataclass(slots=True)
class PageTable:
    """A grid, what stands in each of its cells, and those with a piece of a figure that overflows.

    Args:
        page: where it stands.
        grid: its cells.
        runs: what stands in each of them.
        cut: indices of cells that a figure runs into or out of; None for outside of the grid.

    """

    page: Page
    grid: Grid
    runs: list[list[Run]]
    cut: set[int | None] = field(default_factory=set)

    def least_white(self) -> float:
        """Return how much of its cell's width the fullest line leaves free, in points."""
        free = [_MOST_WHITE]
        for span, runs in zip(self.grid.spans, self.runs, strict=True):
            left, _, right, _ = self.grid.cell_box(span)
            free += [right - left - line.box[2] + line.box[0] for line in lines_of(runs)]
        return min(free)


def lacks_row_rules(table: PageTable) -> bool:
    """Tell whether a row holds several rows of figures, so that its cells are none.

    Figures that wrap inside a narrow cell fill its width, one like the other; figures of
    different rows do not.
    """
    stacked: dict[int, list[tuple[Line, float]]] = defaultdict(list)
    for span, runs in zip(table.grid.spans, table.runs, strict=True):
        if len(runs) < 2:
            continue
        lines = lines_of(runs)
        figures = [line for line in lines if _STACKED.fullmatch(line.text)]
        if len(figures) < 2 or any(_PIECE.match(line.text) for line in lines):
            continue
        left, _, right, _ = table.grid.cell_box(span)
        if all(line.box[2] + line.em < right for line in figures):
            stacked[span.row].append((figures[0], right - left))
    rows = [firsts for firsts in stacked.values() if len(firsts) > 1]
    if not rows:  # as on most pages; what follows looks at every cell
        return False
    least = table.least_white()
    return any(
        # Of signs, separators and full-width digits fewer or more fill a line.
        all(roomy) or (any(roomy) and len({len(first.text) for first, _ in firsts}) > 1)
        for firsts in rows
        for roomy in [[_has_room(first, width, least) for first, width in firsts]]
    )


def _has_room(line: Line, width: float, least_white: float) -> bool:
    """Tell whether one more digit fits on a line of a cell beside the least white of its table."""
    printed = line.box[2] - line.box[0]
    return width - printed >= least_white + printed / len(line.text) + _KERNED * line.em


def is_stacked(lines: list[Line]) -> bool:
    """Tell whether the first two lines of a cell are figures; a separator between joins them."""
    return len(lines) > 1 and all(_STACKED.fullmatch(line.text) for line in lines[:2])


def doubted(cell: Cell, table: PageTable, index: int) -> Cell:
    """Return a cell, doubted if figures stand in it on several lines that would fit on one.

    A figure goes on below only where its line has no room for one more digit, beside the least
    white that any line of the table leaves in its cell.
    """
    span, runs = table.grid.spans[index], table.runs[index]
    lines = cell_lines(runs) if len(runs) > 1 else []
    if not is_stacked(lines):
        return cell
    left, _, right, _ = table.grid.cell_box(span)
    if not _has_room(lines[0], right - left, table.least_white()):
        return cell
    return replace(cell, doubt="同一格内上下排着几个数字，一行本可放下，无法确定取哪一个")


def filled(cells: Sequence[Cell], table: PageTable) -> list[Cell]:
    """Return the cells of a table at the end of a page, those of its last row told that are full.

    A figure that the end of the page cuts has filled its line; one that has room has ended.
    """
    least = table.least_white()
    marked = []
    for cell, span, runs in zip(cells, table.grid.spans, table.runs, strict=True):
        if runs and cell.row + cell.row_span == table.grid.rows:
            left, _, right, _ = table.grid.cell_box(span)
            line = cell_lines(runs)[-1]
            marked.append(replace(cell, full=not _has_room(line, right - left, least)))
        else:
            marked.append(cell)
    return marked


def with_remark_overleaf(cells: list[Cell], table: PageTable, below: PageTable) -> list[Cell]:
    """Return the cells of a table at the end of a page, those doubted whose remark is overleaf.

    Args:
        cells: of the table.
        table: the last of a page.
        below: the first of the page behind.

    """
    rows: dict[int, list[tuple[Box, str]]] = defaultdict(list)
    for span, runs in zip(below.grid.spans, below.runs, strict=True):
        if runs:
            text = "".join(run.text for run in runs)
            rows[span.row].append((below.grid.cell_box(span), text))
    # Where figures go on overleaf, too, whoever joins them joins their remarks; a head may stand
    # above what goes on.
    rest = (row for row in rows.values() if all(_REMARK.match(text) for _, text in row))
    remarks = [box for box, _ in next(rest, [])]
    if not remarks:
        return cells
    marked = []
    for cell, span in zip(cells, table.grid.spans, strict=True):
        left, _, right, _ = table.grid.cell_box(span)
        over = any(abs(box[0] - left) <= SNAP and abs(box[2] - right) <= SNAP for box in remarks)
        last = cell.row + cell.row_span == table.grid.rows
        cut = last and over and _STACKED.fullmatch(cell.text.replace("\n", ""))
        marked.append(replace(cell, doubt=_REMARK_OVERLEAF) if cut else cell)
    return marked


def doubt_rows(cells: list[Cell]) -> list[Cell]:
    """Return cells, all doubted that stand beside a doubted one: it may hold two rows."""
    rows = {cell.row: cell.doubt for cell in cells if cell.doubt}
    return [
        replace(cell, doubt=rows[cell.row])
        if cell.row in rows and all(map(_STACKED.fullmatch, cell.text.split("\n")))
        else cell
        for cell in cells
    ]


def cuts_figure(text: str, cells: Sequence[int | None]) -> bool:
    """Tell whether the border of a cell lies between two digits that touch.

    A figure too wide for its cell runs on over the next one, whose own it then seems to be. Two
    figures that fill their cells to the border look the same.

    Args:
        text: characters without a gap between them.
        cells: index of the cell that each stands in, None outside of the table.

    """
    pairs = zip(pairwise(text), pairwise(cells), strict=True)
    return any(one != two and _DIGITS.issuperset(pair) for pair, (one, two) in pairs)
