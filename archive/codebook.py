"""The codebook: names, labels and order of every statutory cell of both formats.

Sources: 国办公开办函〔2019〕60号 (report years 2019, 2020) and 国办公开办函〔2021〕30号 (2021 on).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Template = Literal["2019", "2021"]
TABLES = ("t2", "t3", "t4")


@dataclass(frozen=True, slots=True)
class Metric:
    """One cell of the form.

    Args:
        code: English code, e.g. ``t3_granted__natural_person``.
        table: ``t2``, ``t3`` or ``t4``.
        row_group: labels above the row label, outermost first, joined by " / ".
        row_label: official row label; empty in table 四, which has one row.
        column_label: official column label.
        row_code: code of the row within its table.
        column_code: code of the column within its row.
        unit: 件, 项, 万元, or "unstated (元 or 万元)" where the form names none.
        value_type: int, signed_int, decimal or decimal_with_unit.
        is_total: whether the cell is a 总计.
        order_2019: 1-based place in its table of the 2019 format, None when absent.
        order_2021: the same for the 2021 format.
        law_basis: article of 政府信息公开条例 the row rests on.
        maps_to: code or formula of the other format.
        mapping: same, derived, part, approximate or none.
        row_aliases: row labels met in real reports.
        column_aliases: column labels met in real reports.

    """

    code: str
    table: str
    row_group: str
    row_label: str
    column_label: str
    row_code: str
    column_code: str
    unit: str
    value_type: str
    is_total: bool
    order_2019: int | None
    order_2021: int | None
    law_basis: str
    maps_to: str
    mapping: str
    row_aliases: tuple[str, ...]
    column_aliases: tuple[str, ...]

    def order(self, template: Template) -> int | None:
        """Return the 1-based place of the cell in its table of a format."""
        return self.order_2019 if template == "2019" else self.order_2021


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("|") if part)


@cache
def metrics() -> dict[str, Metric]:
    """Return all cells of both formats by code, in the order of the codebook file."""
    source = files("archive").joinpath("data/codebook.csv")
    with source.open(encoding="utf-8") as lines:
        return {
            row["code"]: Metric(
                code=row["code"],
                table=row["table"],
                row_group=row["row_group"],
                row_label=row["row_label"],
                column_label=row["column_label"],
                row_code=row["row_code"],
                column_code=row["column_code"],
                unit=row["unit"],
                value_type=row["value_type"],
                is_total=row["is_total"] == "1",
                order_2019=int(row["order_2019"]) if row["order_2019"] else None,
                order_2021=int(row["order_2021"]) if row["order_2021"] else None,
                law_basis=row["law_basis"],
                maps_to=row["maps_to"],
                mapping=row["mapping"],
                row_aliases=_split(row["row_aliases"]),
                column_aliases=_split(row["column_aliases"]),
            )
            for row in csv.DictReader(lines)
        }


@cache
def template_metrics(template: Template) -> tuple[Metric, ...]:
    """Return the cells of one format: 198 for 2019, 200 for 2021, in printed order."""
    present = [m for m in metrics().values() if m.order(template) is not None]
    return tuple(sorted(present, key=lambda m: (m.table, m.order(template) or 0)))
