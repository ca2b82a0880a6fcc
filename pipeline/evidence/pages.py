"""Pages: pictures of the pages of PDF files and of scans, and what is cut out of them."""

from __future__ import annotations

import io
import math
import warnings
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image, ImageOps

from pipeline.evidence import ink
from pipeline.evidence.font import load_font
from pipeline.evidence.place import Box, EvidenceError, PagePlace, parse_place
from pipeline.evidence.window import Rows, Window
from pipeline.read.document import Cell

DPI = 144
"""What pages are rendered at."""

_POINTS = 72
_MOST_PIXELS = 12_000_000  # A4 at 144 dpi has 2 million
_MOST_IMAGE_PIXELS = 100_000_000  # A3 at 400 dpi has 31 million
_SHORT_SIDE = 1400  # pixels of the short side of a scan that are shown: 170 dpi of A4
_FORMATS = ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP")  # others would start programs
_PAD = 3.0  # points between a figure and its frame
_MARGIN = 10.0  # points around what is cut out
# Where no table is known, in points of an A4 sheet, which a scan is taken for.
_SHEET = 595.0
_ABOVE, _BELOW = 60.0, 110.0
_FEW_STEPS = 12
_HEAD_ABOVE = 190.0  # above the first figures of a table, enough for its head


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered page.

    Args:
        picture: its pixels, turned so that its text stands upright.
        scale: pixels a point.
        turns: quarter turns clockwise that it was turned from what a viewer shows.

    """

    picture: Image.Image
    scale: float
    turns: int = 0

    def pixels(self, box: Box, pad: float = 0.0) -> ink.Edges:
        """Return the pixels of a box that is given in points of the upright page."""
        left, top, right, bottom = box
        return (
            math.floor((left - pad) * self.scale),
            math.floor((top - pad) * self.scale),
            math.ceil((right + pad) * self.scale),
            math.ceil((bottom + pad) * self.scale),
        )

    def turned(self, box: Box) -> Box:
        """Return where a box of the page as displayed lies on the upright page."""
        size = self.picture.width / self.scale, self.picture.height / self.scale
        return turned(box, self.turns, size[::-1] if self.turns % 2 else size)

    def cut(self, area: Box) -> Image.Image:
        """Return what lies in an area of the upright page, as far as there is page.

        Raises:
            EvidenceError: there is none.

        """
        return self.picture.crop(self._inside(self.pixels(area)))

    def mark(self, box: Box, pad: float) -> None:
        """Mark a box of the upright page, some points around it.

        Raises:
            EvidenceError: it lies outside of the page.

        """
        edges = self.pixels(box, pad)
        self._inside(edges)
        ink.mark(self.picture, edges)

    def _inside(self, edges: ink.Edges) -> ink.Edges:
        left, top = max(edges[0], 0), max(edges[1], 0)
        right, bottom = min(edges[2], self.picture.width), min(edges[3], self.picture.height)
        if left >= right or top >= bottom:
            raise EvidenceError("the place lies outside of its page; run 'nianbao reparse'")
        return left, top, right, bottom

    @property
    def unit(self) -> float:
        """Points of the page in a point of the sheet that was scanned, at least 1."""
        return max(1.0, min(self.picture.size) / self.scale / _SHEET)

    def upright(self, turns: int) -> Page:
        """Return the page turned clockwise by some quarters from what a viewer shows."""
        steps = {
            1: Image.Transpose.ROTATE_270,
            2: Image.Transpose.ROTATE_180,
            3: Image.Transpose.ROTATE_90,
        }
        if turns not in steps:
            return self
        return Page(self.picture.transpose(steps[turns]), self.scale, turns)


def turned(box: Box, turns: int, size: tuple[float, float]) -> Box:
    """Return where a box lies when its page is turned clockwise.

    Args:
        box: left, top, right, bottom.
        turns: quarter turns.
        size: width and height of the page before.

    """
    width, height = size
    for _ in range(turns):
        left, top, right, bottom = box
        box = height - bottom, left, height - top, right
        width, height = height, width
    return box


def render_page(data: bytes, number: int) -> Page:
    """Return a page of a PDF as a viewer shows it.

    Args:
        data: the file.
        number: 1-based page number.

    Raises:
        EvidenceError: the file can't be opened, or has no such page.

    """
    try:
        with closing(pdfium.PdfDocument(data)) as document:
            if not 1 <= number <= len(document):
                raise EvidenceError(f"the file has {len(document)} pages, none of number {number}")
            with closing(document[number - 1]) as page:
                width, height = page.get_size()
                scale = min(DPI / _POINTS, math.sqrt(_MOST_PIXELS / max(width * height, 1.0)))
                bitmap = page.render(scale=scale, rev_byteorder=True)
                picture: Image.Image = bitmap.to_pil().convert("RGB")
                return Page(picture, picture.width / width)
    except pdfium.PdfiumError as error:
        raise EvidenceError(f"page {number} can't be drawn: {error}") from error


def open_image(data: bytes, number: int) -> Page:
    """Return a picture of an image file as a page whose points are pixels, turned as EXIF says.

    Args:
        data: the file.
        number: 1-based; only TIFF files hold several pictures.

    Raises:
        EvidenceError: it is broken or far larger than any scan.

    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(data), formats=_FORMATS)
        opened.seek(number - 1)
        if opened.width * opened.height > _MOST_IMAGE_PIXELS:
            raise EvidenceError(f"a picture of {opened.width} × {opened.height} pixels is no scan")
        picture = ImageOps.exif_transpose(opened)
        area = picture.width * picture.height
        scale = min(1.0, _SHORT_SIDE / min(picture.size), math.sqrt(_MOST_PIXELS / area))
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        if "A" in picture.mode or "transparency" in picture.info:
            coloured = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), coloured)
        whole = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise EvidenceError(f"the picture can't be opened: {error}") from error
    return Page(whole, scale)


