"""Signs that a table without rules on a printed page has torn cells: a line is then no row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from archive.codebook import Template
from pipeline.recognise.form import table3_rows
from pipeline.recognise.labels import plain
from pipeline.recognise.numbers import read_cell
from pipeline.recognise.text_lines import Line
from pipeline.report import CellReading

_UNIT = re.compile(r"(?:万元|亿元|元|件次|人次|件|项|条|个|次|人|份|宗|起)[)）]?")
_BEHIND = 10  # lines: rows that lack cells may follow the last whole one
_MANY = 5  # rows whose sums hold, beside one whose does not
_TWO_FIGURES = re.compile(r"(?<!\d)\d{1,7}[+/、~；;]\d{1,7}(?!\d)")
_TORN_FIGURE = re.compile(r"[+-]?0\d.*|.*[,，.]|[,，.].*")


def on_paper(line: Line) -> bool:
    """Tell whether a line shows a page as printed, where cells break over lines by themselves."""
    return line.spaced or line.place.startswith("page=")


def torn_line(line: Line) -> bool:
    """Tell whether a line holds a piece of a cell: a unit alone, half a bracket, half a figure."""
    whole = plain(line.text + " ".join(line.figures))
    if _UNIT.fullmatch(plain(line.text)) and not line.figures:
        return True
    if whole.count("(") != whole.count(")") and not _is_piece_of_label(line.text):
        return True
    return any(_TORN_FIGURE.fullmatch(plain(figure)) for figure in line.figures)


def _is_piece_of_label(text: str) -> bool:
    """Tell whether words are part of a label of table 三 that was set on several lines."""
    piece = plain(text)
    return len(piece) > 1 and any(piece in label for label in _labels())


@cache
def _labels() -> frozenset[str]:
    templates: tuple[Template, ...] = ("2021", "2019")
    return frozenset(
        plain(label)
        for template in templates
        for row in table3_rows(template)
        for label in row.labels
    )


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
        elif torn_line(line) or _between_figures(lines, number):
            return True
    return False


def _between_figures(lines: Sequence[Line], number: int) -> bool:
    """Tell whether words without figures stand between two lines of nothing but figures.

    These may be one row, whose figures go on below as they fill their columns.
    """
    beside = [*lines[max(0, number - 1) : number], *lines[number + 1 : number + 2]]
    lone = [line for line in beside if line.figures and not line.text]
    return not lines[number].figures and len(lone) > 1


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


def mixes_cells(lines: Sequence[Line], rows: Sequence[int], wanted: int) -> bool:
    """Tell whether rows of a table have lost blank cells, so that a sum must prove the others.

    Where a cell holds two figures, or a row has one too many, these can stand in for a blank. It
    shows in the sums unless those of other rows fail as well: then the agency can't add.

    Args:
        lines: all lines of the document.
        rows: indices of the rows of table 三 that have as many figures as the form has columns.
        wanted: how many that are.

    """
    own = [line for line in lines[rows[0] : rows[-1] + _BEHIND] if not line.may_be_page_number]
    if not any(0 < len(line.figures) < wanted and line.text for line in own):
        return False
    if any(_TWO_FIGURES.search(line.text) for line in own):
        return True
    if any(line.text and len(line.figures) > wanted for line in own):
        return True
    return len(rows) > _MANY and sum(not _adds_up(_cells(lines[n])) for n in rows) == 1


def seven_cells(line: Line, *, doubted: bool, below: Sequence[Line]) -> list[CellReading]:
    """Return the cells of a line of table 三, the total last.

    Args:
        line: a line with as many figures as the form has columns.
        doubted: whether only a row whose sum holds is certain.
        below: the line below, if there is one.

    """
    cells = _cells(line)
    if _adds_up(cells):
        return cells
    reason = "别的行缺少空白格，该行合计又不符，不知数字是否各在其格" if doubted else ""
    for lone in below:
        if len(lone.figures) == 1 and not lone.text:
            whole = f"{line.figures[-1]}{lone.figures[0]}"
            if _adds_up([*cells[:-1], read_cell(whole, line.place)]):
                reason = "该行合计不符，与下一行的数字相连才相符，像是一个数字断成两行"
    if not reason:
        return cells
    return [CellReading(cell.raw, None, "unread", reason, cell.place) for cell in cells]


def _cells(line: Line) -> list[CellReading]:
    return [read_cell(figure, line.place) for figure in line.figures]


def _adds_up(cells: Sequence[CellReading]) -> bool:
    *parts, total = [cell.value or 0 for cell in cells]
    return sum(parts) == total
