"""Snapshots: the database of one site's walks, kept in the store from one walk to the next.

All but how addresses were listed could be made again from the WARC files; a snapshot saves the
time for that. It is whole or not there, and the next one takes its place.
"""

from __future__ import annotations

import gzip
import logging
import shutil
import sqlite3
import tempfile
import zlib
from contextlib import closing
from pathlib import Path

from archive.home import Archive
from archive.store import ObjectMissingError, Store

_KEPT = 2  # the one before, too, in case that the newest can't be read
_ENDING = ".db.gz"

logger = logging.getLogger(__name__)


def _folder(site_id: str) -> str:
    return f"state/{site_id}/"


def _names(store: Store, site_id: str) -> list[str]:
    """Return the snapshots of a site, the newest first."""
    folder = _folder(site_id)
    numbers = {
        name: int(number)
        for name in store.names(folder)
        if (number := name.removeprefix(folder).removesuffix(_ENDING)).isdigit()
    }
    return sorted(numbers, key=numbers.__getitem__, reverse=True)


def save(archive: Archive, site_id: str, run_id: int) -> None:
    """Keep a database of one site as it is after a run.

    Raises:
        OSError: disk or store refuse.

    """
    with tempfile.TemporaryDirectory(dir=archive.folder) as folder:
        copy = Path(folder) / "copy.db"
        archive.db.execute("VACUUM INTO ?", (str(copy),))
        # The time of compressing stays out of it: the same database gives the same bytes.
        archive.store.put(
            f"{_folder(site_id)}{run_id}{_ENDING}", gzip.compress(copy.read_bytes(), mtime=0)
        )
    for name in _names(archive.store, site_id)[_KEPT:]:
        archive.store.delete(name)


def load(store: Store, site_id: str, database: Path) -> None:
    """Write the newest snapshot of a site that can be read; nothing when there is none.

    Args:
        store: where snapshots are.
        site_id: the site.
        database: the file to write.

    Raises:
        OSError: disk or store refuse.

    """
    for name in _names(store, site_id):
        if _unpack(store, name, database):
            return


def take_lines(archive: Archive, site_id: str, run_id: int) -> None:
    """Take over how a site listed its addresses, which no record tells, from the run's snapshot."""
    name = f"{_folder(site_id)}{run_id}{_ENDING}"
    with tempfile.TemporaryDirectory(dir=archive.folder) as folder:
        copy = Path(folder) / "copy.db"
        if not archive.store.exists(name) or not _unpack(archive.store, name, copy):
            return
        with closing(sqlite3.connect(copy)) as snapshot:
            lines = snapshot.execute(
                "SELECT site_id, url, line FROM run_lines WHERE site_id = ?", (site_id,)
            ).fetchall()
    if not lines:
        return  # made again from records, or of a walk that saw nothing
    with archive.transaction() as db:
        db.execute("DELETE FROM run_lines WHERE site_id = ?", (site_id,))
        db.conn.executemany("INSERT INTO run_lines (site_id, url, line) VALUES (?, ?, ?)", lines)


def _unpack(store: Store, name: str, database: Path) -> bool:
    """Write a snapshot; return whether it could be read."""
    try:
        with store.open(name) as packed, gzip.open(packed) as stream, database.open("wb") as out:
            shutil.copyfileobj(stream, out, 1 << 20)
        with closing(sqlite3.connect(database)) as db:
            whole = bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except ObjectMissingError:
        whole = False  # a later walk has put its own in its place
    except (EOFError, gzip.BadGzipFile, zlib.error, sqlite3.DatabaseError) as error:
        logger.warning("%s can't be read: %s", store.place(name), error)
        whole = False
    if not whole:
        database.unlink(missing_ok=True)
    return whole
