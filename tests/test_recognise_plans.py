"""A plan gives what the long way gives, whatever the figures; what compares figures has none."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.read.document import Cell, Table
from pipeline.read.reader import read
from pipeline.recognise import plans
from pipeline.recognise.grids import read_grids
from tests.mutants.make import make

# ruff: noqa: SLF001  the two ways are compared here

Tables = list[tuple[int, Table]]
FORMATS = ("html", "docx", "pdf")


def tables_of(data: bytes) -> Tables:
    blocks = read(data).blocks
    return [(number, block) for number, block in enumerate(blocks) if isinstance(block, Table)]


def cells_of(tables: Tables) -> list[Cell]:
    return [cell for _, table in tables for cell in table.cells]


def changed(tables: Tables, change: Callable[[Cell], Cell]) -> Tables:
    return [(n, replace(t, cells=tuple(change(cell) for cell in t.cells))) for n, t in tables]


def plan_of(tables: Tables) -> plans._Plan | None:
    return plans._plan(plans._shape(tables, cells_of(tables)))


@pytest.fixture(scope="module")
def documents() -> list[Tables]:
    return [
        tables_of(make(f"plans-{number}", form).data) for number in range(12) for form in FORMATS
    ]


def test_other_figures_are_read_by_the_plan_as_by_the_long_way(documents):
    chance = random.Random("figures")

    def other(cell: Cell) -> Cell:
        if re.fullmatch("[0-9]{1,9}", cell.text) is None:
            return cell
        figure = chance.choice(("0", "7", "007", "2024", str(chance.randrange(10**9))))
        return replace(cell, text=figure)

    planned = 0
    for tables in documents:
        plan = plan_of(tables)
        if plan is None:
            continue
        planned += 1
        for _ in range(3):
            printed = changed(tables, other)
            followed = plans._follow(plan, printed, cells_of(printed))
            assert repr(followed) == repr(read_grids(printed))
    assert planned >= len(documents) / 3


def test_no_result_depends_on_what_was_met_before(documents):
    long_way = [repr(read_grids(tables)) for tables in documents]
    plans._known.cache_clear()
    for _ in range(3):
        assert [repr(plans.read_tables(tables)) for tables in documents] == long_way
    plans._known.cache_clear()
    for _ in range(3):
        assert [repr(plans.read_tables(t)) for t in documents[::-1]] == long_way[::-1]


def official() -> Tables:
    """Return tables for which there is a plan."""
    found = (tables_of(make(f"plans-{number}", "html").data) for number in range(12))
    return next(tables for tables in found if plan_of(tables) is not None)


def test_a_second_printing_of_a_table_has_no_plan_as_its_figures_are_compared():
    tables = official()
    number, third = max(tables, key=lambda pair: pair[1].rows)
    again = replace(
        third,
        place="again",
        cells=tuple(replace(cell, place=f"{cell.place}/again") for cell in third.cells),
    )
    twice = [*tables, (number + 100, again)]
    assert plan_of(twice) is None
    for _ in range(3):
        assert repr(plans.read_tables(twice)) == repr(read_grids(twice))


def test_a_figure_that_is_no_value_of_the_form_leaves_no_plan():
    tables = official()
    words = next(cell for cell in cells_of(tables) if "信息内容" in cell.text)
    stray = changed(tables, lambda cell: replace(cell, text="12") if cell is words else cell)
    assert plan_of(stray) is None


def test_cells_that_share_a_place_go_the_long_way():
    tables = changed(official(), lambda cell: replace(cell, place="line=1"))
    plans._known.cache_clear()
    for _ in range(3):
        assert repr(plans.read_tables(tables)) == repr(read_grids(tables))
    assert plans._known.cache_info().currsize == 0
