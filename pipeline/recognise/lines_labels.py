"""Labels of rows whose figures stand on lines of text: words around them, cut in each way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.recognise.text_lines import Line

MOST_LINES = 6
"""So many lines above or below its figures may belong to a label."""


def label_pieces(lines: Sequence[Line], rows: Sequence[int], order: int) -> list[str]:
    """Return every label that a row of figures may have: words around it, cut in each way.

    A label begins before its figures or on their line: words that only follow them are the next
    row's, and taking them would shift every row by one.
    """
    before, after = _around(lines, rows, order)
    own = lines[rows[order]].text
    return [
        "".join([*before[len(before) - taken :], own, *after[:added]])
        for taken in range(len(before) + 1)
        for added in range(len(after) + 1)
        if taken or own
    ]


def _around(lines: Sequence[Line], rows: Sequence[int], order: int) -> tuple[list[str], list[str]]:
    """Return the words above and below a row of figures, up to the rows beside it."""
    number = rows[order]
    previous = rows[order - 1] if order else -1
    following = rows[order + 1] if order + 1 < len(rows) else len(lines)
    before = _words(reversed(lines[max(previous + 1, number - MOST_LINES) : number]))[::-1]
    after = _words(lines[number + 1 : min(following, number + 1 + MOST_LINES)])
    return before, after


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


def labels_beside(lines: Sequence[Line], rows: Sequence[int], order: int) -> list[str]:
    """Return every label that words above or below a row of figures make without its own words.

    One that is the form's belongs to a row of blanks, and the words beside the figures to a row
    that the form does not have.
    """
    before, after = _around(lines, rows, order)
    above = ["".join(before[start:]) for start in range(len(before))]
    below = ["".join(after[: end + 1]) for end in range(len(after))]
    return [*above, *below] if lines[rows[order]].text else []
