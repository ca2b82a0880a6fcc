"""Plans: how tables of one shape are read, kept because reports print one form with other figures.

Which cell of a form a printed cell is depends on rows, columns, spans and words, never on what a
plain figure says. So a plan is made from the shape alone, in which plain figures are masked: the
long way of ``pipeline.recognise.grids`` is gone twice over stand-ins, once with figures that are
long and all different, once with short and equal ones. Only what both times comes out the same,
each figure of a statutory table being read exactly once and by itself, is a plan; all else, above
all what compares two figures, goes the long way each time. As a plan follows from its shape, no
result depends on what is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from operator import attrgetter

from archive.codebook import Template
from pipeline.finding import Finding
from pipeline.read.document import Cell, Table
from pipeline.recognise.grids import TableReadings, read_grids
from pipeline.recognise.layout import Kind, classify
from pipeline.recognise.numbers import read_cell
from pipeline.recognise.page_cuts import COLUMN_CODES
from pipeline.recognise.rows import grid_rows, visible
from pipeline.recognise.table3_pushed import compares_figures
from pipeline.report import CellReading

# The form has 280 cells and 2,000 characters of words; what is far larger is not kept.
_MOST_CELLS = 1_000
_MOST_CHARACTERS = 20_000
_KEPT = 256
_LONGEST_FIGURE = 9
# Findings that say nothing about figures.
_HARMLESS = frozenset({"W-T3-LABEL", "W-T3-HEAD"})

# Of a table: rows, columns, number of cells, raggedness, borders. Of a cell: row, column, spans,
# doubt; its words (None for a plain figure); whether it stands on a printed page.
_TableShape = tuple[int, int, int, bool, tuple[float, ...]]
_CellShape = tuple[int, int, int, int, str]
_Shape = tuple[
    tuple[_TableShape, ...], tuple[_CellShape, ...], tuple[str | None, ...], tuple[bool, ...]
]
_cell_shape: Callable[[Cell], _CellShape] = attrgetter(
    "row", "column", "row_span", "column_span", "doubt"
)
_NOTHING = CellReading(None, None, "unread")


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where the readings of tables of one shape come from.

    Args:
        figures: (cell code, index of its cell) of plain figures.
        others: (cell code, reading without place, index of its place).
        order: cell codes as the long way gives them.
        templates: as of ``TableReadings``.
        findings: (finding without place, index of its place).
        owners: (index of the table among those given, statutory table).
        kinds: what each row is, so that two plans over one shape can be compared.

    """

    figures: tuple[tuple[str, int], ...]
    others: tuple[tuple[str, CellReading, int], ...]
    order: tuple[str, ...]
    templates: tuple[tuple[str, Template | None], ...]
    findings: tuple[tuple[Finding, int], ...]
    owners: tuple[tuple[int, str], ...]
    kinds: tuple[Kind, ...]


@dataclass(slots=True)
class _Known:
    """A shape that was met; its plan is made when it comes again, as most come only once."""

    asked: bool = False
    made: bool = False
    plan: _Plan | None = None


@lru_cache(maxsize=_KEPT)
def _known(_: _Shape) -> _Known:
    return _Known()


def read_tables(tables: Sequence[tuple[int, Table]]) -> TableReadings:
    """Read the statutory tables of a document from its grids, by a plan where there is one.

    Args:
        tables: (block index, grid) in reading order.

    Returns:
        What ``read_grids`` returns of the same tables.

    """
    cells = [cell for _, table in tables for cell in table.cells]
    if len(cells) > _MOST_CELLS or sum([len(cell.text) for cell in cells]) > _MOST_CHARACTERS:
        return read_grids(tables)
    # Lines of text are the place of several cells, so that no place tells which of them was read.
    places = {*[cell.place for cell in cells], *[table.place for _, table in tables]}
    if len(places) < len(cells) + len(tables):
        return read_grids(tables)
    shape = _shape(tables, cells)
    known = _known(shape)
    if not known.asked:
        known.asked = True
        return read_grids(tables)
    if not known.made:
        known.plan, known.made = _plan(shape), True
    return read_grids(tables) if known.plan is None else _follow(known.plan, tables, cells)


def _shape(tables: Sequence[tuple[int, Table]], cells: Sequence[Cell]) -> _Shape:
    words = []
    for cell in cells:
        text = cell.text
        plain = text.isdigit() and text.isascii() and len(text) <= _LONGEST_FIGURE
        words.append(None if plain and not cell.doubt else text)
    return (
        tuple([(t.rows, t.columns, len(t.cells), t.ragged, t.edges) for _, t in tables]),
        tuple(map(_cell_shape, cells)),
        tuple(words),
        tuple([cell.place.startswith("page=") for cell in cells]),
    )


