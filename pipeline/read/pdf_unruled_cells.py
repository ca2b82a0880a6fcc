"""The cells of a table without rules, once its rows and columns are known."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from pipeline.read.document import Cell, Table, page_place
from pipeline.read.grid import Span
from pipeline.read.pdf_blocks import Block, beside
from pipeline.read.pdf_page import Box, Page
from pipeline.read.pdf_text import unite
from pipeline.read.pdf_unruled_columns import Column, Heads, holding

_NO_FIGURES = "表格没有线条，该行没有数字，无法确定是空白还是别行的一部分"


@dataclass(slots=True)
class Row:
    """What stands on one level.

    Args:
        label: its label; None where the table has none.
        values: its figures and notes.

    """

    label: Block | None
    values: list[Block]

    @property
    def box(self) -> Box:
        """Left, top, right, bottom in points."""
        return unite([block.box for block in (self.label, *self.values) if block])


@dataclass(slots=True)
class UnruledTable:
    """A table and where it is.

    Args:
        top: upper edge in points.
        table: its cells.
        columns: its columns of figures, which may go on overleaf.
        whole: whether its first row is one with figures, no piece of a row that began overleaf.

    """

    top: float
    table: Table
    columns: list[Column]
    whole: bool


def table_of(
    page: Page, heads: Heads, names: list[Block], rows: list[Row], groups: list[Block]
) -> UnruledTable | None:
    """Return the table that heads and rows make; None where two things stand in one cell.

    Args:
        page: where it stands.
        heads: its columns and the heads above them.
        names: what else stands above its rows: titles, and what the corner beside the heads says.
        rows: from top to bottom; what a row without figures has is doubted.
        groups: labels beside several rows.

    """
    return _Writer(page, heads, names, rows, groups).table()


def _joined(blocks: list[Block]) -> Block | None:
    """Return blocks of one cell as one, as the end of a page may cut it."""
    if len(blocks) < 2:
        return blocks[0] if blocks else None
    blocks = sorted(blocks, key=lambda block: block.middle)
    box = unite([block.box for block in blocks if not block.place] or [blocks[0].box])
    lines = [line for block in blocks for line in block.lines]
    place = "" if any(not block.place for block in blocks) else blocks[0].place
    return Block(lines, [run for block in blocks for run in block.runs], box, place)


class _Writer:
    """Puts what was found into the cells of a table."""

    def __init__(
        self,
        page: Page,
        heads: Heads,
        names: list[Block],
        rows: list[Row],
        groups: list[Block],
    ) -> None:
        self.page, self.heads, self.rows = page, heads, rows
        self.columns = heads.columns
        topmost = min((b.box[1] for b in heads.blocks()), default=0.0)
        self.lone = [b for b in names if b.box[3] <= topmost + 1.0 or not heads.blocks()]
        self.corner = [b for b in names if not any(b is other for other in self.lone)]
        self.groups = holding(groups)
        self.cells: list[Cell] = []

    def table(self) -> UnruledTable | None:
        """Return the table; None where two things stand in one cell."""
        labels = len(self.groups) + 1
        width = labels + len(self.columns)
        row = 0
        for block in self.lone:
            self._put(Span(row, 0, 1, width), block)
            row += 1
        depth = self.heads.depth
        if depth:
            self._put(Span(row, 0, depth, labels), _joined(self.corner))
            for level, first, end, block in self.heads.placed:
                self._put(Span(row + level, labels + first, 1, end - first), block)
            row += depth
        rows = self._grouped(row)
        if rows is None:
            return None
        for number, (printed, start) in enumerate(zip(self.rows, rows, strict=True), row):
            self._put(Span(number, start, 1, labels - start), printed.label)
            for index, column in enumerate(self.columns):
                inside = [b for b in printed.values if column.holds(b)]
                if len(inside) > 1:
                    return None
                box = (column.left, printed.box[1], column.right, printed.box[3])
                doubt = "" if printed.values else _NO_FIGURES
                self._put(Span(number, labels + index, 1, 1), next(iter(inside), None), box, doubt)
        box = unite([b.box for b in self._blocks() if not b.place])
        number, frame = self.page.number, self.page.frame
        cells = tuple(sorted(self.cells, key=lambda cell: (cell.row, cell.column)))
        place = page_place(number, frame.displayed(box))
        table = Table(row + len(self.rows), width, cells, place, edges=self._edges(box))
        whole = bool(self.rows[0].values) and (depth > 0 or not self.lone)
        return UnruledTable(box[1], table, self.columns, whole)

    def _blocks(self) -> list[Block]:
        blocks = [*self.lone, *self.corner, *self.heads.blocks()]
        blocks += [b for column in self.groups for b in column]
        return blocks + [b for row in self.rows for b in (row.label, *row.values) if b]

    def _grouped(self, first: int) -> list[int] | None:
        """Put the labels of groups into the columns before those of rows.

        Returns:
            The column in which the label of each row begins.

        """
        starts = [0] * len(self.rows)
        for index, column in enumerate(self.groups):
            end = 0
            for block in column:
                beside_it = [
                    n for n, r in enumerate(self.rows) if r.label and beside(r.label.box, block.box)
                ]
                if not beside_it or beside_it[0] < end:
                    return None
                span = beside_it[-1] + 1 - beside_it[0]
                self._put(Span(first + beside_it[0], index, span, 1), block)
                starts[beside_it[0] : beside_it[-1] + 1] = [index + 1] * span
                end = beside_it[-1] + 1
        return starts

    def _put(
        self, span: Span, block: Block | None, box: Box | None = None, doubt: str = ""
    ) -> None:
        """Add a cell; a blank one is where its box is, without a box there is none."""
        shown = block.box if block else box
        if shown is not None:
            place = page_place(self.page.number, self.page.frame.displayed(shown))
            place = (block and block.place) or place
            self.cells.append(Cell(*span, block.text if block else "", place, doubt))

    def _edges(self, box: Box) -> tuple[float, ...]:
        """Return the borders of the columns, in the middle of the white between them."""
        lefts = [min(b.left for b in column) for column in self.groups]
        names = [row.label for row in self.rows if row.label]
        edges = [box[0] - 1.0]
        if names:
            reach = [max(b.right for b in column) for column in self.groups]
            inner = [min(b.left for b in names if b.left >= right - 1) for right in reach]
            edges += inner if len(inner) == len(lefts) else lefts
            edges.append((max(b.right for b in names) + self.columns[0].left) / 2)
        edges += [(one.right + other.left) / 2 for one, other in pairwise(self.columns)]
        return (*edges, max(box[2], self.columns[-1].right) + 1.0)
