"""Ways of printing a report that were once read wrong or not at all; found by mutants."""

from __future__ import annotations

import random

import pytest

from pipeline.check.checker import check
from pipeline.parse import parse
from pipeline.read.document import Cell, Document, Paragraph, Table, page_place
from pipeline.read.html import read_html
from pipeline.read.text import read_text
from pipeline.recognise import recognise
from pipeline.recognise.form import table3_columns
from pipeline.recognise.numbers import read_cell
from tests.forms import Grid, change, cut, distinct_values, fourth, second, third
from tests.mutants.make import _sheets, make
from tests.mutants.measure import judge
from tests.mutants.model import Printed, insert_column
from tests.mutants.write_html import HtmlWriter

TITLE = Paragraph("示例县财政局2022年政府信息公开工作年度报告", "line=1")
PAGE = "page=1;box=0.0,0.0,1.0,1.0"


def report_of(*tables):
    return recognise(Document("html", (TITLE, *tables)))


def read(report):
    return {code: cell.value for code, cell in report.cells.items()}


def wrong(report, values):
    """Return cells that say something else than is printed; unread ones say nothing."""
    return {
        code: cell
        for code, cell in report.cells.items()
        if cell.state != "unread" and (cell.raw or "") != str(values[code])
    }


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


def as_html(*sheets):
    writer = HtmlWriter(random.Random(1))
    tables = "".join(writer.table(sheet) for sheet in sheets)
    return read_html(f"<html><body><p>{TITLE.text}</p>{tables}</body></html>".encode())


def sheets(values):
    printed = {
        code: Printed("", "blank") if value == "" else Printed(str(value), "value", value)
        for code, value in values.items()
    }
    return _sheets("2021", printed, collapsed=False)


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


def test_table_four_left_blank_on_a_new_page_with_a_note_below():
    values = distinct_values("2021") | {c: "" for c in distinct_values("2021") if c[:2] == "t4"}
    head, data = cut(fourth(values), 3)
    note = Cell(1, 0, 1, 15, "备注", "path=/t")
    data = Table(2, 15, (*data.cells, note), data.place)
    report = report_of(second("2021", values), third("2021", values), head, data)
    assert {report.cells[c].state for c in values if c[:2] == "t4"} == {"blank"}


def test_an_empty_row_above_the_figures_of_table_four():
    values = distinct_values("2021")
    head, data = cut(fourth(values), 3)
    blank = [Cell(3, n, 1, 1, "", "path=/t") for n in range(15)]
    head = Table(4, 15, (*head.cells, *blank), head.place)
    report = report_of(second("2021", values), third("2021", values), head, data)
    assert read(report) == values


def test_figures_of_table_four_cut_by_a_page_are_refused():
    values = distinct_values("2021")
    head, data = cut(fourth(values), 3)
    rest = Table(
        1, 15, tuple(Cell(0, n, 1, 1, "5" if n == 3 else "", PAGE) for n in range(15)), PAGE
    )
    report = report_of(second("2021", values), third("2021", values), head, data, rest)
    assert not wrong(report, values)


def on_pages(table, page):
    cells = tuple(
        Cell(
            c.row,
            c.column,
            c.row_span,
            c.column_span,
            c.text,
            page_place(page, (c.column, c.row, 1, 1)),
        )
        for c in table.cells
    )
    edges = tuple(10.0 * n for n in range(table.columns + 1))
    return Table(table.rows, table.columns, cells, page_place(page, (0, 0, 1, 1)), edges=edges)


def page_cut(above, below):
    """Return a report with a row cut by a page: texts of its cells above and below."""
    values = distinct_values("2021")
    first, last = cut(third("2021", values), 9)
    upper = {c.column: c for c in last.cells if c.row == 0}
    halves = [
        {column: texts.get(column, "") for column in upper if column >= 2}
        for texts in (above, below)
    ]
    row = [Cell(first.rows, column, 1, 1, text, "x") for column, text in halves[0].items()]
    first = Table(first.rows + 1, 10, (*first.cells, *row), first.place)
    cells = tuple(
        Cell(
            c.row,
            c.column,
            c.row_span,
            c.column_span,
            halves[1][c.column] if c.row == 0 and c.column >= 2 else c.text,
            c.place,
        )
        for c in last.cells
    )
    last = Table(last.rows, 10, cells, last.place)
    return values, report_of(
        second("2021", values), on_pages(first, 1), on_pages(last, 2), fourth(values)
    )


