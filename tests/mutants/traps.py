"""Layouts and cells that other agencies, editors and tools make of the form.

As in ``hostile``: codes in ``draft.absent`` must not be read, those in ``draft.untold`` need not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from tests.mutants.hostile import stray
from tests.mutants.model import Draft, Printed, Sheet, delete_row, insert_column, insert_row
from tests.replica.grids import Slot

_LABELS = 3


def _values(sheet: Sheet) -> list[Slot]:
    return [s for s in sheet.slots if s.code and s.code[0] != "~"]


def _reprint(draft: Draft, slot: Slot, printed: Printed) -> None:
    """Print another text in a cell."""
    draft.printed[str(slot.code)] = printed
    for sheet in draft.sheets():
        sheet.slots = [replace(s, text=printed.text) if s is slot else s for s in sheet.slots]


def _some(draft: Draft, most: int) -> list[Slot]:
    cells = [s for sheet in draft.sheets() for s in _values(sheet) if s.text.strip()]
    return draft.rng.sample(cells, min(len(cells), draft.rng.randint(1, most)))


def _columns(sheet: Sheet) -> list[int]:
    return sorted({s.column for s in _values(sheet) if s.columns == 1})


def _column_of(draft: Draft, sheet: Sheet, at: int, head: str, text: Callable[[int], str]) -> None:
    """Print a column of no code: a head over all head rows, and a text for each row."""
    insert_column(sheet, at)
    taken = {
        r
        for s in sheet.slots
        if s.column <= at < s.column + s.columns
        for r in range(s.row, s.row + s.rows)
    }
    if 0 not in taken:
        free = next((r for r in range(sheet.head_rows) if r in taken), sheet.head_rows)
        sheet.slots.append(Slot(head, 0, at, rows=free))
        taken |= set(range(free))
    for row in range(sheet.rows):
        if row not in taken:
            printed = text(row)
            sheet.slots.append(Slot(printed, row, at, code=stray(draft, printed)))


def serial_numbers(draft: Draft) -> None:
    """A column 序号 that counts the rows of table three, at its left."""
    sheet = draft.three[0]
    _column_of(draft, sheet, 0, "序号", lambda row: str(row - sheet.head_rows + 1))


def remarks(draft: Draft) -> None:
    """A column 备注 at the right of table three, mostly empty."""
    sheet = draft.three[0]
    words = ("", "", "", "含上年", "数据已核", "—")
    _column_of(draft, sheet, len(sheet.widths), "备注", lambda _: draft.rng.choice(words))


def shares(draft: Draft) -> None:
    """A column of percentages behind the totals of table three."""
    sheet = draft.three[0]
    _column_of(draft, sheet, len(sheet.widths), "占比", lambda _: f"{draft.rng.randint(0, 99)}%")


def subtotals(draft: Draft) -> None:
    """A column 小计 behind the five kinds of organisations."""
    sheet = draft.three[0]
    at = _columns(sheet)[-1]
    insert_column(sheet, at, 1.0)
    sheet.slots = [
        replace(s, columns=s.columns + 1)
        if not s.code and s.column + s.columns == at and s.columns == 5
        else s
        for s in sheet.slots
    ]
    wide = next((s for s in sheet.slots if s.columns == 6 and s.row < sheet.head_rows), None)
    top = wide.row + wide.rows if wide else sheet.head_rows - 1
    sheet.slots.append(Slot("小计", top, at, rows=sheet.head_rows - top))
    for row in sorted({s.row for s in _values(sheet)}):
        text = str(draft.rng.randint(0, 999))
        sheet.slots.append(Slot(text, row, at, code=stray(draft, text)))


def unit_row(draft: Draft) -> None:
    """A row 单位：件 on top of a table, over all its columns."""
    sheet = draft.rng.choice([*draft.three, *draft.four, *draft.two])
    insert_row(sheet, 0)
    text = draft.rng.choice(("单位：件", "填报单位：示例县财政局　　单位：件", "表三", "2022年度"))
    sheet.slots.append(Slot(text, 0, 0, columns=len(sheet.widths)))
    sheet.head_rows += not sheet.head_rows


def unit_heads(draft: Draft) -> None:
    """Heads with the unit behind: 自然人（件）."""
    unit = draft.rng.choice(("（件）", "(件)", "（单位：件）", "/件"))
    for sheet in (*draft.three, *draft.four):
        last = {s.column for s in _values(sheet)}
        sheet.slots = [
            replace(s, text=s.text + unit)
            if s.row < sheet.head_rows and s.columns == 1 and s.text and s.column in last
            else s
            for s in sheet.slots
        ]


def group_rows(draft: Draft) -> None:
    """Groups of table three as rows of their own above their items, without figures."""
    sheet = draft.three[0]
    groups = [
        s
        for s in sheet.slots
        if not s.code and s.rows > 1 and s.row >= sheet.head_rows and s.column == 1
    ]
    for group in sorted(groups, key=lambda s: -s.row):
        sheet.slots = [
            replace(s, column=1, columns=2) if _beside(s, group) else s
            for s in sheet.slots
            if s is not group
        ]
        insert_row(sheet, group.row)
        sheet.slots.append(replace(group, rows=1, columns=len(sheet.widths) - 1))
    for s in [s for s in sheet.slots if s.row >= sheet.head_rows and s.column == 0 and s.rows > 1]:
        top = s.row
        if all(o.row > top or o is s or o.column == 0 for o in sheet.slots if o.row >= top):
            sheet.slots = [
                replace(o, row=top + 1, rows=o.rows - 1) if o is s else o for o in sheet.slots
            ]


def _beside(slot: Slot, group: Slot) -> bool:
    return not slot.code and slot.column == 2 and group.row <= slot.row < group.row + group.rows


def joined_labels(draft: Draft) -> None:
    """Group and item in one label: 不予公开-1.属于国家秘密."""
    sheet = draft.three[0]
    glue = draft.rng.choice(("", "-", "：", "\n", "——"))
    groups = [
        s
        for s in sheet.slots
        if not s.code and s.rows > 1 and s.row >= sheet.head_rows and s.column == 1
    ]
    for group in groups:
        sheet.slots = [
            replace(s, text=f"{group.text}{glue}{s.text}", column=1, columns=2)
            if _beside(s, group)
            else s
            for s in sheet.slots
            if s is not group
        ]


def flat_heads(draft: Draft) -> None:
    """One row of heads for table three, without 法人或其他组织."""
    sheet = draft.three[0]
    if sheet.head_rows != 3:
        return
    prefix = draft.rng.choice(("", "", "法人或其他组织-", "法人或其他组织（"))
    heads = []
    for s in sheet.slots:
        if s.row < sheet.head_rows and s.columns == 1 and s.column >= _LABELS:
            text = s.text
            if prefix and s.row == 2:
                text = prefix + text + ("）" if prefix[-1] == "（" else "")
            heads.append(replace(s, row=0, rows=1, text=text))
        elif s.row == 0 and s.column == 0:
            heads.append(replace(s, rows=1))
    sheet.slots = [*heads, *(replace(s, row=s.row - 2) for s in sheet.slots if s.row >= 3)]
    sheet.head_rows = 1


def four_labelled(draft: Draft) -> None:
    """Table four with a label before its figures."""
    sheet = draft.four[0]
    label = draft.rng.choice(("件数", "数量", "2022年", "合计（件）", "数量（件）"))
    insert_column(sheet, 0, 1.0)
    head = draft.rng.choice(("", "项目", "类别"))
    sheet.slots += [
        Slot(head, 0, 0, rows=sheet.head_rows),
        Slot(label, sheet.head_rows, 0),
    ]


def four_two_years(draft: Draft) -> None:
    """Table four with a second row of figures: nobody can say which is meant."""
    sheet = draft.four[0]
    if not any(s.text.strip() for s in _values(sheet)):
        # A row of blanks above the only figures is an empty row.
        return
    row = sheet.rows
    for s in _values(sheet):
        text = str(draft.rng.randint(0, 99))
        sheet.slots.append(replace(s, row=row, text=text, code=stray(draft, text)))
        draft.absent.add(str(s.code))


def four_upright(draft: Draft) -> None:
    """Table four turned: a row for each of its columns."""
    sheet = draft.four[0]
    values = {s.column: s for s in _values(sheet)}
    head = sheet.head_rows
    if len(values) != 15:
        return
    groups = {0: "行政复议", 5: "未经复议直接起诉", 10: "复议后起诉"}
    leaves = {s.column: s.text for s in sheet.slots if not s.code and s.row + s.rows == head}
    sheet.slots = [Slot(text, column, 0, rows=5) for column, text in groups.items()]
    for column, s in values.items():
        sheet.slots += [
            Slot(leaves[column], column, 1),
            replace(s, row=column, column=2),
        ]
    sheet.widths, sheet.head_rows = [2.0, 2.0, 1.0], 0
    draft.untold.update(str(s.code) for s in values.values())


def three_upright(draft: Draft) -> None:
    """Table three turned: rows and columns change places."""
    sheet = draft.three[0]
    sheet.slots = [
        replace(s, row=s.column, column=s.row, rows=s.columns, columns=s.rows) for s in sheet.slots
    ]
    sheet.widths, sheet.head_rows = [1.0] * max(s.column + s.columns for s in sheet.slots), 3
    draft.untold.update(str(s.code) for s in _values(sheet))


def total_first(draft: Draft) -> None:
    """The totals stand before the kinds of applicants."""
    sheet = draft.three[0]
    columns = _columns(sheet)
    moved = {columns[-1]: columns[0]} | {c: c + 1 for c in columns[:-1]}
    keep = {(s.row, s.column) for s in sheet.slots if s.column == 3 and s.columns > 4}
    sheet.slots = [
        s
        if (s.row, s.column) in keep or s.column not in moved
        else replace(s, column=moved[s.column])
        for s in sheet.slots
    ]
    if draft.format in {"spaces", "tabs", "pipes"}:
        draft.untold.update(str(s.code) for s in _values(sheet))


def blank_totals(draft: Draft) -> None:
    """Some totals of table three are left blank though their parts are there."""
    cells = [s for s in _values(draft.three[0]) if str(s.code).endswith("__total") and s.text]
    for s in draft.rng.sample(cells, draft.rng.randint(0, len(cells))):
        _reprint(draft, s, Printed("", "blank"))


def marks(draft: Draft) -> None:
    """Marks of notes behind figures: 12①, 12*."""
    for s in _some(draft, 12):
        old = draft.printed[str(s.code)]
        if old.state == "value" and old.value is not None:
            kinds = ("*", "（注1）", "[1]", "注1", "①", "＊")
            mark = draft.rng.choice(kinds[: 4 if draft.format == "pdf" else None])
            _reprint(draft, s, Printed(old.text + mark, "note", old.value))


def words(draft: Draft) -> None:
    """Words instead of figures: 无, 零, 未统计; letters that look like digits."""
    for s in _some(draft, 12):
        text = draft.rng.choice(("无", "零", "未统计", "O", "o", "l", "三", "详见附件", "N/A"))
        _reprint(draft, s, Printed(text, "note"))
        draft.untold.add(str(s.code))
        if draft.format in {"tabs", "pipes", "spaces"}:
            _rest_of_row(draft, s)


def two_in_one(draft: Draft) -> None:
    """Two figures in a cell: nobody can say which counts."""
    for s in _some(draft, 6):
        one, two = draft.rng.randint(1, 99), draft.rng.randint(1, 99)
        glue = draft.rng.choice(("/", " ", "、", "+", "~", "；", "\n"))
        if draft.format in {"pdf", "spaces"} and glue == "\n":
            # On paper it is a figure that wraps, on lines of text a page number may stand there.
            glue = " "
        _reprint(draft, s, Printed(f"{one}{glue}{two}", "value"))
        draft.absent.add(str(s.code))
        if draft.format in {"spaces", "pdf"}:
            _rest_of_row(draft, s)


def _rest_of_row(draft: Draft, slot: Slot) -> None:
    for sheet in draft.sheets():
        if any(s.code == slot.code for s in sheet.slots):
            draft.untold.update(str(s.code) for s in _values(sheet) if s.row == slot.row)


def decimals(draft: Draft) -> None:
    """Counts printed with decimals: 12.0, 12.00."""
    for s in _some(draft, 12):
        old = draft.printed[str(s.code)]
        if old.state == "value" and re.fullmatch(r"\d+", old.text):
            _reprint(draft, s, replace(old, text=old.text + draft.rng.choice((".0", ".00"))))


def padded_figures(draft: Draft) -> None:
    """Figures with zeros before them, or white space and hidden characters around and within."""
    hidden = draft.format not in {"pdf", "spaces", "tabs", "pipes"}
    for s in _some(draft, 20):
        old = draft.printed[str(s.code)]
        if old.state != "value" or not re.fullmatch(r"\d+", old.text):
            continue
        if not hidden:
            _reprint(draft, s, replace(old, text="0" + old.text))
            _rest_of_row(draft, s)
            continue
        shown = draft.rng.choice((" {}", "{} ", "\u3000{}", "{}\u200b", "\ufeff{}", "{}\u00a0"))
        for sheet in draft.sheets():
            sheet.slots = [
                replace(o, text=shown.format(o.text)) if o is s else o for o in sheet.slots
            ]


def items_unnumbered(draft: Draft) -> None:
    """Items of another group order: （五） before （四）."""
    sheet = draft.three[0]
    tall = sorted(
        (s for s in sheet.slots if s.column == 1 and s.rows > 1 and not s.code),
        key=lambda s: s.row,
    )
    pairs = [(a, b) for a, b in pairwise(tall) if a.row + a.rows == b.row]
    if not pairs:
        return
    first, second = draft.rng.choice(pairs)
    start, middle, end = first.row, second.row, second.row + second.rows
    moved = {r: r + second.rows for r in range(start, middle)}
    moved |= {r: r - first.rows for r in range(middle, end)}
    sheet.slots = [
        replace(s, row=moved[s.row]) if s.row in moved and s.column > 0 else s for s in sheet.slots
    ]
    rows = range(start, end)
    draft.untold.update(str(s.code) for s in _values(sheet) if s.row in rows)


def head_of_two(draft: Draft) -> None:
    """Table two as one table with one head: its small tables lose theirs."""
    sheet = draft.two[0]
    heads = [s.row for s in sheet.slots if s.text == "信息内容"]
    for row in reversed(heads[1:]):
        delete_row(sheet, row)
    draft.untold.update(str(s.code) for s in _values(sheet))


def label_and_figures_apart(draft: Draft) -> None:
    """A row of table three whose label stands in a row above its figures."""
    sheet = draft.three[0]
    row = draft.rng.choice(sorted({s.row for s in _values(sheet)})[2:-2])
    own = [s for s in sheet.beginning(row) if s.code]
    if any(s.rows > 1 for s in sheet.beginning(row)):
        return
    insert_row(sheet, row + 1)
    sheet.slots = [replace(s, row=row + 1) if s in own else s for s in sheet.slots]
    sheet.slots += [replace(s, text="", code=None) for s in own]
    label = max(
        (s for s in sheet.beginning(row) if not s.code and s.column < _LABELS),
        key=lambda s: s.column,
    )
    sheet.slots.append(replace(label, row=row + 1, text=""))
    draft.untold.update(str(s.code) for s in own)


TRAPS: dict[str, Callable[[Draft], None]] = {
    "serial-numbers": serial_numbers,
    "remarks": remarks,
    "shares": shares,
    "subtotals": subtotals,
    "unit-row": unit_row,
    "unit-heads": unit_heads,
    "group-rows": group_rows,
    "joined-labels": joined_labels,
    "flat-heads": flat_heads,
    "four-labelled": four_labelled,
    "four-two-years": four_two_years,
    "four-upright": four_upright,
    "three-upright": three_upright,
    "total-first": total_first,
    "blank-totals": blank_totals,
    "marks": marks,
    "words": words,
    "two-in-one": two_in_one,
    "decimals": decimals,
    "padded-figures": padded_figures,
    "items-reordered": items_unnumbered,
    "head-of-two": head_of_two,
    "label-apart": label_and_figures_apart,
}
LAYOUT = (
    "serial-numbers",
    "remarks",
    "shares",
    "subtotals",
    "unit-row",
    "group-rows",
    "joined-labels",
    "flat-heads",
    "four-labelled",
    "four-two-years",
    "four-upright",
    "three-upright",
    "total-first",
    "items-reordered",
    "head-of-two",
    "label-apart",
)
