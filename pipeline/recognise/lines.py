"""Statutory tables from lines of text, for files whose grids are lost.

Columns can't be told from such text, so a row counts only when it has exactly as many figures as
its head names columns, none of them blank; everything else stays unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from archive.codebook import Template
from pipeline.finding import Finding
from pipeline.read.document import Paragraph
from pipeline.recognise.form import (
    table2_column_sets,
    table2_rows,
    table3_columns,
    table3_rows,
    table4_columns,
)
from pipeline.recognise.grids import TableReadings
from pipeline.recognise.labels import best_similarity, plain, similarity
from pipeline.recognise.numbers import looks_like_figure, read_cell
from pipeline.recognise.page_cuts import COLUMN_CODES
from pipeline.recognise.rows import Alignment, align, row_score
from pipeline.recognise.table2 import Table2Reader, find_heads
from pipeline.recognise.table4 import GROUPS

_ARTICLE = re.compile(r"第?二十条第?[（(]?[一二三四五六七八九]+[）)]?项")
_PAGE = re.compile(r"第\d+页(?:[,/]?共\d+页)?")
_HEAD_LINES = 60  # a head set one character a line takes about 40
_MOST_LINES = 6


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Args:
        block: index of its paragraph in the document.
        text: the words before its trailing figures.
        figures: trailing figures as printed.
        place: where it stands.

    """

    block: int
    text: str
    figures: tuple[str, ...]
    place: str

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
        text = paragraph.text.replace("|", " ").strip()
        tokens = text.split()
        figures: list[str] = []
        while tokens and looks_like_figure(tokens[-1]):
            figures.insert(0, tokens.pop())
        found.append(Line(index, " ".join(tokens), tuple(figures), paragraph.place))
    return found


def read_lines(lines: Sequence[Line], missing: Sequence[str]) -> TableReadings:
    """Read those statutory tables that no grid gave.

    Args:
        lines: all lines of the document.
        missing: tables to look for, of t2, t3, t4.

    """
    readings = TableReadings()
    if "t2" in missing:
        _read_second(lines, readings)
    if "t3" in missing:
        _read_third(lines, readings)
    if "t4" in missing:
        _read_fourth(lines, readings)
    return readings


def _head_labels(lines: Sequence[Line], number: int) -> list[str]:
    """Return the column labels of a 信息内容 line, which may be wrapped; empty when unknown."""
    labels = lines[number].text.split("信息内容", 1)[-1].split()
    for line in lines[number + 1 : number + 1 + _MOST_LINES]:
        if find_heads(labels) or line.figures:
            break
        labels = [*labels, *line.text.split()]
    return labels if find_heads(labels) else _spaced_labels(plain(lines[number].text))


def _spaced_labels(head: str) -> list[str]:
    """Return the column labels of a head whose letters are spaced out, so that words run on."""
    rest = head.split("信息内容", 1)[-1]
    fits = [
        (similarity(rest, "".join(labels)), labels)
        for columns in table2_column_sets()
        for labels in product(*(column.labels for column in columns.columns))
    ]
    fit, labels = max(fits)
    return list(labels) if fit >= 0.9 else []


def _read_second(lines: Sequence[Line], readings: TableReadings) -> None:
    reader = Table2Reader()
    taken: list[int] = []
    armed = False
    for number, line in enumerate(lines):
        joined = plain(line.text)
        if "信息内容" in joined and not line.figures:
            labels = _head_labels(lines, number)
            if labels:
                reader.head(labels, line.place)
                armed = True
                taken.append(line.block)
        elif _ARTICLE.fullmatch(joined):
            taken.append(line.block)
        elif armed and line.figures:
            label = line.text
            above = lines[number - 1]
            if not label and not above.figures and not line.may_be_page_number:
                label = above.text
            known = any(best_similarity(label, names) >= 0.9 for names in table2_rows().values())
            values = [(figure, line.place) for figure in line.figures]
            if known and reader.row(label, values, line.place):
                taken.append(line.block)
    if reader.cells:
        readings.cells.update(reader.cells)
        readings.findings.extend(reader.findings)
        readings.templates["t2"] = reader.template()
        readings.owners.update(dict.fromkeys(taken, "t2"))


def _label_pieces(lines: Sequence[Line], rows: Sequence[int], order: int) -> list[str]:
    """Return every label that a row of figures may have: words around it, cut in each way.

    A label begins before its figures or on their line: words that only follow them are the next
    row's, and taking them would shift every row by one.
    """
    number = rows[order]
    previous = rows[order - 1] if order else -1
    following = rows[order + 1] if order + 1 < len(rows) else len(lines)
    before = _words(reversed(lines[max(previous + 1, number - _MOST_LINES) : number]))[::-1]
    after = _words(lines[number + 1 : min(following, number + 1 + _MOST_LINES)])
    own = lines[number].text
    return [
        "".join([*before[len(before) - taken :], own, *after[:added]])
        for taken in range(len(before) + 1)
        for added in range(len(after) + 1)
        if taken or own
    ]


def _words(lines: Iterable[Line]) -> list[str]:
    """Return the words of lines up to the figures of another row; page numbers are no words."""
    found = []
    for line in lines:
        if line.may_be_page_number:
            continue
        if line.figures:
            break
        found.append(line.text)
    return found


