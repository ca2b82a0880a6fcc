"""On pages of PDF files the marked box holds the figure, all of it, and no other."""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image

from pipeline.evidence import ink
from pipeline.evidence.font import FontMissingError, find_font
from pipeline.evidence.pages import Pages
from pipeline.evidence.pictures import picture
from pipeline.evidence.place import EvidenceError, PagePlace, parse_place
from pipeline.evidence.window import window_at
from pipeline.read.document import page_place
from pipeline.read.pdf import read_pdf
from tests.forms import distinct_values, third
from tests.pdf_sheet import Sheet

WIDTHS = [30.0, 60.0, 190.0, *[60.0] * 7]
HEIGHT = 18.0
LANDSCAPE = (842.0, 595.0)


@pytest.fixture(scope="module")
def font() -> Path:
    try:
        return find_font()
    except FontMissingError as error:
        pytest.skip(str(error))


def colour(number: int) -> tuple[int, int, int]:
    """Return a colour of its own for each figure: dark, not black, without red."""
    return 0, 12 * (number % 14), 12 * (number // 14 + 1)


def glowing(tint: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return how a colour looks under the mark."""
    return tuple(a * b // 255 for a, b in zip(tint, ink.GLOW, strict=True))


def painted(*, turned: bool = False) -> tuple[bytes, dict[str, tuple[int, int, int]]]:
    """Return table three as PDF over two pages, each figure in a colour of its own.

    With ``turned`` the content runs up the page, as when a landscape sheet was printed.
    """
    sheet = Sheet(LANDSCAPE)
    table = third("2021", distinct_values("2021"))
    xs = [40 + sum(WIDTHS[:n]) for n in range(len(WIDTHS) + 1)]
    cut = 16
    tints: dict[str, tuple[int, int, int]] = {}
    for first, last in ((0, cut), (cut, table.rows)):
        if turned:
            sheet.canvas.setPageSize((LANDSCAPE[1], LANDSCAPE[0]))
            sheet.canvas.translate(LANDSCAPE[1], 0)
            sheet.canvas.rotate(90)
        for cell in table.cells:
            top_row, end_row = max(cell.row, first), min(cell.row + cell.row_span, last)
            if top_row >= end_row:
                continue
            top, bottom = 60 + (top_row - first) * HEIGHT, 60 + (end_row - first) * HEIGHT
            sheet.rules([xs[cell.column], xs[cell.column + cell.column_span]], [top, bottom])
            if cell.row >= first:
                if cell.text.isdigit():
                    tints[cell.text] = colour(len(tints))
                    sheet.canvas.setFillColorRGB(*(part / 255 for part in tints[cell.text]))
                sheet.text(xs[cell.column] + 3, top + 4, cell.text, 9 if cell.text.isdigit() else 5)
                sheet.canvas.setFillColorRGB(0, 0, 0)
        sheet.next_page()
    return sheet.data(), tints


def changed(data: bytes, rotation: int, *, cropped: bool) -> bytes:
    document = pdfium.PdfDocument(data)
    for page in document:
        page.set_rotation(rotation)
        if cropped:
            _, _, width, height = page.get_mediabox()
            page.set_cropbox(21, 13, width - 15, height - 17)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("rotation", "cropped", "turned"),
    [
        (0, False, False),
        (0, True, False),
        (90, True, False),  # shown on its side
        (180, False, False),
        (270, True, False),
        (90, True, True),  # printed on its side, shown upright
        (0, False, True),
    ],
)
def test_every_pixel_of_a_figure_lies_in_its_box_and_none_of_another(
    font: Path, *, rotation: int, cropped: bool, turned: bool
) -> None:
    data, tints = painted(turned=turned)
    data = changed(data, rotation, cropped=cropped)
    document = read_pdf(data)
    cells = [cell for table in document.tables() for cell in table.cells if cell.text in tints]
    assert len(cells) == 25 * 7
    pages = Pages(data, is_pdf=True)
    whole: dict[int, dict[object, int]] = {}
    for number in (1, 2):
        shown = pages.page(number).picture
        whole[number] = {tint: count for count, tint in shown.getcolors(shown.width * shown.height)}
    step = 3 if rotation == 0 and not cropped and not turned else 11
    for cell in cells[::step]:
        window = window_at(document, cell.place)
        assert window is not None
        image = pages.window(window, font)
        found = {tint: count for count, tint in image.getcolors(image.width * image.height)}
        tint = tints[cell.text]
        place = parse_place(cell.place)
        assert isinstance(place, PagePlace)
        assert tint not in found, cell  # nothing of it lies outside of the box
        assert found.get(glowing(tint), 0) == whole[place.page][tint] > 0, cell
        others = {glowing(other) for text, other in tints.items() if text != cell.text}
        assert not (others - set(tints.values())) & found.keys(), cell
        assert found[ink.MARK] > 200


def test_the_head_of_the_column_is_fetched_from_the_page_before(font: Path) -> None:
    data, tints = painted()
    document = read_pdf(data)
    first, second = document.tables()
    cell = next(c for c in second.cells if c.text in tints and c.row == 4)
    window = window_at(document, cell.place)
    assert window is not None
    head, around = window.rows
    assert (head.table, head.first, head.last) == (first, 0, 3)
    assert around.table is second
    assert around.first <= cell.row < around.last
    image = Pages(data, is_pdf=True).window(window, font)
    assert image.width > sum(WIDTHS) * 2  # the whole table from side to side
    assert image.height < 2 * 595


def test_what_a_page_break_cut_off_is_shown_below(font: Path) -> None:
    data, tints = painted()
    document = read_pdf(data)
    first, second = document.tables()
    last = next(c for c in first.cells if c.text in tints and c.row == first.rows - 1)
    window = window_at(document, last.place)
    assert window is not None
    assert window.after is not None
    assert (window.after.table, window.after.first, window.after.last) == (second, 0, 1)
    image = Pages(data, is_pdf=True).window(window, font)
    below = image.crop((0, reds(image)[3] + ink.GAP_HEIGHT, *image.size))
    figure = next(c.text for c in second.cells if c.text in tints)
    assert tints[figure] in {tint for _, tint in below.getcolors(below.width * below.height)}


def scanned(data: bytes) -> bytes:
    pages = [page.render(scale=2).to_pil().convert("RGB") for page in pdfium.PdfDocument(data)]
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=144, quality=95)
    return out.getvalue()


def reds(image: Image.Image) -> tuple[int, int, int, int]:
    """Return the box of the marking frame."""
    band = [
        channel.point([255 if value == part else 0 for value in range(256)])
        for channel, part in zip(image.split(), ink.MARK, strict=True)
    ]
    both = Image.composite(band[1], Image.new("L", image.size), band[0])
    box = Image.composite(band[2], Image.new("L", image.size), both).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_scan_is_cut_out_by_the_places_alone(font: Path, rotation: int) -> None:
    data, tints = painted()
    document = read_pdf(changed(data, rotation, cropped=False))
    scan = scanned(changed(data, rotation, cropped=False))
    figures = [c for table in document.tables() for c in table.cells if c.text in tints]
    beside = [cell.place for cell in figures]
    image = picture(scan, figures[-1].place, [beside], font)
    left, top, right, bottom = reds(image)
    assert 20 < right - left < 90
    assert 15 < bottom - top < 60
    # The last column, near the lower end, and the head of page one above it.
    assert left > image.width * 0.8
    assert image.height > 500
    inside = image.crop((left + 5, top + 5, right - 5, bottom - 5)).convert("L")
    assert inside.getextrema()[0] < 120  # ink


def test_a_picture_file_of_several_pages_is_a_scan_too(font: Path) -> None:
    pages = [Image.new("RGB", (800, 1000), tint) for tint in ("white", (250, 250, 255))]
    pages[1].paste((0, 0, 0), (300, 400, 320, 420))
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    place = page_place(2, (300, 400, 320, 420))
    image = picture(out.getvalue(), place, [[place]], font)
    left, top, right, bottom = reds(image)
    assert image.getpixel(((left + right) // 2, (top + bottom) // 2)) == (0, 0, 0)
    assert image.getpixel((5, 5)) == (250, 250, 255)


def test_a_place_that_is_not_there_is_refused(font: Path) -> None:
    data, _ = painted()
    with pytest.raises(EvidenceError, match="2 pages"):
        picture(data, page_place(9, (1, 1, 5, 5)), [], font)
    with pytest.raises(EvidenceError, match="outside"):
        picture(data, page_place(1, (5000, 5000, 5010, 5010)), [], font)
    with pytest.raises(EvidenceError, match="no place"):
        picture(data, "somewhere", [], font)
    with pytest.raises(EvidenceError, match="can't be drawn"):
        picture(data[:200] + b"%%EOF", page_place(1, (1, 1, 5, 5)), [], font)
