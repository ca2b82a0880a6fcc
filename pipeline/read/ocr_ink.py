"""Ink inside a box of a scan: what is there, before anybody asks what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pipeline.read.ocr_image import Pixels

_SPECK = 1.3  # points: smaller ink is dirt, a dot or a comma
_DOT = 0.28  # ems: larger round ink is no dot
_HYPHEN = 0.17  # ems: the narrowest
_FLAT = 1.7  # times wider than high: a hyphen, no dot
_INSET = 0.9  # points beside a rule that its soft edge darkens
_SOFT = 0.28  # points: a quarter of the thickness of a stroke
_INK = 190  # grey level
_GRAIN = 50  # grey levels by which the grain of paper darkens it
_UNLIKE_HYPHEN = 1.25  # times wider than high: less is a round speck
_STRAIGHT = 0.82  # correlation of the ink of a slash
_LEAST_LEAN, _MOST_LEAN = 0.26, 1.2  # points across for a point down
_BEFORE = 0.7  # ems: a minus sign stands no further from its figure
_RESIDUE = 1.0  # points: what is left of a rule beside the cell's edge
_BESIDE_RULE = 1.5  # points: darkened by what is left of a rule
_FAINT = 6.0  # grey levels times square points; the thinnest slash has 40, the blank cell none
_CLOSE = 0.4  # ems beside a digit: a stroke that broke off
_GAP_OF_POINT = 0.2  # ems between two digits that have a decimal point or a comma between them
_ONE_LINE = 1.12  # ems: pieces of one character lie no further apart
_HIGHEST = 1.75  # ems: a higher line is two lines that touch


class Blob(NamedTuple):
    """Pixels that hang together: left, top, right, bottom in pixels of the page."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.bottom - self.top


@dataclass(slots=True)
class InkLine:
    """A printed line inside a cell.

    Args:
        blobs: its characters or their parts, from left to right.
        specks: dots that may belong to it.

    """

    blobs: list[Blob]
    specks: list[Blob] = field(default_factory=list)

    @property
    def box(self) -> Blob:
        """Box around the blobs."""
        return around(self.blobs)


@dataclass(slots=True)
class Ink:
    """What stands in a cell.

    Args:
        lines: printed lines from top to bottom.
        specks: ink too small to be a character.

    """

    lines: list[InkLine]
    specks: list[Blob]


def around(blobs: list[Blob]) -> Blob:
    """Return the smallest box around blobs."""
    lefts, tops, rights, bottoms = zip(*blobs, strict=True)
    return Blob(min(lefts), min(tops), max(rights), max(bottoms))


def soften(grey: Pixels, scale: float) -> Pixels:
    """Return a page with the grain of its paper smoothed away."""
    import cv2  # noqa: PLC0415  an extra, loaded on demand

    return cv2.GaussianBlur(grey, (0, 0), _SOFT * scale)


def ink_of(soft: Pixels) -> Pixels:
    """Return height × width, 255 where there is ink."""
    import numpy as np  # noqa: PLC0415

    return (soft < _INK).astype(np.uint8) * 255


def blobs_in(ink: Pixels, box: Blob, scale: float) -> tuple[list[Blob], list[Blob]]:
    """Return the characters' blobs inside a box and the specks, without remains of rules.

    Args:
        ink: height × width of the page, 255 for ink, rules taken out.
        box: in pixels.
        scale: pixels a point.

    """
    import cv2  # noqa: PLC0415

    part = ink[box.top : box.bottom, box.left : box.right]
    if not part.size:
        return [], []
    count, _, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    blobs: list[Blob] = []
    specks: list[Blob] = []
    for x, y, width, height, _ in stats[1:count].tolist():
        at_side = x == 0 or x + width == part.shape[1]
        at_end = y == 0 or y + height == part.shape[0]
        if (at_side and width <= _RESIDUE * scale) or (at_end and height <= _RESIDUE * scale):
            continue
        blob = Blob(box.left + x, box.top + y, box.left + x + width, box.top + y + height)
        small = max(width, height) < max(3.0, _SPECK * scale)
        (specks if small else blobs).append(blob)
    return blobs, specks


def without_dots(
    blobs: list[Blob], specks: list[Blob], em: float, grey: Pixels
) -> tuple[list[Blob], list[Blob]]:
    """Tell dots from characters, now that the size of the type is known; hyphens are no dots."""
    characters: list[Blob] = []
    dots: list[Blob] = []
    for blob in blobs + specks:
        small = max(blob.width, blob.height) < _DOT * em
        hyphen = blob.width >= _HYPHEN * em and flatness(grey, blob) >= _FLAT
        (dots if small and not hyphen else characters).append(blob)
    return characters, dots


