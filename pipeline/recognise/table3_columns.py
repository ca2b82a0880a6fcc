"""The columns of table 三: found by their heads, then the rows of a fragment by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from pipeline.read.document import Cell, Table
from pipeline.recognise.labels import has_han
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
    is_label,
)
from pipeline.recognise.table3_heads import ColumnMap
from pipeline.report import CellReading

_LABEL_COLUMNS = 3


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
        return ColumnMap(columns, table.columns, table.edges, previous.placed)
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
        span = range(cell.column, cell.column + cell.column_span)
        covered.update(span)
        if mapped.isdisjoint(span):
            if looks_like_figure(cell.text):
                return None
        elif is_label(cell.text):
            outside = not mapped.issuperset(span)
            if outside or row_fit(cell.text) >= ACCEPT or is_group(cell.text):
                return None
    if any(covered.isdisjoint(numbers) for numbers in columns.columns.values()):
        return None
    readings: dict[str, CellReading] = {}
    for code, numbers in columns.columns.items():
        inside = [
            cell
            for cell in row.cells
            if cell.column <= numbers[-1] and cell.column + cell.column_span > numbers[0]
        ]
        readings[code] = _one_value(inside, row, mapped - set(numbers))
    for code in COLUMN_CODES:
        readings.setdefault(code, CellReading(None, None, "unread", "表三没有印这一列"))
    return readings


def _one_value(cells: list[Cell], row: GridRow, foreign: set[int]) -> CellReading:
    printed = [cell for cell in cells if cell.text.strip()]
    if not cells:
        return CellReading(None, None, "unread", "该行缺少这一列的单元格")
    if not printed:
        doubted = next((cell for cell in cells if cell.doubt), cells[0])
        return read_cell("", doubted.place, doubted.doubt)
    if len(printed) > 1:
        raw = " ".join(cell.text for cell in printed)
        return CellReading(raw, None, "unread", "一列内有多个单元格有数字", printed[0].place)
    cell = printed[0]
    if not foreign.isdisjoint(range(cell.column, cell.column + cell.column_span)):
        return CellReading(cell.text, None, "unread", "单元格横跨多列，不知属于哪一列", cell.place)
    if cell.row_span > 1 and cell.row != row.row:
        return CellReading(cell.text, None, "unread", "单元格纵跨多行，不知属于哪一行", cell.place)
    return read_cell(cell.text, cell.place, cell.doubt)


def _extent(row: GridRow) -> int:
    """Return how many cells a row has up to its last printed one."""
    return max((n for n, cell in enumerate(row.cells, 1) if cell.text.strip()), default=0)


def _usual_extent(rows: Sequence[tuple[GridRow, Kind]]) -> int:
    """Return the greatest extent that at least two rows share, or that of the form."""
    extents = sorted((_extent(row) for row, _ in rows), reverse=True)
    usual = next((a for a, b in pairwise(extents) if a == b), 0)
    return max(usual, _LABEL_COLUMNS + len(COLUMN_CODES))


def _values_by_order(row: GridRow, usual: int, *, spare: bool) -> dict[str, CellReading] | None:
    """Read a row whose grid lost its columns: exactly seven cells must follow the label.

    Args:
        row: the row; only cells that begin in it count, as cells from above may have slid.
        usual: extent of the longest rows; 0 where the grid's columns mean something.
        spare: whether rows of this grid have more than seven cells behind their labels, so that
            the first or last of seven may be one too many when it is blank, and another missing.

    """
    own = [cell for cell in row.cells if cell.row == row.row]
    labels = [n for n, cell in enumerate(own) if is_label(cell.text)]
    if labels and any(looks_like_figure(cell.text) for cell in own[: labels[-1]]):
        # A label has slid between the figures.
        return None
    values = own[labels[-1] + 1 :] if labels else own
    if usual and len(values) >= len(COLUMN_CODES) and not any(c.text.strip() for c in values):
        # Whichever of them are the seven, they are blank.
        values = values[-len(COLUMN_CODES) :]
        pairs = zip(COLUMN_CODES, values, strict=True)
        return {code: read_cell("", cell.place, cell.doubt) for code, cell in pairs}
    padded = len(values) > len(COLUMN_CODES)
    while len(values) > len(COLUMN_CODES) and not values[-1].text.strip():
        values.pop()
    while len(values) > len(COLUMN_CODES) and not values[0].text.strip():
        values.pop(0)
    if len(values) != len(COLUMN_CODES):
        return None
    if not values[0].text.strip() and (spare or not usual):
        return None
    if spare and not values[-1].text.strip():
        # It may be the spare cell that other rows have behind their figures, and one is missing.
        return None
    if padded and (_extent(row) > usual or not all(cell.text.strip() for cell in values)):
        # Behind a blank first figure the last one may be a stray.
        return None
    if any(cell.row_span > 1 for cell in values):
        return None
    return {
        code: read_cell(cell.text, cell.place, cell.doubt)
        for code, cell in zip(COLUMN_CODES, values, strict=True)
    }


def _spare(rows: Sequence[tuple[GridRow, Kind]]) -> bool:
    """Tell whether some row has more than seven cells behind its label."""
    for row, _ in rows:
        labels = [n for n, cell in enumerate(row.cells) if is_label(cell.text)]
        if labels and len(row.cells) - labels[-1] - 1 > len(COLUMN_CODES):
            return True
    return False


def _end(row: GridRow) -> int:
    return max((cell.column + cell.column_span for cell in row.cells), default=0)


def _moved(row: GridRow, steps: int) -> GridRow:
    if not steps:
        return row
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
    rows: Sequence[tuple[GridRow, int]], columns: ColumnMap | None, *, spare: bool
) -> list[dict[str, CellReading] | None]:
    if columns is None:
        return [None] * len(rows)
    bare = _bare_columns([row for row, _ in rows], columns)
    return [
        _values_by_map(row, columns)
        if (not steps or _fits_columns(row, columns, steps, spare=spare))
        and not any(cell.column in bare for cell in row.label_cells())
        else None
        for row, steps in rows
    ]


def _bare_columns(rows: Sequence[GridRow], columns: ColumnMap) -> set[int]:
    """Return the columns between labels and figures in which most rows have an empty cell.

    A label that begins in one was pushed aside, and its figures with it, even where the row has
    lost its last cell and so ends where the others do.
    """
    first = min(n for numbers in columns.columns.values() for n in numbers)
    labels: Counter[int] = Counter()
    empty: Counter[int] = Counter()
    for row in rows:
        left = [cell for cell in row.cells if cell.row == row.row and cell.column < first]
        labels.update([cell.column for cell in left if cell.text.strip()][-1:])
        empty.update(cell.column for cell in left if not cell.text.strip())
    usual = labels.most_common(1)[0][0] if labels else first
    return {n for n, times in empty.items() if n > usual and 2 * times > len(rows)}


def _fits_columns(row: GridRow, columns: ColumnMap, steps: int, *, spare: bool) -> bool:
    """Tell whether the label of a moved row ends where the columns begin.

    Otherwise the row was not pushed: it has a cell too much or too few, nobody knows where.
    """
    own = [n for n, cell in enumerate(row.cells) if cell.row == row.row]
    labels = [n for n in own if has_han(row.cells[n].text)]
    behind = row.cells[labels[-1] + 1 :][:1] if labels else ()
    if (steps > 0 or spare) and not all(cell.text.strip() for cell in behind):
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
    empty = set(range(table.columns)) - {
        number
        for cell in table.cells
        if cell.text.strip()
        for number in range(cell.column, cell.column + cell.column_span)
        if cell.column_span == 1
    }
    for row, _ in rows:
        labels = [n for n, cell in enumerate(row.cells) if cell in row.label_cells()]
        values = row.cells[labels[-1] + 1 :] if labels else ()
        while len(values) > len(COLUMN_CODES) and values[0].column in empty and values[-1].text:
            # A column without a single word or figure is none of the form's.
            values = values[1:]
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
    spare = _spare(rows)
    usual = _usual_extent(rows) if table.ragged else 0
    by_order = ordered and (columns is None or columns.official)
    straight = _straightened(rows)
    by_map = _all_by_map(straight, columns, spare=spare)
    if by_order and not table.ragged and not _most(by_map):
        # The heads have slid or are lost: the rows themselves may show where the columns are.
        columns = _columns_of_rows(rows, table)
        by_map = _all_by_map(straight, columns, spare=spare)
    trust_map = _most(by_map)
    first_mapped = min(n for numbers in columns.columns.values() for n in numbers) if columns else 0
    found = []
    for (printed, _), (moved, _), mapped in zip(rows, straight, by_map, strict=True):
        row = printed if mapped is None else moved
        in_columns = columns if trust_map and mapped is not None else None
        readings = mapped if in_columns else None
        if in_columns is None and by_order:
            readings = _values_by_order(row, usual, spare=spare)
        first_value = first_mapped if in_columns else table.columns
        # Half a label that a page break cut behind its number has no Chinese character.
        worded = [c for c in row.cells if c.text.strip()] if in_columns else row.label_cells()
        # A group that reaches too far down pushes a label to its right; the row's own is last.
        worded = sorted(worded, key=lambda cell: cell.row == row.row)
        worded = [cell for cell in worded if cell.column < first_value]
        if worded and worded[-1].row == row.row:
            # What reaches down from above behind the row's own label is no group of it.
            worded = [c for c in worded if c.row == row.row or c.column < worded[-1].column]
        if worded and worded[-1].row_span > 1 and is_group(worded[-1].text):
            # A label beside several rows is not the lost label of one of them.
            worded = []
        labels = [cell.text for cell in worded]
        figures = any(
            cell.text.strip() if in_columns else looks_like_figure(cell.text)
            for cell in row.cells
            if cell.column >= (first_value if in_columns else 0)
        )
        if not figures:
            own = any(cell.row == row.row for cell in row.label_cells())
            if not (labels and own):
                continue
        place = row.cells[0].place if row.cells else table.place
        reason = "" if readings else "该行的数字无法与七个列头对应"
        found.append(Candidate(labels, readings or {}, place, figures, row.table, reason))
    return found
