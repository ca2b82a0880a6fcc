"""Builds the release of one region, in a process of its own."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from archive.exports import write_exports
from archive.publish import Release, count_rows, digest_of
from archive.regions.divide import shares
from archive.regions.names import name_of
from archive.regions.parquet import Part, write_parts
from archive.search import index_texts
from archive.site.health import last_runs
from archive.site.sitemap import addresses
from archive.summary import NEWEST_YEAR, summarise
from archive.synthetic import is_synthetic

PARTS = "parquet"


@dataclass(frozen=True, slots=True)
class Task:
    """A region to build.

    Args:
        region: its code.
        snapshot: copy of the archive's database with the division (``archive.regions.divide``).
        draft: a folder to work in that is not there yet.
        folder: where the releases of the region lie.
        newest_year: of all reports of the archive.
        before: digest of the rows that are published; empty when nothing is.
        made_by: digest of the programs that build.

    """

    region: str
    snapshot: Path
    draft: Path
    folder: Path
    newest_year: int | None
    before: str
    made_by: str


@dataclass(frozen=True, slots=True)
class Built:
    """A region's release, in its place and not yet served.

    Args:
        region: its code.
        release: the database and its tables as files.
        content: digest of the rows that it was made of, and of what made it.
        facts: what the pages of the country tell of it.
        parts: files of the Parquet data set, below ``release.exports / PARTS``.

    """

    region: str
    release: Release
    content: str
    facts: dict[str, Any]
    parts: list[Part]


# What a release is made with: the pages that show it are none of it, but what columns are called.
_PROGRAMS = ("*.py", "data/*.csv", "regions/*.py", "site/metadata.py", "site/words.py")


@cache
def made_by() -> str:
    """Return a digest of all programs that a release is made with."""
    archive = Path(__file__).parents[1]
    whole = hashlib.sha256(sqlite3.sqlite_version.encode())
    for pattern in _PROGRAMS:
        for path in sorted(archive.glob(pattern)):
            whole.update(path.read_bytes())
    return whole.hexdigest()


def end_with_parent() -> None:
    """End this process when the one that publishes is gone: nobody would take what it builds."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def build(task: Task) -> Built | None:
    """Build the release of a region; None when its rows are those that are published.

    Raises:
        OSError: a file could not be written.
        sqlite3.Error: the snapshot could not be read, or the disk is full.

    """
    task.draft.mkdir(parents=True)
    try:
        return _build(task)
    finally:
        shutil.rmtree(task.draft, ignore_errors=True)


def _build(task: Task) -> Built | None:
    database = task.draft / "region.db"
    # Nobody reads a draft: what a crash leaves of it is deleted.
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        schema = _copy_rows(connection, task)
    content = hashlib.sha256(
        f"{digest_of(database)} {task.newest_year} {task.made_by}".encode()
    ).hexdigest()
    if content == task.before:
        return None
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for statement in schema:
            connection.execute(statement)
        index_texts(connection)
        if task.newest_year is not None:
            connection.execute(
                "INSERT INTO summary_counts VALUES (?, ?)", (NEWEST_YEAR, task.newest_year)
            )
        connection.execute("COMMIT")
        summarise(connection)
        connection.execute("ANALYZE")
        counts = count_rows(connection)
        facts = _facts(connection, task.region)
    release = Release(
        database, digest_of(database), database.stat().st_size,
        datetime.now(UTC).isoformat(timespec="seconds"), counts,
    )  # fmt: skip
    exports = task.draft / release.id
    exports.mkdir()
    about = {"id": release.id, "digest": release.digest, "published_at": release.published_at}
    write_exports(database, exports, about)
    (exports / PARTS).mkdir()
    with closing(sqlite3.connect(f"file:{database}?immutable=1", uri=True)) as connection:
        parts = write_parts(connection, exports / PARTS)
    return Built(task.region, _settle(task, release, exports), content, facts, parts)


def _settle(task: Task, release: Release, exports: Path) -> Release:
    """Move a whole release to its place; the same one again leaves the files that are served."""
    task.folder.mkdir(parents=True, exist_ok=True)
    placed = Release(
        task.folder / f"nianbao-{release.id}.db", release.digest, release.size,
        release.published_at, release.counts,
    )  # fmt: skip
    if not placed.exports.exists():
        exports.replace(placed.exports)
    release.path.replace(placed.path)
    return placed


def _copy_rows(connection: sqlite3.Connection, task: Task) -> list[str]:
    """Copy a region's rows into bare tables, and return what else the schema has."""
    connection.execute("ATTACH ? AS whole", (f"file:{task.snapshot}?immutable=1",))
    connection.execute("PRAGMA whole.mmap_size = 1099511627776")
    with closing(sqlite3.connect(f"file:{task.snapshot}?immutable=1", uri=True)) as snapshot:
        wanted = shares(snapshot)
        held = snapshot.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"
            " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT LIKE 'dividing\\_%'"
            " ESCAPE '\\' AND tbl_name NOT LIKE 'search_index\\_%' ESCAPE '\\'"
            " ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END, rowid"
        ).fetchall()
    connection.execute("BEGIN")
    later = []
    for kind, name, _, sql in held:
        if kind == "table" and name != "search_index":
            connection.execute(sql)
        else:
            later.append(sql)
    for share in wanted:
        columns = ", ".join(
            f'"{column}"'
            for _, column, *_ in connection.execute(f'PRAGMA main.table_info("{share.table}")')
        )
        connection.execute(
            f'INSERT INTO main."{share.table}" ({columns}) {share.select(columns, "whole")}',
            {"region": task.region},
        )
    # So that a release can tell by which version it was made.
    connection.execute("INSERT INTO main._sqlite_migrations SELECT * FROM whole._sqlite_migrations")
    connection.execute("COMMIT")
    connection.execute("DETACH whole")
    return later


_NEWEST = """
SELECT r.title, r.published, '/report/' || replace(a.key, ':', '-') || '/' || r.year AS address
FROM reports r JOIN agencies a ON a.id = r.agency_id ORDER BY r.published DESC, r.id DESC LIMIT 1
"""


def _facts(connection: sqlite3.Connection, region: str) -> dict[str, Any]:
    counts = dict(connection.execute("SELECT name, value FROM summary_counts").fetchall())
    newest = connection.execute(_NEWEST).fetchone()
    return {
        "name": name_of(connection, region),
        **{name: counts[name] for name in ("reports", "agencies", "cells", "unread", "findings",
                                           "first_year", "last_year", "captured_at")},
        "newest": newest and dict(zip(("title", "published", "address"), newest, strict=True)),
        "other_documents": connection.execute(
            "SELECT count(*) FROM documents WHERE report_id IS NULL"
        ).fetchone()[0],
        "addresses": addresses(connection, 1)[0],
        "sites": last_runs(connection),
        "synthetic": is_synthetic(connection),
        "migrations": connection.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()[0],
    }  # fmt: skip
