"""Places as the readers write them, taken apart again."""

from __future__ import annotations

import re
from dataclasses import dataclass

Box = tuple[float, float, float, float]

_NUMBER = r"(-?\d+(?:\.\d+)?)"
_PAGE = re.compile(rf"page=(\d+)(?:;box={_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER})?")
_LINES = re.compile(r"line=(\d+)(?:-(\d+))?")


class EvidenceError(Exception):
    """No picture can be made; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class PagePlace:
    """A box on a page.

    Args:
        page: 1-based page number.
        box: left, top, right, bottom in points from the upper left corner of the page as
            displayed; None for the whole page.

    """

    page: int
    box: Box | None


@dataclass(frozen=True, slots=True)
class LinePlace:
    """Lines of a text, 1-based and inclusive."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class PathPlace:
    """An element of a page or of ``word/document.xml``, named by its XPath."""

    path: str


def parse_place(text: str) -> PagePlace | LinePlace | PathPlace:
    """Return a place taken apart.

    Args:
        text: a place in the form of ``pipeline.read.document``.

    Raises:
        EvidenceError: it is none.

    """
    if page := _PAGE.fullmatch(text):
        left, top, right, bottom = page.groups()[1:]
        box = None if left is None else (float(left), float(top), float(right), float(bottom))
        return PagePlace(int(page[1]), box)
    if lines := _LINES.fullmatch(text):
        return LinePlace(int(lines[1]), int(lines[2] or lines[1]))
    if text.startswith("path=/"):
        return PathPlace(text.removeprefix("path="))
    raise EvidenceError(f"{text!r} is no place in a document; read it again with 'nianbao reparse'")
