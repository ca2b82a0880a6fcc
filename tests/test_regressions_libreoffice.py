"""Reports printed to PDF by LibreOffice: tables without rules, and what it draws otherwise."""

from __future__ import annotations

import importlib
import subprocess
from html import escape
from pathlib import Path

import pytest

from pipeline.parse import parse
from pipeline.read import soffice
from pipeline.read.document import Document, Table
from pipeline.read.pdf import Engine, read_pdf
from tests.mutants.make import _STRUCTURE, _WRITERS
from tests.mutants.measure import judge
from tests.mutants.model import Draft, Mutant, Sheet
from tests.pdf_sheet import Sheet as Page

maker = importlib.import_module("tests.mutants.make")
needs_office = pytest.mark.skipif(
    soffice.program() is None, reason="LibreOffice (libreoffice-writer-nogui) is not installed"
)
FILTERS = {"web": "pdf:writer_web_pdf_Export", "writer": "pdf:writer_pdf_Export"}
TRAPS = ("heads-swapped", "row-twice", "table-twice", "two-missing")
STYLES = (
    "",  # LibreOffice draws no rules that a style sheet asks for
    "td{border:1px solid}",
    "body,td{font-size:9pt} table{border-collapse:collapse} td{border:1px solid;text-align:center}",
)


def page_of(style: str):
    """Return a writer of HTML whose tables have no border but in their style."""

    def write(_draft: Draft, blocks: list[str | Sheet]) -> bytes:
        parts = []
        for block in blocks:
            if isinstance(block, str):
                parts.append(f"<p>{escape(block)}</p>")
                continue
            rows = []
            for row in range(block.rows):
                cells = [
                    f'<td rowspan="{s.rows}" colspan="{s.columns}">'
                    + escape(s.text).replace("\n", "<br>")
                    + "</td>"
                    for s in block.beginning(row)
                ]
                rows.append(f"<tr>{''.join(cells)}</tr>")
            parts.append(f'<table width="100%">{"".join(rows)}</table>')
        style_sheet = f"@page{{size:21cm 29.7cm;margin:1.5cm}} {style}"
        head = f'<meta charset="utf-8"><style>{style_sheet}</style>'
        return f"<html><head>{head}</head><body>{''.join(parts)}</body></html>".encode()

    return write


def printed(folder: Path, files: dict[str, bytes], target: str) -> dict[str, bytes]:
    """Print HTML files to PDF, as their authors do."""
    for name, data in files.items():
        (folder / f"{name}.html").write_bytes(data)
    command = [str(soffice.program()), f"-env:UserInstallation={(folder / 'profile').as_uri()}"]
    command += ["--headless", *(["--infilter=HTML (StarWriter)"] if target == "writer" else [])]
    command += ["--convert-to", FILTERS[target], "--outdir", str(folder)]
    paths = [str(folder / f"{name}.html") for name in files]
    subprocess.run([*command, *paths], check=True, capture_output=True, timeout=120)
    return {name: (folder / f"{name}.pdf").read_bytes() for name in files}


@needs_office
@pytest.mark.parametrize("target", ["web", "writer"])
def test_no_figure_of_a_page_printed_by_libreoffice_is_wrong(tmp_path, monkeypatch, target):
    mutants: dict[str, Mutant] = {}
    for number, style in enumerate(STYLES):
        monkeypatch.setitem(_WRITERS, "pdf", page_of(style))
        for trap in (TRAPS[number], TRAPS[-1]):
            name = f"{number}-{trap}"
            mutants[name] = maker.make(f"printed-{name}", "pdf", trap)
    files = printed(tmp_path, {name: m.data for name, m in mutants.items()}, target)
    read = 0
    for name, mutant in mutants.items():
        made = Mutant(name, "pdf", files[name], mutant.printed, mutant.untold, mutant.kinds)
        judged = judge(made)
        assert not judged.wrong, (mutant.kinds, judged.wrong[:2])
        read += judged.count.read_told
    assert read > 0


@needs_office
@pytest.mark.parametrize("target", ["web", "writer"])
def test_a_report_without_rules_is_read(tmp_path, monkeypatch, target):
    monkeypatch.setitem(_WRITERS, "pdf", page_of(STYLES[2]))
    monkeypatch.setattr(maker.hostile, "MUTATIONS", {"none": lambda _draft: None})
    monkeypatch.setattr(maker.labels, "MUTATIONS", {})
    monkeypatch.setitem(_STRUCTURE, "pdf", ())
    mutants = {f"plain-{n}": maker.make(f"plain-{n}", "pdf", "none") for n in range(3)}
    files = printed(tmp_path, {name: m.data for name, m in mutants.items()}, target)
    told = read = 0
    for name, mutant in mutants.items():
        made = Mutant(name, "pdf", files[name], mutant.printed, mutant.untold, mutant.kinds)
        judged = judge(made)
        assert not judged.wrong
        told, read = told + judged.count.told, read + judged.count.read_told
    assert read > 0.9 * told, (read, told)
    assert "W-PDF-UNRULED" in {f.rule for f in parse(files["plain-0"]).findings}


