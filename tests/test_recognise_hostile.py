"""Documents that lure a reader into a wrong figure: it is refused, and the record says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.read.document import Cell, Document, Paragraph, Table
from pipeline.read.text import read_text
from pipeline.recognise import recognise
from pipeline.recognise.labels import plain
from pipeline.recognise.numbers import read_cell
from tests.forms import Grid, change, cut, distinct_values, fourth, second, third
from tests.mutants import make
from tests.mutants.hostile import MUTATIONS
from tests.mutants.measure import judge

TITLE = Paragraph("示例县财政局2022年政府信息公开工作年度报告", "line=1")


def report_of(*blocks):
    return recognise(Document("html", (TITLE, *blocks)))


def states(report, codes):
    return {report.cells[code].state for code in codes}


def rules(report):
    return {finding.rule for finding in report.findings}


def row_of(code):
    return [
        f"t3_{code}__{column}"
        for column in (
            "natural_person",
            "business",
            "research",
            "public_interest",
            "legal_service",
            "other_org",
            "total",
        )
    ]


@pytest.mark.parametrize("name", sorted(MUTATIONS))
@pytest.mark.parametrize("form", ["html", "docx", "tabs", "spaces"])
def test_no_trap_gives_a_wrong_figure(name, form):
    for number in range(2):
        judged = judge(make(f"trap-{number}", form, name))
        assert not judged.wrong, (judged.mutant.kinds, judged.wrong[:2])


def test_of_two_different_tables_three_only_equal_cells_are_read():
    values = distinct_values("2021")
    other = values | {"t3_new__total": 7, "t3_granted__business": 8, "t3_partial__research": 9}
    report = report_of(
        second("2021", values), third("2021", values), third("2021", other), fourth(values)
    )
    differing = {"t3_new__total", "t3_granted__business", "t3_partial__research"}
    assert {c for c, cell in report.cells.items() if cell.state == "unread"} == differing
    assert "W-T3-TWICE" in rules(report)
    assert "W-T3-ROW" not in rules(report)


def test_the_same_tables_printed_twice_are_one_reading():
    values = distinct_values("2021")
    tables = (second("2021", values), third("2021", values), fourth(values))
    report = report_of(*tables, *tables)
    assert {code: cell.value for code, cell in report.cells.items()} == values
    assert not any(rule.startswith("W-T") for rule in rules(report))


def test_two_different_tables_four_are_refused_where_they_differ():
    values = distinct_values("2021")
    other = values | {"t4_review_upheld": 3}
    report = report_of(second("2021", values), third("2021", values), fourth(values), fourth(other))
    assert [c for c, cell in report.cells.items() if cell.state == "unread"] == ["t4_review_upheld"]
    assert "W-T4-TWICE" in rules(report)


def test_a_label_beside_several_rows_is_not_the_lost_label_of_one():
    values = distinct_values("2021")
    table = change(third("2021", values), "3.其他", "")
    report = report_of(second("2021", values), table, fourth(values))
    assert states(report, row_of("other_misc")) == {"unread"}
    assert "t3_other_total__total" not in report.cells


def heads_blanked(values, blank):
    table = third("2021", values)
    cells = tuple(replace(c, text="") if c.text in blank and c.row < 3 else c for c in table.cells)
    return Table(table.rows, table.columns, cells, table.place)


def test_one_unread_head_is_told_by_its_neighbours_and_said():
    values = distinct_values("2021")
    table = heads_blanked(values, {"科研机构"})
    report = report_of(second("2021", values), table, fourth(values))
    assert {code: cell.value for code, cell in report.cells.items()} == values
    assert "W-T3-HEAD" in rules(report)


def test_five_unread_heads_are_refused():
    values = distinct_values("2021")
    blank = {"商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他"}
    report = report_of(second("2021", values), heads_blanked(values, blank), fourth(values))
    assert states(report, row_of("new")) == {"unread"}


def test_a_table_without_heads_is_read_by_the_form_and_says_so():
    values = distinct_values("2021")
    table = third("2021", values)
    cells = tuple(replace(c, row=c.row - 3) for c in table.cells if c.row >= 3)
    headless = Table(table.rows - 3, table.columns, cells, table.place)
    report = report_of(second("2021", values), headless, fourth(values))
    assert {code: cell.value for code, cell in report.cells.items()} == values
    assert "W-T3-HEAD" in rules(report)


def test_this_year_beside_last_year_is_never_mixed_up():
    values = distinct_values("2021")
    table = third("2021", values)
    grid = Grid()
    for c in table.cells:
        first = 3 + 2 * (c.column - 3) if c.column >= 3 else c.column
        down = c.row + (c.row >= 3)
        if c.row < 3:
            reach = c.row_span + (c.row == 0 and c.column == 0)
            span = c.column_span if c.column < 3 else 2 * c.column_span
            grid.put(c.row, first, c.text, reach, span)
        elif c.column < 3:
            grid.put(down, first, c.text, c.row_span, c.column_span)
        else:
            grid.put(down, first, "")
            grid.put(down, first + 1, "99" if c.row == 5 else "")
    for column in range(7):
        grid.put(3, 3 + 2 * column, "本年")
        grid.put(3, 4 + 2 * column, "上年")
    report = report_of(second("2021", values), grid.table(), fourth(values))
    assert states(report, row_of("granted")) == {"unread"}


def test_a_missing_column_costs_its_own_cells_only():
    values = distinct_values("2021")
    table = third("2021", values)
    cells = []
    for c in table.cells:
        if c.column == 6 and c.column_span == 1:
            continue
        over = c.column <= 6 < c.column + c.column_span
        cells.append(replace(c, column=c.column - (c.column > 6), column_span=c.column_span - over))
    narrow = Table(table.rows, table.columns - 1, tuple(cells), table.place)
    report = report_of(second("2021", values), narrow, fourth(values))
    unread = {c for c, cell in report.cells.items() if cell.state == "unread"}
    assert {code.split("__")[1] for code in unread} == {"public_interest"}
    assert {c: r.value for c, r in report.cells.items() if c not in unread} == {
        c: v for c, v in values.items() if c not in unread
    }


def test_rows_in_another_order_go_by_their_labels():
    values = distinct_values("2021")
    table = third("2021", values)
    moved = {9: 11, 11: 9}
    cells = tuple(
        replace(c, row=moved.get(c.row, c.row)) if c.column >= 2 else c for c in table.cells
    )
    swapped = Table(table.rows, table.columns, cells, table.place)
    report = report_of(second("2021", values), swapped, fourth(values))
    assert {code: cell.value for code, cell in report.cells.items()} == values


def test_columns_of_table_two_in_another_order_go_by_their_heads():
    values = distinct_values("2021")
    table = second("2021", values)
    moved = {1: 2, 2: 1}
    cells = tuple(
        replace(c, column=moved.get(c.column, c.column)) if c.row in {1, 2, 3} else c
        for c in table.cells
    )
    swapped = Table(table.rows, table.columns, cells, table.place)
    report = report_of(swapped, third("2021", values), fourth(values))
    assert {code: cell.value for code, cell in report.cells.items()} == values


def on_pages(table, edges, page):
    cells = tuple(replace(c, place=f"page={page};box={c.column},{c.row},9,9") for c in table.cells)
    return Table(table.rows, table.columns, cells, table.place, edges=edges)


def test_a_head_that_a_page_break_cuts_goes_on_below():
    values = distinct_values("2021") | dict.fromkeys(row_of("granted"), "")
    edges = tuple(float(40 * n) for n in range(11))
    first, last = cut(third("2021", values), 2)
    report = report_of(
        second("2021", values),
        on_pages(first, edges, 1),
        on_pages(last, edges, 2),
        fourth(values),
    )
    assert states(report, row_of("granted")) == {"blank"}
    assert report.cells["t3_new__total"].value == values["t3_new__total"]


def test_the_last_row_cut_by_a_page_break_is_never_half_a_figure():
    values = distinct_values("2021")
    edges = tuple(float(40 * n) for n in range(11))
    table = on_pages(third("2021", values), edges, 1)
    cells = tuple(
        replace(c, place=f"page=2;box={c.column},0,9,9", row=0, text="85\n2")
        for c in table.cells
        if c.row == table.rows - 1 and c.column >= 3
    )
    rest = tuple(replace(c, column=c.column - 3) for c in cells)
    below = Table(1, 7, rest, "page=2;box=1,1,9,9", edges=edges[3:])
    report = report_of(second("2021", values), table, below, fourth(values))
    for code in row_of("carried_out"):
        assert report.cells[code].value != values[code], code


@pytest.mark.parametrize("text", ["\u200b", "\ufeff ", "\u00ad"])
def test_a_cell_with_nothing_to_see_is_blank(text):
    values = distinct_values("2021") | {"t3_new__total": text}
    report = report_of(second("2021", values), third("2021", values), fourth(values))
    assert report.cells["t3_new__total"].state == "blank"


def test_characters_that_look_alike_are_the_same_words():
    assert plain("⾃然⼈\u200b 總計 ⾏政復議 ⺠") == "自然人总计行政复议民"


@pytest.mark.parametrize("text", ["———", "-/-", "―", "－－"])
def test_strokes_of_any_length_are_a_dash(text):
    assert read_cell(text, "line=1").state == "dash"


def test_a_short_line_of_tabs_stays_short():
    (table,) = read_text(b"a\tb\tc\nd\te\n").blocks
    assert [cell.text for cell in table.cells if cell.row == 1] == ["d", "e"]


def test_a_cell_covers_one_place_only():
    values = distinct_values("2021")
    table = third("2021", values)
    extra = Cell(3, 10, 1, 1, "5", "path=/t/extra")
    wider = Table(table.rows, 11, (*table.cells, extra), table.place)
    report = report_of(second("2021", values), wider, fourth(values))
    assert states(report, row_of("new")) == {"unread"}
