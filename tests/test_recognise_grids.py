"""Tables of every layout that was met: each printed figure lands in its cell, or in none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.codebook import template_metrics
from pipeline.read.document import Cell, Document, Paragraph, Table
from pipeline.recognise import recognise
from tests.forms import Grid, change, cut, distinct_values, fourth, second, third

TITLE = Paragraph("示例县财政局2022年政府信息公开工作年度报告", "line=1")


def report_of(*tables):
    return recognise(Document("html", (TITLE, *tables)))


def wrong(report, values):
    return {
        code: cell
        for code, cell in report.cells.items()
        if cell.state == "value" and str(cell.value) != str(values.get(code, 0))
    }


def unread(report):
    return [code for code, cell in report.cells.items() if cell.state == "unread"]


@pytest.mark.parametrize("template", ["2019", "2021"])
def test_official_layout(template):
    values = distinct_values(template)
    report = report_of(second(template, values), third(template, values), fourth(values))
    assert report.template == template
    assert {code: cell.value for code, cell in report.cells.items()} == values


@pytest.mark.parametrize("template", ["2019", "2021"])
@pytest.mark.parametrize("repeat", [0, 3])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_table_three_cut_by_a_page_break(template, repeat, data):
    values = distinct_values(template)
    whole = third(template, values)
    row = data.draw(st.integers(4, whole.rows - 1))
    report = report_of(second(template, values), *cut(whole, row, repeat=repeat), fourth(values))
    assert {code: cell.value for code, cell in report.cells.items()} == values


def test_a_page_break_in_the_middle_of_a_label():
    values = distinct_values("2021")
    label = "2.申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请"
    table = change(third("2021", values), label, label[20:])
    first, last = cut(table, 24)
    lost = Cell(24, 2, 1, 1, label[:20], "path=/t/lost")
    first = Table(25, first.columns, (*first.cells, lost), first.place)
    report = report_of(second("2021", values), first, last, fourth(values))
    assert {code: cell.value for code, cell in report.cells.items()} == values


def test_one_grid_for_tables_two_and_three():
    values = distinct_values("2021")
    two, three = second("2021", values), third("2021", values)
    cells = [
        *two.cells,
        *(
            Cell(c.row + two.rows, c.column, c.row_span, c.column_span, c.text, c.place)
            for c in three.cells
        ),
    ]
    joined = Table(two.rows + three.rows, three.columns, tuple(cells), "path=/t")
    report = report_of(joined, fourth(values))
    assert {code: cell.value for code, cell in report.cells.items()} == values


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("（三）不予公开", "（三）\n不予\n以公\n开"),
        ("（六）其他处理", "其他处理\n(六)"),
        ("2.其他法律行政法规禁止公开", "2、其他法律行政止公开"),
        ("5.要求行政机关确认或重新出具已获取信息", "5要求行政机关确认或重新出\n具以获取信息"),
        ("3.其他", "其他"),
        ("（七）总计", "总计"),
        ("社会公益组织", "社\n会\n组\n织"),
        ("总计", "合 计"),
        ("一、本年新收政府信息公开申请数量", "1.本年新收政府信息公开申请数量"),
        ("四、结转下年度继续办理", "四、结转下一年度继续办理"),
        ("（二）部分公开（区分处理的，只计这一情形，不计其他情形）", "(二)部分公开"),
    ],
)
def test_labels_as_printed_in_real_reports(old, new):
    values = distinct_values("2021")
    three = change(third("2021", values), old, new)
    report = report_of(second("2021", values), three, fourth(values))
    assert {code: cell.value for code, cell in report.cells.items()} == values


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("行政规范性文件", "行政规范性"),
        ("行政规范性文件", "规范性文件"),
        ("行政事业性收费", "行政事业性"),
        ("本年制发件数", "本年制发件"),
        ("本年收费金额（单位：万元）", "本年收费金额(单位:万元)"),
    ],
)
def test_labels_of_table_two(old, new):
    values = distinct_values("2021")
    two = change(second("2021", values), old, new)
    report = report_of(two, third("2021", values), fourth(values))
    assert {code: cell.value for code, cell in report.cells.items()} == values


def test_the_head_of_2019_printed_twice_goes_by_its_neighbours():
    values = distinct_values("2019")
    two = change(second("2019", values), "本年新公开数量", "本年新制作数量")
    report = report_of(two, third("2019", values), fourth(values))
    assert report.template == "2019"
    assert not wrong(report, values)
    assert not unread(report)


def test_explanations_in_the_heads_of_2019():
    values = distinct_values("2019")
    two = change(second("2019", values), "上一年项目数量", "上一年项目数量 (指2018年事项数)")
    two = change(two, "本年增/减", "本年增/减 (指2019年增加或减少的事项数,减用负值表示,如-8)")
    report = report_of(two, third("2019", values), fourth(values))
    assert {code: cell.value for code, cell in report.cells.items()} == values


def test_collapsed_row_six_of_2021_is_kept_and_its_parts_are_not_made_up():
    values = distinct_values("2021") | {
        f"t3_other_total__{c}": 9000 + n
        for n, c in enumerate(
            (
                "natural_person",
                "business",
                "research",
                "public_interest",
                "legal_service",
                "other_org",
                "total",
            )
        )
    }
    report = report_of(second("2021", values), third("2021", values, collapse=True), fourth(values))
    assert report.template == "2021"
    assert report.cells["t3_other_total__total"].value == 9006
    assert not wrong(report, values)
    assert len(unread(report)) == 21
    assert all("印成一行" in report.cells[code].note for code in unread(report))
    assert report.status == "read"
    assert "I-COLLAPSED" in {f.rule for f in report.findings}


def test_columns_in_another_order_go_by_their_heads():
    values = distinct_values("2021")
    three = third("2021", values)
    swapped = tuple(
        Cell(
            c.row, {4: 8, 8: 4}.get(c.column, c.column), c.row_span, c.column_span, c.text, c.place
        )
        if c.row >= 2
        else c
        for c in three.cells
    )
    three = Table(
        three.rows,
        three.columns,
        tuple(sorted(swapped, key=lambda c: (c.row, c.column))),
        three.place,
    )
    report = report_of(second("2021", values), three, fourth(values))
    assert {code: cell.value for code, cell in report.cells.items()} == values


def test_blank_is_blank_and_dash_is_dash():
    values = distinct_values("2021")
    three = change(third("2021", values), str(values["t3_new__research"]), "")
    three = change(three, str(values["t3_granted__business"]), "/")
    three = change(three, str(values["t3_partial__total"]), "22（其中修订16件）")
    three = change(three, str(values["t3_result_total__total"]), "１，２３４")
    report = report_of(second("2021", values), three, fourth(values))
    cells = report.cells
    assert (cells["t3_new__research"].state, cells["t3_new__research"].value) == ("blank", None)
    assert (cells["t3_granted__business"].state, cells["t3_granted__business"].value) == (
        "dash",
        None,
    )
    assert (cells["t3_partial__total"].value, cells["t3_partial__total"].note) == (
        22,
        "(其中修订16件)",
    )
    assert cells["t3_result_total__total"].value == 1234
    assert cells["t3_new__research"].place


def test_a_row_that_the_form_does_not_have_is_named():
    values = distinct_values("2021")
    three = third("2021", values)
    grid = Grid()
    grid.cells = list(three.cells)
    row = three.rows
    grid.put(row, 0, "五、网上咨询数量", columns=3)
    for column in range(3, 10):
        grid.put(row, column, "777")
    report = report_of(second("2021", values), grid.table(), fourth(values))
    assert not wrong(report, values)
    assert any(f.rule == "W-T3-ROW" and "网上咨询数量" in f.message for f in report.findings)


def test_a_figure_over_two_columns_is_refused():
    values = distinct_values("2021")
    three = third("2021", values)
    cells = [
        Cell(c.row, c.column, 1, 2, "5", c.place) if (c.row, c.column) == (3, 4) else c
        for c in three.cells
        if (c.row, c.column) != (3, 5)
    ]
    report = report_of(
        second("2021", values), Table(three.rows, 10, tuple(cells), "path=/t"), fourth(values)
    )
    assert unread(report) == ["t3_new__business", "t3_new__research"]
    assert report.status == "partial"


def test_an_unknown_head_makes_no_figures():
    values = distinct_values("2021")
    three = change(third("2021", values), "科研机构", "电话号码")
    report = report_of(second("2021", values), three, fourth(values))
    assert not wrong(report, values)


def test_table_four_alone_on_a_new_page():
    values = distinct_values("2021")
    head, data = cut(fourth(values), 3)
    report = report_of(second("2021", values), third("2021", values), head, data)
    assert {code: cell.value for code, cell in report.cells.items()} == values


def test_footnote_and_split_head_in_table_four():
    values = distinct_values("2021")
    grid = Grid()
    for cell in fourth(values).cells:
        if cell.text == "尚未审结" and cell.column > 4:
            grid.put(2, cell.column, "尚未")
            grid.put(3, cell.column, "审结")
        elif cell.row == 3:
            grid.put(4, cell.column, cell.text)
        else:
            rows = cell.row_span + (cell.row + cell.row_span == 3)
            grid.put(cell.row, cell.column, cell.text, rows=rows, columns=cell.column_span)
    grid.put(5, 0, "注：上年未审结案件计入本年。", columns=15)
    report = report_of(second("2021", values), third("2021", values), grid.table())
    assert {code: cell.value for code, cell in report.cells.items()} == values


def test_tables_of_other_kinds_give_no_cells():
    grid = Grid()
    for row, (name, value) in enumerate(
        (("索引号", "640502/2022-00001"), ("发布机构", "财政局"), ("总计", "12"))
    ):
        grid.put(row, 0, name)
        grid.put(row, 1, value)
    report = report_of(grid.table())
    assert report.cells == {}
    assert report.status in {"partial", "not_a_report"}


@pytest.mark.parametrize("template", ["2019", "2021"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_figure_is_ever_silently_wrong(template, data):
    """Blanks, lost rows, lost columns, lost heads: a figure is right or not there."""
    values = {
        m.code: data.draw(st.sampled_from([0, 0, 1, 7, 12, 345, ""]))
        if data.draw(st.booleans())
        else 1000 + n
        for n, m in enumerate(template_metrics(template))
    }
    three = third(template, values)
    kept = [c for c in three.cells if not (c.row >= 3 and data.draw(st.integers(0, 60)) == 0)]
    three = Table(three.rows, three.columns, tuple(kept), three.place)
    tables = [second(template, values), three, fourth(values)]
    report = report_of(*tables)
    assert not wrong(report, {k: v for k, v in values.items() if v != ""})
    for code, cell in report.cells.items():
        if values.get(code) == "":
            assert cell.value is None, code
