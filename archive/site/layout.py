"""The three tables as the official forms print them, with merged heads.

Sources: annexes of 国办公开办函〔2019〕60号 and 国办公开办函〔2021〕30号.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby

from archive.codebook import Metric, Template, metrics, template_metrics

_BALANCE = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"
_APPLICANTS = (
    "natural_person", "business", "research", "public_interest", "legal_service", "other_org",
    "total",
)  # fmt: skip
_OTHER_PARTS = ("other_not_corrected", "other_fee_unpaid", "other_misc")


@dataclass(frozen=True, slots=True)
class Box:
    """One box of a printed table.

    Args:
        text: words of a head; empty for a figure.
        code: code of the figure; empty for a head.
        rows: rows covered.
        columns: columns covered.
        scope: ``col``, ``row``, ``colgroup`` or ``rowgroup``, for heads.
        upright: set the words from top to bottom where the screen is narrow.

    """

    text: str = ""
    code: str = ""
    rows: int = 1
    columns: int = 1
    scope: str = ""
    upright: bool = False


Row = tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A printed table: head rows, then body rows."""

    table: str
    head: tuple[Row, ...]
    body: tuple[Row, ...]


def _by_row(template: Template, table: str) -> list[list[Metric]]:
    cells = [metric for metric in template_metrics(template) if metric.table == table]
    return [list(group) for _, group in groupby(cells, lambda m: (m.row_group, m.row_code))]


def _head(metric: Metric, template: Template) -> str:
    # The codebook gives a cell of both formats the words of the later one.
    if template == "2019" and metric.column_code == "decisions":
        return metric.column_label.removeprefix("本年")
    return metric.column_label


def _table_two(template: Template) -> Grid:
    # Widest head: 信息内容 and three columns; narrower heads stretch over the three.
    body: list[Row] = []
    above, heads = "", [""]
    for cells in _by_row(template, "t2"):
        labels = [_head(metric, template) for metric in cells]
        spans = {1: [3], 2: [1, 2], 3: [1, 1, 1]}[len(labels)]
        if cells[0].row_group != above:
            above = cells[0].row_group
            heads = []
            body.append((Box(above, columns=4, scope="colgroup"),))
        if len(labels) != len(heads):
            heads = labels
            body.append(
                (
                    Box("信息内容", scope="col"),
                    *(
                        Box(label, columns=span, scope="col")
                        for label, span in zip(labels, spans, strict=True)
                    ),
                )
            )
        body.append(
            (
                Box(cells[0].row_label, scope="row"),
                *(
                    Box(code=metric.code, columns=span)
                    for metric, span in zip(cells, spans, strict=True)
                ),
            )
        )
    return Grid("t2", (), tuple(body))


def _three_heads() -> tuple[Row, ...]:
    labels = [
        metric.column_label.rpartition("·")[2]
        for metric in template_metrics("2021")
        if metric.row_code == "new"
    ]
    return (
        (
            Box(_BALANCE, rows=3, columns=3),
            Box("申请人情况", columns=7, scope="colgroup"),
        ),
        (
            Box(labels[0], rows=2, scope="col", upright=True),
            Box("法人或其他组织", columns=5, scope="colgroup"),
            Box(labels[-1], rows=2, scope="col", upright=True),
        ),
        tuple(Box(label, scope="col", upright=True) for label in labels[1:-1]),
    )


def _figures(row_code: str) -> Row:
    return tuple(Box(code=f"t3_{row_code}__{column}") for column in _APPLICANTS)


def _table_three(template: Template, one_row: str) -> Grid:
    rows = [(cells[0].row_group, cells[0]) for cells in _by_row(template, "t3")]
    other = next(m for m in metrics().values() if m.row_code == "other_total")
    if one_row:
        last = max(i for i, (_, m) in enumerate(rows) if m.row_code in _OTHER_PARTS)
        rows.insert(last + 1, (other.row_group, other))
    if one_row == "instead":
        rows = [row for row in rows if row[1].row_code not in _OTHER_PARTS]
    inside = sum(1 for group, _ in rows if group)
    body: list[Row] = []
    above = ""
    for group, metric in rows:
        boxes: list[Box] = []
        outer, _, inner = group.partition(" / ")
        if outer and not above:
            boxes.append(Box(outer, rows=inside, scope="rowgroup", upright=True))
        if inner and group != above:
            height = sum(1 for other_group, _ in rows if other_group == group)
            boxes.append(Box(inner, rows=height, scope="rowgroup", upright=True))
        width = 3 - bool(outer) - bool(inner)
        boxes.append(Box(metric.row_label, columns=width, scope="row"))
        body.append((*boxes, *_figures(metric.row_code)))
        above = group
    return Grid("t3", _three_heads(), tuple(body))


def _table_four(template: Template) -> Grid:
    groups = _by_row(template, "t4")
    suits = [cells[0].row_group.partition(" / ")[2] for cells in groups[1:]]
    labels = [metric.column_label for metric in groups[0]]
    narrow = [Box(label, scope="col", upright=True) for label in labels]
    return Grid(
        "t4",
        (
            (
                Box("行政复议", columns=5, scope="colgroup"),
                Box("行政诉讼", columns=10, scope="colgroup"),
            ),
            (
                *(Box(label, rows=2, scope="col", upright=True) for label in labels),
                *(Box(suit, columns=5, scope="colgroup") for suit in suits),
            ),
            (*narrow, *narrow),
        ),
        (tuple(Box(code=metric.code) for cells in groups for metric in cells),),
    )


def grids(template: Template, present: Collection[str], read: Collection[str]) -> tuple[Grid, ...]:
    """Return the tables of a report in the layout of its format.

    Args:
        template: format of the report.
        present: codes of the cells that are stored for it.
        read: those of them that are not unread. A 2021 report that prints （六） in one row has
            ``t3_other_total``; the three rows of the form are left out unless one was read too.

    """
    one_row = ""
    if template == "2021" and any(code.startswith("t3_other_total__") for code in present):
        parts = [f"t3_{part}__{column}" for part in _OTHER_PARTS for column in _APPLICANTS]
        one_row = "beside" if any(code in read for code in parts) else "instead"
    return _table_two(template), _table_three(template, one_row), _table_four(template)
