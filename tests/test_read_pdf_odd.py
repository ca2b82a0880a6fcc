"""PDF pages that mislead: hidden text, missing rules, stacked figures, forms, mixed pages."""

from __future__ import annotations

import itertools

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader

from pipeline.parse import parse
from pipeline.read.document import Cell, Document, Table
from pipeline.read.pdf import Engine, read_pdf
from pipeline.recognise.numbers import read_cell
from tests.pdf_sheet import Sheet

XS = [72.0, 200.0, 330.0, 520.0]
YS = [100.0, 130.0, 160.0, 190.0]
ROWS = [
    ["信息内容", "本年制发件数", "现行有效件数"],
    ["规章", "", "11"],
    ["行政规范性文件", "8", "66"],
]
HEADING = "二、主动公开政府信息情况（本节的数字均取自台账，共两类）"


@pytest.fixture(params=["pdfium", "pdfminer"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.param


def texts(table: Table) -> list[list[str]]:
    return [[cell.text if cell else "?" for cell in row] for row in table.grid()]


def cell_of(document: Document, text: str) -> Cell:
    return next(cell for table in document.tables() for cell in table.cells if cell.text == text)


def rules(document: Document) -> list[str]:
    return [finding.rule for finding in document.findings]


def draw_nothing(sheet: Sheet) -> None:
    """Set text render mode 3 for all that follows."""
    sheet.canvas._code.append("3 Tr")  # noqa: SLF001  reportlab sets it for one text object only


def ruled() -> Sheet:
    sheet = Sheet()
    sheet.rules(XS, YS)
    sheet.fill(XS, YS, ROWS)
    sheet.text(72, 300, HEADING)
    return sheet


@pytest.mark.parametrize("way", ["white", "mode 3"])
def test_a_hidden_figure_leaves_its_cell_blank_and_is_named(engine: Engine, way: str) -> None:
    sheet = ruled()
    if way == "white":
        sheet.canvas.setFillGray(1)
    else:
        draw_nothing(sheet)
    sheet.text(204, 134, "77", 10)
    document = read_pdf(sheet.data(), engine=engine)
    assert [texts(table) for table in document.tables()] == [ROWS]
    assert rules(document) == ["W-PDF-HIDDEN"]
    assert (document.findings[0].quote, document.findings[0].place) == ("77", "page=1")


def test_white_letters_on_a_dark_ground_are_read(engine: Engine) -> None:
    sheet = Sheet()
    sheet.canvas.setFillGray(0.2)
    sheet.canvas.rect(XS[0], 842 - YS[1], XS[-1] - XS[0], 30, stroke=0, fill=1)
    sheet.rules(XS, YS)
    sheet.canvas.setFillGray(1)
    sheet.fill(XS, YS, ROWS[:1])
    sheet.canvas.setFillGray(0)
    sheet.fill(XS, YS[1:], ROWS[1:])
    document = read_pdf(sheet.data(), engine=engine)
    assert [texts(table) for table in document.tables()] == [ROWS]
    assert rules(document) == []


def test_the_text_layer_of_a_scan_is_read_and_named(engine: Engine) -> None:
    sheet = Sheet()
    sheet.canvas.drawImage(ImageReader(Image.new("L", (60, 80), 200)), 0, 0, 595, 842)
    draw_nothing(sheet)
    sheet.rules(XS, YS)
    sheet.fill(XS, YS, ROWS)
    document = read_pdf(sheet.data(), engine=engine)
    assert [texts(table) for table in document.tables()] == [ROWS]
    assert rules(document) == ["W-PDF-OCR-LAYER"]


def test_one_figure_above_another_is_no_wrapped_figure(engine: Engine) -> None:
    sheet = ruled()
    sheet.text(204, 133, "10", 10)
    sheet.text(204, 145, "5", 10)
    cell = cell_of(read_pdf(sheet.data(), engine=engine), "10\n5")
    reading = read_cell(cell.text, cell.place, cell.doubt)
    assert reading.state == "unread"
    assert "上下" in reading.note


def test_a_figure_too_wide_for_its_cell_is_joined(engine: Engine) -> None:
    sheet = Sheet()
    xs = [72.0, 200.0, 232.0]
    sheet.rules(xs, [100, 140])
    sheet.fill(xs, [100], [["行政处罚", "3985"]])
    sheet.text(204, 118, "758", 10)
    cell = cell_of(read_pdf(sheet.data(), engine=engine), "3985\n758")
    assert read_cell(cell.text, cell.place, cell.doubt).value == 3985758


@pytest.mark.parametrize("gap", [7.0, 10.0, 30.0])
def test_digits_far_apart_are_never_taken_for_one_of_them(engine: Engine, gap: float) -> None:
    sheet = ruled()
    for number, digit in enumerate("123"):
        sheet.text(204 + gap * number, 134, digit, 10)
    document = read_pdf(sheet.data(), engine=engine)
    (table,) = document.tables()
    cell = table.grid()[1][1]
    reading = read_cell(cell.text, cell.place, cell.doubt)
    assert (reading.state, reading.value) in [("unread", None), ("value", 123)]


@pytest.mark.parametrize("kind", ["boxes", "images", "double", "cells"])
def test_rules_drawn_in_odd_ways(engine: Engine, kind: str) -> None:
    sheet = Sheet()
    canvas = sheet.canvas
    dot = ImageReader(Image.new("L", (1, 1), 0))
    for left, right in itertools.pairwise(XS):
        for top, bottom in itertools.pairwise(YS):
            low, wide, high = 842 - bottom, right - left, bottom - top
            sides = [(left, low, wide, 0.5), (left, low + high, wide, 0.5)]
            sides += [(left, low, 0.5, high), (right, low, 0.5, high)]
            for side in sides:
                if kind == "boxes":
                    canvas.rect(*side, stroke=0, fill=1)
                elif kind == "images":
                    canvas.drawImage(dot, *side)
            if kind in {"double", "cells"}:
                canvas.rect(left, low, wide, high, stroke=1, fill=0)
            if kind == "double":
                canvas.rect(left + 1.5, low + 1.5, wide - 3, high - 3, stroke=1, fill=0)
    sheet.fill(XS, YS, ROWS)
    sheet.text(72, 300, HEADING)
    document = read_pdf(sheet.data(), engine=engine)
    assert [texts(table) for table in document.tables()] == [ROWS]
    assert rules(document) == []


def test_a_table_with_rules_between_its_rows_only(engine: Engine) -> None:
    sheet = Sheet()
    for y in YS:
        sheet.line(XS[0], y, XS[-1], y)
    sheet.fill(XS, YS, [ROWS[0], ["规章", "3", "11"], ROWS[2]])
    document = read_pdf(sheet.data(), engine=engine)
    (table,) = document.tables()
    assert texts(table) == [ROWS[0], ["规章", "3", "11"], ROWS[2]]
    assert rules(document) == ["W-PDF-NO-COLUMN-RULES"]


def test_the_last_row_of_a_page_without_column_rules_may_be_cut(engine: Engine) -> None:
    sheet = Sheet()
    for y in YS:
        sheet.line(XS[0], y, XS[-1], y)
    sheet.fill(XS, YS, [ROWS[0], ["规章", "3", "11"], ROWS[2]])
    sheet.next_page()
    sheet.text(204, 72, "15", 10)
    document = read_pdf(sheet.data(), engine=engine)
    assert cell_of(document, "66").doubt
    assert not cell_of(document, "11").doubt


def test_figures_of_one_column_over_those_of_another_give_no_columns(engine: Engine) -> None:
    sheet = Sheet()
    for y in YS:
        sheet.line(XS[0], y, XS[-1], y)
    rows = [["规章", "3", "11"], ["行政规范性文件", "8", "66"]]
    for top, shift, row in zip(YS, (0, 100), rows, strict=False):
        for x, words in zip(XS, row, strict=False):
            sheet.text(x + 4 + (shift if words.isdigit() else 0), top + 4, words, 10)
    document = read_pdf(sheet.data(), engine=engine)
    figures = [cell.text for table in document.tables() for cell in table.cells]
    assert not [text for text in figures if " " in text or "\n" in text]


def test_figures_without_any_rules_are_named_as_such(engine: Engine) -> None:
    sheet = Sheet()
    for number in range(4):
        for x, words in zip([72, 260, 340], ["行政许可", "0", "12"], strict=True):
            sheet.text(x, 100 + 24 * number, words)
    assert rules(read_pdf(sheet.data(), engine=engine)) == ["W-PDF-UNRULED"]


def test_the_rest_of_broken_figures_stays_in_the_line_of_their_row(engine: Engine) -> None:
    sheet = Sheet()
    for number in range(3):
        for x, words in zip([72, 260, 340], ["行政许可", "79730", "12"], strict=True):
            sheet.text(x, 100 + 50 * number, words, 10)
        sheet.text(262, 113 + 50 * number, "37", 10)
    lines = [p.text for p in read_pdf(sheet.data(), engine=engine).paragraphs()]
    assert lines == ["行政许可 79730 12 37"] * 3


def test_text_and_rules_inside_a_form_are_read(engine: Engine) -> None:
    sheet = Sheet()
    sheet.canvas.beginForm("page")
    sheet.rules(XS, YS)
    sheet.fill(XS, YS, ROWS)
    sheet.canvas.endForm()
    sheet.canvas.translate(5, -7)
    sheet.canvas.doForm("page")
    (table,) = read_pdf(sheet.data(), engine=engine).tables()
    assert texts(table) == ROWS
    assert table.edges == pytest.approx([x + 5 for x in XS], abs=1)


def test_a_landscape_page_among_upright_ones(engine: Engine) -> None:
    sheet = ruled()
    sheet.next_page()
    sheet.size = (842.0, 595.0)
    sheet.canvas.setPageSize(sheet.size)
    wide = [x + 200 for x in XS]
    sheet.rules(wide, YS)
    sheet.fill(wide, YS, ROWS)
    first, second = read_pdf(sheet.data(), engine=engine).tables()
    assert texts(first) == texts(second) == ROWS
    assert second.edges == pytest.approx(wide, abs=1)


def test_running_heads_and_page_numbers_do_not_part_the_pieces_of_a_table(engine: Engine) -> None:
    sheet = Sheet()
    for page in range(3):
        sheet.text(220, 30, "示例单位年度报告", 9)
        sheet.rules(XS, [72, 102, 132])
        sheet.fill(XS, [72, 102], ROWS[1:])
        sheet.text(290, 800, f"— {page + 1} —", 10)
        sheet.next_page()
    blocks = read_pdf(sheet.data(), engine=engine).blocks
    assert [type(block).__name__ for block in blocks] == ["Paragraph", "Table", "Table", "Table"]


def test_what_was_odd_stands_in_the_record() -> None:
    sheet = ruled()
    sheet.canvas.setFillGray(1)
    sheet.text(204, 134, "77", 10)
    assert "W-PDF-HIDDEN" in [finding.rule for finding in parse(sheet.data()).findings]
