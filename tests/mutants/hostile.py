"""Changes that lure a careless reader into a wrong figure: what is told stays told, no more.

Codes in ``draft.absent`` are cells that the document does not tell any more, or tells twice and
differently: any reading of them is a lie. Cells that belong to no cell of the form carry a code
that begins with ``~``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.mutants.model import (
    Draft,
    Printed,
    Sheet,
    delete_column,
    delete_row,
    insert_column,
    insert_row,
)
from tests.replica.grids import Slot

_LABELS = 3


def _body(sheet: Sheet) -> list[int]:
    """Return the rows that hold figures of the form."""
    return sorted({s.row for s in sheet.slots if s.code and s.code[0] != "~"})


def _codes(sheet: Sheet, row: int) -> list[str]:
    return [s.code for s in sheet.beginning(row) if s.code and s.code[0] != "~"]


def stray(draft: Draft, text: str) -> str:
    """Return the code of a cell that is not the form's, printed with a text."""
    code = f"~{len(draft.printed)}"
    draft.printed[code] = Printed(text, "value")
    return code


def _other(draft: Draft, text: str) -> str:
    """Return a figure that differs from a printed one."""
    digits = int("".join(c for c in text if c.isdecimal()) or 0)
    return str(digits + draft.rng.randint(1, 9))


def _copy_of_row(draft: Draft, sheet: Sheet, row: int, at: int, *, same: bool) -> None:
    """Print a row once more above row ``at``, which must not be inside another merged cell."""
    own = [s for s in sheet.beginning(row) if s.rows == 1 and (s.code or s.text)]
    insert_row(sheet, at)
    for s in own:
        if s.code is None:
            sheet.slots.append(replace(s, row=at))
            continue
        text = s.text if same else _other(draft, s.text)
        sheet.slots.append(replace(s, row=at, text=text, code=stray(draft, text)))
        if not same:
            draft.absent.add(s.code)


def row_missing(draft: Draft) -> None:
    """One to four rows of table three are not printed."""
    sheet = draft.three[0]
    for _ in range(draft.rng.randint(1, 4)):
        row = draft.rng.choice(_body(sheet))
        if any(s.rows > 1 and not s.code for s in sheet.beginning(row)):
            continue
        draft.absent.update(_codes(sheet, row))
        delete_row(sheet, row)


def row_twice(draft: Draft) -> None:
    """A row of table three printed twice, with the same figures or with others."""
    sheet = draft.three[0]
    row = draft.rng.choice(_body(sheet))
    _copy_of_row(draft, sheet, row, row + 1, same=draft.rng.random() < 0.4)


def rows_swapped(draft: Draft) -> None:
    """Two rows of one group in another order; each keeps its label."""
    sheet = draft.three[0]
    row = draft.rng.choice(_body(sheet)[:-1])
    moved = {row: row + 1, row + 1: row}
    if any(s.rows > 1 and s.row in moved for s in sheet.slots):
        return
    kinds = [{(s.column, s.columns) for s in sheet.beginning(r)} for r in moved]
    if kinds[0] == kinds[1]:
        sheet.slots = [replace(s, row=moved.get(s.row, s.row)) for s in sheet.slots]
        for r in moved:
            draft.untold.update(_codes(sheet, r))


def row_foreign(draft: Draft) -> None:
    """A row that the form does not have."""
    sheet = draft.three[0]
    row = draft.rng.choice(_body(sheet))
    label = draft.rng.choice(("小计", "其中：网络申请", "合计", "9.其他情形", "其中：信函申请"))
    if label == "合计":
        # Another wording of the form's own total.
        draft.untold.update(c for c in draft.printed if c.startswith("t3_result_total"))
    own = [s for s in sheet.beginning(row) if s.code or s.column == _own_label(sheet, row)]
    at = row + 1
    insert_row(sheet, at)
    for s in own:
        text = str(draft.rng.randint(0, 99)) if s.code else label
        code = stray(draft, text) if s.code else None
        sheet.slots.append(replace(s, row=at, rows=1, text=text, code=code))


def _own_label(sheet: Sheet, row: int) -> int:
    return max(s.column for s in sheet.beginning(row) if not s.code)


def cell_too_few(draft: Draft) -> None:
    """A figure is left out and its row slides to the left."""
    if draft.format == "pdf":
        # On paper the heads above the other figures say what these are now.
        return
    sheet = draft.three[0]
    row = draft.rng.choice(_body(sheet))
    gone = draft.rng.choice([s for s in sheet.beginning(row) if s.code])
    sheet.slots.remove(gone)
    sheet.slots = [
        replace(s, column=s.column - 1) if s.row == row and s.column > gone.column else s
        for s in sheet.slots
    ]
    draft.untold.update(_codes(sheet, row))
    draft.absent.add(str(gone.code))


