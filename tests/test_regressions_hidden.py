"""Figures that nobody sees, or that are struck out: left out and named, or their cell unread."""

from __future__ import annotations

import io
import zipfile

import pytest

from pipeline.read.document import Cell, Document
from pipeline.read.docx import read_docx
from pipeline.read.docx_names import WORD
from pipeline.read.html import read_html
from pipeline.read.pdf import Engine, read_pdf
from pipeline.recognise.numbers import read_cell
from tests.mutants.make import make
from tests.mutants.measure import judge
from tests.pdf_sheet import Sheet

HEADS = ("信息内容", "本年制发件数", "现行有效件数")


def value_cell(document: Document) -> Cell:
    """Return the cell below 本年制发件数: whatever is hidden, it keeps its place."""
    (table,) = document.tables()
    assert (table.rows, table.columns) == (2, 3)
    cell = table.grid()[1][1]
    assert cell is not None
    after = table.grid()[1][2]
    assert after is not None
    assert after.text == "66"
    return cell


def read_page(cell: str, sheet: str = "", table: str = "<table>") -> Document:
    heads = "".join(f"<td>{head}</td>" for head in HEADS)
    return read_html(
        f"<html><head><style>{sheet}</style></head><body><div>{table}<tr>{heads}</tr>"
        f"<tr><td>规章</td>{cell}<td>66</td></tr></table></div></body></html>".encode()
    )


def told(document: Document, form: str) -> list[tuple[str, str]]:
    return [(f.rule, f.quote) for f in document.findings if f.rule == f"W-{form}-HIDDEN"]


@pytest.mark.parametrize(
    "cell",
    [
        '<td>5<span style="display:none">7</span></td>',
        '<td>5<span style="visibility: hidden">7</span></td>',
        '<td>5<span style="FONT-SIZE:0px;color:red">7</span></td>',
        '<td>5<span style="opacity:0">7</span></td>',
        '<td>5<span style="position:absolute;left:-9999px">7</span></td>',
        '<td>5<span style="color:#fff">7</span></td>',
        '<td>5<font color="#FFFFFF">7</font></td>',
        '<td>5<span style="color: rgb(255, 255, 255);">7</span></td>',
        '<td style="background:#eee">5<span style="color:#eeeeee">7</span></td>',
        '<td bgcolor="#CCCCCC">5<span style="color:#ccc">7</span></td>',
        "<td>5<span hidden>7</span></td>",
        "<td><s>7</s>5</td>",
        "<td><del>7</del>5</td>",
        '<td><span style="text-decoration: line-through">7</span>5</td>',
    ],
)
def test_a_page_s_hidden_figure_is_left_out_and_named(cell: str) -> None:
    document = read_page(cell)
    assert value_cell(document).text == "5"
    assert told(document, "HTML") == [("W-HTML-HIDDEN", "7")]


@pytest.mark.parametrize("style", ["text-decoration:line-through", "visibility:hidden"])
def test_a_cell_that_is_not_seen_keeps_its_place(style: str) -> None:
    document = read_page(f'<td style="{style}">7</td>')
    assert value_cell(document).text == ""
    assert told(document, "HTML") == [("W-HTML-HIDDEN", "7")]


@pytest.mark.parametrize(
    "cell",
    [
        "<td>5<!-- 7 --></td>",
        '<td style="background-color:#1f4e79;color:#fff">5</td>',
        '<td bgcolor="#1f4e79"><span style="color:white">5</span></td>',
        '<td style="font-size:0"><span style="font-size:14px">5</span></td>',
        '<td style="visibility:hidden"><span style="visibility:visible">5</span></td>',
        '<td style="color:#fff"><span style="color:#000">5</span></td>',
        '<td style="margin-left:-1000px;color:#333">5</td>',
    ],
)
def test_what_a_page_shows_is_read(cell: str) -> None:
    document = read_page(cell)
    assert (value_cell(document).text, value_cell(document).doubt) == ("5", "")
    assert told(document, "HTML") == []