def test_a_page_break_between_two_lines_of_the_same_figures():
    label = {2: "3.危及“三安全一稳定”"}
    codes = [c for c in distinct_values("2021") if c.startswith("t3_denied_security_stability__")]
    values, report = page_cut(
        label | dict.fromkeys(range(3, 10), "61900"), dict.fromkeys(range(3, 10), "76")
    )
    assert [report.cells[c].value for c in codes] == [6190076] * 7
    del values


def test_halves_that_may_be_two_rows_are_refused():
    label = {2: "3.危及“三安全一稳定”"}
    codes = [c for c in distinct_values("2021") if c.startswith("t3_denied_security_stability__")]
    _, report = page_cut(
        label | dict.fromkeys(range(3, 9), "12") | {9: "7200"}, dict.fromkeys(range(3, 10), "534")
    )
    assert {report.cells[c].state for c in codes} == {"unread"}


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


HEAD = f"""{TITLE.text}
二、主动公开政府信息情况
第二十条第（六）项
信息内容 本年处理决定数量
"""
THIRD = """三、收到和处理政府信息公开申请情况
申请人情况
自然人 法人或其他组织 总计
商业企业 科研机构 社会公益组织 法律服务机构 其他
"""


def lines(text):
    return recognise(read_text(text.encode()))


def test_a_page_number_is_not_the_figure_of_a_blank_row():
    report = lines(HEAD + "行政处罚\n12\n行政强制 5\n")
    assert report.cells["t2_penalty_decisions"].state == "unread"
    assert report.cells["t2_coercion_decisions"].value == 5


def test_words_below_a_row_of_figures_belong_to_the_next_row():
    report = lines(
        THIRD
        + "一、本年新收政府信息公开申请数量\n1 2 3 4 5 6 21\n"
        + "二、上年结转政府信息公开申请数量\n943 70 12 3 5 1033\n"
        + "（一）予以公开 0 0 7 0 0 0 7\n"
    )
    assert report.cells["t3_new__total"].value == 21
    assert report.cells["t3_carried_in__total"].state == "unread"
    assert report.cells["t3_granted__research"].value == 7


def test_seven_figures_of_a_half_blank_table_four_are_no_row_of_table_three():
    report = lines(
        THIRD
        + "一、本年新收政府信息公开申请数量 1 2 3 4 5 6 21\n（七）总计 9 9 9 9 9 9 54\n"
        + "四、政府信息公开行政复议、行政诉讼情况\n行政复议 行政诉讼\n结果维持 结果纠正 总计\n"
        + "95 77 6 178 1 2 3\n"
    )
    assert report.cells["t3_result_total__total"].value == 54


def test_fourteen_figures_and_a_page_number_are_not_fifteen():
    head = "行政复议 行政诉讼\n" + "结果维持 结果纠正 其他结果 尚未审结 总计\n"
    head += "未经复议直接起诉 复议后起诉\n" + "结果维持 结果纠正 其他结果 尚未审结 总计\n" * 2
    report = lines(f"{TITLE.text}\n{head}1 2 3 4 5 6 7 8 9 10 11 12 13 14\n7\n五、存在的主要问题\n")
    assert not [c for c, cell in report.cells.items() if c[:2] == "t4" and cell.state == "value"]


def test_a_page_number_behind_fifteen_figures():
    head = "行政复议 行政诉讼\n" + "结果维持 结果纠正 其他结果 尚未审结 总计\n"
    head += "未经复议直接起诉 复议后起诉\n" + "结果维持 结果纠正 其他结果 尚未审结 总计\n" * 2
    figures = " ".join(map(str, range(1, 16)))
    report = lines(f"{HEAD}行政处罚 3\n{head}{figures}\n7\n五、存在的主要问题及改进情况\n")
    cells = [cell.value for c, cell in report.cells.items() if c[:2] == "t4"]
    assert cells == list(range(1, 16))