def cell_too_many(draft: Draft) -> None:
    """A cell too much, blank or with a figure, pushes the rest of its row to the right."""
    if draft.format == "pdf":
        # On paper the heads say what the pushed figures are now.
        return
    sheet = draft.three[0]
    row = draft.rng.choice(_body(sheet))
    before = draft.rng.choice([s for s in sheet.beginning(row) if s.code])
    text = draft.rng.choice(("", "0", "7"))
    draft.untold.update(_codes(sheet, row))
    insert_column(sheet, len(sheet.widths))
    sheet.slots = [
        replace(s, column=s.column + 1) if s.row == row and s.column >= before.column else s
        for s in sheet.slots
    ]
    sheet.slots.append(Slot(text, row, before.column, code=stray(draft, text)))


def _leaf_columns(sheet: Sheet) -> list[int]:
    return sorted({s.column for s in sheet.slots if s.code and s.columns == 1})


def _heads_needed(draft: Draft) -> None:
    """Without a grid nobody can lay figures under heads that are not the form's."""
    if draft.format in {"spaces", "tabs", "pipes"}:
        draft.untold.update(str(s.code) for s in draft.three[0].slots if s.code)


def columns_swapped(draft: Draft) -> None:
    """Two kinds of organisations in another order, heads and figures."""
    sheet = draft.three[0]
    one, two = draft.rng.sample(_leaf_columns(sheet)[1:6], 2)
    _heads_needed(draft)
    moved = {one: two, two: one}
    sheet.slots = [
        replace(s, column=moved.get(s.column, s.column)) if s.columns == 1 else s
        for s in sheet.slots
    ]


def heads_swapped(draft: Draft) -> None:
    """Two heads change places, the figures do not: the heads say what a figure is."""
    sheet = draft.three[0]
    one, two = draft.rng.sample(_leaf_columns(sheet)[1:6], 2)
    _heads_needed(draft)
    moved = {one: two, two: one}
    sheet.slots = [
        replace(s, column=moved.get(s.column, s.column))
        if s.columns == 1 and s.row < sheet.head_rows
        else s
        for s in sheet.slots
    ]
    values = {(s.row, s.column): s.code for s in sheet.slots if s.code}
    old = dict(draft.printed)
    slots = []
    for s in sheet.slots:
        if s.code and s.column in moved and s.code[0] != "~":
            code = values[(s.row, moved[s.column])]
            draft.printed[str(code)] = old[s.code]
            slots.append(replace(s, code=code))
        else:
            slots.append(s)
    sheet.slots = slots


def column_missing(draft: Draft) -> None:
    """One kind of applicants has no column."""
    sheet = draft.three[0]
    column = draft.rng.choice(_leaf_columns(sheet)[1:6])
    draft.absent.update(str(s.code) for s in sheet.slots if s.code and s.column == column)
    delete_column(sheet, column)
    _heads_needed(draft)


def column_twice(draft: Draft) -> None:
    """One column printed twice with different figures."""
    sheet = draft.three[0]
    column = draft.rng.choice(_leaf_columns(sheet)[1:6])
    insert_column(sheet, column + 1, 1.0)
    slots = []
    for s in sheet.slots:
        if s.column != column or s.columns != 1:
            continue
        text = _other(draft, s.text) if s.code else s.text
        code = stray(draft, text) if s.code else None
        slots.append(replace(s, column=column + 1, text=text, code=code))
        if s.code:
            draft.absent.add(s.code)
    sheet.slots += slots
    draft.untold.update(str(s.code) for s in sheet.slots if s.code)


def two_years(draft: Draft) -> None:
    """Each column of table three split in 本年 and 上年, or the other way round."""
    sheet = draft.three[0]
    names = draft.rng.choice((("本年", "上年"), ("上年", "本年"), ("2022年", "2021年")))
    share = draft.rng.choice((0.2, 1))
    insert_row(sheet, sheet.head_rows)
    head = sheet.head_rows
    sheet.head_rows += 1
    for column in reversed(_leaf_columns(sheet)):
        insert_column(sheet, column + 1, 0.5)
        slots = []
        for s in sheet.slots:
            if s.column != column or s.columns != 1:
                slots.append(s)
            elif s.code is None:
                slots.append(replace(s, columns=2))
            else:
                text = str(draft.rng.randint(0, 99)) if draft.rng.random() < share else ""
                last = Slot(text, s.row, column, code=stray(draft, text))
                first = names[0] in {"本年", "2022年"}
                slots += [
                    replace(s, column=column + (not first)),
                    replace(last, column=column + first),
                ]
        slots += [Slot(names[0], head, column), Slot(names[1], head, column + 1)]
        sheet.slots = slots
    sheet.slots = [
        replace(s, rows=s.rows + 1) if s.row == 0 and s.column == 0 and not s.code else s
        for s in sheet.slots
    ]
    draft.untold.update(str(s.code) for s in sheet.slots if s.code)


def heads_blank(draft: Draft) -> None:
    """Some heads of table three are not printed."""
    sheet = draft.three[0]
    leaves = [
        n
        for n, s in enumerate(sheet.slots)
        if s.row < sheet.head_rows and s.columns == 1 and s.column >= _LABELS and s.text
    ]
    for n in draft.rng.sample(leaves, draft.rng.randint(1, len(leaves))):
        sheet.slots[n] = replace(sheet.slots[n], text="")
    draft.untold.update(str(s.code) for s in sheet.slots if s.code)


