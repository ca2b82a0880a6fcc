"""Table 三 from grids: columns by their heads, rows by alignment to the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from archive.codebook import Template
from pipeline.finding import Finding
from pipeline.read.document import Cell, Table
from pipeline.recognise.form import table3_columns, table3_rows
from pipeline.recognise.labels import best_similarity, has_han, plain
from pipeline.recognise.layout import Kind
from pipeline.recognise.numbers import looks_like_figure, read_cell
from pipeline.recognise.rows import Alignment, Candidate, GridRow, align, row_score
from pipeline.report import CellReading

COLUMN_CODES = tuple(column.code for column in table3_columns())
_HEAD_GROUPS = ("申请人情况", "法人或其他组织")


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


@dataclass(frozen=True, slots=True)
class Table3:
    """What was read of table 三.

    Args:
        template: format whose rows fit better; None when no row was found.
        cells: readings by cell code, for every row that was found.
        findings: rows and columns that were left over or refused.
        score: fit of the better format.

    """

    template: Template | None
    cells: dict[str, CellReading]
    findings: tuple[Finding, ...]
    rows_found: int


def _head_text(rows: Sequence[GridRow], column: int) -> str:
    seen: dict[tuple[int, int], str] = {}
    for row in rows:
        for cell in row.cells:
            if cell.column <= column < cell.column + cell.column_span:
                text = plain(cell.text)
                if text and "勾稽" not in text and text not in _HEAD_GROUPS:
                    seen[(cell.row, cell.column)] = text
    return "".join(seen.values())


def map_columns(rows: Sequence[GridRow], table: Table) -> ColumnMap | None:
    """Return which grid columns hold which value column, from the head rows of a fragment.

    Args:
        rows: the head rows, top to bottom.
        table: the grid they belong to.

    Returns:
        A map of all seven columns, or None when a head is missing or said twice.

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
    return ColumnMap(
        {code: tuple(found[code]) for code in COLUMN_CODES}, table.columns, table.edges
    )


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
            if not inside:
                return None
            columns[code] = inside
        return ColumnMap(columns, table.columns, table.edges)
    if previous.width == table.columns:
        return previous
    return None


def _values_by_map(row: GridRow, columns: ColumnMap) -> dict[str, CellReading] | None:
    """Read the value cells of a row by their columns; None when a figure lies outside of them."""
    mapped = {n for numbers in columns.columns.values() for n in numbers}
    for cell in row.cells:
        span = set(range(cell.column, cell.column + cell.column_span))
        if looks_like_figure(cell.text) and not span & mapped:
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


def _values_by_order(row: GridRow) -> dict[str, CellReading] | None:
    """Read a row whose grid lost its columns: exactly seven cells must follow the label."""
    labels = [
        n
        for n, cell in enumerate(row.cells)
        if has_han(cell.text) and not looks_like_figure(cell.text)
    ]
    values = list(row.cells[labels[-1] + 1 :]) if labels else list(row.cells)
    padded = len(values) > len(COLUMN_CODES)
    while len(values) > len(COLUMN_CODES) and not values[-1].text.strip():
        values.pop()
    while len(values) > len(COLUMN_CODES) and not values[0].text.strip():
        values.pop(0)
    if len(values) != len(COLUMN_CODES):
        return None
    if padded and not all(cell.text.strip() for cell in values):
        return None
    return {
        code: read_cell(cell.text, cell.place)
        for code, cell in zip(COLUMN_CODES, values, strict=True)
    }


