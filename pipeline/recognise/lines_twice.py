"""Lines beside a table read from a grid: its heads, or rows of the same table once more."""

from __future__ import annotations

from collections.abc import Sequence

from archive.codebook import Template
from pipeline.finding import Finding
from pipeline.recognise.form import table2_rows, table3_rows, table4_columns
from pipeline.recognise.grids import TableReadings
from pipeline.recognise.labels import best_similarity, key, plain
from pipeline.recognise.lines import heads_certain
from pipeline.recognise.lines_labels import label_pieces
from pipeline.recognise.lines_table4 import under_fourth
from pipeline.recognise.rows import row_scores
from pipeline.recognise.table3_heads import NO_HEADS
from pipeline.recognise.text_lines import Line
from pipeline.report import CellReading

_SAME = 0.95
_DISTINCT = 4  # characters; 总计 and 其他 stand in tables of every kind
_FEWEST = {"t2": 1, "t3": 2, "t4": 7}  # figures of a row
_NAMES = {"t2": "表二", "t3": "表三", "t4": "表四"}
_REASON = "表格以外还印有同一张表的数字，且不相同，不知以哪一张为准"

_HEADS_APART = "列头印在表格线框以外，不知与哪一列对应"


def refuse_other_printings(lines: Sequence[Line], readings: TableReadings) -> None:
    """Refuse cells of grids whose row is printed once more, outside of any grid, and differs.

    Where two rows of a table differ, two tables are printed: then only rows that both print
    alike are kept.

    Args:
        lines: all lines outside of grids.
        readings: what the grids gave; changed in place.

    """
    for table in sorted(readings.templates):
        others = _rows(lines, table, readings.templates[table])
        if not others:
            continue
        printed = _printed_rows(readings, table)
        differ = [
            (row, line) for row, line in others if row in printed and not _same(line, printed[row])
        ]
        if not differ:
            continue
        refused = {row for row, _ in differ}
        if len(refused) > 1:
            alike = {row for row, line in others if row in printed and _same(line, printed[row])}
            refused |= set(printed) - alike
        for row in refused:
            for code in printed[row]:
                old = readings.cells[code]
                readings.cells[code] = CellReading(old.raw, None, "unread", _REASON, old.place)
        message = f"{_NAMES[table]}以外还印有同一张表的数字，且不相同，有关单元格作未读。"
        place = differ[0][1].place
        readings.findings.append(Finding(f"W-T{table[1]}-TWICE", "warning", message, place=place))


def refuse_unsure_heads(lines: Sequence[Line], readings: TableReadings) -> None:
    """Refuse table 三 of a grid without heads, when lines beside it show no certain order of them.

    Args:
        lines: all lines outside of grids.
        readings: what the grids gave; changed in place.

    """
    if not any(f.message.startswith(NO_HEADS) for f in readings.findings) or heads_certain(lines):
        return
    for code, old in readings.cells.items():
        if code.startswith("t3_"):
            readings.cells[code] = CellReading(old.raw, None, "unread", _HEADS_APART, old.place)
    message = "表三的列头印在表格线框以外，不知与哪一列对应，各行作未读。"
    readings.findings.append(Finding("W-T3-HEAD", "warning", message))


def _printed_rows(readings: TableReadings, table: str) -> dict[str, dict[str, CellReading]]:
    """Return the cells of each row of a table that was read."""
    found: dict[str, dict[str, CellReading]] = {}
    if table == "t2":
        names = {f"t2_{row}_": row for row in table2_rows()}
    elif table == "t3":
        rows = {row.code for name in ("2021", "2019") for row in table3_rows(name)}
        names = {f"t3_{row}__": row for row in {*rows, "other_total"}}
    else:
        names = {"t4_": "t4"}
    for code, cell in readings.cells.items():
        fits = [prefix for prefix in names if code.startswith(prefix)]
        if fits:
            found.setdefault(names[max(fits, key=len)], {})[code] = cell
    return found


def _same(line: Line, cells: dict[str, CellReading]) -> bool:
    """Tell whether a line prints the figures of a row, in whatever order its columns stand."""
    if any(cell.raw is None for cell in cells.values()):
        return False
    own = sorted(plain(cell.raw or "") for cell in cells.values() if (cell.raw or "").strip())
    return own == sorted(map(plain, line.figures))


def _rows(lines: Sequence[Line], table: str, template: Template | None) -> list[tuple[str, Line]]:
    """Return the lines of figures that are rows of a table by their labels."""
    numbers = [
        n
        for n, line in enumerate(lines)
        if len(line.figures) >= _FEWEST[table] and not line.may_be_page_number
    ]
    if table == "t4":
        wanted = [n for n in numbers if len(lines[n].figures) <= len(table4_columns())]
        return [("t4", lines[n]) for n in wanted if under_fourth(lines, n)]
    on_page = (
        table == "t2" and numbers and "信息内容" in plain("".join(line.text for line in lines))
    )
    found = []
    for order, number in enumerate(numbers):
        if under_fourth(lines, number) or (table == "t2" and not on_page):
            continue
        labels = [label for label in label_pieces(lines, numbers, order) if label]
        for label in labels:
            row = _second_row(label) if table == "t2" else _third_row(label, template)
            if row is not None:
                found.append((row, lines[number]))
                break
    return found


def _second_row(label: str) -> str | None:
    fit, row = max((best_similarity(label, names), row) for row, names in table2_rows().items())
    return row if fit >= _SAME else None


def _third_row(label: str, template: Template | None) -> str | None:
    fits = row_scores((label,), template or "2021")
    best = max(range(len(fits)), key=lambda n: fits[n])
    if fits[best] < _SAME or len(key(label)) < _DISTINCT:
        return None
    return table3_rows(template or "2021")[best].code
