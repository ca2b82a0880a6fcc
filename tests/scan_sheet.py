"""Pictures of a printed sheet for the tests of OCR."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.replica.fontfile import HANZI_FILE, LATIN_FILE, is_hanzi

Rows = Sequence[Sequence[str]]

LEFT, TOP, WIDTH, HEIGHT = 72.0, 240.0, 90.0, 30.0
"""Where the table begins and how large its cells are, in points."""


class Sheet:
    """A sheet of A4 that is drawn at some dots per inch; all lengths in points."""

    def __init__(self, dpi: int = 200) -> None:
        self.dpi = dpi
        self.scale = dpi / 72
        self.image = Image.new("RGB", (round(595 * self.scale), round(842 * self.scale)), "white")
        self.draw = ImageDraw.Draw(self.image)

    def text(self, x: float, y: float, text: str, size: float = 12, *, ink=(20, 20, 20)) -> float:
        """Write on a line whose foot is y; return where it ends."""
        for character in text:
            file = HANZI_FILE if is_hanzi(character) else LATIN_FILE
            font = ImageFont.truetype(str(file), round(size * self.scale))
            self.draw.text(
                (x * self.scale, y * self.scale),
                character,
                fill=ink,
                font=font,
                anchor="ls",
            )
            x += font.getlength(character) / self.scale
        return x

    def line(self, x0: float, y0: float, x1: float, y1: float, *, fill="black", width=0.7) -> None:
        box = [edge * self.scale for edge in (x0, y0, x1, y1)]
        self.draw.line(box, fill=fill, width=max(1, round(width * self.scale)))

    def table(self, rows: Rows, size: float = 10) -> None:
        """Draw a ruled table, every text in the middle of its cell."""
        count, columns = len(rows), len(rows[0])
        right, bottom = LEFT + columns * WIDTH, TOP + count * HEIGHT
        for n in range(count + 1):
            self.line(LEFT, TOP + n * HEIGHT, right, TOP + n * HEIGHT)
        for n in range(columns + 1):
            self.line(LEFT + n * WIDTH, TOP, LEFT + n * WIDTH, bottom)
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                wide = sum(1.0 if is_hanzi(c) else 0.6 for c in text) * size
                x = LEFT + column * WIDTH + (WIDTH - wide) / 2
                self.text(x, TOP + row * HEIGHT + HEIGHT / 2 + 0.35 * size, text, size)

    def file(self, kind: str = "PNG", *others: Sheet, image: Image.Image | None = None) -> bytes:
        """Return the picture as a file; further sheets become its next pages (TIFF)."""
        buffer = io.BytesIO()
        more = {"save_all": True, "append_images": [o.image for o in others]} if others else {}
        (image or self.image).save(buffer, kind, **more)
        return buffer.getvalue()

    def pdf(self, rotate: int = 0) -> bytes:
        """Return a PDF whose only page is the picture."""
        buffer = io.BytesIO()
        canvas = Canvas(buffer, pagesize=(595, 842), invariant=1)
        canvas.setPageRotation(rotate)
        canvas.drawImage(ImageReader(self.image), 0, 0, 595, 842)
        canvas.save()
        return buffer.getvalue()


def cell_box(row: int, column: int) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of a cell in points."""
    left, top = LEFT + column * WIDTH, TOP + row * HEIGHT
    return left, top, left + WIDTH, top + HEIGHT
