"""A scanned page becomes tables and printed lines, read twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.finding import Finding
from pipeline.read.document import Cell, Table, page_place
from pipeline.read.grid import SNAP, Grid, GridLimitError, Rule, build_grids
from pipeline.read.ocr_cells import UNFRAMED, CellText, CleanPage, read_again, read_cells
from pipeline.read.ocr_image import PageImage, ScanFrame, Sheet, cut_out, line_boxes, straighten
from pipeline.read.ocr_ink import ink_of, soften
from pipeline.read.ocr_models import Reading, read_line
from pipeline.read.ocr_rules import find_rules
from pipeline.read.pdf_page import UNMAPPED
from pipeline.read.pdf_text import WIDE, Line, unite

if TYPE_CHECKING:
    from pipeline.read.ocr_image import Pixels

PixelBox = tuple[int, int, int, int]

_LEGIBLE = 0.5  # mean certainty of a line; seals and pictures are read with less
_DOUBTFUL = 0.8
_FLATTEST, _HIGHEST = 0.6, 1.15  # times as high as wide: a hanzi whose parts lie apart
_WORD_GAP = 2.0  # heights of the line; a wider gap parts columns


@dataclass(slots=True)
class ScannedPage:
    """What stands on a scanned page.

    Args:
        number: 1-based page number.
        frame: the way back to what a viewer shows.
        lines: printed lines outside of tables, from top to bottom.
        tables: y of the upper border, and the table as read first and as read second.
        findings: what could not be read.
        drawn: whether the picture shows the text layer too.

    """

    number: int
    frame: ScanFrame
    lines: list[Line] = field(default_factory=list)
    tables: list[tuple[float, Table, Table]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    drawn: bool = False


def read_pages(images: Iterable[PageImage]) -> list[ScannedPage]:
    """Read pages: tables cell by cell along their rules, the rest line by line.

    Args:
        images: of one document, taken one by one.

    """
    pages: list[ScannedPage] = []
    read: list[list[tuple[Grid, list[CellText]]]] = []
    for image in images:
        page, tables = _read_once(straighten(image))
        pages.append(page)
        read.append(tables)
    read_again([cell for tables in read for _, cells in tables for cell in cells])
    for page, tables in zip(pages, read, strict=True):
        page.tables = [(grid.ys[0], *_tables(page, grid, cells)) for grid, cells in tables]
    return pages


def _read_once(sheet: Sheet) -> tuple[ScannedPage, list[tuple[Grid, list[CellText]]]]:
    page = ScannedPage(sheet.number, sheet.frame)
    rules = find_rules(sheet)
    clean = sheet.grey.copy()
    clean[rules.mask > 0] = 255
    soft = soften(clean, sheet.scale)
    ink = ink_of(soft)
    try:
        grids = build_grids(rules.horizontals, rules.verticals)
    except GridLimitError as error:
        grids = []
        message = f"第{page.number}页线条过多（{error}），未按表格读取，文字按行保留。"
        place = f"page={page.number}"
        page.findings.append(Finding("W-OCR-RULES", "warning", message, place=place))
    read = []
    for grid in grids:  # the innermost first: what it takes is not there for the table around it
        inner = _with_text(grid, ink, sheet.scale)
        left, top, right, bottom = (round(edge * sheet.scale) for edge in inner.box)
        if len(inner.spans) < 2 or not ink[top:bottom, left:right].any():
            continue
        cells = read_cells(sheet, inner, CleanPage(clean, soft, ink, sheet.scale))
        _doubt_unframed(inner, cells, rules.verticals)
        read.append((inner, cells))
        clean[top:bottom, left:right] = soft[top:bottom, left:right] = 255
        ink[top:bottom, left:right] = 0
    page.lines = _lines(clean, sheet, page.findings)
    return page, read


def _doubt_unframed(grid: Grid, cells: list[CellText], verticals: list[Rule]) -> None:
    """Doubt blank cells at the side of a table that lack the border which the others have.

    A row may have been printed with one cell too few; then nothing is blank there.
    """
    for column, side in ((0, "left"), (grid.columns, "right")):
        if side in grid.opened:
            continue
        borders = [rule for rule in verticals if abs(rule.at - grid.xs[column]) <= SNAP]
        for span, cell in zip(grid.spans, cells, strict=True):
            at_side = column in {span.column, span.column + span.column_span}
            _, top, _, bottom = grid.cell_box(span)
            middle = (top + bottom) / 2
            if at_side and not cell.text and not any(r.start < middle < r.end for r in borders):
                cell.settle(UNMAPPED, UNFRAMED)


def _with_text(grid: Grid, ink: Pixels, scale: float) -> Grid:
    """Return a grid less the outer rows and columns that have no border and nothing in them."""
    for side in grid.opened:
        left, top, right, bottom = (round(edge * scale) for edge in grid.box)
        if side == "left":
            right = round(grid.xs[1] * scale)
        elif side == "right":
            left = round(grid.xs[-2] * scale)
        elif side == "top":
            bottom = round(grid.ys[1] * scale)
        else:
            top = round(grid.ys[-2] * scale)
        if grid.rows > 1 and grid.columns > 1 and not ink[top:bottom, left:right].any():
            return _with_text(grid.without(side), ink, scale)
    return grid


def _tables(page: ScannedPage, grid: Grid, cells: list[CellText]) -> tuple[Table, Table]:
    """Return a table as read first and as read second."""
    place = page_place(page.number, page.frame.displayed(grid.box))
    found = []
    for second in (False, True):
        read = tuple(
            Cell(
                *span,
                cell.second if second else cell.text,
                page_place(page.number, page.frame.displayed(cell.box)),
                cell.doubt,
            )
            for span, cell in zip(grid.spans, cells, strict=True)
        )
        found.append(Table(grid.rows, grid.columns, read, place, edges=tuple(grid.xs)))
    return found[0], found[1]


def _lines(rest: Pixels, sheet: Sheet, findings: list[Finding]) -> list[Line]:
    """Read what stands outside of tables, and name what can't be read."""
    lines = []
    unread = 0
    for row in _rows(line_boxes(rest, sheet.scale)):
        pieces: list[tuple[PixelBox, Reading]] = []
        for box in _words(row):
            reading = read_line(cut_out(rest, box))
            if reading.mean >= _LEGIBLE:
                pieces.append((box, reading))
                unread += reading.mean < _DOUBTFUL
            elif box[2] - box[0] > 6 * sheet.scale:
                unread += 1
        if pieces:
            lines.append(_line(pieces, sheet.scale))
    if unread:
        message = f"第{sheet.number}页表格以外有{unread}处文字识别的把握不够，请对照原件核实。"
        findings.append(Finding("I-OCR-TEXT", "info", message, place=f"page={sheet.number}"))
    return lines


