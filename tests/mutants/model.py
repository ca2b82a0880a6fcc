"""What a mutant is made of: sheets that can be cut and stretched, and the answers."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from decimal import Decimal

from tests.replica.grids import Slot


@dataclass(frozen=True, slots=True)
class Printed:
    """What a cell prints, and what reading it right gives (value, blank, dash or note)."""

    text: str
    state: str
    value: int | Decimal | None = None


@dataclass(slots=True)
class Sheet:
    """A table that can be changed.

    ``written`` gives (rowspan, colspan) of slots whose markup lies, by (row, column).
    """

    name: str
    slots: list[Slot]
    widths: list[float]
    head_rows: int
    written: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return max(slot.row + slot.rows for slot in self.slots)

    def covering(self, row: int) -> list[Slot]:
        return sorted(
            (s for s in self.slots if s.row <= row < s.row + s.rows), key=lambda s: s.column
        )

    def beginning(self, row: int) -> list[Slot]:
        return sorted((s for s in self.slots if s.row == row), key=lambda s: s.column)


@dataclass(slots=True)
class Draft:
    """A report under mutation.

    Args:
        rng: the only source of chance.
        format: html, docx, pdf, tabs, pipes, spaces.
        template: format of its tables.
        printed: what each value cell prints, by code.
        two, three, four: sheets of the three tables, in printed order.
        kinds: names of the mutations it went through.
        untold: cells that the document no longer tells for sure: unread is right there.
        absent: cells that it tells no more, or twice and differently: only unread is right.
    """

    rng: random.Random
    format: str
    template: str
    printed: dict[str, Printed]
    two: list[Sheet]
    three: list[Sheet]
    four: list[Sheet]
    kinds: list[str] = field(default_factory=list)
    untold: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    joined: bool = False

    def sheets(self) -> list[Sheet]:
        return [*self.two, *self.three, *self.four]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A finished file with its answers."""

    seed: str
    format: str
    data: bytes
    printed: dict[str, Printed]
    untold: frozenset[str]
    kinds: tuple[str, ...]


def insert_row(sheet: Sheet, at: int) -> None:
    """Make room for a row; cells that span over it grow."""
    sheet.slots = [
        replace(s, row=s.row + 1)
        if s.row >= at
        else replace(s, rows=s.rows + 1)
        if s.row + s.rows > at
        else s
        for s in sheet.slots
    ]
    sheet.head_rows += at < sheet.head_rows


def delete_row(sheet: Sheet, at: int) -> None:
    """Take a row out; cells that span over it shrink."""
    kept = []
    for s in sheet.slots:
        if s.row > at:
            kept.append(replace(s, row=s.row - 1))
        elif s.row <= at < s.row + s.rows:
            if s.rows > 1:
                kept.append(replace(s, rows=s.rows - 1))
        else:
            kept.append(s)
    sheet.slots = kept


def insert_column(sheet: Sheet, at: int, width: float = 0.6) -> None:
    """Make room for a column; cells that span over it grow."""
    sheet.slots = [
        replace(s, column=s.column + 1)
        if s.column >= at
        else replace(s, columns=s.columns + 1)
        if s.column + s.columns > at
        else s
        for s in sheet.slots
    ]
    sheet.widths.insert(at, width)


def delete_column(sheet: Sheet, at: int) -> None:
    """Take a column out; cells that span over it shrink."""
    kept = []
    for s in sheet.slots:
        if s.column > at:
            kept.append(replace(s, column=s.column - 1))
        elif s.column <= at < s.column + s.columns:
            if s.columns > 1:
                kept.append(replace(s, columns=s.columns - 1))
        else:
            kept.append(s)
    sheet.slots = kept
    del sheet.widths[at]


def split(sheet: Sheet, at: int, *, head: bool, carry: bool) -> tuple[Sheet, Sheet]:
    """Cut a sheet above row ``at``.

    Args:
        sheet: what to cut.
        at: first row of the second part.
        head: the second part repeats the head.
        carry: cells that span over the cut print their words again, else they go on blank.
    """
    repeated = sheet.head_rows if head else 0
    first, last = [], []
    for s in sheet.slots:
        if s.row < at:
            first.append(replace(s, rows=min(s.row + s.rows, at) - s.row))
            if s.row < repeated:
                last.append(replace(s, rows=min(s.row + s.rows, repeated) - s.row))
        if s.row + s.rows > at:
            top = max(s.row, at)
            text = s.text if s.row >= at or carry else ""
            last.append(replace(s, row=top - at + repeated, rows=s.row + s.rows - top, text=text))
    return (
        Sheet(sheet.name, first, list(sheet.widths), sheet.head_rows),
        Sheet(sheet.name, last, list(sheet.widths), repeated),
    )


def stack(upper: Sheet, lower: Sheet, columns: list[tuple[int, int]]) -> Sheet:
    """Put two sheets into one grid; ``columns`` gives (first, span) of each upper column."""
    down = upper.rows
    slots = []
    for s in upper.slots:
        first = columns[s.column][0]
        end = sum(columns[s.column + s.columns - 1])
        slots.append(replace(s, column=first, columns=end - first))
    slots += [replace(s, row=s.row + down) for s in lower.slots]
    return Sheet(lower.name, slots, list(lower.widths), 0)
