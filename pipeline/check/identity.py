"""Rules on body, year, period and parts."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.check.places import place_in_preamble
from pipeline.check.rule import NOTICES, Unjudged, rule
from pipeline.finding import Finding
from pipeline.recognise.identity import self_names, squeeze
from pipeline.recognise.sections import OFFICIAL_HEADINGS
from pipeline.report import Report

# Art.50 and the format notices apply to reports on 2019 and later.
FIRST_YEAR_OF_FORMAT = 2019


@rule("W-AGENCY", "warning", "写明报告机关", NOTICES)
def is_named(report: Report) -> Iterator[Finding | Unjudged]:
    """W-AGENCY: the report says whose it is.

    Source: 国办公开办函〔2019〕60号 and 〔2021〕30号, head of the format.
    """
    if report.agency_printed is None:
        message = "标题和正文都没有写明是哪个机关的报告，只能由所在栏目推断。"
        english = "Neither title nor text names the body; only the column it was found in does."
        yield Finding("W-AGENCY", "warning", message, report.title or "", message_en=english)


@rule("I-PERIOD", "info", "写明统计期限", NOTICES)
def period_is_stated(report: Report) -> Iterator[Finding | Unjudged]:
    """I-PERIOD: the report says which days its figures cover.

    Source: 国办公开办函〔2019〕60号 and 〔2021〕30号, head of the format.
    """
    if report.template is None:
        yield Unjudged("没有识别出法定表格")
    elif report.period is None:
        message = "正文没有写明统计期限。"
        yield Finding("I-PERIOD", "info", message, message_en="The text states no period.")


@rule("E-YEAR", "error", "年度一致", "条例第四十九条“上一年度”；DB51/T 2660-2019 2.1")
def year_agrees(report: Report) -> Iterator[Finding | Unjudged]:
    """E-YEAR: year of title, self-title and period agree; the period is the calendar year.

    Source: 条例 article 49, 上一年度; DB51/T 2660-2019, 2.1.
    """
    if report.year is None:
        message = "标题、正文和统计期限都没有写明年度。"
        english = "Neither title nor text nor period states the year."
        yield Finding("E-YEAR", "error", message, report.title or "", message_en=english)
        return
    if report.period is not None:
        start, end = report.period
        if (start, end) != (f"{report.year}-01-01", f"{report.year}-12-31"):
            yield Finding(
                "E-YEAR",
                "error",
                f"标题的年度是 {report.year} 年，统计期限却是 {start} 至 {end}。",
                f"{start} / {end}",
                report.title_place,
                f"The title says {report.year}, the period is {start} to {end}.",
            )
    for name in self_names(report.preamble):
        if name.year is not None and name.year != report.year:
            yield Finding(
                "E-YEAR",
                "error",
                f"标题的年度是 {report.year} 年，正文自称《{name.text}》。",
                name.text,
                place_in_preamble(report, squeeze(report.preamble).find(name.text)),
                f"The title says {report.year}, the text calls itself {name.text}.",
            )


@rule("E-SECTIONS", "error", "六个部分齐全、有序", "条例第五十条；国办公开办函格式")
def six_sections(report: Report) -> Iterator[Finding | Unjudged]:
    """E-SECTIONS: six parts, once each, in order.

    Source: 条例 article 50; 国办公开办函〔2019〕60号 and 〔2021〕30号.
    """
    if report.year is not None and report.year < FIRST_YEAR_OF_FORMAT:
        yield Unjudged("2019 年度以前的报告没有统一格式")
        return
    found = [section.ordinal for section in report.sections]
    missing = [n for n in range(1, 7) if n not in found]
    if missing:
        names = "、".join(OFFICIAL_HEADINGS[n - 1] for n in missing)
        english = f"Parts are missing: {', '.join(map(str, missing))}."
        yield Finding("E-SECTIONS", "error", f"缺少部分：{names}。", names, message_en=english)
    if found != sorted(found):
        order = "、".join(section.heading for section in report.sections)
        yield Finding(
            "E-SECTIONS",
            "error",
            f"各部分没有按规定的次序排列：{order}。",
            order,
            report.sections[0].place,
            f"The parts are not in the prescribed order: {order}.",
        )
