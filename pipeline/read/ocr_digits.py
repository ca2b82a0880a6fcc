"""Digits of a document held against each other: a reading that shares nothing with the model.

A document sets its figures in one font, so that all its sevens look alike. Each digit that the
model reads is compared with the mean picture of every digit, without its own part in it;
where it looks more like another one, that is the second reading. Also the width of a figure must
have room for its digits and no more, as the model sometimes drops one of two that are the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from pipeline.read.ocr_ink import Blob, InkLine, columns_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.read.ocr_image import Pixels

    Vector = NDArray[Any]

_FEWEST_WIDTHS = 5  # figures that tell how wide a digit is
_BETWEEN = 0.15  # of a digit's advance is white
# Of a digit's advance, by which a figure may be wider or narrower: a one at either end is slim.
_WIDER, _NARROWER = 0.4, 0.6
_WIDER_APART = 0.08  # of a digit's advance for each digit
_WIDEST_DIGIT = 0.9  # of its height
_LOWEST, _HIGHEST = 0.75, 1.3  # of the usual height: others are pieces, or two lines
_SAME_HEIGHT = 1.1  # times; a pixel of small type is that much
_FEWEST_ALIKE = 3  # of a digit in the document, besides the one that is judged
_HIGH, _WIDE = 18, 16  # pixels of the picture of a digit
_WANDER = 0.3  # of a digit, by which a cut may lie beside the middle


@dataclass(slots=True)
class Figure:
    """A printed line that the model reads as digits only.

    Args:
        line: its ink.
        text: the digits as read.
        width, height: of the ink in points.
        pictures: one vector a digit.
        second: the digits that they look most like; None when too few others tell.
        fits: whether the ink has room for just so many digits.

    """

    line: InkLine
    text: str
    width: float
    height: float
    pictures: list[Vector]
    second: str | None = None
    fits: bool = True


def picture_figure(line: InkLine, text: str, grey: Pixels, scale: float) -> Figure:
    """Return a figure with the pictures of its digits.

    Args:
        line: its ink.
        text: the digits as read.
        grey: height × width of the page, rules made white.
        scale: pixels a point.

    """
    parts = _parts(grey, _wider(line, text), len(text))
    pictures = [_picture(grey, part) for part in parts]
    return Figure(line, text, line.box.width / scale, line.box.height / scale, pictures)


def compare(figures: list[Figure]) -> None:
    """Read the figures of a document a second time, by their likeness to each other.

    Args:
        figures: their ``second`` and ``fits`` are filled in.

    """
    _judge_sizes(figures)
    sums: dict[str, Vector] = {}
    counts: Counter[str] = Counter()
    for figure in figures:
        for digit, vector in zip(figure.text, figure.pictures, strict=True):
            sums[digit] = sums[digit] + vector if digit in sums else vector
            counts[digit] += 1
    for figure in figures:
        if all(counts[digit] > _FEWEST_ALIKE for digit in figure.text):
            pairs = zip(figure.text, figure.pictures, strict=True)
            figure.second = "".join(_likest(d, vector, sums, counts) for d, vector in pairs)


def _judge_sizes(figures: list[Figure]) -> None:
    """Tell which figures fit: each against those of about its height, as tables differ in type."""
    known = [f for f in figures if len(f.text) >= 3 and columns_of(f.line) == len(f.text)]
    # The height of one figure is a few pixels, those of its kind tell it better.
    ratios = [_pitch(figure) / _usual_height(figure, figures) for figure in known]
    ratio = median(ratios) if len(ratios) >= _FEWEST_WIDTHS else None
    for figure in figures:
        apart = columns_of(figure.line) == len(figure.text)
        if ratio is None:
            # The thin top and foot of a nought may be lost, which leaves two halves.
            single = len(figure.text) == 1 and figure.width < _WIDEST_DIGIT * figure.height
            figure.fits = apart or single
        elif len(figure.text) > 1 or not apart:
            pitches = [_pitch(other) for other in _like(figure, known)]
            pitch = ratio * _usual_height(figure, figures)
            if len(pitches) >= _FEWEST_WIDTHS:
                pitch = median(pitches)
            excess = figure.width / pitch - (len(figure.text) - _BETWEEN)
            # Digits that stand apart are as many as counted, unless two halves make up for two
            # that touch; the width of their type need not be known so well.
            more = _WIDER_APART * len(figure.text) if apart else 0.0
            figure.fits = -_NARROWER - more < excess < _WIDER + more
    if len(figures) >= _FEWEST_WIDTHS:
        for figure in figures:
            usual = _usual_height(figure, figures)
            figure.fits = figure.fits and _LOWEST * usual < figure.height < _HIGHEST * usual


def _pitch(figure: Figure) -> float:
    return figure.width / (len(figure.text) - _BETWEEN)


def _like(figure: Figure, figures: list[Figure]) -> list[Figure]:
    """Return the figures of about the height of one, with it."""
    low, high = figure.height / _SAME_HEIGHT, figure.height * _SAME_HEIGHT
    return [other for other in figures if low <= other.height <= high]


def _usual_height(figure: Figure, figures: list[Figure]) -> float:
    """Return the height of the type of a figure; of all where too few are as high as it."""
    alike = _like(figure, figures)
    others = alike if len(alike) >= _FEWEST_WIDTHS else figures
    return median(other.height for other in others)


def _wider(line: InkLine, text: str) -> Blob:
    """Return the box of a figure with what is too thin to count as ink beside it."""
    left, top, right, bottom = line.box
    edge = round(0.15 * (right - left) / len(text)) + 1
    return Blob(max(0, left - edge), max(0, top - 1), right + edge, bottom + 1)


def _parts(grey: Pixels, box: Blob, digits: int) -> list[Blob]:
    """Cut a figure where least ink is, near the places that equal digits would give."""
    pitch = box.width / digits
    ink = (255 - grey[box.top : box.bottom, box.left : box.right].astype("float32")).sum(axis=0)
    cuts = [0]
    for number in range(1, digits):
        middle = number * pitch
        low = max(cuts[-1] + 1, round(middle - _WANDER * pitch))
        high = max(low + 1, min(box.width - 1, round(middle + _WANDER * pitch) + 1))
        cuts.append(low + int(ink[low:high].argmin()) if low < box.width else box.width)
    cuts.append(box.width)
    return [
        Blob(box.left + start, box.top, box.left + max(start + 1, end), box.bottom)
        for start, end in pairwise(cuts)
    ]


def _picture(grey: Pixels, part: Blob) -> Vector:
    """Return the picture of one digit: a vector of length 1 and mean 0, centred, in one size."""
    import cv2  # noqa: PLC0415  an extra, loaded on demand
    import numpy as np  # noqa: PLC0415

    left, top, right, bottom = part
    dark: Vector = 255 - grey[top:bottom, left:right].astype(np.float32)
    across = np.flatnonzero(dark.max(axis=0) > 0.35 * max(float(dark.max()), 1.0))
    if across.size:
        dark = dark[:, across[0] : across[-1] + 1]
    width = max(1, min(_WIDE, round(dark.shape[1] * _HIGH / dark.shape[0])))
    small = cv2.resize(dark, (width, _HIGH), interpolation=cv2.INTER_AREA)
    picture: Vector = np.zeros((_HIGH, _WIDE), np.float32)
    start = (_WIDE - width) // 2
    picture[:, start : start + width] = small
    picture = cv2.GaussianBlur(picture, (0, 0), 0.8)
    vector: Vector = picture.ravel() - picture.mean()
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def _likest(digit: str, vector: Vector, sums: dict[str, Vector], counts: Counter[str]) -> str:
    """Return the digit whose mean picture a picture is most like."""
    import numpy as np  # noqa: PLC0415

    best, chosen = -2.0, digit
    for other, total in sums.items():
        if counts[other] <= _FEWEST_ALIKE:
            continue
        mean = total - vector if other == digit else total
        likeness = float(mean @ vector / max(float(np.linalg.norm(mean)), 1e-6))
        if likeness > best:
            best, chosen = likeness, other
    return chosen
