"""Lines of text with their trailing figures taken apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.read.document import Paragraph
from pipeline.recognise.labels import INVISIBLE, plain
from pipeline.recognise.numbers import looks_like_figure, read_cell

_PAGE = re.compile(r"第\d+页(?:[,/]?共\d+页)?")

_BORDER = re.compile("[│┃║┆┊╎]")
_NUMBERED = re.compile(r"[（(]?[一二三四五六七八\d][)）.．、]\D")
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
        # What stands between borders may be one of several lines of a row: its figures, halves.
        for row in [tokens] if _BORDER.search(text) else _rows(tokens):
            figures: list[str] = []
            while row and looks_like_figure(row[-1]):
                if not figures and _BORDER.search(text):
                    break
                figures.insert(0, row.pop())
            words, place = " ".join(row), paragraph.place
            found.append(Line(index, words, tuple(figures), place, paragraph.spaced))
    return found


def _rows(tokens: list[str]) -> list[list[str]]:
    """Return the rows of a line in which words with a number follow the figures of others.

    The figures at its end are those of the last words, not of the first.
    """
    if len(tokens) < 4 or not looks_like_figure(tokens[-1]):
        return [tokens]
    known = [looks_like_figure(token) for token in tokens]
    starts = [
        number
        for number in range(2, len(tokens))
        if known[number - 1] and not known[number]
        if known[number - 2] or _NUMBERED.match(tokens[number])
    ]
    return [tokens[start:end] for start, end in pairwise([0, *starts, len(tokens)])]
