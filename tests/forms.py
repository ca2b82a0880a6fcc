"""Statutory tables built from the codebook: grids with known answers."""

from __future__ import annotations

from archive.codebook import template_metrics
from pipeline.read.document import Cell, Table
from pipeline.recognise.form import table3_columns, table3_rows, table4_columns

NOTE = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"


class Grid:
    """Collects cells row by row; positions are given, spans too."""

    def __init__(self):
        self.cells = []

    def put(self, row, column, text, rows=1, columns=1):
        place = f"path=/t/r{row}c{column}"
        self.cells.append(Cell(row, column, rows, columns, text, place))

    def table(self, *, edges=()):
        rows = max(c.row + c.row_span for c in self.cells)
        columns = max(c.column + c.column_span for c in self.cells)
        cells = tuple(sorted(self.cells, key=lambda c: (c.row, c.column)))
        return Table(rows, columns, cells, "path=/t", edges=edges)


def second(template, values):
    grid = Grid()
    row = 0
    groups = {}
    for metric in template_metrics(template):
        if metric.table == "t2":
            groups.setdefault(metric.row_group, []).append(metric)
    for group, metrics in groups.items():
        grid.put(row, 0, group, columns=4)
        heads = {m.column_code: m.column_label for m in metrics}
        if template == "2019" and "decisions" in heads:
            heads["decisions"] = "处理决定数量"
        width = {1: [3], 2: [1, 2], 3: [1, 1, 1]}[len(heads)]
        grid.put(row + 1, 0, "信息内容")
        column = 1
        for label, span in zip(heads.values(), width, strict=True):
            grid.put(row + 1, column, label, columns=span)
            column += span
        row += 2
        for code in dict.fromkeys(m.row_code for m in metrics):
            mine = [m for m in metrics if m.row_code == code]
            grid.put(row, 0, mine[0].row_label)
            column = 1
            for metric, span in zip(mine, width, strict=True):
                grid.put(row, column, str(values.get(metric.code, 0)), columns=span)
                column += span
            row += 1
    return grid.table()


def third(template, values, *, collapse=False):
    grid = Grid()
    grid.put(0, 0, NOTE, rows=3, columns=3)
    grid.put(0, 3, "申请人情况", columns=7)
    grid.put(1, 3, "自然人", rows=2)
    grid.put(1, 4, "法人或其他组织", columns=5)
    for number, label in enumerate(
        ("商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他")
    ):
        grid.put(2, 4 + number, label)
    grid.put(1, 9, "总计", rows=2)
    rows = [(r.code, r.labels[0], r.group) for r in table3_rows(template)]
    if collapse:
        rows = [r for r in rows if not r[0].startswith("other_")]
        rows.insert(-2, ("other_total", "（六）其他处理", ""))
    outcome = [
        n for n, (code, _, _) in enumerate(rows) if code not in {"new", "carried_in", "carried_out"}
    ]
    grid.put(3 + outcome[0], 0, "三、本年度办理结果", rows=len(outcome))
    for group in dict.fromkeys(g for _, _, g in rows if g):
        members = [n for n, (_, _, g) in enumerate(rows) if g == group]
        grid.put(3 + members[0], 1, group, rows=len(members))
    for number, (code, label, group) in enumerate(rows):
        row = 3 + number
        if number not in outcome:
            grid.put(row, 0, label, columns=3)
        elif group:
            grid.put(row, 2, label)
        else:
            grid.put(row, 1, label, columns=2)
        for position, column in enumerate(table3_columns()):
            grid.put(row, 3 + position, str(values.get(f"t3_{code}__{column.code}", 0)))
    return grid.table()


def fourth(values):
    grid = Grid()
    grid.put(0, 0, "行政复议", columns=5)
    grid.put(0, 5, "行政诉讼", columns=10)
    grid.put(1, 5, "未经复议直接起诉", columns=5)
    grid.put(1, 10, "复议后起诉", columns=5)
    for number, (code, _, label) in enumerate(table4_columns()):
        if number < 5:
            grid.put(1, number, label, rows=2)
        else:
            grid.put(2, number, label)
        grid.put(3, number, str(values.get(code, 0)))
    return grid.table()


def cut(table, row, *, repeat=0):
    """Cut a table below a row into two fragments; spans over the cut go on in both.

    The second begins with the first ``repeat`` rows again, as a repeated head does.
    """
    first, last = [], []
    for c in table.cells:
        if c.row < row:
            span = min(c.row + c.row_span, row) - c.row
            first.append(Cell(c.row, c.column, span, c.column_span, c.text, c.place))
            if c.row < repeat:
                head = min(c.row + c.row_span, repeat) - c.row
                last.append(Cell(c.row, c.column, head, c.column_span, c.text, c.place))
        if c.row + c.row_span > row:
            top = max(c.row, row)
            text = c.text if c.row >= row else ""
            last.append(
                Cell(
                    top - row + repeat,
                    c.column,
                    c.row + c.row_span - top,
                    c.column_span,
                    text,
                    c.place,
                )
            )
    return (
        Table(
            row, table.columns, tuple(sorted(first, key=lambda c: (c.row, c.column))), table.place
        ),
        Table(
            table.rows - row + repeat,
            table.columns,
            tuple(sorted(last, key=lambda c: (c.row, c.column))),
            table.place,
        ),
    )


def change(table, old, new):
    """Replace the text of every cell that holds exactly ``old``."""
    cells = tuple(
        Cell(c.row, c.column, c.row_span, c.column_span, new if c.text == old else c.text, c.place)
        for c in table.cells
    )
    assert cells != table.cells, old
    return Table(table.rows, table.columns, cells, table.place, table.ragged, table.edges)


def distinct_values(template):
    """Return a different figure for every cell, so that any mix-up shows."""
    return {m.code: 1000 + n for n, m in enumerate(template_metrics(template))}
