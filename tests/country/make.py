"""Make the documents of the synthetic country: bytes, and what is true of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tests.country import prose
from tests.country.figures import series
from tests.country.places import BODIES, County
from tests.replica.data import INVENTED_NOTE, Part, ReportData, full_cells
from tests.replica.docx_form import render_docx
from tests.replica.html_form import HtmlStyle, report_page
from tests.replica.invented import HEADINGS
from tests.replica.pdf_form import render_pdf

FIRST_YEAR = 2021
EDITED = 0.01
EDITED_CELL = "t2_licensing_decisions"
# Most reports are pages; Word files and PDF cost more to make and to read.
FORMS = (("html", 0.8), ("docx", 0.1), ("pdf", 0.1))


@dataclass(frozen=True, slots=True)
class Made:
    """One report of the synthetic country.

    Args:
        county: its county.
        place: number of the body within the county.
        report: what it prints.
        form: html, docx or pdf.
        data: the file.
        edited: the file as it was before an edit of one figure; None for most.
        flaws: what is wrong with it on purpose, names of ``figures.FLAWS``.

    """

    county: County
    place: int
    report: ReportData
    form: str
    data: bytes
    edited: bytes | None
    flaws: tuple[str, ...]

    @property
    def path(self) -> str:
        """Address of the file on the county's site."""
        year = self.report.year
        return (
            f"/xxgk/b{self.place}/{year + 1}01/t{year + 1}0120_{self.place:03d}{year}.{self.form}"
        )


def reports(
    counties: Iterable[int], years: int, forms: tuple[tuple[str, float], ...] = FORMS
) -> Iterator[Made]:
    """Yield the reports of some counties, body by body and year by year.

    Args:
        counties: their numbers.
        years: how many years from 2021.
        forms: share of each form.

    """
    for number in counties:
        county = County(number)
        for place in range(len(BODIES)):
            seed = f"{number}/{place}"
            for year, figures in series(seed, FIRST_YEAR, FIRST_YEAR + years - 1).items():
                dice = random.Random(f"{seed}/{year}")
                report = _report(county, place, year, figures.cells)
                form = dice.choices(*zip(*forms, strict=True))[0]
                edited = None
                if dice.random() < EDITED:
                    cells = report.cells | {EDITED_CELL: "987654"}
                    edited = _render(replace(report, cells=cells), form)
                yield Made(
                    county, place, report, form, _render(report, form), edited, figures.flaws
                )


def _render(report: ReportData, form: str) -> bytes:
    if form == "pdf":
        return render_pdf(report)
    if form == "docx":
        return render_docx(report)
    return report_page(report, HtmlStyle())


def _report(county: County, place: int, year: int, cells: dict[str, str]) -> ReportData:
    agency = county.agency(place)
    seed = f"{county.number}/{place}/{year}"
    received = cells["t3_new__total"]
    first = prose.paragraph(seed, year, agency, 5 + place % 14)
    texts = (
        (f"{year}年收到政府信息公开申请{received}件。", first, INVENTED_NOTE),
        (),
        (),
        (),
        (prose.problems(seed), prose.paragraph(f"{seed}/5", year, agency, 3)),
        ("本年度没有收取信息处理费。",),
    )
    phone = f"0000-{8000000 + place * 31 + county.number}"
    address = f"{county.name}虚构路{place + 1}号"
    return ReportData(
        slug=f"{county.site.id}-{place}-{year}",
        agency=agency,
        official=agency,
        key="",
        year=year,
        template="2021",
        title_lines=(f"{agency}{year}年政府信息公开工作年度报告",),
        period=(f"{year}-01-01", f"{year}-12-31"),
        signed=f"{year + 1}-01-20",
        signoff_lines=(agency, f"{year + 1}年1月20日"),
        intro=(
            (
                f"根据《中华人民共和国政府信息公开条例》和国办公开办函〔2021〕30号的要求，现公布本报告。"
                f"本报告统计数据从{year}年1月1日至{year}年12月31日。如有疑问，请与{agency}联系"
                f"（地址：{address}；邮编：999000；电话及传真：{phone}）。"
            ),
        ),
        contact={"office": agency, "address": address, "postcode": "999000", "phone": phone},
        sections=tuple(
            Part(ordinal, heading, text)
            for ordinal, (heading, text) in enumerate(zip(HEADINGS, texts, strict=True), start=1)
        ),
        labels={},
        cells=full_cells("2021", cells),
        invented=True,
    )