def _line(pieces: list[tuple[PixelBox, Reading]], scale: float) -> Line:
    boxes = [box for box, _ in pieces]
    em = max(bottom - top for _, top, _, bottom in boxes)
    gaps = sum(after[0] - before[2] > WIDE * em for before, after in pairwise(boxes))
    left, top, right, bottom = unite(boxes)
    box = (left / scale, top / scale, right / scale, bottom / scale)
    return Line(" ".join(reading.text for _, reading in pieces), box, em / scale, gaps)


def _rows(boxes: list[PixelBox]) -> list[list[PixelBox]]:
    """Sort pieces that stand beside each other to rows, from top to bottom."""
    rows: list[list[PixelBox]] = []
    for box in sorted(boxes, key=lambda box: box[1] + box[3]):
        middle = (box[1] + box[3]) / 2
        for row in rows[-2:]:
            top, bottom = min(b[1] for b in row), max(b[3] for b in row)
            beside = top < middle < bottom or box[1] < (top + bottom) / 2 < box[3]
            if beside or (len(row) == 1 and _one_character(row[0], box)):
                _insert(row, box)
                break
        else:
            rows.append([box])
    return rows


def _one_character(upper: PixelBox, lower: PixelBox) -> bool:
    """Tell whether two pieces above each other are parts of a hanzi that stands alone, as in 告."""
    left, top, right, bottom = _around(upper, lower)
    across = min(upper[2], lower[2]) - max(upper[0], lower[0])
    width, height = right - left, bottom - top
    return _FLATTEST * width <= height <= _HIGHEST * width and across >= 0.5 * width


def _words(row: list[PixelBox]) -> list[PixelBox]:
    """Join the pieces of a row that stand close to each other."""
    height = max(bottom - top for _, top, _, bottom in row)
    joined: list[PixelBox] = []
    for box in sorted(row):
        if joined and box[0] - joined[-1][2] < _WORD_GAP * height:
            joined[-1] = _around(joined[-1], box)
        else:
            joined.append(box)
    return joined


def _around(one: PixelBox, other: PixelBox) -> PixelBox:
    left, top = min(one[0], other[0]), min(one[1], other[1])
    return left, top, max(one[2], other[2]), max(one[3], other[3])


def _insert(row: list[PixelBox], box: PixelBox) -> None:
    """Add a piece to its row; parts of one character, which overlap across, become one piece."""
    for other in [o for o in row if o[0] < box[2] and o[2] > box[0]]:
        row.remove(other)
        box = _around(box, other)
    row.append(box)
