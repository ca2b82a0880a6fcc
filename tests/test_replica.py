"""The replica's documents: what they print, read back with readers that are not ours."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import docx
import pytest
from lxml import html as lxml_html
from pdfminer.high_level import extract_pages, extract_text
from pdfminer.layout import LTChar, LTContainer, LTRect

from tests.replica import ReportData, build_county, build_sites, reports
from tests.replica.county import county_reports
from tests.replica.documents import html_style, pdf_style
from tests.replica.docx_form import render_docx
from tests.replica.grids import Grid, grids
from tests.replica.html_form import report_page
from tests.replica.pdf_form import render_pdf
from tests.replica.text_form import render_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLED = [report for report in reports().values() if report.template]
SLUGS = [report.slug for report in TABLED]


def squeeze(text: str) -> str:
    return re.sub(r"\s", "", text)


def expected_rows(grid: Grid) -> list[list[str]]:
    """Lay each slot's text over all places it spans, row by row."""
    rows = [[""] * len(grid.widths) for _ in range(grid.row_count)]
    for slot in grid.slots:
        for row in range(slot.row, slot.row + slot.rows):
            for column in range(slot.column, slot.column + slot.columns):
                rows[row][column] = squeeze(slot.text)
    return rows


def html_rows(table: Any) -> list[list[str]]:
    """Spread an HTML table's spans by the HTML rules, cell by cell."""
    rows: list[list[str]] = [[] for _ in table.xpath(".//tr")]
    for index, line in enumerate(table.xpath(".//tr")):
        column = 0
        for cell in line.xpath("./td|./th"):
            while column < len(rows[index]) and rows[index][column] is not None:
                column += 1
            for row in range(index, index + int(cell.get("rowspan", 1))):
                for place in range(column, column + int(cell.get("colspan", 1))):
                    rows[row] += [None] * (place + 1 - len(rows[row]))  # type: ignore[list-item]
                    rows[row][place] = squeeze(cell.text_content())
    return rows


@pytest.mark.parametrize("report", TABLED, ids=SLUGS)
def test_html_tables_hold_every_label_and_figure_in_its_place(report: ReportData) -> None:
    page = lxml_html.fromstring(report_page(report, html_style(report)).decode())
    found = [html_rows(table) for table in page.iter("table")]
    assert found == [expected_rows(grid) for grid in grids(report)]


@pytest.mark.parametrize("report", TABLED, ids=SLUGS)
def test_docx_tables_hold_every_label_and_figure_in_its_place(report: ReportData) -> None:
    document = docx.Document(io.BytesIO(render_docx(report)))
    found = [
        [[squeeze(cell.text) for cell in row.cells] for row in table.rows]
        for table in document.tables
    ]
    assert found == [expected_rows(grid) for grid in grids(report)]


@pytest.mark.parametrize("report", TABLED, ids=SLUGS)
def test_pdf_text_layer_holds_all_text_and_all_table_figures(report: ReportData) -> None:
    text = squeeze(extract_text(io.BytesIO(render_pdf(report, pdf_style(report)))))
    prose = [part.heading for part in report.sections]
    prose += [*report.title_lines, *report.signoff_lines]
    for line in prose:
        assert squeeze(line) in text
    for figure in report.figures:
        assert figure.raw in text


def characters_of(container: LTContainer[Any]) -> Iterator[LTChar]:
    for item in container:
        if isinstance(item, LTChar):
            yield item
        elif isinstance(item, LTContainer):
            yield from characters_of(item)


def ruled_rows(data: bytes) -> list[list[str]]:
    """Read a PDF's boxes: the texts of boxes of one height side by side, left to right."""
    rows: dict[tuple[int, int, int], list[tuple[float, str]]] = {}
    for number, page in enumerate(extract_pages(io.BytesIO(data))):
        characters = list(characters_of(page))
        for box in (item for item in page if isinstance(item, LTRect)):
            inside = [
                c
                for c in characters
                if box.x0 < (c.x0 + c.x1) / 2 < box.x1 and box.y0 < (c.y0 + c.y1) / 2 < box.y1
            ]
            inside.sort(key=lambda c: (-round(c.matrix[5]), c.x0))
            text = squeeze("".join(c.get_text() for c in inside))
            rows.setdefault((number, round(box.y0), round(box.y1)), []).append((box.x0, text))
    return [[text for _, text in sorted(row)] for row in rows.values()]


@pytest.mark.parametrize("report", TABLED, ids=SLUGS)
def test_pdf_boxes_hold_every_row_of_figures_beside_its_label(report: ReportData) -> None:
    printed = ruled_rows(render_pdf(report, pdf_style(report)))
    for grid in grids(report):
        for index in range(grid.row_count):
            row = [slot for slot in grid.row(index) if slot.rows == 1]
            expected = [squeeze(slot.text) for slot in row]
            # A group's label cut to one row by the page break stands before the row.
            match = next((r for r in printed if r[len(r) - len(expected) :] == expected), None)
            assert match is not None, f"{grid.name} row {index}: {expected}"
            printed.remove(match)