@pytest.fixture(params=["pdfium", "pdfminer"])
def engine(request) -> Engine:
    return request.param


XS = (72, 260, 340, 420)
HEADS = ["信息内容", "本年制发件数", "本年废止件数", "现行有效件数"]


def drawn(rows: list[tuple[float, list[str]]], size: float = 10) -> Page:
    page = Page()
    for y, row in rows:
        for x, words in zip(XS, row, strict=False):
            if words:
                page.text(x, y, words, size)
    return page


def texts(document: Document) -> list[list[list[str]]]:
    tables: list[Table] = list(document.tables())
    return [[[c.text if c else "" for c in row] for row in t.grid()] for t in tables]


def test_a_label_on_two_lines_stands_around_its_figures(engine: Engine) -> None:
    rows = [(100, HEADS), (124, ["规章", "3", "", "11"]), (148, ["行政规范性"])]
    rows += [(155, ["", "8", "66", "7"]), (162, ["文件"]), (186, ["公文", "1", "2", "3"])]
    assert texts(read_pdf(drawn(rows).data(), engine=engine)) == [
        [
            HEADS,
            ["规章", "3", "", "11"],
            ["行政规范性\n文件", "8", "66", "7"],
            ["公文", "1", "2", "3"],
        ]
    ]


def test_a_row_without_figures_may_be_a_piece_of_another(engine: Engine) -> None:
    rows = [(100, HEADS), (124, ["规章", "3", "4", "11"]), (148, ["公文"])]
    (table,) = read_pdf(drawn(rows).data(), engine=engine).tables()
    assert [bool(cell.doubt) for cell in table.cells if cell.row == 2] == [False, True, True, True]


def test_figures_that_may_be_broken_over_two_lines_make_no_rows(engine: Engine) -> None:
    rows = [(100, ["", "一", "二", "三"]), (124, ["一、新收", "13", "56", "11"])]
    rows += [(138, ["申请", "00", "3", "32"])]
    assert texts(read_pdf(drawn(rows).data(), engine=engine)) == []


def test_a_column_that_has_no_head_makes_no_table(engine: Engine) -> None:
    rows = [(100, HEADS[:3]), (124, ["规章", "3", "4", "11"]), (148, ["公文", "1", "2", "3"])]
    assert texts(read_pdf(drawn(rows).data(), engine=engine)) == []


def test_heads_at_the_end_of_a_page_stand_over_the_figures_overleaf(engine: Engine) -> None:
    page = drawn([(760, HEADS)])
    page.next_page()
    for y, row in ((72, ["规章", "3", "4", "11"]), (96, ["公文", "1", "2", "3"])):
        for x, words in zip(XS, row, strict=True):
            page.text(x, y, words, 10)
    document = read_pdf(page.data(), engine=engine)
    (table,) = document.tables()
    assert texts(document)[0] == [HEADS, ["规章", "3", "4", "11"], ["公文", "1", "2", "3"]]
    assert {c.place.split(";")[0] for c in table.cells if c.row == 0} == {"page=1"}
    assert {c.place.split(";")[0] for c in table.cells if c.row > 0} == {"page=2"}


@pytest.mark.parametrize("number", ["1", "- 1 -", "— 1 —", "第1页"])
def test_a_page_number_is_no_figure_of_a_table(engine: Engine, number: str) -> None:
    page = drawn([(100, HEADS), (124, ["规章", "3", "4", "11"]), (148, ["公文", "1", "2", "3"])])
    page.text(290, 800, number, 10)
    assert len(texts(read_pdf(page.data(), engine=engine))[0]) == 3


def test_a_figure_that_the_edge_of_the_page_cuts_is_not_half_read(engine: Engine) -> None:
    page = Page()
    page.text(580, 100, "8420038", 9)
    (text,) = [p.text for p in read_pdf(page.data(), engine=engine).paragraphs()]
    assert text.endswith("…")
    assert text[:-1] != "8420038"


def test_vertical_heads_are_read_by_columns_from_the_right(engine: Engine) -> None:
    page = Page()
    page.rules([72, 200, 260], [100, 140])
    page.text(80, 110, "规章", 10)
    for x, y, sign in ((232, 106, "结"), (232, 120, "果"), (218, 106, "维"), (218, 120, "持")):
        page.text(x, y, sign, 10)
    (table,) = read_pdf(page.data(), engine=engine).tables()
    assert table.cells[1].text == "结果\n维持"
