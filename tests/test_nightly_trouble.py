"""Trouble by its name: what the system really raises, and what the operator is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.home import Archive
from archive.trouble import DiskFullError, check_room, named, told


def full(folder: Path) -> None:
    del folder
    with Path("/dev/full").open("wb", buffering=0) as file:
        file.write(b"x")


def missing(folder: Path) -> None:
    (folder / "blobs" / "ab").read_bytes()


def locked(folder: Path) -> None:
    Archive(folder, create=True).close()
    holder = sqlite3.connect(folder / "nianbao.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        other = sqlite3.connect(folder / "nianbao.db", timeout=0, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
    finally:
        holder.close()


def read_only(folder: Path) -> None:
    Archive(folder, create=True).close()
    db = sqlite3.connect(f"file:{folder / 'nianbao.db'}?mode=ro", uri=True)
    db.execute("CREATE TABLE t (a)")


def database_full(folder: Path) -> None:
    db = sqlite3.connect(folder / "nianbao.db")
    db.execute("PRAGMA max_page_count = 2")
    db.execute("CREATE TABLE t (a)")
    db.execute("INSERT INTO t VALUES (zeroblob(100000))")


def no_database(folder: Path) -> None:
    (folder / "nianbao.db").write_bytes(b"what is this" * 1000)
    sqlite3.connect(folder / "nianbao.db").execute("SELECT * FROM runs")


@pytest.mark.parametrize(
    ("happens", "name", "advice"),
    [
        (full, "DiskFullError", "free some"),
        (database_full, "DiskFullError", "free some"),
        (missing, "FileMissingError", "nianbao verify"),
        (locked, "DatabaseLockedError", "fuser"),
        (read_only, "ReadOnlyError", "mounted"),
        (no_database, "DatabaseDamagedError", "nianbao restore"),
    ],
)
def test_what_happened_has_a_name_and_a_way_out(
    tmp_path: Path, happens: Callable[[Path], None], name: str, advice: str
) -> None:
    with pytest.raises((OSError, sqlite3.Error)) as caught:
        happens(tmp_path)
    trouble = named(caught.value, tmp_path)
    assert type(trouble).__name__ == name
    assert advice in str(trouble)
    assert str(tmp_path) in str(trouble)
    assert str(caught.value) in str(trouble)
    assert told(caught.value, tmp_path).startswith(f"{name}: ")


def test_a_night_wants_room_for_the_next_release(tmp_path: Path) -> None:
    check_room(tmp_path)
    # A sparse file: as large as the disk, and nothing on it.
    with (tmp_path / "nianbao.db").open("wb") as file:
        file.truncate(1 << 43)
    with pytest.raises(DiskFullError, match="2 times the database"):
        check_room(tmp_path)
