"""Series of reports that agree with each other, made of our replica; tests break one thing each.

The frame (title, contact, labels, tables) is that of the replica's report of 2024; figures are
chosen so that the years follow from each other, and the prose of each year is put together anew.
"""

from __future__ import annotations

import random
from dataclasses import replace

from pipeline.parse import parse
from pipeline.store import Source, store
from tests.replica.data import Part, full_cells, reports
from tests.replica.html_form import HtmlStyle, report_page

SITE = {
    "id": "spt",
    "name": "沙坡头区",
    "region_code": "640502",
    "region_name": "沙坡头区",
    "region_parents": '["宁夏回族自治区", "中卫市"]',
    "home": "https://www.spt.gov.cn/",
    "hosts": '["www.spt.gov.cn"]',
}
OFFICE = "沙坡头区人民政府办公室"


def _words(text):
    return text.split()


_WHO = _words(
    "我单位 各科室 窗口人员 分管领导 值班员 信息员 审核员 联络员 专班 服务台 宣传组 业务骨干"
)
_DONE = _words("整理 登记 核对 更新 归并 张贴 讲解 答复 回访 编印 校对 汇总 抽查 巡查 转办 会商")
_WHAT = _words(
    "办事流程图 惠农补贴明细 道路养护计划 饮水安全检测表 学位供给方案 医保经办须知 "
    "殡葬服务价格 耕地保护台账 防汛物资清单 养老床位安排 公交线路调整 校舍维修进度 "
    "就业招聘会日程 水费核算办法 林草管护合同 食品抽检通报 社区活动预告 "
    "老旧小区改造进展 消防演练总结 垃圾分类指引 渠道清淤工程 残疾人康复项目 "
    "图书馆开放时刻 农机购置名录 枸杞种植技术要点 葡萄冬埋提示 硒砂瓜销售信息"
)
_HOW = _words("逐项 分批 按月 按季 当日 连夜 现场 上门 线上 集中 对口 轮流")


def prose(seed, sentences=16):
    """Return a paragraph that is like no other: invented words in an order of its own."""
    dice = random.Random(seed)
    parts = []
    for _ in range(sentences):
        what, other = dice.sample(_WHAT, 2)
        parts.append(
            f"{dice.choice(_WHO)}{dice.choice(_HOW)}{dice.choice(_DONE)}{what}，"
            f"{dice.choice(_HOW)}{dice.choice(_DONE)}{other}。"
        )
    return "".join(parts)


def stocks(issued, repealed, in_force):
    """Return the cells of 行政规范性文件."""
    return {
        "t2_normative_docs_issued": issued,
        "t2_normative_docs_repealed": repealed,
        "t2_normative_docs_in_force": in_force,
    }


def requests(carried_in, new, carried_out):
    """Return the cells of table three for requests of natural persons, all granted."""
    handled = carried_in + new - carried_out
    cells = {}
    for row, value in (
        ("new", new),
        ("carried_in", carried_in),
        ("granted", handled),
        ("result_total", handled),
        ("carried_out", carried_out),
    ):
        cells |= {f"t3_{row}__natural_person": value, f"t3_{row}__total": value}
    return cells


# Three years of one office that follow from each other.
YEARS = {
    2022: stocks(4, 1, 20) | requests(0, 5, 2),
    2023: stocks(3, 2, 21) | requests(2, 6, 1),
    2024: stocks(2, 0, 23) | requests(1, 4, 0),
}


def year_report(year, cells, *, agency=OFFICE, texts=None, template="2021"):
    """Return the data of one report; ``texts`` replaces the prose of sections 1 and 5."""
    base = reports()["shapotou-gov-office-2024"]
    one, five = texts or (prose(f"{agency}{year}1"), prose(f"{agency}{year}5"))
    notice = "〔2019〕60号" if template == "2019" else "〔2021〕30号"
    intro = (
        f"根据国办公开办函{notice}，公布本报告，统计期限为{year}年1月1日至{year}年12月31日。"
        f"如有疑问，请与{agency}联系（地址：沙坡头区鼓楼西街387号；电话：0955-8806097；"
        "传真：0955-8806080）。"
    )
    sections = tuple(
        Part(s.ordinal, s.heading, {1: (one,), 5: (five,), 6: ("无。",)}.get(s.ordinal, ()))
        for s in base.sections
    )
    return replace(
        base,
        slug=f"office-{year}",
        agency=agency,
        year=year,
        template=template,
        title_lines=(f"{agency}{year}年政府信息公开工作年度报告",),
        period=(f"{year}-01-01", f"{year}-12-31"),
        intro=(intro,),
        sections=sections,
        labels={},
        cells=full_cells(template, {code: str(value) for code, value in cells.items()}),
    )


def page(report):
    """Return a report as the bytes of an article."""
    return report_page(report, HtmlStyle())


def add_site(archive):
    """Give an archive the site that the reports are found on."""
    archive.db.table("sites").insert(SITE, ignore=True)


def put(archive, report, *, published=None, url=None, day="2026-01-01", data=None):
    """Store a report as found at an address; return the address."""
    data = data or page(report)
    url = url or f"https://www.spt.gov.cn/{report.agency}/{report.year}.html"
    digest = archive.blobs.put(data)
    with archive.transaction() as db:
        db.table("payloads").insert({"digest": digest, "size": len(data)}, ignore=True)
        capture = db.execute(
            "INSERT INTO captures (site_id, url, status, digest, captured_at, headers, warc_file, "
            "warc_offset, warc_length) VALUES ('spt', ?, 200, ?, ?, '[]', 'w', 0, 0) "
            "ON CONFLICT DO UPDATE SET status = 200 RETURNING id",
            (url, digest, f"{day}T08:00:00Z"),
        ).fetchone()[0]
    published = published or f"{report.year + 1}-01-20 10:00"
    source = Source(url, capture, "spt", "article", published=published)
    store(archive, digest, parse(data), source)
    return url


def findings(archive, severities=("error", "warning")):
    """Return (rule, year) of all findings of the given severities."""
    marks = ", ".join("?" * len(severities))
    return sorted(
        archive.db.execute(
            "SELECT f.rule, r.year FROM findings f LEFT JOIN documents d ON d.id = f.document_id"
            " JOIN reports r ON r.id = coalesce(f.report_id, d.report_id)"
            f" WHERE f.severity IN ({marks})",
            tuple(severities),
        ).fetchall()
    )
