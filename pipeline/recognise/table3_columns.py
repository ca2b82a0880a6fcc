"""The columns of table 三: found by their heads, then the rows of a fragment by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from pipeline.read.document import Cell, Table
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
from pipeline.recognise.table3_pushed import (
    bare_columns,
    depth,
    fits_columns,
    slid,
    straightened,
    whole_rows,
)
from pipeline.report import CellReading

_LABEL_COLUMNS = 3
_NOT_PRINTED = CellReading(None, None, "unread", "表三没有印这一列")


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
        foreign = frozenset(
            n
            for n in range(table.columns)
            for old in previous.foreign
            if previous.edges[old] - 3 <= table.edges[n] < table.edges[n + 1]
            if table.edges[n + 1] <= previous.edges[old + 1] + 3
        )
        return ColumnMap(columns, table.columns, table.edges, previous.placed, foreign)
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
        span = _reach(cell)
        covered.update(span)
        if columns.foreign.issuperset(span):
            continue
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
        readings.setdefault(code, _NOT_PRINTED)
    return readings


def _reach(cell: Cell) -> range:
    return range(cell.column, cell.column + cell.column_span)


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


def _values_by_order(
    row: GridRow, order: Sequence[str], usual: int, width: int, *, spare: bool
) -> dict[str, CellReading] | None:
    """Read a row whose grid lost its columns: exactly seven cells must follow the label.

    Args:
        row: the row; only cells that begin in it count, as cells from above may have slid.
        order: codes of the columns that the table prints, left to right.
        usual: extent of the longest rows; 0 where the grid's columns mean something.
        width: number of cells that most rows have where all have as many; else 0.
        spare: whether rows of this grid have more than seven cells behind their labels, so that
            the first or last of seven may be one too many when it is blank, and another missing.

    """
    own = [cell for cell in row.cells if cell.row == row.row]
    labels = [n for n, cell in enumerate(own) if is_label(cell.text)]
    if labels and any(looks_like_figure(cell.text) for cell in own[: labels[-1]]):
        # A label has slid between the figures.
        return None
    values = own[labels[-1] + 1 :] if labels else own
    blank = not any(cell.text.strip() for cell in values)
    if len(own) < width and blank:
        # It lacks a cell that the other rows have, nobody knows which.
        return None
    if usual and len(values) >= len(order) and blank:
        # Whichever of them are the seven, they are blank.
        return _by_code(order, values[-len(order) :])
    padded = len(values) > len(order)
    if padded and len(order) < len(COLUMN_CODES):
        # Where the table lacks a column of the form, one cell too many may be just that.
        return None
    while len(values) > len(order) and not values[-1].text.strip():
        values.pop()
    while len(values) > len(order) and not values[0].text.strip():
        values.pop(0)
    if len(values) != len(order):
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
    return _by_code(order, values)


def _by_code(order: Sequence[str], values: Sequence[Cell]) -> dict[str, CellReading]:
    readings = {
        code: read_cell(cell.text, cell.place, cell.doubt)
        for code, cell in zip(order, values, strict=True)
    }
    return {code: readings.get(code, _NOT_PRINTED) for code in COLUMN_CODES}


def _even_width(rows: Sequence[tuple[GridRow, Kind]]) -> int:
    """Return how many cells most rows have, if none has more; else 0."""
    counts = Counter(len(row.cells) for row, _ in rows)
    most = max(counts, default=0)
    return most if 2 * counts[most] > len(rows) else 0


def _spare(rows: Sequence[tuple[GridRow, Kind]]) -> bool:
    """Tell whether some row has more than seven cells behind its label."""
    for row, _ in rows:
        labels = [n for n, cell in enumerate(row.cells) if is_label(cell.text)]
        if labels and len(row.cells) - labels[-1] - 1 > len(COLUMN_CODES):
            return True
    return False


def _all_by_map(
    rows: Sequence[tuple[GridRow, int]], columns: ColumnMap | None, *, spare: bool
) -> list[dict[str, CellReading] | None]:
    if columns is None:
        return [None] * len(rows)
    # Where borders are printed no cell is pushed aside.
    slid = not columns.edges
    bare = bare_columns([row for row, _ in rows], columns) if slid else {}
    whole = whole_rows([row for row, _ in rows]) if any(steps for _, steps in rows) else set()
    return [
        _values_by_map(row, columns)
        if (not steps or number in whole or fits_columns(row, columns, steps, spare=spare))
        and not any(cell.column in bare.get(depth(row), ()) for cell in row.label_cells())
        else None
        for number, (row, steps) in enumerate(rows)
    ]


def _most(by_map: Sequence[object | None]) -> bool:
    """Tell whether at least half of the rows agree with the columns, one of two for the least."""
    agreeing = sum(values is not None for values in by_map)
    return 2 * agreeing > len(by_map) or agreeing == 1 == len(by_map) - 1


def _columns_of_rows(
    rows: Sequence[tuple[GridRow, Kind]], table: Table, order: Sequence[str]
) -> ColumnMap | None:
    """Return the columns that most rows have behind their label, as codes in a known order."""
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
        while len(values) > len(order) and values[0].column in empty and values[-1].text:
            # A column without a single word or figure is none of the form's.
            values = values[1:]
        if len(values) > len(order) < len(COLUMN_CODES):
            continue
        rest = values[len(order) :]
        values = values[: len(order)]
        if rest and not (values[0].text and values[-1].text and not any(c.text for c in rest)):
            continue
        if len(values) == len(order):
            found[tuple(tuple(range(c.column, c.column + c.column_span)) for c in values)] += 1
    if not found:
        return None
    spans, times = found.most_common(1)[0]
    if times < 2 or 2 * times <= found.total():
        return None
    return ColumnMap(dict(zip(order, spans, strict=True)), table.columns, table.edges)


def fragment_candidates(
    rows: Sequence[tuple[GridRow, Kind]],
    table: Table,
    columns: ColumnMap | None,
    order: Sequence[str],
) -> list[Candidate]:
    """Return the body rows of one fragment of table 三 as candidates.

    Args:
        rows: its body rows.
        table: the grid.
        columns: where the value columns are, if that is known.
        order: codes of the columns from left to right, by which rows that have lost their heads
            may be read; empty where the heads tell none.

    """
    spare = _spare(rows)
    usual = _usual_extent(rows) if table.ragged else 0
    width = _even_width(rows) if table.ragged else 0
    straight = straightened(rows)
    by_map = _all_by_map(straight, columns, spare=spare)
    if order and not table.ragged and not _most(by_map):
        # The heads have slid or are lost: the rows themselves may show where the columns are.
        columns = _columns_of_rows(rows, table, order)
        by_map = _all_by_map(straight, columns, spare=spare)
    trust_map = _most(by_map)
    first_mapped = min(n for numbers in columns.columns.values() for n in numbers) if columns else 0
    # Only where empty cells follow the total can one stand in its place.
    behind = columns is not None and not table.edges and columns.end < table.columns
    found = []
    in_rows = [
        (printed, None) if mapped is None or not trust_map else (moved, mapped)
        for (printed, _), (moved, _), mapped in zip(rows, straight, by_map, strict=True)
    ]
    in_order = [
        _values_by_order(row, order, usual, width, spare=spare) if order and not mapped else None
        for row, mapped in in_rows
    ]
    if table.ragged and not trust_map and not _most(in_order):
        # Most rows have other cells than the form; so have the few that seem to have seven.
        in_order = [None] * len(rows)
    for (row, mapped), ordered in zip(in_rows, in_order, strict=True):
        in_columns = columns if mapped else None
        readings = mapped or ordered
        reason = ""
        if readings and behind and slid(readings):
            readings = None
            reason = "合计一格空白，数字像是少印一格而左移，不知缺的是哪一格"
        first_value = first_mapped if in_columns else table.columns
        # Half a label that a page break cut behind its number has no Chinese character.
        worded = [c for c in row.cells if c.text.strip()] if in_columns else row.label_cells()
        if columns is not None:
            foreign = columns.foreign
            worded = [c for c in worded if not foreign.issuperset(_reach(c))]
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
        if not readings:
            reason = reason or "该行的数字无法与七个列头对应"
        full = frozenset(cell.place for cell in row.cells if cell.full)
        found.append(Candidate(labels, readings or {}, place, figures, row.table, reason, full))
    return found
