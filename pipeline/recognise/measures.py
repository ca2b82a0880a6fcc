"""What a figure of the narrative counts, by the words beside it and the published list."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from archive.measures import Measure, measures
from pipeline.recognise.figure_numbers import Result
from pipeline.recognise.narrative import Narrative

_AFTER_ENDS = re.compile(r"其中|[（(，]")
_OWN_WORDS = re.compile(r"其中|[，；、]")
_LONGEST_BEFORE = 80
_LONGEST_AFTER = 24
_LONGEST_CONTEXT = 400
# A clause that only says by what means, so that the next one lacks it: 通过政府网站，发布…
_CHANNEL = r"网站|平台|小程序|公众号|微信|微博|新媒体|专栏|公报|抖音|客户端|公开栏|[”\"]"
_MEANS = re.compile(rf"(?:通过|利用|依托|运用|借助|使用)[^，。；]*(?:{_CHANNEL})$")
# 网站、微信、微博分别发布50条、30条和20条
_RESPECTIVELY = re.compile(r"(?P<names>[^，。；：#]*)分别(?P<verb>[^，。；：、#\d]{0,8})$")
_NAME_BREAK = re.compile(r"[、和及与]")
_MOST_NAMES = 12
_BUNDLE = 12
_LIST_GAP = re.compile(r"[、和及与，]{1,2}")


@dataclass(frozen=True, slots=True)
class _Words:
    code: str
    words: re.Pattern[str] | None
    in_context: re.Pattern[str] | None
    context: re.Pattern[str] | None
    without: re.Pattern[str] | None


def _pattern(text: str) -> re.Pattern[str] | None:
    return re.compile(text) if text else None


def _words(measure: Measure) -> _Words:
    return _Words(
        measure.code,
        _pattern(measure.words),
        _pattern(measure.words_in_context),
        _pattern(measure.context),
        _pattern(measure.without),
    )


@cache
def _by_unit() -> dict[str, tuple[tuple[re.Pattern[str], tuple[_Words, ...]], ...]]:
    """Return the words of the measures by unit, in bundles behind one pattern for all of them."""
    listed: dict[str, list[tuple[str, _Words]]] = defaultdict(list)
    for measure in measures().values():
        either = "|".join(filter(None, (measure.words, measure.words_in_context)))
        if either:
            for unit in measure.units:
                listed["" if unit == "无" else unit].append((either, _words(measure)))
    return {
        unit: tuple(
            (re.compile("|".join(either for either, _ in bundle)), tuple(w for _, w in bundle))
            for bundle in (words[n : n + _BUNDLE] for n in range(0, len(words), _BUNDLE))
        )
        for unit, words in listed.items()
    }


def measures_of(narrative: Narrative, results: Sequence[Result]) -> list[str | None]:
    """Return the code of the measure of each result, None where no words of the list fit.

    Args:
        narrative: the text.
        results: its numbers, in printed order.

    """
    shared = _respectively(narrative.text, results)
    found: list[str | None] = []
    for index, result in enumerate(results):
        near = shared.get(index) or _near(narrative, results, index)
        start = result.number.start
        found.append(_measure(near, _context(narrative.text, start), result.number.unit))
    return found


def _context(text: str, start: int) -> str:
    """Return the words before a number under its own sub-heading （二）."""
    earliest = max(start - _LONGEST_CONTEXT, 0)
    return text[max(text.rfind("\n（", earliest, start), earliest) : start]


def _measure(near: str, context: str, unit: str) -> str | None:
    for any_of_them, bundle in _by_unit().get(unit, ()):
        if any_of_them.search(near):
            for words in bundle:
                if _fits(words, near, context):
                    return words.code
    return None


def _fits(words: _Words, near: str, context: str) -> bool:
    fits = (words.words is not None and words.words.search(near) is not None) or (
        words.in_context is not None
        and words.context is not None
        and words.in_context.search(near) is not None
        and words.context.search(context) is not None
    )
    return fits and (words.without is None or words.without.search(near) is None)


def _near(narrative: Narrative, results: Sequence[Result], index: int) -> str:
    """Return the words beside a number that are its own, with # for the number."""
    text = narrative.text
    number, (start, end) = results[index].number, results[index].clause
    before = text[start : number.start]
    if index and results[index - 1].number.end > start:
        # 公开信息38其中动态30, …70条，共计220条: what stands behind has words of its own.
        own = _OWN_WORDS.search(before, results[index - 1].number.end - start)
        before = before[own.end() :] if own else before
    else:
        before = _means_before(narrative, results, index) + before
    if index + 1 < len(results):
        end = min(end, results[index + 1].number.start)
    after = text[number.end : max(end, number.end)][:_LONGEST_AFTER]
    cut = _AFTER_ENDS.search(after)
    before = before.lstrip("、，, ")[-_LONGEST_BEFORE:]
    return f"{before}#{after[: cut.start()] if cut else after}"


def _means_before(narrative: Narrative, results: Sequence[Result], index: int) -> str:
    start = results[index].clause[0]
    if not start or narrative.text[start - 1] not in "，,":
        return ""
    earlier = narrative.clause_start(start - 1)
    if index and results[index - 1].number.end > earlier:
        return ""
    clause = narrative.text[earlier : start - 1]
    return f"{clause}，" if _MEANS.search(clause) else ""


def _respectively(text: str, results: Sequence[Result]) -> dict[int, str]:
    """Return the words of numbers that a list of names before 分别 shares out among them."""
    found: dict[int, str] = {}
    for index, result in enumerate(results):
        # Only the clause just before the number: a list that is longer is no list of names.
        earliest = max(result.number.start - 80, 0)
        if text.find("分别", earliest, result.number.start) < 0:
            continue
        match = _RESPECTIVELY.search(text, earliest, result.number.start)
        if not match:
            continue
        names = [name for name in _NAME_BREAK.split(match["names"]) if name]
        run = [index]
        for later in range(index + 1, min(len(results), index + _MOST_NAMES)):
            gap = text[results[later - 1].number.end : results[later].number.start]
            if not _LIST_GAP.fullmatch(gap):
                break
            run.append(later)
        if len(run) == len(names) > 1:
            found.update({i: f"{name}{match['verb']}#" for i, name in zip(run, names, strict=True)})
        else:
            # Whose number is whose can't be told.
            found.update(dict.fromkeys(run, "#"))
    return found
