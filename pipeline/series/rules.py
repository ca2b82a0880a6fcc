"""Rules that hold a report against other reports, the calendar and its own earlier versions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pipeline.check.dates import day_of, deadline
from pipeline.check.rule import Rule, Unjudged, rule
from pipeline.check.stock import DOCUMENTS, ITEMS
from pipeline.finding import Finding, Scope, Severity
from pipeline.recognise.form import table3_columns
from pipeline.series.case import Case, Held, Printed

_UNKNOWN = Printed(None, "unread", "")
_NO_PREVIOUS = "本站没有该机关上一年度的年报"


def _cell(held: Held, code: str) -> Printed:
    return held.cells.get(code, _UNKNOWN)


def _renamed(one: Held, other: Held) -> bool:
    """Tell whether the body's name changed: the sign of a reorganisation."""
    short, long = sorted((one.agency_printed or "", other.agency_printed or ""), key=len)
    rest = iter(long)
    return not all(character in rest for character in short)


@rule("E-CARRY", "error", "结转数前后两年衔接", "表三第二行与第四行标签的含义（推定）", "series")
def carried_over(case: Case) -> Iterator[Finding | Unjudged]:
    """E-CARRY: 结转下年度继续办理 of one year is 上年结转 of the next, for each column.

    A warning when the body was renamed meanwhile: a reorganisation may have moved requests.

    Source: meaning of the two labels (inference).
    """
    before, after = case.previous, case.report
    if before is None:
        yield Unjudged(_NO_PREVIOUS)
        return
    broken = []
    for column in table3_columns():
        left = _cell(before, f"t3_carried_out__{column.code}")
        right = _cell(after, f"t3_carried_in__{column.code}")
        if left.value is None or right.value is None:
            yield Unjudged(f"“{column.labels[0]}”一列的结转数有一年是空白或未识别")
        elif left.value != right.value:
            broken.append((column, left, right))
    if not broken:
        return
    shown = "，".join(f"{c.labels[0]} {a.value} → {b.value}" for c, a, b in broken)
    english = ", ".join(f"{c.code} {a.value} → {b.value}" for c, a, b in broken)
    reorganised = _renamed(before, after)
    note = "；机关名称有变，可能因机构改革" if reorganised else ""
    yield Finding(
        "E-CARRY",
        "warning" if reorganised else "error",
        f"{before.year} 年报“结转下年度继续办理”与 {after.year} 年报“上年结转”不符："
        f"{shown}{note}。",
        f"{broken[-1][1].value} ≠ {broken[-1][2].value}",
        broken[-1][2].place,
        f"Carried out of {before.year} and carried into {after.year} differ: {english}.",
    )


@rule("W-STOCK", "warning", "现行有效件数前后两年衔接", "表二标签的含义（推定）", "series")
def stock(case: Case) -> Iterator[Finding | Unjudged]:
    """W-STOCK: in force = in force a year before + issued - repealed, 规章 and 行政规范性文件.

    Source: meaning of the labels of table 二, 2021 format (inference).
    """
    before, after = case.previous, case.report
    if before is None:
        yield Unjudged(_NO_PREVIOUS)
        return
    if before.template != "2021" or after.template != "2021":
        yield Unjudged("两年不都是 2021 年格式")
        return
    for code, label in DOCUMENTS.items():
        earlier = _cell(before, f"t2_{code}_in_force")
        cells = [_cell(after, f"t2_{code}_{c}") for c in ("issued", "repealed", "in_force")]
        issued, repealed, in_force = (cell.value for cell in cells)
        if None in (earlier.value, issued, repealed, in_force):
            yield Unjudged(f"“{label}”一行有空白或未识别的单元格")
            continue
        due = earlier.value + issued - repealed
        if due != in_force:
            yield Finding(
                "W-STOCK",
                "warning",
                f"“{label}”{before.year} 年末现行有效 {earlier.value} 件，{after.year} 年制发"
                f" {issued} 件、废止 {repealed} 件，应为 {due} 件，印作 {in_force} 件。",
                f"{issued} {repealed} {in_force}",
                cells[2].place,
                f"{code}: {earlier.value} in force in {before.year}, {issued} issued and {repealed}"
                f" repealed make {due}; {in_force} is printed.",
            )


@rule("W-ITEMS", "warning", "项目数量前后两年衔接", "2019年格式表二标签的含义（推定）", "series")
def items(case: Case) -> Iterator[Finding | Unjudged]:
    """W-ITEMS: 上一年项目数量 + 本年增/减 of one year is 上一年项目数量 of the next.

    Source: meaning of the labels of table 二, 2019 format (inference).
    """
    before, after = case.previous, case.report
    if before is None or before.template != "2019" or after.template != "2019":
        yield Unjudged("没有相邻两年 2019 年格式的年报")
        return
    for code, label in ITEMS.items():
        earlier = _cell(before, f"t2_{code}_items_prev")
        change = _cell(before, f"t2_{code}_items_change")
        now = _cell(after, f"t2_{code}_items_prev")
        if None in (earlier.value, change.value, now.value):
            yield Unjudged(f"“{label}”一行有空白或未识别的单元格")
        elif earlier.value + change.value != now.value:
            yield Finding(
                "W-ITEMS",
                "warning",
                f"“{label}”{before.year} 年报上一年项目数量 {earlier.value}、增减 {change.value}，"
                f"{after.year} 年报的上一年项目数量却是 {now.value}。",
                f"{earlier.value}+{change.value} ≠ {now.value}",
                now.place,
                f"{code}: {earlier.value} and {change.value} in {before.year} make"
                f" {earlier.value + change.value}; {after.year} says {now.value}.",
            )