def flatness(grey: Pixels, blob: Blob) -> float:
    """Return how many times wider than high ink is, by its darkness, as blur rounds a hyphen."""
    import numpy as np  # noqa: PLC0415

    top, left = max(0, blob.top - 2), max(0, blob.left - 2)
    dark = 255 - grey[top : blob.bottom + 2, left : blob.right + 2].astype(np.float64)
    dark = np.maximum(dark - 20, 0)
    weight = dark.sum()
    if not weight:
        return 1.0
    across, down = dark.sum(axis=0) / weight, dark.sum(axis=1) / weight
    spread = []
    for share in (across, down):
        at = np.arange(share.size)
        middle = float((share * at).sum())
        spread.append(max(float((share * (at - middle) ** 2).sum()), 0.05))
    return float((spread[0] / spread[1]) ** 0.5)


def lines_in(blobs: list[Blob], specks: list[Blob], em: float) -> list[InkLine]:
    """Sort the blobs of a cell into printed lines, and the specks to the lines that they may be of.

    Args:
        blobs: as ``blobs_in`` gives them.
        specks: likewise.
        em: size of the type in pixels.

    """
    bands: list[InkLine] = []
    for blob in sorted(blobs, key=lambda blob: (blob.top, blob.bottom)):
        if bands:
            box = bands[-1].box
            overlap = min(box.bottom, blob.bottom) - blob.top
            together = max(box.bottom, blob.bottom) - box.top
            if overlap > 0.4 * min(blob.height, box.height) or together <= _ONE_LINE * em:
                bands[-1].blobs.append(blob)
                continue
        bands.append(InkLine([blob]))
    for band in bands:
        band.blobs.sort()
        box = band.box
        band.specks = [s for s in specks if box.top - 1 <= (s.top + s.bottom) / 2 <= box.bottom + 1]
    return bands


def too_high(line: InkLine, em: float) -> bool:
    """Tell whether lines touch each other, so that they can't be told apart."""
    return line.box.height > _HIGHEST * em


def stray(line: InkLine, em: float) -> list[Blob]:
    """Return the specks of a line that are dirt.

    The others stand in a gap that is wide enough for a point, or are part of a character.
    """
    found = []
    for speck in line.specks:
        middle = (speck.left + speck.right) / 2
        before = [blob.right for blob in line.blobs if blob.right <= middle]
        behind = [blob.left for blob in line.blobs if blob.left >= middle]
        covered = any(blob.left < middle < blob.right for blob in line.blobs)
        low = speck.bottom >= line.box.bottom - 0.2 * em
        in_gap = before and behind and min(behind) - max(before) >= _GAP_OF_POINT * em and low
        if not covered and not in_gap:
            found.append(speck)
    return found


def sign_before(line: InkLine, em: float, grey: Pixels) -> Blob | None:
    """Return a speck that stands where the minus sign of a figure would, if there is one."""
    box = line.box
    for speck in line.specks:
        middle = (speck.top + speck.bottom) / 2
        inside = box.top + 0.25 * box.height < middle < box.bottom - 0.2 * box.height
        near = inside and 0 <= box.left - speck.right < _BEFORE * em
        if near and flatness(grey, speck) >= _UNLIKE_HYPHEN:
            return speck
    return None


def dirt_beside(
    lines: list[InkLine], digits: int, soft: Pixels, cell: Blob, scale: float
) -> tuple[float, float]:
    """Return how much ink too faint or too small for a character stands beside a figure.

    Args:
        lines: of the figure.
        digits: how many it has.
        soft: height × width of the page, rules made white, its grain smoothed away.
        cell: its cell.
        scale: pixels a point.

    Returns:
        The darkness of the cell beside its lines over that of a usual digit, and the same for the
        place of a minus sign.

    """
    inside = sum(_darkness(soft, line.box) for line in lines)
    usual = max(inside / digits, 1.0)
    left, top, right, bottom = lines[0].box
    reach = max(2, round((right - left) / digits))
    high, low = top + round(0.3 * (bottom - top)), bottom - round(0.2 * (bottom - top))
    start = max(cell.left, left - 1)
    sign = Blob(max(cell.left, start - reach), high, start, low)
    specks = sum(_darkness(soft, speck) for speck in lines[0].specks if speck.right <= left)
    edge = max(1, round(_INSET * scale))
    cell = Blob(cell.left + edge, cell.top + edge, cell.right - edge, cell.bottom - edge)
    # What a little around the lines holds is the soft edge of their ink.
    around_lines = [
        Blob(b.left - 2, max(cell.top, b.top - 2), b.right + 2, min(cell.bottom, b.bottom + 2))
        for b in (line.box for line in lines)
    ]
    outside = _darkness(soft, cell) - sum(_darkness(soft, box) for box in around_lines)
    # A speck that is seen is judged by its form; this is about a sign too faint to be seen.
    return outside / usual, (_darkness(soft, sign) - 1.5 * specks) / usual


