"""Trouble with disk, database or clock: one name for each, and what the operator can do."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from archive.store import StoreError

if TYPE_CHECKING:
    from archive.home import Archive

LEAST_FREE = 64 * 2**20
"""Bytes that a night finds free at its begin: WARC and index files of some hundred answers."""

COPIES = 2
"""Times the size of the database that must be free: a release is a copy, and its tables beside
it as files take about as much."""

CLOCK_BACK = timedelta(minutes=10)
"""A clock is set back by seconds when it is adjusted; more is another clock."""

CLOCK_AHEAD = timedelta(days=60)
"""A nightly archive that was not visited for two months: away for long, or a wrong clock. Both are
for a person to say, as times that are written once stay in the archive."""

_NEAR_FULL = 2**20
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}


class TroubleError(RuntimeError):
    """Disk, database or clock do not let the archive be written; it is as complete as before."""


class DiskFullError(TroubleError):
    """There is no room left, on the disk or in a quota."""


class ReadOnlyError(TroubleError):
    """The data folder can't be written to."""


class DatabaseLockedError(TroubleError):
    """Another process keeps the database locked."""


class DatabaseDamagedError(TroubleError):
    """The database file is not what SQLite wrote."""


class FileMissingError(TroubleError):
    """A file of the archive is not there."""


class DiskError(TroubleError):
    """The system refused in another way."""


class StorageError(TroubleError):
    """The object storage does not answer or refuses."""


class ClockJumpedError(TroubleError):
    """The clock does not fit the times that the archive holds."""


def named(error: OSError | sqlite3.Error, folder: Path) -> TroubleError:
    """Return an error of disk or database under the name of what happened.

    Args:
        error: as it was met.
        folder: the data folder.

    """
    if isinstance(error, StoreError):
        return StorageError(str(error))
    kind = _of_database(error, folder) if isinstance(error, sqlite3.Error) else _of_disk(error)
    return kind(f"{_ADVICE[kind].format(folder=folder)} ({error})")


def told(error: OSError | sqlite3.Error, folder: Path) -> str:
    """Return name and message of an error of disk or database, as runs keep it."""
    trouble = named(error, folder)
    return f"{type(trouble).__name__}: {trouble}"


def _of_disk(error: OSError) -> type[TroubleError]:
    if error.errno in _FULL:
        return DiskFullError
    if isinstance(error, FileNotFoundError):
        return FileMissingError
    return ReadOnlyError if error.errno in _FORBIDDEN else DiskError


def _of_database(error: sqlite3.Error, folder: Path) -> type[TroubleError]:
    # The low byte is the kind (SQLite, Result and Error Codes).
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return DatabaseLockedError
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_SCHEMA}:
        return DatabaseDamagedError
    if code == sqlite3.SQLITE_FULL:
        return DiskFullError
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM} or _is_read_only(folder):
        return ReadOnlyError
    # What SQLite can't write or open says nothing of the reason.
    full = _free(folder) < _NEAR_FULL or _files_are_limited()
    return DiskFullError if full else DiskError


_ADVICE: dict[type[TroubleError], str] = {
    DiskFullError: "no room left for {folder}: free some or raise the quota, then run it again; "
    "what was stored before is whole",
    ReadOnlyError: "{folder} can't be written to: see who owns it and how its disk is mounted "
    "('mount', 'ls -ld'), then run it again",
    DatabaseLockedError: "another process holds the database in {folder} locked ('fuser "
    "{folder}/nianbao.db' tells which): end it or wait, then run it again",
    DatabaseDamagedError: "the database in {folder} is damaged: move it away and restore it from "
    "a backup or with 'nianbao restore' from the WARC files",
    FileMissingError: "a file of the archive in {folder} is missing: 'nianbao verify' tells what "
    "is damaged and how to mend it",
    DiskError: "the system refused to read or write {folder}: see 'dmesg', 'df' and 'ulimit -a', "
    "then run it again",
}


def _is_read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _files_are_limited() -> bool:
    """Tell whether the system lets no file grow past some size ('ulimit -f')."""
    return resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def check_room(folder: Path) -> None:
    """See that a night has room to begin.

    Args:
        folder: the data folder; it exists.

    Raises:
        DiskFullError: less is free than a walk and the next release take.

    """
    database = folder / "nianbao.db"
    size = database.stat().st_size if database.exists() else 0
    needed, free = LEAST_FREE + COPIES * size, _free(folder)
    if free < needed:
        raise DiskFullError(
            f"{free // 2**20} MB are free for {folder} and a night may need {needed // 2**20} MB "
            f"({COPIES} times the database and {LEAST_FREE // 2**20} MB): free some, then run it "
            "again"
        )
    files = os.statvfs(folder)
    if files.f_files and files.f_favail < 1000:
        raise DiskFullError(
            f"the disk of {folder} has room for {files.f_favail} more files only (inodes, see "
            "'df -i'): free some, then run it again"
        )


def check_database(archive: Archive) -> None:
    """See that the database is whole and can be written to.

    Raises:
        DatabaseDamagedError: a page of it is not what SQLite wrote, or a row's reference leads
            nowhere.
        sqlite3.Error: it is locked or can't be written to; see ``named``.

    """
    archive.db.execute("BEGIN IMMEDIATE")
    archive.db.execute("ROLLBACK")
    found = [row[0] for row in archive.db.execute("PRAGMA quick_check(3)").fetchall()]
    if found != ["ok"]:
        advice = _ADVICE[DatabaseDamagedError].format(folder=archive.folder)
        raise DatabaseDamagedError(f"{advice} ({'; '.join(found)})")


def check_clock(archive: Archive, now: datetime) -> None:
    """See that the clock goes on from the newest visit.

    Args:
        archive: the archive.
        now: what the clock says, with its time zone.

    Raises:
        ClockJumpedError: it has gone back before the newest visit, or far ahead of it.

    """
    newest = archive.db.execute(
        "SELECT max(moment) FROM (SELECT max(visited_at) AS moment FROM run_visits"
        " UNION ALL SELECT max(started_at) FROM runs)"
    ).fetchone()[0]
    if newest is None:
        return
    last = datetime.fromisoformat(newest)
    said = f"the clock says {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC and the newest visit in the "
    said += f"archive was at {last.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if now < last - CLOCK_BACK:
        raise ClockJumpedError(
            f"{said}: the clock has gone back. Set it ('timedatectl'); if it is right and the "
            "visit was made by a wrong one, add --trust-clock once"
        )
    if now > last + CLOCK_AHEAD:
        raise ClockJumpedError(
            f"{said}, {(now - last).days} days before: see whether the clock is right "
            "('timedatectl'); if it is and nobody visited since, add --trust-clock once"
        )
