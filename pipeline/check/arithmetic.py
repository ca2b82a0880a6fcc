"""Sums that the form itself demands.

Counts are never negative, so a blank can only add to its side of a sum: one that is broken
whatever stands in the blank is an error, any other sum with a blank can't be judged. Figures are
never changed to make a sum fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from archive.codebook import Template, template_metrics
from pipeline.check.rule import Unjudged, rule
from pipeline.finding import Finding
from pipeline.recognise.form import table3_columns, table3_rows
from pipeline.report import CellReading, Derived, Report

Number = int | Decimal
_PARTS = ("natural_person", "business", "research", "public_interest", "legal_service", "other_org")
_NOT_OUTCOMES = frozenset({"new", "carried_in", "result_total", "carried_out"})
_T4_GROUPS = {
    "review": "行政复议",
    "suit_direct": "未经复议直接起诉",
    "suit_after_review": "复议后起诉",
}
_T4_PARTS = ("upheld", "corrected", "other", "pending")
# A sum of more addends than this is shown without its zeros.
_SHOWN_WHOLE = 6
NO_TABLES = "没有识别出法定表格"


@dataclass(frozen=True, slots=True)
class Equation:
    """Two sums of cells that are equal by the form.

    Args:
        what: Chinese name of the sum, with its row or column.
        what_en: the same in English.
        left: codes of the addends.
        right: codes of the other side.

    """

    what: str
    what_en: str
    left: tuple[str, ...]
    right: tuple[str, ...]


class Sum(NamedTuple):
    """One side of an equation.

    Args:
        value: sum of the printed figures.
        blank: whether an addend is blank or a dash.
        unread: whether an addend is unknown, so that nothing can be said.

    """

    value: Number
    blank: bool
    unread: bool


def add(cells: dict[str, CellReading], codes: Sequence[str]) -> Sum:
    """Return the sum of cells."""
    total: Number = 0
    blank = unread = False
    for cell in map(cells.get, codes):
        if cell is None:
            unread = True
        elif (value := cell.value) is not None:
            total += value
        elif cell.state in ("blank", "dash"):
            blank = True
        else:
            unread = True
    return Sum(total, blank, unread)


def shown(cells: dict[str, CellReading], codes: Sequence[str]) -> str:
    """Return the addends as text, e.g. "9+0"; of many the zeros are left out."""
    parts = [cells[code].value for code in codes]
    texts = ["空" if part is None else str(part) for part in parts]
    if len(texts) > _SHOWN_WHOLE:
        texts = [text for text in texts if text != "0"] or ["0"]
    return "+".join(texts)


def place_of(cells: dict[str, CellReading], codes: Sequence[str]) -> str:
    """Return the place of the first of some cells that has one."""
    return next((cells[code].place for code in codes if code in cells and cells[code].place), "")


def _judge(
    report: Report, identity: str, equations: Sequence[Equation]
) -> Iterator[Finding | Unjudged]:
    if report.template is None:
        yield Unjudged(NO_TABLES)
        return
    cells = report.cells
    for equation in equations:
        one, two = add(cells, equation.left), add(cells, equation.right)
        if one.unread or two.unread:
            yield Unjudged(f"{equation.what}有未识别的单元格")
        elif one.value != two.value or one.blank or two.blank:
            yield from _compare(cells, identity, equation, one, two)


def _compare(
    cells: dict[str, CellReading], identity: str, equation: Equation, one: Sum, two: Sum
) -> Iterator[Finding | Unjudged]:
    low_left = one.value < two.value and not one.blank
    low_right = two.value < one.value and not two.blank
    if not (low_left or low_right):
        if one.value != two.value:
            yield Unjudged(f"{equation.what}有空白单元格")
        return
    left, right = shown(cells, equation.left), shown(cells, equation.right)
    one_side = f"{left}={one.value}" if "+" in left else left
    other_side = f"{right}={two.value}" if "+" in right else right
    yield Finding(
        identity,
        "error",
        f"{equation.what}不符：{one_side}，而{other_side}。".replace("=", "＝"),
        f"{left} ≠ {right}",
        place_of(cells, (*equation.right, *equation.left)),
        f"{equation.what_en}: {one_side}, but {other_side}.",
    )


def collapsed_other(report: Report) -> bool:
    """Tell whether a report of the 2021 format prints （六）其他处理 in one row."""
    return report.template == "2021" and "t3_other_total__total" in report.cells


@cache
def outcome_rows(template: Template, *, collapsed: bool) -> tuple[str, ...]:
    """Return the codes of the outcome rows that （七）总计 sums up, as the report prints them."""
    rows = [row.code for row in table3_rows(template) if row.code not in _NOT_OUTCOMES]
    if collapsed:
        rows = [row for row in rows if not row.startswith("other_")] + ["other_total"]
    return tuple(rows)


@cache
def _balances() -> tuple[Equation, ...]:
    return tuple(
        Equation(
            f"表三勾稽关系（{column.labels[0]}）：新收＋上年结转与办理总计＋结转下年",
            f"Table 3 ({column.code}), new + carried in against handled + carried out",
            (f"t3_new__{column.code}", f"t3_carried_in__{column.code}"),
            (f"t3_result_total__{column.code}", f"t3_carried_out__{column.code}"),
        )
        for column in table3_columns()
    )


@cache
def _results(template: Template, *, collapsed: bool) -> tuple[Equation, ...]:
    rows = outcome_rows(template, collapsed=collapsed)
    return tuple(
        Equation(
            f"表三各办理结果之和与（七）总计（{column.labels[0]}）",
            f"Table 3 ({column.code}), outcomes against their total",
            tuple(f"t3_{row}__{column.code}" for row in rows),
            (f"t3_result_total__{column.code}",),
        )
        for column in table3_columns()
    )


@cache
def _row_sums(template: Template, *, collapsed: bool) -> tuple[Equation, ...]:
    rows = [
        (row.code, row.labels[0])
        for row in table3_rows(template)
        if not (collapsed and row.code.startswith("other_"))
    ]
    if collapsed:
        rows.append(("other_total", "（六）其他处理"))
    return tuple(
        Equation(
            f"表三“{label}”各类申请人之和与总计",
            f"Table 3, row {code}, kinds of applicant against their total",
            tuple(f"t3_{code}__{part}" for part in _PARTS),
            (f"t3_{code}__total",),
        )
        for code, label in rows
    )


@cache
def _table4() -> tuple[Equation, ...]:
    return tuple(
        Equation(
            f"表四“{label}”各结果之和与总计",
            f"Table 4, {group}, results against their total",
            tuple(f"t4_{group}_{part}" for part in _T4_PARTS),
            (f"t4_{group}_total",),
        )
        for group, label in _T4_GROUPS.items()
    )


@rule("E-T3-BALANCE", "error", "表三勾稽关系", "2019年、2021年格式表三表头：本列数据的勾稽关系")
def table3_balance(report: Report) -> Iterator[Finding | Unjudged]:
    """E-T3-BALANCE: 第一项加第二项之和，等于第三项加第四项之和, for each of the seven columns.

    Source: note in the head of table 三 of both formats.
    """
    return _judge(report, "E-T3-BALANCE", _balances())


@rule("E-T3-RESULTS", "error", "表三办理结果合计", "2019年、2021年格式表三“（七）总计”")
def table3_results(report: Report) -> Iterator[Finding | Unjudged]:
    """E-T3-RESULTS: the outcome rows add up to （七）总计, for each of the seven columns.

    Source: label （七）总计 under 三、本年度办理结果.
    """
    equations: Sequence[Equation] = ()
    if report.template is not None:
        equations = _results(report.template, collapsed=collapsed_other(report))
    return _judge(report, "E-T3-RESULTS", equations)


@rule("E-T3-ROWSUM", "error", "表三各类申请人合计", "2019年、2021年格式表三“总计”列")
def table3_row_sums(report: Report) -> Iterator[Finding | Unjudged]:
    """E-T3-ROWSUM: the six kinds of applicant add up to 总计, for each row.

    Source: label 总计 of table 三.
    """
    equations: Sequence[Equation] = ()
    if report.template is not None:
        equations = _row_sums(report.template, collapsed=collapsed_other(report))
    return _judge(report, "E-T3-ROWSUM", equations)


@rule("E-T4-SUM", "error", "表四各结果合计", "2019年、2021年格式表四“总计”")
def table4_sums(report: Report) -> Iterator[Finding | Unjudged]:
    """E-T4-SUM: the four results add up to 总计, for each of the three groups.

    Source: label 总计 of table 四.
    """
    return _judge(report, "E-T4-SUM", _table4())


@rule("E-NONNEG", "error", "数字为不小于0的整数", "计数的性质；“本年增/减”可为负数")
def non_negative(report: Report) -> Iterator[Finding | Unjudged]:
    """E-NONNEG: counts are whole numbers of at least 0; only 本年增/减 may be negative.

    Source: nature of counts; the form marks 本年增/减 as a difference and 金额 as money.
    """
    if report.template is None:
        yield Unjudged(NO_TABLES)
        return
    for metric in template_metrics(report.template):
        cell = report.cells.get(metric.code)
        if cell is None or cell.value is None or metric.value_type == "signed_int":
            continue
        value = cell.value
        if type(value) is int and value >= 0:
            continue
        broken = isinstance(value, Decimal) and value != value.to_integral_value()
        if value < 0 or (broken and metric.value_type == "int"):
            label = "·".join(part for part in (metric.row_label, metric.column_label) if part)
            whole = metric.value_type == "int"
            wanted = "应为不小于 0 的整数" if whole else "不应为负数"
            wanted_en = "a whole number of at least 0" if whole else "at least 0"
            yield Finding(
                "E-NONNEG",
                "error",
                f"“{label}”{wanted}，印作 {cell.raw}。",
                cell.raw or "",
                cell.place,
                f"{metric.code} must be {wanted_en}, but {cell.raw} is printed.",
            )


@rule("W-BLANK", "warning", "空白单元格", "填报惯例：空白或“/”不等于0")
def blank_cells(report: Report) -> Iterator[Finding | Unjudged]:
    """W-BLANK: blank cells and dashes are kept as such; they count as 0 in sums only.

    Source: practice, seen in many reports; the form does not say what a blank means.
    """
    if report.template is None:
        yield Unjudged(NO_TABLES)
        return
    blank = [
        m.code
        for m in template_metrics(report.template)
        if m.code in report.cells and report.cells[m.code].state in {"blank", "dash"}
    ]
    if blank:
        yield Finding(
            "W-BLANK",
            "warning",
            f"有 {len(blank)} 个单元格为空或填“/”，按空白保存，只在核对合计时当作 0。",
            "、".join(blank[:5]),
            place_of(report.cells, blank),
            f"{len(blank)} cells are blank or hold a dash; they are kept as such and count as 0 "
            "in sums only.",
        )


def derive(report: Report) -> tuple[Derived, ...]:
    """Return the totals that were left blank although every part is printed.

    Args:
        report: as recognised; its cells stay as they are.

    Returns:
        One value a blank total; a total over rows may rest on row totals only if those are printed.

    """
    template = report.template
    if template is None:
        return ()
    cells = report.cells
    collapsed = collapsed_other(report)
    found: dict[str, Derived] = {}
    for equation in (
        *_row_sums(template, collapsed=collapsed),
        *_results(template, collapsed=collapsed),
        *_table4(),
    ):
        code = equation.right[0]
        total = cells.get(code)
        if total is None or total.state not in ("blank", "dash") or code in found:
            continue
        parts = add(cells, equation.left)
        if not (parts.blank or parts.unread):
            found[code] = Derived(code, parts.value, " + ".join(equation.left))
    return tuple(found.values())
