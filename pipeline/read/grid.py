"""Build table grids from ruled lines; shared by every reader that sees rules on a page."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

SNAP = 3.0
"""Rules closer than this many points are one rule (double borders, cell by cell borders)."""

SHORTEST = 6.0
"""Shorter rules are strokes of letters or corner marks; no row or column is smaller, and no gap
between two dashes is larger."""

LARGEST_AREA = 20_000
"""Largest grid in rows × columns; a whole report has fewer than 1,000 cells."""

MOST_RULES = 1_200
"""Most joined rules on a page; maps and drawings have more, tables of reports under 150."""


class Rule(NamedTuple):
    """A horizontal or vertical line.

    Args:
        at: y of a horizontal rule, x of a vertical one, in points.
        start: where it starts along its direction.
        end: where it ends, at least ``start``.

    """

    at: float
    start: float
    end: float


class GridLimitError(ValueError):
    """A page has more rules, or a grid more cells, than a table of a report can have."""


class Span(NamedTuple):
    """A cell of a grid: upper left position and how far it reaches, in rows and columns."""

    row: int
    column: int
    row_span: int
    column_span: int


@dataclass(slots=True)
class Grid:
    """A table as its rules show it.

    Args:
        xs: borders of the columns from left to right, ``columns + 1`` values in points.
        ys: borders of the rows from top to bottom, ``rows + 1`` values in points.
        spans: cells in the order of rows, then columns; they cover every position once.
        opened: sides (left, top, right, bottom) whose border is not printed.

    """

    xs: list[float]
    ys: list[float]
    spans: list[Span]
    opened: frozenset[str] = frozenset()
    owner: list[list[int]] = field(init=False)

    def __post_init__(self) -> None:
        """Note which cell covers each position."""
        self.owner = [[-1] * self.columns for _ in range(self.rows)]
        for index, (row, column, row_span, column_span) in enumerate(self.spans):
            for covered in self.owner[row : row + row_span]:
                covered[column : column + column_span] = [index] * column_span

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.ys) - 1

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.xs) - 1

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in points."""
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]

    @property
    def area(self) -> float:
        """Area in square points; the innermost of several grids has the smallest."""
        return (self.xs[-1] - self.xs[0]) * (self.ys[-1] - self.ys[0])

    def locate(self, x: float, y: float) -> int | None:
        """Return the index in ``spans`` of the cell that covers a point, or None outside."""
        if not (self.xs[0] <= x < self.xs[-1] and self.ys[0] <= y < self.ys[-1]):
            return None
        return self.owner[bisect_right(self.ys, y) - 1][bisect_right(self.xs, x) - 1]

    def cell_box(self, span: Span) -> tuple[float, float, float, float]:
        """Return left, top, right, bottom of a cell in points."""
        return (
            self.xs[span.column],
            self.ys[span.row],
            self.xs[span.column + span.column_span],
            self.ys[span.row + span.row_span],
        )

    def without(self, side: str) -> Grid:
        """Return the grid less its outermost row or column on a side (left, top, …)."""
        first_row, first_column = int(side == "top"), int(side == "left")
        last_row = self.rows - int(side == "bottom")
        last_column = self.columns - int(side == "right")
        spans = []
        for row, column, row_span, column_span in self.spans:
            top, bottom = max(row, first_row), min(row + row_span, last_row)
            left, right = max(column, first_column), min(column + column_span, last_column)
            if top < bottom and left < right:
                place = (top - first_row, left - first_column)
                spans.append(Span(*place, bottom - top, right - left))
        return Grid(
            self.xs[first_column : last_column + 1],
            self.ys[first_row : last_row + 1],
            sorted(spans),
            self.opened - {side},
        )


def build_grids(horizontals: list[Rule], verticals: list[Rule]) -> list[Grid]:
    """Return the grids that rules form, the innermost (smallest) first.

    Rules are snapped and joined, rules that touch belong to one grid, and positions with no rule
    between them to one cell. A side whose border is missing (an open table, or a row that the end
    of the page cuts) is closed where the rules that run into it end.

    Args:
        horizontals: rules with ``at`` = y and ``start``/``end`` = x, y counted downwards.
        verticals: rules with ``at`` = x and ``start``/``end`` = y.

    Raises:
        GridLimitError: too many rules on the page, or too many cells in a grid.

    """
    across, down = _join(horizontals), _join(verticals)
    if len(across) + len(down) > MOST_RULES:
        raise GridLimitError(f"{len(across) + len(down)} rules on a page")
    grids = []
    for rows, columns in _connected(across, down):
        grid = _grid(rows, columns)
        if grid is not None:
            grids.append(grid)
    return sorted(grids, key=lambda grid: grid.area)


def _join(rules: list[Rule]) -> list[Rule]:
    """Snap rules to common positions and join the pieces of each; drop what stays too short."""
    clusters: list[list[Rule]] = []
    first = -SNAP
    for rule in sorted(rules):
        if clusters and rule[0] - first <= SNAP:
            clusters[-1].append(rule)
        else:
            clusters.append([rule])
            first = rule[0]
    joined = []
    for cluster in clusters:
        # Rules of two tables on one page lie on one line by chance: each keeps its own place.
        run: list[Rule] = []
        end = 0.0
        for rule in sorted(cluster, key=itemgetter(1)) if len(cluster) > 1 else cluster:
            if run and rule[1] > end + SHORTEST:
                joined.append(_whole(run, end))
                run = []
            end = max(rule[2], end) if run else rule[2]
            run.append(rule)
        joined.append(_whole(run, end))
    return [rule for rule in joined if rule[2] - rule[1] >= SHORTEST]


