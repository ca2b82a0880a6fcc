"""Pictures: from the bytes of an original and a place in it to what a person can look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from pipeline.evidence.drawn import draw_lines, draw_window
from pipeline.evidence.pages import Pages
from pipeline.evidence.place import EvidenceError, LinePlace, PathPlace, parse_place
from pipeline.evidence.window import Window, window_at
from pipeline.read.document import Document, Table, UnreadableError
from pipeline.read.reader import read
from pipeline.read.sniff import sniff
from pipeline.read.text import decode

_LINES_ABOVE, _LINES_BELOW = 6, 3
_HEAD_LINES = 8  # above the first line of a table


def picture(
    data: bytes, place: str, tables: Sequence[Sequence[str]], font_file: Path
) -> Image.Image:
    """Return what an original shows around a place, the place marked.

    It opens what strangers wrote; call it through ``pipeline.evidence.sandbox`` unless the bytes
    are known to be harmless.

    Args:
        data: bytes of the original.
        place: of the cell, in the form of ``pipeline.read.document``.
        tables: places of the cells of each statutory table, in printed order; where the reader
            found no grid they tell where the table begins.
        font_file: a font with Chinese characters, for what is drawn.

    Returns:
        Pages of PDF files and scans are cut out at 144 dpi. Tables of web pages and Word files
        are drawn from their structure; of plain text its lines.

    Raises:
        EvidenceError: nothing lies at the place, or the original can't be drawn.

    """
    where = parse_place(place)
    beside = next((table for table in tables if place in table), ())
    if isinstance(where, LinePlace):
        return _text(data, where, beside, font_file)
    if isinstance(where, PathPlace):
        return _structure(_document(data), place, beside, font_file)
    is_pdf = sniff(data) == "pdf"
    pages = Pages(data, is_pdf=is_pdf)
    window = _window_of_pdf(data, place) if is_pdf else None
    if window is not None:
        return pages.window(window, font_file)
    return pages.around(where, tables, font_file)


def _document(data: bytes) -> Document:
    try:
        return read(data)
    except UnreadableError as error:
        raise EvidenceError(f"{error.rule}: {error.message}") from error


def _window_of_pdf(data: bytes, place: str) -> Window | None:
    """Return the rows to show of a PDF, None where no grid is at the place, as in a scan."""
    from pipeline.read.pdf import read_pdf  # noqa: PLC0415  pdfium, not for every format

    try:
        return window_at(read_pdf(data, ocr=False), place)
    except UnreadableError:  # a scan: it is shown without reading it once more
        return None


def _structure(
    document: Document, place: str, beside: Sequence[str], font_file: Path
) -> Image.Image:
    window = window_at(document, place)
    if window is not None:
        return draw_window(window, font_file)
    lines: list[tuple[str, str]] = []
    places: list[str] = []
    for block in document.blocks:
        if isinstance(block, Table):
            for row in block.grid():
                cells = dict.fromkeys(cell for cell in row if cell)
                lines.append(("", " │ ".join(cell.text.replace("\n", "") for cell in cells)))
                places.append("")
        else:
            lines.append(("", block.text))
            places.append(block.place)
    if place not in places:
        raise EvidenceError(
            "the original has nothing at the recorded place; it was recorded by an older reader: "
            "run 'nianbao reparse'"
        )
    known = [places.index(other) for other in beside if other in places]
    last = len(places) - 1 - places[::-1].index(place)
    return _excerpt(lines, range(places.index(place), last + 1), known, font_file)


def _text(data: bytes, where: LinePlace, beside: Sequence[str], font_file: Path) -> Image.Image:
    try:
        printed = decode(data)[0].splitlines()
    except UnreadableError as error:
        raise EvidenceError(f"{error.rule}: {error.message}") from error
    if where.last > len(printed):
        raise EvidenceError(f"the text has {len(printed)} lines, none of number {where.last}")
    others = [parse_place(other) for other in beside]
    known = {other.first for other in others if isinstance(other, LinePlace)}
    # Extracted texts have more blank lines than others; the numbers show what is left out.
    shown = [
        number
        for number, line in enumerate(printed, start=1)
        if line.strip() or where.first <= number <= where.last
    ]
    lines = [(str(number), printed[number - 1]) for number in shown]
    first = shown.index(where.first)
    marked = range(first, first + where.last - where.first + 1)
    table = [index for index, number in enumerate(shown) if number in known]
    return _excerpt(lines, marked, table, font_file)


def _excerpt(
    lines: list[tuple[str, str]], marked: range, table: list[int], font_file: Path
) -> Image.Image:
    """Draw the lines around some, and those where their table begins."""
    first = max(marked.start - _LINES_ABOVE, 0)
    last = min(marked.stop + _LINES_BELOW, len(lines))
    start = min([marked.start, *table])
    top, end = max(start - _HEAD_LINES, 0), start + 1
    if end >= first:
        first = min(first, top)
        shifted = range(marked.start - first, marked.stop - first)
        return draw_lines(lines[first:last], shifted, font_file)
    shown = lines[top:end] + lines[first:last]
    moved = end - top - first
    shifted = range(marked.start + moved, marked.stop + moved)
    return draw_lines(shown, shifted, font_file, end - top)
