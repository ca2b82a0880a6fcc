"""Another replica of the platform: a fictional county with other columns, pagers and names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.replica.docx_form import render_docx
from tests.replica.html_form import HtmlStyle, report_body
from tests.replica.invented import invent
from tests.replica.pages import Pager
from tests.replica.pdf_form import PdfStyle, render_pdf
from tests.replica.skeleton import (
    CONTAINERS,
    Body,
    Plan,
    Skeleton,
    build_skeleton,
    file_of,
    notices,
)
from tests.replica.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.replica.data import ReportData

HOST = "www.example-county.test"
ONE_BASED = Pager(name="common_list", suffix="shtml", base=1)

COUNTY = Plan(
    host=HOST,
    name="示例县人民政府",
    code="9900000001",
    region="990000",
    first_id=310007,
    platform="/zfxxgkpt/",
    platform_name="信息公开",
    parts=(
        ("zn_3", "公开指南"),
        ("zd_4", "公开制度"),
        ("zdgk_5", "法定主动公开内容"),
    ),
    yearly=("/zfxxgkpt/ndbg_6/", "年度报告"),
    yearly_pager=Pager(name="zfgzk"),
    departments=("/zfxxgkpt/jgml/", "县直部门"),
    townships=("/zfxxgkpt/xzml/", "乡镇人民政府"),
    report_name="政府信息公开工作年度报告",
    search="/irs/search.html",
    department_bodies=(
        Body("xzfb", "示例县人民政府办公室", "zfxxgkgzndbg", ONE_BASED, "xxgk_wrap", size=2),
        Body("xjyj", "示例县教育局", "nianbao_91", Pager(name="list"), "table", size=2),
        Body("xswj", "示例县水务局", "xxgknb", style="nx-list"),
        Body("xtyj", "示例县体育局", None),
    ),
    township_bodies=(
        Body("jiayi", "甲一镇", "xxganb_7", style="list_ul"),
        Body("yier", "乙二镇", "xxgknb_8"),
        Body("bingsan", "丙三乡", "ndbg_9", Pager(name="zfgzk")),
    ),
)


def county_reports() -> dict[str, list[ReportData]]:
    """Return the invented reports of the county by body slug."""
    written = {
        "xzfb": ("示例县人民政府办公室", (2019, 2020, 2021, 2022, 2023)),
        "xjyj": ("示例县教育局", (2020, 2021, 2024)),
        "xswj": ("示例县水务局", (2019, 2023)),
        "jiayi": ("示例县甲一镇人民政府", (2022, 2023)),
        "bingsan": ("示例县丙三乡人民政府", (2020, 2024)),
    }
    odd = {
        ("xswj", 2023): {
            "t2_regulations_issued": "",
            "t2_regulations_repealed": "/",
            "t2_normative_docs_in_force": "22（其中修订16件）",
        },
    }
    return {
        slug: [
            invent(
                f"county-{slug}-{year}",
                agency,
                year,
                3 + 5 * place + year % 10,
                odd.get((slug, year)),
            )
            for year in years
        ]
        for place, (slug, (agency, years)) in enumerate(written.items())
    }


def build_county(folder: Path) -> dict[str, Any]:
    """Write the fictional county; return the manifest."""
    tree = Tree(folder)
    built = build_skeleton(tree, COUNTY)
    for slug, written in county_reports().items():
        for number, report in enumerate(written):
            _place(built, slug, report, number)
    notices(built.site, built.reports["jiayi"], 9, 2024, "甲一镇栏目公告")
    notices(built.site, built.yearly, 5, 2024, "示例县栏目说明")
    built.site.finish()
    return tree.finish()


def _place(built: Skeleton, slug: str, report: ReportData, number: int) -> None:
    """Place a report: tables in the article, or PDF, or DOCX, in turn; the newest in two forms."""
    site, column = built.site, built.reports[slug]
    date = f"{report.year + 1}-01-2{number}"
    container = CONTAINERS[number % len(CONTAINERS)]
    style = HtmlStyle(container, word=number % 2 == 0, head_cells=number % 3 == 1)
    moment = f"{report.year + 1}0121{number:02d}3015"
    pdf = file_of(
        "P",
        moment,
        "pdf",
        report.title,
        render_pdf(report, PdfStyle(lead=35.0 * number)),
    )
    docx = file_of("W", moment, "docx", report.title, render_docx(report))
    body = f"{container}<p>　　报告全文见附件。</p></div>"
    tables = report_body(report, style)
    text, files, forms = (
        (tables, (), ("html",)),
        (body, (pdf,), ("pdf",)),
        (tables, (docx,), ("html", "docx")),
        (body, (pdf, docx), ("pdf", "docx")),
    )[number % 4]
    path = site.article(column, report.title, date, text, files)
    if "html" in forms:
        site.report_source(report, column, path, ("html", "article", date))
    for item in files:
        file_path = f"{path.rpartition('/')[0]}/{item.name}"
        form = item.name.rpartition(".")[2]
        site.report_source(report, column, file_path, (form, "attachment", date))
