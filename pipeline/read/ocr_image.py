"""A scanned page is set upright and straight, its paper made white and its colours told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.read.ocr_models import read_line
from pipeline.read.pdf_page import Box, Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[Any]

Matrix = tuple[float, float, float, float, float, float]
"""a, b, c, d, e, f of x' = a·x + c·y + e and y' = b·x + d·y + f, as in PDF."""

_FINEST = 300 / 72  # pixels a point: finer scans hold no more of 7-point type
_SKEWED = 5.0  # degrees: a sheet that went through a feeder lies no more aslant
_STRAIGHT = 0.04  # degrees: less moves no rule by a pixel over a column
_SAMPLES = 5  # lines that tell which way is up
_SAMPLE_WIDTH = 8  # heights of the line
_UPRIGHT = 0.8  # mean certainty of lines that are read the right way up
_RULE = 2.0  # points: thicker than any rule of a table
_DARK = 190
_PALEST_SEAL, _DARKEST_SEAL = 205, 90  # grey levels of a red seal in a grey scan
_SEAL_STROKE = 1.3  # points: wider than the soft edge of any type
_DUSTY = 2.5  # pixels a point: in coarser scans a decimal point may be a single pixel
_LARGEST_TYPE = 30.0  # points: the ring and the star of a seal are larger
_COLOURED = 60  # difference of channels; JPEG leaves up to 40 around black type


@dataclass(frozen=True, slots=True)
class PageImage:
    """The picture of a page as it lies in the file.

    Args:
        number: 1-based page number.
        pixels: height × width grey, or height × width × 3 (red, green, blue).
        scale: pixels a point of the printed sheet, at least about.
        placed: from pixels of the picture to the place as displayed.

    """

    number: int
    pixels: Pixels
    scale: float
    placed: Matrix


@dataclass(frozen=True, slots=True)
class ScanFrame(Frame):
    """The way back from the straightened page to what a viewer shows.

    Args:
        matrix: from points of the straightened page to points as displayed.

    """

    matrix: Matrix = (1, 0, 0, 1, 0, 0)

    def displayed(self, box: Box) -> Box:
        """Return the box around a box of the straightened page where a viewer shows it."""
        left, top, right, bottom = box
        corners = [
            through(self.matrix, x, y)
            for x, y in ((left, top), (right, top), (left, bottom), (right, bottom))
        ]
        xs, ys = zip(*corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page that is upright and straight.

    Args:
        number: 1-based page number.
        grey: height × width, paper 255; colours are paper too, only black and grey ink is left.
        coloured: height × width, 255 where there is coloured type, else 0; seals are left out.
        sealed: height × width, 255 where a seal without its colour was taken out, else 0.
        scale: pixels a point.
        frame: the way back to the place as displayed.

    """

    number: int
    grey: Pixels
    coloured: Pixels
    sealed: Pixels
    scale: float
    frame: ScanFrame


