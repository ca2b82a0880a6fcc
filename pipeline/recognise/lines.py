"""Statutory tables from lines of text, for files whose grids are lost.

Columns can't be told from such text, so a row counts only when it has exactly as many figures as
its head names columns, none of them blank; everything else stays unread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise, permutations, product

from archive.codebook import Template
from pipeline.finding import Finding
from pipeline.recognise.form import (
    table2_column_sets,
    table2_rows,
    table3_columns,
    table3_rows,
    table4_columns,
)
from pipeline.recognise.grids import TableReadings
from pipeline.recognise.labels import best_similarity, key, plain, similarity
from pipeline.recognise.lines_labels import MOST_LINES, label_pieces, labels_beside
from pipeline.recognise.lines_repeated import refuse_other_counts
from pipeline.recognise.lines_table4 import read_fourth, under_fourth
from pipeline.recognise.lines_torn import mixes_cells, seven_cells, torn_row, torn_table
from pipeline.recognise.numbers import read_cell
from pipeline.recognise.page_cuts import COLUMN_CODES, is_group
from pipeline.recognise.rows import ACCEPT, Alignment, Candidate, align, row_scores
from pipeline.recognise.table2 import Table2Reader, find_heads
from pipeline.recognise.table3 import by_neighbours
from pipeline.recognise.table3_twice import better_elsewhere, copies, refuse_copies
from pipeline.recognise.text_lines import Line

_ARTICLE = re.compile(r"第?二十条第?[（(]?[一二三四五六七八九]+[）)]?项")
_PAGE = re.compile(r"第\d+页(?:[,/]?共\d+页)?")
_WHOLE = 0.95
_ROWS_UNDER_HEAD = 4  # lines that the rows under one head of table 二 take
_HEAD_LINES = 60  # a head set one character a line takes about 40
_HEAD_WORD = re.compile(r"数量|件数|增/?减|负值|办件|金额")


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
        read_fourth(lines, readings)
    return readings


def _head_labels(lines: Sequence[Line], number: int) -> list[str]:
    """Return the column labels of a 信息内容 line; empty when their order is not certain.

    Labels wrapped in their cells stand partly above and below that line, and the order of lines
    is not that of columns; so nothing of a head may be left over around it.
    """
    own = lines[number].text.split("信息内容", 1)[-1]
    labels, last = own.split(), number
    if lines[number].place.startswith("line="):
        for line in lines[number + 1 : number + 1 + MOST_LINES]:
            if find_heads(labels) or line.figures or not _all_heads(line.text.split()):
                break
            labels, last = [*labels, *line.text.split()], last + 1
    if not find_heads(labels):
        labels, last = _spaced_labels(lines[number].text), number
    above = [line for line in lines[max(0, number - 2) : number] if not line.may_be_page_number]
    if above and not above[-1].figures and any(map(_piece_of_head, above[-1].text.split())):
        return []
    for line in lines[last + 1 : last + 1 + MOST_LINES]:
        if line.figures and not line.may_be_page_number:
            break
        if not line.may_be_page_number and not _piece_of_row(line.text):
            return []
    return labels


def _all_heads(labels: Sequence[str]) -> bool:
    names = [column.labels for columns in table2_column_sets() for column in columns.columns]
    return all(max(best_similarity(label, own) for own in names) >= 0.9 for label in labels)


def _piece_of_head(word: str) -> bool:
    """Tell whether a word may be part of a column label of table 二."""
    if _HEAD_WORD.search(plain(word)):
        return True
    return len(key(word)) > 1 and any(
        key(word) in key(label)
        for columns in table2_column_sets()
        for column in columns.columns
        for label in column.labels
    )


def _piece_of_row(text: str) -> bool:
    """Tell whether a line without figures begins a row of table 二, or is no part of the table."""
    if _ARTICLE.fullmatch(plain(text)) or "信息内容" in plain(text):
        return True
    return any(key(text) in key(label) for names in table2_rows().values() for label in names)


def _spaced_labels(head: str) -> list[str]:
    """Return the column labels of a head whose letters are spaced out, so that words run on."""
    rest = plain(head).split("信息内容", 1)[-1]
    fit, labels = max((similarity(rest, joined), labels) for joined, labels in _heads_run_on())
    return list(labels) if fit >= 0.9 else []


@cache
def _heads_run_on() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the words of every head in every order of its columns, run together."""
    return tuple(
        ("".join(labels), labels)
        for columns in table2_column_sets()
        for order in permutations(columns.columns)
        for labels in product(*(column.labels for column in order))
    )