def _follow(
    plan: _Plan, tables: Sequence[tuple[int, Table]], cells: Sequence[Cell]
) -> TableReadings:
    found: dict[str, CellReading] = dict.fromkeys(plan.order, _NOTHING)
    for code, index in plan.figures:
        text = cells[index].text
        found[code] = CellReading(text, int(text), "value", "", cells[index].place)
    places = _places(tables, cells)
    for code, other, index in plan.others:
        found[code] = CellReading(other.raw, other.value, other.state, other.note, places(index))
    return TableReadings(
        found,
        dict(plan.templates),
        [replace(finding, place=places(index)) for finding, index in plan.findings],
        {tables[number][0]: name for number, name in plan.owners},
    )


def _places(tables: Sequence[tuple[int, Table]], cells: Sequence[Cell]) -> Callable[[int], str]:
    """Return a function that gives the place of a cell, behind them of a table, or none for -1."""

    def place(index: int) -> str:
        if index < 0:
            return ""
        return cells[index].place if index < len(cells) else tables[index - len(cells)][1].place

    return place


def _plan(shape: _Shape) -> _Plan | None:
    """Return the plan of a shape; None when what its figures say might matter."""
    # The longest and the shortest figures: the only thing asked of a figure beside what it is for
    # is how long its row is, and between the two nothing else can come out.
    plan = _outline(shape, lambda number: str(10 ** (_LONGEST_FIGURE - 1) + number))
    return plan if plan is not None and plan == _outline(shape, lambda _: "0") else None


def _stand_ins(
    shape: _Shape, figure: Callable[[int], str]
) -> tuple[list[tuple[int, Table]], list[Cell]]:
    """Return tables of a shape whose figures are made and whose places are all different."""
    cells = []
    for number, ((row, column, rows, columns, doubt), text, paged) in enumerate(
        zip(*shape[1:], strict=True)
    ):
        place = f"page={number}" if paged else f"path={number}"
        words = figure(number) if text is None else text
        cells.append(Cell(row, column, rows, columns, words, place, doubt))
    rest = iter(cells)
    tables = []
    for number, (rows, columns, count, ragged, edges) in enumerate(shape[0]):
        own = tuple(islice(rest, count))
        tables.append((number, Table(rows, columns, own, f"table={number}", ragged, edges)))
    return tables, cells


def _outline(shape: _Shape, figure: Callable[[int], str]) -> _Plan | None:
    """Return where readings come from with given figures; None when one is not read by itself."""
    tables, cells = _stand_ins(shape, figure)
    readings = read_grids(tables)
    if any(finding.rule not in _HARMLESS for finding in readings.findings):
        return None
    if any(map(compares_figures, _third_rows(readings))):
        return None
    marks = [*(cell.place for cell in cells), *(table.place for _, table in tables)]
    indices = {place: index for index, place in enumerate(marks)} | {"": -1}
    figures, others = [], []
    for code, reading in readings.cells.items():
        index = indices.get(reading.place)
        if index is None:
            return None
        if reading.raw is not None:
            if not 0 <= index < len(cells):
                return None
            cell = visible(cells[index])
            if reading != read_cell(cell.text, cell.place, cell.doubt):
                return None
            if shape[2][index] is None:
                figures.append((code, index))
                continue
        others.append((code, replace(reading, place=""), index))
    read = sorted(index for _, index in figures)
    if read != _figures_within(shape, tables, readings.owners):
        return None
    return _Plan(
        tuple(figures),
        tuple(others),
        tuple(readings.cells),
        tuple(readings.templates.items()),
        tuple((replace(f, place=""), indices[f.place]) for f in readings.findings),
        tuple(readings.owners.items()),
        tuple(classify(row) for number, table in tables for row in grid_rows(number, table)),
    )


def _third_rows(readings: TableReadings) -> list[list[CellReading | None]]:
    """Return the cells of each row of table 三, in the order of its columns."""
    rows = {code.split("__")[0] for code in readings.cells if code.startswith("t3_")}
    return [[readings.cells.get(f"{row}__{code}") for code in COLUMN_CODES] for row in rows]


def _figures_within(
    shape: _Shape, tables: Sequence[tuple[int, Table]], owners: dict[int, str]
) -> list[int]:
    """Return the indices of the plain figures of statutory tables; twice what covers two rows."""
    found = []
    first = 0
    for number, table in tables:
        for index, cell in enumerate(table.cells, first):
            if number in owners and shape[2][index] is None:
                found.extend([index] * min(cell.row_span, 2))
        first += len(table.cells)
    return found
