"""What an archive holds, without numbers and times that depend on how it came to hold it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

# Records of runs, and the inner tables of the text index.
_LEFT_OUT = ("run_", "runs", "sqlite_", "_sqlite_", "search_index_")
_TIMES = {
    "captured_at",
    "happened_at",
    "warc_file",
    "warc_offset",
    "warc_length",
    "last_modified",
}
_TIME_HEADERS = {"date", "last-modified"}
# What stands for a row's number, where numbers follow the order of the walk.
_NAMES = {
    "agencies": "SELECT id, key FROM agencies",
    "captures": "SELECT id, url || ' ' || status || ' ' || digest FROM captures",
    "documents": "SELECT id, digest FROM documents",
    "reports": "SELECT r.id, a.key || ' ' || r.year FROM reports r"
    " JOIN agencies a ON a.id = r.agency_id",
}


def contents(data: Path) -> dict[str, list[str]]:
    """Return the rows of every table that depends on bytes alone, as sorted text."""
    with closing(sqlite3.connect(data / "nianbao.db")) as db:
        named = {table: dict(db.execute(query)) for table, query in _NAMES.items()}
        tables = [
            name
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not name.startswith(_LEFT_OUT)
        ]
        return {table: _rows(db, table, named) for table in tables}


def _rows(db: sqlite3.Connection, table: str, named: dict[str, dict[int, str]]) -> list[str]:
    parents = {row[3]: row[2] for row in db.execute(f'PRAGMA foreign_key_list("{table}")')}
    if table in named:
        parents["id"] = table
    cursor = db.execute(f'SELECT * FROM "{table}"')
    columns = [column[0] for column in cursor.description]
    rows = []
    for row in cursor:
        shown = {}
        for column, value in zip(columns, row, strict=True):
            if column in _TIMES or (table, column) == ("search_texts", "id"):
                continue
            parent = parents.get(column)
            if parent is None and column.endswith("report_id"):
                parent = "reports"
            if parent in named and value is not None:
                shown[column] = named[parent].get(value, f"nothing has number {value}")
            elif column == "headers":
                shown[column] = [
                    pair for pair in json.loads(value) if pair[0].lower() not in _TIME_HEADERS
                ]
            else:
                shown[column] = value
        rows.append(repr(shown))
    return sorted(rows)


def differences(one: Path, other: Path) -> list[str]:
    """Return what the first archive holds and the second does not, and the other way round."""
    first, second = contents(one), contents(other)
    told = [f"table {name} is in one only" for name in first.keys() ^ second.keys()]
    for name in first.keys() & second.keys():
        mine, theirs = set(first[name]), set(second[name])
        told += [f"{name}: only undisturbed: {row[:300]}" for row in sorted(mine - theirs)[:3]]
        told += [f"{name}: only killed: {row[:300]}" for row in sorted(theirs - mine)[:3]]
        if mine == theirs and len(first[name]) != len(second[name]):
            told.append(f"{name}: {len(first[name])} rows and {len(second[name])}")
    return told
