"""Statements of zero or none: 未收到申请, 未收取信息处理费, 无其他需要报告的事项."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from archive.measures import measures
from pipeline.recognise.narrative import Narrative
from pipeline.recognise.periods import Times
from pipeline.report import Statement

_DENIED = re.compile(
    r"(?P<goal>确保|力争|争取|努力|防止|避免|杜绝|要求|如果?|若|凡|对)?"
    r"(?P<verb>(?:未曾|从未|未|没有?|并?没有?)(?:再)?(?:收到|接收到?|接到|受理|办理|收取|征收|产生|发生|出现|"
    r"引发|涉及|存在|制定|制发|出台|印发|制作|开展|召开|举办|组织|作出|实施|处理|被)"
    r"|未(?=收费)|未有|没有(?!现成|掌握|法律|正当|及时|按|充分|完全|形成|建立|得到|做到|制作|达到)|尚无|暂无|均无|并无|全无|不存在"
    r"|未因|(?:^|(?<=[年度月局办镇乡处道会关位委院，、；。也且亦暂共中心]))无(?!法|正当|需|障碍|论|疑|缝|人|纸|偿|理|线|限|形|误)"
    r"|零(?!距离|跑动|跑腿|散|售|门槛|星|碎|基础|容忍|障碍|接触|时差))"
)
# 行政复议、行政诉讼均为0; 行政复议0, 行政诉讼0 are figures.
_ALL_ZERO = re.compile(
    r"(?:均|都|全部|皆|全)?(?:为|是)(?:0|零)(?![\d.余])[件起次条宗例项个元]*$|均无$|无$"
)
_FIGURE = re.compile(r"\d+(?:\.\d+)?(?:件|起|次|条|宗|例|项|个|份|元|万元)")
_NOTHING = re.compile(
    r"(?:本|我|(?:20\d\d)?年度?|机关|单位|部门|镇|乡|局|街道|办|委|县|区|市|中心)*，?"
    r"(?:(?:暂|均|并|也)?无|没有|不存在|暂没有)"
    r"(?:其[他它])?(?:需要?|应当?|须)?(?:特别)?(?:报告|说明|公开)?的?(?:其[他它])?(?:需要?(?:报告|说明)的?)?(?:事项|情况|内容|问题)?"
)
# 因政府信息公开引起的复议: the cause is no part of what is denied.
_CAUSE = re.compile(r"因[^，。；]{0,40}?(?:引起|引发|导致|产生|而|被|不到位|不力|问题)的?")
# Without these, a section on shortcomings would say that nothing was done at all.
_SHORTCOMINGS = frozenset({"trainings", "interpretations", "posts_total", "press_conferences"})
# Words that deny the first speak of the others as well, in other words.
_COVERS = {
    "review_or_litigation_occurred": ("reviews", "lawsuits"),
    "proposals": ("proposals_people_congress", "proposals_cppcc"),
    "requests_overdue": ("requests_received",),
    "requests_carried_in": ("requests_received",),
    "requests_carried_out": ("requests_received",),
}
_TRIGGER = re.compile(r"未|没|无|零|不存在|为0")
_TIME_ALONE = re.compile(r"(?:20\d\d|本|今|当|全)年(?:度|内|来|以来)?")
_LONGEST_REACH = 60
_SHORTCOMINGS_SECTION = 5
_LAST_SECTION = 6


@cache
def _denials() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (measure.code, re.compile(measure.denied))
        for measure in measures().values()
        if measure.denied
    )


def narrative_statements(
    narratives: tuple[Narrative, ...], year: int | None = None
) -> tuple[Statement, ...]:
    """Return the statements of zero or none, in printed order.

    A clause that carries a figure of its own (行政复议0件) is a figure. Aims and conditions
    (确保零投诉, 如未收到) are no statements.

    Args:
        narratives: the sections 一, 五 and 六 that the report has.
        year: report year, to tell statements on other years; None when it is not known.

    """
    return tuple(
        statement for narrative in narratives for statement in _of_section(narrative, year)
    )


def _of_section(narrative: Narrative, year: int | None) -> Iterator[Statement]:
    times = Times(narrative, year)
    for start, end in _clauses(narrative):
        yield from _statements(narrative, start, end, times)


def _clauses(narrative: Narrative) -> Iterator[tuple[int, int]]:
    """Return the clauses that may deny something."""
    done = 0
    for match in _TRIGGER.finditer(narrative.text):
        if match.start() >= done:
            start, done = narrative.bounds(match.start(), match.end())
            yield start, done


def _statements(narrative: Narrative, start: int, end: int, times: Times) -> Iterator[Statement]:
    start = narrative.after_mark(start, end)
    clause = narrative.text[start:end]
    ordinal = narrative.section.ordinal
    quoted = _with_time(narrative, start)
    offset, length = narrative.span(quoted, end)
    for code in _codes(narrative, start, clause):
        if ordinal == _SHORTCOMINGS_SECTION and code in _SHORTCOMINGS:
            continue
        value: int | bool = 0
        if "是否" in measures()[code].units:
            value = code == "nothing_to_report"
        yield Statement(
            ordinal,
            code,
            value,
            narrative.printed[quoted:end],
            narrative.place(offset),
            offset,
            length,
            times.period(end),
        )


def _with_time(narrative: Narrative, start: int) -> int:
    """Return where a quote begins: a clause that is a time alone belongs to the next one."""
    if start and narrative.text[start - 1] == "，":
        before, stop = narrative.bounds(start - 1, start - 1)
        if _TIME_ALONE.fullmatch(narrative.text, before, stop):
            return before
    return start


def _codes(narrative: Narrative, start: int, clause: str) -> list[str]:
    if narrative.section.ordinal == _LAST_SECTION and _NOTHING.fullmatch(clause):
        return ["nothing_to_report"]
    found: dict[str, None] = {}
    for match in _DENIED.finditer(clause):
        rest = clause[match.end() : match.end() + _LONGEST_REACH] or _before_colon(narrative, start)
        if not match["goal"] and not _FIGURE.search(rest):
            found.update(dict.fromkeys(_denied(_CAUSE.sub("", rest))))
    zero = _ALL_ZERO.search(clause)
    if zero:
        head = clause[: zero.start()] or _before_colon(narrative, start)
        found.update(dict.fromkeys(_denied(_CAUSE.sub("", head))))
    return list(found)


def _before_colon(narrative: Narrative, start: int) -> str:
    """Return what a clause speaks of by its heading: 信息处理费情况：未收取."""
    if not start or narrative.text[start - 1] != "：":
        return ""
    return narrative.text[slice(*narrative.bounds(start - 1, start - 1))]


def _denied(words: str) -> list[str]:
    found = [code for code, pattern in _denials() if pattern.search(words)]
    covered = {part for code in found for part in _COVERS.get(code, ())}
    return [code for code in found if code not in covered]
