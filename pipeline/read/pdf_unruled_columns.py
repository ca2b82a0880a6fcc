"""Columns of figures in a table without rules, and the heads above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.read.pdf_blocks import Block, beside, over

_SAME_LEVEL = 0.3  # ems between the middles of two heads of one group
_FLUSH = 1.5  # points between the left edges of what is set to the left


@dataclass(slots=True)
class Column:
    """A column of figures.

    Args:
        left, right: edges of what stands in it, its head too, in points.

    """

    left: float
    right: float

    def holds(self, block: Block) -> bool:
        """Tell whether something stands in the column, in part at least."""
        return block.left < self.right and block.right > self.left


@dataclass(slots=True)
class Heads:
    """Columns and the heads above them.

    Args:
        columns: from left to right.
        placed: level of a head from the top, first column below it, column behind the last, head.
        depth: number of levels.

    """

    columns: list[Column]
    placed: list[tuple[int, int, int, Block]]
    depth: int

    def blocks(self) -> list[Block]:
        """Return the heads."""
        return [block for _, _, _, block in self.placed]


def columns_of(
    rows: Sequence[Sequence[Block]], heads: Sequence[Block], before: Sequence[Column]
) -> Heads | None:
    """Return the columns of a table; None where they can't be told.

    Args:
        rows: figures and notes of each row.
        heads: what stands above them.
        before: columns that go on from above, where there are no heads.

    """
    values = [block for row in rows for block in row]
    if not heads:
        known = list(before)
        if known and all(sum(column.holds(block) for column in known) == 1 for block in values):
            return Heads(known, [], 0)
        return None
    columns = [
        Column(min(b.left for b in column), max(b.right for b in column))
        for column in holding(values)
    ]
    lowest = [
        head
        for head in heads
        if not any(h.middle > head.middle and over(h.box, head.box) for h in heads if h is not head)
    ]
    named = _named(columns, sorted(lowest, key=lambda head: head.left))
    if named is None:
        return None
    columns, leaves = named
    if any(one.right > other.left for one, other in pairwise(columns)):
        return None
    upper = sorted(
        (head for head in heads if not any(head is leaf for leaf in lowest)),
        key=lambda head: head.middle,
    )
    placed = _spread(upper, columns, leaves)
    if placed is None:
        return None
    depth = 1 + max((level for level, _, _, _ in placed), default=-1)
    placed += [(depth, n, n + 1, leaf) for n, leaf in enumerate(leaves)]
    return Heads(columns, placed, depth + 1)


def _spread(
    upper: list[Block], columns: list[Column], leaves: list[Block]
) -> list[tuple[int, int, int, Block]] | None:
    """Return level, first column and column behind the last of each head of several columns."""
    levels: list[list[Block]] = []
    for head in upper:
        if levels and beside(levels[-1][-1].box, head.box):
            levels[-1].append(head)
        else:
            levels.append([head])
    placed: list[tuple[int, int, int, Block]] = []
    for level, line in enumerate(levels):
        line.sort(key=lambda head: head.left)
        below = [[n for n, column in enumerate(columns) if column.holds(head)] for head in line]
        ends = [-1, *(numbers[-1] for numbers in below if numbers)]
        if len(ends) <= len(line) or any(one >= other for one, other in pairwise(ends)):
            return None
        starts = [*(numbers[0] for numbers in below[1:]), len(columns)]
        for head, numbers, low, high in zip(line, below, ends, starts, strict=False):
            if numbers[0] <= low or numbers[-1] >= high:
                return None
            span = _reach(head, numbers, range(low + 1, high), columns, leaves)
            placed.append((level, span.start, span.stop, head))
    for one, other in pairwise(placed):
        if one[0] == other[0] and one[2] > other[1]:
            return None
    return placed


def _reach(
    head: Block, below: list[int], free: range, columns: list[Column], leaves: list[Block]
) -> range:
    """Return the columns that a head of several reaches over, more than its words do.

    Heads of one group stand on one level. Words that begin where the first of these does are set
    to the left, others stand in the middle of all.

    Args:
        head: the head.
        below: columns that its words stand above.
        free: columns that those of its neighbours do not.
        columns: all columns.
        leaves: their own heads.

    """
    first, last = below[0], below[-1]
    slack = _SAME_LEVEL * head.em

    def level(number: int) -> bool:
        # Heads that the end of the page cuts stand on no level any more.
        cut = leaves[number].place or leaves[last].place
        return bool(cut) or abs(leaves[number].middle - leaves[last].middle) <= slack

    if not all(level(number) for number in below):
        return range(first, last + 1)
    end = last + 1
    while end < free.stop and level(end):
        end += 1
    if abs(head.left - leaves[first].left) <= _FLUSH:
        return range(first, end)
    start = first
    while start > free.start and level(start - 1):
        start -= 1
    center = head.left + head.right
    return min(
        (range(low, high) for low in range(start, first + 1) for high in range(last + 1, end + 1)),
        key=lambda span: abs(columns[span.start].left + columns[span.stop - 1].right - center),
    )


def _named(columns: list[Column], leaves: list[Block]) -> tuple[list[Column], list[Block]] | None:
    """Return the columns, those without any figure too, and the head of each.

    Heads that stand above no figures belong to those between the same neighbours, one by one, to
    the left or to the right below them; where there are none, their columns are blank.
    """
    heads: dict[int, Block] = {}
    free: list[Block] = []
    for leaf in leaves:
        below = [n for n, column in enumerate(columns) if column.holds(leaf)]
        if len(below) > 1 or (below and below[0] in heads):
            return None
        if below:
            heads[below[0]] = leaf
        else:
            free.append(leaf)
    named = sorted(heads)
    for before, behind in pairwise([-1, *named, len(columns)]):
        bare = range(before + 1, behind)
        left = columns[before].right if before >= 0 else float("-inf")
        right = columns[behind].left if behind < len(columns) else float("inf")
        between = [leaf for leaf in free if left <= leaf.left and leaf.right <= right]
        if bare and len(bare) != len(between):
            return None
        heads |= dict(zip(bare, between, strict=False))
    used = {id(head) for head in heads.values()}
    found = [
        (Column(min(column.left, heads[n].left), max(column.right, heads[n].right)), heads[n])
        for n, column in enumerate(columns)
    ]
    found += [(Column(leaf.left, leaf.right), leaf) for leaf in free if id(leaf) not in used]
    found.sort(key=lambda pair: pair[0].left)
    return [column for column, _ in found], [head for _, head in found]


def holding(blocks: Sequence[Block]) -> list[list[Block]]:
    """Return blocks that stand above each other, from left to right; each from top to bottom."""
    columns: list[tuple[float, list[Block]]] = []
    for block in sorted(blocks, key=lambda block: block.left):
        if columns and block.left < columns[-1][0]:
            right, column = columns[-1]
            column.append(block)
            columns[-1] = max(right, block.right), column
        else:
            columns.append((block.right, [block]))
    return [sorted(column, key=lambda block: block.middle) for _, column in columns]
