"""Signs that a table without rules on a printed page has torn cells: a line is then no row."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.recognise.labels import plain
from pipeline.recognise.text_lines import Line

_UNIT = re.compile(r"(?:万元|亿元|元|件次|人次|件|项|条|个|次|人|份|宗|起)[)）]?")
_TORN_FIGURE = re.compile(r"[+-]?0\d.*|.*[,，.]|[,，.].*")


def on_paper(line: Line) -> bool:
    """Tell whether a line shows a page as printed, where cells break over lines by themselves."""
    return line.spaced or line.place.startswith("page=")


def torn_line(line: Line) -> bool:
    """Tell whether a line holds a piece of a cell: a unit alone, half a bracket, half a figure."""
    whole = plain(line.text + " ".join(line.figures))
    if _UNIT.fullmatch(plain(line.text)) and not line.figures:
        return True
    if whole.count("(") != whole.count(")"):
        return True
    return any(_TORN_FIGURE.fullmatch(plain(figure)) for figure in line.figures)


def torn_table(lines: Sequence[Line], first: int, last: int, wanted: int) -> bool:
    """Tell whether the lines of a table on paper hold pieces of cells, or rows with blanks.

    Args:
        lines: all lines of the document.
        first: first row of figures.
        last: last row of figures.
        wanted: how many figures each row must have.

    """
    if not any(map(on_paper, lines[first : last + 1])):
        return False
    for number in range(max(0, first - 1), min(len(lines), last + 2)):
        line = lines[number]
        if first <= number <= last and line.figures and len(line.figures) != wanted:
            if not numbers_page(lines, number):
                return True
        elif torn_line(line):
            return True
    return False


def torn_row(lines: Sequence[Line], number: int) -> bool:
    """Tell whether a row of figures on paper stands beside pieces of its cells."""
    if not on_paper(lines[number]):
        return False
    beside = [n for n in (number - 1, number + 1) if 0 <= n < len(lines)]
    lone = any(
        lines[n].figures and not lines[n].text and not numbers_page(lines, n) for n in beside
    )
    return lone or any(torn_line(lines[n]) for n in (number, *beside))


def numbers_page(lines: Sequence[Line], number: int) -> bool:
    """Tell whether a lone number stands first or last on its page."""
    if not (lines[number].may_be_page_number and lines[number].place.startswith("page=")):
        return False
    page = lines[number].place.split(";")[0]
    beside = [n for n in (number - 1, number + 1) if 0 <= n < len(lines)]
    return len(beside) < 2 or any(lines[n].place.split(";")[0] != page for n in beside)
