"""Which year a figure or a statement of the narrative speaks of."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import Literal

from pipeline.recognise.narrative import Narrative

Period = Literal["current", "previous", "other"]

_TIME = r"(?:(?P<year>(?:19|20)\d\d)年度?|(?P<last>上一?年度?|去年)|(?P<now>今年|本年度?|当年))"
# 2020年的35件, 较去年35件: the year stands at its number.
_BESIDE = re.compile(rf"{_TIME}(?:同期)?(?:全年)?(?:的|为|是|共)?$")
# 2020年，我局收到…: the year opens the clause. 2020年部门决算 is a thing, not a time.
_OPENING = re.compile(
    rf"(?:[由从在自]|截至|截止)?{_TIME}(?!结转|遗留|转入|未办结|[和、及]|"
    r".{0,6}(?:[预决]算|报告|要点|计划|目录|清单|目标))(?P<until>[-—–~至到])?"
)
# What such a clause begins with; most begin with something else.
_FIRST = frozenset("由从在自截12上去今本当")
_CHANGED = re.compile(r"\d.*(?:[降升减增长][^，。；]{0,3}[到至为]|下降|增长|减少|增加|上升|降低)")
_SINCE = re.compile(
    r"历年|近[两二三四五六\d]年|过去[两二三四五六\d]年|十[三四五]五”?(?:时期|期间|以来)"
)
# Each begins with a character of its own, which a search finds fast.
_PLANNED = re.compile(
    r"下一步|下一阶段|下阶段|下一年|明年|今后|将(?:继续|进一步|着力|重点|组织|举办|开展|从以下)|"
    r"计划(?:组织|举办|开展|培训|公开|发布)|拟(?:组织|举办|开展|培训|公开|发布)|"
    r"预计(?:组织|举办|开展|培训|公开|发布)"
)
# A year said so far away no longer speaks of the number.
_LONGEST_REACH = 200
_LONGEST_PLAN = 400
_BESIDE_REACH = 16


class Times:
    """Tells which year the numbers and statements of one narrative speak of.

    Args:
        narrative: the text.
        year: report year; None when it is not known, then only words like 去年 count.

    """

    def __init__(self, narrative: Narrative, year: int | None) -> None:
        self._narrative = narrative
        self._year = year
        self._planned = [match.start() for match in _PLANNED.finditer(narrative.text)]
        self._since = [match.start() for match in _SINCE.finditer(narrative.text)]
        text = narrative.text
        self._dated = [at for at in narrative.clause_starts if text[at : at + 1] in _FIRST]

    def period(self, start: int) -> Period:
        """Return which year a number or statement that begins here speaks of."""
        text = self._narrative.text
        sentence = max(self._narrative.sentence_start(start), start - _LONGEST_REACH)
        near = max(sentence, start - _BESIDE_REACH)
        if text.find("年", near, start) >= 0:
            beside = _BESIDE.search(text, near, start)
            if beside:
                return _period(beside, self._year)
        for clause in self._opened_by_time(sentence, start):
            opening = _OPENING.match(text, clause, start)
            if opening:
                return self._opened(opening, text[opening.end() : start])
        if _last_before(self._since, start) >= sentence:
            return "other"
        earliest = max(start - _LONGEST_PLAN, 0)
        paragraph = text.rfind("\n", earliest, start)
        is_plan = _last_before(self._planned, start) >= max(paragraph, earliest)
        return "other" if is_plan else "current"

    def _opened_by_time(self, sentence: int, start: int) -> list[int]:
        """Return where the clauses up to a number begin that may open with a time, last first."""
        if self._narrative.clause_start(start) <= sentence:
            return [sentence] if self._narrative.text[sentence : sentence + 1] in _FIRST else []
        first, end = bisect_left(self._dated, sentence), bisect_right(self._dated, start)
        return self._dated[first:end][::-1]

    def _opened(self, opening: re.Match[str], said: str) -> Period:
        if opening["until"]:
            return "other"
        # 由2020年的35件下降到28件: what it came to is of this year.
        return "current" if _CHANGED.search(said) else _period(opening, self._year)


def _last_before(places: list[int], start: int) -> int:
    number = bisect_left(places, start)
    return places[number - 1] if number else -1


def _period(match: re.Match[str], year: int | None) -> Period:
    if match["last"]:
        return "previous"
    if match["now"] or year is None or int(match["year"]) == year:
        return "current"
    return "previous" if int(match["year"]) == year - 1 else "other"
