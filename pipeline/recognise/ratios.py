"""Rates of the narrative beside the figures that they were made from: 答复率, 占, 增长."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.recognise.counts import CHANGE, Counts
from pipeline.report import Ratio

_SHARE_OF = re.compile(r"占|比例|比重")
_RATE_OF = re.compile(r"(?P<stem>[\u3400-\u9fff]{2})(?:比)?率(?:为|达到?|是|约|均)*$")
_FROM = re.compile(r"[由从][^，。；]{0,16}$")
_TO = re.compile(r"[到至为]")
_REACH = 20


def link_rates(
    counts: Counts, wholes: Sequence[int | None], periods: Sequence[str], before: int
) -> list[Ratio | None]:
    """Return for each rate the figures that it was made from, where they stand beside it.

    Args:
        counts: the results of a narrative.
        wholes: the whole of each, as ``link_parts`` found it.
        periods: which year each speaks of.
        before: number of figures of the report before this narrative.

    """
    found: list[Ratio | None] = []
    for index, result in enumerate(counts.results):
        ratio = None
        if result.number.unit in {"%", "‰"} and result.kind != "norm":
            if CHANGE.search(counts.head(index)):
                ratio = _change(counts, wholes, periods, index)
            else:
                ratio = _share(counts, wholes, index)
        found.append(
            ratio
            and Ratio(ratio.kind, before + ratio.numerator + 1, before + ratio.denominator + 1)
        )
    return found


def _counts_before(counts: Counts, index: int) -> list[int]:
    """Return the counts before a number in its sentence, nearest first."""
    start = counts.sentence(index)
    return [
        other
        for other in counts.before(index)
        if counts.start(other) >= start and counts.is_count(other)
    ]


def _change(
    counts: Counts, wholes: Sequence[int | None], periods: Sequence[str], index: int
) -> Ratio | None:
    """Return the later and the earlier figure of a change: 由35件下降到28件, 较上年280条增长."""
    found = [other for other in _counts_before(counts, index) if not counts.is_change(other)]
    if len(found) < 2:
        return None
    near, first = found[0], found[1]
    alike = counts.families[near] == counts.families[first]
    said_from = _FROM.search(counts.text, max(counts.start(first) - _REACH, 0), counts.start(first))
    if first == near - 1 and alike and said_from and _TO.search(counts.between(first, near)):
        return Ratio("change", near, first)
    if periods[near] != "previous":
        return None
    for other in found[1:]:
        alike = counts.families[other] == counts.families[near] and wholes[other] is None
        if alike and periods[other] == "current":
            return Ratio("change", other, near)
    return None


def _share(counts: Counts, wholes: Sequence[int | None], index: int) -> Ratio | None:
    found = _counts_before(counts, index)
    if not found:
        return None
    numerator = None
    rate = _RATE_OF.search(counts.head(index))
    if rate:
        numerator = next((o for o in found if rate["stem"] in _clause(counts, o)), None)
    elif _SHARE_OF.search(counts.head(index)) and found[0] == index - 1:
        numerator = found[0]
    if numerator is None:
        return None
    whole = wholes[numerator]
    denominator = _only_whole(counts, numerator) if whole is None else whole
    return None if denominator is None else Ratio("share", numerator, denominator)


def _clause(counts: Counts, index: int) -> str:
    return counts.text[slice(*counts.results[index].clause)]


def _only_whole(counts: Counts, numerator: int) -> int | None:
    """Return the number right before a numerator where no other can be meant.

    收到9件，答复9件: the number before these two, if any, is of another clause group or unit.
    """
    other = numerator - 1
    if other < 0 or counts.is_change(other) or not counts.is_count(other):
        return None
    family = counts.families[numerator]
    alone = (
        other == 0
        or counts.start(other - 1) < counts.sentence(other)
        or "；" in counts.between(other - 1, other)
        or counts.families[other - 1] not in {family, "%"}
    )
    together = counts.start(other) >= counts.sentence(numerator)
    parted = "；" in counts.between(other, numerator)
    return other if counts.families[other] == family and alone and together and not parted else None
