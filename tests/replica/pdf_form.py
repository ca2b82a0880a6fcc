"""The PDF form: ruled tables that break over pages, embedded fonts, equal bytes every time."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from tests.replica.fontfile import character_width, fonts, runs
from tests.replica.grids import Grid, Slot, grids

if TYPE_CHECKING:
    from tests.replica.data import ReportData

WIDTH, HEIGHT = A4
MARGIN = 72.0
TEXT_WIDTH: float = WIDTH - 2 * MARGIN
PADDING = 3.0


@dataclass(frozen=True, slots=True)
class PdfStyle:
    """What differs between PDFs of one report.

    Args:
        repeat_head: print the head rows of a table again on a new page.
        narrow: value columns one character wide, as some townships print them.
        numbered: page numbers at the foot.
        lead: points left free above the title; moves every page break.
    """

    repeat_head: bool = False
    narrow: bool = False
    numbered: bool = True
    lead: float = 0.0


CLOSING = "，。、；：）》”！？"


def wrap(text: str, size: float, width: float, *, hang: bool = False) -> list[str]:
    """Break a text into lines; words of Latin letters and digits stay whole where they fit.

    With ``hang`` a closing mark stays on its line even if it juts into the margin.
    """
    lines, line, used = [], "", 0.0
    for token in re.findall(r"[0-9A-Za-z.@:/%_-]+|.", text):
        needed = sum(map(character_width, token)) * size
        pieces = [token] if needed <= width else list(token)
        for piece in pieces:
            advance = sum(map(character_width, piece)) * size
            if line and used + advance > width and not (hang and piece in CLOSING):
                lines.append(line)
                line, used = "", 0.0
            line += piece
            used += advance
    return [*lines, line] if line else lines


class PdfWriter:
    """A page cursor that sets lines and tables from the top down."""

    def __init__(self, style: PdfStyle, title: str) -> None:
        """Begin the first page."""
        for font in fonts():
            pdfmetrics.registerFont(font)
        self._buffer = io.BytesIO()
        self._canvas = Canvas(self._buffer, pagesize=A4, invariant=1)
        self._canvas.setTitle(title)
        self._canvas.setLineWidth(0.6)
        self._style = style
        self._page = 1
        self._y = HEIGHT - MARGIN - style.lead

    def finish(self) -> bytes:
        """Close the last page and return the file."""
        self._end_page()
        self._canvas.save()
        return self._buffer.getvalue()

    def _end_page(self) -> None:
        if self._style.numbered:
            text = f"— {self._page} —"
            self._line(text, WIDTH / 2 - self._width(text, 10) / 2, MARGIN / 2, 10)
        self._canvas.showPage()
        self._canvas.setLineWidth(0.6)
        self._page += 1
        self._y = HEIGHT - MARGIN

    @staticmethod
    def _width(text: str, size: float) -> float:
        return sum(map(character_width, text)) * size

    def _line(self, text: str, x: float, y: float, size: float) -> None:
        written = self._canvas.beginText(x, y)
        for font, run in runs(text):
            written.setFont(font.fontName, size)
            written.textOut(run)
        self._canvas.drawText(written)

    def paragraph(
        self,
        text: str,
        *,
        size: float = 14,
        align: str = "left",
        indent: bool = True,
    ) -> None:
        """Set a paragraph: left with two characters' indent, centred, or right."""
        leading = size * 1.7
        shown = f"　　{text}" if indent and align == "left" else text
        for line in wrap(shown, size, TEXT_WIDTH, hang=True):
            if self._y - leading < MARGIN:
                self._end_page()
            self._y -= leading
            free = TEXT_WIDTH - self._width(line, size)
            x = MARGIN + {"left": 0.0, "center": free / 2, "right": free}[align]
            self._line(line, x, self._y, size)

    def table(self, grid: Grid) -> None:
        """Set a table; rows that no longer fit go to the next page."""
        layout = _Layout(grid, narrow=self._style.narrow)
        self._y -= 8
        first = 0
        head = layout.height(0, grid.head_rows)
        while first < grid.row_count:
            repeated = first > 0 and self._style.repeat_head and grid.head_rows > 0
            room = self._y - MARGIN - (head if repeated else 0.0)
            last = layout.fitting(first, room)
            if last == first or (first == 0 and last <= grid.head_rows):
                self._end_page()
                continue
            if repeated:
                self._segment(layout, 0, grid.head_rows)
            self._segment(layout, first, last)
            first = last
            if first < grid.row_count:
                self._end_page()
        self._y -= 8

    def _segment(self, layout: _Layout, first: int, last: int) -> None:
        """Draw rows first..last-1; cells that span the page break are cut, their text goes on."""
        for slot in layout.grid.slots:
            top_row, end_row = max(slot.row, first), min(slot.row + slot.rows, last)
            if top_row >= end_row:
                continue
            top = self._y - layout.height(first, top_row)
            height = layout.height(top_row, end_row)
            x = MARGIN + layout.x(slot.column)
            width = layout.x(slot.column + slot.columns) - layout.x(slot.column)
            self._canvas.rect(x, top - height, width, height)
            lines = layout.take_lines(slot, height, ends=end_row == slot.row + slot.rows)
            y = top - (height - len(lines) * layout.leading) / 2
            for line in lines:
                y -= layout.leading
                free = width - self._width(line, layout.size)
                self._line(line, x + free / 2, y + layout.leading * 0.25, layout.size)
        self._y -= layout.height(first, last)


