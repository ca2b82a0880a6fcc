"""The archive: its database in a data folder, stored bytes and WARC files in its store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from archive.blobs import BlobStore
from archive.schema import migrations
from archive.store import Store
from archive.store_setting import open_store
from archive.warc_files import RunFiles


class ArchiveMissingError(FileNotFoundError):
    """No archive lies in the folder that was named."""


class Archive:
    """One data folder with ``nianbao.db``, and the store of its bytes (see ``archive.store``).

    Args:
        folder: the data folder.
        create: make folder and database when they are not there.
        store: where bytes are kept; None for what ``store.toml`` in the folder says.

    Raises:
        ArchiveMissingError: there is no database in the folder and ``create`` is false.
        archive.store.StoreSettingError: ``store.toml`` names no store that can be opened.

    Attributes:
        store: where bytes are kept.
        warc: the part of it that holds WARC files.
        blobs: the part of it that holds what was answered, by digest.

    """

    def __init__(self, folder: Path, *, create: bool = False, store: Store | None = None) -> None:
        self.folder = folder
        self.database_path = folder / "nianbao.db"
        self.store = open_store(folder) if store is None else store
        self.warc = self.store.at("warc")
        self.blobs = BlobStore(self.store)
        self._run_files: dict[tuple[str, int], RunFiles] = {}
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
        # KiB: the inner pages of all trees of a large archive and its indexes by digest; SQLite's
        # own 2 MB make each look-up read them anew. A small archive takes what it has.
        connection.execute("PRAGMA cache_size = -131072")
        self.db = Database(connection)
        # A restore gives functions what the journal tells; they must not tell it once more.
        self.replays = False
        migrations.apply(self.db)

    def run_files(self, site_id: str, run_id: int) -> RunFiles:
        """Return the WARC files of a run; the same object for the same run."""
        key = site_id, run_id
        return self._run_files.setdefault(key, RunFiles(self.warc, *key))

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """Run a block as one transaction: all of it is stored, or none."""
        with self.db.atomic():
            yield self.db

    def close(self) -> None:
        """Close the database."""
        self.db.close()
