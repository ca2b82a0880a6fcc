"""The columns of table 三: found by their heads, then the rows of a fragment by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.read.document import Cell, Table
from pipeline.recognise.form import table3_columns
from pipeline.recognise.labels import best_similarity, has_han, plain, similarity
from pipeline.recognise.layout import Kind
from pipeline.recognise.numbers import looks_like_figure, read_cell
from pipeline.recognise.page_cuts import (
    COLUMN_CODES,
    is_group,
    row_fit,
)
from pipeline.recognise.rows import (
    ACCEPT,
    Candidate,
    GridRow,
)
from pipeline.report import CellReading

_HEAD_GROUPS = ("申请人情况", "法人或其他组织")
_LABEL_COLUMNS = 3
_ORGANISATIONS = COLUMN_CODES[1:-1]


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Grid columns of each value column of table 三.

    Args:
        columns: grid columns by column code.
        width: number of columns of the grid it was found in.
        edges: x borders of that grid, for matching fragments on other pages.

    """

    columns: dict[str, tuple[int, ...]]
    width: int
    edges: tuple[float, ...]

    @property
    def official(self) -> bool:
        """Whether the columns stand in the order of the form."""
        firsts = [self.columns[code][0] for code in COLUMN_CODES]
        return firsts == sorted(firsts)


def _head_text(rows: Sequence[GridRow], column: int) -> str:
    seen: dict[tuple[int, int], str] = {}
    for row in rows:
        for cell in row.cells:
            if cell.column <= column < cell.column + cell.column_span:
                text = plain(cell.text)
                if text and "勾稽" not in text and text not in _HEAD_GROUPS:
                    seen[(cell.row, cell.column)] = text
    # A head that is printed twice in one grid says its words twice.
    return "".join(dict.fromkeys(seen.values()))


def map_columns(rows: Sequence[GridRow], table: Table) -> ColumnMap | None:
    """Return which grid columns hold which value column, from the head rows of a fragment.

    Args:
        rows: the head rows, top to bottom.
        table: the grid they belong to.

    Returns:
        A map of all seven columns, or None when a head is missing or said twice, or when a kind
        of organisation does not stand under 法人或其他组织: then spans are lost and the heads
        have slid away from their columns.

    """
    found: dict[str, list[int]] = {}
    for number in range(table.columns):
        text = _head_text(rows, number)
        if not text:
            continue
        fits = sorted(
            ((best_similarity(text, column.labels), column.code) for column in table3_columns()),
            reverse=True,
        )
        if fits[0][0] >= 0.7 and fits[0][0] - fits[1][0] >= 0.1:
            found.setdefault(fits[0][1], []).append(number)
    if set(found) != set(COLUMN_CODES):
        return None
    for columns in found.values():
        if columns[-1] - columns[0] + 1 != len(columns):
            return None
    above = {
        number
        for row in rows
        for cell in row.cells
        if similarity(cell.text, _HEAD_GROUPS[1]) >= ACCEPT
        for number in range(cell.column, cell.column + cell.column_span)
    }
    if above and not all(n in above for code in _ORGANISATIONS for n in found[code]):
        return None
    return ColumnMap(
        {code: tuple(found[code]) for code in COLUMN_CODES}, table.columns, table.edges
    )


def out_of_order(rows: Sequence[GridRow]) -> bool:
    """Tell whether the heads that can be read stand in another order than the form's."""
    for row in rows:
        order = []
        for cell in sorted(row.cells, key=lambda c: c.column):
            fits = sorted(
                (
                    (best_similarity(cell.text, column.labels), number)
                    for number, column in enumerate(table3_columns())
                ),
                reverse=True,
            )
            if cell.row == row.row and fits[0][0] >= 0.7 and fits[0][0] - fits[1][0] >= 0.1:
                order.append(fits[0][1])
        if order != sorted(order):
            return True
    return False


def _ruled(x: float, table: Table) -> bool:
    return any(abs(edge - x) <= 3 for edge in table.edges)


def inherit_columns(previous: ColumnMap, table: Table) -> ColumnMap | None:
    """Return the column map of a fragment that repeats no head, from the fragment before it."""
    if previous.edges and table.edges:
        columns: dict[str, tuple[int, ...]] = {}
        for code, numbers in previous.columns.items():
            left, right = previous.edges[numbers[0]], previous.edges[numbers[-1] + 1]
            inside = tuple(
                n
                for n in range(table.columns)
                if left - 3 <= (table.edges[n] + table.edges[n + 1]) / 2 <= right + 3
            )
            if not inside or not (_ruled(left, table) and _ruled(right, table)):
                # Another width: the columns of the page before say nothing about these.
                return None
            columns[code] = inside
        return ColumnMap(columns, table.columns, table.edges)
    if previous.width == table.columns:
        return previous
    return None


