"""PDF: tables from rules, text by position, by both engines."""

from __future__ import annotations

import re
from itertools import pairwise

import pypdfium2 as pdfium
import pytest
from reportlab.pdfbase import pdfmetrics

from pipeline.read.document import Document, Table
from pipeline.read.pdf import Engine, read_pdf
from tests.pdf_sheet import Sheet

XS = [72.0, 200.0, 330.0, 520.0]
YS = [100.0, 130.0, 160.0, 190.0]
ROWS = [
    ["信息内容", "本年制发件数", "现行有效件数"],
    ["规章", "1", "11"],
    ["行政规范性文件", "8", "66"],
]
FILLER = "本年度政府信息公开工作年度报告由示例单位编写，文字部分没有表格。"


@pytest.fixture(params=["pdfium", "pdfminer"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.param


def grid_of(table: Table) -> list[list[str]]:
    return [[cell.text if cell else "?" for cell in row] for row in table.grid()]


def words_of(document: Document) -> list[str]:
    return [re.sub(r"\s", "", paragraph.text) for paragraph in document.paragraphs()]


def plain_table(sheet: Sheet) -> None:
    sheet.rules(XS, YS)
    sheet.fill(XS, YS, ROWS)


def test_a_ruled_table_gives_its_cells_between_the_paragraphs(engine: Engine) -> None:
    sheet = Sheet()
    sheet.text(72, 60, "二、主动公开政府信息情况")
    plain_table(sheet)
    sheet.text(72, 220, "三、收到和处理政府信息公开申请情况")
    document = read_pdf(sheet.data(), engine=engine)
    before, table, behind = document.blocks
    assert isinstance(table, Table)
    assert grid_of(table) == ROWS
    assert table.edges == pytest.approx(XS, abs=1)
    assert (before.place[:6], behind.place[:6]) == ("page=1", "page=1")
    assert words_of(document) == ["二、主动公开政府信息情况", "三、收到和处理政府信息公开申请情况"]


def test_the_place_of_a_cell_holds_its_figure(engine: Engine) -> None:
    sheet = Sheet()
    plain_table(sheet)
    data = sheet.data()
    (table,) = read_pdf(data, engine=engine).tables()
    cell = next(cell for cell in table.cells if cell.text == "66")
    left, top, right, bottom = (float(n) for n in cell.place.split("box=")[1].split(","))
    page = pdfium.PdfDocument(data)[0]
    text = page.get_textpage().get_text_bounded(left, 842 - bottom, right, 842 - top)
    assert text.strip() == "66"
    assert right - left < 30


@pytest.mark.parametrize("turned", [90, 180, 270])
@pytest.mark.parametrize("declared", [True, False])
def test_turned_pages_read_like_upright_ones(
    engine: Engine, turned: int, *, declared: bool
) -> None:
    sheet = Sheet()
    canvas = sheet.canvas
    # The content is turned; /Rotate turns it back, or is missing as in many scanned reports.
    if turned == 90:
        canvas.translate(842, 0)
    elif turned == 180:
        canvas.translate(595, 842)
    else:
        canvas.translate(0, 595)
    canvas.rotate(turned)
    # reportlab swaps the sides of a page that it declares turned by a quarter.
    canvas.setPageSize((595, 842) if turned == 180 or declared else (842, 595))
    if declared:
        canvas.setPageRotation(turned)
    plain_table(sheet)
    sheet.text(72, 60, FILLER)
    data = sheet.data()
    document = read_pdf(data, engine=engine)
    (table,) = document.tables()
    assert grid_of(table) == ROWS
    assert words_of(document) == [FILLER]
    # The place is where a viewer shows the figure.
    cell = next(cell for cell in table.cells if cell.text == "66")
    box = [float(n) for n in cell.place.split("box=")[1].split(",")]
    image = pdfium.PdfDocument(data)[0].render(scale=2).to_pil().convert("L")
    inside = image.crop([round(2 * n) for n in box])
    assert inside.getextrema()[0] < 100
    assert max(box[0::2]) < image.width / 2
    assert max(box[1::2]) < image.height / 2


def test_only_what_the_crop_box_shows_is_read(engine: Engine) -> None:
    sheet = Sheet(cropBox=(50, 600, 560, 800))
    plain_table(sheet)
    sheet.text(72, 10, "裁切线以外的文字")
    document = read_pdf(sheet.data(), engine=engine)
    (table,) = document.tables()
    assert grid_of(table) == ROWS
    assert words_of(document) == []
    # Places count from the corner of what is shown: 50 from the left, 42 from the top.
    assert table.edges == pytest.approx([x - 50 for x in XS], abs=1)
    assert table.place.startswith("page=1;box=22.0,58.0,")


def test_bold_by_striking_twice_is_read_once(engine: Engine) -> None:
    sheet = Sheet()
    sheet.rules(XS, YS)
    for top, row in zip(YS, ROWS, strict=False):
        for x, words in zip(XS, row, strict=False):
            sheet.text(x + 4, top + 4, words, 10, bold=True)
    sheet.text(72, 60, "一、总体情况，共11件、66.0万元", bold=True)
    document = read_pdf(sheet.data(), engine=engine)
    assert grid_of(next(document.tables())) == ROWS
    assert words_of(document) == ["一、总体情况，共11件、66.0万元"]


def test_repeated_figures_are_all_kept(engine: Engine) -> None:
    sheet = Sheet()
    sheet.rules(XS, YS[:2])
    sheet.fill(XS, YS, [["1111", "。。", "0.00"]])
    assert grid_of(next(read_pdf(sheet.data(), engine=engine).tables())) == [
        ["1111", "。。", "0.00"]
    ]


@pytest.mark.parametrize(
    "style", [{"dash": (2, 2)}, {"width": 0.05}, {"width": 2.5}, {"dash": ([0.5, 1.5],)}]
)
def test_dashed_hair_and_thick_rules(engine: Engine, style: dict[str, object]) -> None:
    sheet = Sheet()
    sheet.rules(XS, YS, **style)
    sheet.fill(XS, YS, ROWS)
    assert grid_of(next(read_pdf(sheet.data(), engine=engine).tables())) == ROWS


def test_rules_drawn_dash_by_dash_as_boxes_and_inside_forms(engine: Engine) -> None:
    sheet = Sheet()
    canvas = sheet.canvas
    canvas.beginForm("rules")
    for y in YS:
        for x in range(72, 520, 4):
            canvas.rect(x, 842 - y, 2.5, 0.5, stroke=0, fill=1)
    for left, right in pairwise(XS):
        canvas.rect(left, 842 - YS[-1], right - left, YS[-1] - YS[0], stroke=1, fill=0)
    canvas.endForm()
    canvas.saveState()
    canvas.translate(10, -20)
    canvas.doForm("rules")
    canvas.restoreState()
    sheet.fill([x + 10 for x in XS], [y + 20 for y in YS], ROWS)
    (table,) = read_pdf(sheet.data(), engine=engine).tables()
    assert grid_of(table) == ROWS


def test_a_table_without_side_borders(engine: Engine) -> None:
    sheet = Sheet()
    for y in YS:
        sheet.line(XS[0], y, XS[-1], y)
    for x in XS[1:-1]:
        sheet.line(x, YS[0], x, YS[-1])
    sheet.fill(XS, YS, ROWS)
    assert grid_of(next(read_pdf(sheet.data(), engine=engine).tables())) == ROWS


def test_a_row_cut_by_the_page_end_keeps_both_pieces(engine: Engine) -> None:
    sheet = Sheet()
    ys = [700.0, 730.0, 760.0]
    sheet.rules(XS, ys)
    for x in XS:
        sheet.line(x, 760, x, 785)  # runs on to the end of the page, no rule closes it
    sheet.fill(XS, [*ys, 785], ROWS)
    sheet.text(280, 815, "- 1 -", 10)
    sheet.next_page()
    for x in XS:
        sheet.line(x, 72, x, 100)
    sheet.rules(XS, [100, 130])
    sheet.fill(XS, [74, 100], [["续行", "", ""], ["行政许可", "0", "447228"]])
    first, second = read_pdf(sheet.data(), engine=engine).tables()
    assert grid_of(first) == ROWS
    assert grid_of(second) == [["续行", "", ""], ["行政许可", "0", "447228"]]
    assert first.edges == pytest.approx(second.edges, abs=0.5)


def test_a_lone_row_on_the_next_page_is_a_table_but_a_frame_is_not(engine: Engine) -> None:
    sheet = Sheet()
    sheet.rules([40, 555], [40, 800])  # a frame around the page
    sheet.rules(XS, [700, 730])
    sheet.fill(XS, [700], [["行政许可", "3", "5"]])
    sheet.text(72, 60, FILLER)
    sheet.next_page()
    sheet.rules([XS[0], XS[-1]], [80, 110])
    sheet.fill([XS[0]], [80], [["第二十条第（六）项"]])
    document = read_pdf(sheet.data(), engine=engine)
    assert [grid_of(table) for table in document.tables()] == [
        [["行政许可", "3", "5"]],
        [["第二十条第（六）项"]],
    ]
    assert words_of(document) == [FILLER]


def test_backgrounds_are_no_rules(engine: Engine) -> None:
    sheet = Sheet()
    for top in (60, 90, 120):
        sheet.canvas.setFillGray(0.9)
        sheet.canvas.rect(72, 842 - top - 30, 450, 30, stroke=0, fill=1)
        sheet.canvas.setFillGray(0)
        sheet.text(72, top + 8, FILLER)
    document = read_pdf(sheet.data(), engine=engine)
    assert list(document.tables()) == []
    assert "".join(words_of(document)) == FILLER * 3


def test_a_table_in_a_cell_takes_its_own_text(engine: Engine) -> None:
    sheet = Sheet()
    sheet.rules([50, 400, 550], [50, 400])
    sheet.text(60, 60, "外层说明")
    sheet.text(410, 60, "右栏")
    xs, ys = [80.0, 160.0, 240.0], [120.0, 150.0, 180.0]
    sheet.rules(xs, ys)
    sheet.fill(xs, ys, [["规章", "1"], ["文件", "8"]])
    grids = [grid_of(table) for table in read_pdf(sheet.data(), engine=engine).tables()]
    assert sorted(grids) == sorted([[["外层说明", "右栏"]], [["规章", "1"], ["文件", "8"]]])


def test_a_table_without_rules_stays_printed_lines(engine: Engine) -> None:
    sheet = Sheet()
    rows = [
        ["1.属于国家秘密", "0", "12", "3"],
        ["2.其他", "1", "0", "0"],
        ["3.总计", "1", "12", "3"],
    ]
    for number, row in enumerate(rows):
        for x, words in zip([72, 260, 340, 420], row, strict=True):
            sheet.text(x, 100 + 24 * number, words)
    document = read_pdf(sheet.data(), engine=engine)
    assert list(document.tables()) == []
    assert [(p.text, p.wrapped) for p in document.paragraphs()] == [
        (" ".join(row), True) for row in rows
    ]


def test_columns_ruled_but_not_rows_never_join_figures(engine: Engine) -> None:
    sheet = Sheet()
    sheet.rules(XS, [100, 190])
    for number, row in enumerate(ROWS):
        sheet.fill(XS, [100 + 28 * number], [row])
    document = read_pdf(sheet.data(), engine=engine)
    (table,) = document.tables()
    assert [[cell.text for cell in row] for row in table.grid()] == ROWS
    assert [finding.rule for finding in document.findings] == ["W-PDF-UNRULED"]


def test_figures_that_wrap_in_a_narrow_cell_stay_one_cell(engine: Engine) -> None:
    sheet = Sheet()
    xs = [72.0, 200.0, 230.0, 260.0]
    sheet.rules(xs, [100, 150])
    sheet.fill(xs, [100], [["行政处罚", "398", "447"]])
    sheet.fill(xs, [116], [["", "5758", "228"]])
    (table,) = read_pdf(sheet.data(), engine=engine).tables()
    assert grid_of(table) == [["行政处罚", "398\n5758", "447\n228"]]


def test_text_turned_upwards_in_a_cell(engine: Engine) -> None:
    sheet = Sheet()
    xs = [72.0, 110.0, 520.0]
    sheet.rules(xs, [100, 300])
    sheet.text(120, 110, FILLER, 10)
    canvas = sheet.canvas
    canvas.saveState()
    canvas.translate(96, 842 - 290)
    canvas.rotate(90)
    canvas.setFont("Hanzi", 12)
    canvas.drawString(0, 0, "本年度办理结果")
    canvas.restoreState()
    (table,) = read_pdf(sheet.data(), engine=engine).tables()
    assert grid_of(table)[0][0] == "本年度办理结果"


def test_a_slanted_watermark_enters_no_cell(engine: Engine) -> None:
    sheet = Sheet()
    plain_table(sheet)
    canvas = sheet.canvas
    canvas.translate(100, 842 - 200)
    canvas.rotate(30)
    canvas.setFont("Hanzi", 30)
    canvas.drawString(0, 0, "内部水印文字")
    document = read_pdf(sheet.data(), engine=engine)
    assert grid_of(next(document.tables())) == ROWS
    assert words_of(document) == ["内部水印文字"]


def test_both_engines_give_the_same_document() -> None:
    sheet = Sheet()
    sheet.text(72, 60, FILLER)
    plain_table(sheet)
    data = sheet.data()
    fast, independent = read_pdf(data), read_pdf(data, engine="pdfminer")
    assert words_of(fast) == words_of(independent)
    assert [grid_of(table) for table in fast.tables()] == [
        grid_of(table) for table in independent.tables()
    ]


@pytest.mark.parametrize(
    ("size", "rise", "figure", "shown"),
    [
        (8.3, 3.3, "1543", "1543(2)"),
        (8.3, -2.0, "1543", "1543(2)"),
        (6.0, 0.0, "1543", "1543(2)"),
        (8.3, 3.3, "373.33", "373.33(2)"),
        (8.3, 3.3, "-5", "-5(2)"),
        (10.0, 0.0, "1543", "15432"),
    ],
)
def test_the_small_mark_of_a_note_does_not_join_its_figure(
    engine: Engine, size: float, rise: float, figure: str, shown: str
) -> None:
    sheet = Sheet()
    xs, ys = [72.0, 200.0, 330.0], [100.0, 130.0, 160.0]
    sheet.rules(xs, ys)
    sheet.fill(xs, ys, [["规章", figure], ["许可", "8"]])
    right = 204 + pdfmetrics.stringWidth(figure, "Latin", 10)
    # Sheet counts from the upper edge: 0.88 em above the base line.
    sheet.text(right, 104 + 0.88 * (10 - size) - rise, "2", size)
    (table,) = read_pdf(sheet.data(), engine=engine).tables()
    assert grid_of(table) == [["规章", shown], ["许可", "8"]]
