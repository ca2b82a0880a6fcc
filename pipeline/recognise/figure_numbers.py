"""Numbers of a narrative that are results: value, unit, kind and clause."""

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
    SESSION,
    TIMES,
    UNIT,
    WITHIN,
    is_year,
)
from pipeline.recognise.narrative import Narrative
from pipeline.recognise.numerals import chinese_value

Kind = Literal["count", "amount", "rate", "approximate", "norm"]

_ARABIC = re.compile(
    # A pattern that begins with its digit is searched for faster than one with a look behind.
    r"(?P<number>\d(?<![\d.]\d)(?:\d{0,2}(?:,\d{3}){1,4}(?:\.\d+)?(?![\d,]\d)|\d*(?:\.\d+)?))"
    rf"(?P<more>[余多]?)(?P<scale>[千万亿](?!元|余元|多元)|)(?P<more2>[余多]?)(?P<unit>万余元|万多元|{UNIT}|)"
    r"(?P<about>左右|上下|以上)?"
)
_RANGE = re.compile(rf"[-—–~至到]\d+(?:\.\d+)?({UNIT})")
_ABOUT = re.compile(
    r"(?:(?<![节预契合签特条制大])约|大约|(?<![附最就靠临])近|将近|接近|超过|(?<!高)超|逾|不到)$"
)
_SCALES = {"": 1, "千": 1000, "万": 10_000, "亿": 100_000_000}
_MOST_WIDENINGS = 3
_MOST_DIGITS = 15
_REACH = 20
# Without a unit, what is written with a point or a leading zero is a version, a date or a code.
_IS_CODE = re.compile(r"0\d|\d+\.")
_HAN = re.compile(r"[\u3400-\u9fff]")
_SUBJECT = re.compile(r"(?![共计总约近达为有其中各的分别含和占比])[\u3400-\u9fff]")
# A minus sign stands between a word and a rate; elsewhere it is a dash.
_MINUS = re.compile(r"(?<=[\u3400-\u9fff])[-−]$")


# Not frozen, as ``pipeline.read.document.Cell`` is not: a report has dozens of both.
@dataclass(slots=True, unsafe_hash=True)
class Number:
    """A number in a narrative; indices are those of ``Narrative.text``.

    Args:
        start: where it begins, 近 and the like included.
        raw_end: where its printed characters end, 余 and 万 included, the unit not.
        end: where its unit ends.
        value: what it says.
        unit: the unit; empty when none is printed.
        about: whether it is printed as rounded.

    """

    start: int
    raw_end: int
    end: int
    value: int | Decimal
    unit: str
    about: bool


@dataclass(slots=True, unsafe_hash=True)
class Result:
    """A number that is a result, with its clause.

    Args:
        number: the number.
        kind: what sort of number it is.
        clause: bounds of the shortest clause that says what it counts.

    """

    number: Number
    kind: Kind
    clause: tuple[int, int]


def find_results(narrative: Narrative) -> list[Result]:
    """Return the numbers of a narrative that are results, in printed order.

    Left out are years, dates, addresses, telephones, document numbers, ordinals and names (12345,
    《…》, “…”).
    """
    found = sorted((*_arabic(narrative), *_chinese(narrative)), key=lambda number: number.start)
    results: list[Result] = []
    for index, number in enumerate(found):
        others = (
            found[index - 1].end if index else 0,
            found[index + 1].start if index + 1 < len(found) else len(narrative.text),
        )
        start, end = _trimmed(narrative.text, *_clause(narrative, number, others))
        clause = narrative.after_mark(start, number.start), end
        results.append(Result(number, _kind(narrative, number), clause))
    return results


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in "、，, ":
        start += 1
    while end > start and text[end - 1] in "、，, ":
        end -= 1
    return start, end


def _arabic(narrative: Narrative) -> Iterator[Number]:
    text = narrative.text
    for match in _ARABIC.finditer(text):
        digits, unit, scale = match["number"], match["unit"], match["scale"]
        if narrative.is_masked(*match.span("number")) or len(digits) > _MOST_DIGITS:
            continue
        if not unit:
            ranged = _RANGE.match(text, match.end())
            if ranged:
                unit = ranged[1]
            elif not scale and (is_year(digits) or _IS_CODE.match(digits)):
                continue
        about = _ABOUT.search(text, max(match.start() - 3, 0), match.start())
        more = match["more"] or match["more2"] or unit in {"万余元", "万多元"}
        start = about.start() if about else match.start()
        end = match.end("unit") if unit in {"万余元", "万多元"} else match.end("more2")
        if text[end - 1] == "元":
            end -= 1
        value = _value(digits, scale)
        if unit in RATES and (minus := _MINUS.search(text, max(start - 2, 0), start)):
            start, value = minus.start(), -value
        yield Number(
            start,
            end,
            match.end("unit"),
            value,
            "万元" if unit in {"万余元", "万多元"} else unit,
            bool(about or more or match["about"]),
        )


def _value(digits: str, scale: str) -> int | Decimal:
    if digits.isdecimal():
        return int(digits) * _SCALES[scale]
    value = Decimal(digits.replace(",", "")) * _SCALES[scale]
    if "." in digits and not scale:
        return value
    return int(value) if value == value.to_integral_value() else value


def _with_decimals(whole: int, decimals: str | None) -> int | Decimal:
    """Return a number and the digits after its 点, e.g. 五点六."""
    if not decimals:
        return whole
    return Decimal(f"{whole}.{''.join(str(chinese_value(digit)) for digit in decimals)}")


def _chinese(narrative: Narrative) -> Iterator[Number]:
    text = narrative.text
    for match in PERCENT_WORDS.finditer(text):
        whole = chinese_value(match["number"])
        if whole is not None and not narrative.is_masked(*match.span()):
            value = _with_decimals(whole, match["decimals"])
            yield Number(match.start(), match.end(), match.end(), value, "%", about=False)
    for match in HAN_NUMBER.finditer(text):
        counted = chinese_value(match["number"])
        if counted is None or narrative.is_masked(*match.span()) or _is_name(text, match, counted):
            continue
        about = _ABOUT.search(text, max(match.start() - 3, 0), match.start())
        yield Number(
            about.start() if about else match.start(),
            match.end("more2"),
            match.end(),
            counted * _SCALES[match["scale"]],
            match["unit"],
            bool(about or match["more"] or match["more2"]),
        )


def _is_name(text: str, match: re.Match[str], value: int) -> bool:
    """Tell whether a Chinese numeral counts nothing: 一 as an article, 人大四次会议."""
    before = max(match.start() - _REACH, 0)
    if value == 1 and not ONE_COUNTS.match(text, match.start("unit")):
        return True
    if value == 1 and LIMIT.search(text, before, match.start()):
        return True
    return match["unit"] == "次" and SESSION.search(text, before, match.start()) is not None


def _kind(narrative: Narrative, number: Number) -> Kind:
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


def _clause(narrative: Narrative, number: Number, others: tuple[int, int]) -> tuple[int, int]:
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
    if _HAN.search(text, number.end, end):
        return start, end
    for _ in range(_MOST_WIDENINGS):
        if not start or _SUBJECT.search(text, start, number.start) or text[start - 1] == "\n":
            break
        start = min(start, narrative.clause_start(start - 1))
    return start, end