def _values_by_map(row: GridRow, columns: ColumnMap) -> dict[str, CellReading] | None:
    """Read the value cells of a row by their columns; None when the row contradicts the heads.

    It does when a figure lies outside of the columns, a label inside of them, or a column has no
    cell: a wrong span above has pushed the row aside, and then no column of it can be trusted.
    """
    mapped = {n for numbers in columns.columns.values() for n in numbers}
    covered: set[int] = set()
    for cell in row.cells:
        span = set(range(cell.column, cell.column + cell.column_span))
        covered |= span
        if looks_like_figure(cell.text) and not span & mapped:
            return None
        if span & mapped and has_han(cell.text) and not looks_like_figure(cell.text):
            outside = not span <= mapped
            if outside or row_fit(cell.text) >= ACCEPT or is_group(cell.text):
                return None
    if not all(covered & set(numbers) for numbers in columns.columns.values()):
        return None
    readings: dict[str, CellReading] = {}
    for code, numbers in columns.columns.items():
        inside = [
            cell
            for cell in row.cells
            if cell.column <= numbers[-1] and cell.column + cell.column_span > numbers[0]
        ]
        readings[code] = _one_value(inside, row, mapped - set(numbers))
    return readings


def _one_value(cells: list[Cell], row: GridRow, foreign: set[int]) -> CellReading:
    printed = [cell for cell in cells if cell.text.strip()]
    if not cells:
        return CellReading(None, None, "unread", "该行缺少这一列的单元格")
    if not printed:
        return CellReading("", None, "blank", place=cells[0].place)
    if len(printed) > 1:
        raw = " ".join(cell.text for cell in printed)
        return CellReading(raw, None, "unread", "一列内有多个单元格有数字", printed[0].place)
    cell = printed[0]
    if set(range(cell.column, cell.column + cell.column_span)) & foreign:
        return CellReading(cell.text, None, "unread", "单元格横跨多列，不知属于哪一列", cell.place)
    if cell.row_span > 1 and cell.row != row.row:
        return CellReading(cell.text, None, "unread", "单元格纵跨多行，不知属于哪一行", cell.place)
    return read_cell(cell.text, cell.place)


def _extent(row: GridRow) -> int:
    """Return how many cells a row has up to its last printed one."""
    return max((n for n, cell in enumerate(row.cells, 1) if cell.text.strip()), default=0)


def _usual_extent(rows: Sequence[GridRow]) -> int:
    """Return the greatest extent that at least two rows share."""
    extents = sorted((_extent(row) for row in rows), reverse=True)
    return next((a for a, b in pairwise(extents) if a == b), 0)


def _values_by_order(row: GridRow, usual: int) -> dict[str, CellReading] | None:
    """Read a row whose grid lost its columns: exactly seven cells must follow the label.

    Empty cells between label and figures are merged label cells, if the row is not longer than
    the others or the form (``usual``); else its first figure may be blank and its last one a stray.
    """
    labels = [
        n
        for n, cell in enumerate(row.cells)
        if has_han(cell.text) and not looks_like_figure(cell.text)
    ]
    if labels and any(looks_like_figure(cell.text) for cell in row.cells[: labels[-1]]):
        # A label from above has slid between the figures.
        return None
    values = list(row.cells[labels[-1] + 1 :]) if labels else list(row.cells)
    padded = len(values) > len(COLUMN_CODES)
    while len(values) > len(COLUMN_CODES) and not values[-1].text.strip():
        values.pop()
    while len(values) > len(COLUMN_CODES) and not values[0].text.strip():
        values.pop(0)
    if len(values) != len(COLUMN_CODES):
        return None
    if not usual and not values[0].text.strip():
        return None
    if padded and (_extent(row) > usual or not all(cell.text.strip() for cell in values)):
        return None
    return {
        code: read_cell(cell.text, cell.place)
        for code, cell in zip(COLUMN_CODES, values, strict=True)
    }


def _end(row: GridRow) -> int:
    return max((cell.column + cell.column_span for cell in row.cells), default=0)


def _moved(row: GridRow, steps: int) -> GridRow:
    return replace(
        row, cells=tuple(replace(cell, column=cell.column + steps) for cell in row.cells)
    )


def _straightened(rows: Sequence[tuple[GridRow, Kind]]) -> list[tuple[GridRow, int]]:
    """Return the rows, each with the columns by which it was moved back: pushed-aside ones.

    Such a row ends further to the right or left than most rows, by as much as it was pushed.
    """
    ends = Counter(_end(row) for row, _ in rows)
    usual = ends.most_common(1)[0][0] if ends else 0
    return [(_moved(row, usual - _end(row)), usual - _end(row)) for row, _ in rows]


