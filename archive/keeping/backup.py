"""Backup: a second data folder that holds everything its database refers to.

Bytes that are in object storage become files as well: a backup is a data folder without store.toml.
The database is copied first and named last. Stored files never change and WARC files only grow,
and both are stored before a row names them: what is copied after the database holds all that it
refers to. A backup that was cut off leaves the database of the one before, and its files.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from archive import atomic
from archive.blobs import BlobDamagedError, BlobStore
from archive.store import FolderStore, Store
from archive.store_setting import open_store
from archive.warc_files import files_of, named

_PIECE = 1 << 20
_LOCK = ".backup.lock"
_KNOWN = {"nianbao.db", "nianbao.db-wal", "nianbao.db-shm", "blobs", "warc", _LOCK}

Progress = Callable[[str, int], None]


class BackupError(RuntimeError):
    """A backup could not be made; the one before it stays as it is."""


@dataclass(slots=True)
class Copied:
    """What a backup did.

    Args:
        files: files that were copied; the others were there already.
        bytes: of those files, and of the database.
        missing: what the database refers to and the archive no longer holds whole.

    """

    files: int = 0
    bytes: int = 0
    missing: list[str] = field(default_factory=list)


def backup(folder: Path, target: Path, progress: Progress = lambda _what, _number: None) -> Copied:
    """Copy an archive, which may be written to meanwhile.

    Args:
        folder: the data folder.
        target: folder of the backup; made when missing, brought up to date when it is one.
        progress: called with what is copied now and how many of them there are.

    Raises:
        BackupError: the target is no place for a backup, or the database is damaged.
        archive.store.StoreError: the store of the archive can't be asked.
        OSError: the target is full or can't be written to.

    """
    _look_at(folder, target)
    store = open_store(folder)
    target.mkdir(parents=True, exist_ok=True)
    copied = Copied()
    with _alone(target):
        _clear_drafts(target)
        draft = target / f"{atomic.PREFIX}nianbao.db"
        _copy_database(folder / "nianbao.db", draft)
        with closing(sqlite3.connect(draft)) as database:
            (number,) = database.execute("SELECT count(*) FROM payloads").fetchone()
            progress("stored files", number)
            blobs, copies = BlobStore(store), BlobStore(FolderStore(target))
            for digest, size in database.execute("SELECT digest, size FROM payloads"):
                _copy_blob(blobs, Path(copies.place(digest)), (digest, size), copied)
            warc = store.at("warc")
            names = files_of(warc)
            progress("WARC files", len(names))
            for name in _warc_files(database, warc, names, copied):
                _copy_warc(warc, name, target / "warc" / name, copied)
        copied.bytes += draft.stat().st_size
        _release_log(target / "nianbao.db")
        draft.replace(target / "nianbao.db")
        atomic.settle_name(target / "nianbao.db")
    return copied


def _look_at(folder: Path, target: Path) -> None:
    inner, outer = target.resolve(), folder.resolve()
    if inner == outer or outer in inner.parents or inner in outer.parents:
        raise BackupError(f"{target} and {folder} lie in each other; name a folder elsewhere")
    if target.exists() and not target.is_dir():
        raise BackupError(f"{target} is no folder; name one")
    others = {path.name for path in target.glob("*")} - _KNOWN
    others = {name for name in others if not name.startswith(atomic.PREFIX)}
    if others:
        raise BackupError(
            f"{target} holds {min(others)}, so it is no backup of an archive; "
            "name an empty folder or an earlier backup"
        )


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Hold the target for one process; the system lets go when the process ends, however."""
    handle = os.open(target / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"another backup into {target} is under way; wait until it ends"
            raise BackupError(message) from error
        yield
    finally:
        os.close(handle)


def _clear_drafts(target: Path) -> None:
    """Delete what an earlier backup that was cut off had not completed."""
    for path in target.rglob(f"{atomic.PREFIX}*"):
        path.unlink()


def _copy_database(source: Path, draft: Path) -> None:
    """Copy one state of the database with SQLite's own means, and look whether it is whole."""
    uri = f"{source.absolute().as_uri()}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(uri, uri=True, timeout=30)) as live,
            closing(sqlite3.connect(draft, isolation_level=None)) as copy,
        ):
            live.backup(copy)  # in one step: a writer goes on writing and is not in the copy
            copy.execute("PRAGMA journal_mode = DELETE")
            found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        draft.unlink(missing_ok=True)
        raise BackupError(
            f"{source} could not be copied whole ({found}); run 'nianbao verify'. "
            "An earlier backup stays as it is"
        )
    with draft.open("rb") as stream:
        os.fsync(stream.fileno())


