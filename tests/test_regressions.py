"""Grids that were once read wrong or not at all; found by mutants and by other engineers."""

from __future__ import annotations

import pytest

from pipeline.check.checker import check
from pipeline.read.document import Cell, Table
from pipeline.recognise import recognise
from pipeline.recognise.form import table3_columns
from pipeline.recognise.numbers import read_cell
from tests.forms import Grid, change, cut, distinct_values, fourth, second, third
from tests.mutants.model import insert_column
from tests.read_forms import (
    PAGE,
    as_html,
    read,
    report_of,
    sheets,
    span,
    wrong,
)


def moved(table, rows, steps):
    """Push the cells of some rows aside, as a wrong rowspan above does."""
    cells = tuple(
        Cell(c.row, c.column + steps, c.row_span, c.column_span, c.text, c.place)
        if c.row in rows and (c.column > 0 or steps > 0)
        else c
        for c in table.cells
    )
    columns = max(c.column + c.column_span for c in cells)
    return Table(table.rows, columns, cells, table.place)


@pytest.mark.parametrize("blank", [None, "natural_person", "total"])
@pytest.mark.parametrize("steps", [1, -1])
def test_a_row_pushed_aside_by_a_wrong_rowspan(blank, steps):
    values = distinct_values("2021")
    if blank:
        values[f"t3_unavailable_not_held__{blank}"] = ""
    two, three, four = sheets(values)
    group = next(
        s for s in three.slots if s.text == ("（三）不予公开" if steps > 0 else "（四）无法提供")
    )
    three.written[(group.row, group.column)] = (group.rows + steps, group.columns)
    report = recognise(as_html(two, three, four))
    assert not wrong(report, values)
    assert not [code for code, cell in report.cells.items() if cell.state == "unread"]


def test_heads_that_lost_their_colspan_have_slid_away_from_their_columns():
    values = distinct_values("2021")
    two, three, four = sheets(values)
    for s in three.slots:
        if s.text in {"法人或其他组织", "申请人情况"}:
            three.written[(s.row, s.column)] = (s.rows, 1)
    assert read(recognise(as_html(two, three, four))) == values


def test_a_stray_figure_behind_a_blank_is_no_total():
    values = distinct_values("2021") | {"t3_new__natural_person": ""}
    two, three, four = sheets(values)
    row = next(s.row for s in three.slots if s.code == "t3_new__total")
    insert_column(three, 10)
    three.slots.append(next(s for s in three.slots if s.row == row).__class__("1", row, 10))
    assert not wrong(recognise(as_html(two, three, four)), values)


def test_an_empty_row_inside_a_group_is_no_row_of_blanks():
    values = distinct_values("2021")
    grid = Grid()
    for c in third("2021", values).cells:
        down = c.row > 15
        grid.put(
            c.row + down,
            c.column,
            c.text,
            c.row_span + (c.row <= 15 < c.row + c.row_span - 1),
            c.column_span,
        )
    for column in range(2, 10):
        grid.put(16, column, "")
    report = report_of(second("2021", values), grid.table(), fourth(values))
    assert read(report) == values


def test_the_head_printed_again_in_the_middle():
    values = distinct_values("2021")
    whole = third("2021", values)
    first, last = cut(whole, 12, repeat=3)
    rows = [
        Cell(c.row + 12, c.column, c.row_span, c.column_span, c.text, c.place) for c in last.cells
    ]
    both = Table(first.rows + last.rows, 10, (*first.cells, *rows), "path=/t")
    report = report_of(second("2021", values), both, fourth(values))
    assert read(report) == values


@pytest.mark.parametrize("label", ["合计", "共计"])
def test_other_words_for_the_total_of_table_four(label):
    values = distinct_values("2021")
    report = report_of(
        second("2021", values), third("2021", values), change(fourth(values), "总计", label)
    )
    assert read(report) == values


def test_an_empty_row_above_the_figures_of_table_four():
    values = distinct_values("2021")
    head, data = cut(fourth(values), 3)
    blank = [Cell(3, n, 1, 1, "", "path=/t") for n in range(15)]
    head = Table(4, 15, (*head.cells, *blank), head.place)
    report = report_of(second("2021", values), third("2021", values), head, data)
    assert read(report) == values


@pytest.mark.parametrize(
    "label",
    ["（六）其他", "(六)、其他", "六、其他", "（六）其他情形", "其他处理（六）"],
)
def test_row_six_in_one_row_is_never_its_third_part(label):
    values = distinct_values("2021") | {
        f"t3_other_total__{column.code}": 9000 + n for n, column in enumerate(table3_columns())
    }
    three = change(third("2021", values, collapse=True), "（六）其他处理", label)
    report = report_of(second("2021", values), three, fourth(values))
    assert report.cells["t3_other_total__total"].value == 9006
    assert report.cells["t3_other_misc__total"].state == "unread"