def through(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """Return a point taken through a matrix."""
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def compose(first: Matrix, then: Matrix) -> Matrix:
    """Return the matrix that does what two do one after the other."""
    e, f = through(then, first[4], first[5])
    a, b, c, d = then[:4]
    return (
        a * first[0] + c * first[1],
        b * first[0] + d * first[1],
        a * first[2] + c * first[3],
        b * first[2] + d * first[3],
        e,
        f,
    )


def straighten(page: PageImage) -> Sheet:
    """Return the page upright and straight on white paper."""
    import cv2  # noqa: PLC0415  an extra, loaded on demand
    import numpy as np  # noqa: PLC0415

    pixels, back, scale = page.pixels, page.placed, page.scale
    if scale > _FINEST:
        factor = _FINEST / scale
        pixels = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        shrunk_y, shrunk_x = (
            page.pixels.shape[0] / pixels.shape[0],
            page.pixels.shape[1] / pixels.shape[1],
        )
        back = compose((shrunk_x, 0, 0, shrunk_y, 0, 0), back)
        scale = _FINEST
    coloured: Pixels
    if pixels.ndim == 3:
        red, green, blue = cv2.split(pixels)  # ten times as fast as numpy's max over channels
        grey = cv2.max(cv2.max(red, green), blue)
        palest = cv2.min(cv2.min(red, green), blue)
        coloured = ((grey - palest) > _COLOURED).astype(np.uint8) * 255
    else:
        grey, coloured = pixels, np.zeros_like(pixels)
    grey = _on_white(grey, scale)
    if scale >= _DUSTY:
        grey = _without_dust(grey)
    sealed = _grey_seals(grey, scale)
    grey[sealed > 0] = 255
    coloured = _without_seals(coloured, grey, scale)
    turn = _skew(grey, scale)
    if abs(turn) > _STRAIGHT:
        height, width = grey.shape
        warp = cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1.0)
        inverse = cv2.invertAffineTransform(warp)
        turned = cv2.warpAffine(
            grey, warp, (width, height), flags=cv2.INTER_CUBIC, borderValue=(255,)
        )
        grey = turned.astype(np.uint8, copy=False)
        coloured, sealed = (
            cv2.warpAffine(image, warp, (width, height), flags=cv2.INTER_NEAREST).astype(np.uint8)
            for image in (coloured, sealed)
        )
        (a, c, e), (b, d, f) = inverse.tolist()
        back = compose((a, b, c, d, e, f), back)
    quarters = _quarters(grey, scale)
    height, width = grey.shape
    # From pixels of the turned picture to those before; np.rot90 turns to the left.
    before: tuple[Matrix, ...] = (
        (1, 0, 0, 1, 0, 0),
        (0, 1, -1, 0, width, 0),
        (-1, 0, 0, -1, width, height),
        (0, -1, 1, 0, 0, height),
    )
    grey, coloured, sealed = (
        np.ascontiguousarray(np.rot90(image, quarters)) for image in (grey, coloured, sealed)
    )
    back = compose(before[quarters], back)
    height, width = grey.shape
    matrix = compose((scale, 0, 0, scale, 0, 0), back)
    frame = ScanFrame((0, 0, width / scale, height / scale), 0, 0, matrix)
    return Sheet(page.number, grey, coloured, sealed, scale, frame)


