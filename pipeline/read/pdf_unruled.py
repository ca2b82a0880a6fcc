"""Tables without rules: rows and columns by the white between what stands in their cells.

What is beside each other on one level is a row, what is above each other is a column. A table is
given only if all of it fits: each figure stands under one head and beside one label.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.read.document import page_place
from pipeline.read.pdf_blocks import (
    FIGURE,
    Block,
    aligned,
    beside,
    cells_of,
    over,
    pieces,
    zones,
)
from pipeline.read.pdf_page import Page
from pipeline.read.pdf_text import Run, unite
from pipeline.read.pdf_unruled_cells import Row, UnruledTable, table_of
from pipeline.read.pdf_unruled_columns import Column, columns_of

_FEWEST_FIGURES = 3
_MANY = 5  # figures in a row that needs no label, as that of review and litigation
_SAME_ROW = 0.35  # ems between the middles of two cells of one row
_ARTICLE = re.compile(r"第?二十条第?[（(].[）)]项")
_NEAR = 24  # runs before and behind one in the content that may stand beside it
_STARTS = frozenset("0123456789-+－＋−/／—")


def has_columns(runs: Sequence[Run]) -> bool:
    """Tell, at little cost, whether figures stand apart from other words, as in a table."""
    apart = 0
    for index, run in enumerate(runs):
        if run.text[0] not in _STARTS or not FIGURE.fullmatch(run.text):
            continue
        low, high, level = run.left - run.em / 2, run.right + run.em / 2, run.top + run.bottom
        apart += not any(
            other is not run
            and other.left < high
            and other.right > low
            and abs(other.top + other.bottom - level) < run.em
            for other in runs[max(0, index - _NEAR) : index + _NEAR]
        )
    return apart >= _FEWEST_FIGURES


@dataclass(slots=True)
class Carried:
    """What goes on from one page to the next.

    Args:
        columns: those of the last table without rules.
        blocks: heads at the end of the page, below which there are no figures any more; they
            stand above the page behind.

    """

    columns: Sequence[Column] = ()
    blocks: Sequence[Block] = ()


def unruled_tables(
    page: Page, runs: Sequence[Run], before: Carried
) -> tuple[list[UnruledTable], set[int], Carried]:
    """Return the tables of a page that have no rules, the ids of their runs, and what goes on.

    Args:
        page: the page.
        runs: what stands outside of its grids.
        before: what goes on from the page before; its runs are among those of a table if it does.

    """
    tables: list[UnruledTable] = []
    used: set[int] = set()
    behind: list[Block] = []
    columns = before.columns
    width, height = page.frame.width, page.frame.height
    parts = zones(pieces(run for run in runs if not run.upward), width, height)
    for index, zone in enumerate(parts):
        above = [] if index else list(before.blocks)
        figures = sum(block.is_figure for block in zone)
        last = index == len(parts) - 1
        if figures < (1 if above or any(map(_is_article, zone)) else _FEWEST_FIGURES):
            blank = _blank_table(page, [*above, *zone]) if above else []
            tables += blank
            used |= {id(run) for block in (*above, *zone) for run in block.runs if blank}
            behind = cells_of(zone)[0] if last and not (figures or blank) else []
            continue
        ways = cells_of(zone)
        for blocks in [*(_rejoined(above, way) for way in ways if above), *ways]:
            found, rest = _tables(page, blocks, columns)
            if found:
                tables += found
                columns = found[-1].columns
                kept = {id(run) for block in rest for run in block.runs} if last else set()
                used |= {id(run) for block in blocks for run in block.runs} - kept
                behind = rest if last else []
                if rest and not last:
                    tables += _blank_table(page, rest)
                break
    return tables, used, Carried(columns, [_overleaf(block, page) for block in behind])


def begins_whole(tables: Sequence[UnruledTable], outside: Sequence[Run]) -> bool:
    """Tell whether a page begins with a table without rules whose first row began on it.

    Args:
        tables: those of the page.
        outside: what stands in no table.

    """
    if not tables:
        return False
    return tables[0].whole and not any(run.bottom < tables[0].top for run in outside)


def _overleaf(block: Block, page: Page) -> Block:
    """Return a block as it stands above the page behind."""
    left, top, right, bottom = block.box
    height = page.frame.height
    place = page_place(page.number, page.frame.displayed(block.box))
    lines = [
        replace(line, box=(line.box[0], line.box[1] - height, line.box[2], line.box[3] - height))
        for line in block.lines
    ]
    return Block(lines, block.runs, (left, top - height, right, bottom - height), place)


def _rejoined(above: Sequence[Block], blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks of a page below heads of the page before, those that its end cuts whole."""
    top = min(block.box[1] for block in blocks if block.is_figure)
    pieces_left = [block for block in blocks if block.middle < top and not block.is_figure]
    whole: list[Block] = []
    for head in above:
        lower = [b for b in above if over(b.box, head.box) and b.middle > head.middle]
        rest = next((b for b in pieces_left if over(b.box, head.box)), None)
        if lower or rest is None or not aligned(rest.box, head.box):
            whole.append(head)
            continue
        pieces_left.remove(rest)
        box = unite((head.box, rest.box))
        whole.append(Block(head.lines + rest.lines, head.runs + rest.runs, box, head.place))
    kept = [b for b in blocks if b.middle >= top or b.is_figure]
    return [*whole, *pieces_left, *kept]


