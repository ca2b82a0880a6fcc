"""Rules on when a report was signed and published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from pipeline.check.rule import Unjudged, rule
from pipeline.finding import Finding
from pipeline.report import Report

_DAY = re.compile(r"((?:19|20)\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})")


def day_of(text: str | None) -> date | None:
    """Return the day that a printed time names, or None."""
    match = _DAY.search(text or "")
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:  # 2月30日: no day
        return None


def deadline(year: int, kind: str) -> date | None:
    """Return the last day on which a report is in time.

    Args:
        year: report year.
        kind: type of the body as in ``agencies.type``.

    Returns:
        31 January after the year for departments at county level and above (their office
        included), 31 March for the government's own report; None for bodies that article 49 does
        not name.

    Source: 条例 article 49. Up to report year 2018 article 31 of Order 492 gave everybody until
    31 March (from memory).

    """
    if year <= 2018:
        return date(year + 1, 3, 31)
    if kind == "government":
        return date(year + 1, 3, 31)
    if kind in ("department", "government_office"):
        return date(year + 1, 1, 31)
    return None


@rule("W-SIGNOFF", "warning", "落款日期合理", "落款日期的含义（推定）")
def sign_off(report: Report) -> Iterator[Finding | Unjudged]:
    """W-SIGNOFF: the sign-off date lies after the period.

    Source: meaning of the date (inference). That it is not after the publication date is judged in
    ``pipeline.series``, which knows all places where the report was published.
    """
    if report.signed is None:
        yield Unjudged("报告没有落款日期")
        return
    signed = day_of(report.signed)
    if signed is None:
        yield Unjudged(f"落款日期 {report.signed} 不是一个日期")
        return
    if report.year is not None and signed <= date(report.year, 12, 31):
        yield Finding(
            "W-SIGNOFF",
            "warning",
            f"落款日期 {report.signed} 在 {report.year} 年统计期限结束之前。",
            report.signed,
            message_en=f"Signed on {report.signed}, before the end of the year {report.year}.",
        )
