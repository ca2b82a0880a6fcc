"""Two real reports, their figures copied by eye from the rendered pages."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from pipeline.read.document import Document
from pipeline.read.pdf import Engine, read_pdf

# Figures row by row; "0*" stands for seven zeros.
HUAIAN = """
1 0 11 | 8 26 66 | 447228 | 3985758 | 88283 | 96171.6
3001 53 0 0 61 4 3119 | 34 0 0 0 0 0 34 | 1288 21 0 0 50 3 1362 | 447 7 0 0 0 0 454
2 0 0 0 0 0 2 | 30 1 0 0 0 0 31 | 5 0 0 0 0 0 5 | 6 0 0 0 0 0 6 | 7 1 0 0 0 0 8
12 0 0 0 0 0 12 | 9 0 0 0 0 0 9 | 105 0 0 0 0 0 105 | 746 12 0 0 10 1 769
11 0 0 0 0 0 11 | 1 0 0 0 0 0 1 | 56 6 0 0 0 0 62 | 25 0 0 0 0 0 25 | 0* | 0* | 1 0 0 0 0 0 1
67 3 0 0 1 0 71 | 6 0 0 0 0 0 6 | 108 2 0 0 0 0 110 | 2932 53 0 0 61 4 3050 | 103 0 0 0 0 0 103
72 64 178 37 351 13 4 8 1 26 12 1 1 6 20
"""
HONGZE = """
0 0 0 | 3 0 8 | 9487 | 2776 | 84 | 7545
95 0 0 0 0 0 95 | 0* | 50 0 0 0 0 0 50 | 9 0 0 0 0 0 9
0* | 0* | 1 0 0 0 0 0 1 | 0* | 0* | 1 0 0 0 0 0 1 | 1 0 0 0 0 0 1 | 0* | 31 0 0 0 0 0 31
1 0 0 0 0 0 1 | 0* | 1 0 0 0 0 0 1 | 0* | 0* | 0* | 0* | 0* | 95 0 0 0 0 0 95 | 0*
1 1 0 0 2 1 0 0 0 1 2 0 1 0 3
"""
HEADINGS = ["一、", "二、", "三、", "四、", "五、", "六、"]
REPORTS = {"huaian-gov-2024.pdf": HUAIAN, "hongze-gov-2024.pdf": HONGZE}


@pytest.fixture(params=sorted(REPORTS))
def report(shared: Path, request: pytest.FixtureRequest) -> Path:
    path = shared / "real" / request.param
    if not path.is_file():
        pytest.skip("the real documents are not on this machine")
    return path


def rows_printed(name: str) -> list[list[str]]:
    rows = re.split(r"[|\n]", REPORTS[name].replace("0*", "0 0 0 0 0 0 0").strip())
    return [row.split() for row in rows]


def rows_read(document: Document) -> list[list[str]]:
    rows = []
    for table in document.tables():
        for _, cells in groupby(table.cells, key=lambda cell: cell.row):
            figures = [cell.text for cell in cells if re.fullmatch(r"[\d.]+", cell.text)]
            if figures:
                rows.append(figures)
    return rows


@pytest.mark.parametrize("engine", ["pdfium", "pdfminer"])
def test_every_printed_figure_stands_in_its_own_cell(report: Path, engine: Engine) -> None:
    document = read_pdf(report.read_bytes(), engine=engine)
    assert rows_read(document) == rows_printed(report.name)
    assert document.findings == ()


@pytest.mark.parametrize("engine", ["pdfium", "pdfminer"])
def test_headings_stand_alone_and_no_page_number_is_left(report: Path, engine: Engine) -> None:
    paragraphs = [p.text for p in read_pdf(report.read_bytes(), engine=engine).paragraphs()]
    assert [text[:2] for text in paragraphs if re.match("[一二三四五六]、", text)] == HEADINGS
    assert all(len(text) < 25 for text in paragraphs if text[:2] in HEADINGS)
    assert not [text for text in paragraphs if re.fullmatch(r"[-\s\d]+", text)]


def test_both_engines_agree_on_every_cell(report: Path) -> None:
    data = report.read_bytes()
    read = [
        [
            (cell.row, cell.column, cell.row_span, cell.column_span, cell.text)
            for table in read_pdf(data, engine=engine).tables()
            for cell in table.cells
        ]
        for engine in ("pdfium", "pdfminer")
    ]
    assert read[0] == read[1]


def test_the_place_of_each_figure_holds_it(report: Path) -> None:
    document = pdfium.PdfDocument(report)
    pages = [page.get_textpage() for page in document]
    for table in read_pdf(report.read_bytes()).tables():
        for cell in table.cells:
            if not re.fullmatch(r"[\d.]+", cell.text):
                continue
            number, *box = (float(n) for n in re.findall(r"[\d.]+", cell.place))
            left, top, right, bottom = box
            page = pages[int(number) - 1]
            shown = page.get_text_bounded(left - 1, 842 - bottom - 1, right + 1, 842 - top + 1)
            assert shown.strip() == cell.text
