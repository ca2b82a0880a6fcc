"""Ink: what all pictures share: colours, wrapped lines of words, strips put below each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFont

PAPER, BLACK, GREY, PALE = (255, 255, 255), (20, 20, 20), (110, 110, 110), (205, 205, 205)
MARK = (208, 0, 31)
"""Colour of the box around the cell; prints of red stamps are lighter."""
GLOW = (255, 244, 160)
"""What lies under the marked figure; it leaves black ink black."""
MARK_WIDTH = 4
GAP_HEIGHT = 44

FIGURE = re.compile(r"[\d.,，．+\-%]+")
_PIECES = re.compile(rf"{FIGURE.pattern}|.")

Font = ImageFont.FreeTypeFont
Edges = tuple[int, int, int, int]


def wrap(text: str, font: Font, width: float) -> list[str]:
    """Break a text into lines no wider than given; figures stay whole where they can.

    Args:
        text: the words; its line breaks are kept.
        font: what it is set in.
        width: pixels.

    """
    lines = []
    for printed in text.split("\n"):
        line, used = "", 0.0
        for piece in _PIECES.findall(printed):
            # A figure broken over two lines may be taken for two.
            for token in [piece] if length(piece, font) <= width else piece:
                advance = length(token, font)
                if line and used + advance > width:
                    lines.append(line)
                    line, used = "", 0.0
                line += token
                used += advance
        lines.append(line)
    return lines


@lru_cache(maxsize=50_000)
def _advance(font: Font, sign: str) -> float:
    return font.getlength(sign)


def length(text: str, font: Font) -> float:
    """Return the width of a line in pixels."""
    return sum(_advance(font, sign) for sign in text)


def mark(picture: Image.Image, box: Edges) -> None:
    """Mark a box: a frame around it, a glow under what is in it.

    Args:
        picture: drawn on.
        box: left, top, right, bottom in pixels; the frame lies outside of it.

    """
    left, top, right, bottom = box
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, picture.width), min(bottom, picture.height)
    if left < right and top < bottom:
        inside = picture.crop((left, top, right, bottom))
        glow = Image.new("RGB", inside.size, GLOW)
        picture.paste(ImageChops.multiply(inside, glow), (left, top))
    frame = [edge + side * MARK_WIDTH for edge, side in zip(box, (-1, -1, 1, 1), strict=True)]
    ImageDraw.Draw(picture).rectangle(
        (frame[0], frame[1], frame[2] - 1, frame[3] - 1), outline=MARK, width=MARK_WIDTH
    )


def words_strip(lines: Sequence[tuple[str, Font, tuple[int, int, int]]], width: int) -> Image.Image:
    """Return words on white paper, wrapped.

    Args:
        lines: text, font and colour of each paragraph.
        width: of the strip in pixels.

    """
    margin = 16
    wrapped = [
        (line, font, colour)
        for text, font, colour in lines
        for line in wrap(text, font, width - 2 * margin)
    ]
    height = sum(_leading(font) for _, font, _ in wrapped)
    strip = Image.new("RGB", (width, height + 2 * margin), PAPER)
    pen = ImageDraw.Draw(strip)
    y = margin
    for line, font, colour in wrapped:
        pen.text((margin, y), line, font=font, fill=colour)
        y += _leading(font)
    return strip


def _leading(font: Font) -> int:
    return round(font.size * 1.5)


def gap(width: int, words: str, font: Font) -> Image.Image:
    """Return the strip that stands for what is left out between two others."""
    strip = Image.new("RGB", (width, GAP_HEIGHT), (240, 240, 240))
    pen = ImageDraw.Draw(strip)
    for y in (0, GAP_HEIGHT - 1):
        for x in range(0, width, 16):
            pen.line((x, y, x + 8, y), fill=GREY)
    pen.text((width / 2, GAP_HEIGHT / 2), words, font=font, fill=GREY, anchor="mm")
    return strip


def stack(strips: Sequence[Image.Image]) -> Image.Image:
    """Return pictures below each other, all at the left edge."""
    width = max(strip.width for strip in strips)
    whole = Image.new("RGB", (width, sum(strip.height for strip in strips)), PAPER)
    y = 0
    for strip in strips:
        whole.paste(strip, (0, y))
        y += strip.height
    return whole