def labels_blank(draft: Draft) -> None:
    """Some rows of table three have lost their label; position is no label."""
    sheet = draft.three[0]
    for row in draft.rng.sample(_body(sheet), draft.rng.randint(1, 3)):
        sheet.slots = [
            replace(s, text="") if s.row == row and not s.code and s.rows == 1 else s
            for s in sheet.slots
        ]
        draft.untold.update(_codes(sheet, row))


def table_twice(draft: Draft) -> None:
    """Another agency's table of the same kind stands behind: figures differ here and there."""
    name = draft.rng.choice(("two", "three", "four"))
    sheets: list[Sheet] = getattr(draft, name)
    if len(sheets) != 1:
        return
    share = draft.rng.choice((0, 0.3, 1))
    copy = Sheet(name, [], list(sheets[0].widths), sheets[0].head_rows)
    copy.name = sheets[0].name
    for s in sheets[0].slots:
        if s.code is None:
            copy.slots.append(s)
            continue
        other = draft.rng.random() < share
        text = _other(draft, s.text) if other else s.text
        copy.slots.append(replace(s, text=text, code=stray(draft, text)))
        if other:
            draft.absent.add(s.code)
    sheets.append(copy)
    if share:
        draft.untold.update(str(s.code) for s in sheets[0].slots if s.code)


def _swap_rows_of_two(draft: Draft) -> None:
    """Rows of table two in another order under their head."""
    sheet = draft.two[0]
    rows = [r for r in _body(sheet) if r + 1 in _body(sheet)]
    if rows:
        row = draft.rng.choice(rows)
        moved = {row: row + 1, row + 1: row}
        sheet.slots = [replace(s, row=moved.get(s.row, s.row)) for s in sheet.slots]


def two_missing(draft: Draft) -> None:
    """Table two lacks a row, or a head, or an article with both."""
    sheet = draft.two[0]
    row = draft.rng.choice(_body(sheet))
    draft.absent.update(_codes(sheet, row))
    delete_row(sheet, row)
    if draft.rng.random() < 0.3:
        heads = [s.row for s in sheet.slots if s.text == "信息内容"]
        row = draft.rng.choice(heads)
        below = [r for r in _body(sheet) if r > row and not any(row < h < r for h in heads)]
        for r in below:
            draft.untold.update(_codes(sheet, r))
        delete_row(sheet, row)


def two_heads_swapped(draft: Draft) -> None:
    """Two columns of table two in another order."""
    if draft.template == "2019":
        # Reports print one of these heads twice: then only the form's order tells them apart.
        return
    sheet = draft.two[0]
    heads = [s.row for s in sheet.slots if s.text == "信息内容"]
    head = draft.rng.choice([h for h in heads if len(sheet.beginning(h)) == 4] or heads[:1])
    if len(sheet.beginning(head)) != 4:
        return
    one, two = draft.rng.sample((1, 2, 3), 2)
    end = min([r for r in range(head + 1, sheet.rows) if not _codes(sheet, r)] or [sheet.rows])
    moved = {one: two, two: one}
    sheet.slots = [
        replace(s, column=moved.get(s.column, s.column)) if head <= s.row < end else s
        for s in sheet.slots
    ]
    for r in range(head + 1, end):
        draft.untold.update(_codes(sheet, r))


def four_swapped(draft: Draft) -> None:
    """Two leaf heads of table four change places with their figures, or a column is missing."""
    sheet = draft.four[0]
    if draft.rng.random() < 0.4:
        column = draft.rng.randrange(15)
        draft.absent.update(str(s.code) for s in sheet.slots if s.code and s.column == column)
        delete_column(sheet, column)
    else:
        group = draft.rng.choice((0, 5, 10))
        one, two = (group + n for n in draft.rng.sample(range(5), 2))
        moved = {one: two, two: one}
        sheet.slots = [
            replace(s, column=moved.get(s.column, s.column)) if s.columns == 1 else s
            for s in sheet.slots
        ]
    draft.untold.update(str(s.code) for s in sheet.slots if s.code)


MUTATIONS: dict[str, Callable[[Draft], None]] = {
    "row-missing": row_missing,
    "row-twice": row_twice,
    "rows-swapped": rows_swapped,
    "row-foreign": row_foreign,
    "cell-too-few": cell_too_few,
    "cell-too-many": cell_too_many,
    "columns-swapped": columns_swapped,
    "heads-swapped": heads_swapped,
    "column-missing": column_missing,
    "column-twice": column_twice,
    "two-years": two_years,
    "heads-blank": heads_blank,
    "labels-blank": labels_blank,
    "two-rows-swapped": _swap_rows_of_two,
    "two-missing": two_missing,
    "two-heads-swapped": two_heads_swapped,
    "four-swapped": four_swapped,
    "table-twice": table_twice,
}
