"""The pictures of scanned PDF pages, as they are stored rather than as a viewer would draw them."""

from __future__ import annotations

from contextlib import closing
from math import hypot
from typing import TYPE_CHECKING

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from pipeline.read.image_file import MOST_SCANNED_PAGES, check_size, too_many
from pipeline.read.ocr_models import require_ocr
from pipeline.read.pdf_page import broken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.read.ocr_image import Matrix, PageImage, Pixels
    from pipeline.read.ocr_page import ScannedPage

_WHOLE = 0.5  # of the page's area: a smaller picture is not the scan of the page
_DRAWN = 200 / 72  # pixels a point where the page has to be drawn
_FINEST = 300 / 72
_MOST_ALIKE = 24.0  # grey levels between the stored picture and what a viewer draws


def read_scanned_pages(data: bytes, numbers: Sequence[int]) -> dict[int, ScannedPage]:
    """Read pages of a PDF by OCR.

    Args:
        data: the whole file, which pdfium has opened before.
        numbers: 1-based page numbers.

    Returns:
        The pages on which anything was read, by number.

    Raises:
        UnreadableError: E-SCAN-NO-OCR (the extra is missing), E-IMAGE-PAGES, E-IMAGE-SIZE.

    """
    require_ocr()
    from pipeline.read.ocr_page import read_pages  # noqa: PLC0415  needs the extra

    if len(numbers) > MOST_SCANNED_PAGES:
        raise too_many(len(numbers))
    drawn: set[int] = set()
    scanned = read_pages(_pictures(data, numbers, drawn))
    for page in scanned:
        page.drawn = page.number in drawn
    return {page.number: page for page in scanned if page.lines or page.tables}


def _pictures(data: bytes, numbers: Sequence[int], drawn: set[int]) -> Iterator[PageImage]:
    """Yield the pictures of pages; note the numbers of those that had to be drawn."""
    try:
        with closing(pdfium.PdfDocument(data)) as document:
            for number in numbers:
                with closing(document[number - 1]) as page:
                    picture, is_drawn = _picture(page, number)
                if is_drawn:
                    drawn.add(number)
                yield picture
    except pdfium.PdfiumError as error:
        raise broken(str(error)) from error


def _picture(page: pdfium.PdfPage, number: int) -> tuple[PageImage, bool]:
    """Return the stored picture if it is the page, else the page as drawn, and whether it is.

    Drawing scales the picture anew, which blurs thin rules and small type.
    """
    from pipeline.read.ocr_image import PageImage  # noqa: PLC0415

    width, height = page.get_size()
    images = list(page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=1))
    sizes = [image.get_px_size() for image in images]
    for size in sizes:
        check_size(*size)
    whole = [image for image in images if _area(image) >= _WHOLE * width * height]
    if len(images) == 1 and whole:
        pixels, matrix = _stored(whole[0], page)
        scale = _scale(matrix)
        if _alike(pixels, matrix, page):
            return PageImage(number, pixels, scale, matrix), False
    scale = _DRAWN
    for image, (across, _) in zip(images, sizes, strict=True):
        left, _, right, _ = image.get_bounds()
        scale = max(scale, min(_FINEST, across / max(right - left, 1.0)))
    check_size(round(width * scale), round(height * scale))
    bitmap = page.render(scale=scale, rev_byteorder=True)
    placed = (1 / scale, 0.0, 0.0, 1 / scale, 0.0, 0.0)
    return PageImage(number, _array(bitmap), scale, placed), True


def _area(image: pdfium.PdfObject) -> float:
    left, bottom, right, top = image.get_bounds()
    return float((right - left) * (top - bottom))


def _array(bitmap: pdfium.PdfBitmap) -> Pixels:
    """Return the pixels of a bitmap: grey, or red, green, blue."""
    import numpy as np  # noqa: PLC0415

    pixels = bitmap.to_numpy()
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.ndim == 3:
        pixels = pixels[:, :, :3] if bitmap.rev_byteorder else pixels[:, :, 2::-1]
    return np.ascontiguousarray(pixels)


def _stored(image: pdfium.PdfImage, page: pdfium.PdfPage) -> tuple[Pixels, Matrix]:
    """Return the pixels of a picture and the way from them to points as displayed."""
    import cv2  # noqa: PLC0415

    from pipeline.read.ocr_image import compose  # noqa: PLC0415

    pixels = _array(image.get_bitmap(render=False)).copy()
    a, b, c, d, e, f = image.get_matrix().get()
    height, width = pixels.shape[:2]
    fine_x, fine_y = width / max(hypot(a, b), 1.0), height / max(hypot(c, d), 1.0)
    if not 0.97 < fine_x / fine_y < 1.03:  # faxes have half as many rows as columns
        finest = max(fine_x, fine_y)
        size = (round(width * finest / fine_x), round(height * finest / fine_y))
        check_size(*size)
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
        height, width = pixels.shape[:2]
    # Its first row is the upper one, while the square that is mapped to the page counts upwards.
    to_page = (a / width, b / width, -c / height, -d / height, c + e, d + f)
    return pixels, compose(to_page, _displayed(page))


def _displayed(page: pdfium.PdfPage) -> Matrix:
    """Return the way from PDF coordinates to points as displayed."""
    left, bottom, right, top = page.get_bbox()
    return {
        0: (1.0, 0.0, 0.0, -1.0, -left, top),
        90: (0.0, 1.0, 1.0, 0.0, -bottom, -left),
        180: (-1.0, 0.0, 0.0, 1.0, right, -bottom),
        270: (0.0, -1.0, -1.0, 0.0, top, right),
    }[page.get_rotation()]


def _scale(matrix: Matrix) -> float:
    """Return pixels a point."""
    a, b, *_ = matrix
    return 1 / max(hypot(a, b), 1e-6)


def _alike(pixels: Pixels, matrix: Matrix, page: pdfium.PdfPage) -> bool:
    """Tell whether a stored picture looks like the page: no mask, no inversion, no layer."""
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    drawn = _array(page.render(scale=0.5, rev_byteorder=True, grayscale=True))
    if drawn.ndim == 3:
        drawn = drawn.max(axis=2)
    factor = min(1.0, 0.5 / _scale(matrix))
    small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    small = small.max(axis=2) if small.ndim == 3 else small
    a, b, c, d, e, f = matrix
    warp = np.array([[a / factor, c / factor, e], [b / factor, d / factor, f]]) * 0.5
    height, width = drawn.shape
    laid = cv2.warpAffine(small, warp, (width, height), borderValue=(255,))
    reach = (5, 5)  # half a pixel aside is no difference
    difference = cv2.absdiff(cv2.blur(laid, reach), cv2.blur(drawn, reach))
    return (
        float(np.percentile(difference, 98)) < 4 * _MOST_ALIKE
        and float(difference.mean()) < _MOST_ALIKE
    )
