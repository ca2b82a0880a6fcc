"""The two replicated sites: trees, the five real reports in their places, and the traps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.replica.data import INVENTED_NOTE, reports
from tests.replica.documents import html_style, pdf_style
from tests.replica.docx_form import notice_docx, render_docx
from tests.replica.html_form import report_body, report_page
from tests.replica.pages import Attachment, Entry, Pager
from tests.replica.pdf_form import render_pdf
from tests.replica.skeleton import (
    CONTAINERS,
    Body,
    Plan,
    Skeleton,
    build_skeleton,
    file_of,
    notice_body,
    notices,
)
from tests.replica.traps import add_nxzw_traps, add_spt_traps
from tests.replica.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

TOWNSHIPS = (
    ("binhezhen", "滨河镇"),
    ("wenchangzhen", "文昌镇"),
    ("dongyuanzhen", "东园镇"),
    ("rouyuanzhen", "柔远镇"),
    ("zhenluozhen", "镇罗镇"),
    ("xuanhezhen", "宣和镇"),
    ("yongkangzhen", "永康镇"),
    ("changlezhen", "常乐镇"),
    ("yingshuiqiaozhen", "迎水桥镇"),
    ("xingrenzhen", "兴仁镇"),
    ("xiangshanxiang", "香山乡"),
)

SPT = Plan(
    host="www.spt.gov.cn",
    name="中卫市沙坡头区人民政府",
    code="6405020001",
    region="640502",
    first_id=4800101,
    platform="/xxgk/",
    platform_name="政府信息公开",
    parts=(
        ("zfxxgkzn_50811", "政府信息公开指南"),
        ("zfxxgkzd_50812", "政府信息公开制度"),
        ("fdzdgknr_50813", "法定主动公开内容"),
    ),
    yearly=("/xxgk/zfxxgknb_50817/", "政府信息公开年报"),
    yearly_pager=Pager(name="list"),
    departments=("/xxgk/bmxxgkml/", "政府部门信息公开"),
    townships=("/xxgk/xzxxgkml/", "乡镇信息公开"),
    report_name="政府信息公开年报",
    search="/nxsearch/search.html?code=demo&tenantId=0",
    department_bodies=(
        Body("sptqzfbgs", "沙坡头区人民政府办公室", "xxgknb_51102", size=3),
        Body("sptqzwfwzx", "沙坡头区政务服务中心", "xxganb_1222", style="nx-list"),
        Body("sptqclz", "沙坡头区残联"),
    ),
    township_bodies=tuple(
        Body(slug, name, f"xxgknb_{52301 + 2 * index}" if index % 4 != 2 else None)
        for index, (slug, name) in enumerate(TOWNSHIPS)
    ),
)

NXZW = Plan(
    host="www.nxzw.gov.cn",
    name="中卫市人民政府",
    code="6405000001",
    region="640500",
    first_id=2900201,
    platform="/zwgk/",
    platform_name="政务公开",
    parts=(
        ("xxgkzn", "政府信息公开指南"),
        ("zfxxgkzd", "政府信息公开制度"),
        ("zfxxgkml", "法定主动公开内容"),
    ),
    yearly=("/zwgk/zfxxgknb/", "年报"),
    yearly_pager=Pager(name="zfgzk"),
    departments=("/zwgk/bmxxgkml/", "部门信息公开目录"),
    townships=None,
    report_name="政府信息公开年度报告",
    search="/nxsearch/search.html?code=demo&tenantId=167",
    department_bodies=(
        Body("szfbgs", "中卫市人民政府办公室", "xxgknb_7700", Pager(placeholder=True)),
        Body(
            "sxfj",
            "中卫市信访局",
            "xxgknb_7701",
            Pager(name="common_list", suffix="shtml", base=1),
            "table",
            size=3,
        ),
        Body("sczj", "中卫市财政局", "xxgknb_7702", style="xxgk_wrap"),
    ),
)


def build_sites(folder: Path) -> dict[str, Any]:
    """Write both sites with all reports and traps; return the manifest."""
    tree = Tree(folder)
    spt = build_skeleton(tree, SPT)
    _office_reports(spt)
    _service_centre_report(spt)
    _township_report(spt)
    add_spt_traps(tree, spt)
    spt.site.finish()
    nxzw = build_skeleton(tree, NXZW)
    _petition_report(nxzw)
    _finance_report(nxzw)
    add_nxzw_traps(tree, nxzw)
    nxzw.site.finish()
    return tree.finish()


def _office_reports(built: Skeleton) -> None:
    """Place 政府办公室 2024 (article and PDF, two columns) and 2021 (a later list page)."""
    site, column = built.site, built.reports["sptqzfbgs"]
    report = reports()["shapotou-gov-office-2024"]
    pdf = file_of("P", "20250126093015", "pdf", report.title, render_pdf(report, pdf_style(report)))
    body = report_body(report, html_style(report))
    date = "2025-01-24"
    path = site.article(column, report.title, date, body, (pdf,), mobile=True)
    site.report_source(report, column, path, ("html", "article", date))
    copy = path.replace(".html", "_wap.html")
    site.report_source(report, column, copy, ("html", "article", date), note="mobile copy")
    site.tree.trap("mobile-copy", site.url(copy), "手机版副本，同一份年报")
    file_path = path.rpartition("/")[0] + "/" + pdf.name
    site.report_source(report, column, file_path, ("pdf", "attachment", date))
    site.tree.trap("html-and-pdf", site.url(path), "网页与PDF是同一份年报，数字一致")
    second = site.article(built.yearly, report.title, date, body)
    site.report_source(report, built.yearly, second, ("html", "article", date))
    site.tree.trap("two-columns", site.url(second), "同一文章列在两个栏目，只算一份年报")

    notices(site, column, 5, 2024, "沙坡头区政府信息公开专栏调整公告")
    report = reports()["shapotou-gov-office-2021"]
    date = "2022-01-19"
    pdf = file_of("P", "20220119160211", "pdf", report.title, render_pdf(report, pdf_style(report)))
    page = report_page(report, html_style(report))
    fake = file_of("W", "20220119160344", "docx", report.title, page)
    body = report_body(report, html_style(report))
    path = site.article(column, report.title, date, body, (pdf, fake), encoding="gb18030")
    folder = path.rpartition("/")[0]
    site.report_source(report, column, path, ("html", "article", date), note="GBK declared utf-8")
    site.report_source(report, column, f"{folder}/{pdf.name}", ("pdf", "attachment", date))
    site.report_source(
        report,
        column,
        f"{folder}/{fake.name}",
        ("html", "attachment", date),
        note="named .docx",
    )
    site.tree.trap("gbk-against-declaration", site.url(path), "声明utf-8而实为GBK，正文须读对")
    site.tree.trap("docx-is-html", site.url(f"{folder}/{fake.name}"), "扩展名docx而内容是HTML")


def _service_centre_report(built: Skeleton) -> None:
    """Place 政务服务中心 2023: a GBK page without declaration, link with spaces, and a DOCX."""
    site, column = built.site, built.reports["sptqzwfwzx"]
    report = reports()["shapotou-service-centre-2023"]
    date = "2024-01-22"
    docx = file_of("W", "20240122110532", "docx", report.title, render_docx(report))
    body = report_body(report, html_style(report))
    path = site.article(
        column,
        report.title,
        date,
        body,
        (docx,),
        href="spaced",
        encoding="gb18030",
        charset=None,
    )
    site.report_source(report, column, path, ("html", "article", date), note="GBK undeclared")
    file_path = f"{path.rpartition('/')[0]}/{docx.name}"
    site.report_source(report, column, file_path, ("docx", "attachment", date))
    site.tree.trap("gbk-undeclared", site.url(path), "未声明编码的GBK网页，正文须读对")
    site.tree.trap("link-with-spaces", site.url(path), "列表链接前后有空白，仍须找到")


def _township_report(built: Skeleton) -> None:
    """Place 柔远镇 2021: PDF and DOCX under a short article, and a repost whose links break."""
    site, column = built.site, built.reports["rouyuanzhen"]
    report = reports()["rouyuan-town-2021"]
    date = "2022-01-26"
    files = (
        file_of("P", "20220224101809", "pdf", report.title, render_pdf(report, pdf_style(report))),
        file_of("W", "20220224101811", "docx", report.title, render_docx(report)),
    )
    body = f"{CONTAINERS[1]}<p>　　年度报告全文见附件。</p></div>"
    path = site.article(column, report.title, date, body, files, href="backslash")
    for item, form in zip(files, ("pdf", "docx"), strict=True):
        file_path = f"{path.rpartition('/')[0]}/{item.name}"
        site.report_source(report, column, file_path, (form, "attachment", date))
    site.tree.trap("link-with-backslash", site.url(path), "列表链接用反斜线，仍须找到")
    names = tuple(item.name for item in files)
    repost = site.article(built.yearly, report.title, "2022-03-01", body, files, missing=names)
    broken = f"{repost.rpartition('/')[0]}/{names[0]}"
    site.tree.trap("repost-breaks-attachment", site.url(broken), "转载页的附件返回404，应有发现")


def _petition_report(built: Skeleton) -> None:
    """Place 信访局 2020 in all forms: article, DOCX, and a PDF that is served as text/html."""
    site, column = built.site, built.reports["sxfj"]
    report = reports()["zhongwei-petition-bureau-2020"]
    date = "2021-01-25"
    pdf = file_of("P", "20210125164501", "pdf", report.title, render_pdf(report, pdf_style(report)))
    pdf = replace(pdf, content_type="text/html")
    docx = file_of("W", "20210125164503", "docx", report.title, render_docx(report))
    body = report_body(report, html_style(report))
    path = site.article(column, report.title, date, body, (pdf, docx))
    folder = path.rpartition("/")[0]
    site.report_source(report, column, path, ("html", "article", date))
    site.report_source(report, column, f"{folder}/{pdf.name}", ("pdf", "attachment", date))
    site.report_source(report, column, f"{folder}/{docx.name}", ("docx", "attachment", date))
    site.tree.trap("pdf-as-html", site.url(f"{folder}/{pdf.name}"), "以text/html送出的PDF")
    notices(site, column, 5, 2023, "中卫市信访局信息公开栏目更新公告")
    direct = f"/zwgk/zfxxgknb/202112/{pdf.name}"
    site.tree.write(site.host, direct, pdf.data, "2021-12-02")
    built.yearly.entries.append(Entry(report.title, "2021-12-02", f"./202112/{pdf.name}"))
    site.report_source(report, built.yearly, direct, ("pdf", "listed", "2021-12-02"))


def _finance_report(built: Skeleton) -> None:
    """Place the invented free-form report and a notice that is no report."""
    site, column = built.site, built.reports["sczj"]
    report = reports()["zhongwei-finance-2016"]
    date = "2017-02-20"
    path = site.article(column, report.title, date, report_body(report, html_style(report)))
    site.report_source(report, column, path, ("html", "article", date))
    site.tree.trap("free-form", site.url(path), "2019年以前的自由格式年报，没有统一表格")
    title = "关于编制2023年政府信息公开工作年度报告的通知"
    text = "请各单位按统一格式编制年度报告，并按时报送。"
    spaced = Attachment(
        "W020240105 附件样表.docx",
        "附件 样表.docx",
        notice_docx(["附件样表，内容从略。", INVENTED_NOTE]),
    )
    path = site.article(column, title, "2024-01-05", notice_body(text), (spaced,), href="absolute")
    site.tree.trap("no-report-in-report-column", site.url(path), "通知，不是年报")
    site.tree.trap(
        "attachment-with-space",
        site.url(quote(f"{path.rpartition('/')[0]}/{spaced.name}")),
        "附件名有空格，须能取到；不是年报",
    )
