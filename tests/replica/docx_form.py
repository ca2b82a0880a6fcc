"""The DOCX form: python-docx paragraphs, tables with gridSpan and vMerge, fixed zip times."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt

from tests.replica.grids import Grid, Slot, grids

if TYPE_CHECKING:
    from tests.replica.data import ReportData

TEXT_WIDTH_TWIPS = 8800
ZIP_TIME = (2026, 1, 1, 0, 0, 0)


def _cell_xml(slot: Slot, width: int, merge: str) -> str:
    span = f'<w:gridSpan w:val="{slot.columns}"/>' if slot.columns > 1 else ""
    text = slot.text if merge != "<w:vMerge/>" else ""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    run = (
        f'<w:r><w:rPr><w:sz w:val="18"/></w:rPr><w:t xml:space="preserve">{escaped}</w:t></w:r>'
        if text
        else ""
    )
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{span}{merge}</w:tcPr>'
        f'<w:p><w:pPr><w:jc w:val="center"/></w:pPr>{run}</w:p></w:tc>'
    )


def table_xml(grid: Grid) -> str:
    """Write a grid as WordprocessingML; ECMA-376 part 1: 17.4.17 gridSpan, 17.4.84 vMerge."""
    unit = TEXT_WIDTH_TWIPS / sum(grid.widths)
    widths = [round(width * unit) for width in grid.widths]
    rows = []
    for row in range(grid.row_count):
        covering = sorted(
            (slot for slot in grid.slots if slot.row <= row < slot.row + slot.rows),
            key=lambda slot: slot.column,
        )
        cells = []
        for slot in covering:
            width = sum(widths[slot.column : slot.column + slot.columns])
            merge = ""
            if slot.rows > 1:
                merge = '<w:vMerge w:val="restart"/>' if slot.row == row else "<w:vMerge/>"
            cells.append(_cell_xml(slot, width, merge))
        head = "<w:trPr><w:tblHeader/></w:trPr>" if row < grid.head_rows else ""
        rows.append(f"<w:tr>{head}{''.join(cells)}</w:tr>")
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblStyle w:val="TableGrid"/>'
        f'<w:tblW w:w="{TEXT_WIDTH_TWIPS}" w:type="dxa"/></w:tblPr>'
        f"<w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def render_docx(report: ReportData) -> bytes:
    """Write a report as DOCX; the same bytes every time."""
    document = docx.Document()
    normal = document.styles["Normal"]
    normal.font.name = "Times New Roman"
    normal.font.size = Pt(14)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), "仿宋_GB2312")
    for line in report.title_lines:
        paragraph = document.add_paragraph(line)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.runs[0].font.size = Pt(20)
    for text in report.intro:
        document.add_paragraph(text)
    tables = dict(zip((2, 3, 4), grids(report), strict=True)) if report.cells else {}
    for part in report.sections:
        document.add_paragraph(part.heading).runs[0].bold = True
        for text in part.paragraphs:
            document.add_paragraph(text)
        if part.ordinal in tables:
            anchor = document.add_paragraph()
            anchor._p.addprevious(parse_xml(table_xml(tables[part.ordinal])))  # noqa: SLF001
    for line in report.signoff_lines:
        document.add_paragraph(line).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    return save_docx(document)


def notice_docx(paragraphs: list[str]) -> bytes:
    """Write a DOCX of plain paragraphs."""
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    return save_docx(document)


def save_docx(document: docx.document.Document) -> bytes:
    """Save with a fixed time on each zip member, so that equal content gives equal bytes."""
    saved = io.BytesIO()
    document.save(saved)
    packed = io.BytesIO()
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            member = zipfile.ZipInfo(name, ZIP_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(member, source.read(name))
    return packed.getvalue()