class Pages:
    """The pages of one file, each rendered once.

    Args:
        data: the file.
        is_pdf: false for an image file, which has one page.

    """

    def __init__(self, data: bytes, *, is_pdf: bool) -> None:
        self._data, self._is_pdf = data, is_pdf
        self._rendered: dict[int, Page] = {}

    def page(self, number: int) -> Page:
        """Return a page as displayed.

        Raises:
            EvidenceError: as ``render_page`` and ``open_image``.

        """
        if number not in self._rendered:
            render = render_page if self._is_pdf else open_image
            self._rendered[number] = render(self._data, number)
        return self._rendered[number]

    def window(self, window: Window, font_file: Path) -> Image.Image:
        """Return the rows of a window as the pages show them, the cell marked.

        Args:
            window: rows of a table whose cells have places on pages.
            font_file: of the words between two pieces.

        """
        strips: list[Image.Image] = []
        *heads, around = window.rows
        marked = _paged(window.cell.place)
        for head in heads:
            number = _paged(head.table.place).page
            strips.append(self._rows(head, number, None))
            where = "" if number == marked.page else f"（以上在第 {number} 页）"
            strips.append(_gap(strips[0].width, where, font_file))
        strips.append(self._rows(around, marked.page, window.cell))
        if window.after:
            number = _paged(window.after.table.place).page
            if number != marked.page:
                width, words = strips[-1].width, f"⋯ 表格续在第 {number} 页 ⋯"
                strips.append(ink.gap(width, words, load_font(font_file, 21)))
                strips.append(self._rows(window.after, number, None))
        return ink.stack(strips)

    def _rows(self, rows: Rows, number: int, cell: Cell | None) -> Image.Image:
        """Return some rows of a table from side to side, as a page shows them upright."""
        table = rows.table
        marked = _paged(cell.place).box if cell else None
        shown = self.page(number)
        turns = _turns(rows)
        page = Page(shown.picture.copy(), shown.scale).upright(turns)
        boxes = {
            other: page.turned(place.box)
            for other in table.cells
            if (place := _paged(other.place)).box and place.page == number
        }
        whole = _paged(table.place).box
        inside = [box for other, box in boxes.items() if _within(other, rows)]
        inside += [page.turned(marked)] if marked else []
        left, top, right, bottom = unite([*inside, *([page.turned(whole)] if whole else [])])
        if inside:
            _, top, _, bottom = unite(inside)
        above = [box[3] for other, box in boxes.items() if other.row + other.row_span == rows.first]
        below = [box[1] for other, box in boxes.items() if other.row == rows.last]
        top = (max(above) + top) / 2 if above else top - _MARGIN
        bottom = (min(below) + bottom) / 2 if below else bottom + _MARGIN
        if cell and marked:
            # The box of a figure is that of its ink, the box of a blank cell the cell itself.
            page.mark(page.turned(marked), _PAD if cell.text else -_PAD)
            _, high, _, low = page.turned(marked)
            top, bottom = min(top, high - 2 * _PAD), max(bottom, low + 2 * _PAD)
        return page.cut((left - _MARGIN, top, right + _MARGIN, bottom))

    def around(
        self, place: PagePlace, tables: Sequence[Sequence[str]], font_file: Path
    ) -> Image.Image:
        """Return the page around a place, where no grid of it is known.

        Args:
            place: what is marked.
            tables: places of the cells of each statutory table in printed order; they tell where
                the table begins, and which way its rows run.
            font_file: of the words between two pieces.

        """
        shown = self.page(place.page)
        if place.box is None:
            return shown.picture
        paged = [[_paged(text) for text in table] for table in tables]
        turns = _turns_of(paged)
        own = next((table for table in paged if place in table), [])
        boxes = [(other.page, other.box) for other in own if other.box]
        boxes.append((place.page, place.box))
        page = Page(shown.picture.copy(), shown.scale).upright(turns or 0)
        marked = page.turned(place.box)
        page.mark(marked, _PAD * page.unit)
        if turns is None:  # it may lie on its side, so that nobody knows where the head is
            return page.picture
        width, unit = page.picture.width / page.scale, page.unit
        here = [page.turned(box)[1] for number, box in boxes if number == place.page]
        first = min(number for number, _ in boxes)
        strips: list[Image.Image] = []
        if first < place.page:
            before = self.page(first).upright(turns)
            head = [before.turned(box) for number, box in boxes if number == first]
            top = min(box[1] for box in head)
            bottom = min(box[3] for box in head if box[1] == top) + _MARGIN * unit
            strips.append(before.cut((0.0, top - _HEAD_ABOVE * unit, width, bottom)))
            strips.append(_gap(strips[0].width, f"（以上在第 {first} 页）", font_file))
            top = max(min(here), marked[1] - 3 * _ABOVE * unit) - _ABOVE * unit
        else:
            top = min(here) - _HEAD_ABOVE * unit
        strips.append(page.cut((0.0, top, width, marked[3] + _BELOW * unit)))
        return ink.stack(strips)