@pytest.mark.parametrize(
    ("cell", "sheet", "table"),
    [
        ('<td>5<span class="x">7</span></td>', ".a, .x{color:red;display:none}", "<table>"),
        ('<td class="dark" style="color:#fff">57</td>', "", "<table>"),
        ('<td style="color:#fff">57</td>', "", '<table class="blue">'),
        ('<td style="background:url(a.png);color:#fff">57</td>', "", "<table>"),
    ],
)
def test_a_figure_that_may_not_be_seen_is_unread(cell: str, sheet: str, table: str) -> None:
    found = value_cell(read_page(cell, sheet, table))
    reading = read_cell(found.text, found.place, found.doubt)
    assert (reading.state, reading.raw) == ("unread", "57")
    assert "看不见" in reading.note


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def word(runs: str, *, shading: str = "", table: str = "", styles: str = "") -> Document:
    def cell(content: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr><w:p>{content}</w:p></w:tc>"

    head = "".join(cell(run(text)) for text in HEADS)
    row = cell(run("规章")) + cell(runs, shading) + cell(run("66"))
    names = f'xmlns:w="{WORD}"'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(
            "word/document.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><w:document {names}><w:body>'
            f"<w:tbl><w:tblPr>{table}</w:tblPr><w:tr>{head}</w:tr><w:tr>{row}</w:tr></w:tbl>"
            "</w:body></w:document>",
        )
        archive.writestr("word/styles.xml", f"<w:styles {names}>{styles}</w:styles>")
    return read_docx(buffer.getvalue())


def shd(fill: str) -> str:
    return f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>'


WHITE = '<w:color w:val="FFFFFF"/>'
HIDING = '<w:style w:type="character" w:styleId="a"><w:rPr><w:vanish/></w:rPr></w:style>'
PALE = (
    f'<w:style w:type="character" w:styleId="b"><w:rPr>{WHITE}</w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="a"><w:basedOn w:val="b"/></w:style>'
)


@pytest.mark.parametrize(
    ("properties", "shading", "styles"),
    [
        (WHITE, "", ""),
        ("<w:vanish/>", "", ""),
        ("<w:strike/>", "", ""),
        ('<w:color w:val="auto" w:themeColor="background1"/>', "", ""),
        ('<w:color w:val="D9D9D9"/>', shd("D9D9D9"), ""),
        ('<w:color w:val="000000"/>' + shd("000000"), "", ""),
        ('<w:sz w:val="2"/>', "", ""),
        ('<w:rStyle w:val="a"/>', "", HIDING),
        ('<w:rStyle w:val="a"/>', "", PALE),
    ],
)
def test_a_word_file_s_hidden_figure_is_left_out_and_named(
    properties: str, shading: str, styles: str
) -> None:
    document = word(run("5") + run("7", properties), shading=shading, styles=styles)
    assert value_cell(document).text == "5"
    assert told(document, "DOCX") == [("W-DOCX-HIDDEN", "7")]


def test_a_tracked_deletion_is_named() -> None:
    document = word(run("5") + "<w:del><w:r><w:delText>7</w:delText></w:r></w:del>")
    assert value_cell(document).text == "5"
    assert told(document, "DOCX") == [("W-DOCX-HIDDEN", "7")]


@pytest.mark.parametrize(
    ("properties", "shading"),
    [
        (WHITE, shd("1F4E79")),
        (WHITE + shd("FF0000"), ""),
        (WHITE + '<w:highlight w:val="blue"/>', ""),
        ('<w:color w:val="A6A6A6" w:themeColor="background1" w:themeShade="A6"/>', ""),
        ('<w:vanish w:val="0"/>', ""),
        ('<w:u w:val="single"/>', ""),
    ],
)
def test_what_a_word_file_shows_is_read(properties: str, shading: str) -> None:
    document = word(run("5", properties), shading=shading)
    assert (value_cell(document).text, value_cell(document).doubt) == ("5", "")
    assert told(document, "DOCX") == []


def test_white_figures_in_a_table_whose_style_is_shaded_are_unread() -> None:
    style = f'<w:style w:type="table" w:styleId="t"><w:tcPr>{shd("1F4E79")}</w:tcPr></w:style>'
    cell = value_cell(word(run("5", WHITE), table='<w:tblStyle w:val="t"/>', styles=style))
    assert read_cell(cell.text, cell.place, cell.doubt).state == "unread"


@pytest.mark.parametrize("engine", ["pdfium", "pdfminer"])
@pytest.mark.parametrize(
    ("height", "state"),
    [(0.45, "unread"), (0.55, "unread"), (0.68, "unread"), (0.98, "value"), (None, "value")],
)
def test_a_printed_figure_that_a_rule_strikes_out_is_unread(
    engine: Engine, height: float | None, state: str
) -> None:
    sheet = Sheet()
    xs, ys = [72.0, 200.0, 330.0, 520.0], [100.0, 130.0, 160.0]
    sheet.rules(xs, ys)
    sheet.fill(xs, ys, [HEADS, ("规章", "", "66")])
    sheet.text(204, 134, "77", 10)
    if height is not None:
        sheet.line(204, 134 + 10 * height, 215, 134 + 10 * height)
    cell = value_cell(read_pdf(sheet.data(), engine=engine))
    reading = read_cell(cell.text, cell.place, cell.doubt)
    assert (reading.state, reading.raw) == (state, "77")
    assert ("划去" in reading.note) == (state == "unread")


def test_the_white_end_of_a_printed_figure_is_not_read() -> None:
    sheet = Sheet()
    xs, ys = [72.0, 200.0, 330.0, 520.0], [100.0, 130.0, 160.0]
    sheet.rules(xs, ys)
    sheet.fill(xs, ys, [HEADS, ("规章", "", "66")])
    sheet.text(204, 134, "5", 10)
    sheet.canvas.setFillGray(1)
    sheet.text(209.6, 134, "7", 10)
    document = read_pdf(sheet.data(), engine="pdfium")
    assert value_cell(document).text == "5"
    assert told(document, "PDF") == [("W-PDF-HIDDEN", "7")]


def test_a_row_without_its_last_cell_is_refused_where_merged_labels_are_repeated() -> None:
    assert not judge(make("g1-894", "html", layout="merged-repeated")).wrong


def test_a_head_merged_both_ways_cell_by_cell_leaves_its_neighbours_as_they_are() -> None:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr><w:p>{run(text)}</w:p></w:tc>"

    first, rest = '<w:hMerge w:val="restart"/>', "<w:hMerge/>"
    down, below = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    body = "".join(
        f"<w:tr>{row}</w:tr>"
        for row in (
            cell("勾稽关系", first + down) + cell("", rest + down) + cell("自然人") + cell("总计"),
            cell("", first + below) + cell("", rest + below) + cell("1") + cell("2"),
        )
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{WORD}"><w:body><w:tbl>{body}</w:tbl></w:body></w:document>',
        )
    (table,) = read_docx(buffer.getvalue()).tables()
    found = [(c.text, c.row, c.column, c.row_span, c.column_span) for c in table.cells]
    assert found == [
        ("勾稽关系", 0, 0, 2, 2),
        ("自然人", 0, 2, 1, 1),
        ("总计", 0, 3, 1, 1),
        ("1", 1, 2, 1, 1),
        ("2", 1, 3, 1, 1),
    ]
