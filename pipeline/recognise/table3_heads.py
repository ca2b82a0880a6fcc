"""The heads of table 三: which column of a grid is which column of the form, and how sure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.finding import Finding
from pipeline.read.document import Cell, Table
from pipeline.recognise.form import table3_columns
from pipeline.recognise.labels import best_similarity, has_han, key, plain, similarity
from pipeline.recognise.page_cuts import COLUMN_CODES
from pipeline.recognise.rows import GridRow

_HEAD_GROUPS = ("申请人情况", "法人或其他组织")
_ORGANISATIONS = COLUMN_CODES[1:-1]
NO_HEADS = "表三没有印列头"
_NOTE = ("勾稽", "第一项", "第三项")
_MOST_UNREAD = 2
_LEAST_FOUND = 4
_SAME = 0.95
_GROUP = 0.85  # 其他组织 is another head than 法人或其他组织


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Grid columns of each value column of table three.

    Args:
        columns: grid columns by column code; a column that the table does not print is missing.
        width: number of columns of the grid it was found in.
        edges: x borders of that grid, for matching fragments on other pages.
        placed: codes whose head could not be read, told by the columns beside them.
        foreign: grid columns with a head of their own that the form does not have (序号, 小计).

    """

    columns: dict[str, tuple[int, ...]]
    width: int
    edges: tuple[float, ...]
    placed: tuple[str, ...] = ()
    foreign: frozenset[int] = frozenset()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its columns from left to right."""
        return tuple(sorted(self.columns, key=lambda code: self.columns[code][0]))

    @property
    def end(self) -> int:
        """The grid column behind the last of them."""
        return max(numbers[-1] for numbers in self.columns.values()) + 1

    @property
    def official(self) -> bool:
        """Whether all seven columns are there in the order of the form."""
        firsts = [self.columns[code][0] for code in COLUMN_CODES if code in self.columns]
        return firsts == sorted(firsts) and len(firsts) == len(COLUMN_CODES)


def _head_cells(rows: Sequence[GridRow], column: int) -> list[Cell]:
    """Return the head cells over a column, without groups, note and blanks, top to bottom."""
    seen: dict[tuple[int, int], Cell] = {}
    for row in rows:
        for cell in row.cells:
            if cell.column <= column < cell.column + cell.column_span:
                text = plain(cell.text)
                if text and not any(word in text for word in _NOTE) and not _is_group(cell.text):
                    seen[(cell.row, cell.column)] = cell
    return _without_cut_groups(list(seen.values()))


def _without_cut_groups(cells: list[Cell]) -> list[Cell]:
    """Return head cells without two that are the halves of a group cut by the end of a page."""
    for upper, lower in pairwise(cells):
        if _is_group(upper.text + lower.text):
            return [cell for cell in cells if cell is not upper and cell is not lower]
    return cells


def _is_group(text: str) -> bool:
    return _without_group(text) == text and any(
        similarity(text, group) >= _GROUP for group in _HEAD_GROUPS
    )


def _without_group(text: str) -> str:
    """Return the words of a head that says its group too: 法人或其他组织-商业企业."""
    words = key(text)
    rest = words.removeprefix(_HEAD_GROUPS[0]).removeprefix(_HEAD_GROUPS[1])
    known = (
        rest
        and rest != words
        and any(best_similarity(rest, column.labels) >= _SAME for column in table3_columns())
    )
    return rest if known else text


def _code_of(text: str) -> str | None:
    """Return the column of the form that head words name, None when they name none for sure."""
    text = _without_group(text)
    fits = sorted(
        ((best_similarity(text, column.labels), column.code) for column in table3_columns()),
        reverse=True,
    )
    return fits[0][1] if fits[0][0] >= 0.7 and fits[0][0] - fits[1][0] >= 0.1 else None


def map_columns(rows: Sequence[GridRow], table: Table) -> ColumnMap | None:
    """Return which grid columns hold which value column, from the head rows of a fragment.

    Args:
        rows: the head rows, top to bottom.
        table: the grid they belong to.

    Returns:
        A map of the columns; None when a head is said twice, when too many can't be read, or when
        a kind of organisation does not stand under 法人或其他组织: then spans are lost and the
        heads have slid away from their columns.

    """
    found: dict[str, list[int]] = {}
    leaves: dict[str, set[str]] = {}
    for number in range(table.columns):
        cells = _head_cells(rows, number)
        # A head that is printed twice in one grid says its words twice.
        code = _code_of("".join(dict.fromkeys(plain(cell.text) for cell in cells)))
        if code is not None:
            found.setdefault(code, []).append(number)
            leaves.setdefault(code, set()).add(str([(c.row, c.column) for c in cells]))
    if any(numbers[-1] - numbers[0] + 1 != len(numbers) for numbers in found.values()):
        return None
    if any(len(cells) > 1 for cells in leaves.values()):
        return None
    columns = {code: tuple(found[code]) for code in COLUMN_CODES if code in found}
    if table.ragged:
        # In text without its empty cells the heads stand over foreign columns.
        mixed = any(_mixed(rows, number) for number in range(table.columns))
        if mixed or len(columns) < len(COLUMN_CODES):
            return None
        return ColumnMap(columns, table.columns, table.edges)
    placed = _place_unread(columns, rows, table)
    if placed is None:
        return None
    columns.update(placed)
    above = _under(rows, _HEAD_GROUPS[1])
    if above and not all(n in above for c in _ORGANISATIONS for n in columns.get(c, ())):
        return None
    ordered = {code: columns[code] for code in COLUMN_CODES if code in columns}
    taken = {n for numbers in ordered.values() for n in numbers}
    foreign = frozenset(n for n in range(table.columns) if n not in taken and _foreign(rows, n))
    whole = _under(rows, _HEAD_GROUPS[0])
    if whole and any(min(taken) < n < max(taken) and n not in whole for n in foreign):
        # 申请人情况 has lost its colspan, and what stood behind it has slid among its columns.
        return None
    return ColumnMap(ordered, table.columns, table.edges, tuple(placed), foreign)


def _foreign(rows: Sequence[GridRow], column: int) -> bool:
    """Tell whether a column has a head of its own that is none of the form's."""
    words = [cell.text for cell in _head_cells(rows, column) if cell.column_span == 1]
    return bool(words) and not _is_known(plain("".join(words)))