def _score_lines(
    lines: Sequence[Line], rows: Sequence[int], template: Template
) -> tuple[Alignment, dict[tuple[int, int], str]]:
    form = table3_rows(template)
    groups = tuple(dict.fromkeys(row.group for row in form if row.group))
    scores: list[list[float]] = []
    chosen: dict[tuple[int, int], str] = {}
    for order in range(len(rows)):
        labels = [label for label in dict.fromkeys(_label_pieces(lines, rows, order)) if label]
        line_scores = []
        for number, row in enumerate(form):
            best, text = max(
                ((row_score([label], row, groups), label) for label in labels), default=(0.0, "")
            )
            line_scores.append(best)
            chosen[(order, number)] = text
        scores.append(line_scores)
    return align(scores, [0.2] * len(rows)), chosen


def _heads_out_of_order(lines: Sequence[Line], first: int) -> bool:
    """Tell whether heads above the first row stand in another order than the form's."""
    words = plain("".join(line.text for line in lines[max(0, first - _HEAD_LINES) : first]))
    spots = [words.rfind(word) for word in ("商业", "科研", "社会", "法律")]
    known = [spot for spot in spots if spot >= 0]
    return known != sorted(known)


def _read_third(lines: Sequence[Line], readings: TableReadings) -> None:
    rows = [
        n
        for n, line in enumerate(lines)
        if len(line.figures) == len(COLUMN_CODES) and not _under_fourth(lines, n)
    ]
    if not rows:
        return
    templates: tuple[Template, ...] = ("2021", "2019")
    scored = {template: _score_lines(lines, rows, template) for template in templates}
    template = max(templates, key=lambda t: scored[t][0].score)
    alignment, chosen = scored[template]
    if not alignment.matches:
        return
    form = table3_rows(template)
    first = rows[alignment.matches[0][0]]
    heads = set(plain("".join(line.text for line in lines[:first])))
    if _heads_out_of_order(lines, first) or not all(
        any(set(plain(label)) <= heads for label in column.labels) for column in table3_columns()
    ):
        readings.findings.append(
            Finding(
                "W-T3-HEAD", "warning", "表三的列头未能识别，数字未计入。", "", lines[first].place
            )
        )
        return
    matched = set()
    for order, number, fit in alignment.matches:
        line = lines[rows[order]]
        matched.add(order)
        readings.owners[line.block] = "t3"
        for code, figure in zip(COLUMN_CODES, line.figures, strict=True):
            readings.cells[f"t3_{form[number].code}__{code}"] = read_cell(figure, line.place)
        if fit < 0.95:
            printed = plain(chosen[(order, number)])
            readings.findings.append(
                Finding(
                    "I-LABEL",
                    "info",
                    f"表三行名与官方格式不同：“{form[number].labels[0]}”印作“{printed}”。",
                    printed,
                    line.place,
                )
            )
    for order, number in enumerate(rows):
        if order not in matched:
            line = lines[number]
            printed = f"{plain(line.text)} {' '.join(line.figures)}"
            message = f"有一行七个数字未能与表三的行对应：“{printed}”。"
            readings.findings.append(Finding("W-T3-ROW", "warning", message, printed, line.place))
    readings.templates["t3"] = template


def _under_fourth(lines: Sequence[Line], number: int) -> bool:
    """Tell whether figures are table four's, of which seven are left when the others are blank."""
    if lines[number].text:
        return False
    for line in reversed(lines[max(0, number - 60) : number]):
        if plain(line.text).startswith(GROUPS[0]) and "情况" not in line.text:
            return True
        if line.figures and not line.may_be_page_number:
            return False
    return False


def _read_fourth(lines: Sequence[Line], readings: TableReadings) -> None:
    codes = [code for code, _, _ in table4_columns()]
    for number, line in enumerate(lines):
        if not line.figures or line.text:
            continue
        figures = _fifteen(lines[number:], len(codes))
        if not figures:
            continue
        start = _head_start(lines, number)
        if start is None:
            continue
        head = plain("".join(item.text for item in lines[start:number]))
        named = all(group in head for group in (*GROUPS, "行政诉讼"))
        if (
            not named
            or head.count("维持") != 3
            or head.count("纠正") != 3
            or head.count("审结") != 3
        ):
            continue
        readings.cells.update(
            {
                code: read_cell(figure, item.place)
                for code, (figure, item) in zip(codes, figures, strict=True)
            }
        )
        readings.templates["t4"] = None
        owned = {item.block for item in lines[start:number]} | {item.block for _, item in figures}
        readings.owners.update(dict.fromkeys(owned, "t4"))
        return


def _fifteen(lines: Sequence[Line], wanted: int) -> list[tuple[str, Line]]:
    """Return the figures that stand on one line or go on over several; empty when unsure.

    A number alone on its line may be a page number that stands in for a blank cell.
    """
    found: list[tuple[str, Line]] = []
    for line in lines[:wanted]:
        if len(found) == wanted:
            break
        if line.text or not line.figures or line.may_be_page_number:
            return []
        found.extend((figure, line) for figure in line.figures)
    return found if len(found) == wanted else []


def _head_start(lines: Sequence[Line], number: int) -> int | None:
    """Return the line that begins the head of table four above a row of figures."""
    for start in range(number - 1, max(-1, number - 60), -1):
        if plain(lines[start].text).startswith("行政复议") and "情况" not in lines[start].text:
            return start
        if lines[start].figures and lines[start].text:
            return None
    return None
