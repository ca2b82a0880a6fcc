"""The files that are measured: replica documents made at run time, and real ones where they are."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from pipeline.read.pdf import read_pdf
from pipeline.recognise import recognise
from pipeline.report import Report
from tests.bench.dressed import dressed_docx, dressed_page
from tests.replica.data import reports
from tests.replica.documents import html_style, pdf_style
from tests.replica.docx_form import render_docx
from tests.replica.html_form import report_page
from tests.replica.pdf_form import render_pdf

REAL = Path(__file__).resolve().parents[3] / "shared" / "real"


@dataclass(frozen=True, slots=True)
class Sample:
    """A file and what its cells hold.

    Args:
        name: file name.
        format: pdf, html or docx.
        data: its bytes.
        printed: characters of each cell by code; of a real document those on which both
            independent readings agree.
    """

    name: str
    format: str
    data: bytes
    printed: dict[str, str]

    def right(self, report: Report) -> int:
        """Return how many cells a report has as printed."""
        return sum(
            bare(report.cells[code].raw or "") == bare(text)
            for code, text in self.printed.items()
            if code in report.cells and report.cells[code].state != "unread"
        )


def bare(text: str) -> str:
    """Return text without white space and differences of width."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def samples(most: int | None = None, real: Path = REAL) -> list[Sample]:
    """Return the replica's statutory reports in three formats, and the real PDF files.

    Those named published are as offices publish them: in a page of a site with its menu and
    scripts, pasted from Word (word) or typed there (editor); with all that Word writes into its own
    files. The others are lean: the form and the text, and nothing else.

    Args:
        most: take only so many reports; None for all.
        real: folder of real PDF files; may be missing.
    """
    found = []
    for slug, report in sorted(reports().items()):
        if report.template is None:
            continue
        forms = {
            "pdf": render_pdf(report, pdf_style(report)),
            "html": report_page(report, html_style(report)),
            "docx": render_docx(report),
        }
        for form, data in forms.items():
            found.append(Sample(f"{slug}.{form}", form, data, report.cells))
        dressed = {
            "word.published.html": dressed_page(forms["html"], from_word=True),
            "editor.published.html": dressed_page(forms["html"], from_word=False),
            "published.docx": dressed_docx(forms["docx"]),
        }
        for name, data in dressed.items():
            found.append(Sample(f"{slug}.{name}", name.rsplit(".")[-1], data, report.cells))
    found = found[: None if most is None else 6 * most]
    files = sorted(real.glob("*.pdf"))[:most]
    return found + [_real(path) for path in files]


def _real(path: Path) -> Sample:
    data = path.read_bytes()
    first, second = (recognise(read_pdf(data, engine=e)).cells for e in ("pdfium", "pdfminer"))
    agreed = {
        code: reading.raw or ""
        for code, reading in first.items()
        if reading.state != "unread"
        and code in second
        and (reading.value, reading.state) == (second[code].value, second[code].state)
    }
    return Sample(path.name, "pdf", data, agreed)
