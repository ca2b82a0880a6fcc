"""Drawn: tables and lines as a reader found them, for originals that have no pages.

Archived web pages and Word files are not opened in a browser or an office program: they come from
strangers, and a picture of them must not depend on a network or on fonts that they name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw

from pipeline.evidence import ink
from pipeline.evidence.font import load_font
from pipeline.evidence.window import Rows, Window
from pipeline.read.document import Cell

WIDTH = 1180
"""Width of a drawn table in pixels, that of an A4 page at 144 dpi."""

_SIZE = 21
_LEADING = 29
_PAD = 8
_NARROWEST, _MODEST, _WIDEST = 2.0 * _SIZE, 4.0 * _SIZE + 2 * _PAD, 18.0 * _SIZE
_HANZI = re.compile(r"[\u3400-\u9fff]")
_MOST_LINES = 60  # of a cell
_MOST_STRETCH = 1.6
_MOST_COLUMNS = 24
_MOST_SIGNS = 300
_MOST_SIGNS_MARKED = 3000


@dataclass(frozen=True, slots=True)
class DrawnCell:
    """A cell as it stands in the picture.

    Args:
        cell: what the reader found.
        box: left, top, right, bottom in pixels from the upper left corner of its rows.
        lines: its words as they are set.

    """

    cell: Cell
    box: ink.Edges
    lines: tuple[str, ...]


@dataclass(slots=True)
class _Columns:
    """The columns that are drawn: those where a cell that is shown begins."""

    edges: dict[int, int] = field(default_factory=dict)
    total: int = 0

    def span(self, cell: Cell) -> tuple[int, int] | None:
        """Return left and right edge of a cell; None for one outside of what is drawn."""
        end = cell.column + cell.column_span
        inside = [column for column in self.edges if cell.column <= column < end]
        if not inside:
            return None
        later = [edge for column, edge in self.edges.items() if column >= end]
        return self.edges[inside[0]], min(later, default=self.total)


def lay_out(window: Window, font_file: Path) -> list[list[DrawnCell]]:
    """Return where each cell of a window is drawn, and with what words.

    Args:
        window: what is shown.
        font_file: the font it is set in.

    Returns:
        The cells of each range of rows; each range begins at 0.

    """
    columns = _columns(window, font_file)
    return [_lay_out_rows(rows, window.cell, columns, font_file) for rows in window.rows]


def draw_window(window: Window, font_file: Path) -> Image.Image:
    """Draw the rows of a window with their grid, its cell marked.

    Args:
        window: what is shown.
        font_file: the font it is set in.

    """
    font = load_font(font_file, _SIZE)
    strips: list[Image.Image] = []
    for drawn in lay_out(window, font_file):
        if strips:
            strips.append(ink.gap(strips[0].width, "⋯ 中间各行从略 ⋯", font))
        margin = 12
        right = max((cell.box[2] for cell in drawn), default=WIDTH)
        bottom = max((cell.box[3] for cell in drawn), default=0)
        strip = Image.new("RGB", (right + 2 * margin, bottom + 2 * margin), ink.PAPER)
        pen = ImageDraw.Draw(strip)
        for item in drawn:
            left, top, right, bottom = (edge + margin for edge in item.box)
            pen.rectangle((left, top, right, bottom), outline=ink.GREY)
            y = top + (bottom - top - len(item.lines) * _LEADING) / 2
            for line in item.lines:
                x = left + (right - left - font.getlength(line)) / 2
                pen.text((x, y), line, font=font, fill=ink.BLACK)
                y += _LEADING
        for item in drawn:
            if item.cell is window.cell:
                left, top, right, bottom = (edge + margin for edge in item.box)
                inset = ink.MARK_WIDTH
                ink.mark(strip, (left + inset, top + inset, right - inset + 1, bottom - inset + 1))
        strips.append(strip)
    return ink.stack(strips)


def _shown(cell: Cell, rows: Rows) -> bool:
    return cell.row < rows.last and cell.row + cell.row_span > rows.first


def _words(cell: Cell, marked: Cell) -> str:
    """Return what a cell says, cut where it is too long; heads set one character a line join."""
    if cell is marked:
        return _cut_short(cell.text, _MOST_SIGNS_MARKED)
    lines = cell.text.split("\n")
    vertical = len(lines) > 2 and max(map(len, lines)) <= 2 and len(_HANZI.findall(cell.text)) > 2
    return _cut_short("".join(lines) if vertical else cell.text, _MOST_SIGNS)


def _cut_short(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"


def _columns(window: Window, font_file: Path) -> _Columns:
    """Give the columns their widths: what their words ask for, narrowed to the picture's."""
    font = load_font(font_file, _SIZE)
    shown = [cell for rows in window.rows for cell in rows.table.cells if _shown(cell, rows)]
    begins = sorted({cell.column for cell in shown})
    if len(begins) > _MOST_COLUMNS:
        # No form is so wide: the columns of the row's labels, and those around the cell.
        at = begins.index(window.cell.column)
        begins = sorted({*begins[:4], *begins[max(0, at - 9) : at + 10]})
    wanted, needed = dict.fromkeys(begins, _NARROWEST), dict.fromkeys(begins, _MODEST)
    for cell in shown:
        inside = [c for c in begins if cell.column <= c < cell.column + cell.column_span]
        if len(inside) == 1:
            words = _words(cell, window.cell)
            longest = max(ink.length(line[:60], font) for line in words.split("\n"))
            figures = [ink.length(figure, font) for figure in ink.FIGURE.findall(words)]
            for given, width in ((wanted, longest), (needed, max(figures, default=0.0))):
                given[inside[0]] = max(given[inside[0]], min(width + 2 * _PAD + 2, _WIDEST))
    _fit(wanted, needed)
    columns = _Columns()
    for column, width in wanted.items():
        columns.edges[column] = columns.total
        columns.total += round(width)
    return columns