@pytest.mark.parametrize(
    ("text", "value", "state"),
    [
        ("1543²", 1543, "note"),
        ("1543①", 1543, "note"),
        ("1543(2)", 1543, "note"),
        ("1543*", 1543, "note"),
        ("251000元", 251000, "note"),
        ("22（其中修订16件）", 22, "note"),
        ("- 5", -5, "value"),
        ("+ 1036", 1036, "value"),
        ("- 1 7", None, "unread"),
        ("约15件", None, "unread"),
        ("无", None, "note"),
        ("1½", None, "unread"),
        ("3-5", None, "unread"),
        ("15,43", None, "unread"),
        ("3万", None, "unread"),
        ("15%", None, "unread"),
        ("2O", None, "unread"),
        ("１，５４３", 1543, "value"),
    ],
)
def test_marks_and_remarks_beside_a_figure(text, value, state):
    reading = read_cell(text, "path=/x")
    assert (reading.value, reading.state) == (value, state)
    assert reading.raw == text


def test_unreadable_heads_in_a_foreign_order_give_no_figures():
    values = distinct_values("2021")
    three = change(third("2021", values), "自然人", "申请者")
    three = change(change(three, "商业企业", "@"), "法律服务机构", "商业企业")
    three = change(three, "@", "法律服务机构")
    report = report_of(second("2021", values), three, fourth(values))
    assert {c.state for k, c in report.cells.items() if k.startswith("t3")} == {"unread"}
    assert "W-UNREAD" in {f.rule for f in check(report).findings}


def test_a_row_pushed_aside_that_lost_its_last_cell_is_refused():
    values = distinct_values("2021") | {"t3_unprocessed_repeat__total": ""}
    cells = [
        Cell(c.row, c.column + (c.column > 2), c.row_span, c.column_span, c.text, c.place)
        for c in third("2021", values).cells
    ]
    rows = sorted({c.row for c in cells if c.row > 2})
    cells += [Cell(0, 3, 3, 1, "", PAGE), *(Cell(row, 3, 1, 1, "", PAGE) for row in rows)]
    (pushed,) = {c.row for c in cells if c.text.startswith("2.重复申请")}
    table = [
        Cell(c.row, c.column + (c.row == pushed), c.row_span, c.column_span, c.text, c.place)
        for c in cells
        if (c.row, c.column) != (pushed, 10)
    ]
    for grid, state in ((cells, "value"), (table, "unread")):
        grid.sort(key=lambda c: (c.row, c.column))
        report = report_of(Table(max(rows) + 1, 11, tuple(grid), "path=/t"))
        assert report.cells["t3_unprocessed_repeat__business"].state == state
        assert not wrong(report, values | dict.fromkeys(set(report.cells) - set(values), ""))


def test_a_row_without_a_cell_is_refused_where_others_have_an_empty_one_at_the_end():
    values = distinct_values("2021")
    cells = list(third("2021", values).cells)
    rows = sorted({c.row for c in cells if c.row > 2})
    cells += [Cell(0, 10, 3, 1, "", PAGE), *(Cell(row, 10, 1, 1, "", PAGE) for row in rows)]
    (short,) = {c.row for c in cells if c.text.startswith("2.重复申请")}
    torn = [
        Cell(
            c.row,
            c.column - (c.row == short and c.column > 5),
            c.row_span,
            c.column_span,
            c.text,
            c.place,
        )
        for c in cells
        if (c.row, c.column) != (short, 5)
    ]
    for grid, state in ((cells, "value"), (torn, "unread")):
        grid.sort(key=lambda c: (c.row, c.column))
        report = report_of(Table(max(rows) + 1, 11, tuple(grid), "path=/t"))
        assert report.cells["t3_unprocessed_repeat__business"].state == state
        assert not wrong(report, values | dict.fromkeys(set(report.cells) - set(values), ""))


@pytest.mark.parametrize(("statutory", "row"), [(second, 2), (fourth, 3)])
def test_figures_without_a_cell_are_refused_where_the_head_has_an_empty_one_at_the_end(
    statutory, row
):
    values = distinct_values("2021")
    table = statutory("2021", values) if statutory is second else statutory(values)
    spare = [Cell(n, table.columns, 1, 1, "", PAGE) for n in range(table.rows)]
    first = next(c.column for c in table.cells if c.row == row and c.text.isdigit())
    torn = [
        Cell(c.row, c.column - (c.row == row and c.column > first), *span(c), c.text, c.place)
        for c in (*table.cells, *spare)
        if (c.row, c.column) != (row, first)
    ]
    for cells, lost in ((table.cells + tuple(spare), False), (torn, True)):
        grid = tuple(sorted(cells, key=lambda c: (c.row, c.column)))
        report = report_of(Table(table.rows, table.columns + 1, grid, "path=/t"))
        figures = {c.text for c in table.cells if c.row == row and c.text.isdigit()}
        assert len(figures) > 2
        assert figures.isdisjoint(str(v) for v in read(report).values()) == lost
        assert not wrong(report, values)