def _without_seals(coloured: Pixels, grey: Pixels, scale: float) -> Pixels:
    """Return the coloured ink that is as small as type."""
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    # The ring of a seal goes on behind the rules that it crosses.
    reach = max(3, round(_RULE * scale))
    bridged = cv2.morphologyEx(coloured, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    bridged[(coloured == 0) & (grey >= _DARK)] = 0
    _, labels, stats, _ = cv2.connectedComponentsWithStats(bridged, connectivity=8)
    small = stats[:, 2:4].max(axis=1) < _LARGEST_TYPE * scale
    small[0] = False
    kept: Pixels = (small[labels] & (coloured > 0)).astype(np.uint8) * 255
    return kept


def _without_dust(grey: Pixels) -> Pixels:
    """Return the page without dark pixels that stand alone; the smallest point has several."""
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    ring = np.ones((3, 3), np.uint8)
    ring[1, 1] = 0
    darkest = cv2.erode(grey, ring)
    cleaned: Pixels = np.where((darkest >= _DARK) & (grey < darkest), darkest, grey)
    return cleaned


def _grey_seals(grey: Pixels, scale: float) -> Pixels:
    """Return where a seal lies that lost its colour in a grey scan: broad, large, not black."""
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    pale = ((grey < _PALEST_SEAL) & (grey > _DARKEST_SEAL)).astype(np.uint8) * 255
    stroke = max(3, round(_SEAL_STROKE * scale))
    broad = cv2.morphologyEx(pale, cv2.MORPH_OPEN, np.ones((stroke, stroke), np.uint8))
    reach = max(3, round(_RULE * scale))
    bridged = cv2.morphologyEx(broad, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(bridged, connectivity=8)
    zone = np.zeros_like(pale)
    for left, top, width, height, _area in stats[1:count].tolist():
        if min(width, height) >= _LARGEST_TYPE * scale:
            zone[top : top + height, left : left + width] = 255
    near = cv2.dilate(broad, np.ones((stroke, stroke), np.uint8))
    found: Pixels = cv2.bitwise_and(
        cv2.bitwise_and(near, zone), (grey > _DARKEST_SEAL) * np.uint8(255)
    )
    return found


def _on_white(grey: Pixels, scale: float) -> Pixels:
    """Return the page with its paper, however grey and uneven, made white."""
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    height, width = grey.shape
    small = cv2.resize(
        grey, (max(1, width // 8), max(1, height // 8)), interpolation=cv2.INTER_AREA
    )
    reach = max(3, round(10 * scale / 8)) | 1
    # Paper is what is brightest around a spot; type never fills so large a spot.
    paper = cv2.dilate(cv2.medianBlur(small, 3), np.ones((reach, reach), np.uint8))
    paper = cv2.GaussianBlur(paper, (0, 0), reach)
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.divide(grey, np.maximum(paper, 1), scale=255)


def _skew(grey: Pixels, scale: float) -> float:
    """Return by how many degrees, counter-clockwise, the page must be turned to be straight."""
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    # Ink gathers in few rows and columns when lines and rules lie straight.
    factor = min(1.0, 1.4 / scale)
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    ink = (255 - small.astype(np.float32)) * (small < 215)
    height, width = ink.shape

    def sharpness(angle: float) -> float:
        warp = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        turned = cv2.warpAffine(ink, warp, (width, height), flags=cv2.INTER_LINEAR)
        down, across = turned.sum(axis=1), turned.sum(axis=0)
        return float((np.diff(down) ** 2).sum() + (np.diff(across) ** 2).sum())

    best, step = 0.0, 0.5
    candidates = [number * step for number in range(int(-_SKEWED / step), int(_SKEWED / step) + 1)]
    while step > 0.02:
        best = max(candidates, key=sharpness)
        step /= 3
        candidates = [best + number * step for number in (-2, -1, 0, 1, 2)]
    return best


def _quarters(grey: Pixels, scale: float) -> int:
    """Return how many quarters to the left the page must be turned so that its lines are read."""
    import numpy as np  # noqa: PLC0415

    best, chosen = 0.0, 0
    for quarters in (0, 3, 1, 2):
        turned = np.ascontiguousarray(np.rot90(grey, quarters))
        samples = _sample_lines(turned, scale)
        certainty = sum(read_line(line).mean for line in samples) / max(1, len(samples))
        if certainty > best:
            best, chosen = certainty, quarters
        if certainty > _UPRIGHT:
            break
    return chosen


def _sample_lines(grey: Pixels, scale: float) -> list[Pixels]:
    """Return some of the longer printed lines of a page."""
    boxes = [
        box for box in line_boxes(grey, scale) if 3 < (box[2] - box[0]) / (box[3] - box[1]) < 30
    ]
    boxes.sort(key=lambda box: box[2] - box[0], reverse=True)
    step = max(1, len(boxes) // (2 * _SAMPLES))
    return [
        cut_out(grey, (left, top, min(right, left + _SAMPLE_WIDTH * (bottom - top)), bottom))
        for left, top, right, bottom in boxes[::step][:_SAMPLES]
    ]


def cut_out(grey: Pixels, box: tuple[int, int, int, int]) -> Pixels:
    """Return the part of a page in a box of pixels with a little white around it."""
    import cv2  # noqa: PLC0415

    left, top, right, bottom = box
    edge = max(2, round(0.15 * (bottom - top)))
    part = grey[top:bottom, left:right]
    return cv2.copyMakeBorder(part, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(255,))


def line_boxes(grey: Pixels, scale: float) -> list[tuple[int, int, int, int]]:
    """Return left, top, right, bottom in pixels of the pieces of lines on a page.

    Characters less than about an em apart belong to one piece.
    """
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    ink = (grey < 160).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    sizes = stats[:, 2:4].max(axis=1)
    # Specks are dirt; what is longer than the largest title is a rule or a picture.
    keep = (sizes >= max(2.0, 0.8 * scale)) & (sizes <= 45 * scale)
    keep[0] = False
    ink = keep[labels].astype(np.uint8)
    reach = max(3, round(7 * scale))
    linked = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(linked, connectivity=8)
    boxes = []
    for left, top, width, height, _area in stats[1:count].tolist():
        if height >= 2 * scale or width >= 4 * scale:
            boxes.append((left, top, left + width, top + height))
    return boxes
