"""Invented reports for replicas of other places; every one says that it is invented."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.replica.data import INVENTED_NOTE, Part, ReportData, full_cells

if TYPE_CHECKING:
    from archive.codebook import Template

COLUMNS = (
    "natural_person",
    "business",
    "research",
    "public_interest",
    "legal_service",
    "other_org",
)
OUTCOMES = (
    "granted",
    "partial",
    "denied_third_party",
    "unavailable_not_held",
    "unprocessed_repeat",
)
TITLES = (
    "{agency}{year}年政府信息公开工作年度报告",
    "{year}年{agency}政府信息公开年度报告",
    "{agency}{year}年度政府信息公开工作报告",
)
LABELS: tuple[dict[str, str], ...] = (
    {},
    {"brackets": "half"},
    {"brackets": "half", "items": "spaced"},
)
HEADINGS = (
    "一、总体情况",
    "二、主动公开政府信息情况",
    "三、收到和处理政府信息公开申请情况",
    "四、政府信息公开行政复议、行政诉讼情况",
    "五、存在的主要问题及改进情况",
    "六、其他需要报告的事项",
)


def _table_3(seed: int) -> dict[str, int]:
    """Make outcomes per column, then the rows that must balance with them."""
    counts: dict[str, int] = {}
    totals = dict.fromkeys(("new", "carried_in", "result_total", "carried_out", *OUTCOMES), 0)
    for place, column in enumerate(COLUMNS):
        outcomes = [(seed * (place + 2) + 3 * index) % 7 for index in range(len(OUTCOMES))]
        rows = dict(zip(OUTCOMES, outcomes, strict=True))
        rows["result_total"] = sum(outcomes)
        rows["carried_out"] = (seed + place) % 3
        rows["carried_in"] = min((seed + 2 * place) % 4, rows["result_total"])
        rows["new"] = rows["result_total"] + rows["carried_out"] - rows["carried_in"]
        for row, value in rows.items():
            counts[f"t3_{row}__{column}"] = value
            totals[row] += value
    return counts | {f"t3_{row}__total": value for row, value in totals.items()}


def _table_4(seed: int) -> dict[str, int]:
    counts: dict[str, int] = {}
    for place, kind in enumerate(("review", "suit_direct", "suit_after_review")):
        values = [(seed + place + index) % 4 for index in range(4)]
        for name, value in zip(("upheld", "corrected", "other", "pending"), values, strict=True):
            counts[f"t4_{kind}_{name}"] = value
        counts[f"t4_{kind}_total"] = sum(values)
    return counts


def _table_2(template: Template, seed: int) -> dict[str, int]:
    if template == "2021":
        return {
            "t2_normative_docs_issued": seed % 9,
            "t2_normative_docs_repealed": seed % 5,
            "t2_normative_docs_in_force": 20 + seed % 11,
            "t2_licensing_decisions": 100 + 13 * seed,
            "t2_penalty_decisions": 7 * seed,
            "t2_coercion_decisions": seed % 6,
        }
    return {
        "t2_normative_docs_made": seed % 9,
        "t2_normative_docs_newly_disclosed": seed % 8,
        "t2_normative_docs_disclosed_total": 30 + seed % 7,
        "t2_licensing_items_prev": 40 + seed,
        "t2_licensing_items_change": -(seed % 5) - 1,
        "t2_licensing_decisions": 100 + 13 * seed,
        "t2_procurement_items": seed % 10,
        "t2_procurement_amount": 15 * seed,
    }


def invent(
    slug: str,
    agency: str,
    year: int,
    seed: int,
    printed: dict[str, str] | None = None,
) -> ReportData:
    """Make a report whose tables balance.

    Args:
        slug: file name of the report.
        agency: name as the title prints it.
        year: year reported on; to 2020 in the 2019 format, from 2021 in the 2021 format.
        seed: small number from which all figures follow.
        printed: cells printed in another way, e.g. "" for an empty cell or "/" for a dash.
    """
    template: Template = "2019" if year <= 2020 else "2021"
    counts = _table_2(template, seed) | _table_3(seed) | _table_4(seed)
    cells = {code: str(value) for code, value in counts.items()} | (printed or {})
    received = counts["t3_new__total"]
    notice = "〔2019〕60号" if template == "2019" else "〔2021〕30号"
    phone = f"0000-{8000000 + 17 * seed}"
    texts = (
        (f"{year}年收到政府信息公开申请{received}件，都按时办理。", INVENTED_NOTE),
        (),
        (),
        (),
        ("公开的形式不够多样，下一年继续改进。",),
        ("本年度没有收取信息处理费。",),
    )
    return ReportData(
        slug=slug,
        agency=agency,
        official=agency,
        key="",
        year=year,
        template=template,
        title_lines=(TITLES[seed % len(TITLES)].format(agency=agency, year=year),),
        period=(f"{year}-01-01", f"{year}-12-31"),
        signed=f"{year + 1}-01-20",
        signoff_lines=(agency, f"{year + 1}年1月20日"),
        intro=(
            (
                f"根据《中华人民共和国政府信息公开条例》和国办公开办函{notice}的要求，现公布本报告。"
                f"本报告统计数据从{year}年1月1日至{year}年12月31日。如有疑问，请与{agency}联系"
                f"（地址：示例县示例路{seed}号；邮编：999000；电话：{phone}）。"
            ),
        ),
        contact={
            "office": agency,
            "address": f"示例县示例路{seed}号",
            "postcode": "999000",
            "phone": phone,
        },
        sections=tuple(
            Part(ordinal, heading, text)
            for ordinal, (heading, text) in enumerate(zip(HEADINGS, texts, strict=True), start=1)
        ),
        labels=LABELS[seed % len(LABELS)],
        cells=full_cells(template, cells),
        invented=True,
    )
