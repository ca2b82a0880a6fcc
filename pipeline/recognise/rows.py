"""Rows of tables as the recogniser sees them, and their alignment to the rows of the form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from archive.codebook import Template
from pipeline.read.document import Cell, Table
from pipeline.recognise.form import FormRow, table3_rows
from pipeline.recognise.labels import INVISIBLE, best_similarity, has_han, key, plain, similarity
from pipeline.recognise.memory import LONGEST_KEPT, remembered
from pipeline.recognise.numbers import looks_like_figure
from pipeline.report import CellReading

# Below ACCEPT a row is taken only between two neighbours that are certain; below CONSIDER never.
ACCEPT = 0.75
CONSIDER = 0.6
# （六） in one row: told from 3.其他 by its number alone.
_COLLAPSED = re.compile(r"(?:\(六\)[、.]?|六、)其他(?:处理|情形)?|其他(?:处理|情形)?\(六\)")

# 三、本年度办理结果（一）予以公开: the group beside nearly all rows, in one label with the first.
_OUTER = re.compile(r"^(?:三、)?本年度?办理结果[-:—]{0,2}(?=\S)")


def is_label(text: str) -> bool:
    """Tell whether a cell holds words and no figure."""
    return not text.isascii() and _is_label(text)


@remembered(20_000)
def _is_label(text: str) -> bool:
    return has_han(text) and not looks_like_figure(text)


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row of a table grid.

    Args:
        table: index of the table within the document.
        row: 0-based row within the table.
        cells: distinct cells that cover the row, left to right.

    """

    table: int
    row: int
    cells: tuple[Cell, ...]

    def label_cells(self) -> list[Cell]:
        """Return the cells that hold words and no figure."""
        return [c for c in self.cells if is_label(c.text)]


def visible(cell: Cell) -> Cell:
    """Return a cell without characters that nobody sees; one of them alone is a blank."""
    if cell.text.isascii() or not INVISIBLE.search(cell.text):
        return cell
    return replace(cell, text=INVISIBLE.sub("", cell.text))


def grid_rows(index: int, table: Table) -> list[GridRow]:
    """Return the rows of a table, each with the distinct cells that cover it."""
    rows = []
    for number, line in enumerate(table.grid()):
        distinct: dict[tuple[int, int], Cell] = {}
        for cell in line:
            if cell is not None:
                distinct.setdefault((cell.row, cell.column), visible(cell))
        rows.append(GridRow(index, number, tuple(distinct.values())))
    return rows


def may_lack_cell(row: Sequence[Cell], end: int) -> bool:
    """Tell whether a row ends in a blank before its head does, so that any cell may be missing.

    The blank may be the spare cell that the head has behind its words.

    Args:
        row: its cells, left to right.
        end: grid column behind the last cell of the head, words or not.

    """
    return bool(row) and not row[-1].text.strip() and row[-1].column + row[-1].column_span < end


@dataclass(slots=True)
class Candidate:
    """A row that may be one of table 三.

    Args:
        labels: texts of its label cells, outermost first; or the wrapped pieces of its label.
        readings: value cells by column code; empty when the row has none.
        place: where the row stands.
        has_figures: whether any value cell holds a figure.
        fragment: index of the grid it stands in.
        readings_note: why its columns could not be told apart; empty when they could.
        full: places of cells whose text may go on overleaf.

    """

    labels: list[str]
    readings: dict[str, CellReading]
    place: str
    has_figures: bool
    fragment: int
    readings_note: str = ""
    full: frozenset[str] = frozenset()


@cache
def _groups(template: Template) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.group for row in table3_rows(template) if row.group))


@cache
def _with_group(row: FormRow) -> tuple[str, ...]:
    return tuple(row.group + label for label in row.labels)


def row_scores(labels: tuple[str, ...], template: Template) -> tuple[float, ...]:
    """Return how well the labels of a candidate fit each row of table 三.

    Args:
        labels: label texts, outermost first.
        template: the format whose rows are meant.

    """
    short = sum(map(len, labels)) <= LONGEST_KEPT
    return _known_scores(labels, template) if short else _row_scores(labels, template)


def _row_scores(labels: tuple[str, ...], template: Template) -> tuple[float, ...]:
    groups = _groups(template)
    return tuple(row_score(labels, row, groups) for row in table3_rows(template))


_known_scores = lru_cache(maxsize=10_000)(_row_scores)


