"""Exports: each public table of a release as a file, described so that programs can read it.

Sources: Frictionless Data Package and Table Schema (specs.frictionlessdata.io, version 1); RFC 4180
(CSV). An empty field of a CSV file is NULL or an empty text; Parquet keeps the two apart.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import importlib
import io
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from archive.site import words
from archive.site.metadata import CLOSED_TABLES, TABLES, column_words

PACKAGE = "datapackage.json"
FILE_NAME = re.compile(r"datapackage\.json|[a-z0-9_]+\.(?:csv\.gz|parquet)")
# Rows held in memory at a time.
_BATCH = 20_000
_PIECE = 1 << 20
# Higher levels cost several times as long for a few per cent.
_LEVEL = 4
_TYPES = {"INTEGER": "integer", "INT": "integer", "NUMERIC": "number", "REAL": "number"}
_APACHE = "https://www.apache.org/licenses/LICENSE-2.0"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: name, Table Schema type, and whether NULL is forbidden."""

    name: str
    kind: str
    required: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the schema has it: columns, primary key, foreign keys (column, table, column)."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[tuple[str, str, str], ...]

    @property
    def select(self) -> str:
        """The query for all rows, in the order of the key."""
        names = ", ".join(f'"{column.name}"' for column in self.columns)
        order = ", ".join(f'"{name}"' for name in self.key) or "rowid"
        return f'SELECT {names} FROM "{self.name}" ORDER BY {order}'  # noqa: S608 - names of the schema


def public_tables(connection: sqlite3.Connection) -> tuple[Table, ...]:
    """Return the tables of a database that are data and no tools."""
    held = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    # In the order of metadata.py, which begins with what people want first.
    names = sorted((name for (name,) in held if name not in CLOSED_TABLES), key=list(TABLES).index)
    return tuple(_table(connection, name, names) for name in names)


def _table(connection: sqlite3.Connection, name: str, others: list[str]) -> Table:
    rows = connection.execute(f'PRAGMA table_info("{name}")').fetchall()
    key = sorted((place, column) for _, column, *_, place in rows if place)
    references = tuple(
        (column, table, target)
        for _, _, table, column, target, *_ in connection.execute(
            f'PRAGMA foreign_key_list("{name}")'
        )
        if table in others
    )
    columns = tuple(
        Column(column, _TYPES.get(declared.upper(), "string"), bool(required or place))
        for _, column, declared, required, _, place in rows
    )
    return Table(name, columns, tuple(column for _, column in key), tuple(sorted(references)))


def write_exports(database: Path, folder: Path, release: dict[str, Any]) -> None:
    """Write the tables of a release, compressed CSV and, with pyarrow, Parquet, and a data package.

    Rows are streamed: memory does not grow with the archive.

    Args:
        database: file of the release.
        folder: an empty folder to write into.
        release: ``id``, ``digest``, ``published_at`` of the release.

    Raises:
        OSError: a file could not be written.

    """
    connection = sqlite3.connect(f"file:{database}?immutable=1", uri=True)
    try:
        tables = public_tables(connection)
        parquet = parquet_library()
        resources = []
        for table in tables:
            path = folder / f"{table.name}.csv.gz"
            count = _write_csv(connection, table, path)
            resource = {"name": table.name, **file_facts(path), **described(table, count)}
            if parquet:
                path = folder / f"{table.name}.parquet"
                _write_parquet(connection, table, path, parquet)
                # Not a resource: programs that know data packages cannot check Parquet.
                resource["parquet"] = file_facts(path)
            resources.append(resource)
        package = {**_about(connection, release), "resources": resources}
    finally:
        connection.close()
    text = json.dumps(package, ensure_ascii=False, indent=1)
    (folder / PACKAGE).write_text(text, encoding="utf-8")