def _paged(text: str) -> PagePlace:
    place = parse_place(text)
    if not isinstance(place, PagePlace):
        raise EvidenceError(f"{text!r} is no place on a page; run 'nianbao reparse'")
    return place


def _within(cell: Cell, rows: Rows) -> bool:
    """Tell whether a cell tells how high the rows are: it reaches into no others."""
    return rows.first <= cell.row and cell.row + cell.row_span <= rows.last


def _turns(rows: Rows) -> int:
    """Return the quarter turns clockwise that make the rows of a table run from left to right."""
    pairs = []
    for one, other in pairwise(rows.table.cells):
        boxes = _paged(one.place).box, _paged(other.place).box
        if one.row == other.row and one.row_span == other.row_span == 1 and all(boxes):
            pairs += [box for box in boxes if box]
    steps = Counter(
        _quarter(_centre(one), _centre(other))
        for one, other in zip(pairs[::2], pairs[1::2], strict=True)
    )
    return steps.most_common(1)[0][0] if steps else 0


def _turns_of(tables: Sequence[Sequence[PagePlace]]) -> int | None:
    """Return the turns for the cells of tables in printed order, None when they do not tell."""
    counted = Counter(
        _quarter(_centre(one.box), _centre(later.box))
        for table in tables
        for one, later in pairwise(table)
        if one.box and later.box and one.page == later.page
    )
    # Table three makes six of its seven steps along a row, table two most of its ten down.
    turns, steps = counted.most_common(1)[0] if counted else (0, 0)
    return turns if steps > max(0.5 * counted.total(), _FEW_STEPS) else None


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _quarter(one: tuple[float, float], other: tuple[float, float]) -> int:
    """Return the quarter turns clockwise after which a step leads to the right."""
    across, down = other[0] - one[0], other[1] - one[1]
    if abs(across) >= abs(down):
        return 0 if across >= 0 else 2
    return 3 if down > 0 else 1


def _gap(width: int, where: str, font_file: Path) -> Image.Image:
    return ink.gap(width, f"⋯ 中间各行从略{where} ⋯", load_font(font_file, 21))


def unite(boxes: Sequence[Box]) -> Box:
    """Return the smallest box around others."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