def _release_log(path: Path) -> None:
    """See to it that no write-ahead log of the earlier copy lies beside the next one.

    Raises:
        BackupError: somebody has the earlier copy open.

    """
    if not path.exists() or not path.with_name(f"{path.name}-wal").exists():
        return
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.OperationalError as error:
        raise BackupError(
            f"{path} is open in another program; close that and run the backup again"
        ) from error


def _copy_blob(blobs: BlobStore, copy: Path, payload: tuple[str, int], copied: Copied) -> None:
    digest, size = payload
    if copy.exists() and copy.stat().st_size == size:
        return
    try:
        with blobs.open(digest) as stream, atomic.writing(copy, mode=0o444) as out:
            out.writelines(_checked(stream, blobs.place(digest), digest))
    except (FileNotFoundError, BlobDamagedError) as error:
        copied.missing.append(str(error))
        return
    copied.files += 1
    copied.bytes += size


def _checked(stream: BinaryIO, place: str, digest: str) -> Iterator[bytes]:
    """Yield a stored file piece by piece.

    Raises:
        BlobDamagedError: at the end, when it was not what it is filed as.

    """
    whole = hashlib.sha256()
    while piece := stream.read(_PIECE):
        whole.update(piece)
        yield piece
    if whole.hexdigest() != digest:
        raise BlobDamagedError(f"{place} does not have the digest it is filed under")


def _warc_files(
    database: sqlite3.Connection, store: Store, names: list[str], copied: Copied
) -> Iterator[str]:
    """Yield the WARC files of the runs that a database knows.

    Those of a run that began after the database was copied are left out: a crawl into the copy
    would give its number to another run.
    """
    runs = set(database.execute("SELECT site_id, id FROM runs"))
    needed = dict(
        database.execute(
            "SELECT warc_file, max(warc_offset + warc_length) FROM captures GROUP BY warc_file"
        )
    )
    for name in names:
        about = named(name)
        if about is not None and about[:2] not in runs:
            continue
        least = needed.pop(name, 0)
        # One that was cut short must not take the place of a whole copy.
        if not store.appends or store.size(name) >= least:
            yield name
        else:
            where = store.place(name)
            copied.missing.append(f"{where} ends before the records that the database names")
    copied.missing.extend(f"{store.place(name)} is missing" for name in sorted(needed))


def _copy_warc(store: Store, name: str, copy: Path, copied: Copied) -> None:
    times: tuple[int, int] | None = None
    if isinstance(store, FolderStore):
        about = store.path(name).stat()
        times = about.st_atime_ns, about.st_mtime_ns
        # The same length is not enough: a failed write is cut off again, and others follow it.
        is_there = copy.exists() and _size_and_time(copy) == _size_and_time(store.path(name))
    else:
        is_there = copy.exists()  # what object storage holds never changes
    if is_there:
        return
    with store.open(name) as stream, atomic.writing(copy) as out:
        shutil.copyfileobj(stream, out, _PIECE)
    if times is not None:
        os.utime(copy, ns=times)
    copied.files += 1
    copied.bytes += copy.stat().st_size


def _size_and_time(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_size, about.st_mtime_ns