def fringe(line: InkLine, digits: int, soft: Pixels, cell: Blob, em: float) -> float:
    """Return how much ink stands close beside a figure: thin strokes that broke off its digits.

    Args:
        line: of the figure.
        digits: how many it has.
        soft: height × width of the page, rules made white, its grain smoothed away.
        cell: its cell.
        em: size of the type in pixels.

    Returns:
        The darkness of the darker side over that of a usual digit; beside whole digits it is 0.

    """
    left, top, right, bottom = line.box
    reach = round(_CLOSE * em)
    sides = (
        Blob(max(cell.left + 3, left - reach), top, left - 1, bottom),
        Blob(right + 1, top, min(cell.right - 3, right + reach), bottom),
    )
    usual = max(_darkness(soft, line.box) / digits, 1.0)
    return max(_darkness(soft, side) if side.width > 0 else 0.0 for side in sides) / usual


def faint_in(soft: Pixels, cell: Blob, specks: list[Blob], em: float, scale: float) -> bool:
    """Tell whether a cell without characters holds what may be left of a thin one.

    Args:
        soft: height × width of the page, rules made white, its grain smoothed away.
        cell: in pixels.
        specks: the dirt in it.
        em: size of the type in pixels.
        scale: pixels a point.

    """
    near = any(
        abs(one.left + one.right - two.left - two.right) < 2 * em
        and abs(one.top + one.bottom - two.top - two.bottom) < 2 * em
        for one, two in combinations(specks, 2)
    )
    edge = round(_BESIDE_RULE * scale)
    inner = Blob(cell.left + edge, cell.top + edge, cell.right - edge, cell.bottom - edge)
    grown = (Blob(s.left - 3, s.top - 3, s.right + 3, s.bottom + 3) for s in specks)
    faint = _darkness(soft, inner) - sum(_darkness(soft, box) for box in grown)
    return near or faint > _FAINT * scale**2


def _darkness(grey: Pixels, box: Blob) -> float:
    import numpy as np  # noqa: PLC0415

    part = grey[box.top : box.bottom, max(0, box.left) : box.right].astype(np.float32)
    return float(np.maximum(255 - _GRAIN - part, 0).sum())


def dash_of(line: InkLine, em: float, grey: Pixels) -> str:
    """Return the dash that a line of flat ink is; empty when it is none."""
    box = line.box
    flat = all(
        blob.height <= max(4.0, 0.24 * em) and flatness(grey, blob) >= _FLAT for blob in line.blobs
    )
    if not flat or box.height > max(4.0, 0.28 * em) or box.width < _HYPHEN * em:
        return ""
    if box.width < 0.62 * em:
        return "-"
    return "—" if box.width < 1.4 * em else "——"


def lean_of(ink: Pixels, line: InkLine) -> tuple[float, float]:
    """Return how the ink of a stroke leans: points across for a point down, and how straight it is.

    Negative is the way of a slash.
    """
    import numpy as np  # noqa: PLC0415

    left, top, right, bottom = line.box
    ys, xs = np.nonzero(ink[top:bottom, left:right])
    if len(set(xs.tolist())) < 2 or len(set(ys.tolist())) < 2:
        return 0.0, 0.0
    across, down = xs - xs.mean(), ys - ys.mean()
    together = float((across * down).mean())
    return together / float((down**2).mean()), together / float(across.std() * down.std())


def slash_of(ink: Pixels, line: InkLine) -> str:
    """Return the slash or backslash that the ink of a line is; empty when it is none.

    An italic figure one leans too, but less.
    """
    lean, straight = lean_of(ink, line)
    if len(line.blobs) > 1 or abs(straight) < _STRAIGHT:
        return ""
    if not _LEAST_LEAN < abs(lean) < _MOST_LEAN:
        return ""
    return "/" if lean < 0 else "\\"


def is_point(line: InkLine, em: float) -> bool:
    """Tell whether the small signs of a figure end on its foot, as points do and commas do not."""
    large = [blob.bottom for blob in line.blobs if blob.height > 0.5 * em]
    if not large:
        return False
    foot = sorted(large)[len(large) // 2]
    small = [
        b for b in (*line.blobs, *line.specks) if b.height < 0.35 * em and b.top > foot - 0.3 * em
    ]
    return bool(small) and all(blob.bottom <= foot + max(1.0, 0.05 * em) for blob in small)


def columns_of(line: InkLine) -> int:
    """Return the number of blobs side by side; parts above each other are one."""
    count, end = 0, -1.0
    for blob in sorted(line.blobs):
        if blob.left >= end - 0.3 * blob.width:
            count += 1
        end = max(end, blob.right)
    return count
