"""Scans: the pages of the PDF form drawn as pictures, with what a scanner adds to them."""

from __future__ import annotations

import io
import math
import random
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.mutants.model import Draft, Sheet
from tests.mutants.write_pdf import PdfPages
from tests.replica.fontfile import HANZI_FILE, LATIN_FILE, is_hanzi

_NOTO = Path("/usr/share/fonts/opentype/noto")
_FINER = 2  # drawn so many times finer, then scaled down, as a lens would
_STAMP = (214, 58, 52)


def _faces() -> list[tuple[Path, Path, int]]:
    """Return the fonts of this machine: for hanzi, for the rest, face index of the collection."""
    found = [(HANZI_FILE, LATIN_FILE, 0)]
    files = (_NOTO / f"Noto{style}CJK-Regular.ttc" for style in ("Serif", "Sans"))
    return found + [(file, file, 2) for file in files if file.exists()]


@cache
def _font(path: Path, index: int, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size, index=index)


class _Text:
    """What reportlab calls a text object: runs that follow each other from a point."""

    def __init__(self, x: float, y: float) -> None:
        self.x, self.y, self.size = x, y, 0.0
        self.text = ""

    def setFont(self, _name: str, size: float) -> None:  # noqa: N802
        self.size = size

    def textOut(self, text: str) -> None:  # noqa: N802
        self.text += text


class _Canvas:
    """The part of reportlab's canvas that the PDF form uses, on pictures."""

    def __init__(self, rng: random.Random, size: tuple[float, float], dpi: int) -> None:
        self.faces = rng.choice(_faces())
        self.scale = dpi * _FINER / 72
        self.width, self.height = size
        self.pages: list[Image.Image] = []
        self.rule = 1.0
        self._begin()

    def _begin(self) -> None:
        size = (round(self.width * self.scale), round(self.height * self.scale))
        self.image = Image.new("L", size, 255)
        self.draw = ImageDraw.Draw(self.image)

    def setLineWidth(self, width: float) -> None:  # noqa: N802
        # A printer's thinnest rule is about half a point.
        self.rule = max(width, 0.45)

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        half = self.rule * self.scale / 2
        left, right = sorted((x0 * self.scale, x1 * self.scale))
        top, bottom = sorted(((self.height - y0) * self.scale, (self.height - y1) * self.scale))
        self.draw.rectangle((left - half, top - half, right + half, bottom + half), fill=0)

    def beginText(self, x: float, y: float) -> _Text:  # noqa: N802
        return _Text(x, y)

    def drawText(self, written: _Text) -> None:  # noqa: N802
        hanzi, latin, index = self.faces
        x, y = written.x * self.scale, (self.height - written.y) * self.scale
        for character in written.text:
            path = hanzi if is_hanzi(character) else latin
            font = _font(
                path, index if path.suffix == ".ttc" else 0, round(written.size * self.scale)
            )
            self.draw.text((x, y), character, fill=0, font=font, anchor="ls")
            x += font.getlength(character)

    def showPage(self) -> None:  # noqa: N802
        width, height = self.image.width // _FINER, self.image.height // _FINER
        self.pages.append(self.image.resize((width, height), Image.Resampling.BOX))
        self._begin()

    def save(self) -> None:
        """Nothing is open."""


class _ScanPages(PdfPages):
    def __init__(self, rng: random.Random, dpi: int) -> None:
        super().__init__(rng)
        self.canvas = _Canvas(rng, (self.width, self.height), dpi)
        self.canvas.setLineWidth(self.rule)


def _stamp(image: Image.Image, rng: random.Random, dpi: int) -> Image.Image:
    """Press a round red seal somewhere on the page, in part over what is printed."""
    coloured = image.convert("RGB")
    radius = 58 * dpi / 72
    x = rng.uniform(radius, image.width - radius)
    y = rng.uniform(radius, image.height - radius)
    seal = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(seal)
    box = (x - radius, y - radius, x + radius, y + radius)
    draw.ellipse(box, outline=190, width=round(3 * dpi / 72))
    points = []
    for corner in range(10):
        reach = radius * (0.35 if corner % 2 == 0 else 0.14)
        angle = math.pi * (corner / 5 - 0.5)
        points.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    draw.polygon(points, fill=190)
    ink = Image.new("RGB", image.size, _STAMP)
    # Ink over ink stays dark: a seal is printed on top, not instead.
    return Image.composite(ImageChops.multiply(coloured, ink), coloured, seal)