def test_spaced_letters_in_a_head_without_a_grid():
    report = lines(
        HEAD.replace("信息内容 本年处理决定数量", "信 息 内 容 本 年 处 理 决 定 数 量")
        + "行政处罚 3\n"
    )
    assert report.cells["t2_penalty_decisions"].value == 3


def test_remarks_and_full_width_signs_without_a_grid():
    report = lines(
        THIRD + "一、本年新收政府信息公开申请数量 １２ 3件 —— ＋5 0件 22（含撤回2件） 1，042\n"
    )
    row = [cell.value for code, cell in report.cells.items() if code.startswith("t3_new__")]
    assert row == [12, 3, None, 5, 0, 22, 1042]


def test_a_remark_that_a_page_break_cuts_is_refused():
    assert read_cell("6669850（其中修订", PAGE).state == "unread"
    assert read_cell("6669850（其中修订2件）", PAGE).value == 6669850


# What a black-box test of another engineer found.


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


@pytest.mark.parametrize(
    ("lines", "signed"),
    [
        (("示例县财政局 2023年1月20日",), "2023-01-20"),
        (("示例县财政局", "二〇二三年一月二十日"), "2023-01-20"),
        (("示例县财政局", "2023.1.20"), "2023-01-20"),
        (("示例县财政局", "2023-01-20", "附件：1.统计表.xlsx"), "2023-01-20"),
        (("示例县财政局", "2023年1月20日", "附件", "1.年报.pdf", "2.统计表"), "2023-01-20"),
        (("附件1：年报.pdf", "主办：示例县人民政府 邮编：999999", "某ICP备1号"), None),
    ],
)
def test_what_follows_section_six_is_no_part_of_it(lines, signed):
    texts = ("示例县财政局2022年政府信息公开工作年度报告", "六、其他需要报告的事项", "无", *lines)
    blocks = tuple(Paragraph(text, f"line={n}") for n, text in enumerate(texts, 1))
    report = recognise(Document("html", blocks))
    assert report.sections[-1].text == "无"
    assert report.signed == signed
    assert report.contact.postcode is None


def test_a_page_title_with_the_name_of_the_site():
    meta = {"title": "示例县林业局2022年政府信息公开工作年度报告-示例县人民政府"}
    blocks = (Paragraph("一、总体情况", "line=1"), Paragraph("公开信息8条。" * 60, "line=2"))
    report = recognise(Document("html", blocks, meta))
    assert (report.agency_printed, report.year) == ("示例县林业局", 2022)


def test_a_report_that_does_not_say_whose_it_is_says_so():
    values = {}
    tables = (second("2021", values), third("2021", values), fourth(values))
    report = check(recognise(Document("html", tables)))
    assert {"W-AGENCY", "W-TITLE", "I-PERIOD"} <= {f.rule for f in report.findings}


def test_digits_without_unicode_are_no_blank_form():
    values = dict.fromkeys(distinct_values("2021"), "\ufffd")
    tables = (second("2021", values), third("2021", values), fourth(values))
    report = recognise(Document("pdf", tables))
    assert report.status == "partial"
    assert {cell.state for cell in report.cells.values()} == {"unread"}


def test_two_different_tables_three_are_not_verified():
    one, other = distinct_values("2021"), {}
    tables = (second("2021", other), third("2021", one), third("2021", other), fourth(other))
    report = check(report_of(*tables))
    assert report.status != "verified"


def test_a_sentence_about_a_web_site_is_no_page_foot():
    texts = (
        "示例县财政局2022年政府信息公开工作年度报告",
        "六、其他需要报告的事项",
        "网站已完成ICP备案和公网安备登记。",
        "本年度未收取信息处理费。",
    )
    blocks = tuple(Paragraph(text, f"line={n}") for n, text in enumerate(texts, 1))
    report = recognise(Document("html", blocks))
    assert report.sections[-1].text == "\n".join(texts[2:])


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
        Cell(c.row, c.column - (c.row == row and c.column > first), *_span(c), c.text, c.place)
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


