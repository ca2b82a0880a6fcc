"""Figures of the narrative: every number of sections 一, 五 and 六 that is a result."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
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
    r"(?<![\d.])(?P<number>\d{1,3}(?:,\d{3}){1,4}(?:\.\d+)?(?![\d,]\d)|\d+(?:\.\d+)?)"
    rf"(?P<more>[余多]?)(?P<scale>[千万亿](?!元|余元|多元)|)(?P<more2>[余多]?)(?P<unit>万余元|万多元|{UNIT}|)"
    r"(?P<about>左右|上下|以上)?"
)
_RANGE = re.compile(rf"[-—–~至到]\d+(?:\.\d+)?({UNIT})")
_ABOUT = re.compile(
    r"(?:(?<![节预契合签特条制大])约|大约|(?<![附最就靠临])近|将近|接近|超过|(?<!高)超|逾|不到)$"
)
_SCALES = {"": 1, "千": 1000, "万": 10_000, "亿": 100_000_000}
_END = re.compile(r"[，；。！？：;!?\n\t]|(?<!\d)[,:]|[,:](?!\d)")
# Text without punctuation is cut here, so that a page of numbers does not quote itself each time.
_LONGEST = 200
_MOST_WIDENINGS = 3
_MOST_DIGITS = 15
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


class _Narrative:
    """A text with the ends of its clauses and the places whose numbers are no results."""

    def __init__(self, printed: str) -> None:
        self.text = _plain(printed)
        ends = list(_END.finditer(self.text))
        self._starts = [0, *(end.end() for end in ends)]
        self._stops = [*(end.start() for end in ends), len(self.text)]
        self._masked = not_results(self.text)
        self._mask_starts = [start for start, _ in self._masked]

    def is_masked(self, start: int, end: int) -> bool:
        """Tell whether a stretch of text touches a date, a name or the like."""
        last = bisect_left(self._mask_starts, end) - 1
        return last >= 0 and self._masked[last][1] > start

    def bounds(self, start: int, end: int) -> tuple[int, int]:
        """Return the bounds of the clause around a number, by punctuation alone."""
        first = bisect_right(self._starts, start) - 1
        stop = self._stops[bisect_left(self._stops, end)]
        return max(self._starts[first], start - _LONGEST), min(stop, end + _LONGEST)


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
    narrative = _Narrative(section.text)
    text = narrative.text
    found = sorted((*_arabic(narrative), *_chinese(narrative)), key=lambda number: number.start)
    for index, number in enumerate(found):
        others = (
            found[index - 1].end if index else 0,
            found[index + 1].start if index + 1 < len(found) else len(text),
        )
        start, end = _clause(narrative, number, others)
        yield Figure(
            section.ordinal,
            number.raw,
            number.value,
            number.unit,
            _kind(narrative, number),
            text[start:end].strip("、，, "),
            section.place,
        )


def _plain(text: str) -> str:
    """Return the narrative with half-width digits, without white space and table rows.

    Line breaks stay where a paragraph ends; printed lines of one sentence are joined.
    """
    paragraphs: list[str] = []
    length = 0
    for printed in text.translate(_HALF_WIDTH).split("\n"):
        line = printed.strip()
        if not line or "\t" in line:
            continue
        goes_on = (
            length >= _PRINTED_LINE
            and paragraphs[-1][-1] not in "。；！？：;!?:"
            and not _NEW_PARAGRAPH.match(line)
        )
        # The pieces of a paragraph stay apart until the end, else joining would be quadratic.
        if paragraphs and not goes_on:
            paragraphs.append("\n")
        length = len(line) + (length if goes_on else 0)
        paragraphs.append(line)
    return _SPACE.sub("", "".join(paragraphs))


def _arabic(narrative: _Narrative) -> Iterator[_Found]:
    text = narrative.text
    for match in _ARABIC.finditer(text):
        digits, unit, scale = match["number"], match["unit"], match["scale"]
        if narrative.is_masked(*match.span("number")) or len(digits) > _MOST_DIGITS:
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


def _chinese(narrative: _Narrative) -> Iterator[_Found]:
    text = narrative.text
    for pattern in (HAN_NUMBER, PERCENT_WORDS):
        for match in pattern.finditer(text):
            value = chinese_value(match["number"])
            if value is None or narrative.is_masked(*match.span()):
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


def _kind(narrative: _Narrative, number: _Found) -> Kind:
    text = narrative.text
    clause_start, clause_end = narrative.bounds(number.start, number.end)
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


def _clause(narrative: _Narrative, number: _Found, others: tuple[int, int]) -> tuple[int, int]:
    """Return the bounds of the shortest clause that says what the number counts.

    Args:
        narrative: the text.
        number: the number.
        others: end of the number before it, start of the number after it.

    """
    text = narrative.text
    start, end = narrative.bounds(number.start, number.end)
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
    after = text[number.end : end]
    for _ in range(_MOST_WIDENINGS):
        before = _NO_SUBJECT.sub("", text[start : number.start])
        if not start or _HAN.search(before) or _HAN.search(after) or text[start - 1] == "\n":
            break
        start = min(start, narrative.bounds(start - 1, start - 1)[0])
    return start, end
