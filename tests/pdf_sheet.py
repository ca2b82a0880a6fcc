"""Draws small PDF documents for tests: text and rules at given places, y counted downwards."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from tests.replica.fontfile import fonts

A4 = (595.0, 842.0)


class Sheet:
    """A document under construction.

    Args:
        size: width and height of the pages in points.
        options: handed to reportlab's Canvas (encrypt, cropBox, …).
    """

    def __init__(self, size: tuple[float, float] = A4, **options: Any) -> None:
        self.size = size
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=size, invariant=1, **options)
        for font in fonts():
            pdfmetrics.registerFont(font)

    def text(
        self, x: float, top: float, words: str, size: float = 12, *, bold: bool = False
    ) -> None:
        """Write words from x to the right, their upper edge at top; bold strikes twice."""
        for offset in (0, 0.4) if bold else (0,):
            pen = x + offset
            for sign in words:
                font = "Latin" if sign.isascii() or sign in "—–" else "Hanzi"
                self.canvas.setFont(font, size)
                self.canvas.drawString(pen, self.size[1] - top - 0.88 * size, sign)
                pen += pdfmetrics.stringWidth(sign, font, size)

    def line(self, x0: float, top0: float, x1: float, top1: float, **style: Any) -> None:
        """Draw a rule; style: width in points, dash as reportlab takes it."""
        self.canvas.setLineWidth(style.get("width", 0.5))
        self.canvas.setDash(*style.get("dash", ()))
        self.canvas.line(x0, self.size[1] - top0, x1, self.size[1] - top1)

    def rules(self, xs: Sequence[float], ys: Sequence[float], **style: Any) -> None:
        """Draw a full grid."""
        for y in ys:
            self.line(xs[0], y, xs[-1], y, **style)
        for x in xs:
            self.line(x, ys[0], x, ys[-1], **style)

    def fill(self, xs: Sequence[float], ys: Sequence[float], rows: Sequence[Sequence[str]]) -> None:
        """Write words into the cells of a grid."""
        for top, row in zip(ys, rows, strict=False):
            for x, words in zip(xs, row, strict=False):
                self.text(x + 4, top + 4, words, 10)

    def next_page(self) -> None:
        """Begin another page."""
        self.canvas.showPage()

    def data(self) -> bytes:
        """Return the finished file."""
        self.canvas.save()
        return self.buffer.getvalue()