def _without_outer(label: str) -> str:
    """Return a label without the words of the outermost group, where more stands behind them."""
    return _OUTER.sub("", plain(label)) or label if "办理结果" in plain(label) else label


def row_score(labels: Sequence[str], row: FormRow, groups: Sequence[str]) -> float:
    """Return how well the labels of a candidate fit a row of the form, 0 to about 1.05.

    Args:
        labels: label texts, outermost first.
        row: the row of the form.
        groups: all group labels of the form, so that a foreign group counts against the row.

    """
    if not labels:
        return 0.0
    labels = [*labels[:-1], _without_outer(labels[-1])]
    if _COLLAPSED.fullmatch(plain(labels[-1])):
        return 1.0 if row.code == "other_total" else 0.0
    best = best_similarity(labels[-1], row.labels)
    for depth in range(2, min(len(labels), 3) + 1):
        joined = "".join(labels[-depth:])
        best = max(best, best_similarity(joined, row.labels))
    if row.group:
        whole = _with_group(row)
        best = max(best, best_similarity("".join(labels[-2:]), whole))
        best = max(best, best_similarity(labels[-1], whole))
    above = [label for label in labels[:-1] if key(label)]
    if above:
        own = bool(row.group) and any(similarity(a, row.group) >= ACCEPT for a in above)
        foreign = any(
            similarity(a, group) >= ACCEPT for a in above for group in groups if group != row.group
        )
        if own:
            best += 0.05
        elif foreign:
            best -= 0.3
    return best


@dataclass(frozen=True, slots=True)
class Alignment:
    """How candidates were laid onto the rows of a form.

    Args:
        score: sum of the fits; comparable between forms over the same candidates.
        matches: (candidate index, form row index, fit), in order.

    """

    score: float
    matches: tuple[tuple[int, int, float], ...]


def align(scores: tuple[tuple[float, ...], ...], weights: tuple[float, ...]) -> Alignment:
    """Lay candidates onto form rows in order, by dynamic programming.

    Args:
        scores: candidates × form rows, fit of each pair.
        weights: cost of leaving a candidate out (rows with figures should find their place).

    Returns:
        The alignment with the highest sum; pairs that can't be trusted are left out of it.

    """
    # Most tables print the labels of the form, so that the task is one that was solved before.
    short = len(scores) <= LONGEST_KEPT
    return _known_alignment(scores, weights) if short else _align(scores, weights)


def _align(scores: tuple[tuple[float, ...], ...], weights: tuple[float, ...]) -> Alignment:
    n = len(scores)
    m = len(scores[0]) if n else 0
    skip_form = 0.1
    best = [[0.0] * (m + 1) for _ in range(n + 1)]
    step = [[0] * (m + 1) for _ in range(n + 1)]
    for j in range(1, m + 1):
        best[0][j], step[0][j] = best[0][j - 1] - skip_form, 2
    for i in range(1, n + 1):
        above, here, steps = best[i - 1], best[i], step[i]
        here[0], steps[0] = above[0] - weights[i - 1], 1
        for j, fit in enumerate(scores[i - 1], 1):
            # Of equal sums the pair wins, then the row of the form that is left out.
            most, move = above[j] - weights[i - 1], 1
            if here[j - 1] - skip_form >= most:
                most, move = here[j - 1] - skip_form, 2
            if fit >= CONSIDER and above[j - 1] + fit >= most:
                most, move = above[j - 1] + fit, 3
            here[j], steps[j] = most, move
    pairs: list[tuple[int, int, float]] = []
    i, j = n, m
    while i or j:
        move = step[i][j]
        if move == 3:
            pairs.append((i - 1, j - 1, scores[i - 1][j - 1]))
            i, j = i - 1, j - 1
        elif move == 1:
            i -= 1
        else:
            j -= 1
    pairs.reverse()
    return Alignment(best[n][m], _trusted(pairs))


_known_alignment = lru_cache(maxsize=64)(_align)


def _trusted(pairs: list[tuple[int, int, float]]) -> tuple[tuple[int, int, float], ...]:
    certain = {(i, j) for i, j, fit in pairs if fit >= 0.9}
    return tuple(
        (i, j, fit)
        for i, j, fit in pairs
        if fit >= ACCEPT or ((i - 1, j - 1) in certain and (i + 1, j + 1) in certain)
    )
