"""Rules on a straightened scan: what is long and black, and what stands between two such."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.read.grid import Rule

if TYPE_CHECKING:
    from pipeline.read.ocr_image import Pixels, Sheet

_SHORTEST_ACROSS = 55.0  # points: no stroke of a hanzi and no dash is so long
_PIECE_ACROSS = 24.0  # points: a thin rule breaks into pieces; strokes of small type are shorter
_PIECE_DOWN = 7.0
_THICKEST = 4.0
_SAME_LINE = 1.6  # points between the pieces of one rule
_GAP = 7.0  # points between two pieces of one rule
_TOUCHES = 3.0  # points by which a vertical rule may miss the horizontal one
_REACHES = 1.6  # points by which its pieces may end short of it where it is faint
_COVERED = 0.85  # of the height between two horizontal rules, likewise
_UNBROKEN = 0.6  # points without ink that no hanzi leaves between its strokes and a rule
_LOW = 18.0  # points: in lower rows a stroke of a hanzi nearly reaches from rule to rule
_DARK = 190  # thin rules are grey in a scan


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a page.

    Args:
        horizontals, verticals: in points of the straightened page.
        mask: height × width, 255 on the pixels of rules.

    """

    horizontals: list[Rule]
    verticals: list[Rule]
    mask: Pixels


def find_rules(sheet: Sheet) -> Rules:
    """Return the rules of a page.

    Horizontal rules are at least 55 points long. A vertical one counts only where it reaches from
    one horizontal rule to the next, as strokes of hanzi look like rules.
    """
    import cv2  # noqa: PLC0415  an extra, loaded on demand
    import numpy as np  # noqa: PLC0415

    scale = sheet.scale
    ink = (sheet.grey < _DARK).astype(np.uint8) * 255
    # One pixel to either side: a rule that climbs by a pixel stays one.
    wide = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    across = cv2.morphologyEx(
        wide, cv2.MORPH_OPEN, np.ones((1, round(_PIECE_ACROSS * scale)), np.uint8)
    )
    pieces = [
        Rule((top + height / 2) / scale, left / scale, (left + width) / scale)
        for left, top, width, height in _boxes(across)
        if height <= (_THICKEST + 2) * scale
    ]
    horizontals = [rule for rule in _joined(pieces) if rule.end - rule.start >= _SHORTEST_ACROSS]
    tall = cv2.dilate(ink, np.ones((1, 3), np.uint8))
    down = cv2.morphologyEx(
        tall, cv2.MORPH_OPEN, np.ones((round(_PIECE_DOWN * scale), 1), np.uint8)
    )
    pieces = [
        Rule((left + width / 2) / scale, top / scale, (top + height) / scale)
        for left, top, width, height in _boxes(down)
        if width <= (_THICKEST + 2) * scale
    ]
    verticals = _between(pieces, horizontals)
    mask = _mask(across, down, horizontals, verticals, scale)
    return Rules(horizontals, verticals, cv2.dilate(mask & ink, np.ones((3, 3), np.uint8)))


def _boxes(image: Pixels) -> list[tuple[int, int, int, int]]:
    import cv2  # noqa: PLC0415

    count, _, stats, _ = cv2.connectedComponentsWithStats(image, connectivity=8)
    return [(x, y, width, height) for x, y, width, height, _ in stats[1:count].tolist()]


def _joined(pieces: list[Rule]) -> list[Rule]:
    """Join pieces that lie on one line and are close to each other."""
    joined: list[Rule] = []
    for piece in sorted(pieces, key=lambda rule: rule.start):
        for index, rule in enumerate(joined):
            if abs(rule.at - piece.at) <= _SAME_LINE and piece.start <= rule.end + _GAP:
                length, more = rule.end - rule.start, piece.end - piece.start
                at = (rule.at * length + piece.at * more) / (length + more)
                joined[index] = Rule(at, rule.start, max(rule.end, piece.end))
                break
        else:
            joined.append(piece)
    return joined


def _between(pieces: list[Rule], horizontals: list[Rule]) -> list[Rule]:
    """Return the vertical rules: from one horizontal rule to the next that is met."""
    columns: list[list[Rule]] = []
    for piece in sorted(pieces):
        if columns and piece.at - columns[-1][0].at <= _SAME_LINE:
            columns[-1].append(piece)
        else:
            columns.append([piece])
    verticals = []
    for column in columns:
        at = sum(p.at * (p.end - p.start) for p in column) / sum(p.end - p.start for p in column)
        crossed = sorted(
            rule.at for rule in horizontals if rule.start - _TOUCHES <= at <= rule.end + _TOUCHES
        )
        rows = [(top, end) for top, end in pairwise(crossed) if end - top >= _TOUCHES]
        whole = [_unbroken(column, *row) for row in rows]
        for number, (top, bottom) in enumerate(rows):
            # Strokes of hanzi above each other look like a faint rule, but go on in no other row.
            goes_on = any(whole[max(0, number - 1) : number + 2])
            faint = goes_on and bottom - top >= _LOW and _reaches(column, top, bottom)
            if whole[number] or faint:
                verticals.append(Rule(at, top, bottom))
    return verticals


def _unbroken(pieces: list[Rule], top: float, bottom: float) -> bool:
    """Tell whether pieces of one rule reach from one height to another without any gap."""
    end = top
    for start, stop in sorted((p.start, p.end) for p in pieces if p.end > top):
        if start > end + _UNBROKEN:
            break
        end = max(end, stop)
    return end >= bottom - _UNBROKEN


def _reaches(pieces: list[Rule], top: float, bottom: float) -> bool:
    """Tell whether pieces of one rule reach from one height to another with small gaps only."""
    inside = sorted((p.start, p.end) for p in pieces if p.end > top and p.start < bottom)
    if not inside or inside[0][0] > top + _REACHES:
        return False
    covered, end = 0.0, top
    for start, stop in inside:
        covered += max(0.0, min(stop, bottom) - max(start, end))
        end = max(end, stop)
    return end >= bottom - _REACHES and covered >= _COVERED * (bottom - top) - 2 * _REACHES


def _mask(
    across: Pixels, down: Pixels, horizontals: list[Rule], verticals: list[Rule], scale: float
) -> Pixels:
    """Return the pixels of the rules that count, not of strokes that look like them."""
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    near = round(1.5 * scale)
    zone = np.zeros_like(across)
    for at, start, end in horizontals:
        top, left, right = round(at * scale), round(start * scale), round(end * scale)
        zone[max(0, top - near) : top + near + 1, max(0, left) : right + 1] = 255
    mask = cv2.bitwise_and(across, zone)
    zone[:] = 0
    for at, start, end in verticals:
        left, top, bottom = round(at * scale), round(start * scale), round(end * scale)
        zone[max(0, top) : bottom + 1, max(0, left - near) : left + near + 1] = 255
    return cv2.bitwise_or(mask, cv2.bitwise_and(down, zone))
