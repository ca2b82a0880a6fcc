"""Publish: a frozen copy of the database, which the public site serves until the next one.

Beside the copy, in a folder of the release's name, lie its tables as files (archive/exports.py).
An archive that is too large for one database is published region by region (archive/regions/);
``public/current.json`` says which of the two is served.

The archive's own database is written to by crawls; the site never reads it. A copy is complete
before its name stands in ``public/current.json``, and that file is replaced in one step, so that
a reader finds the last release or the next one and never half of one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from archive import atomic
from archive.changes import freeze_changes
from archive.exports import PACKAGE, write_exports
from archive.home import Archive
from archive.schema import migrations
from archive.summary import summarise

POINTER = "current.json"
DRAFT = "draft"
REGIONS = "regions"
_PIECE = 1 << 20
_FOLDER = re.compile(r"[0-9a-f]{12}")


class ReleaseDamagedError(RuntimeError):
    """``public/current.json`` names a database that is not there."""


@dataclass(frozen=True, slots=True)
class Release:
    """One published state of the archive.

    Args:
        path: the database file, never written to again.
        digest: SHA-256 of that file, hex.
        size: bytes of that file.
        published_at: when it was published, UTC, ISO 8601.
        counts: rows of each table.

    """

    path: Path
    digest: str
    size: int
    published_at: str
    counts: dict[str, int]

    @property
    def id(self) -> str:
        """Short name of the release, as citations and the names of files have it."""
        return self.digest[:12]

    @property
    def exports(self) -> Path:
        """Folder with the tables as files."""
        return self.path.parent / self.id


def public_folder(folder: Path) -> Path:
    """Return where the releases of a data folder lie."""
    return folder / "public"


def current(folder: Path) -> Release | None:
    """Return the release that is published; None when there is none, or one a region.

    Args:
        folder: the data folder.

    Raises:
        ReleaseDamagedError: the database that was published last is not there.

    """
    pointer = public_folder(folder) / POINTER
    found = pointed_at(pointer)
    return None if found is None or "file" not in found else release_of(pointer, found)


def pointed_at(pointer: Path) -> dict[str, Any] | None:
    """Return what a pointer says; None when there is none."""
    try:
        found: dict[str, Any] = json.loads(pointer.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def release_of(pointer: Path, found: dict[str, Any]) -> Release:
    """Return the release that a pointer names.

    Args:
        pointer: a file beside the databases.
        found: what it says.

    Raises:
        ReleaseDamagedError: the database is not there.

    """
    path = pointer.parent / found["file"]
    if not path.exists():
        raise ReleaseDamagedError(
            f"{path} was published and is gone: run 'nianbao publish' to build it anew"
        )
    return Release(path, found["digest"], found["size"], found["published_at"], found["counts"])


def is_outdated(release: Release) -> bool:
    """Tell whether a release lacks something: an earlier version made it, or files are gone."""
    if not (release.exports / PACKAGE).exists():
        return True
    with closing(sqlite3.connect(f"file:{release.path}?immutable=1", uri=True)) as connection:
        return bool(migrations.pending(Database(connection)))


def publish(archive: Archive) -> Release:
    """Copy the database and make the copy the published one.

    Args:
        archive: the archive; it may be written to meanwhile, the copy holds one state of it.

    Raises:
        OSError: the copy could not be written; what was published stays.

    """
    folder = public_folder(archive.folder)
    folder.mkdir(exist_ok=True)
    with sole_publisher(folder):
        return _publish(archive, folder)


@contextmanager
def sole_publisher(folder: Path) -> Iterator[None]:
    """Wait until nobody else publishes; then what lies half made is of a process that was killed.

    The system lets go of the lock when a process ends, however it ends.
    """
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for prefix in (DRAFT, atomic.PREFIX):
            for left in folder.glob(f"{prefix}*"):
                if left.is_dir():
                    shutil.rmtree(left)
                else:
                    left.unlink()
        yield
    finally:
        os.close(handle)


def _publish(archive: Archive, folder: Path) -> Release:
    draft, tables = folder / f"{DRAFT}.db", folder / DRAFT
    try:
        archive.db.execute("VACUUM INTO ?", (str(draft),))
        counts = _freeze(draft)
        digest = digest_of(draft)
        release = Release(
            folder / f"nianbao-{digest[:12]}.db",
            digest,
            draft.stat().st_size,
            datetime.now(UTC).isoformat(timespec="seconds"),
            counts,
        )
        _export(draft, tables, release)
        draft.replace(release.path)
    finally:
        draft.unlink(missing_ok=True)
        shutil.rmtree(tables, ignore_errors=True)
    before = None
    with suppress(ReleaseDamagedError):  # this one is built anew in its stead
        before = current(archive.folder)
    division = (pointed_at(folder / POINTER) or {}).get("by")
    point(folder / POINTER, release)
    if before is None or before.digest != release.digest:
        clear(folder, keep={release.path, before.path if before else release.path})
    # What was published region by region stays for one release more, as databases do.
    clear_regions(folder, keep={division} if division else ())
    return release


def _freeze(path: Path) -> dict[str, int]:
    """Make a copy ready for readers that can't write beside it, and count its rows."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        leave_out_waiting(connection)
        freeze_changes(connection)
        summarise(connection)
        connection.execute("ANALYZE")
        return count_rows(connection)