@rule("W-GAP", "warning", "年度连续", "条例第四十九条：每年公布上一年度报告", "series")
def gap(case: Case) -> Iterator[Finding | Unjudged]:
    """W-GAP: no year is missing between two reports of a body.

    Source: 条例 article 49, a report every year. The report may exist and not have been found.
    """
    if case.earlier is None:
        yield Unjudged("这是本站收录的该机关最早的年报")
        return
    first, last = case.earlier.year + 1, case.report.year - 1
    if first <= last:
        span = f"{first}" if first == last else f"{first} 至 {last}"
        yield Finding(
            "W-GAP",
            "warning",
            f"该机关有 {case.earlier.year} 年和 {case.report.year} 年的年报，"
            f"没有找到 {span} 年的年报。",
            message_en=f"Reports of {case.earlier.year} and {case.report.year} are held, none of "
            f"{first if first == last else f'{first} to {last}'} was found.",
        )


@rule("W-DEADLINE", "warning", "按期公布", "条例第四十九条", "series")
def in_time(case: Case) -> Iterator[Finding | Unjudged]:
    """W-DEADLINE: published by 31 January (departments) or 31 March (governments).

    Townships are not named: a late report of theirs is a note (I-DEADLINE), no finding.

    Source: 条例 article 49; for report years before 2018 article 31 of Order 492 (from memory).
    """
    report = case.report
    published = day_of(report.published)
    if published is None:
        yield Unjudged("不知道发布日期")
        return
    due = deadline(report.year, report.kind)
    if due is None:
        yield Unjudged("条例第四十九条没有规定这类机关的期限")
        usual = date(report.year + 1, 1, 31)
        if published > usual:
            yield Finding(
                "I-DEADLINE",
                "info",
                f"发布于 {published}，晚于 1 月 31 日；条例第四十九条没有规定这类机关的期限。",
                report.published or "",
                message_en=f"Published on {published}, after 31 January; article 49 sets no date "
                "for such bodies.",
            )
    elif published > due:
        yield Finding(
            "W-DEADLINE",
            "warning",
            f"发布于 {published}，晚于条例规定的 {due}。",
            report.published or "",
            message_en=f"Published on {published}, after the deadline of {due}.",
        )


@rule("W-SIGNOFF", "warning", "落款日期不晚于发布日期", "落款日期的含义（推定）", "series")
def signed_before_published(case: Case) -> Iterator[Finding | Unjudged]:
    """W-SIGNOFF: the sign-off date is not after the publication date.

    Source: meaning of the date (inference).
    """
    signed, published = day_of(case.report.signed), day_of(case.report.published)
    if signed is None or published is None:
        yield Unjudged("不知道落款日期或发布日期")
    elif signed > published:
        yield Finding(
            "W-SIGNOFF",
            "warning",
            f"落款日期 {signed} 晚于发布日期 {published}。",
            case.report.signed or "",
            message_en=f"Signed on {signed}, after its publication on {published}.",
        )


@rule("W-DUPLICATE", "warning", "正文不照抄", "新京报2011年4月6日报道（东莞市统计局）", "series")
def copied(case: Case) -> Iterator[Finding | Unjudged]:
    """W-DUPLICATE: sections 一 and 五 are not near-identical with another year or another body.

    Source: press report on the 2008 to 2010 reports of 东莞市统计局. Words of the form and texts
    that many bodies share don't count.
    """
    for copy in case.copies:
        whose = "本机关" if copy.own else copy.agency
        english = "its own" if copy.own else copy.agency
        yield Finding(
            "W-DUPLICATE",
            "warning",
            f"第{'一二三四五六'[copy.section - 1]}部分与{whose} {copy.year} 年年报的同一部分"
            f"相同 {copy.value:.0%}（不计数字）。",
            copy.passage,
            copy.place,
            f"Section {copy.section} shares {copy.value:.0%} of its words with {english} report of "
            f"{copy.year}.",
        )


@rule("W-CHANGED", "warning", "公布后未改动", "中国社科院2016年评估", "series")
def changed(case: Case) -> Iterator[Finding | Unjudged]:
    """W-CHANGED: an address gives the report that it gave before; both versions are kept.

    Source: CASS assessment of 2016. Changes of a page around the report don't count.
    """
    for change in case.changes:
        parts = [f"{change.cells} 个单元格"] if change.cells else []
        parts.extend(f"第{'一二三四五六'[n - 1]}部分的文字" for n in change.sections)
        english = [f"{change.cells} cells"] if change.cells else []
        english.extend(f"section {n}" for n in change.sections)
        yield Finding(
            "W-CHANGED",
            "warning",
            f"{change.url} 的年报公布后有改动：{change.before} 与 {change.after} 存档的版本有"
            f"{'、'.join(parts)}不同，两个版本都保留。",
            change.url,
            message_en=f"{change.url} changed between {change.before} and {change.after}: "
            f"{', '.join(english)}; both versions are kept.",
        )


SERIES_RULES: tuple[Rule[Case], ...] = (
    carried_over,
    stock,
    items,
    gap,
    in_time,
    signed_before_published,
    copied,
    changed,
)
# Notes of the rules above that have an id of their own.
NOTES: tuple[tuple[str, Severity, Scope, str, str], ...] = (
    (
        "I-DEADLINE",
        "info",
        "series",
        "未规定期限的机关的发布日期",
        "条例第四十九条未列明",
    ),
    ("I-SUM", "info", "report", "“其中”各项有两种读法", "“其中”的含义（推定）"),
)
# Found when documents are grouped to reports (``pipeline.group``), at every change of one.
GROUPED: tuple[tuple[str, Severity, Scope, str, str], ...] = (
    ("W-MULTI", "warning", "series", "多处发布的数字一致", "中国社科院2016年评估"),
    ("W-FORMS-DIFFER", "warning", "series", "各种形式的数字一致", "本站的核对要求"),
)