def _span(cell):
    return cell.row_span, cell.column_span


def test_two_tables_three_without_grids_leave_table_two_alone():
    mutant = make("fin-spaces-97", "spaces")
    assert "table-twice" in mutant.kinds
    assert "unread" not in read_states(mutant, "t2")
    assert read_states(mutant, "t3") == {"unread"}


def read_states(mutant, table):
    cells = parse(mutant.data).cells
    return {cell.state for code, cell in cells.items() if code.startswith(table)}


@pytest.mark.parametrize(
    ("seed", "form", "kind"),
    [
        ("cl1-497", "spaces", "row-foreign"),  # words beside figures below a row of blanks
        ("cl3-275", "spaces", "row-foreign"),
        ("cl2-123", "tabs", "cell-too-few"),  # a row of blanks one cell short
        ("cl2-1100", "pdf", "row-twice"),  # first printed blank, then with figures
        ("cl2-1169", "spaces", "table-twice"),  # a row of table two blank in one of two tables
        ("cl3-1225", "docx", "labels-blank"),  # a group label beside a row without its own
        ("cm3-263", "spaces", "row-twice"),  # once with a misprint in its label
        ("cm3-1343", "spaces", "rows-swapped"),  # first row and second change places
        ("cm3-2354", "pdf", "cut-rows"),  # a row goes on overleaf beside the end of a group label
        ("fx1-34", "pipes", "note-row"),  # a note below a blank table four
    ],
)
def test_what_was_once_silently_wrong_is_right_or_refused(seed, form, kind):
    mutant = make(seed, form)
    assert kind in mutant.kinds
    assert not judge(mutant).wrong


@pytest.mark.parametrize(
    ("seed", "form", "kind"),
    [
        ("close-366", "html", "column-missing"),  # heads known, spans wrong
        ("last-html-40", "html", "columns-swapped"),
        ("y7-200", "pdf", "columns-swapped"),  # of another width on the next page
        ("cl1-290", "pdf", "cut-rows"),  # seven digits in narrow cells, labels upright
        ("y7-86", "pdf", "cut-rows"),  # figures that wrap at their separators
        ("close-296", "pdf", "borders-no-sides"),
        ("cl1-230", "pdf", "empty-column"),  # rules of two tables nearly on one line
        ("cl1-320", "pdf", "borders-no-sides"),  # a lone row whose first cell is blank
        ("close-950", "pdf", "split-head"),  # a head of table four cut by the end of the page
        ("cm1-884", "pdf", "cut-rows"),  # a head of table three cut by it
        ("cm2-86", "pdf", "head-again"),  # a head alone at the end of a page
        ("cm1-36", "html", "rowspan-too-short"),
        ("cm1-81", "tabs", "short-rows"),
        ("cm2-128", "pdf", "empty-column"),  # a blank last column on paper
    ],
)
def test_what_was_once_refused_is_read(seed, form, kind):
    mutant = make(seed, form)
    assert kind in mutant.kinds
    judged = judge(mutant)
    assert not judged.missed
    assert not judged.wrong


@pytest.mark.parametrize("shape", ["blank total", "moved"])
def test_a_blank_total_is_read_unless_the_row_seems_to_have_moved(shape):
    values = distinct_values("2021")
    cells = list(third("2021", values).cells)
    (row,) = {c.row for c in cells if c.text.startswith("2.重复申请")}
    figures = {3: "1", 4: "2", 5: "3", 6: "4", 7: "5", 8: "6" if shape == "blank total" else "60"}
    cells = [
        Cell(c.row, c.column, *_span(c), figures.get(c.column, ""), c.place)
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
    cells = [Cell(c.row, c.column + 1, *_span(c), c.text, c.place) for c in table.cells]
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
