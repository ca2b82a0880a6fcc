"""Tree: what the readers of markup (HTML, DOCX) share: paths, folding, grids, nested tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from lxml import etree

from pipeline.read.document import Cell, path_place

# A grid beyond this is no form but an attack or a broken page; the real ones have 400 places.
MAX_GRID_AREA = 1_000_000
# The longest label of the form has 40 characters; a cell of this length holds an article.
PROSE = 1500
# Noncharacters that no text holds: around what is raised or lowered, until its line is complete.
RAISED, LEVEL = "\ufdd0", "\ufdd1"
_RAISED_PIECE = re.compile(f"{RAISED}+([^{RAISED}{LEVEL}]*){LEVEL}*")
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]+")


def fold(text: str) -> str:
    """Return text with white space folded to single spaces, trimmed, invisible characters off."""
    folded = " ".join(text.split())
    # What is invisible is never printable, which is told much faster.
    return folded if folded.isprintable() else _INVISIBLE.sub("", folded).strip()


def notes_apart(line: str) -> str:
    """Put raised and lowered figures of a line in brackets, so that no figure beside them grows.

    Args:
        line: characters between RAISED and LEVEL stand above or below the line.

    """
    if RAISED not in line and LEVEL not in line:
        return line
    joined = line.replace(LEVEL + RAISED, "")
    return _RAISED_PIECE.sub(_bracketed, joined).replace(LEVEL, "")


def _bracketed(piece: re.Match[str]) -> str:
    mark = piece[1].strip().strip("[]()（）【】〔〕［］")
    return f"({mark})" if any(sign.isdecimal() for sign in mark) else piece[1]


def children_of(parent: etree._Element) -> list[etree._Element]:
    """Return the child elements, as ``iterchildren(etree.Element)`` does at thrice the cost."""
    return [child for child in parent if isinstance(child.tag, str)]


def text_of(element: etree._Element) -> str:
    """Return all characters of an element, as they stand."""
    return etree.tostring(element, method="text", encoding="unicode", with_tail=False)


def out_of_memory(parser: etree.XMLParser | etree.HTMLParser) -> bool:
    """Tell whether a parser stopped for want of memory, which lxml passes off as a syntax error."""
    return any(entry.type == etree.ErrorTypes.ERR_NO_MEMORY for entry in parser.error_log)


class Paths:
    """XPaths of elements of one tree, built from the parents' so that each step costs once.

    Args:
        name: gives the node test for an element's tag, or "*" where the tag can't be written
            in an XPath.

    """

    def __init__(self, name: Callable[[str], str]) -> None:
        """Start without any path known."""
        self._name = name
        self._paths: dict[etree._Element, str] = {}

    def of(self, element: etree._Element) -> str:
        """Return the XPath of an element from the root."""
        path = self._paths.get(element)
        if path is not None:
            return path
        unknown = [element]
        while (parent := unknown[-1].getparent()) is not None and parent not in self._paths:
            unknown.append(parent)
        if parent is None:
            root = unknown.pop()
            self._paths[root] = "/" + self._name(root.tag)
            parent = root
        self._add_children(parent)
        while unknown:
            self._add_children(unknown.pop())
        return self._paths[element]

    def places(self, parent: etree._Element, children: list[etree._Element]) -> list[str]:
        """Return the places of elements of one parent, all of its children or some.

        Args:
            parent: the parent.
            children: elements of it, in their order.

        """
        tag = children[0].tag if len(children) > 1 else ""
        test = self._name(tag)
        # All of their kind, as the cells of a row mostly are.
        if test != "*" and [child for child in parent if child.tag == tag] == children:
            step = path_place(f"{self.of(parent)}/{test}[")
            return [f"{step}{number}]" for number in range(1, len(children) + 1)]
        return [path_place(self.of(child)) for child in children]

    def _add_children(self, parent: etree._Element) -> None:
        base = self._paths[parent] + "/"
        alike: dict[str, list[etree._Element]] = {}
        elements = children_of(parent)
        tags = [element.tag for element in elements]
        if len(elements) > 1 and tags.count(tags[0]) == len(tags):  # a row of cells
            step = base + self._name(tags[0])
            for number, child in enumerate(elements, 1):
                self._paths[child] = f"{step}[{number}]"
            return
        for number, (child, tag) in enumerate(zip(elements, tags, strict=True), 1):
            test = self._name(tag)
            if test == "*":
                self._paths[child] = f"{base}*[{number}]"
            else:
                alike.setdefault(test, []).append(child)
        for test, children in alike.items():
            if len(children) == 1:
                self._paths[children[0]] = base + test
                continue
            for number, child in enumerate(children, 1):
                self._paths[child] = f"{base}{test}[{number}]"


SpanCell = tuple[int, int, str, str]
"""A cell as written: rows and columns it asks for, each at least 1; its words and its place."""


class GridTooLargeError(ValueError):
    """The spans of a table ask for more places than any real form has."""


def lay_out(groups: Iterable[list[list[SpanCell]]]) -> tuple[int, int, list[Cell]]:
    """Give every cell its place in the grid, as browsers do.

    A cell goes to the first free column of its row; a span ends with its group of rows; where
    two spans would overlap the later one gives way.

    Args:
        groups: row groups, each a list of rows, each a list of cells as written.

    Returns:
        Number of rows, number of columns, cells in the order of rows, then columns.

    Raises:
        GridTooLargeError: more than ``MAX_GRID_AREA`` places.

    Source: HTML Living Standard 4.9.12.1, forming a table.

    """
    cells: list[Cell] = []
    columns = top = 0
    for group in groups:
        # For each column the row up to which a cell from above covers it.
        taken: list[int] = []
        bottom = top + len(group)
        for number, row in enumerate(group, top):
            x = 0
            width = len(taken)
            next_row = number + 1
            for row_span, column_span, text, place in row:
                while x < width and taken[x] > number:
                    x += 1
                end = x + 1
                if column_span > 1:
                    while end < x + column_span and not (end < width and taken[end] > number):
                        end += 1
                below = next_row if row_span == 1 else min(number + row_span, bottom)
                if width < end:
                    taken.extend([0] * (end - width))
                    width = end
                    if end * next_row > MAX_GRID_AREA:
                        raise GridTooLargeError
                if end == x + 1:
                    taken[x] = below
                else:
                    taken[x:end] = [below] * (end - x)
                cells.append(Cell(number, x, below - number, end - x, text, place))
                x += column_span
        columns = max(columns, len(taken))
        top = bottom
    if columns * top > MAX_GRID_AREA:
        raise GridTooLargeError
    return top, columns, cells