def _read_second(lines: Sequence[Line], readings: TableReadings) -> None:
    reader = Table2Reader()
    taken: list[int] = []
    used: set[int] = set()
    armed = False
    for number, line in enumerate(lines):
        joined = plain(line.text)
        if "信息内容" in joined and not line.figures:
            labels = _head_labels(lines, number)
            if labels:
                reader.head(labels, line.place)
            else:
                reader.unknown_head(line.text.split("信息内容", 1)[-1].split(), line.place)
            armed = bool(labels)
            taken.append(line.block)
        elif _ARTICLE.fullmatch(joined):
            taken.append(line.block)
        elif armed and line.figures:
            label = line.text
            above = lines[number - 1]
            if not label and not above.figures and not line.may_be_page_number:
                label = above.text
            if not line.text and any(
                other.figures and not other.text for other in lines[number + 1 : number + 2]
            ):
                label = ""  # figures one a line: they may be those of another row or table
            known = any(best_similarity(label, names) >= 0.9 for names in table2_rows().values())
            values = [(figure, line.place) for figure in line.figures]
            used |= {number} if line.text else {number - 1, number}
            if known and not torn_row(lines, number) and reader.row(label, values, line.place):
                taken.append(line.block)
    for number, line in enumerate(lines):
        near = lines[max(0, number - _ROWS_UNDER_HEAD) : number]
        headed = any("信息内容" in plain(other.text) for other in near)
        if headed and line.text and not line.figures and number not in used:
            reader.blank_row(line.text, line.place)
    reader.refuse_copies()
    if reader.cells:
        readings.cells.update(reader.cells)
        readings.findings.extend(reader.findings)
        readings.templates["t2"] = reader.template()
        readings.owners.update(dict.fromkeys(taken, "t2"))


def _score_lines(
    lines: Sequence[Line], rows: Sequence[int], template: Template
) -> tuple[Alignment, dict[tuple[int, int], str], list[tuple[float, ...]]]:
    scores: list[tuple[float, ...]] = []
    chosen: dict[tuple[int, int], str] = {}
    for order in range(len(rows)):
        labels = [label for label in dict.fromkeys(label_pieces(lines, rows, order)) if label]
        fits = [row_scores((label,), template) for label in labels]
        beside = [row_scores((label,), template) for label in labels_beside(lines, rows, order)]
        line_scores = []
        for number in range(len(table3_rows(template))):
            best, text = max(
                ((fit[number], label) for fit, label in zip(fits, labels, strict=True)),
                default=(0.0, ""),
            )
            # The label is another row's, printed above or below words of none.
            foreign = best < max((fit[number] for fit in beside), default=0.0) >= _WHOLE
            line_scores.append(0.0 if foreign else best)
            chosen[(order, number)] = text
        scores.append(tuple(line_scores))
    alignment = align(tuple(scores), (0.2,) * len(rows))
    matches = tuple(
        (order, number, fit)
        for order, number, fit in alignment.matches
        # Words beside the figures are theirs; without any, those of the next row stand below.
        if not (lines[rows[order]].text and better_elsewhere(scores[order], number))
        # A group stands beside any of its rows.
        if fit >= _WHOLE or not is_group(lines[rows[order]].text)
    )
    return Alignment(alignment.score, matches), chosen, scores


# Letters that stand in the head of one column only, in the order of the columns.
_LETTERS = ("商企", "科研", "社会公益", "法律服务")
_KINDS = ("商业", "科研", "社会|公益", "法律")
_FIRST_LABEL = re.compile(r"本年度?新收|上一?年度?结转|本年度?办理|予以公开|部分公开")
_COLLAPSED = re.compile(r"[(（]?六[)）、.]?其[他它]处理(?:情况)?")
_OTHER_YEAR = re.compile(r"本年|上年|去年|今年|上一年|20\d\d年")


def _heads_out_of_order(lines: Sequence[Line], first: int) -> bool:
    """Tell whether heads above the first row stand in another order than the form's, or for years.

    Where the letters of the heads stand one below another nobody can say more.
    """
    words = plain("".join(line.text for line in lines[max(0, first - _HEAD_LINES) : first]))
    pairs = pairwise(lines[max(0, first - _HEAD_LINES) : first])
    if sum(last.text == "年" and not one.text for one, last in pairs) > 1:
        return True  # years, set one character a line
    if "自然人" in words:
        words = _FIRST_LABEL.split(words[words.rfind("自然人") :])[0]
        if _OTHER_YEAR.search(words):
            return True
    if any(_askew(line.text) for line in lines[max(0, first - _HEAD_LINES) : first]):
        return True
    spots = [max((m.start() for m in re.finditer(kind, words)), default=-1) for kind in _KINDS]
    known = [spot for spot in spots if spot >= 0]
    if known != sorted(known):
        return True
    return len(known) == len(_KINDS) and not re.search("其[他它]", words[known[-1] :])


def heads_certain(lines: Sequence[Line]) -> bool:
    """Tell whether lines that hold nothing but heads of table 三 show the form's order for sure.

    Also where there are no such lines.
    """
    own = [line for line in lines if line.text and not line.figures and _all_letters(line.text)]
    words = plain("".join(line.text for line in own))
    found = [re.search(kind, words) is not None for kind in _KINDS]
    return not any(found) or (all(found) and not _heads_out_of_order(own, len(own)))


