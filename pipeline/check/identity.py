"""Rules on year, period and parts."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.finding import Finding
from pipeline.recognise.identity import self_names
from pipeline.recognise.sections import OFFICIAL_HEADINGS
from pipeline.report import Report

# Art.50 and the format notices apply to reports on 2019 and later.
FIRST_YEAR_OF_FORMAT = 2019


def is_named(report: Report) -> Iterator[Finding]:
    """W-AGENCY, W-TITLE, I-PERIOD: body, title and period are stated by the report itself.

    Source: 国办公开办函〔2019〕60号 and 〔2021〕30号, head of the format.
    """
    if report.title is None:
        yield Finding("W-TITLE", "warning", "没有找到年度报告的标题。")
    if report.agency_printed is None:
        message = "标题和正文都没有写明是哪个机关的报告，只能由所在栏目推断。"
        yield Finding("W-AGENCY", "warning", message, report.title or "")
    if report.period is None and report.template is not None:
        yield Finding("I-PERIOD", "info", "正文没有写明统计期限。")


def year_agrees(report: Report) -> Iterator[Finding]:
    """E-YEAR: year of title, self-title and period agree; the period is the calendar year.

    Source: 条例 article 49, 上一年度; DB51/T 2660-2019, 2.1.
    """
    if report.year is None:
        yield Finding("E-YEAR", "error", "标题、正文和统计期限都没有写明年度。", report.title or "")
        return
    if report.period is not None:
        start, end = report.period
        if (start, end) != (f"{report.year}-01-01", f"{report.year}-12-31"):
            yield Finding(
                "E-YEAR",
                "error",
                f"标题的年度是 {report.year} 年，统计期限却是 {start} 至 {end}。",
                f"{start} / {end}",
            )
    for name in self_names(report.preamble):
        if name.year is not None and name.year != report.year:
            yield Finding(
                "E-YEAR",
                "error",
                f"标题的年度是 {report.year} 年，正文自称《{name.text}》。",
                name.text,
            )


def six_sections(report: Report) -> Iterator[Finding]:
    """E-SECTIONS: six parts, once each, in order.

    Source: 条例 article 50; 国办公开办函〔2019〕60号 and 〔2021〕30号.
    """
    if report.year is not None and report.year < FIRST_YEAR_OF_FORMAT:
        return
    found = [section.ordinal for section in report.sections]
    missing = [n for n in range(1, 7) if n not in found]
    if missing:
        names = "、".join(OFFICIAL_HEADINGS[n - 1] for n in missing)
        yield Finding("E-SECTIONS", "error", f"缺少部分：{names}。", names)
    if found != sorted(found):
        order = "、".join(section.heading for section in report.sections)
        yield Finding("E-SECTIONS", "error", f"各部分没有按规定的次序排列：{order}。", order)
