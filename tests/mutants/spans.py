"""Tables as editors leave them: cut, joined, padded, badly merged."""

from __future__ import annotations

from dataclasses import replace

from tests.mutants.model import Draft, Printed, Sheet, insert_column, insert_row, split, stack
from tests.replica.grids import Slot

_LABELS = 3


def _cut(draft: Draft, sheet: Sheet, low: int, *, head: bool) -> list[Sheet]:
    at = draft.rng.randint(low, sheet.rows - 1)
    return list(split(sheet, at, head=head, carry=draft.rng.random() < 0.5))


def cut_three(draft: Draft) -> None:
    """Table three in two to four tables, with or without repeated heads."""
    for _ in range(draft.rng.randint(1, 3)):
        last = draft.three.pop()
        low = last.head_rows + 1
        parts = [last]
        if last.rows > low + 1:
            parts = _cut(draft, last, low, head=draft.rng.random() < 0.5)
        draft.three += parts


def cut_four(draft: Draft) -> None:
    """The figures of table four alone in a table of their own."""
    if not draft.four[0].head_rows:
        return
    draft.four[:1] = split(draft.four[0], draft.four[0].head_rows, head=False, carry=False)


def cut_two(draft: Draft) -> None:
    """Table two as one table for each item of article 20."""
    sheet = draft.two[0]
    starts = [s.row for s in sheet.slots if s.text.startswith("第二十条")]
    parts = []
    for at in reversed(sorted(starts)[1:]):
        sheet, tail = split(sheet, at, head=False, carry=False)
        parts.insert(0, tail)
    draft.two[:1] = [sheet, *parts]


def one_grid(draft: Draft) -> None:
    """Tables two and three in one grid."""
    if len(draft.two) > 1 or len(draft.two[0].widths) != 4 or len(draft.three[0].widths) != 10:
        return
    way = draft.rng.choice(([(0, 3), (3, 2), (5, 3), (8, 2)], [(0, 1), (1, 1), (2, 1), (3, 1)]))
    draft.three[0] = stack(draft.two[0], draft.three[0], way)
    draft.two = []
    draft.joined = True


def group_unmerged(draft: Draft) -> None:
    """Group labels repeated in each row, or printed once above blanks, instead of merged."""
    sheet = draft.three[0]
    repeat = draft.rng.random() < 0.5
    slots = []
    for s in sheet.slots:
        if s.code or s.rows == 1 or s.row < sheet.head_rows or s.column >= _LABELS:
            slots.append(s)
            continue
        slots += [
            replace(s, row=row, rows=1, text=s.text if repeat or row == s.row else "")
            for row in range(s.row, s.row + s.rows)
        ]
    sheet.slots = slots


def head_again(draft: Draft) -> None:
    """The head rows of table three printed once more in its middle."""
    sheet = draft.three[0]
    if not sheet.head_rows:
        return
    heads = [s for s in sheet.slots if s.row < sheet.head_rows]
    if sheet.rows < sheet.head_rows + 5:
        return
    at = draft.rng.randint(sheet.head_rows + 2, sheet.rows - 2)
    # A merged group can't run through a head: it is cut in two.
    first, last = split(sheet, at, head=False, carry=draft.rng.random() < 0.5)
    down = first.rows
    again = [replace(s, row=s.row + down) for s in heads]
    rest = [replace(s, row=s.row + down + sheet.head_rows) for s in last.slots]
    sheet.slots = [*first.slots, *again, *rest]


def empty_column(draft: Draft) -> None:
    """An empty column at the left, between labels and figures, or at the right."""
    sheet = draft.rng.choice([*draft.two, *draft.three])
    width = len(sheet.widths)
    at = draft.rng.choice((0, width, _LABELS if width > 4 else 1))
    rows = sheet.rows
    insert_column(sheet, at)
    taken = {(r, s.column) for s in sheet.slots for r in range(s.row, s.row + s.rows)}
    covered = {
        r
        for s in sheet.slots
        if s.column <= at < s.column + s.columns
        for r in range(s.row, s.row + s.rows)
    }
    sheet.slots += [
        Slot("", r, at) for r in range(rows) if r not in covered and (r, at) not in taken
    ]


def empty_row(draft: Draft) -> None:
    """An empty row somewhere."""
    sheet = draft.rng.choice(draft.sheets())
    at = draft.rng.randint(0, sheet.rows)
    insert_row(sheet, at)
    covered = {
        c
        for s in sheet.slots
        if s.row <= at < s.row + s.rows
        for c in range(s.column, s.column + s.columns)
    }
    free = [c for c in range(len(sheet.widths)) if c not in covered]
    if draft.rng.random() < 0.5 and len(free) == len(sheet.widths):
        sheet.slots.append(Slot("", at, 0, columns=len(free)))
    else:
        sheet.slots += [Slot("", at, column) for column in free]


def note_row(draft: Draft) -> None:
    """A note in a row of its own under table four, or under table three."""
    text = draft.rng.choice(
        ("注：上年未审结案件计入本年。", "备注", "说明：以上数据截至2022年12月31日，共3件。")
    )
    sheet = draft.rng.choice((draft.four[-1], draft.three[-1]))
    sheet.slots.append(Slot(text, sheet.rows, 0, columns=len(sheet.widths)))