def _all_letters(text: str) -> bool:
    return set(plain(text)) <= _head_letters()


def _askew(line: str) -> bool:
    """Tell whether pieces of heads that stand side by side are not in the order of the form."""
    if not _all_letters(line):
        return False
    found = [
        number for letter in line for number, letters in enumerate(_LETTERS) if letter in letters
    ]
    return found != sorted(found)


@cache
def _head_letters() -> frozenset[str]:
    labels = [label for column in table3_columns() for label in column.labels]
    return frozenset("".join(labels))


def _read_third(lines: Sequence[Line], readings: TableReadings) -> None:
    rows = [
        n
        for n, line in enumerate(lines)
        if len(line.figures) == len(COLUMN_CODES) and not under_fourth(lines, n)
    ]
    if not rows:
        return
    templates: tuple[Template, ...] = ("2021", "2019")
    scored = {template: _score_lines(lines, rows, template) for template in templates}
    template = max(templates, key=lambda t: scored[t][0].score)
    alignment, chosen, scores = scored[template]
    if not alignment.matches:
        return
    form = table3_rows(template)
    first = rows[alignment.matches[0][0]]
    heads = set(plain("".join(line.text for line in lines[:first])))
    wider = [
        n
        for n, line in enumerate(lines)
        if len(line.figures) > len(COLUMN_CODES) and len(line.figures) != len(table4_columns())
        if not under_fourth(lines, n)
    ]
    # Rows with more figures than the form has columns: a row of seven then has a blank somewhere.
    if (
        len(wider) > 1
        or torn_table(lines, first, rows[alignment.matches[-1][0]], len(COLUMN_CODES))
        or _heads_out_of_order(lines, first)
        or not all(
            any(set(plain(label)) <= heads for label in column.labels)
            for column in table3_columns()
        )
    ):
        readings.findings.append(
            Finding(
                "W-T3-HEAD", "warning", "表三的列头未能识别，数字未计入。", "", lines[first].place
            )
        )
        return
    matched = set()
    own_rows = [rows[order] for order, _, _ in alignment.matches]
    mixed = mixes_cells(lines, own_rows, len(COLUMN_CODES))
    for order, number, fit in alignment.matches:
        line = lines[rows[order]]
        matched.add(order)
        readings.owners[line.block] = "t3"
        below = lines[rows[order] + 1 : rows[order] + 2]
        own = seven_cells(line, doubted=mixed, below=below)
        for code, reading in zip(COLUMN_CODES, own, strict=True):
            readings.cells[f"t3_{form[number].code}__{code}"] = reading
        if fit < ACCEPT:
            printed = plain(chosen[(order, number)])
            readings.findings.append(by_neighbours(form[number].labels[0], printed, line.place))
    printed_rows = [_candidate(lines[n], chosen, order, scores) for order, n in enumerate(rows)]
    found = {order: number for order, number, _ in alignment.matches}
    repeated = copies(printed_rows, scores, found)
    named = {order: form[number].code for order, number in found.items()}
    readings.findings.extend(refuse_copies(printed_rows, repeated, named, readings.cells))
    refuse_other_counts(lines, template, set(named.values()), readings)
    collapsed = [rows[order] for order, code in named.items() if code == "other_total"]
    labelled = all(_names_collapsed(lines, n) for n in collapsed)
    apart = "逾期" in plain("".join(line.text for line in lines[first:]))
    if apart or not labelled:
        # The label of the group（六）stands on the line of one of its rows, in whatever order.
        for code in COLUMN_CODES:
            readings.cells.pop(f"t3_other_total__{code}", None)
    for order, number in enumerate(rows):
        if order not in matched and order not in repeated:
            line = lines[number]
            printed = f"{plain(line.text)} {' '.join(line.figures)}"
            message = f"有一行七个数字未能与表三的行对应：“{printed}”。"
            readings.findings.append(Finding("W-T3-ROW", "warning", message, printed, line.place))
    readings.templates["t3"] = template


def _names_collapsed(lines: Sequence[Line], number: int) -> bool:
    """Tell whether the label （六）其他处理 stands on a line of figures, or ends there."""
    own = plain(lines[number].text)
    whole = plain("".join(line.text for line in lines[max(0, number - 1) : number + 1]))
    return "其他" in own or (bool(own) and _COLLAPSED.fullmatch(whole) is not None)


def _candidate(
    line: Line,
    chosen: dict[tuple[int, int], str],
    order: int,
    scores: Sequence[tuple[float, ...]],
) -> Candidate:
    """Return a line of seven figures under the label that fits it best."""
    fits = scores[order]
    label = chosen[(order, max(range(len(fits)), key=lambda n: fits[n]))]
    cells = {
        code: read_cell(figure, line.place)
        for code, figure in zip(COLUMN_CODES, line.figures, strict=True)
    }
    return Candidate([label] if label else [], cells, line.place, has_figures=True, fragment=0)
