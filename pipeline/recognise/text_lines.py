"""Lines of text with their trailing figures taken apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.read.document import Paragraph
from pipeline.recognise.labels import INVISIBLE, plain
from pipeline.recognise.numbers import looks_like_figure, read_cell

_PAGE = re.compile(r"第\d+页(?:[,/]?共\d+页)?")

_BORDER = re.compile("[│┃║┆┊╎]")
_UNIT_APART = re.compile(r"(\d) (件|项|条|次|个|元|万元)(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Args:
        block: index of its paragraph in the document.
        text: the words before its trailing figures.
        figures: trailing figures as printed.
        place: where it stands.
        spaced: whether wide white space parts its words, as the columns of a page do.

    """

    block: int
    text: str
    figures: tuple[str, ...]
    place: str
    spaced: bool = False

    @property
    def may_be_page_number(self) -> bool:
        """Whether it is a number alone on its line, dashes around it or not; 0 is no page."""
        if self.text:
            return _PAGE.fullmatch(plain(self.text)) is not None
        readings = [read_cell(figure, self.place) for figure in self.figures]
        values = [reading.value for reading in readings if reading.value is not None]
        return len(values) == 1 and values[0] != 0


def split_lines(paragraphs: Sequence[tuple[int, Paragraph]]) -> list[Line]:
    """Return the lines of a document with their trailing figures taken apart."""
    found = []
    for index, paragraph in paragraphs:
        text = paragraph.text
        if not text.isprintable():  # as what is invisible never is
            text = INVISIBLE.sub("", text)
        text = text.replace("|", " ").strip()
        tokens = (_UNIT_APART.sub(r"\1\2", text) if " " in text else text).split()
        figures: list[str] = []
        while tokens and looks_like_figure(tokens[-1]):
            if not figures and _BORDER.search(text):
                break  # it may be one of several lines of a row: its figures may be halves
            figures.insert(0, tokens.pop())
        words, place = " ".join(tokens), paragraph.place
        found.append(Line(index, words, tuple(figures), place, paragraph.spaced))
    return found
