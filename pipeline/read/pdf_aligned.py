"""Tables with rules between the rows only, or with none: what can be said of their columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.finding import Finding
from pipeline.read.document import Block, Paragraph
from pipeline.read.grid import SHORTEST, SNAP, Grid, Rule
from pipeline.read.pdf_page import Page
from pipeline.read.pdf_text import Run

_FEWEST_RULES = 3
_MOST_RULES = 400  # as drawn, cell by cell; a drawing has more
_FEWEST_ROWS = 3  # rows of figures that make a table
_FIGURE = re.compile(r"[-+－＋−]?\d[\d.,，]*|[/／—－-]+")
_BETWEEN = re.compile(r"[一二三四五六七]、|.*。")
_MANY = 5  # figures in a row that needs no label, as that of review and litigation
_APART = 2.0  # points between two columns, at least


@dataclass(slots=True)
class _Band:
    """What stands between two rules that run through.

    Args:
        top, bottom: the rules, y in points.
        runs: the words between them.

    """

    top: float
    bottom: float
    runs: list[Run]

    def figures(self) -> list[tuple[float, float]]:
        """Return left and right of each figure of a row; a single one needs a label before it."""
        found = sorted((r.left, r.right) for r in self.runs if _FIGURE.fullmatch(r.text))
        words = [r.left for r in self.runs if not _FIGURE.fullmatch(r.text)]
        labelled = bool(words and found and min(words) < found[0][0])
        return found if labelled or (len(found) >= _MANY and not words) else []


def column_rules(page: Page, grids: Sequence[Grid], runs: Sequence[Run]) -> list[Rule]:
    """Return the vertical rules that a table would have whose rows alone are ruled.

    A border lies in the middle of the white between two columns of figures; where a rule between
    two rows begins, a column begins. No border runs through a word. A table where figures of one
    column overlap those of another, or a label, or most of a column is blank, gets none there.

    Args:
        page: the page, its rules.
        grids: what its rules form; those of several columns are left alone.
        runs: the words of the page.

    """
    free = page.horizontals
    for left, top, right, bottom in [grid.box for grid in grids if grid.columns > 1]:
        free = [
            rule
            for rule in free
            if not top - SNAP <= rule[0] <= bottom + SNAP
            or rule[1] < left - SNAP
            or rule[2] > right + SNAP
        ]
    free = [rule for rule in free if rule.end - rule.start > SHORTEST]
    if not _FEWEST_RULES <= len(free) <= _MOST_RULES:
        return []
    left, right = min(rule.start for rule in free), max(rule.end for rule in free)
    inside = [run for run in runs if left <= (run.left + run.right) / 2 <= right]
    bands = [
        _Band(top, bottom, [r for r in inside if top <= (r.top + r.bottom) / 2 < bottom])
        for top, bottom in pairwise(_levels(free, right))
        if bottom - top > SHORTEST
    ]
    rules: list[Rule] = []
    for group in _groups(bands):
        top, bottom = group[0].top, group[-1].bottom
        own = [rule for rule in free if top - SNAP <= rule.at <= bottom + SNAP]
        starts = sorted({round(rule.start, 1) for rule in own if rule.start > left + SHORTEST})
        for x in _borders(group, starts, (left, right)):
            rules += _pieces(x, own, [run for band in group for run in band.runs])
    return rules


def _levels(rules: list[Rule], right: float) -> list[float]:
    """Return the heights of the rules that reach the right edge, where a row of figures ends."""
    levels: list[float] = []
    for rule in sorted(rules):
        if rule.end >= right - SNAP and (not levels or rule.at - levels[-1] > SNAP):
            levels.append(rule.at)
    return levels


def _pieces(x: float, rules: list[Rule], runs: list[Run]) -> list[Rule]:
    """Return the border at x from rule to rule, where no word lies across it."""
    crossed = sorted(rule.at for rule in rules if rule.start - SNAP <= x <= rule.end + SNAP)
    return [
        Rule(x, top, bottom)
        for top, bottom in pairwise(crossed)
        if not any(
            run.left + 0.5 < x < run.right - 0.5 and top < (run.top + run.bottom) / 2 < bottom
            for run in runs
        )
    ]


def _groups(bands: list[_Band]) -> list[list[_Band]]:
    """Return bands of figures, each with the heads above it; their columns are the same."""
    groups: list[list[_Band]] = [[]]
    for before, band in pairwise([_Band(0, 0, []), *bands]):
        figures = bool(band.figures())
        if before.figures() and not figures:
            groups.append([])
        if not figures and _BETWEEN.match("".join(run.text for run in band.runs)):
            groups.append([])  # words between two tables
            continue
        groups[-1].append(band)
    return [group for group in groups if any(band.figures() for band in group)]


def _borders(group: list[_Band], starts: list[float], edges: tuple[float, float]) -> list[float]:
    """Return x of the borders of a group's columns, none where they can't be told."""
    columns: list[list[float]] = []
    for left, right in sorted(place for band in group for place in band.figures()):
        if columns and left < columns[-1][1] + _APART:
            columns[-1][1] = max(columns[-1][1], right)
        else:
            columns.append([left, right])
    first = columns[0][0]
    labels = [
        run.right
        for band in group
        if band.figures()
        for run in band.runs
        if not _FIGURE.fullmatch(run.text) and run.left < first
    ]
    rows = [band.figures() for band in group if band.figures()]
    for low, high in columns:
        filled = sum(any(low <= left and right <= high for left, right in row) for row in rows)
        if 2 * filled <= len(rows):
            return []  # figures that stand askew, not a column with blanks
    between = [(before[1] + after[0]) / 2 for before, after in pairwise(columns)]
    if not labels:
        return [edges[0], *between, edges[1]]
    if max(labels) + _APART > first:
        return []
    inner = [x for x in starts if x < max(labels)]
    behind = next((x for x in starts if max(labels) < x < first), (max(labels) + first) / 2)
    return [edges[0], *inner, behind, *between, edges[1]]


def unruled_finding(blocks: Sequence[Block]) -> list[Finding]:
    """Say that figures stand in lines without rules around them, on which pages."""
    rows = Counter(
        block.place.split(";")[0]
        for block in blocks
        if isinstance(block, Paragraph)
        and block.wrapped
        and all(map(_FIGURE.fullmatch, block.text.split()[-2:]))
    )
    if rows.total() < _FEWEST_ROWS:
        return []
    pages = "、".join(place.removeprefix("page=") for place in rows)
    message = (
        f"第{pages}页有表格没有线条，或缺少行线，只能逐行按文字读取，没有线条可以印证；"
        "认不准的单元格按未识别处理，请对照原件核实。"
    )
    return [Finding("W-PDF-UNRULED", "warning", message, place=next(iter(rows)))]
