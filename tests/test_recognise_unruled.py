"""Tables without rules, and tables of another kind: what lines alone can't settle is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.parse import parse
from pipeline.read.document import Cell, Document, Paragraph, Table
from pipeline.read.pdf import read_pdf
from pipeline.read.text import read_text
from pipeline.recognise import recognise
from pipeline.recognise.page_cuts import merge_cut_rows
from pipeline.recognise.rows import Candidate
from pipeline.report import CellReading
from tests.forms import distinct_values, fourth, second, third
from tests.mutants import make
from tests.mutants.make import _WRITERS
from tests.mutants.measure import judge
from tests.mutants.model import Sheet as Form
from tests.mutants.write_pdf import PdfPages
from tests.pdf_sheet import Sheet

TITLE = "示例县财政局2019年政府信息公开工作年度报告"
FINES = "第二十条第（六）项"


def on_page(*lines):
    return recognise(
        Document("pdf", tuple(Paragraph(text, "page=1;box=1,1,9,9") for text in (TITLE, *lines)))
    )


def values(report, prefix):
    return {
        code: cell.value
        for code, cell in report.cells.items()
        if code.startswith(prefix) and cell.state != "unread"
    }


@pytest.mark.parametrize(
    "head",
    [
        ["上一年项目数量", "信息内容 本年增/减 处理决定数量", "(指2018年事项数)"],
        ["上一年项目数量 处理决定数量（指2019", "信息内容 本年增/减", "年办件量）"],
        ["信息内容 本年增/减", "上一年项目 处理决定", "数量 数量"],
        ["上一年项目 本年 处理决定", "信息内容", "数量 增/减 数量"],
    ],
)
def test_heads_wrapped_around_their_line_name_no_columns(head):
    report = on_page(FINES, *head, "行政处罚 1 2 3", "行政强制 4 5 6")
    assert values(report, "t2") == {}


def test_heads_on_one_line_name_their_columns_in_any_order():
    report = on_page(
        FINES, "信息内容 本年增/减 上一年项目数量 处理决定数量", "行政处罚 1 2 3", "行政强制 4 5 6"
    )
    assert values(report, "t2_penalty") == {
        "t2_penalty_items_prev": 2,
        "t2_penalty_items_change": 1,
        "t2_penalty_decisions": 3,
    }


def test_a_row_of_table_two_beside_the_rest_of_its_figure_is_refused():
    head = "信息内容 上一年项目数量 本年增/减 处理决定数量"
    report = on_page(FINES, head, "行政处罚 1 2 3", "(上", "行政强制 4 5 6")
    assert values(report, "t2") == {}


HEADS = "自然人 商业企业 科研机构 社会公益组织 法律服务机构 其他 总计"
ROWS = ["一、本年新收政府信息公开申请数量 1 2 3 4 5 6 21", "（一）予以公开 1 1 1 1 1 1 6"]


def test_table_three_without_rules_is_read_where_every_row_is_whole():
    assert len(values(on_page(HEADS, *ROWS), "t3")) == 14


@pytest.mark.parametrize("piece", ["件", "1788（上", "（二）部分公开 3 4", "025"])
def test_a_piece_of_a_cell_among_the_rows_refuses_table_three(piece):
    assert values(on_page(HEADS, ROWS[0], piece, ROWS[1]), "t3") == {}


def test_heads_set_letter_by_letter_in_another_order_are_seen():
    letters = ["自 科 商 社 法 其 总", "然 研 业 会 律 他 计", "人 机 企 公 服", "构 业 益 务"]
    assert values(on_page(*letters, *ROWS), "t3") == {}


GROUPS = ["行政复议 行政诉讼", "未经复议直接起诉 复议后起诉"]
LEAVES = " ".join(["结果维持 结果纠正 其他结果 尚未审结 总计"] * 3)
FIFTEEN = " ".join(map(str, range(11, 26)))


def test_table_four_on_one_line_is_read():
    assert list(values(on_page(*GROUPS, LEAVES, FIFTEEN), "t4").values()) == list(range(11, 26))


@pytest.mark.parametrize(
    "lines",
    [
        [LEAVES, "1788(上", FIFTEEN.removeprefix("11 "), "年结转3件)"],
        [LEAVES, FIFTEEN, "7 7 7"],
        [
            " ".join(["结果 结果 其他 尚未"] * 3),
            " ".join(["总计"] * 3),
            " ".join(["维持 纠正 结果 审结"] * 3),
            FIFTEEN,
        ],
        [
            " ".join(["结果 结果 总 尚未 其他"] * 3),
            " ".join(["维持 纠正 计 审结 结果"] * 3),
            FIFTEEN,
        ],
    ],
)
def test_table_four_whose_order_lines_do_not_tell_is_refused(lines):
    assert values(on_page(*GROUPS, *lines), "t4") == {}


def test_columns_set_with_blanks_are_a_page_as_printed():
    (line,) = read_text("行政处罚     12   7".encode()).paragraphs()
    assert (line.text, line.spaced) == ("行政处罚 12 7", True)
    (line,) = read_text("行政处罚 12 7".encode()).paragraphs()
    assert not line.spaced


def in_html(*tables):
    title = Paragraph("示例县财政局2022年政府信息公开工作年度报告", "path=/p")
    return recognise(Document("html", (title, *tables)))


def test_columns_for_offices_are_no_columns_of_applicants():
    answers = distinct_values("2021")
    table = third("2021", answers)
    offices = ["本级", "支付中心", "评审中心", "税源办", "投资中心", "农税局", "合计"]
    cells = [c for c in table.cells if c.row >= 3]
    cells += [Cell(0, 0, 3, 3, "项目", "path=/t")]
    cells += [Cell(0, 3 + n, 3, 1, text, "path=/t") for n, text in enumerate(offices)]
    cells.sort(key=lambda c: (c.row, c.column))
    other = Table(table.rows, table.columns, tuple(cells), table.place)
    report = in_html(second("2021", answers), other, fourth(answers))
    assert values(report, "t3") == {}


@pytest.mark.parametrize("name", ["t2", "t3", "t4"])
def test_a_table_with_rows_and_columns_exchanged_is_refused(name):
    answers = distinct_values("2021")
    tables = {"t2": second("2021", answers), "t3": third("2021", answers), "t4": fourth(answers)}
    table = tables[name]
    cells = [
        replace(c, row=c.column, column=c.row, row_span=c.column_span, column_span=c.row_span)
        for c in table.cells
    ]
    cells.sort(key=lambda c: (c.row, c.column))
    tables[name] = Table(table.columns, table.rows, tuple(cells), table.place)
    report = in_html(*tables.values())
    assert values(report, name) == {}


def half(labels, figures, fragment):
    place = f"page={fragment + 1};box=1,1,9,9"
    codes = ["natural_person", "business", "research", "public_interest"]
    codes += ["legal_service", "other_org", "total"]
    readings = {
        code: CellReading(text, int(text), "value", place=place)
        if text
        else CellReading("", None, "blank", place=place)
        for code, text in zip(codes, figures, strict=True)
    }
    return Candidate(labels, readings, place, has_figures=True, fragment=fragment)


def test_a_row_of_its_own_on_top_of_a_page_is_not_the_rest_of_the_group():
    upper = half(["（三）不予公开", "6.属于四类过程性信息"], ["", "5", "", "", "", "", "5"], 0)
    lower = half(["小计"], ["7", "", "", "", "", "", "7"], 1)
    assert len(merge_cut_rows([upper, lower])) == 2


def test_a_doubted_cell_puts_its_whole_row_in_doubt():
    sheet = Sheet()
    xs = [72.0, 200.0, 330.0, 345.0]
    sheet.rules(xs, [100, 140])
    sheet.fill(xs, [100], [["3.其他", "46", "93"]])
    sheet.text(204, 120, "97", 10)
    sheet.text(332, 120, "0", 10)
    (table,) = read_pdf(sheet.data()).tables()
    assert all(cell.doubt for cell in table.cells if cell.column)


def no_rules(_pages, *_edges, **_outermost):
    """Draw nothing."""


def sides_only(pages, x0, x1, y0, y1, *, left, right):
    for x, drawn in ((x0, left), (x1, right)):
        if drawn:
            pages.canvas.line(x, y0, x, y1)


def columns_only(pages, x0, x1, y0, y1, **_outermost):
    pages.canvas.line(x0, y0, x0, y1)
    pages.canvas.line(x1, y0, x1, y1)


def rows_only(pages, x0, x1, y0, y1, **_outermost):
    for y in (y0, y1):
        pages.canvas.line(x0, y, x1, y)


@pytest.mark.parametrize(
    ("seed", "trap"),
    [("k38", "heads-swapped"), ("k38", "table-twice"), ("k45", "table-twice")],
)
def test_what_stands_beside_a_grid_of_rules_between_rows_is_heard(monkeypatch, seed, trap):
    monkeypatch.setattr(PdfPages, "_frame", rows_only)
    judged = judge(make(seed, "pdf", trap))
    assert not judged.wrong, judged.wrong[:2]


def below_grids(*lines):
    answers = distinct_values("2021")
    tables = (second("2021", answers), third("2021", answers), fourth(answers))
    below = [Paragraph(text, "page=9;box=1,1,9,9") for text in lines]
    title = Paragraph("示例县财政局2022年政府信息公开工作年度报告", "path=/p")
    return answers, recognise(Document("pdf", (title, *tables, *below)))


def test_rows_of_a_second_table_three_beside_the_grid_refuse_what_differs():
    answers, report = below_grids(
        HEADS, "2.重复申请 1 2 3 4 5 6 21", "1.属于国家秘密 1 2 3 4 5 6 21"
    )
    assert values(report, "t3") == {}
    assert "W-T3-TWICE" in {finding.rule for finding in report.findings}
    row = [c for c in answers if c.startswith("t3_unprocessed_repeat__")]
    assert len(values(report, "t2")) == len([c for c in answers if c.startswith("t2")])
    same = "2.重复申请 " + " ".join(str(answers[code]) for code in row)
    _, report = below_grids(HEADS, same)
    assert len(values(report, "t3")) == len([c for c in answers if c.startswith("t3")])


def test_a_row_of_table_two_once_more_beside_the_grid_is_refused():
    _, report = below_grids(FINES, "信息内容 本年处理决定数量", "行政处罚 7")
    assert report.cells["t2_penalty_decisions"].state == "unread"
    assert report.cells["t2_coercion_decisions"].state == "value"


@pytest.mark.parametrize(
    ("heads", "count"), [(HEADS, 1), (HEADS.replace("商业企业 科研机构", "科研机构 商业企业"), 0)]
)
def test_heads_outside_of_the_grid_must_show_their_order(heads, count):
    answers = distinct_values("2021")
    table = third("2021", answers)
    body = [replace(c, row=c.row - 3) for c in table.cells if c.row > 2]
    grid = Table(table.rows - 3, table.columns, tuple(body), table.place)
    lines = [Paragraph(text, "page=1;box=1,1,9,9") for text in (TITLE, heads)]
    report = recognise(Document("pdf", (*lines, grid)))
    assert bool(values(report, "t3")) == bool(count)


@pytest.mark.parametrize("frame", [no_rules, sides_only, columns_only])
@pytest.mark.parametrize("trap", [None, "heads-swapped", "four-swapped", "row-twice"])
def test_no_figure_is_wrong_where_rules_are_missing(monkeypatch, frame, trap):
    monkeypatch.setattr(PdfPages, "_frame", frame)
    for number in range(2):
        judged = judge(make(f"unruled-{number}", "pdf", trap))
        assert not judged.wrong, (judged.mutant.kinds, judged.wrong[:2])


def test_figures_between_the_lines_of_their_label_may_be_halves(monkeypatch):
    monkeypatch.setattr(PdfPages, "_frame", no_rules)
    assert not judge(make("tr-1", "pdf", "row-twice")).wrong


def cell_by_cell(_draft, blocks):
    lines = []
    for block in blocks:
        if isinstance(block, Form):
            slots = sorted(block.slots, key=lambda s: (s.row, s.column))
            lines += [slot.text.replace("\n", "") for slot in slots]
        else:
            lines.append(block)
    return "\n".join(lines).encode()


def test_no_figure_is_wrong_where_each_cell_is_a_line(monkeypatch):
    monkeypatch.setitem(_WRITERS, "tabs", cell_by_cell)
    for number in range(6):
        judged = judge(make(f"cells-{number}", "tabs"))
        assert not judged.wrong, (judged.mutant.kinds, judged.wrong[:2])


def test_a_remark_that_goes_on_in_the_next_line_is_not_half_read():
    text = "| 行政处罚 | 62（其中 |\n| | 修订18件） |"
    report = parse(f"{TITLE}\n| 信息内容 | 本年处理决定数量 |\n{text}\n".encode())
    assert report.cells["t2_penalty_decisions"].state == "unread"


DRAWN = ["| 信息内容 | 本年处理决定数量 |", "| 行政处罚 | 12 |", "| 行政强制 | 34 |"]
DRAWN_RULE = "+----------+------------------+"


def drawn(*groups):
    return parse("\n".join([TITLE, DRAWN_RULE, *(f"{g}\n{DRAWN_RULE}" for g in groups)]).encode())


def test_a_drawn_table_with_a_rule_below_each_line_is_read():
    report = drawn(*DRAWN)
    assert list(values(report, "t2").values()) == [12, 34]


@pytest.mark.parametrize(
    "groups",
    [
        [DRAWN[0], f"{DRAWN[1]}\n{DRAWN[2]}"],
        [*DRAWN[:2], "| 行政强制 | 34 |\n| | 56 |"],
        ["\n".join(DRAWN)],
    ],
)
def test_a_drawn_table_that_may_have_cells_of_several_lines_is_refused(groups):
    report = drawn(*groups)
    assert values(report, "t2") == {}
    assert "字符画成" in report.cells["t2_penalty_decisions"].note


def test_a_table_drawn_with_box_characters_is_refused():
    head = [FINES, "┌────┬────", "│ 信息内容 │ 本年处理决定数量", "├────┼────"]
    body = ["│ 行政处罚 │ 12", "│ │ 34", "│ 行政强制 │ 56", "└────┴────"]
    report = parse("\n".join([TITLE, *head, *body]).encode())
    assert values(report, "t2") == {}