@pytest.mark.parametrize("shape", ["blank total", "moved"])
def test_a_blank_total_is_read_unless_the_row_seems_to_have_moved(shape):
    values = distinct_values("2021")
    cells = list(third("2021", values).cells)
    (row,) = {c.row for c in cells if c.text.startswith("2.重复申请")}
    figures = {3: "1", 4: "2", 5: "3", 6: "4", 7: "5", 8: "6" if shape == "blank total" else "60"}
    cells = [
        Cell(c.row, c.column, *span(c), figures.get(c.column, ""), c.place)
        if c.row == row and c.column > 2
        else c
        for c in cells
    ]
    cells += [Cell(n, 10, 1, 1, "", PAGE) for n in range(max(c.row for c in cells) + 1)]
    cells.sort(key=lambda c: (c.row, c.column))
    report = report_of(Table(cells[-1].row + 1, 11, tuple(cells), "path=/t"))
    states = {report.cells[f"t3_unprocessed_repeat__{c}"].state for c in ("business", "total")}
    assert states == ({"value", "blank"} if shape == "blank total" else {"unread"})


def test_figures_in_a_row_below_that_of_their_label_do_not_leave_it_blank():
    values = distinct_values("2021")
    cells = list(third("2021", values).cells)
    (row,) = {c.row for c in cells if c.text.startswith("2.重复申请")}
    below = [
        Cell(c.row + (c.row > row), c.column, c.row_span, c.column_span, c.text, c.place)
        if c.row_span == 1 or c.row > row
        else Cell(c.row, c.column, c.row_span + (c.row + c.row_span > row), *c_rest(c))
        for c in cells
    ]
    apart = [
        Cell(c.row + 1, c.column, 1, 1, c.text, c.place) if c.row == row and c.column > 2 else c
        for c in below
    ]
    apart += [Cell(row, n, 1, 1, "", PAGE) for n in range(3, 10)]
    apart.append(Cell(row + 1, 2, 1, 1, "", PAGE))
    apart.sort(key=lambda c: (c.row, c.column))
    report = report_of(Table(apart[-1].row + 1, 10, tuple(apart), "path=/t"))
    assert report.cells["t3_unprocessed_repeat__total"].state == "unread"
    assert not wrong(report, values)


def c_rest(cell):
    return cell.column_span, cell.text, cell.place


def test_a_column_with_a_head_of_its_own_is_no_column_of_the_form():
    values = distinct_values("2021")
    table = third("2021", values)
    cells = [Cell(c.row, c.column + 1, *span(c), c.text, c.place) for c in table.cells]
    cells.append(Cell(0, 0, 3, 1, "序号", PAGE))
    cells += [Cell(row, 0, 1, 1, str(row - 2), PAGE) for row in range(3, table.rows)]
    cells.sort(key=lambda c: (c.row, c.column))
    report = report_of(Table(table.rows, table.columns + 1, tuple(cells), "path=/t"))
    third_table = {code: value for code, value in values.items() if code.startswith("t3_")}
    assert {code: read(report)[code] for code in third_table} == third_table


def test_a_dash_in_the_blank_corner_of_the_head_leaves_the_column_heads_heads():
    values = distinct_values("2021")
    table = third("2021", values)
    last = table.columns
    cells = [*table.cells, Cell(0, last, 1, 1, "", PAGE), Cell(1, last, 2, 1, "——", PAGE)]
    cells += [Cell(row, last, 1, 1, "", PAGE) for row in range(3, table.rows)]
    cells.sort(key=lambda c: (c.row, c.column))
    report = report_of(Table(table.rows, last + 1, tuple(cells), "path=/t"))
    third_table = {code: value for code, value in values.items() if code.startswith("t3_")}
    assert {code: read(report)[code] for code in third_table} == third_table


def test_merged_cells_taken_apart_with_all_their_words_in_each_piece():
    values = distinct_values("2021")
    tables = []
    for table in (second("2021", values), third("2021", values), fourth(values)):
        pieces = [
            Cell(row, column, 1, 1, c.text, c.place)
            for c in table.cells
            for row in range(c.row, c.row + c.row_span)
            for column in range(c.column, c.column + c.column_span)
        ]
        pieces.sort(key=lambda c: (c.row, c.column))
        tables.append(Table(table.rows, table.columns, tuple(pieces), table.place))
    assert read(report_of(*tables)) == values


@pytest.mark.parametrize("cells", [15, 14])
def test_table_four_without_any_span(cells):
    values = distinct_values("2021")
    rows = [[c for c in fourth(values).cells if c.row == row] for row in range(4)]
    grid = [
        Cell(row, column, 1, 1, c.text, c.place)
        for row, line in enumerate(rows)
        for column, c in enumerate(line[: cells if row == 3 else None])
    ]
    report = report_of(third("2021", values), Table(4, 15, tuple(grid), "path=/t"))
    own = {code: value for code, value in read(report).items() if code.startswith("t4_")}
    fourths = {code: value for code, value in values.items() if code.startswith("t4_")}
    assert own == (fourths if cells == 15 else dict.fromkeys(fourths))
