"""Table 四: fifteen columns under three groups, one row of figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.finding import Finding
from pipeline.read.document import Cell, Table
from pipeline.recognise.form import table4_columns, table4_leaf_labels
from pipeline.recognise.labels import best_similarity, plain, similarity
from pipeline.recognise.numbers import looks_like_figure, read_cell
from pipeline.recognise.rows import GridRow, may_lack_cell
from pipeline.report import CellReading

GROUPS = ("行政复议", "未经复议直接起诉", "复议后起诉")
_ABOVE = "行政诉讼"
# One wrong character of four still leaves no other head that it could be.
_LEAST = 0.75
_MARGIN = 0.2
_FITS, _FITS_WITH_ONE_WRONG = 0.85, 0.7


def onto(row: GridRow, old: Table, new: Table) -> GridRow:
    """Return a head row above a page break in the columns of the grid below it, by their edges."""
    cells = []
    if not (old.edges and new.edges):
        if old.columns == new.columns:
            cells = [replace(cell, row=cell.row - old.rows) for cell in row.cells]
        return replace(row, row=row.row - old.rows, cells=tuple(cells))
    for cell in row.cells:
        left, right = old.edges[cell.column], old.edges[cell.column + cell.column_span]
        inside = [
            n
            for n in range(new.columns)
            if left - 3 <= (new.edges[n] + new.edges[n + 1]) / 2 <= right + 3
        ]
        if inside:
            above = cell.row - old.rows
            cells.append(replace(cell, row=above, column=inside[0], column_span=len(inside)))
    return replace(row, row=row.row - old.rows, cells=tuple(cells))


def _column_heads(rows: Sequence[GridRow], width: int) -> list[tuple[str, str]]:
    """Return (group, leaf) of each grid column from the head rows."""
    heads = []
    for column in range(width):
        group = ""
        leaf: list[str] = []
        seen = set()
        for row in rows:
            for cell in row.cells:
                if not cell.column <= column < cell.column + cell.column_span:
                    continue
                if (cell.row, cell.column) in seen:
                    continue
                seen.add((cell.row, cell.column))
                text = plain(cell.text)
                if text in GROUPS or any(similarity(text, g) >= 0.85 for g in GROUPS):
                    group = max(GROUPS, key=lambda g: similarity(text, g))
                elif text and text != _ABOVE and similarity(text, _ABOVE) < 0.85:
                    leaf.append(text)
        # A head that is printed twice in one grid says its words twice.
        heads.append((group, "".join(dict.fromkeys(leaf))))
    return heads


def _codes_by_column(heads: list[tuple[str, str]], least: float) -> dict[int, str]:
    """Return the cell code of each grid column; a column that fits none or two is left out.

    Args:
        heads: (group, leaf) of each column.
        least: how well a leaf must fit, 0 to 1.

    """
    found: dict[int, str] = {}
    for number, (group, leaf) in enumerate(heads):
        if not group or not leaf:
            continue
        fits = sorted(
            (
                (best_similarity(leaf, table4_leaf_labels(official_leaf)), code)
                for code, official_group, official_leaf in table4_columns()
                if group == official_group
            ),
            reverse=True,
        )
        if fits[0][0] >= least and fits[0][0] - fits[1][0] >= _MARGIN:
            found[number] = fits[0][1]
    return found


def _codes_by_order(heads: list[tuple[str, str]]) -> dict[int, str]:
    """Return codes where group heads are missing but the fifteen leaves stand in official order."""
    leaves = [(n, leaf) for n, (_, leaf) in enumerate(heads) if leaf]
    official = table4_columns()
    if len(leaves) != len(official):
        return {}
    if any(
        best_similarity(leaf, table4_leaf_labels(o[2])) < _LEAST
        for (_, leaf), o in zip(leaves, official, strict=True)
    ):
        return {}
    return {n: o[0] for (n, _), o in zip(leaves, official, strict=True)}


def _codes_without_spans(heads: Sequence[GridRow], data: Sequence[GridRow]) -> dict[int, str]:
    """Return codes where all spans are lost: groups and leaves in the form's order, row by row.

    Only where the one row of figures has a cell for each column of the form and no more.
    """
    printed = [row.cells for row in data if any(cell.text.strip() for cell in row.cells)]
    official = table4_columns()
    words = [
        plain(c.text) for row in heads for c in row.cells if c.row == row.row and c.text.strip()
    ]
    leaves = [word for word in words if similarity(word, _ABOVE) < _FITS and word not in GROUPS]
    groups = [word for word in words if word in GROUPS]
    if len(printed) != 1 or len(leaves) != len(official) or groups != list(GROUPS):
        return {}
    cells = printed[0]
    fits = [
        best_similarity(leaf, table4_leaf_labels(own[2])) >= _FITS
        for leaf, own in zip(leaves, official, strict=True)
    ]
    alone = [cell.column for cell in cells] == list(range(len(official)))
    plain_cells = all(cell.column_span == cell.row_span == 1 for cell in (*cells, *heads[-1].cells))
    if not (all(fits) and alone and plain_cells):
        return {}
    return {number: own[0] for number, own in enumerate(official)}


def recognise_table4(
    heads: Sequence[GridRow],
    data: Sequence[GridRow],
    head_table: Table,
    data_table: Table | None,
) -> tuple[dict[str, CellReading], tuple[Finding, ...]]:
    """Read table 四.

    Args:
        heads: its head rows.
        data: rows after them that hold no words.
        head_table: grid of the head.
        data_table: grid of the figures; another one when a page break separates them, None when
            there are none.

    Returns:
        Readings by cell code (empty when the table was not recognised) and findings.

    """
    columns = _column_heads(heads, head_table.columns)
    codes = _codes_by_column(columns, _FITS)
    if len(set(codes.values())) != len(table4_columns()):
        # OCR takes one hanzi of four for another; that all fifteen are found makes up for it.
        codes = _codes_by_column(columns, _FITS_WITH_ONE_WRONG)
    if len(set(codes.values())) != len(table4_columns()):
        codes = _codes_by_order(columns)
    if not codes and data_table in {None, head_table}:
        codes = _codes_without_spans(heads, data)
    if not codes:
        names = "、".join(dict.fromkeys(leaf for _, leaf in columns if leaf))
        return {}, (
            Finding(
                "W-T4-HEAD",
                "warning",
                f"表四的列头未能全部识别：{names}。",
                names,
                head_table.place,
            ),
        )
    figures = [row for row in data if any(c.text.strip() for c in row.cells)] or list(data[:1])
    if not figures:
        return {}, (
            Finding("W-T4-ROW", "warning", "表四只有列头，没有数字行。", "", head_table.place),
        )
    if len({tuple(plain(c.text) for c in row.cells) for row in figures}) > 1:
        return {}, (
            Finding(
                "W-T4-ROW",
                "warning",
                f"表四有 {len(figures)} 行数字，不知以哪一行为准。",
                "",
                figures[1].cells[0].place,
            ),
        )
    end = max(c.column + c.column_span for head in heads for c in head.cells)
    apart = data_table is not None and data_table is not head_table
    if not (apart or head_table.edges) and may_lack_cell(figures[0].cells, end):
        message = "表四的数字行比列头少一格，末格又是空白，不知缺的是哪一格。"
        return {}, (Finding("W-T4-ROW", "warning", message, "", figures[0].cells[-1].place),)
    return _read_row(figures[0], codes, head_table, data_table or head_table)


def _reach(cell: Cell) -> range:
    return range(cell.column, cell.column + cell.column_span)


def _read_row(
    row: GridRow, codes: dict[int, str], head_table: Table, data_table: Table
) -> tuple[dict[str, CellReading], tuple[Finding, ...]]:
    same_grid = head_table is data_table or head_table.columns == data_table.columns
    cells: dict[str, CellReading] = {}
    if same_grid:
        if any(looks_like_figure(c.text) and codes.keys().isdisjoint(_reach(c)) for c in row.cells):
            message = "表四有数字不在任何列头之下，各列无法确定。"
            return {}, (Finding("W-T4-ROW", "warning", message, "", row.cells[0].place),)
        for number, code in codes.items():
            inside = [c for c in row.cells if c.column <= number < c.column + c.column_span]
            if not inside:
                cells[code] = CellReading(
                    None, None, "unread", "该列下没有单元格", head_table.place
                )
            elif any(codes.get(n, code) != code for n in _reach(inside[0])):
                cells[code] = CellReading(
                    inside[0].text,
                    None,
                    "unread",
                    "单元格横跨多列，不知属于哪一列",
                    inside[0].place,
                )
            elif code not in cells or cells[code].state == "blank":
                cells[code] = read_cell(inside[0].text, inside[0].place, inside[0].doubt)
            elif inside[0].text.strip() and inside[0].place != cells[code].place:
                cells[code] = CellReading(
                    inside[0].text, None, "unread", "一列内有多个单元格有数字", inside[0].place
                )
        return cells, ()
    values = list(row.cells)
    order = list(dict.fromkeys(codes[n] for n in sorted(codes)))
    if len(values) != len(order):
        return {}, (
            Finding(
                "W-T4-ROW",
                "warning",
                f"表四的数字行有 {len(values)} 格，列头有 {len(order)} 格，无法对应。",
                "",
                data_table.place,
            ),
        )
    return {c: read_cell(v.text, v.place, v.doubt) for c, v in zip(order, values, strict=True)}, ()
