"""One page of a PDF as every engine gives it: characters and rules, in one frame of reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from pipeline.read.document import UnreadableError
from pipeline.read.grid import Rule

Box = tuple[float, float, float, float]
Segment = tuple[float, float, float, float]
Matrix = tuple[float, float, float, float, float, float]
Point = tuple[float, float]

THICKEST = 4.0
"""A filled rectangle up to this thickness in points is a rule; thicker ones are backgrounds."""

MOST_SEGMENTS = 20_000
"""Most pieces of rules taken from a page; a table drawn dot by dot stays below."""

UNSEEN_MODES = (3, 7)
"""Text render modes that draw nothing (ISO 32000-1, 9.3.6)."""

FILLING_MODES = (0, 4)
"""Text render modes that fill letters and draw no outline."""

WHITE = 0.98
"""Lightest of what is white to the eye: share of the full value in red, green and blue."""

UNMAPPED = "\N{REPLACEMENT CHARACTER}"
"""Stands for a character whose font does not say what it means."""


@dataclass(slots=True)
class RawPage:
    """What an engine finds on a page, in the PDF's own coordinates (y upwards, no rotation).

    Args:
        number: 1-based page number.
        box: visible part of the page (crop box): left, bottom, right, top in points.
        rotation: /Rotate of the page in degrees clockwise: 0, 90, 180 or 270.
        texts: the characters in the order of the content; white space separates.
        lefts, bottoms, rights, tops: edges of the characters (advance box) in points.
        angles: direction of each character in degrees counter-clockwise, 0 to 359.
        segments: straight rules as x0, y0, x1, y1, parallel to an axis.
        images: number of images, and of filled shapes with curves (text turned to outlines).
        pictures: boxes of the images: left, bottom, right, top.
        shades: boxes that are filled with a colour, where any character is white.
        invisible: indexes of characters that draw nothing (text render mode 3 or 7).
        white: indexes of characters that are drawn in white.

    """

    number: int
    box: Box
    rotation: int
    texts: str
    lefts: list[float]
    bottoms: list[float]
    rights: list[float]
    tops: list[float]
    angles: list[int]
    segments: list[Segment] = field(default_factory=list)
    images: int = 0
    pictures: list[Box] = field(default_factory=list)
    shades: list[Box] = field(default_factory=list)
    invisible: set[int] = field(default_factory=set)
    white: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Frame:
    """How a page must be turned so that its text stands upright.

    Args:
        box: visible part of the page in PDF coordinates.
        turn: quarter turns clockwise from PDF coordinates to upright text.
        shown: quarter turns clockwise from PDF coordinates to what a viewer shows (/Rotate).

    """

    box: Box
    turn: int
    shown: int
    width: float = field(init=False)
    height: float = field(init=False)

    def __post_init__(self) -> None:
        """Note the size of the upright page in points."""
        left, bottom, right, top = self.box
        size = (right - left, top - bottom)
        object.__setattr__(self, "width", size[self.turn % 2])
        object.__setattr__(self, "height", size[1 - self.turn % 2])

    def displayed(self, box: Box) -> Box:
        """Return a box of the upright page where a viewer shows it."""
        left, top, right, bottom = box
        width, height = self.width, self.height
        turns = (self.shown - self.turn) % 4
        if turns == 1:
            return height - bottom, left, height - top, right
        if turns == 2:
            return width - right, height - bottom, width - left, height - top
        if turns == 3:
            return top, width - right, bottom, width - left
        return box


@dataclass(slots=True)
class Page:
    """A page with upright text: origin in the upper left corner, y downwards, points.

    Args:
        number: 1-based page number.
        frame: the way back to what a viewer shows.
        texts, lefts, tops, rights, bottoms: characters and their edges, by index.
        slanted: indexes of characters that run in no direction of the page (watermarks).
        upward: indexes of characters that are turned by a quarter to the left, read upwards.
        horizontals, verticals: rules.
        images: number of images, and of filled shapes with curves (text turned to outlines).
        torn: ids of the last visible digits of figures that the edge of the page cuts.

    """

    number: int
    frame: Frame
    texts: str
    lefts: list[float]
    tops: list[float]
    rights: list[float]
    bottoms: list[float]
    slanted: frozenset[int]
    upward: frozenset[int]
    horizontals: list[Rule]
    verticals: list[Rule]
    images: int
    torn: list[int] = field(default_factory=list)


def upright(raw: RawPage) -> Page:
    """Turn a page so that most of its characters stand upright.

    /Rotate alone does not do it: many scanners and office programs turn the content instead.
    """
    counted = Counter(raw.angles if any(raw.angles) else raw.angles[:1])
    if len(counted) > 1:  # spaces that an engine adds have no direction
        pairs = zip(raw.angles, raw.texts, strict=True)
        counted = Counter(angle for angle, text in pairs if not text.isspace())
    angle = counted.most_common(1)[0][0] if counted else -raw.rotation % 360
    turn = round(angle / 90) % 4
    frame = Frame(raw.box, turn, raw.rotation // 90 % 4)
    left, bottom, right, top = raw.box
    # A turn maps the four edges of a box to four others; done by whole lists, as pages have
    # thousands of characters.
    if turn == 0:
        lefts = [x - left for x in raw.lefts] if left else raw.lefts
        rights = [x - left for x in raw.rights] if left else raw.rights
        tops = [top - y for y in raw.tops]
        bottoms = [top - y for y in raw.bottoms]
    elif turn == 1:
        lefts = [y - bottom for y in raw.bottoms]
        rights = [y - bottom for y in raw.tops]
        tops = [x - left for x in raw.lefts]
        bottoms = [x - left for x in raw.rights]
    elif turn == 2:
        lefts = [right - x for x in raw.rights]
        rights = [right - x for x in raw.lefts]
        tops = [y - bottom for y in raw.bottoms]
        bottoms = [y - bottom for y in raw.tops]
    else:
        lefts = [top - y for y in raw.tops]
        rights = [top - y for y in raw.bottoms]
        tops = [right - x for x in raw.rights]
        bottoms = [right - x for x in raw.lefts]
    slanted: frozenset[int] = frozenset()
    upward: frozenset[int] = frozenset()
    if len(counted) > 1:
        relative = [(other - angle) % 360 for other in raw.angles]
        slanted = frozenset(i for i, other in enumerate(relative) if 5 < other % 90 < 85)
        upward = frozenset(i for i, other in enumerate(relative) if 85 <= other <= 95)
    horizontals, verticals = _rules(raw.segments, frame)
    return Page(
        raw.number,
        frame,
        raw.texts,
        lefts,
        tops,
        rights,
        bottoms,
        slanted,
        upward,
        horizontals,
        verticals,
        raw.images,
    )


# As Rule._make, in a third of the time: a table drawn cell by cell has a thousand rules.
_as_rule: Callable[[tuple[float, float, float]], Rule] = partial(tuple.__new__, Rule)


def _rules(segments: list[Segment], frame: Frame) -> tuple[list[Rule], list[Rule]]:
    """Return the visible rules of an upright page, horizontal and vertical ones apart."""
    left, bottom, right, top = frame.box
    width, height = right - left, top - bottom
    horizontals, verticals = [], []
    for x0, y0, x1, y1 in set(segments):  # cells drawn one by one repeat their common sides
        low, high = (x0 - left, x1 - left) if x0 <= x1 else (x1 - left, x0 - left)
        near, far = (top - y1, top - y0) if y0 <= y1 else (top - y0, top - y1)
        if low < 0 or near < 0 or high > width or far > height:
            low, high, near, far = max(low, 0.0), min(high, width), max(near, 0.0), min(far, height)
            if low > high or near > far:
                continue
        if frame.turn == 1:
            low, near, high, far = height - far, low, height - near, high
        elif frame.turn == 2:
            low, near, high, far = width - high, height - far, width - low, height - near
        elif frame.turn == 3:
            low, near, high, far = near, width - high, far, width - low
        wide, tall = high - low, far - near
        # A dot belongs to a dotted rule of either direction.
        dot = wide <= THICKEST and tall <= THICKEST
        if dot or wide >= tall:
            horizontals.append(((near + far) / 2, low, high))
        if dot or wide < tall:
            verticals.append(((low + high) / 2, near, far))
    return list(map(_as_rule, horizontals)), list(map(_as_rule, verticals))


def through(matrices: tuple[Matrix, ...], points: list[Point]) -> list[Point]:
    """Take points through matrices, the innermost first."""
    for a, b, c, d, e, f in matrices:
        points = [(a * x + c * y + e, b * x + d * y + f) for x, y in points]
    return points


def box_around(points: Sequence[Point]) -> Box:
    """Return the smallest box (left, bottom, right, top) around points."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def thin(left: float, bottom: float, right: float, top: float) -> Segment | None:
    """Return the rule that a thin box draws, or None if the box is no rule."""
    wide, high = right - left, top - bottom
    if wide <= THICKEST and high <= THICKEST:
        return left, bottom, right, top
    if high <= THICKEST:
        middle = (bottom + top) / 2
        return left, middle, right, middle
    if wide <= THICKEST:
        middle = (left + right) / 2
        return middle, bottom, middle, top
    return None


