"""PDF with ruled and partly ruled tables on pages of several sizes."""

from __future__ import annotations

import io
import random

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from tests.mutants.elsewhere import OVERFLOW
from tests.mutants.model import Draft, Sheet
from tests.replica.fontfile import character_width, fonts, runs
from tests.replica.pdf_form import wrap

_SIZES = {"a4": (595.0, 842.0), "a4-landscape": (842.0, 595.0), "16k": (524.0, 737.0)}
_PAD = 2.5


class PdfPages:
    """A cursor that sets lines and tables from the top down; draws its style first."""

    def __init__(self, rng: random.Random, *, overflow: bool = False) -> None:
        self.rng = rng
        self.overflow = overflow
        self.page_name = rng.choice(("a4", "a4", "a4", "a4-landscape", "16k"))
        self.width, self.height = _SIZES[self.page_name]
        self.margin = rng.choice((48.0, 60.0, 72.0))
        self.size = rng.choice((6.5, 7.5, 9.0, 10.0))
        self.borders = rng.choice(("full", "full", "full", "no-sides"))
        self.cut_rows = rng.random() < 0.5
        self.numbered = rng.random() < 0.7
        self.rule = rng.choice((0.25, 0.5, 1.0))
        self.leading = self.size * 1.35
        for font in fonts():
            pdfmetrics.registerFont(font)
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=(self.width, self.height), invariant=1)
        self.page = 1
        self.y = self.height - self.margin - rng.uniform(0, 150)
        self.canvas.setLineWidth(self.rule)

    def finish(self) -> bytes:
        self._turn()
        self.canvas.save()
        return self.buffer.getvalue()

    def _turn(self) -> None:
        if self.numbered:
            self._line(f"- {self.page} -", self.width / 2 - 12, self.margin / 2, 9)
        self.canvas.showPage()
        self.canvas.setLineWidth(self.rule)
        self.page += 1
        self.y = self.height - self.margin

    def _line(self, text: str, x: float, y: float, size: float) -> None:
        written = self.canvas.beginText(x, y)
        for font, run in runs(text):
            written.setFont(font.fontName, size)
            written.textOut(run)
        self.canvas.drawText(written)

    def paragraph(self, text: str) -> None:
        for line in wrap("　　" + text, 12, self.width - 2 * self.margin, hang=True):
            if self.y - 20 < self.margin:
                self._turn()
            self.y -= 20
            self._line(line, self.margin, self.y, 12)

    def table(self, sheet: Sheet) -> None:
        unit = (self.width - 2 * self.margin) / sum(sheet.widths)
        xs = [self.margin + sum(sheet.widths[:n]) * unit for n in range(len(sheet.widths) + 1)]
        lines = {
            (s.row, s.column): [
                line
                for part in s.text.split("\n")
                for line in self._wrapped(part, xs[s.column + s.columns] - xs[s.column])
            ]
            for s in sheet.slots
        }
        heights = self._heights(sheet, lines)
        row = 0
        offset = 0.0
        self.y -= 6
        if self.y - heights[0] < self.margin:
            self._turn()
        while row < sheet.rows:
            room = self.y - self.margin
            end, used = row, -offset
            while end < sheet.rows and used + heights[end] <= room:
                used += heights[end]
                end += 1
            part = 0.0
            if end < sheet.rows and self.cut_rows and sheet.rows > 8 and heights[end] > 30:
                # Word lets a row break over the page between two lines of a cell.
                lines_fit = int((room - used - 2 * _PAD) / self.leading)
                part = lines_fit * self.leading + _PAD if lines_fit > 0 else 0.0
                if part >= heights[end] - self.leading:
                    part = 0.0
            self._segment(sheet, lines, heights, xs, between=((row, offset), (end, part)))
            self.y -= used + part
            row, offset = end, part
            if row < sheet.rows:
                self._turn()
        self.y -= 6

    def _wrapped(self, words: str, width: float) -> list[str]:
        whole = self.overflow and words.isdecimal()
        return [words] if whole else wrap(words, self.size, width - 2 * _PAD)

    def _heights(self, sheet: Sheet, lines: dict[tuple[int, int], list[str]]) -> list[float]:
        heights = [self.leading + 2 * _PAD] * sheet.rows
        for s in sorted(sheet.slots, key=lambda s: s.rows):
            needed = len(lines[(s.row, s.column)]) * self.leading + 2 * _PAD
            missing = needed - sum(heights[s.row : s.row + s.rows])
            if missing > 0:
                heights[s.row + s.rows - 1] += missing
        return heights

    def _segment(self, sheet, lines, heights, xs, *, between) -> None:
        """Draw what is between two cuts, each (row, points of that row above it)."""
        start, stop = between
        tops = [0.0]
        for height in heights:
            tops.append(tops[-1] + height)
        first = tops[start[0]] + start[1]
        last = tops[stop[0]] + stop[1] if stop[0] < sheet.rows else tops[-1]
        for s in sheet.slots:
            top, bottom = tops[s.row], tops[s.row + s.rows]
            shown_top, shown_bottom = max(top, first), min(bottom, last)
            if shown_bottom - shown_top < 0.5:
                continue
            x0, x1 = xs[s.column], xs[s.column + s.columns]
            y0, y1 = self.y - (shown_top - first), self.y - (shown_bottom - first)
            self._frame(x0, x1, y0, y1, left=s.column == 0, right=x1 == xs[-1])
            left = lines[(s.row, s.column)]
            inside = top >= first - 0.5 and bottom <= last + 0.5
            at = top + (bottom - top - len(left) * self.leading) / 2 if inside else shown_top + _PAD
            # A line that does not fit any more goes to the next page, as in Word.
            room = int((shown_bottom - at + 1) / self.leading)
            count = len(left) if bottom <= last + 0.5 else min(max(room, 0), len(left))
            for n in range(count):
                self._centred(left[n], self.y - (at - first) - (n + 0.8) * self.leading, (x0, x1))
            lines[(s.row, s.column)] = left[count:]

    def _frame(self, x0, x1, y0, y1, *, left: bool, right: bool) -> None:
        self.canvas.line(x0, y0, x1, y0)
        self.canvas.line(x0, y1, x1, y1)
        if self.borders == "full" or not left:
            self.canvas.line(x0, y0, x0, y1)
        if self.borders == "full" or not right:
            self.canvas.line(x1, y0, x1, y1)

    def _centred(self, line: str, y: float, xs: tuple[float, float]) -> None:
        width = sum(map(character_width, line)) * self.size
        self._line(line, (xs[0] + xs[1] - width) / 2, y, self.size)


def write_pdf(draft: Draft, blocks: list[str | Sheet]) -> bytes:
    """Write the pages."""
    pages = PdfPages(draft.rng, overflow=OVERFLOW in draft.kinds)
    for block in blocks:
        if isinstance(block, str):
            pages.paragraph(block)
        else:
            pages.table(block)
    draft.kinds += [f"page-{pages.page_name}", f"borders-{pages.borders}"]
    if pages.cut_rows:
        draft.kinds.append("cut-rows")
    return pages.finish()
