"""Rows of table 三 that a wrong span or a missing cell has pushed aside in their grid."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.recognise.layout import Kind
from pipeline.recognise.page_cuts import COLUMN_CODES, row_level
from pipeline.recognise.rows import GridRow, is_label
from pipeline.recognise.table3_heads import ColumnMap
from pipeline.report import CellReading

_LEVELS = ("outer", "middle", "inner")


def _end(row: GridRow) -> int:
    return max((cell.column + cell.column_span for cell in row.cells), default=0)


def _moved(row: GridRow, steps: int) -> GridRow:
    if not steps:
        return row
    return replace(
        row, cells=tuple(replace(cell, column=cell.column + steps) for cell in row.cells)
    )


def straightened(rows: Sequence[tuple[GridRow, Kind]]) -> list[tuple[GridRow, int]]:
    """Return the rows, each with the columns by which it was moved back: pushed-aside ones.

    Such a row ends further to the right or left than most rows, by as much as it was pushed.
    """
    ends = Counter(_end(row) for row, _ in rows)
    usual = ends.most_common(1)[0][0] if ends else 0
    return [(_moved(row, usual - _end(row)), usual - _end(row)) for row, _ in rows]


def whole_rows(rows: Sequence[GridRow]) -> set[int]:
    """Return the rows whose own cells take as many columns as those of others of their level.

    A wrong span above has pushed such a row as a whole: it has no cell too many or too few.
    """
    levels: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, row in enumerate(rows):
        own = [cell for cell in row.cells if cell.row == row.row]
        labels = [n for n, cell in enumerate(own) if is_label(cell.text)]
        level = row_level(own[labels[-1]].text) if labels else ""
        if level:
            # A label that was merged may be repeated in each of its cells.
            first = next(n for n in labels if own[n].text == own[labels[-1]].text)
            width = sum(cell.column_span for cell in own[first:])
            levels[level].append((number, width))
    whole = set()
    for counted in levels.values():
        usual, times = Counter(width for _, width in counted).most_common(1)[0]
        if times > 1 and 2 * times > len(counted):
            whole |= {number for number, width in counted if width == usual}
    return whole


def depth(row: GridRow) -> int:
    """Return how many groups stand to the left of a row in the form; as many as can be if unsure.

    A row of few groups may have empty cells where rows of more have their labels.
    """
    labels = [cell for cell in row.label_cells() if cell.row == row.row]
    level = row_level(labels[-1].text) if labels else ""
    return _LEVELS.index(level) if level else len(_LEVELS) - 1


def bare_columns(rows: Sequence[GridRow], columns: ColumnMap) -> dict[int, set[int]]:
    """Return the columns between labels and figures in which most rows have an empty cell.

    A label that begins in one was pushed aside, and its figures with it, even where the row has
    lost its last cell and so ends where the others do.

    Returns:
        By depth of a row: what rows of this depth or more say.

    """
    first = min(n for numbers in columns.columns.values() for n in numbers)
    depths = [depth(row) for row in rows]
    found = {}
    for least in range(len(_LEVELS)):
        labels: Counter[int] = Counter()
        empty: Counter[int] = Counter()
        deep = [row for row, own in zip(rows, depths, strict=True) if own >= least]
        for row in deep:
            left = [cell for cell in row.cells if cell.row == row.row and cell.column < first]
            labels.update([cell.column for cell in left if cell.text.strip()][-1:])
            empty.update(cell.column for cell in left if not cell.text.strip())
        usual = labels.most_common(1)[0][0] if labels else first
        found[least] = {n for n, times in empty.items() if n > usual and 2 * times > len(deep)}
    return found


def fits_columns(row: GridRow, columns: ColumnMap, steps: int, *, spare: bool) -> bool:
    """Tell whether the label of a moved row ends where the columns begin.

    Otherwise the row was not pushed: it has a cell too much or too few, nobody knows where.
    """
    own = [n for n, cell in enumerate(row.cells) if cell.row == row.row]
    labels = [n for n in own if is_label(row.cells[n].text)]
    behind = row.cells[labels[-1] + 1 :][:1] if labels else ()
    if (steps > 0 or spare) and not all(cell.text.strip() for cell in behind):
        # An empty cell behind the label may be the label's own, and another cell missing.
        return False
    ends = [cell.column + cell.column_span for cell in row.label_cells() if cell.row == row.row]
    return bool(ends) and ends[-1] == min(
        n for numbers in columns.columns.values() for n in numbers
    )


def compares_figures(row: Sequence[CellReading | None]) -> bool:
    """Tell whether only its figures say that a row stands in its columns: its total is blank.

    Args:
        row: readings in the order of the columns, the total last.

    """
    last, total = row[-2], row[-1]
    blank = total is not None and total.state == "blank"
    return blank and last is not None and last.value is not None


def slid(readings: Mapping[str, CellReading]) -> bool:
    """Tell whether the figures of a row seem to have moved to the left, one of them left out.

    Its total is blank then, and the figure before it is as large as all others together.
    """
    row = [readings.get(code) for code in COLUMN_CODES]
    if not compares_figures(row):
        return False
    *others, last = [reading.value or 0 for reading in row[:-1] if reading is not None]
    return 0 < sum(others) <= last