def path_segments(
    points: Sequence[tuple[float, float]], *, closed: bool, stroked: bool
) -> list[Segment]:
    """Return the rules that one subpath draws: itself if thin, else its stroked sides.

    Args:
        points: corners in PDF coordinates; a curve must not be among the sides.
        closed: whether the last corner is joined to the first.
        stroked: whether its sides are drawn, not only its area.

    """
    if len(points) < 2:
        return []
    rule = thin(*box_around(points))
    if rule is not None:
        return [rule]
    if not stroked:
        return []
    sides = []
    x0, y0 = points[-1] if closed else points[0]
    for x1, y1 in points:
        level, plumb = -0.5 < y0 - y1 < 0.5, -0.5 < x0 - x1 < 0.5
        if level != plumb:
            sides.append((x0, y0, x1, y1))
        x0, y0 = x1, y1
    return sides


def encrypted() -> UnreadableError:
    """Return the error for a document that asks for a password."""
    return UnreadableError(
        "E-PDF-ENCRYPTED", "PDF文件需要打开密码，无法读取；请向发布机关索取未加密的文件。"
    )


def broken(reason: str) -> UnreadableError:
    """Return the error for a document that cannot be opened to the end."""
    return UnreadableError(
        "E-PDF-BROKEN", f"PDF文件不完整或已损坏（{reason}）；请重新下载原文件后再读。"
    )


def too_long(pages: int, most_pages: int) -> UnreadableError:
    """Return the error for a document of more pages than a report can have."""
    return UnreadableError(
        "E-PDF-PAGES",
        f"PDF文件共{pages}页，超过{most_pages}页的上限，未读取；请确认它是否为单份年度报告。",
    )