def _whole(pieces: list[Rule], end: float) -> Rule:
    """Return the rule that pieces make, at their mean place."""
    if len(pieces) == 1:
        return pieces[0]
    weights = [end - start + 0.01 for _, start, end in pieces]
    middle = sum([rule[0] * weight for rule, weight in zip(pieces, weights, strict=True)])
    return Rule(middle / sum(weights), pieces[0][1], end)


def _connected(
    horizontals: list[Rule], verticals: list[Rule]
) -> list[tuple[list[Rule], list[Rule]]]:
    """Return the groups of rules that touch each other, horizontal and vertical ones apart."""
    first = len(horizontals)
    parent = list(range(first + len(verticals)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    # By x, so that only those within reach of a horizontal rule are looked at.
    order = sorted(range(len(verticals)), key=verticals.__getitem__)
    ranked = [verticals[index] for index in order]
    xs = [rule[0] for rule in ranked]
    for index, (y, left, right) in enumerate(horizontals):
        low, high = bisect_left(xs, left - SNAP), bisect_right(xs, right + SNAP)
        for place in range(low, high):
            _, top, bottom = ranked[place]
            if top - SNAP <= y <= bottom + SNAP:
                other = first + order[place]
                if parent[other] != parent[index]:
                    parent[root(other)] = root(index)
    groups: dict[int, tuple[list[Rule], list[Rule]]] = defaultdict(lambda: ([], []))
    for index, rule in enumerate(horizontals):
        groups[root(index)][0].append(rule)
    for index, rule in enumerate(verticals, first):
        groups[root(index)][1].append(rule)
    return [group for group in groups.values() if group[0] and group[1]]


def _grid(horizontals: list[Rule], verticals: list[Rule]) -> Grid | None:
    ys, above, below = _closed(horizontals, verticals)
    xs, before, behind = _closed(verticals, horizontals)
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows < 1 or columns < 1:
        return None
    if rows * columns > LARGEST_AREA:
        raise GridLimitError(f"{rows} × {columns} cells in a grid")
    sides = {"left": before, "top": above, "right": behind, "bottom": below}
    opened = frozenset(side for side, is_open in sides.items() if is_open)
    return Grid(xs, ys, _spans(xs, ys, horizontals, verticals), opened)


def _closed(rules: list[Rule], crossing: list[Rule]) -> tuple[list[float], bool, bool]:
    """Return the positions of rules, with those of missing outer borders added on either side.

    A border is missing where at least two crossing rules run on past the outermost rule and end
    at one line; a single one that runs on is a stray stroke.
    """
    positions = _apart(sorted({rule.at for rule in rules}))
    first, last = positions[0], positions[-1]
    start, end = min(rule.start for rule in crossing), max(rule.end for rule in crossing)
    before = start < first - SHORTEST and sum(r.start <= start + SNAP for r in crossing) > 1
    behind = end > last + SHORTEST and sum(r.end >= end - SNAP for r in crossing) > 1
    return [start] * before + positions + [end] * behind, before, behind


def _apart(positions: list[float]) -> list[float]:
    """Return positions with those that no row or column fits between made one.

    Cells drawn as boxes with a space between them have two or more rules for one border.
    """
    groups: list[list[float]] = []
    for at in positions:
        if groups and at - groups[-1][-1] < SHORTEST and at - groups[-1][0] < 2 * SHORTEST:
            groups[-1].append(at)
        else:
            groups.append([at])
    return [(group[0] + group[-1]) / 2 for group in groups]


def _covered(positions: list[float], rules: list[Rule], steps: list[float]) -> list[list[bool]]:
    """Return for each position and each step between ``steps`` whether a rule covers it."""
    covered = [[False] * (len(steps) - 1) for _ in positions]
    for at, start, end in rules:
        behind = min(bisect_left(positions, at), len(positions) - 1)
        nearer = behind > 0 and at - positions[behind - 1] <= abs(positions[behind] - at)
        line = covered[behind - nearer]
        first = max(bisect_right(steps, start) - 1, 0)
        last = min(bisect_left(steps, end), len(line))
        if last > first:
            before = {step: line[step] for step in (first, last - 1)}
            line[first:last] = [True] * (last - first)
            # Only the outermost steps can be covered in part.
            for step in {first, last - 1}:
                low, high = steps[step], steps[step + 1]
                slack = max(SNAP, 0.3 * (high - low))
                if start > low + slack or end < high - slack:
                    line[step] = before[step]
    return covered


def _spans(
    xs: list[float], ys: list[float], horizontals: list[Rule], verticals: list[Rule]
) -> list[Span]:
    """Return the cells: positions with no rule between them are one."""
    rows, columns = len(ys) - 1, len(xs) - 1
    ruled_below = _covered(ys, horizontals, xs)
    ruled_right = _covered(xs, verticals, ys)
    taken = [[False] * columns for _ in range(rows)]
    spans = []
    for row in range(rows):
        for column in range(columns):
            if taken[row][column]:
                continue
            right = column + 1
            while right < columns and not ruled_right[right][row] and not taken[row][right]:
                right += 1
            bottom = row + 1
            while (
                bottom < rows
                and not any(ruled_below[bottom][column:right])
                and not any(ruled_right[inner][bottom] for inner in range(column + 1, right))
                and not any(taken[bottom][column:right])
            ):
                bottom += 1
            for covered in taken[row:bottom]:
                covered[column:right] = [True] * (right - column)
            spans.append(Span(row, column, bottom - row, right - column))
    return spans