def _mixed(rows: Sequence[GridRow], column: int) -> bool:
    return len({plain(cell.text) for cell in _head_cells(rows, column)}) > 1


def _under(rows: Sequence[GridRow], group: str) -> set[int]:
    return {
        number
        for row in rows
        for cell in row.cells
        if _is_group(cell.text) and similarity(cell.text, group) >= _GROUP
        for number in range(cell.column, cell.column + cell.column_span)
    }


def _place_unread(
    columns: dict[str, tuple[int, ...]], rows: Sequence[GridRow], table: Table
) -> dict[str, tuple[int, ...]] | None:
    """Return the columns of unread heads, each the only one left between its neighbours.

    Empty when nothing is missing, or when a column of the form is not printed at all; None when
    the columns of unread heads can't be told.
    """
    missing = [code for code in COLUMN_CODES if code not in columns]
    if not missing:
        return {}
    if len(columns) < _LEAST_FOUND:
        return None
    taken = {n for numbers in columns.values() for n in numbers}
    area = _under(rows, _HEAD_GROUPS[0]) | set(range(min(taken), max(taken) + 1))
    spare = sorted(n for n in area - taken if n < table.columns)
    if not spare:
        return {}
    firsts = [numbers[0] for numbers in columns.values()]
    if len(missing) > _MOST_UNREAD or len(spare) != len(missing) or firsts != sorted(firsts):
        return None
    placed: dict[str, tuple[int, ...]] = {c: (n,) for c, n in zip(missing, spare, strict=True)}
    whole = columns | placed
    order = [whole[code][0] for code in COLUMN_CODES]
    return placed if order == sorted(order) else None


@dataclass(slots=True)
class HeadOrder:
    """What the heads of table three, as far as they were seen, say about the order of columns."""

    seen: set[str]
    heads: bool = False
    contradicted: bool = False
    # Codes from left to right of the grid whose heads were understood last.
    named: tuple[str, ...] = ()

    @classmethod
    def nothing(cls) -> HeadOrder:
        """Return the state before any head."""
        return cls(set())

    def take(self, rows: Iterable[GridRow]) -> None:
        """Look at head rows."""
        for row in rows:
            own = sorted((c for c in row.cells if c.row == row.row), key=lambda c: c.column)
            codes = []
            for cell in own:
                text = plain(cell.text)
                if not text:
                    continue
                self.heads = True
                code = _code_of(text)
                if code is not None:
                    codes.append(COLUMN_CODES.index(code))
                elif not _is_known(text):
                    self.contradicted = True
            # In another order, or one of them twice.
            if any(a >= b for a, b in pairwise(codes)):
                self.contradicted = True
            self.seen |= {COLUMN_CODES[code] for code in codes}

    def map(self, columns: ColumnMap | None, *, printed: bool) -> None:
        """Note the order of the columns that heads printed in a grid have named one by one.

        Args:
            columns: the map in force.
            printed: whether the grid has heads of its own, and columns that mean something.

        """
        if printed:
            sure = columns is not None and not columns.placed and not columns.foreign
            codes = columns.codes if columns is not None and sure else ()
            # Half a head, of which the rest stands elsewhere, says nothing about whole rows.
            self.named = codes if {COLUMN_CODES[0], COLUMN_CODES[-1]} <= {*codes} else ()

    def codes(self, columns: ColumnMap | None) -> tuple[str, ...]:
        """Return the codes by which rows that have lost their columns may be read, or none.

        Args:
            columns: the map in force.

        """
        if self.official and (columns is None or columns.official):
            return COLUMN_CODES
        return self.named

    @property
    def official(self) -> bool:
        """Whether rows may be read in the form's order: by all seven heads, or without any."""
        if self.contradicted:
            return False
        return not self.heads or self.seen == set(COLUMN_CODES)


_KNOWN = "".join(
    [*_HEAD_GROUPS, *(label for column in table3_columns() for label in column.labels)]
)


def _is_known(text: str) -> bool:
    """Tell whether head words are the form's: a group, the note, or a piece of a head."""
    words = key(text)
    if not words or not has_han(words) or "单位" in words:
        return True
    if any(word in text for word in _NOTE) or "数据" in text or words in _KNOWN:
        return True
    return _is_group(text) or any(
        best_similarity(text, column.labels) >= 0.6 for column in table3_columns()
    )


def head_findings(columns: ColumnMap | None, order: HeadOrder, place: str) -> list[Finding]:
    """Return what has to be said about columns that no head of their own names.

    Args:
        columns: the map in force.
        order: what all heads said.
        place: where the first grid stands.

    """
    if not order.heads:
        message = f"{NO_HEADS}，七列数字按官方格式的顺序认定，请对照原件核实。"
        return [Finding("W-T3-HEAD", "warning", message, place=place)]
    if columns is not None and columns.placed:
        names = {c.code: c.labels[0] for c in table3_columns()}
        placed = "、".join(names[code] for code in columns.placed)
        message = f"表三列头“{placed}”未印出或无法识别，按左右相邻的列头认定。"
        return [Finding("W-T3-HEAD", "warning", message, placed, place)]
    return []
