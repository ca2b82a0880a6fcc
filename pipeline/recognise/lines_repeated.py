"""Rows of table 三 on lines of text that are printed once more, beside fewer figures or none."""

from __future__ import annotations

from collections.abc import Sequence

from archive.codebook import Template
from pipeline.finding import Finding
from pipeline.recognise.form import FormRow, table3_rows
from pipeline.recognise.grids import TableReadings
from pipeline.recognise.labels import key, plain, short_key
from pipeline.recognise.lines_labels import MOST_LINES, label_pieces, labels_beside
from pipeline.recognise.lines_table4 import under_fourth
from pipeline.recognise.page_cuts import COLUMN_CODES
from pipeline.recognise.rows import row_scores
from pipeline.recognise.text_lines import Line
from pipeline.report import CellReading

_LIKELY = 0.9
_WHOLE = 0.95
_DISTINCT = 4  # characters; 总计 and 其他 stand in tables of every kind


def refuse_other_counts(
    lines: Sequence[Line], template: Template, taken: set[str], readings: TableReadings
) -> None:
    """Refuse rows whose label is printed once more, beside more or fewer figures than seven."""
    form = table3_rows(template)
    for number, line in enumerate(lines):
        if len(line.figures) == len(COLUMN_CODES) or line.may_be_page_number:
            continue
        labels = [label for label in label_pieces(lines, [number], 0) if label]
        if not line.figures:
            # A row of blanks; near its figures the label may be theirs.
            labels = [line.text] if _is_whole_label(line.text, form) else []
        for label in labels:
            fits = row_scores((label,), template)
            best = max(range(len(fits)), key=lambda n: fits[n])
            row = form[best].code
            # Words on other lines may be those of the rows beside.
            least = _LIKELY if line.text else _WHOLE
            if fits[best] < least or row not in taken or under_fourth(lines, number):
                continue
            beside = labels_beside(lines, [number], 0) if line.figures else []
            if any(row_scores((other,), template)[best] > fits[best] for other in beside):
                continue
            if not line.figures and _is_label_of_figures(lines, number, row, template):
                continue
            taken.discard(row)
            for code in COLUMN_CODES:
                old = readings.cells[f"t3_{row}__{code}"]
                readings.cells[f"t3_{row}__{code}"] = CellReading(
                    old.raw, None, "unread", "同一行印了两次且数字不同", old.place
                )
            message = f"表三“{plain(label)}”一行印了两次且数字不同，作未读。"
            readings.findings.append(
                Finding("W-T3-TWICE", "warning", message, plain(label), line.place)
            )


def _is_whole_label(text: str, form: Sequence[FormRow]) -> bool:
    """Tell whether words are the label of a row to its last character, and long enough."""
    words = key(text)
    own = any(words == key(label) for row in form for label in row.labels)
    return own and len(short_key(text)) >= _DISTINCT


def _is_label_of_figures(lines: Sequence[Line], number: int, row: str, template: Template) -> bool:
    """Tell whether seven figures near a label without figures have no label but this."""
    place = [form.code for form in table3_rows(template)].index(row)

    def named(near: Sequence[Line], at: int) -> bool:
        labels = [label for label in label_pieces(near, [at], 0) if label]
        return any(row_scores((label,), template)[place] >= _LIKELY for label in labels)

    first = max(0, number - MOST_LINES)
    near = lines[first : number + MOST_LINES + 1]
    own = number - first
    others = [*near[:own], *near[own + 1 :]]
    return any(
        len(line.figures) == len(COLUMN_CODES)
        and named(near, at)
        and not named(others, at - (at > own))
        for at, line in enumerate(near)
    )
