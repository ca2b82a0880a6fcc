"""Figures on a printed page that a rule strikes out: nothing tells whether they still hold."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from operator import attrgetter

from pipeline.read.grid import Rule
from pipeline.read.pdf_stacked import PageTable
from pipeline.read.pdf_text import Run

STRUCK = "有横线穿过数字，像是已被划去，不知道是否有效"
# Of a line's height, up and down from its middle: where a rule strikes out. Programs differ in
# how far above its baseline a line begins; an underline and the border of a cell lie lower.
_ABOVE, _BELOW = 0.2, 0.3
_TALLEST = 1.2  # ems: some fonts declare lines much higher than their digits
_COVERED = 0.6  # of a digit's width


def struck_cells(table: PageTable) -> set[int]:
    """Return the indices of the cells in which a rule runs through the middle of a digit."""
    rules = sorted(table.page.horizontals, key=attrgetter("at"))
    heights = [rule.at for rule in rules]
    struck = set()
    for index, runs in enumerate(table.runs):
        for run in runs:
            middle = (run.top + run.bottom) / 2
            height = min(run.bottom - run.top, _TALLEST * run.em)
            lowest = middle + _BELOW * height
            at = bisect_left(heights, middle - _ABOVE * height)
            if at == len(heights) or heights[at] > lowest:  # as nearly always
                continue
            near = rules[at : bisect_left(heights, lowest)]
            if any(_covers(near, left, right) for left, right in _digits(run)):
                struck.add(index)
    return struck


def _digits(run: Run) -> Iterator[tuple[float, float]]:
    edges = zip(run.text, run.lefts, run.rights, strict=True)
    return ((left, right) for sign, left, right in edges if sign.isdecimal())


def _covers(rules: list[Rule], left: float, right: float) -> bool:
    least = _COVERED * (right - left)
    return any(min(rule.end, right) - max(rule.start, left) >= least for rule in rules)