@pytest.mark.parametrize("report", TABLED, ids=SLUGS)
def test_pdf_fonts_are_embedded_and_tables_break_over_pages(report: ReportData) -> None:
    data = render_pdf(report, pdf_style(report))
    assert data.count(b"/FontFile2") >= 2
    assert data.count(b"/ToUnicode") >= 2
    pages = [squeeze(extract_text(io.BytesIO(data), page_numbers=[n])) for n in range(6)]
    first = next(n for n, page in enumerate(pages) if "一、本年新收政府信息公开申请数量" in page)
    last = next(n for n, page in enumerate(pages) if "四、结转下年度继续办理" in page)
    assert last == first + 1
    assert ("法人或其他组织" in pages[last]) is pdf_style(report).repeat_head


@pytest.mark.parametrize("report", TABLED, ids=SLUGS)
def test_narrative_figures_and_statements_stand_in_their_sections(report: ReportData) -> None:
    for figure in report.figures:
        text = "\n".join(report.sections[figure.section - 1].paragraphs)
        assert figure.clause in text
        assert figure.raw in figure.clause
        assert figure.unit in figure.clause
    for section, _, clause in report.statements:
        assert clause in "\n".join(report.sections[section - 1].paragraphs)


@pytest.mark.parametrize("report", TABLED, ids=SLUGS)
def test_contact_details_stand_in_the_text(report: ReportData) -> None:
    text = "\n".join([*report.intro, *(line for p in report.sections for line in p.paragraphs)])
    for detail in report.contact.values():
        assert detail in text


@pytest.mark.parametrize("report", TABLED, ids=SLUGS)
def test_rendering_again_gives_the_same_bytes(report: ReportData) -> None:
    assert render_pdf(report, pdf_style(report)) == render_pdf(report, pdf_style(report))
    assert render_docx(report) == render_docx(report)


def test_text_form_is_tab_separated() -> None:
    text = render_text(reports()["shapotou-gov-office-2024"]).decode()
    assert "一、本年新收政府信息公开申请数量\t\t\t3\t0\t0\t0\t0\t0\t3" in text
    assert "行政规范性文件\t9\t11\t24" in text


def test_invented_reports_say_so_and_balance() -> None:
    invented = [report for written in county_reports().values() for report in written]
    assert {report.template for report in invented} == {"2019", "2021"}
    for report in invented:
        assert "虚构" in render_text(report).decode()
        total = {
            row: int(report.cells[f"t3_{row}__total"])
            for row in ("new", "carried_in", "result_total", "carried_out")
        }
        received = total["new"] + total["carried_in"]
        assert received == total["result_total"] + total["carried_out"]
        assert received > 0


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, build in (("sites", build_sites), ("county", build_county)):
        first, second = tmp_path / f"{name}-1", tmp_path / f"{name}-2"
        build(first)
        build(second)
        one, two = (
            {str(f.relative_to(root)): f.read_bytes() for f in root.rglob("*") if f.is_file()}
            for root in (first, second)
        )
        assert one == two
        assert len(one) > 60


@pytest.mark.parametrize(
    "slug",
    ["shapotou-gov-office-2024", "rouyuan-town-2021", "zhongwei-petition-bureau-2020"],
)
def test_report_data_equals_the_real_report(slug: str, shared: Path) -> None:
    real = json.loads((shared / "reports" / "expected" / f"{slug}.json").read_text("utf-8"))
    report = reports()[slug]
    cells = {code: value for table in real["tables"].values() for code, value in table.items()}
    assert {code: float(raw) for code, raw in report.cells.items()} == cells
    assert report.title == real["title"]
    assert report.agency == real["agency"]["name_in_title"]
    assert report.key == real["agency"]["identity_key"]
    assert list(report.period) == [
        real["statistics_period"]["start"],
        real["statistics_period"]["end"],
    ]
    assert report.signed == real["signoff"]["date"]
    assert [part.heading for part in report.sections] == [s["heading"] for s in real["sections"]]
    named = {k: v for k, v in real["contact"].items() if v and k != "found_in_section"}
    assert report.contact == named
    assert [(f.section, float(f.value), f.raw, f.unit, f.kind) for f in report.figures] == [
        (f["section"], f["value"], f["value_raw"], f["unit"], f["kind"])
        for f in real["narrative_figures"]
    ]
    assert [(section, code) for section, code, _ in report.statements] == [
        (s["section"], s["code"]) for s in real["statements"]
    ]


@pytest.mark.parametrize("slug", SLUGS)
def test_every_figure_of_a_real_report_is_in_ours(slug: str, shared: Path) -> None:
    real = (shared / "reports" / f"{slug}.txt").read_text("utf-8")
    ours = render_text(reports()[slug]).decode()
    numbers = r"\d+(?:\.\d+)?"
    lost = set(re.findall(numbers, real)) - set(re.findall(numbers, ours))
    assert not {number for number in lost if not re.fullmatch("[0-9]", number)}


@pytest.mark.parametrize("slug", ["shapotou-gov-office-2021", "shapotou-service-centre-2023"])
def test_hand_read_cells_follow_the_tab_separated_tables(slug: str, shared: Path) -> None:
    real = (shared / "reports" / f"{slug}.txt").read_text("utf-8")
    fields = [
        field.strip() for line in real.splitlines() if "\t" in line for field in line.split("\t")
    ]
    assert [field for field in fields if field.isdigit()] == list(reports()[slug].cells.values())
