"""Rows of table 三 that a page break cuts: halves are joined, doubtful ones refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.recognise.form import table3_columns, table3_rows
from pipeline.recognise.labels import best_similarity, key
from pipeline.recognise.layout import GROUP_LABELS
from pipeline.recognise.memory import remembered
from pipeline.recognise.numbers import read_cell
from pipeline.recognise.rows import ACCEPT, Candidate
from pipeline.report import CellReading

COLUMN_CODES = tuple(column.code for column in table3_columns())
_OUTERMOST = frozenset({"new", "carried_in", "carried_out"})
_NAMED = 0.9


def merge_cut_rows(candidates: list[Candidate]) -> list[Candidate]:
    """Join a row that a page break cut with its other half.

    The half without figures gives only words; the half with figures keeps them.
    """
    merged: list[Candidate] = []
    for number, candidate in enumerate(candidates):
        on_top = number > 0 and candidates[number - 1].fragment != candidate.fragment
        joined = _joined(merged[-1], candidate, on_top=on_top) if merged else None
        if joined is None:
            merged.append(candidate)
        else:
            merged[-1] = joined
    return merged


@remembered(5_000)
def row_fit(label: str) -> float:
    """Return how well a label fits any row of table 三, 0 to 1."""
    rows = (*table3_rows("2021"), *table3_rows("2019"))
    return max(best_similarity(label, row.labels) for row in rows)


@remembered(5_000)
def row_level(label: str) -> str:
    """Return how many groups stand to the left of the row of table 三 that a label names.

    Args:
        label: words of a row.

    Returns:
        ``outer`` (none), ``middle`` or ``inner`` (two); empty when the words name no row.

    """
    found = max(
        (
            (best_similarity(label, row.labels), row.group != "", row.code in _OUTERMOST)
            for row in (*table3_rows("2021"), *table3_rows("2019"))
        ),
        default=(0.0, False, False),
    )
    if found[0] < _NAMED:
        return ""
    return "inner" if found[1] else "outer" if found[2] else "middle"


def is_group(label: str) -> bool:
    """Tell whether a label is one that stands beside several rows."""
    return best_similarity(label, GROUP_LABELS) >= ACCEPT


def _of_a_group(label: str) -> bool:
    """Tell whether words are a label that stands beside several rows, a piece of one, or none."""
    return is_group(label) or any(key(label) in key(group) for group in GROUP_LABELS)


def _group_goes_on(label: str, rest: str) -> bool:
    """Tell whether words are the rest of a group label, which they make fit better."""
    return is_group(label + rest) and (
        best_similarity(label + rest, GROUP_LABELS) > best_similarity(label, GROUP_LABELS)
    )


def _joined(first: Candidate, last: Candidate, *, on_top: bool) -> Candidate | None:
    """Return two halves of a row as one, or None when they are rows of their own.

    Args:
        first: the upper half, perhaps joined already.
        last: the row behind it.
        on_top: whether that is the first row of its page: figures go on in no other.

    """
    if not first.labels:
        return None
    if first.has_figures and last.has_figures:
        return _cut_through(first, last) if on_top else None
    if first.has_figures == last.has_figures:
        return None
    keeper = first if first.has_figures else last
    if last.labels:
        label = _whole_label(first, last)
        return replace(keeper, labels=[*first.labels[:-1], label]) if label else None
    if first.fragment == last.fragment or first.has_figures or row_fit(first.labels[-1]) < 0.95:
        return None
    return replace(keeper, labels=first.labels)


def _whole_label(first: Candidate, last: Candidate) -> str:
    """Return the label of two halves; empty when they are labels of their own."""
    label = first.labels[-1] + last.labels[-1]
    fits = sorted((row_fit(first.labels[-1]), row_fit(last.labels[-1])))
    # A cut behind its number leaves a label that fits by itself, below one that fits nothing; the
    # beginning and the end of a label fit their row in part.
    alone = fits[1] if first.fragment == last.fragment else fits[0] + 0.05
    # What makes a label worse is not its end: (8 below a whole label begins the next row.
    fit = row_fit(label)
    better = fit >= 1.0 or fit > row_fit(first.labels[-1])
    return label if better and fit >= 0.95 and alone < 0.95 else ""


def _cut_through(first: Candidate, last: Candidate) -> Candidate | None:
    """Return a row as one whose figures a page break cut between two lines of its cells.

    The half on the new page has no label, or the rest of it. What the end of the page cuts has
    filled its line; where one has not, the halves may be two rows and the cells that both have
    are refused.
    """
    if not (over_page(first, last) and first.readings and last.readings):
        return None
    labels = first.labels
    own = [
        label
        for label in last.labels
        # The rest of a group label beside the row is not the rest of the row's.
        if row_fit(label) >= ACCEPT or not any(_group_goes_on(g, label) for g in first.labels[:-1])
    ]
    if own:
        label = _whole_label(first, last)
        if not label:
            return None
        labels = [*first.labels[:-1], label]
    both = [code for code in COLUMN_CODES if first.readings[code].raw and last.readings[code].raw]
    broken = all(
        first.readings[code].place in first.full
        and _longest(last.readings[code]) <= _longest(first.readings[code])
        and _goes_on(first.readings[code].raw or "", last.readings[code].raw or "")
        for code in both
    )
    readings = {}
    for code in COLUMN_CODES:
        one, two = first.readings[code], last.readings[code]
        if one.raw is None and two.raw is None:
            readings[code] = one
            continue
        doubted = next((half for half in (one, two) if _doubted(half)), None)
        if doubted:
            readings[code] = doubted
            continue
        raw = " ".join(filter(None, (one.raw, two.raw)))
        if code in both and not broken:
            readings[code] = CellReading(raw, None, "unread", "数字被分页切断，无法确定", one.place)
        else:
            readings[code] = read_cell(raw.replace(" ", "\n"), (one if one.raw else two).place)
    return replace(first, labels=labels, readings=readings, full=last.full)


def _doubted(half: CellReading) -> bool:
    """Tell whether the reader itself does not trust the text, which says nothing wrong."""
    text = (half.raw or "").replace(" ", "\n")
    return half.state == "unread" and read_cell(text, half.place).state != "unread"


def _goes_on(first: str, last: str) -> bool:
    """Tell whether a cell can go on like this: with digits, or inside the brackets of a remark."""
    return bool(re.match(r"[\d.,，．]", last)) or bool(re.search(r"[(（][^)）]*$", first))


def _longest(reading: CellReading) -> int:
    return max(map(len, (reading.raw or "").split(" ")))


def over_page(first: Candidate, last: Candidate) -> bool:
    """Tell whether two rows stand on two printed pages."""
    pages = all(half.place.startswith("page=") for half in (first, last))
    return pages and first.fragment != last.fragment


def without_cut_figures(first: Candidate, last: Candidate) -> Candidate:
    """Refuse the figures of a row that may go on in the unknown row on top of the next page."""
    readings = {
        code: CellReading(reading.raw, None, "unread", "数字被分页切断，无法确定", reading.place)
        if code not in last.readings or last.readings[code].raw
        else reading
        for code, reading in first.readings.items()
    }
    return replace(first, readings=readings)


def beside_lost(index: int, candidates: Sequence[Candidate], lost: set[int]) -> bool:
    """Tell whether an empty row may have its figures beside it: overleaf, or without a label."""
    return any(
        other in lost
        and (
            candidates[other].fragment != candidates[index].fragment
            # The label of a group beside it may be repeated in each of its rows.
            or all(_of_a_group(label) for label in candidates[other].labels)
        )
        for other in (index - 1, index + 1)
    )


def begins_cut(index: int, candidates: Sequence[Candidate]) -> bool:
    """Tell whether a row on top of a page shows a piece of a label, so that it began overleaf."""
    candidate = candidates[index]
    first = index == 0 or candidates[index - 1].fragment != candidate.fragment
    if not first or not candidate.labels or not candidate.place.startswith("page="):
        return False
    label = candidate.labels[-1]
    if re.match(r"\s*[)）、.．,，]", label):
        return True
    if row_fit(label) >= 0.95:
        return False
    return not candidate.has_figures or _ends_a_label(label)


def _ends_a_label(words: str) -> bool:
    rows = (*table3_rows("2021"), *table3_rows("2019"))
    return any(key(label).endswith(key(words)) for row in rows for label in row.labels)