class _Layout:
    """Column places, row heights and wrapped lines of one table."""

    def __init__(self, grid: Grid, *, narrow: bool) -> None:
        self.grid = grid
        self.size = 9.0
        self.leading = 12.5
        widths = list(grid.widths)
        if narrow and grid.name == "t3":
            widths = [1.2, 1.2, 4.6, *[0.55] * 7]
        unit = TEXT_WIDTH / sum(widths)
        self._edges: list[float] = [
            sum(widths[:column]) * unit for column in range(len(widths) + 1)
        ]
        self._lines: dict[Slot, list[str]] = {}
        self._taken: dict[Slot, int] = {}
        for slot in grid.slots:
            width = self._edges[slot.column + slot.columns] - self._edges[slot.column]
            self._lines[slot] = wrap(slot.text, self.size, width - 2 * PADDING)
        self._heights = self._row_heights()

    def _row_heights(self) -> list[float]:
        heights = [self.leading + 2 * PADDING] * self.grid.row_count
        for slot in sorted(self.grid.slots, key=lambda s: s.rows):
            needed = len(self._lines[slot]) * self.leading + 2 * PADDING
            missing = needed - sum(heights[slot.row : slot.row + slot.rows])
            if missing > 0:
                heights[slot.row + slot.rows - 1] += missing
        return heights

    def x(self, column: int) -> float:
        """Return the left edge of a column, in points from the table's left edge."""
        return self._edges[column]

    def height(self, first: int, last: int) -> float:
        """Return the height of rows first..last-1 in points."""
        return math.fsum(self._heights[first:last])

    def fitting(self, first: int, room: float) -> int:
        """Return the row after the last one that fits into ``room`` points."""
        last = first
        while last < self.grid.row_count and self.height(first, last + 1) <= room:
            last += 1
        return last

    def take_lines(self, slot: Slot, height: float, *, ends: bool) -> list[str]:
        """Return the lines of a cell for its next piece; the last piece takes all that is left."""
        lines = self._lines[slot]
        begin = self._taken.get(slot, 0)
        if ends:
            self._taken[slot] = 0
            return lines[begin:]
        room = max(int((height - 2 * PADDING) / self.leading), 0)
        self._taken[slot] = min(begin + room, len(lines))
        return lines[begin : self._taken[slot]]


def render_pdf(report: ReportData, style: PdfStyle | None = None) -> bytes:
    """Write a report as PDF; the same bytes every time."""
    writer = PdfWriter(style or PdfStyle(), report.title)
    for line in report.title_lines:
        writer.paragraph(line, size=18, align="center")
    writer.paragraph("　")
    for text in report.intro:
        writer.paragraph(text)
    tables = dict(zip((2, 3, 4), grids(report), strict=True)) if report.cells else {}
    for part in report.sections:
        writer.paragraph(part.heading, size=15)
        for text in part.paragraphs:
            writer.paragraph(text)
        if part.ordinal in tables:
            writer.table(tables[part.ordinal])
    for line in report.signoff_lines:
        writer.paragraph(line, align="right")
    return writer.finish()


def notice_pdf(title: str, texts: list[str]) -> bytes:
    """Write a PDF of plain paragraphs."""
    writer = PdfWriter(PdfStyle(), title)
    writer.paragraph(title, size=18, align="center")
    for text in texts:
        writer.paragraph(text)
    return writer.finish()