def split_head(draft: Draft) -> None:
    """Leaf heads of table four in two rows: 结果 above 维持."""
    sheet = draft.four[0]
    if sheet.head_rows != 3:
        return
    chosen = [s for s in sheet.slots if s.row + s.rows == 3 and len(s.text) == 4]
    if not chosen:
        return
    chosen = draft.rng.sample(chosen, draft.rng.randint(1, len(chosen)))
    insert_row(sheet, 3)
    split_places = {(s.row, s.column) for s in chosen}
    slots = []
    for s in sheet.slots:
        if (s.row, s.column) in split_places and not s.code:
            slots += [replace(s, text=s.text[:2]), Slot(s.text[2:], 3, s.column)]
        elif not s.code and s.row + s.rows == 3:
            slots.append(replace(s, rows=s.rows + 1))
        else:
            slots.append(s)
    sheet.slots = slots
    sheet.head_rows = 4


def extra_label(draft: Draft) -> None:
    """（七）总计 or （六） with an empty label cell beside it instead of a merged one."""
    sheet = draft.three[0]
    slots = []
    for s in sheet.slots:
        label = not s.code and s.row >= sheet.head_rows and s.column < _LABELS
        if label and s.columns > 1 and draft.rng.random() < 0.7:
            slots += [replace(s, columns=1), Slot("", s.row, s.column + 1, s.rows, s.columns - 1)]
        else:
            slots.append(s)
    sheet.slots = slots


def stray_one(draft: Draft) -> None:
    """A stray 1 beside a row of table three: nobody can say what it is."""
    sheet = draft.three[0]
    width = len(sheet.widths)
    rows = [s.row for s in sheet.slots if s.code]
    at = draft.rng.choice(rows)
    insert_column(sheet, width)
    alone = draft.rng.random() < 0.5
    sheet.slots += [
        Slot("1" if row == at else "", row, width)
        for row in range(sheet.rows)
        # A row that lacks a cell ends before the others: an empty one in its gap would be its own.
        if row == at or not (alone or (draft.format == "docx" and _ends_short(sheet, row)))
    ]
    draft.untold.update(s.code for s in sheet.slots if s.row == at and s.code)


def _ends_short(sheet: Sheet, row: int) -> bool:
    last = max(sheet.covering(row), key=lambda s: s.column)
    return last.column + last.columns + 1 < len(sheet.widths)


def head_without_colspan(draft: Draft) -> None:
    """法人或其他组织 or 申请人情况 loses its colspan: the heads slide."""
    if {"columns-swapped", "heads-swapped", "column-missing"} & set(draft.kinds):
        # Heads that slid tell the form's order at most, and it is not the form's.
        return
    for sheet in draft.three:
        wide = [s for s in sheet.slots if s.columns > 1 and s.row < sheet.head_rows and s.column]
        for s in wide:
            if draft.rng.random() < 0.6:
                sheet.written[(s.row, s.column)] = (s.rows, 1)


def rowspan_too_long(draft: Draft) -> None:
    """A group cell reaches one row too far and pushes the next row to the right."""
    for sheet in draft.three:
        tall = [
            s
            for s in sheet.slots
            if s.rows > 1
            and s.row >= sheet.head_rows
            and s.column < _LABELS
            and s.row + s.rows < sheet.rows
        ]
        if tall:
            s = draft.rng.choice(tall)
            sheet.written[(s.row, s.column)] = (s.rows + 1, s.columns)


def rowspan_too_short(draft: Draft) -> None:
    """A group cell ends one row too early and the last row slides to the left."""
    for sheet in draft.three:
        tall = [s for s in sheet.slots if s.rows > 2 and s.row >= sheet.head_rows and not s.code]
        if tall:
            s = draft.rng.choice(tall)
            sheet.written[(s.row, s.column)] = (s.rows - 1, s.columns)


def last_cell_missing(draft: Draft) -> None:
    """A row of table three without its last cell: nobody can say which cell it lacks."""
    sheet = draft.three[0]
    if "stray-one" in draft.kinds:
        # The stray would stand in its place, and the page itself would say something else.
        return
    totals = [s for s in sheet.slots if s.code and s.code.endswith("__total")]
    if not totals:
        return
    last = draft.rng.choice(totals)
    sheet.slots.remove(last)
    draft.printed[str(last.code)] = Printed("", "blank")
    draft.untold.update(s.code for s in sheet.slots if s.row == last.row and s.code)
    draft.untold.add(str(last.code))


# one-grid comes after those that look for table three alone.
MUTATIONS = {
    "group-unmerged": group_unmerged,
    "extra-label": extra_label,
    "head-again": head_again,
    "split-head": split_head,
    "empty-row": empty_row,
    "empty-column": empty_column,
    "cut-three": cut_three,
    "cut-four": cut_four,
    "cut-two": cut_two,
    "stray-one": stray_one,
    "note-row": note_row,
    "one-grid": one_grid,
}
HTML_ONLY = {
    "head-without-colspan": head_without_colspan,
    "rowspan-too-long": rowspan_too_long,
    "rowspan-too-short": rowspan_too_short,
    "last-cell-missing": last_cell_missing,
}
