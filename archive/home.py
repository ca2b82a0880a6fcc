"""The archive as a folder: database, stored bytes, WARC files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from archive.blobs import BlobStore
from archive.schema import migrations


class ArchiveMissingError(FileNotFoundError):
    """No archive lies in the folder that was named."""


class Archive:
    """One data folder: ``nianbao.db``, ``blobs/``, ``warc/``.

    Args:
        folder: the data folder.
        create: make folder and database when they are not there.

    Raises:
        ArchiveMissingError: there is no database in the folder and ``create`` is false.

    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.folder = folder
        self.database_path = folder / "nianbao.db"
        self.warc_folder = folder / "warc"
        self.blobs = BlobStore(folder / "blobs")
        if not self.database_path.exists():
            if not create:
                raise ArchiveMissingError(
                    f"no archive in {folder}: run 'nianbao crawl' first, or name another --data"
                )
            folder.mkdir(parents=True, exist_ok=True)
        # Autocommit: every change happens inside transaction(), which says where it begins.
        connection = sqlite3.connect(
            self.database_path, isolation_level=None, timeout=30, check_same_thread=False
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        self.db = Database(connection)
        # A restore gives functions what the journal tells; they must not tell it once more.
        self.replays = False
        migrations.apply(self.db)

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """Run a block as one transaction: all of it is stored, or none."""
        with self.db.atomic():
            yield self.db

    def close(self) -> None:
        """Close the database."""
        self.db.close()
