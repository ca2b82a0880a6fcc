"""The official form as rows and columns, derived from the codebook."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from archive.codebook import Template, metrics, template_metrics


@dataclass(frozen=True, slots=True)
class FormRow:
    """A row of table 二 or 三.

    Args:
        code: row code.
        labels: official label first, then aliases met in reports.
        group: innermost label above it (（三）不予公开, …), empty when there is none.

    """

    code: str
    labels: tuple[str, ...]
    group: str


@dataclass(frozen=True, slots=True)
class FormColumn:
    """A column of a statutory table.

    Args:
        code: column code.
        labels: official label first, then aliases met in reports.

    """

    code: str
    labels: tuple[str, ...]


# Labels met in real reports that the codebook does not list.
_EXTRA_COLUMN_LABELS = {
    "total": ("总计", "合计", "共计"),
    "public_interest": ("社会公益组织", "社会组织", "公益组织"),
    "other_org": ("其他", "其它", "其他组织"),
}
_EXTRA_ROW_LABELS = {
    "result_total": ("总计", "合计"),
    "other_misc": ("其他", "其它"),
    "denied_law_prohibits": ("其他法律行政止公开", "其他法律、行政法规禁止公开"),
    "unprocessed_excessive": ("无正当理由大量反复申请", "无正当理由反复申请"),
}


@cache
def table3_rows(template: Template) -> tuple[FormRow, ...]:
    """Return the rows of table 三: 25 in the 2021 format, 23 in the 2019 format."""
    rows = []
    for metric in template_metrics(template):
        if metric.table != "t3" or metric.column_code != "natural_person":
            continue
        group = metric.row_group.split(" / ")[-1] if " / " in metric.row_group else ""
        labels = (
            metric.row_label,
            *metric.row_aliases,
            *_EXTRA_ROW_LABELS.get(metric.row_code, ()),
        )
        rows.append(FormRow(metric.row_code, tuple(dict.fromkeys(labels)), group))
    return tuple(rows)


@cache
def table3_columns() -> tuple[FormColumn, ...]:
    """Return the seven columns of table 三, the same in both formats."""
    columns = []
    for metric in template_metrics("2021"):
        if metric.table == "t3" and metric.row_code == "new":
            labels = (
                metric.column_label.split("·")[-1],
                *metric.column_aliases,
                *_EXTRA_COLUMN_LABELS.get(metric.column_code, ()),
            )
            columns.append(FormColumn(metric.column_code, tuple(dict.fromkeys(labels))))
    return tuple(columns)


@cache
def table2_rows() -> dict[str, tuple[str, ...]]:
    """Return the labels of each row of table 二 over both formats, by row code."""
    found: dict[str, dict[str, None]] = {}
    for metric in metrics().values():
        if metric.table == "t2":
            labels = found.setdefault(metric.row_code, {})
            labels.update(dict.fromkeys((metric.row_label, *metric.row_aliases)))
    return {code: tuple(labels) for code, labels in found.items()}


@dataclass(frozen=True, slots=True)
class ColumnSet:
    """The value columns under one 信息内容 head of table 二.

    Args:
        template: format it belongs to.
        row_codes: rows that stand under it.
        columns: its columns in printed order.

    """

    template: Template
    row_codes: frozenset[str]
    columns: tuple[FormColumn, ...]


@cache
def table2_column_sets() -> tuple[ColumnSet, ...]:
    """Return every head that table 二 can have, of both formats."""
    sets: list[ColumnSet] = []
    templates: tuple[Template, ...] = ("2021", "2019")
    for template in templates:
        by_group: dict[str, dict[str, FormColumn]] = {}
        rows: dict[str, set[str]] = {}
        aliases: dict[str, dict[str, None]] = {}
        for metric in template_metrics(template):
            if metric.table == "t2":
                # A wording met in one of the small tables can stand in each of them.
                aliases.setdefault(metric.column_code, {}).update(
                    dict.fromkeys(metric.column_aliases)
                )
        for metric in template_metrics(template):
            if metric.table != "t2":
                continue
            columns = by_group.setdefault(metric.row_group, {})
            labels = dict.fromkeys((metric.column_label, *aliases[metric.column_code]))
            if metric.column_code in columns:
                labels = dict.fromkeys((*columns[metric.column_code].labels, *labels))
            columns[metric.column_code] = FormColumn(metric.column_code, tuple(labels))
            rows.setdefault(metric.row_group, set()).add(metric.row_code)
        sets.extend(
            ColumnSet(template, frozenset(rows[group]), tuple(columns.values()))
            for group, columns in by_group.items()
        )
    return tuple(sets)


def table4_leaf_labels(leaf: str) -> tuple[str, ...]:
    """Return the wordings of a leaf head of table 四, the official one first."""
    return (leaf, *_EXTRA_COLUMN_LABELS["total"]) if leaf == "总计" else (leaf,)


@cache
def table4_columns() -> tuple[tuple[str, str, str], ...]:
    """Return the 15 columns of table 四 as (code, group label, leaf label) in printed order."""
    return tuple(
        (m.code, m.row_group.split(" / ")[-1], m.column_label)
        for m in template_metrics("2021")
        if m.table == "t4"
    )
