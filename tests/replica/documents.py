"""All reports in all forms, with what a reader must find beside each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.replica.data import ReportData, reports
from tests.replica.docx_form import render_docx
from tests.replica.html_form import HtmlStyle, report_page
from tests.replica.pdf_form import PdfStyle, render_pdf
from tests.replica.text_form import render_text

if TYPE_CHECKING:
    from pathlib import Path

# Each real report gets looks of its own, so that the forms differ as real documents do.
PDF_STYLES = {
    "rouyuan-town-2021": PdfStyle(narrow=True, lead=330),
    "zhongwei-petition-bureau-2020": PdfStyle(repeat_head=True, numbered=False),
    "shapotou-gov-office-2021": PdfStyle(repeat_head=True),
    "shapotou-service-centre-2023": PdfStyle(narrow=True, repeat_head=True, lead=110),
}
HTML_STYLES = {
    "shapotou-gov-office-2021": HtmlStyle('<div class="trs_editor_view TRS_Editor">', word=False),
    "shapotou-service-centre-2023": HtmlStyle('<div id="zoom">', title_in_body=False),
    "zhongwei-petition-bureau-2020": HtmlStyle(
        '<div class="con-article">',
        word=False,
        head_cells=True,
    ),
}


def pdf_style(report: ReportData) -> PdfStyle:
    """Return the look of a report's PDF."""
    return PDF_STYLES.get(report.slug, PdfStyle())


def html_style(report: ReportData) -> HtmlStyle:
    """Return the look of a report's article."""
    return HTML_STYLES.get(report.slug, HtmlStyle())


def write_documents(folder: Path) -> int:
    """Write every report as HTML, PDF, DOCX and text with its expectation; return the count."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for slug, report in reports().items():
        forms = {
            "html": report_page(report, html_style(report)),
            "pdf": render_pdf(report, pdf_style(report)),
            "docx": render_docx(report),
            "txt": render_text(report),
            "json": (json.dumps(report.expected(), ensure_ascii=False, indent=1) + "\n").encode(),
        }
        for ending, payload in forms.items():
            (folder / f"{slug}.{ending}").write_bytes(payload)
            written += 1
    return written
