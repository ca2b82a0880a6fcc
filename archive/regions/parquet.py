"""The tables of a region as Parquet files by year, named as Hive names partitions.

``<table>/year=2023/data.parquet``, without a year where a table has none. The columns that name a
partition are not in the files, as programs take them from the names of the folders.

Source: Apache Hive, dynamic partitions (``__HIVE_DEFAULT_PARTITION__`` stands for NULL); DuckDB and
pyarrow read the same names.
"""

from __future__ import annotations

import sqlite3
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from archive.exports import Table, file_facts, parquet_library, public_tables, write_rows
from archive.regions.divide import SHARED

YEARLESS = "__HIVE_DEFAULT_PARTITION__"
NAME = "data.parquet"

Part = dict[str, Any]

_OF_DOCUMENT = "coalesce(r.year, d.year)"
_BY_DOCUMENT = " JOIN documents d ON d.id = t.document_id LEFT JOIN reports r ON r.id = d.report_id"
_BY_EITHER = (
    " LEFT JOIN documents d ON d.id = t.document_id"
    " LEFT JOIN reports r ON r.id = coalesce(t.report_id, d.report_id)"
)


def _year(table: Table) -> tuple[str, str] | None:
    """Return what tells the year of a row, and the joins for it; None where rows have none."""
    names = {column.name: column for column in table.columns}
    if (own := names.get("year")) is not None:
        return ("t.year", "") if own.required else None
    if "document_id" in table.key:
        return _OF_DOCUMENT, _BY_DOCUMENT
    if "report_id" in table.key:
        return "r.year", " JOIN reports r ON r.id = t.report_id"
    if {"document_id", "report_id"} <= set(names):
        return _OF_DOCUMENT, _BY_EITHER
    return None


def write_parts(connection: sqlite3.Connection, folder: Path) -> list[Part]:
    """Write the tables of a region, one file a table and year, and return what was written.

    Args:
        connection: to the region's database.
        folder: to write into.

    Returns:
        For each file its table, year ("" for none), path in the folder, rows, bytes and hash; none
        at all where pyarrow is not installed. The tables that every region shares are left out.

    Raises:
        OSError: a file could not be written.

    """
    library = parquet_library()
    parts: list[Part] = []
    if library is None:
        return parts
    for table in public_tables(connection):
        if table.name in SHARED:
            continue
        found = _year(table)
        columns = tuple(column for column in table.columns if not found or column.name != "year")
        told, joins = found or ("''", "")
        names = ", ".join(f't."{column.name}"' for column in columns)
        order = ", ".join(f't."{name}"' for name in table.key) or "t.rowid"
        rows = connection.execute(
            f'SELECT {told} AS of_year, {names} FROM "{table.name}" t{joins}'  # noqa: S608 - names of the schema
            f" ORDER BY of_year, {order}"
        )
        for year, of_year in groupby(rows, key=itemgetter(0)):
            named = YEARLESS if year is None else str(year)
            place = f"{table.name}/year={named}/{NAME}" if found else f"{table.name}/{NAME}"
            path = folder / place
            path.parent.mkdir(parents=True)
            count = write_rows((row[1:] for row in of_year), columns, path, library)
            facts = {**file_facts(path), "path": place}
            parts.append({"table": table.name, "year": named if found else "",
                          "rows": count, **facts})  # fmt: skip
    return parts


def write_shared(connection: sqlite3.Connection, folder: Path) -> list[Part]:
    """Write the tables that are the same in every region.

    Args:
        connection: to any region's database.
        folder: to write into.

    """
    library = parquet_library()
    parts: list[Part] = []
    for table in public_tables(connection):
        if table.name in SHARED and library is not None:
            path = folder / table.name / NAME
            path.parent.mkdir()
            count = write_rows(connection.execute(table.select), table.columns, path, library)
            facts = {**file_facts(path), "path": f"{table.name}/{NAME}"}
            parts.append({"table": table.name, "year": "", "rows": count, **facts})
    return parts
