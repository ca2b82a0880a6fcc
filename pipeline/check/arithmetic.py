"""Sums that the form itself demands.

A blank or dash counts as 0 for a sum and only there; a sum that fails while one of its cells is
blank can't be judged, because the blank may stand for the missing part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from archive.codebook import template_metrics
from pipeline.finding import Finding
from pipeline.recognise.form import table3_columns, table3_rows
from pipeline.report import CellReading, Report

Number = int | Decimal
_PARTS = ("natural_person", "business", "research", "public_interest", "legal_service", "other_org")
_NOT_OUTCOMES = frozenset({"new", "carried_in", "result_total", "carried_out"})
_T4_GROUPS = {
    "review": "行政复议",
    "suit_direct": "未经复议直接起诉",
    "suit_after_review": "复议后起诉",
}
_T4_PARTS = ("upheld", "corrected", "other", "pending")


@dataclass(frozen=True, slots=True)
class Sum:
    """One side of an equation.

    Args:
        value: the sum; None when a cell is unread.
        blank: whether a blank or dash was counted as 0.
        shown: the addends as text, e.g. "9+0".

    """

    value: Number | None
    blank: bool
    shown: str


def add(report: Report, codes: Sequence[str]) -> Sum:
    """Return the sum of cells."""
    total: Number = 0
    blank = False
    shown = []
    for code in codes:
        cell = report.cells.get(code)
        if cell is None or cell.state == "unread" or (cell.state == "note" and cell.value is None):
            return Sum(None, blank, "")
        if cell.value is None:
            blank = True
            shown.append("空")
        else:
            total += cell.value
            shown.append(str(cell.value))
    return Sum(total, blank, "+".join(shown))


def _compare(
    report: Report, rule: str, what: str, left: Sequence[str], right: Sequence[str]
) -> Iterator[Finding]:
    one, two = add(report, left), add(report, right)
    if one.value is None or two.value is None or one.value == two.value:
        return
    place = _place(report.cells, (*right, *left))
    quote = f"{one.shown} ≠ {two.shown}"
    if one.blank or two.blank:
        yield Finding(
            "W-BLANK",
            "warning",
            f"{what}：{one.shown} 与 {two.shown} 不等，但其中有空格，无法判断是漏填还是计算错误。",
            quote,
            place,
        )
    else:
        yield Finding(
            rule,
            "error",
            f"{what}不符：{one.shown}＝{one.value}，而{two.shown}＝{two.value}。",
            quote,
            place,
        )


def _place(cells: dict[str, CellReading], codes: Sequence[str]) -> str:
    return next((cells[code].place for code in codes if code in cells and cells[code].place), "")


def outcome_rows(report: Report) -> list[str]:
    """Return the codes of the outcome rows that （七）总计 sums up, as the report prints them."""
    if report.template is None:
        return []
    rows = [row.code for row in table3_rows(report.template) if row.code not in _NOT_OUTCOMES]
    if collapsed_other(report):
        rows = [row for row in rows if not row.startswith("other_")] + ["other_total"]
    return rows


def collapsed_other(report: Report) -> bool:
    """Tell whether a report of the 2021 format prints （六）其他处理 in one row."""
    return report.template == "2021" and "t3_other_total__total" in report.cells


def table3_balance(report: Report) -> Iterator[Finding]:
    """E-T3-BALANCE: 第一项加第二项之和，等于第三项加第四项之和, for each of the seven columns.

    Source: note in the head of table 三 of both formats.
    """
    for column in table3_columns():
        yield from _compare(
            report,
            "E-T3-BALANCE",
            f"表三勾稽关系（{column.labels[0]}）：新收＋上年结转与办理总计＋结转下年",
            [f"t3_new__{column.code}", f"t3_carried_in__{column.code}"],
            [f"t3_result_total__{column.code}", f"t3_carried_out__{column.code}"],
        )


def table3_results(report: Report) -> Iterator[Finding]:
    """E-T3-RESULTS: the outcome rows add up to （七）总计, for each of the seven columns.

    Source: label （七）总计 under 三、本年度办理结果.
    """
    rows = outcome_rows(report)
    if not rows:
        return
    for column in table3_columns():
        yield from _compare(
            report,
            "E-T3-RESULTS",
            f"表三各办理结果之和与（七）总计（{column.labels[0]}）",
            [f"t3_{row}__{column.code}" for row in rows],
            [f"t3_result_total__{column.code}"],
        )


def table3_row_sums(report: Report) -> Iterator[Finding]:
    """E-T3-ROWSUM: the six kinds of applicant add up to 总计, for each row.

    Source: label 总计 of table 三.
    """
    if report.template is None:
        return
    rows = [(row.code, row.labels[0]) for row in table3_rows(report.template)]
    if collapsed_other(report):
        rows.append(("other_total", "（六）其他处理"))
    for code, label in rows:
        yield from _compare(
            report,
            "E-T3-ROWSUM",
            f"表三“{label}”各类申请人之和与总计",
            [f"t3_{code}__{part}" for part in _PARTS],
            [f"t3_{code}__total"],
        )


def table4_sums(report: Report) -> Iterator[Finding]:
    """E-T4-SUM: the four results add up to 总计, for each of the three groups.

    Source: label 总计 of table 四.
    """
    for group, label in _T4_GROUPS.items():
        yield from _compare(
            report,
            "E-T4-SUM",
            f"表四“{label}”各结果之和与总计",
            [f"t4_{group}_{part}" for part in _T4_PARTS],
            [f"t4_{group}_total"],
        )


def non_negative(report: Report) -> Iterator[Finding]:
    """E-NONNEG: counts are whole numbers of at least 0; only 本年增/减 may be negative."""
    if report.template is None:
        return
    for metric in template_metrics(report.template):
        cell = report.cells.get(metric.code)
        if cell is None or cell.value is None or metric.value_type == "signed_int":
            continue
        broken = isinstance(cell.value, Decimal) and cell.value != cell.value.to_integral_value()
        if cell.value < 0 or (metric.value_type == "int" and broken):
            label = "·".join(part for part in (metric.row_label, metric.column_label) if part)
            yield Finding(
                "E-NONNEG",
                "error",
                f"“{label}”应为不小于 0 的整数，印作 {cell.raw}。"
                if metric.value_type == "int"
                else f"“{label}”不应为负数，印作 {cell.raw}。",
                cell.raw or "",
                cell.place,
            )


def blank_cells(report: Report) -> Iterator[Finding]:
    """W-BLANK: blank cells and dashes are kept as such; they count as 0 in sums only."""
    if report.template is None:
        return
    blank = [
        m.code
        for m in template_metrics(report.template)
        if m.code in report.cells and report.cells[m.code].state in {"blank", "dash"}
    ]
    if blank:
        place = _place(report.cells, blank)
        yield Finding(
            "W-BLANK",
            "warning",
            f"有 {len(blank)} 个单元格为空或填“/”，按空白保存，只在核对合计时当作 0。",
            "、".join(blank[:5]),
            place,
        )