def _all_by_map(
    rows: Sequence[tuple[GridRow, int]], columns: ColumnMap | None
) -> list[dict[str, CellReading] | None]:
    if columns is None:
        return [None] * len(rows)
    return [
        _values_by_map(row, columns) if not steps or _fits_columns(row, columns, steps) else None
        for row, steps in rows
    ]


def _fits_columns(row: GridRow, columns: ColumnMap, steps: int) -> bool:
    """Tell whether the label of a moved row ends where the columns begin.

    Otherwise the row was not pushed: it has a cell too much or too few, nobody knows where.
    """
    own = [n for n, cell in enumerate(row.cells) if cell.row == row.row]
    labels = [n for n in own if has_han(row.cells[n].text)]
    behind = row.cells[labels[-1] + 1 :][:1] if labels else ()
    if steps > 0 and not all(cell.text.strip() for cell in behind):
        # An empty cell behind the label may be the label's own, and another cell missing.
        return False
    ends = [cell.column + cell.column_span for cell in row.label_cells() if cell.row == row.row]
    return bool(ends) and ends[-1] == min(
        n for numbers in columns.columns.values() for n in numbers
    )


def _most(by_map: Sequence[object | None]) -> bool:
    """Tell whether more than half of the rows agree with the columns."""
    return 2 * sum(values is not None for values in by_map) > len(by_map)


def _columns_of_rows(rows: Sequence[tuple[GridRow, Kind]], table: Table) -> ColumnMap | None:
    """Return the seven columns that most rows have behind their label, in the form's order."""
    found: Counter[tuple[tuple[int, ...], ...]] = Counter()
    for row, _ in rows:
        labels = [n for n, cell in enumerate(row.cells) if cell in row.label_cells()]
        values = row.cells[labels[-1] + 1 :] if labels else ()
        rest = values[len(COLUMN_CODES) :]
        values = values[: len(COLUMN_CODES)]
        if rest and not (values[0].text and values[-1].text and not any(c.text for c in rest)):
            continue
        if len(values) == len(COLUMN_CODES):
            found[tuple(tuple(range(c.column, c.column + c.column_span)) for c in values)] += 1
    if not found:
        return None
    spans, times = found.most_common(1)[0]
    if times < 2 or 2 * times <= found.total():
        return None
    return ColumnMap(dict(zip(COLUMN_CODES, spans, strict=True)), table.columns, table.edges)


def fragment_candidates(
    rows: Sequence[tuple[GridRow, Kind]],
    table: Table,
    columns: ColumnMap | None,
    *,
    ordered: bool,
) -> list[Candidate]:
    """Return the body rows of one fragment of table 三 as candidates.

    Args:
        rows: its body rows.
        table: the grid.
        columns: where the value columns are, if that is known.
        ordered: whether the heads that can be read stand in the order of the form, so that rows
            without heads may be read by it.

    """
    form = _LABEL_COLUMNS + len(COLUMN_CODES)
    usual = max(form, _usual_extent([row for row, _ in rows])) if table.ragged else 0
    by_order = ordered and (columns is None or columns.official)
    straight = _straightened(rows)
    by_map = _all_by_map(straight, None if table.ragged else columns)
    if by_order and not table.ragged and not _most(by_map):
        # The heads have slid or are lost: the rows themselves may show where the columns are.
        columns = _columns_of_rows(rows, table)
        by_map = _all_by_map(straight, columns)
    trust_map = _most(by_map)
    found = []
    for (printed, _), (moved, _), mapped in zip(rows, straight, by_map, strict=True):
        row = printed if mapped is None else moved
        in_columns = columns if trust_map and mapped is not None else None
        readings = mapped if in_columns else _values_by_order(row, usual) if by_order else None
        first_value = (
            min(n for numbers in in_columns.columns.values() for n in numbers)
            if in_columns
            else table.columns
        )
        # Half a label that a page break cut behind its number has no Chinese character.
        worded = [c for c in row.cells if c.text.strip()] if in_columns else row.label_cells()
        labels = [cell.text for cell in worded if cell.column < first_value]
        figures = any(
            cell.text.strip() if in_columns else looks_like_figure(cell.text)
            for cell in row.cells
            if cell.column >= (first_value if in_columns else 0)
        )
        own = any(cell.row == row.row for cell in row.label_cells())
        if not figures and not (labels and own):
            continue
        place = row.cells[0].place if row.cells else table.place
        reason = "" if readings else "该行的数字无法与七个列头对应"
        found.append(Candidate(labels, readings or {}, place, figures, row.table, reason))
    return found
