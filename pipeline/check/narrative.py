"""Rules on the figures of the text: against the tables, against their parts, as rates."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import TypeGuard

from archive.codebook import Metric, Template, template_metrics
from archive.measures import measures
from pipeline.check.rule import Unjudged, rule
from pipeline.finding import Finding
from pipeline.recognise.identity import squeeze
from pipeline.report import CellReading, Figure, Report, Statement

Number = int | Decimal
_STOP = "。；;！？\n"
# A part of what the table counts: 区政府办代表区政府受理…, 市本级….
_NARROWER = re.compile(r"代表|本级")
# The whole of a district is not what its office's own table counts.
_WIDER = re.compile(r"全[区县市省镇乡旗州]|各(?:部门|乡镇|镇|单位|级)|辖区内")
# Sums over rows that the form does not print; the measures of the list have one cell each.
_ROWS_OF = {
    "requests_denied": "t3_denied_",
    "requests_unavailable": "t3_unavailable_",
    "requests_not_processed": "t3_unprocessed_",
    "requests_other": "t3_other_",
}
# What a measure may also be: requests with those carried over (上年结转), all documents in force.
_ALSO: dict[str, tuple[tuple[str, ...], ...]] = {
    "requests_received": (("t3_new__total", "t3_carried_in__total"),),
    "requests_handled": (
        ("t3_new__total",),
        ("t3_new__total", "t3_carried_in__total"),
    ),
    "requests_granted": (("t3_granted__total", "t3_partial__total"),),
    "normative_docs_disclosed": (("t2_normative_docs_in_force",),),
}
# 2019 counterparts of cells that the list names by their 2021 code; any of them may be meant.
_IN_2019 = {
    "t2_normative_docs_issued": (
        "t2_normative_docs_made",
        "t2_normative_docs_newly_disclosed",
        "t2_normative_docs_disclosed_total",
    ),
    "t2_normative_docs_in_force": ("t2_normative_docs_disclosed_total",),
}
# Below this share of the whole, what the parts leave out can't be another part unnamed.
_SLIP = Decimal("0.1")


def _sum(cells: dict[str, CellReading], codes: Sequence[str]) -> Number | None:
    values = [cells[code].value if code in cells else None for code in codes]
    known = [value for value in values if value is not None]
    return sum(known) if values and len(known) == len(values) else None


@lru_cache(maxsize=32)
def _totals(codes: tuple[str, ...], prefix: str) -> tuple[str, ...]:
    """Return those of some cell codes that are the total of a row with such a code."""
    return tuple(code for code in codes if code.startswith(prefix) and code.endswith("__total"))


def _candidates(report: Report, measure: str) -> list[tuple[str, ...]]:
    """Return the sums of cells that a measure may agree with, the proper one first."""
    prefix = _ROWS_OF.get(measure)
    if prefix:
        totals = _totals(tuple(report.cells), prefix)
        return [tuple(code for code in totals if report.cells[code].state != "unread")]
    proper = measures()[measure].cells
    if not proper:
        return []
    if report.template == "2019" and proper[0] in _IN_2019:
        return [(code,) for code in _IN_2019[proper[0]]]
    return [proper, *_ALSO.get(measure, ())]


def _comparable(figure: Figure, report: Report) -> TypeGuard[Figure]:
    office = not (report.agency_printed or "").endswith(("区人民政府", "县人民政府", "市人民政府"))
    return (
        figure.measure is not None
        and figure.kind in ("count", "amount")
        and figure.period == "current"
        and not _NARROWER.search(figure.clause)
        and not (office and _WIDER.search(figure.clause))
    )


def _in_unit_of(cell: str, figure: Figure) -> Number:
    """Return the value of a figure in the unit of a cell (元 → 万元)."""
    if figure.kind != "amount" or not cell.endswith("_wan"):
        return figure.value
    scale = {"元": Decimal("0.0001"), "亿元": Decimal(10_000), "千元": Decimal("0.1")}
    return figure.value * scale.get(figure.unit, Decimal(1))


def sentence(report: Report, figures: Sequence[Figure]) -> str:
    """Return the printed words from the clause of the first figure to that of the last."""
    first = min(figures, key=lambda f: f.offset)
    last = max(figures, key=lambda f: f.offset)
    text = next((s.text for s in report.sections if s.ordinal == first.section), "")
    start = max(text.rfind(mark, 0, first.offset) for mark in f"{_STOP}，,、") + 1
    after = last.offset + last.length
    ends = [n for n in (text.find(mark, after) for mark in f"{_STOP}，,、）)") if n >= 0]
    return squeeze(text[start : min(ends, default=len(text))]) or first.clause


@rule("W-NARR-TABLE", "warning", "正文数字与表格一致", "同一来源、同一统计期限（推定）")
def against_tables(report: Report) -> Iterator[Finding | Unjudged]:
    """W-NARR-TABLE: requests, outcomes, documents, reviews, suits and fees agree with the tables.

    Source: same office, same period (inference). Requests may include 上年结转.
    """
    if report.template is None:
        yield Unjudged("没有识别出法定表格")
        return
    groups: dict[tuple[int, str, tuple[str, ...]], list[Figure]] = defaultdict(list)
    for figure in report.figures:
        if _comparable(figure, report):
            candidates = _candidates(report, figure.measure or "")
            if candidates and candidates[0]:
                groups[figure.section, figure.place, candidates[0]].append(figure)
    for group in groups.values():
        yield from _group(report, group)
    for statement in report.statements:
        yield from _statement(report, statement)
    if not groups and not report.statements:
        yield Unjudged("正文没有可与表格比较的数字")


def _group(report: Report, group: list[Figure]) -> Iterator[Finding | Unjudged]:
    """Compare the figures of one paragraph for one cell: one by one, or kinds of one thing added.

    废止 1 件, 宣布失效 9 件 are two measures of one cell; each alone may be all that is told.
    """
    kinds = {figure.measure for figure in group}
    sets = [[figure] for figure in group]
    if len(kinds) > 1 and len(kinds) == len(group):
        sets = [group]
    for figures in sets:
        candidates = [
            codes for figure in figures for codes in _candidates(report, figure.measure or "")
        ]
        sums = [(codes, _sum(report.cells, codes)) for codes in dict.fromkeys(candidates)]
        known = [(codes, total) for codes, total in sums if total is not None]
        if not known:
            yield Unjudged("与正文对应的单元格是空白、未识别，或该格式没有")
            continue
        said = [sum(_in_unit_of(known[0][0][0], figure) for figure in figures)]
        if len(figures) > 1:
            said.extend(figure.value for figure in figures)
        if any(value == total for value in said for _, total in known):
            continue
        codes, total = known[0]
        yield _mismatch(report, figures, codes, total)


@cache
def _metrics(template: Template) -> dict[str, Metric]:
    return {metric.code: metric for metric in template_metrics(template)}


def _label(report: Report, codes: Sequence[str]) -> str:
    if report.template is None:
        return ""
    metric = _metrics(report.template).get(codes[0])
    if metric is None:
        return codes[0]
    table = {"t2": "表二", "t3": "表三", "t4": "表四"}[metric.table]
    label = "·".join(part for part in (metric.row_label, metric.column_label) if part)
    if metric.table == "t4":
        label = f"{metric.row_group}·{metric.column_label}"
    return f"{table}“{label}”" + ("等" if len(codes) > 1 else "")


def _mismatch(
    report: Report, figures: Sequence[Figure], codes: Sequence[str], total: Number
) -> Finding:
    quote = sentence(report, figures)
    added = "＋".join(figure.raw for figure in figures)
    whole = f"{added}＝{sum(f.value for f in figures)}" if len(figures) > 1 else added
    return Finding(
        "W-NARR-TABLE",
        "warning",
        f"正文“{quote}”（{whole}），{_label(report, codes)}为 {total}。",
        quote,
        figures[0].place,
        f"The text says {quote} ({whole}); the table has {total} ({' + '.join(codes)}).",
    )


def _statement(report: Report, statement: Statement) -> Iterator[Finding | Unjudged]:
    """Compare a statement of none with the cells that it says are 0."""
    if statement.value or statement.period != "current":
        return
    codes: tuple[str, ...] = ()
    if statement.code == "review_or_litigation_occurred":
        codes = measures()["reviews_and_lawsuits"].cells
    elif statement.code in measures():
        candidates = _candidates(report, statement.code)
        codes = candidates[0] if candidates else ()
    total = _sum(report.cells, codes) if codes else None
    if total is not None and total != 0:
        yield Finding(
            "W-NARR-TABLE",
            "warning",
            f"正文称“{statement.quote}”，{_label(report, codes)}为 {total}。",
            statement.quote,
            statement.place,
            f"The text says {statement.quote}; the table has {total} ({' + '.join(codes)}).",
        )


@rule("W-NARR-SUM", "warning", "“其中”各项之和与总数一致", "“其中”的含义（推定）")
def parts(report: Report) -> Iterator[Finding | Unjudged]:
    """W-NARR-SUM: the parts named after 其中 add up to the whole.

    Source: meaning of 其中 (inference). Parts may be left unnamed, so that only a sum above the
    whole or little below it is a finding; one that is met by the first parts alone is a note.
    """
    wholes: dict[int, list[Figure]] = defaultdict(list)
    for figure in report.figures:
        if figure.part_of is not None:
            wholes[figure.part_of].append(figure)
    if not wholes:
        yield Unjudged("正文没有“其中”一类的总数和分项")
    for ordinal, members in wholes.items():
        whole = report.figures[ordinal - 1]
        if any(figure.kind not in ("count", "amount") for figure in (whole, *members)):
            yield Unjudged("总数或分项是约数")
            continue
        yield from _parts(report, whole, members)


def _parts(report: Report, whole: Figure, members: list[Figure]) -> Iterator[Finding]:
    total = sum(figure.value for figure in members)
    gap = whole.value - total
    if gap == 0 or (gap > 0 and (len(members) < 2 or gap > whole.value * _SLIP)):
        return
    running: Number = 0
    met = 0
    for count, figure in enumerate(members, start=1):
        running += figure.value
        if running == whole.value and count < len(members):
            met = count
    quote = sentence(report, [whole, *members])
    added = "＋".join(figure.raw for figure in members)
    if met:
        rest = "、".join(figure.clause for figure in members[met:])
        yield Finding(
            "I-SUM",
            "info",
            f"前 {met} 项之和等于 {whole.raw}，“{rest}”若也是其中一项，则合计为 {total}。",
            quote,
            whole.place,
            f"The first {met} parts make {whole.raw}; with {rest} they would make {total}.",
        )
        return
    yield Finding(
        "W-NARR-SUM",
        "warning",
        f"总数 {whole.raw} 与各分项之和不等：{added}＝{total}。",
        quote,
        whole.place,
        f"The whole is {whole.raw}, but its parts {added} make {total}.",
    )


def _agrees(printed: Decimal, exact: Decimal) -> bool:
    """Tell whether a rate agrees to its last printed digit, rounded or cut off."""
    step = Decimal(1).scaleb(int(printed.as_tuple().exponent))
    return printed in (
        exact.quantize(step, ROUND_HALF_UP),
        exact.quantize(step, ROUND_FLOOR),
    )


@rule("W-RATE", "warning", "比率与其分子、分母一致", "算术（推定）")
def rates(report: Report) -> Iterator[Finding | Unjudged]:
    """W-RATE: a rate printed beside its numerator and denominator agrees to its last digit.

    Source: arithmetic (inference); offices round or cut off.
    """
    judged = False
    for figure in report.figures:
        if figure.ratio is None:
            continue
        top = report.figures[figure.ratio.numerator - 1]
        bottom = report.figures[figure.ratio.denominator - 1]
        if "approximate" in (top.kind, bottom.kind) or bottom.value == 0:
            continue
        judged = True
        part = top.value - bottom.value if figure.ratio.kind == "change" else top.value
        exact = abs(Decimal(part)) * 100 / Decimal(bottom.value)
        if not _agrees(Decimal(str(figure.value)), exact):
            shown = f"{exact:.2f}%"
            yield Finding(
                "W-RATE",
                "warning",
                f"正文为 {figure.raw}，按 {top.raw} 与 {bottom.raw} 计算为 {shown}；"
                "如另有口径，正文没有写明。",
                sentence(report, [top, bottom, figure]),
                figure.place,
                f"The text says {figure.raw}; {top.raw} and {bottom.raw} make {shown}.",
            )
    if not judged:
        yield Unjudged("没有与分子、分母并列的比率")