def fragment_candidates(
    rows: Sequence[tuple[GridRow, Kind]], table: Table, columns: ColumnMap | None
) -> list[Candidate]:
    """Return the body rows of one fragment of table 三 as candidates.

    Args:
        rows: its body rows.
        table: the grid.
        columns: where the value columns are, if that is known.

    """
    by_map = [
        _values_by_map(row, columns) if columns and not table.ragged else None for row, _ in rows
    ]
    # One row that contradicts the heads makes the heads doubtful for the whole fragment.
    trust_map = all(values is not None for values in by_map)
    found = []
    for (row, _), mapped in zip(rows, by_map, strict=True):
        readings = mapped if trust_map else _values_by_order(row)
        first_value = (
            min(n for numbers in columns.columns.values() for n in numbers)
            if columns and trust_map
            else table.columns
        )
        labels = [cell.text for cell in row.label_cells() if cell.column < first_value]
        figures = any(
            looks_like_figure(cell.text)
            for cell in row.cells
            if cell.column >= (first_value if trust_map and columns else 0)
        )
        if not labels and not figures:
            continue
        place = row.cells[0].place if row.cells else table.place
        reason = "" if readings else "该行的数字无法与七个列头对应"
        found.append(Candidate(labels, readings or {}, place, figures, row.table, reason))
    return found


def _merge_cut_rows(candidates: list[Candidate]) -> list[Candidate]:
    """Join a row that a page break cut with its other half.

    The half without figures gives only words; the half with figures keeps them.
    """
    merged: list[Candidate] = []
    for candidate in candidates:
        joined = _joined(merged[-1], candidate) if merged else None
        if joined is None:
            merged.append(candidate)
        else:
            merged[-1] = joined
    return merged


def _fit(label: str) -> float:
    rows = (*table3_rows("2021"), *table3_rows("2019"))
    return max(best_similarity(label, row.labels) for row in rows)


def _joined(first: Candidate, last: Candidate) -> Candidate | None:
    """Return two halves of a row as one, or None when they are rows of their own."""
    if not first.labels or first.has_figures == last.has_figures:
        return None
    keeper = first if first.has_figures else last
    if last.labels:
        label = first.labels[-1] + last.labels[-1]
        alone = max(_fit(first.labels[-1]), _fit(last.labels[-1]))
        if _fit(label) < 0.95 or alone >= 0.95:
            return None
        return replace(keeper, labels=[*first.labels[:-1], label])
    if first.fragment == last.fragment or first.has_figures or _fit(first.labels[-1]) < 0.95:
        return None
    return replace(keeper, labels=first.labels)


def _score(candidates: Sequence[Candidate], template: Template) -> Alignment:
    rows = table3_rows(template)
    groups = tuple(dict.fromkeys(row.group for row in rows if row.group))
    scores = [[row_score(c.labels, row, groups) for row in rows] for c in candidates]
    return align(scores, [0.3 if c.has_figures else 0.02 for c in candidates])


def recognise_table3(candidates: list[Candidate]) -> Table3:
    """Lay candidate rows onto the form and return the cells.

    Args:
        candidates: rows of all fragments in reading order.

    """
    candidates = _merge_cut_rows(candidates)
    if not candidates:
        return Table3(None, {}, (), 0)
    templates: tuple[Template, ...] = ("2021", "2019")
    alignments = {template: _score(candidates, template) for template in templates}
    template = max(templates, key=lambda t: alignments[t].score)
    alignment = alignments[template]
    rows = table3_rows(template)
    cells: dict[str, CellReading] = {}
    findings: list[Finding] = []
    matched = set()
    for index, number, fit in alignment.matches:
        candidate, row = candidates[index], rows[number]
        matched.add(index)
        for code in COLUMN_CODES:
            cells[f"t3_{row.code}__{code}"] = candidate.readings.get(code) or CellReading(
                None, None, "unread", candidate.readings_note or "该行没有这一列", candidate.place
            )
        if fit < 0.95:
            findings.append(
                Finding(
                    "I-LABEL",
                    "info",
                    f"表三行名与官方格式不同：“{row.labels[0]}”印作“{plain(candidate.labels[-1])}”。",
                    plain(candidate.labels[-1]),
                    candidate.place,
                )
            )
    findings.extend(
        Finding(
            "W-T3-ROW",
            "warning",
            f"表三有一行带数字但未能识别：“{plain(' '.join(c.labels)) or '（无行名）'}”，未计入。",
            plain(" ".join(c.labels)),
            c.place,
        )
        for n, c in enumerate(candidates)
        if n not in matched and c.has_figures
    )
    return Table3(template if matched else None, cells, tuple(findings), len(matched))
