"""Further layouts, of converters and of programs that set tables without fitting the text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.mutants.hostile import stray
from tests.mutants.model import Draft, Printed, Sheet
from tests.replica.grids import Slot

OVERFLOW = "figures-overflow"


def _values(sheet: Sheet) -> list[Slot]:
    return [s for s in sheet.slots if s.code and s.code[0] != "~"]


def figures_overflow(draft: Draft) -> None:
    """Long figures that are set on one line, whatever the width of their cells."""
    for sheet in draft.sheets():
        for s in _values(sheet):
            draft.untold.add(str(s.code))
            if draft.rng.random() < 0.2:
                value = draft.rng.randint(10**5, 10**9)
                draft.printed[str(s.code)] = Printed(str(value), "value", value)
        sheet.slots = [
            replace(s, text=draft.printed[s.code].text) if s.code in draft.printed else s
            for s in sheet.slots
        ]


def merged_repeated(draft: Draft) -> None:
    """Merged cells taken apart, each piece with all the words, as some converters do."""
    for sheet in draft.sheets():
        slots = []
        for s in sheet.slots:
            for row in range(s.row, s.row + s.rows):
                for column in range(s.column, s.column + s.columns):
                    first = (row, column) == (s.row, s.column)
                    code = s.code if first or s.code is None else stray(draft, s.text)
                    slots.append(replace(s, row=row, column=column, rows=1, columns=1, code=code))
        sheet.slots = slots


def spans_lost(draft: Draft) -> None:
    """All rowspan and colspan attributes are gone, as of a page that was cleaned."""
    for sheet in draft.sheets():
        for s in sheet.slots:
            if s.rows > 1 or s.columns > 1:
                sheet.written[(s.row, s.column)] = (1, 1)


def another_year(draft: Draft) -> None:
    """All three tables once more with the figures of the year before, behind or in front."""
    front = draft.rng.random() < 0.5
    for name in ("two", "three", "four"):
        sheets: list[Sheet] = getattr(draft, name)
        copies = []
        for sheet in sheets:
            copy = Sheet(sheet.name, [], list(sheet.widths), sheet.head_rows)
            for s in sheet.slots:
                if s.code is None:
                    copy.slots.append(s)
                    continue
                figure = draft.rng.randint(0, 60)
                text = str(figure)
                copy.slots.append(replace(s, text=text, code=stray(draft, text)))
                own = draft.printed[s.code]
                if (own.state, own.value) != ("value", figure):
                    draft.absent.add(s.code)
            copies.append(copy)
        draft.untold.update(str(s.code) for sheet in sheets for s in _values(sheet))
        setattr(draft, name, copies + sheets if front else sheets + copies)


ELSEWHERE: dict[str, Callable[[Draft], None]] = {
    OVERFLOW: figures_overflow,
    "merged-repeated": merged_repeated,
    "spans-lost": spans_lost,
    "another-year": another_year,
}
ONLY = {
    OVERFLOW: ("pdf",),
    "merged-repeated": ("html", "docx", "pdf", "tabs", "pipes"),
    "spans-lost": ("html",),
}