def _tables(
    page: Page, blocks: list[Block], before: Sequence[Column]
) -> tuple[list[UnruledTable], list[Block]]:
    """Return the tables between two headings, none where not all of it fits.

    Returns:
        The tables, and heads at the end without figures below them.

    """
    starts = [b.box[1] for b in blocks if _is_article(b)]
    groups: list[list[Block]] = [[] for _ in range(len(starts) + 1)]
    for block in blocks:
        groups[sum(block.middle > top for top in starts)].append(block)
    tables: list[UnruledTable] = []
    rest: list[Block] = []
    for group in filter(None, groups):
        if rest:
            tables += _blank_table(page, rest)
            rest = []
        if not any(block.is_figure for block in group):
            rest = group
            continue
        found = _table(page, group, tables[-1].columns if tables else before)
        if not found:
            return [], []
        tables += found
    return tables, rest


def _blank_table(page: Page, blocks: list[Block]) -> list[UnruledTable]:
    """Return the table of heads above labels without any figure, all of its cells doubted."""
    heads = [b for b in blocks if any(o.right <= b.left and beside(o.box, b.box) for o in blocks)]
    bottom = max((head.box[3] for head in heads), default=0.0)
    others = [block for block in blocks if not any(block is head for head in heads)]
    rows = [Row(block, []) for block in others if block.middle > bottom]
    found = columns_of([], heads, ()) if heads and rows else None
    if found is None or found.columns[0].left < max(row.box[2] for row in rows):
        return []
    names = [block for block in others if block.middle <= bottom]
    table = table_of(page, found, names, rows, [])
    return [table] if table else []


def _is_article(block: Block) -> bool:
    return _ARTICLE.search(block.text.replace("\n", "")) is not None


def _table(page: Page, blocks: list[Block], before: Sequence[Column]) -> list[UnruledTable]:
    """Return the table that blocks form, or several one below the other; none where not all fits.

    Heads below figures begin another table.
    """
    rows = _rows(blocks)
    if not rows:
        return []
    labels = [row.label for row in rows if row.label]
    taken = {id(block) for row in rows for block in (row.label, *row.values)}
    edge = max([label.right for label in labels], default=0.0)
    top = rows[0].box[1]
    above = [b for b in blocks if id(b) not in taken and b.middle < top]
    below = [b for b in blocks if id(b) not in taken and b.middle >= top]
    again = [block.box[1] for block in below if block.left >= edge]
    if again:
        upper = _table(page, [b for b in blocks if b.middle < min(again)], before)
        lower = [b for b in blocks if b.middle >= min(again)]
        rest = _table(page, lower, upper[-1].columns) if upper else []
        return upper + rest if rest else []
    names = [b for b in above if b.left < edge or _is_article(b)]
    heads = columns_of(
        [row.values for row in rows], [b for b in above if not any(b is n for n in names)], before
    )
    if heads is None or heads.columns[0].left < edge or _wrapped(rows, heads.columns):
        return []
    groups = [
        block
        for block in below
        if any(b.left >= block.right - 1 and beside(b.box, block.box) for b in (*labels, *below))
    ]
    blank = [Row(b, []) for b in below if not any(b is group for group in groups)]
    rows = sorted([*rows, *blank], key=lambda row: row.box[1] + row.box[3])
    table = table_of(page, heads, names, rows, groups)
    return [table] if table else []


def _rows(blocks: list[Block]) -> list[Row]:
    """Return the rows that have figures; none where one of them has no label of its own."""
    rows: list[Row] = []
    figures = sorted((b for b in blocks if b.is_figure), key=lambda block: block.middle)
    for figure in figures:
        if rows and _level(figure, rows[-1].values[-1]):
            rows[-1].values.append(figure)
        else:
            rows.append(Row(None, [figure]))
    if not rows:
        return []
    first = min(figure.left for figure in figures)
    words = [block for block in blocks if not block.is_figure]
    beside_them = [[b for b in words if _level(b, row.values[0])] for row in rows]
    for row, found in zip(rows, beside_them, strict=True):
        labels = [block for block in found if block.right <= first]
        row.label = max(labels, key=lambda block: block.left, default=None)
    named = [row.label for row in rows if row.label]
    if not named:
        return rows if len(rows) == 1 and len(figures) >= _MANY else []
    if len({id(label) for label in named}) < len(rows):
        return []
    edge = max(label.right for label in named)
    for row, found in zip(rows, beside_them, strict=True):
        row.values += [block for block in found if block.left >= edge]
    return rows


def _level(block: Block, figure: Block) -> bool:
    """Tell whether a block stands on the level of a figure, by its middle or its first line."""
    slack = _SAME_ROW * max(block.em, figure.em)
    return min(abs(block.middle - figure.middle), abs(block.first - figure.middle)) <= slack


def _wrapped(rows: list[Row], columns: list[Column]) -> bool:
    """Tell whether two rows may be one, whose figures go on below as they fill their columns."""
    for upper, lower in pairwise(rows):
        full = []
        for column in columns:
            high = next((b for b in upper.values if column.holds(b)), None)
            low = next((b for b in lower.values if column.holds(b)), None)
            if low is not None and (high is None or not (high.is_figure and low.is_figure)):
                full.append(False)
            elif low is not None and high is not None:
                printed = high.right - high.left
                digit = printed / len(high.lines[0].text)
                room = column.right - column.left - printed
                full.append(room < digit and low.right - low.left <= printed + 0.5)
        if full and all(full):
            return True
    return False
