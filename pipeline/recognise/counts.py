"""The results of one narrative as a row of counts, for what they say about each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from pipeline.recognise.figure_numbers import Result
from pipeline.recognise.figure_words import AMOUNTS, RATES, TIMES
from pipeline.recognise.narrative import Narrative

CHANGE = re.compile(r"增长|增加|上升|提高|提升|下降|减少|降低|同比|环比|增幅|降幅|减幅")
_COMPARED = re.compile(rf"(?:{CHANGE.pattern})(?!了?[到至为])|[比较].{{0,12}}[多少]")
_PEOPLE = frozenset({"人", "名", "位", "人次"})
_UNCOUNTED = RATES | TIMES
_MOST_NUMBERS = 40
_FARTHEST = 160


class Counts:
    """Answers questions about the results of a narrative by their index.

    Args:
        narrative: the text.
        results: its numbers, in printed order.

    """

    def __init__(self, narrative: Narrative, results: Sequence[Result]) -> None:
        self.text = narrative.text
        self.results = results
        self._narrative = narrative
        self.families = [_family(result.number.unit) for result in results]
        # Asked again for each later number of a sentence.
        self._changes: dict[int, bool] = {}

    def value(self, index: int) -> int | Decimal:
        """Return the value of a number."""
        return self.results[index].number.value

    def start(self, index: int) -> int:
        """Return where a number begins."""
        return self.results[index].number.start

    def end(self, index: int) -> int:
        """Return where a number with its unit ends."""
        return self.results[index].number.end

    def sentence(self, index: int) -> int:
        """Return where the sentence around a number begins."""
        return self._narrative.sentence_start(self.start(index))

    def head(self, index: int) -> str:
        """Return the words of its clause before a number and behind the number before it."""
        start = self._narrative.clause_start(self.start(index))
        return self.text[max(start, self.end(index - 1) if index else 0) : self.start(index)]

    def gap(self, index: int) -> str:
        """Return what stands between a number and the one before it."""
        before = self.end(index - 1) if index else 0
        return self.text[max(before, self.start(index) - _FARTHEST) : self.start(index)]

    def between(self, first: int, second: int) -> str:
        """Return what stands between two numbers."""
        return self.text[self.end(first) : self.start(second)]

    def before(self, index: int) -> Iterator[int]:
        """Give the numbers before one, nearest first, no more than a sentence has."""
        yield from range(index - 1, max(index - _MOST_NUMBERS, 0) - 1, -1)

    def is_count(self, index: int) -> bool:
        """Tell whether a number counts things, people or money."""
        result = self.results[index]
        return result.kind != "norm" and result.number.unit not in _UNCOUNTED

    def is_change(self, index: int) -> bool:
        """Tell whether a number is a difference: 比上年增加40条."""
        known = self._changes.get(index)
        if known is None:
            known = self._changes[index] = _COMPARED.search(self.head(index)) is not None
        return known


def is_piece(family: str) -> bool:
    """Tell whether a unit counts things, which reports count in several units (条, 篇, 件)."""
    return family not in {"人", "元"}


def _family(unit: str) -> str:
    if unit in _PEOPLE:
        return "人"
    return "元" if unit in AMOUNTS else unit
