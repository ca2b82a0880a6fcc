"""Rules on what was read at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from archive.codebook import template_metrics
from pipeline.check.rule import Unjudged, rule
from pipeline.finding import Finding
from pipeline.recognise.recogniser import COLLAPSED_ROWS, TABLE_NAMES
from pipeline.report import Report


@rule("W-UNREAD", "warning", "每一格都已识别", "本站的读取要求")
def unread_cells(report: Report) -> Iterator[Finding | Unjudged]:
    """W-UNREAD: cells that were not recognised, counted by table and reason.

    Source: our own: a cell is right or it says why it was not read.
    """
    if report.template is None:
        yield Unjudged("没有识别出法定表格")
        return
    collapsed = "t3_other_total__total" in report.cells
    reasons: Counter[tuple[str, str]] = Counter()
    places: dict[tuple[str, str], str] = {}
    for metric in template_metrics(report.template):
        cell = report.cells[metric.code]
        if cell.state != "unread" or (collapsed and metric.row_code in COLLAPSED_ROWS):
            continue
        reasons[(metric.table, cell.note)] += 1
        places.setdefault((metric.table, cell.note), cell.place)
    for (table, reason), number in reasons.items():
        message = f"{TABLE_NAMES[table]}有 {number} 个单元格未识别：{reason}。"
        english = f"{number} cells of table {table[1]} were not recognised."
        yield Finding("W-UNREAD", "warning", message, "", places[(table, reason)], english)
