"""The three statutory tables as grids with spans, in the official layout (codebook order)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from archive.codebook import Metric, Template, template_metrics

if TYPE_CHECKING:
    from tests.replica.data import ReportData

NOTE = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"
LABEL_COLUMNS = 3
VALUE_COLUMNS = 7
GROUPS = {"denied": "（三）", "unavailable": "（四）", "unprocessed": "（五）", "other": "（六）"}
# The form gives the same cell another head in each format.
DECISIONS_2019 = "处理决定数量"


@dataclass(frozen=True, slots=True)
class Slot:
    """A cell as laid out: text, place (0-based row and column), spans, code of a value cell."""

    text: str
    row: int
    column: int
    rows: int = 1
    columns: int = 1
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: relative column widths, slots in reading order, number of head rows.

    ``head_rows`` counts the rows that Word would repeat on a new page.
    """

    name: str
    widths: tuple[float, ...]
    slots: tuple[Slot, ...]
    head_rows: int

    @property
    def row_count(self) -> int:
        """Number of rows."""
        return max(slot.row + slot.rows for slot in self.slots)

    def row(self, index: int) -> list[Slot]:
        """Return the slots that begin in a row, left to right."""
        return sorted((s for s in self.slots if s.row == index), key=lambda s: s.column)


class Labels:
    """The labels a report prints: the form's, changed by its own variants."""

    def __init__(self, variants: dict[str, str]) -> None:
        """Take the report's ``[labels]``."""
        self._variants = variants

    def get(self, key: str, official: str) -> str:
        """Return the printed label for ``row.<code>``, ``column.<code>``, ``group.<code>``, …."""
        if key in self._variants:
            return self._variants[key]
        text = official
        if self._variants.get("brackets") == "half":
            text = re.sub(r"^（([一二三四五六七])）", r"(\1) ", text)
        if self._variants.get("items") == "spaced":
            text = re.sub(r"^(\d)\.", r"\1. ", text)
        return text


def grids(report: ReportData) -> tuple[Grid, Grid, Grid]:
    """Lay out tables 二, 三 and 四 of a report.

    Raises:
        ValueError: the report has no tables.
    """
    if report.template is None:
        msg = f"{report.slug} is a free-form report without tables"
        raise ValueError(msg)
    labels = Labels(report.labels)
    return (
        _table_2(report.template, labels, report.cells),
        _table_3(report.template, labels, report.cells),
        _table_4(report.template, labels, report.cells),
    )


def _of(template: Template, table: str) -> list[Metric]:
    return [metric for metric in template_metrics(template) if metric.table == table]


def _table_2(template: Template, labels: Labels, cells: dict[str, str]) -> Grid:
    slots: list[Slot] = []
    row = 0
    for group, members in groupby(_of(template, "t2"), key=lambda metric: metric.row_group):
        rows = [list(part) for _, part in groupby(members, key=lambda metric: metric.row_code)]
        slots.append(Slot(group, row, 0, columns=4))
        heads = ["信息内容"]
        for metric in rows[0]:
            official = metric.column_label
            if template == "2019" and metric.column_code == "decisions":
                official = DECISIONS_2019
            heads.append(labels.get(f"column.{metric.column_code}", official))
        slots += _spread(heads, row + 1, [None] * len(heads))
        row += 2
        for members_of_row in rows:
            first = members_of_row[0]
            texts = [labels.get(f"row.{first.row_code}", first.row_label)]
            texts += [cells[metric.code] for metric in members_of_row]
            slots += _spread(texts, row, [None, *(metric.code for metric in members_of_row)])
            row += 1
    return Grid("t2", (1, 1, 1, 1), tuple(slots), head_rows=0)


def _spread(texts: list[str], row: int, codes: list[str | None]) -> list[Slot]:
    """Lay a row over four columns; the last cell takes what is left, as in the form."""
    last = len(texts) - 1
    return [
        Slot(text, row, column, columns=4 - last if column == last else 1, code=code)
        for column, (text, code) in enumerate(zip(texts, codes, strict=True))
    ]


def _table_3(template: Template, labels: Labels, cells: dict[str, str]) -> Grid:
    rows = [list(part) for _, part in groupby(_of(template, "t3"), key=lambda m: m.row_code)]
    width = LABEL_COLUMNS + VALUE_COLUMNS
    slots = [
        Slot(labels.get("note", NOTE), 0, 0, rows=3, columns=LABEL_COLUMNS),
        Slot("申请人情况", 0, LABEL_COLUMNS, columns=VALUE_COLUMNS),
        Slot("自然人", 1, LABEL_COLUMNS, rows=2),
        Slot("法人或其他组织", 1, LABEL_COLUMNS + 1, columns=5),
        Slot("总计", 1, width - 1, rows=2),
    ]
    for column, metric in enumerate(rows[0][1:-1], start=LABEL_COLUMNS + 1):
        official = metric.column_label.split("·")[-1]
        slots.append(Slot(labels.get(f"column.{metric.column_code}", official), 2, column))
    outcomes = [r for r in rows if r[0].row_group]
    first_outcome = 3 + rows.index(outcomes[0])
    slots.append(
        Slot(
            labels.get("group.outcome", "三、本年度办理结果"),
            first_outcome,
            0,
            rows=len(outcomes),
        ),
    )
    for row, members in enumerate(rows, start=3):
        slots += _row_head(rows, row, labels)
        slots += [
            Slot(cells[metric.code], row, column, code=metric.code)
            for column, metric in enumerate(members, start=LABEL_COLUMNS)
        ]
    return Grid("t3", (1.25, 1.35, 5.4, *[1.0] * VALUE_COLUMNS), tuple(slots), head_rows=3)


def _row_head(rows: list[list[Metric]], row: int, labels: Labels) -> list[Slot]:
    metric = rows[row - 3][0]
    text = labels.get(f"row.{metric.row_code}", metric.row_label)
    if not metric.row_group:
        return [Slot(text, row, 0, columns=LABEL_COLUMNS)]
    if " / " not in metric.row_group:
        return [Slot(text, row, 1, columns=LABEL_COLUMNS - 1)]
    head: list[Slot] = []
    if row == 3 or rows[row - 4][0].row_group != metric.row_group:
        size = sum(1 for r in rows if r[0].row_group == metric.row_group)
        name = metric.row_group.split(" / ")[1]
        code = next(code for code, mark in GROUPS.items() if name.startswith(mark))
        head.append(Slot(labels.get(f"group.{code}", name), row, 1, rows=size))
    return [*head, Slot(text, row, 2)]


def _table_4(template: Template, labels: Labels, cells: dict[str, str]) -> Grid:
    metrics = _of(template, "t4")
    slots = [
        Slot("行政复议", 0, 0, columns=5),
        Slot("行政诉讼", 0, 5, columns=10),
        Slot("未经复议直接起诉", 1, 5, columns=5),
        Slot("复议后起诉", 1, 10, columns=5),
    ]
    for column, metric in enumerate(metrics):
        head = labels.get(f"column.{metric.column_code}", metric.column_label)
        if column < 5:
            slots.append(Slot(head, 1, column, rows=2))
        else:
            slots.append(Slot(head, 2, column))
        slots.append(Slot(cells[metric.code], 3, column, code=metric.code))
    return Grid("t4", tuple([1.0] * 15), tuple(slots), head_rows=3)
