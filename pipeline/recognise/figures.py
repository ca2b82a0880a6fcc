"""Figures of the narrative: every number of sections 一, 五 and 六 that is a result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pipeline.recognise.figure_words import (
    AMOUNTS,
    HAN_NUMBER,
    LIMIT,
    MEASURED_TIME,
    ONE_COUNTS,
    PERCENT_WORDS,
    RATES,
    TIMES,
    UNIT,
    WITHIN,
    is_year,
    not_results,
)
from pipeline.recognise.numerals import chinese_value
from pipeline.report import Figure, Section

Kind = Literal["count", "amount", "rate", "approximate", "norm"]

NARRATIVE_SECTIONS = (1, 5, 6)
# One character for one, so that positions stay those of the printed text.
_HALF_WIDTH = str.maketrans("０１２３４５６７８９％．", "0123456789%.")
_SPACE = re.compile(r"(?<![0-9A-Za-z.])[^\S\n]+|[^\S\n]+(?![0-9A-Za-z.])")
_NEW_PARAGRAPH = re.compile(
    r"[一二三四五六七八九十]{1,2}[、.．是]|[（(][一二三四五六七八九十\d]{1,2}[）)]|\d{1,2}[、.．]"
)
# A line that stops in the middle of a sentence is a printed line, not a paragraph.
_PRINTED_LINE = 16
_ARABIC = re.compile(
    r"(?<![\d.])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?)"
    rf"(?P<more>[余多]?)(?P<scale>[千万亿](?!元|余元|多元)|)(?P<more2>[余多]?)(?P<unit>万余元|万多元|{UNIT}|)"
    r"(?P<about>左右|上下|以上)?"
)
_RANGE = re.compile(rf"[-—–~至到]\d+(?:\.\d+)?({UNIT})")
_ABOUT = re.compile(
    r"(?:(?<![节预契合签特条制大])约|大约|(?<![附最就靠临])近|将近|接近|超过|(?<!高)超|逾|不到)$"
)
_SCALES = {"": 1, "千": 1000, "万": 10_000, "亿": 100_000_000}
_END = re.compile(r"[，；。！？：;!?\n\t]|(?<!\d)[,:]|[,:](?!\d)")
_HAN = re.compile(r"[\u3400-\u9fff]")
_NO_SUBJECT = re.compile(r"[共计总约近达为有其中各的分别含和占比]")


@dataclass(frozen=True, slots=True)
class _Found:
    """A number in the text: where it and its unit stand, and what it says."""

    start: int
    end: int
    raw: str
    value: int | Decimal
    unit: str
    about: bool


def narrative_figures(sections: tuple[Section, ...]) -> tuple[Figure, ...]:
    """Return the numbers of sections 一, 五 and 六 that are results, in printed order.

    Left out are years, dates, addresses, telephones, document numbers, ordinals, names (12345,
    《…》, “…”) and rows of tables. Time limits and the like come with the kind norm.

    Args:
        sections: the parts of a report; the others are passed over.

    """
    return tuple(
        figure
        for section in sections
        if section.ordinal in NARRATIVE_SECTIONS
        for figure in _section_figures(section)
    )


def _section_figures(section: Section) -> Iterator[Figure]:
    text = _plain(section.text)
    found = sorted((*_arabic(text), *_chinese(text)), key=lambda number: number.start)
    for index, number in enumerate(found):
        others = (
            found[index - 1].end if index else 0,
            found[index + 1].start if index + 1 < len(found) else len(text),
        )
        start, end = _clause(text, number, others)
        yield Figure(
            section.ordinal,
            number.raw,
            number.value,
            number.unit,
            _kind(text, number),
            text[start:end].strip("、，, "),
            section.place,
        )


def _plain(text: str) -> str:
    """Return the narrative with half-width digits, without white space and table rows.

    Line breaks stay where a paragraph ends; printed lines of one sentence are joined.
    """
    joined = ""
    for printed in text.translate(_HALF_WIDTH).split("\n"):
        line = printed.strip()
        if not line or "\t" in line:
            continue
        last = joined.rpartition("\n")[2]
        goes_on = (
            len(last) >= _PRINTED_LINE
            and last[-1] not in "。；！？：;!?:"
            and not _NEW_PARAGRAPH.match(line)
        )
        joined += line if goes_on or not joined else "\n" + line
    return _SPACE.sub("", joined)


def _arabic(text: str) -> Iterator[_Found]:
    masked = not_results(text)
    for match in _ARABIC.finditer(text):
        digits, unit, scale = match["number"], match["unit"], match["scale"]
        if any(
            start < match.end("number") and match.start("number") < end for start, end in masked
        ):
            continue
        if not unit:
            ranged = _RANGE.match(text, match.end())
            if ranged:
                unit = ranged[1]
            elif not scale and (is_year(digits) or "." in digits or digits.startswith("0" * 2)):
                continue
        about = _ABOUT.search(text, max(match.start() - 3, 0), match.start())
        more = match["more"] or match["more2"] or unit in {"万余元", "万多元"}
        start = about.start() if about else match.start()
        end = match.end("unit") if unit in {"万余元", "万多元"} else match.end("more2")
        raw = text[start:end].removesuffix("元")
        yield _Found(
            start,
            match.end("unit"),
            raw,
            _value(digits, scale),
            "万元" if unit in {"万余元", "万多元"} else unit,
            bool(about or more or match["about"]),
        )


def _value(digits: str, scale: str) -> int | Decimal:
    value = Decimal(digits.replace(",", "")) * _SCALES[scale]
    if "." in digits and not scale:
        return value
    return int(value) if value == value.to_integral_value() else value


def _chinese(text: str) -> Iterator[_Found]:
    masked = not_results(text)
    for pattern in (HAN_NUMBER, PERCENT_WORDS):
        for match in pattern.finditer(text):
            value = chinese_value(match["number"])
            if value is None or any(a < match.end() and match.start() < b for a, b in masked):
                continue
            if pattern is PERCENT_WORDS:
                yield _Found(match.start(), match.end(), match[0], value, "%", about=False)
                continue
            limited = LIMIT.search(text, max(match.start() - 20, 0), match.start())
            if value == 1 and (limited or not ONE_COUNTS.match(text, match.start("unit"))):
                continue
            about = _ABOUT.search(text, max(match.start() - 3, 0), match.start())
            start = about.start() if about else match.start()
            yield _Found(
                start,
                match.end(),
                text[start : match.end("more2")],
                value * _SCALES[match["scale"]],
                match["unit"],
                bool(about or match["more"] or match["more2"]),
            )


def _kind(text: str, number: _Found) -> Kind:
    clause_start, clause_end = _bounds(text, number)
    clause = text[clause_start:clause_end]
    limited = LIMIT.search(text, clause_start, number.start)
    timed = number.unit in TIMES and (
        WITHIN.match(text, number.end) or not MEASURED_TIME.search(clause)
    )
    if limited or timed:
        return "norm"
    if number.about:
        return "approximate"
    if number.unit in AMOUNTS:
        return "amount"
    return "rate" if number.unit in RATES else "count"


def _bounds(text: str, number: _Found) -> tuple[int, int]:
    start = 0
    for mark in _END.finditer(text, 0, number.start):
        start = mark.end()
    following = _END.search(text, number.end)
    return start, following.start() if following else len(text)


def _clause(text: str, number: _Found, others: tuple[int, int]) -> tuple[int, int]:
    """Return the bounds of the shortest clause that says what the number counts.

    Args:
        text: the narrative.
        number: the number.
        others: end of the number before it, start of the number after it.

    """
    start, end = _bounds(text, number)
    opening = text.rfind("（", start, number.start)
    if opening >= 0 and text.find("）", opening, number.start) < 0:
        start = opening + 1
        closing = text.find("）", number.end, end)
        end = closing if closing >= 0 else end
    listed = text.rfind("、", max(start, others[0]), number.start)
    if others[0] > start and listed >= 0:
        start = listed + 1
    if others[1] < end:
        listed = text.find("、", number.end, others[1])
        end = listed if listed >= 0 else end
    before = _NO_SUBJECT.sub("", text[start : number.start])
    after = text[number.end : end]
    while start and not _HAN.search(before) and not _HAN.search(after) and text[start - 1] != "\n":
        wider, _ = _bounds(text, _Found(start - 1, start - 1, "", 0, "", about=False))
        if wider >= start:
            break
        start = wider
        before = _NO_SUBJECT.sub("", text[start : number.start])
    return start, end
