"""Notes on how a figure is to be read."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.check.rule import Unjudged, rule
from pipeline.finding import Finding
from pipeline.report import Report


@rule("I-CODEFENDANT", "info", "共同被告的诉讼由原机关统计", "国办公开办函〔2016〕201号")
def codefendant(report: Report) -> Iterator[Finding | Unjudged]:
    """I-CODEFENDANT: suits in which a review body is only co-defendant belong to the original body.

    Governments are the review bodies of their departments, so the note stands beside their suits
    after review.

    Source: 国办公开办函〔2016〕201号, official interpretation.
    """
    cell = report.cells.get("t4_suit_after_review_total")
    if cell is None or cell.value is None:
        yield Unjudged("没有读到复议后起诉的总计")
        return
    if cell.value > 0 and (report.agency_printed or "").endswith("人民政府"):
        yield Unjudged("报告没有分列只作共同被告的件数")
        yield Finding(
            "I-CODEFENDANT",
            "info",
            f"复议后起诉 {cell.value} 件；复议机关只作共同被告的，由原行为机关统计，不应计入。",
            cell.raw or "",
            cell.place,
            f"{cell.value} suits after review; those in which the body is only co-defendant as "
            "reviewer are counted by the original body.",
        )