def count_rows(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the number of rows of each table."""
    tables = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        )
    ]
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - names of the schema
        for name in tables
    }


_OF_DOCUMENTS = (
    "sections", "contacts", "cells", "figures", "statements", "verdicts", "derived", "findings",
)  # fmt: skip


def leave_out_waiting(connection: sqlite3.Connection) -> None:
    """Take out what only a walk has brought that is still to be judged: a failed one adds nothing.

    The answers themselves stay among the captures.
    """
    waiting = (
        "SELECT p.document_id FROM pending_sources p WHERE NOT EXISTS"
        " (SELECT 1 FROM sources s WHERE s.document_id = p.document_id)"
    )
    for table in _OF_DOCUMENTS:
        connection.execute(f"DELETE FROM {table} WHERE document_id IN ({waiting})")  # noqa: S608 - our own names
    connection.execute(f"DELETE FROM documents WHERE id IN ({waiting})")  # noqa: S608 - our own names
    connection.execute("DELETE FROM pending_sources")


def _export(database: Path, draft: Path, release: Release) -> None:
    # The same rows published again give the same files: those that are served stay in place.
    if release.exports.exists():
        return
    draft.mkdir()
    about = {"id": release.id, "digest": release.digest, "published_at": release.published_at}
    write_exports(database, draft, about)
    draft.replace(release.exports)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, hex, once its bytes are on disk."""
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            whole.update(piece)
        os.fsync(file.fileno())
    return whole.hexdigest()


def point(pointer: Path, release: Release, **more: object) -> None:
    """Make a release the one that is served.

    Args:
        pointer: file that is replaced in one step.
        release: beside the pointer.
        more: what else the pointer says.

    """
    described = asdict(release)
    described["file"] = described.pop("path").name
    text = json.dumps({**described, **more}, ensure_ascii=False, indent=1)
    atomic.write(pointer, text.encode())


def clear(folder: Path, keep: set[Path]) -> None:
    """Delete the releases in a folder but some: the one before stays for who still reads it."""
    for path in folder.glob("nianbao-*.db"):
        if path not in keep:
            path.unlink()
    kept = {path.stem.removeprefix("nianbao-") for path in keep}
    for path in folder.iterdir():
        if _FOLDER.fullmatch(path.name) and path.name not in kept:
            shutil.rmtree(path)


def clear_regions(folder: Path, keep: Collection[str] = ()) -> None:
    """Delete what was published region by region.

    Args:
        folder: with the releases.
        keep: names of the divisions that stay.

    """
    for path in (folder / REGIONS).glob("*"):
        if path.name not in keep:
            shutil.rmtree(path)
    if keep:
        return
    (folder / "parquet").unlink(missing_ok=True)
    for path in folder.glob("parquet-*"):
        shutil.rmtree(path)
