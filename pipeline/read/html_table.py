"""HTML tables: rows and cells as browsers place them; layout tables told from real ones."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from pipeline.read.document import Table, path_place
from pipeline.read.html_text import DROPPED, LINE_BREAKS, changes_words, hidden, lines, words
from pipeline.read.tree import PROSE, Paths, SpanCell, children_of, fold, lay_out, text_of

# The specification's own limits for the two attributes.
_MAX_COLUMN_SPAN = 1000
_MAX_ROW_SPAN = 65534
_DIGITS = re.compile(r"\s*\+?([0-9]+)")
# No form has more columns than this (table 四 has 15); a larger span means "all the rest".
_WIDE = 100
_CELLS = frozenset({"td", "th"})
_GROUPS = frozenset({"thead", "tbody", "tfoot"})
_ROW_TAGS = _GROUPS | {"tr"}
_ROW_PARENTS = _GROUPS | {"table"}
_NO_CELLS = DROPPED | {"col", "colgroup"}


_Row = list[etree._Element]  # noqa: SLF001  lxml gives its element type no public name
_Frame = tuple[etree._Element, list[_Row], _Row | None]  # noqa: SLF001


@dataclass(slots=True)
class _Rows:
    """The rows of a table as written.

    Args:
        groups: row groups in the order shown: head, bodies, foot.
        strays: words that stand between the cells, and the caption.

    """

    groups: list[list[_Row]] = field(default_factory=list)
    strays: list[tuple[str, etree._Element]] = field(default_factory=list)


def read_table(
    element: etree._Element, paths: Paths, *, styled: bool
) -> tuple[Table, list[tuple[str, etree._Element]]] | None:
    """Read a table element.

    Args:
        element: the table.
        paths: gives the places.
        styled: whether anything in the page has no place in it, or is raised or lowered.

    Returns:
        The table and the words that stand in it outside of cells; None for a table that only
        lays out text: its cells are to be read as paragraphs, tables inside it by themselves.

    Raises:
        GridTooLargeError: the spans ask for more places than any real form has.

    """
    plain = not styled and not changes_words(element)
    rows = _collect(element, plain=plain)
    if _is_layout(element, rows):
        return None
    lined = _lined(element) if plain else {}
    if len(lined) != sum(len(row) for group in rows.groups for row in group):
        lined = {}  # a cell within another, with no table between
    groups = [[_cells(row, paths, lined) for row in group] for group in rows.groups if group]
    if any(len(text) > PROSE for group in groups for row in group for _, _, text, _ in row):
        return None
    _narrow(groups)
    count, columns, cells = lay_out(groups)
    return Table(count, columns, tuple(cells), path_place(paths.of(element))), rows.strays


def _collect(table: etree._Element, *, plain: bool) -> _Rows:
    """Return the rows of a table; where it is plain, nothing in it is hidden."""
    rows = _Rows()
    heads: list[list[_Row]] = []
    feet: list[list[_Row]] = []
    bodies: list[list[_Row]] = [[]]
    stack: list[_Frame] = [(table, bodies[0], None)]
    pending = [iter(children_of(table))]
    _stray(rows, table.text, table)
    loose: _Row | None = None
    while stack:
        element, group, row = stack[-1]
        child = next(pending[-1], None)
        if child is None:
            stack.pop()
            pending.pop()
            continue
        tag = child.tag
        if child.tail:
            _stray(rows, child.tail, element)
        if tag in _NO_CELLS or (not plain and hidden(child)):
            continue
        if tag in _CELLS:
            if row is None:
                if loose is None:
                    loose = []
                    group.append(loose)
                loose.append(child)
            else:
                row.append(child)
            continue
        if tag in {"caption", "table"}:
            rows.strays.extend(lines(child))
            continue
        loose = None
        if tag in _GROUPS:
            group = []
            (heads if tag == "thead" else feet if tag == "tfoot" else bodies).append(group)
            row = None
        elif tag == "tr":
            row = []
            group.append(row)
        _stray(rows, child.text, child)
        stack.append((child, group, row))
        pending.append(iter(children_of(child)))
    rows.groups = heads + bodies + feet
    return rows


def _stray(rows: _Rows, text: str | None, owner: etree._Element) -> None:
    if text and not text.isspace():
        folded = fold(text)
        if folded:
            rows.strays.append((folded, owner))


def _is_layout(table: etree._Element, rows: _Rows) -> bool:
    """Tell a table that places text on the page from one that holds data.

    A table of one column, or without any cell, has no data of ours. One that holds other tables
    is layout unless it has more filled cells of its own than they have.
    """
    own = [cell for group in rows.groups for row in group for cell in row]
    if all(len(row) <= 1 for group in rows.groups for row in group):
        return True
    if next(table.iterdescendants("table"), None) is None:
        return False
    filled = sum(
        1
        for cell in own
        if next(cell.iterdescendants("table"), None) is None and next(lines(cell), None) is not None
    )
    nested = sum(1 for _ in table.iterdescendants("td", "th")) - len(own)
    return nested >= filled


def _lined(table: etree._Element) -> dict[etree._Element, bool]:
    """Tell for each cell of a plain table whether its words may stand on several lines.

    They can't where the cell holds no block, or is one paragraph.
    """
    lined: dict[etree._Element, bool] = {}
    cell: etree._Element | None = None
    several = False
    for element in table.iterdescendants(*LINE_BREAKS):
        tag = element.tag
        if tag in _CELLS:
            cell = element
            several = False
            lined[cell] = False
        elif tag in _ROW_TAGS and _parent(element).tag in _ROW_PARENTS:
            cell = None
        elif cell is not None and not several and not _is_all_of(element, cell):
            several = lined[cell] = True
    return lined


def _parent(element: etree._Element) -> etree._Element:
    """Return the parent of an element within a table."""
    parent = element.getparent()
    return element if parent is None else parent


def _is_all_of(element: etree._Element, cell: etree._Element) -> bool:
    """Tell whether a block is a child of a cell and nothing stands beside it."""
    if element.tag == "br" or element.getparent() is not cell or len(cell) > 1:
        return False
    before, behind = cell.text, element.tail
    return (not before or before.isspace()) and (not behind or behind.isspace())


def _cells(row: _Row, paths: Paths, lined: dict[etree._Element, bool]) -> list[SpanCell]:
    """Return the cells of a row as written.

    Args:
        row: the elements.
        paths: gives the places.
        lined: cells whose words may stand on several lines; one that is missing may, too.

    """
    if not row:
        return []
    found = []
    for element, place in zip(row, paths.places(_parent(row[0]), row), strict=True):
        if len(element) and lined.get(element, True):
            text = words(element)
        else:
            text = text_of(element) if len(element) else element.text or ""
            if not text.isalnum():  # most are a figure or a word, which folding leaves as it is
                text = fold(text)
        rows, columns = element.get("rowspan"), element.get("colspan")
        found.append(
            (
                1 if rows is None else _span(rows, _MAX_ROW_SPAN, zero=_MAX_ROW_SPAN),
                1 if columns is None else _span(columns, _MAX_COLUMN_SPAN, zero=1),
                text,
                place,
            )
        )
    return found


def _span(written: str, most: int, *, zero: int) -> int:
    """Return a span attribute as browsers read it: leading digits, 0 special, limited."""
    digits = _DIGITS.match(written)
    if digits is None:
        return 1
    value = int(digits[1][:6])
    return zero if value == 0 else min(value, most)


def _narrow(groups: list[list[list[SpanCell]]]) -> None:
    """Cut column spans that mean "all the rest" to the columns that the table really has."""
    usual, wide = [1], []
    for group in groups:
        for row in group:
            spans = [columns for _, columns, _, _ in row]
            if spans and max(spans) > _WIDE:
                wide.append(row)
            else:
                usual.append(sum(spans))
    for row in wide:
        most = max(usual)
        row[:] = [(rows, min(columns, most), text, place) for rows, columns, text, place in row]
