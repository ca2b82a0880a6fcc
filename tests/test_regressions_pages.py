"""Rows and figures that pages and narrow columns cut, once read wrong or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.parse import parse
from pipeline.read.document import Cell, Table, page_place
from pipeline.recognise.numbers import read_cell
from pipeline.recognise.page_cuts import COLUMN_CODES, merge_cut_rows
from pipeline.recognise.rows import Candidate
from tests.forms import cut, distinct_values, fourth, second, third
from tests.pdf_sheet import Sheet
from tests.read_forms import (
    PAGE,
    TITLE,
    report_of,
    wrong,
)


def test_table_four_left_blank_on_a_new_page_with_a_note_below():
    values = distinct_values("2021") | {c: "" for c in distinct_values("2021") if c[:2] == "t4"}
    head, data = cut(fourth(values), 3)
    note = Cell(1, 0, 1, 15, "备注", "path=/t")
    data = Table(2, 15, (*data.cells, note), data.place)
    report = report_of(second("2021", values), third("2021", values), head, data)
    assert {report.cells[c].state for c in values if c[:2] == "t4"} == {"blank"}


def test_figures_of_table_four_cut_by_a_page_are_refused():
    values = distinct_values("2021")
    head, data = cut(fourth(values), 3)
    rest = Table(
        1, 15, tuple(Cell(0, n, 1, 1, "5" if n == 3 else "", PAGE) for n in range(15)), PAGE
    )
    report = report_of(second("2021", values), third("2021", values), head, data, rest)
    assert not wrong(report, values)


def on_pages(table, page):
    cells = tuple(replace(c, place=page_place(page, (c.column, c.row, 1, 1))) for c in table.cells)
    edges = tuple(10.0 * n for n in range(table.columns + 1))
    return Table(table.rows, table.columns, cells, page_place(page, (0, 0, 1, 1)), edges=edges)


def page_cut(above, below, full=()):
    """Return a report with a row cut by a page: texts of its cells above and below.

    The cells above in the columns `full` have no room for one more digit.
    """
    values = distinct_values("2021")
    first, last = cut(third("2021", values), 9)
    upper = {c.column: c for c in last.cells if c.row == 0}
    halves = [
        {column: texts.get(column, "") for column in upper if column >= 2}
        for texts in (above, below)
    ]
    row = [
        Cell(first.rows, column, 1, 1, text, "x", full=column in full)
        for column, text in halves[0].items()
    ]
    first = Table(first.rows + 1, 10, (*first.cells, *row), first.place)
    cells = tuple(
        replace(c, text=halves[1][c.column]) if c.row == 0 and c.column >= 2 else c
        for c in last.cells
    )
    last = Table(last.rows, 10, cells, last.place)
    return values, report_of(
        second("2021", values), on_pages(first, 1), on_pages(last, 2), fourth(values)
    )


def test_a_page_break_between_two_lines_of_the_same_figures():
    label = {2: "3.危及“三安全一稳定”"}
    codes = [c for c in distinct_values("2021") if c.startswith("t3_denied_security_stability__")]
    _, report = page_cut(
        label | dict.fromkeys(range(3, 10), "61900"),
        dict.fromkeys(range(3, 10), "76"),
        full=range(3, 10),
    )
    assert [report.cells[c].value for c in codes] == [6190076] * 7


def test_halves_that_may_be_two_rows_are_refused():
    label = {2: "3.危及“三安全一稳定”"}
    codes = [c for c in distinct_values("2021") if c.startswith("t3_denied_security_stability__")]
    _, report = page_cut(
        label | dict.fromkeys(range(3, 9), "12") | {9: "7200"},
        dict.fromkeys(range(3, 10), "534"),
        full=[9],
    )
    assert {report.cells[c].state for c in codes} == {"unread"}


@pytest.mark.parametrize("figures", [lambda n: str(n % 9 + 1), lambda n: str(1000 + n)])
@pytest.mark.parametrize("row", range(5, 26))
def test_a_row_without_a_label_on_top_of_a_page_is_not_the_end_of_the_one_before(row, figures):
    values = distinct_values("2021")
    values |= {c: figures(n) for n, c in enumerate(values) if c.startswith("t3_")}
    table = third("2021", values)
    assert row < table.rows
    above, below = [], []
    for c in table.cells:
        if c.row + c.row_span <= row:
            above.append(c)
        elif c.row >= row:
            text = "" if c.row == row and c.column < 3 else c.text
            below.append(replace(c, row=c.row - row, text=text))
        else:
            above.append(replace(c, row_span=row - c.row))
            below.append(replace(c, row=0, row_span=c.row + c.row_span - row, text=""))
    report = report_of(
        on_pages(Table(row, table.columns, tuple(above), PAGE), 1),
        on_pages(Table(table.rows - row, table.columns, tuple(below), PAGE), 2),
    )
    assert not wrong(report, values)


def test_a_label_cut_behind_its_number_keeps_the_figures():
    codes = [c for c in distinct_values("2021") if c.startswith("t3_denied_security_stability__")]
    _, report = page_cut({2: "3."} | {n: str(n) for n in range(3, 10)}, {2: "危及“三安全一稳定”"})
    assert [report.cells[c].value for c in codes] == [3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("text", "value", "state"),
    [
        ("6841\n101件", 6841101, "note"),
        ("+\n161", 161, "value"),
        ("+582\n9740", 5829740, "value"),
        ("57123\n40（其\n中修订\n25件）", 5712340, "note"),
    ],
)
def test_a_figure_broken_by_a_narrow_column(text, value, state):
    reading = read_cell(text, PAGE)
    assert (reading.value, reading.state) == (value, state)


def test_two_lines_of_figures_in_markup_are_two_figures():
    assert read_cell("10\n5", "path=/html/body/table/tr/td").state == "unread"


def test_a_remark_that_a_page_break_cuts_is_refused():
    assert read_cell("6669850（其中修订", PAGE).state == "unread"
    assert read_cell("6669850（其中修订2件）", PAGE).value == 6669850


def overflowing(figures):
    """Return what is read of table two whose figures are drawn from the left edge of a cell on."""
    sheet = Sheet()
    sheet.text(60, 40, TITLE.text)
    sheet.text(60, 70, "二、主动公开政府信息情况")
    xs, ys = (60, 200, 240, 280, 320), (100, 120, 140, 160)
    sheet.rules(xs, ys)
    head = ("信息内容", "本年制发件数", "本年废止件数", "现行有效件数")
    for words, x in zip(head, xs, strict=False):
        sheet.text(x + 2, 105, words, 6)
    for row, (label, cells) in enumerate(figures.items(), 1):
        for words, x in zip((label, *cells), xs, strict=False):
            sheet.text(x + 2, ys[row] + 4, words, 10)
    cells = parse(sheet.data()).cells
    return {code: (cell.value, cell.state) for code, cell in cells.items() if cell.raw is not None}


def test_a_figure_that_runs_over_its_border_is_refused_and_so_is_the_cell_it_runs_into():
    found = overflowing({"规章": ("12", "7", "19"), "行政规范性文件": ("123456789", "4", "33")})
    assert found["t2_regulations_issued"] == (12, "value")
    assert found["t2_normative_docs_issued"] == (None, "unread")
    assert found["t2_normative_docs_repealed"] == (None, "unread")
    assert found["t2_normative_docs_in_force"] == (33, "value")


def test_the_number_of_the_next_label_is_not_the_end_of_a_whole_one():
    readings = {code: read_cell("7", PAGE) for code in COLUMN_CODES}
    one = Candidate(["7.属于行政执法案卷"], readings, PAGE, has_figures=True, fragment=0)
    two = Candidate(["(8"], readings, PAGE, has_figures=True, fragment=1)
    rest = Candidate([")属于行政查询事项"], {}, PAGE, has_figures=False, fragment=2)
    merged = merge_cut_rows([one, two, rest])
    assert [row.labels for row in merged] == [["7.属于行政执法案卷"], ["(8)属于行政查询事项"]]


def test_figures_go_on_in_the_first_row_of_a_page_only():
    readings = {code: read_cell("1234", PAGE) for code in COLUMN_CODES}
    cut_row = Candidate(["7.属于行政执法案卷"], readings, PAGE, has_figures=True, fragment=0)
    cut_row = replace(cut_row, full=frozenset([PAGE]))
    rest = Candidate([], readings, PAGE, has_figures=True, fragment=1)
    merged = merge_cut_rows([cut_row, rest, rest])
    assert len(merged) == 2
    assert merged[0].readings["total"].value == 12341234


def test_a_blank_table_four_above_another_one_is_not_read_from_that():
    values = distinct_values("2021")
    blank = fourth(dict.fromkeys(values, ""))
    report = report_of(third("2021", values), blank, fourth(values))
    assert {c.state for k, c in report.cells.items() if k.startswith("t4_")} == {"unread"}