def _write_csv(connection: sqlite3.Connection, table: Table, path: Path) -> int:
    count = 0

    def counted(rows: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    with (
        path.open("wb") as file,
        # Without a name and a time in the head, equal rows give equal bytes.
        gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as packed,
        io.TextIOWrapper(io.BufferedWriter(packed, _PIECE), "utf-8", newline="") as text,
    ):
        writer = csv.writer(text)
        writer.writerow([column.name for column in table.columns])
        writer.writerows(counted(connection.execute(table.select)))
    return count


def parquet_library() -> tuple[Any, Any] | None:
    """Return pyarrow and its Parquet module; None where the extra ``data`` is not installed."""
    if find_spec("pyarrow") is None:
        return None
    return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")


def _write_parquet(
    connection: sqlite3.Connection, table: Table, path: Path, library: tuple[Any, Any]
) -> None:
    write_rows(connection.execute(table.select), table.columns, path, library)


def write_rows(
    rows: Iterator[tuple[Any, ...]],
    columns: tuple[Column, ...],
    path: Path,
    library: tuple[Any, Any],
) -> int:
    """Write rows as a Parquet file, some thousands at a time, and return how many.

    Args:
        rows: values in the order of the columns.
        columns: of the file.
        path: the file.
        library: from ``parquet_library``.

    """
    arrow, parquet = library
    kinds = {"integer": arrow.int64(), "number": arrow.float64(), "string": arrow.string()}
    schema = arrow.schema([(column.name, kinds[column.kind]) for column in columns])
    count = 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(rows, _BATCH)):
            count += len(batch)
            arrays = [
                arrow.array(values, type=field.type)
                for values, field in zip(zip(*batch, strict=True), schema, strict=True)
            ]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))
    return count


def file_facts(path: Path) -> dict[str, Any]:
    """Return name, size and digest of a file as a data package has them."""
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            whole.update(piece)
    return {
        "path": path.name,
        "bytes": path.stat().st_size,
        "hash": f"sha256:{whole.hexdigest()}",
    }


def described(table: Table, count: int) -> dict[str, Any]:
    """Return a table as a resource of a data package, without its file."""
    schema: dict[str, Any] = {"fields": [_field(table, column) for column in table.columns]}
    if table.key:
        schema["primaryKey"] = list(table.key)
    if table.references:
        schema["foreignKeys"] = [
            {
                "fields": [column],
                # A table that refers to itself names no resource.
                "reference": {"resource": "" if other == table.name else other,
                              "fields": [target]},
            }
            for column, other, target in table.references
        ]  # fmt: skip
    return {
        "title": TABLES[table.name][0],
        "description": TABLES[table.name][1],
        "type": "table",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "compression": "gz",
        "rows": count,
        "schema": schema,
    }


def _field(table: Table, column: Column) -> dict[str, Any]:
    title, description = column_words(table.name, column.name)
    field: dict[str, Any] = {
        "name": column.name,
        "type": column.kind,
        "title": title,
        "description": description,
    }
    # An empty text is a text, but CSV readers take an empty field for a missing one.
    if column.required and column.kind != "string":
        field["constraints"] = {"required": True}
    return field


def _about(connection: sqlite3.Connection, release: dict[str, Any]) -> dict[str, Any]:
    homes = connection.execute("SELECT name, home FROM sites ORDER BY id").fetchall()
    return {
        **about(release, homes),
        "database": {"path": f"nianbao-{release['id']}.db", "hash": f"sha256:{release['digest']}"},
    }


def about(release: dict[str, Any], homes: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return what a data package says of itself.

    Args:
        release: ``id`` and ``published_at``.
        homes: name and home page of each site.

    """
    return {
        "profile": "data-package",
        "name": "nianbao",
        "id": f"nianbao-{release['id']}",
        "version": release["id"],
        "title": words.SITE_TITLE,
        "description": "政府信息公开工作年度报告的数据：每个公开的数据表一个文件。CSV 中的空值表示"
        "原文没有数字或此项不适用，从不表示 0。",
        "created": release["published_at"],
        "licenses": [{"name": "Apache-2.0", "path": _APACHE, "title": words.LICENSE}],
        "sources": [{"title": words.SOURCE}, *({"title": n, "path": h} for n, h in homes)],
    }