def _fit(wanted: dict[int, float], needed: dict[int, float]) -> None:
    """Give the columns the width of the picture: what goes beyond their needs gives way."""
    total = sum(wanted.values())
    if total <= WIDTH:
        for column in wanted:
            wanted[column] *= min(WIDTH / total, _MOST_STRETCH)
        return
    modest = {column: min(width, needed[column]) for column, width in wanted.items()}
    least = sum(modest.values())
    share = max(WIDTH - least, 0.0) / max(total - least, 1.0)
    squeeze = min(WIDTH / least, 1.0)
    for column, width in wanted.items():
        wanted[column] = modest[column] * squeeze + (width - modest[column]) * share


def _lay_out_rows(rows: Rows, marked: Cell, columns: _Columns, font_file: Path) -> list[DrawnCell]:
    font = load_font(font_file, _SIZE)
    heights = [_LEADING + 2 * _PAD] * (rows.last - rows.first)
    placed: list[tuple[Cell, int, int, tuple[int, int], list[str]]] = []
    for cell in rows.table.cells:
        edges = columns.span(cell)
        if edges is None or not _shown(cell, rows):
            continue
        lines = ink.wrap(_words(cell, marked), font, edges[1] - edges[0] - 2 * _PAD)
        if len(lines) > _MOST_LINES:
            lines = [*lines[:_MOST_LINES], "…"]
        first = max(cell.row, rows.first) - rows.first
        last = min(cell.row + cell.row_span, rows.last) - rows.first
        placed.append((cell, first, last, edges, lines))
    # The cells of few rows first: what they need may do for those beside them.
    for _, first, last, _, lines in sorted(placed, key=lambda item: item[2] - item[1]):
        missing = len(lines) * _LEADING + 2 * _PAD - sum(heights[first:last])
        if missing > 0:
            heights[last - 1] += missing
    tops = [sum(heights[:number]) for number in range(len(heights) + 1)]
    return [
        DrawnCell(cell, (edges[0], tops[first], edges[1], tops[last]), tuple(lines))
        for cell, first, last, edges, lines in placed
    ]


def draw_lines(
    lines: Sequence[tuple[str, str]], marked: range, font_file: Path, first: int = 0
) -> Image.Image:
    """Draw lines of words with what stands in the margin, some of them marked.

    Args:
        lines: margin and words of each; white space as it stands.
        marked: indexes of the lines to mark.
        font_file: the font they are set in.
        first: index of a line above that begins another strip, 0 for none.

    """
    font = load_font(font_file, _SIZE)
    indent = 90
    strips: list[Image.Image] = []
    for number, (margin, text) in enumerate(lines):
        if first and number == first:
            strips.append(ink.gap(WIDTH, "⋯ 中间各行从略 ⋯", font))
        most = _MOST_SIGNS_MARKED if number in marked else _MOST_SIGNS
        words = text.expandtabs(4)
        words = _cut_short(words, most)
        wrapped = ink.wrap(words, font, WIDTH - indent - 2 * _PAD)
        strip = Image.new("RGB", (WIDTH, len(wrapped) * _LEADING + 2 * _PAD), ink.PAPER)
        pen = ImageDraw.Draw(strip)
        pen.text((indent - 2 * _PAD, _PAD), margin, font=font, fill=ink.GREY, anchor="ra")
        for row, line in enumerate(wrapped):
            pen.text((indent, _PAD + row * _LEADING), line, font=font, fill=ink.BLACK)
        if number in marked:
            inset = ink.MARK_WIDTH
            ink.mark(strip, (indent - _PAD + inset, inset, WIDTH - inset, strip.height - inset))
        strips.append(strip)
    return ink.stack(strips)