def _noise(size: tuple[int, int], spread: float, rng: random.Random) -> Image.Image:
    """Return Gaussian noise around grey; Pillow's own can't be had twice."""
    grain = np.random.default_rng(rng.getrandbits(32)).normal(128, spread, (size[1], size[0]))
    return Image.fromarray(grain.clip(0, 255).astype(np.uint8))


def _scanned(image: Image.Image, rng: random.Random, dpi: int, kinds: list[str]) -> Image.Image:
    """Return a page as a scanner gives it: aslant, grey, soft, speckled, stamped."""
    if rng.random() < 0.3:
        kinds.append("stamp")
        image = _stamp(image, rng, dpi)
    if rng.random() < 0.6:
        kinds.append("skew")
        angle = rng.uniform(-2.5, 2.5)
        white = (255, 255, 255) if image.mode == "RGB" else 255
        image = image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=white)
    if rng.random() < 0.4:
        kinds.append("blur")
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.7) * dpi / 200))
    if rng.random() < 0.5:
        kinds.append("grey")
        paper, ink = rng.randint(205, 245), rng.randint(10, 70)
        image = image.point(
            [ink + (paper - ink) * n // 255 for n in range(256)] * len(image.getbands())
        )
    if rng.random() < 0.4:
        kinds.append("noise")
        noise = _noise(image.size, rng.uniform(8, 22), rng).convert(image.mode)
        image = ImageChops.add(image, noise, offset=-128)
    if rng.random() < 0.4:
        kinds.append("speckles")
        draw = ImageDraw.Draw(image)
        for _ in range(rng.randint(20, 200)):
            x, y = rng.randrange(image.width), rng.randrange(image.height)
            size = rng.choice((0, 0, 0, 1))
            draw.rectangle((x, y, x + size, y + size), fill=(40,) * len(image.getbands()))
    if rng.random() < 0.2 and image.mode == "L":
        kinds.append("two-tone")
        image = image.point([0] * 150 + [255] * 106)
    if rng.random() < 0.1:
        kinds.append("turned")
        image = image.transpose(
            rng.choice(
                (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
            )
        )
    return image


def _as_pdf(pages: list[Image.Image], rng: random.Random, dpi: int) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    for page in pages:
        width, height = page.width * 72 / dpi, page.height * 72 / dpi
        canvas.setPageSize((width, height))
        stored = io.BytesIO()
        if rng.random() < 0.6:
            page.save(stored, "JPEG", quality=rng.choice((60, 75, 90)))
        else:
            page.save(stored, "PNG")
        canvas.drawImage(ImageReader(stored), 0, 0, width, height)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _as_tiff(pages: list[Image.Image], dpi: int) -> bytes:
    buffer = io.BytesIO()
    pages[0].save(
        buffer,
        "TIFF",
        save_all=True,
        append_images=pages[1:],
        compression="tiff_lzw",
        dpi=(dpi, dpi),
    )
    return buffer.getvalue()


def write_scan(draft: Draft, blocks: list[str | Sheet]) -> bytes:
    """Write the pages as pictures; the name of the format ends in their dots per inch."""
    dpi = int(draft.format.removeprefix("scan"))
    rng = draft.rng
    pages = _ScanPages(rng, dpi)
    for block in blocks:
        if isinstance(block, str):
            pages.paragraph(block)
        else:
            pages.table(block)
    pages.finish()
    canvas = pages.canvas
    draft.kinds += [f"page-{pages.page_name}", f"borders-{pages.borders}", canvas.faces[0].stem]
    if pages.cut_rows:
        draft.kinds.append("cut-rows")
    draft.kinds.append(f"size-{pages.size}")
    # A sheet goes through the scanner as a whole, and so do the others of the pile.
    state = rng.getrandbits(32)
    scanned = []
    for page in canvas.pages:
        kinds: list[str] = []
        scanned.append(_scanned(page, random.Random(state), dpi, kinds))
    draft.kinds += kinds
    if rng.random() < 0.2:
        draft.kinds.append("tiff")
        return _as_tiff(scanned, dpi)
    return _as_pdf(scanned, rng, dpi)
