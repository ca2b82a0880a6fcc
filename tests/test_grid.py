"""The grid builder: from ruled lines to cells."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.read.grid import Grid, GridLimitError, Rule, Span, build_grids

XS, YS = [0.0, 50.0, 100.0, 150.0], [0.0, 20.0, 40.0]


def full(xs: list[float], ys: list[float]) -> tuple[list[Rule], list[Rule]]:
    return [Rule(y, xs[0], xs[-1]) for y in ys], [Rule(x, ys[0], ys[-1]) for x in xs]


def covered(grid: Grid) -> list[tuple[int, int]]:
    return sorted(
        (row, column)
        for span in grid.spans
        for row in range(span.row, span.row + span.row_span)
        for column in range(span.column, span.column + span.column_span)
    )


def test_full_rules_give_every_cell() -> None:
    (grid,) = build_grids(*full(XS, YS))
    assert (grid.rows, grid.columns, len(grid.spans)) == (2, 3, 6)
    assert grid.xs == XS
    assert grid.locate(60, 30) == grid.spans.index(Span(1, 1, 1, 1))
    assert grid.locate(151, 30) is None


def test_no_rule_between_positions_makes_one_cell() -> None:
    across = [Rule(0, 0, 150), Rule(20, 50, 150), Rule(40, 0, 150)]
    down = [Rule(0, 0, 40), Rule(50, 0, 40), Rule(100, 20, 40), Rule(150, 0, 40)]
    (grid,) = build_grids(across, down)
    assert grid.spans == [Span(0, 0, 2, 1), Span(0, 1, 1, 2), Span(1, 1, 1, 1), Span(1, 2, 1, 1)]


def test_pieces_dots_and_double_rules_are_joined() -> None:
    across = [Rule(y + shift, x, x + 1) for y in YS for x in range(0, 150, 3) for shift in (0, 1.5)]
    down = [Rule(x, y, y + 18) for x in XS for y in (0, 20)]
    (grid,) = build_grids(across, down)
    assert len(grid.spans) == 6


def test_cells_drawn_as_boxes_with_space_between_are_one_grid() -> None:
    across, down = [], []
    for left, right in ((0, 49), (51, 99), (101, 150)):
        for top, bottom in ((0, 19), (21, 40)):
            across += [Rule(top, left, right), Rule(bottom, left, right)]
            down += [Rule(left, top, bottom), Rule(right, top, bottom)]
    (grid,) = build_grids(across, down)
    assert (grid.rows, grid.columns, len(grid.spans)) == (2, 3, 6)


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_missing_outer_border_is_closed(side: str) -> None:
    across, down = full(XS, YS)
    missing = {"left": (down, 0), "right": (down, -1), "top": (across, 0), "bottom": (across, -1)}
    rules, index = missing[side]
    rules.pop(index)
    (grid,) = build_grids(across, down)
    assert (grid.rows, grid.columns, len(grid.spans)) == (2, 3, 6)
    assert grid.opened == {side}


def test_one_stray_rule_opens_no_border() -> None:
    across, down = full(XS, YS)
    across.append(Rule(10, -80, 150))
    (grid,) = build_grids(across, down)
    assert grid.xs == XS


def test_taking_an_opened_side_off_leaves_the_other_cells() -> None:
    (grid,) = build_grids(*full(XS, YS))
    assert grid.without("left").xs == XS[1:]
    assert covered(grid.without("top")) == [(0, 0), (0, 1), (0, 2)]


def test_the_innermost_grid_comes_first_and_tables_stay_apart() -> None:
    outer, inner = full([0.0, 300.0, 600.0], [0.0, 400.0]), full([20.0, 60.0, 120.0], [50.0, 90.0])
    below = full([0.0, 100.0, 600.0], [450.0, 470.0])
    sets = [outer, inner, below]
    grids = build_grids([r for a, _ in sets for r in a], [r for _, d in sets for r in d])
    boxes = [tuple(map(round, grid.box)) for grid in grids]
    assert boxes == [(20, 50, 120, 90), (0, 450, 600, 470), (0, 0, 600, 400)]


def test_underlines_and_lone_strokes_are_no_table() -> None:
    assert build_grids([Rule(10, 0, 200), Rule(30, 0, 200)], []) == []
    assert build_grids([Rule(10, 0, 4)], [Rule(2, 5, 9)]) == []


def test_drawings_are_refused_not_searched() -> None:
    many = [Rule(4.0 * n, 0, 100) for n in range(1_300)]
    with pytest.raises(GridLimitError):
        build_grids(many, [Rule(0, 0, 5_200)])
    with pytest.raises(GridLimitError):
        build_grids(*full([8.0 * n for n in range(200)], [8.0 * n for n in range(200)]))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_cells_cover_each_position_once_whatever_rules_are_missing(data: st.DataObject) -> None:
    xs, ys = [30.0 * n for n in range(5)], [15.0 * n for n in range(5)]
    sides = [(Rule(y, x, x + 30), True) for y in ys for x in xs[:-1]]
    sides += [(Rule(x, y, y + 15), False) for x in xs for y in ys[:-1]]
    kept = data.draw(st.lists(st.sampled_from(sides), min_size=4, unique=True))
    grids = build_grids([r for r, flat in kept if flat], [r for r, flat in kept if not flat])
    for grid in grids:
        assert covered(grid) == [(r, c) for r in range(grid.rows) for c in range(grid.columns)]
        for row in range(grid.rows):
            for column in range(grid.columns):
                x = (grid.xs[column] + grid.xs[column + 1]) / 2
                y = (grid.ys[row] + grid.ys[row + 1]) / 2
                index = grid.locate(x, y)
                assert index is not None
                left, top, right, bottom = grid.cell_box(grid.spans[index])
                assert left < x < right
                assert top < y < bottom
