"""Verify: everything that the archive holds is read again and compared with what it claims to be.

Nothing is written, so that a damaged archive stays as it was met, and nothing is held in memory
but what one WARC file has to hold.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from archive.atomic import PREFIX
from archive.blobs import BlobStore
from archive.exports import PACKAGE
from archive.keeping.ordered import ordered
from archive.keeping.verify_warc import Named, verify_file
from archive.publish import POINTER, REGIONS, public_folder
from archive.store import FolderStore, Store, StoreError
from archive.store_setting import open_store

_PIECE = 1 << 20

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is damaged.

    Args:
        kind: what it is: database, blob, warc, reference or release.
        place: the file or row.
        message: what is wrong with it, one sentence.
        advice: what to do, one sentence.

    """

    kind: str
    place: str
    message: str
    advice: str


@dataclass(slots=True)
class Verdict:
    """What a verification found.

    Args:
        checked: how many blobs, bytes, WARC files, records, rows were read.
        problems: what is damaged.
        notes: what is odd and does no harm.

    """

    checked: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, name: str, number: int = 1) -> None:
        """Add to a count."""
        self.checked[name] = self.checked.get(name, 0) + number


_FROM_BACKUP = "copy it back from a backup"
_WHOLE_DATABASE = (
    "move nianbao.db away and copy it back from a backup, or rebuild it from the WARC files with "
    "'nianbao restore'"
)


def verify(folder: Path, progress: Progress = lambda _what, _number: None) -> Verdict:
    """Read a whole archive again.

    Args:
        folder: the data folder.
        progress: called with what is read now and how many of them there are.

    Returns:
        What was found; an archive without problems is clean.

    Raises:
        archive.store.StoreError: the store of the archive can't be asked.

    """
    verdict = Verdict()
    store = open_store(folder)
    with closing(_open(folder / "nianbao.db")) as connection:
        try:
            if _database(connection, verdict):
                _references(connection, verdict)
                progress("stored files", _one(connection, "SELECT count(*) FROM payloads"))
                _blobs(connection, store, verdict)
                _warc(connection, store.at("warc"), verdict, progress)
        except sqlite3.DatabaseError as error:
            verdict.problems.append(
                Problem(
                    "database",
                    str(folder / "nianbao.db"),
                    f"The database can't be read: {error}.",
                    _WHOLE_DATABASE,
                )
            )
    _release(folder, verdict)
    return verdict


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _one(connection: sqlite3.Connection, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])


def _database(connection: sqlite3.Connection, verdict: Verdict) -> bool:
    """Check the database file itself; return whether its tables can be asked."""
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(100)")]
    if found != ["ok"]:
        verdict.problems.extend(
            Problem("database", "nianbao.db", f"SQLite finds it damaged: {line}", _WHOLE_DATABASE)
            for line in found
        )
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    missing = {"payloads", "captures", "run_visits", "runs", "documents"} - tables
    if missing:
        verdict.problems.append(
            Problem(
                "database",
                "nianbao.db",
                f"Tables are missing: {', '.join(sorted(missing))}.",
                _WHOLE_DATABASE,
            )
        )
    return not missing


def _references(connection: sqlite3.Connection, verdict: Verdict) -> None:
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        place = table if row is None else f"{table}, row {row}"
        verdict.problems.append(
            Problem(
                "reference",
                place,
                f"It names a row of {parent} that is not there.",
                _WHOLE_DATABASE,
            )
        )
    rows = connection.execute(
        "SELECT p.digest FROM payloads p"
        " WHERE NOT EXISTS (SELECT 1 FROM captures c WHERE c.digest = p.digest)"
    )
    for (digest,) in rows:
        verdict.problems.append(
            Problem(
                "reference",
                f"payload {digest}",
                "No capture, and so no WARC record, says where these bytes came from.",
                _WHOLE_DATABASE,
            )
        )
    rows = connection.execute(
        "SELECT d.id, d.digest FROM documents d"
        " WHERE NOT EXISTS (SELECT 1 FROM payloads p WHERE p.digest = d.digest)"
    )
    for document, digest in rows:
        verdict.problems.append(
            Problem(
                "reference",
                f"document {document}",
                f"Its payload {digest} is not in the archive.",
                _WHOLE_DATABASE,
            )
        )


def _blobs(connection: sqlite3.Connection, store: Store, verdict: Verdict) -> None:
    blobs = BlobStore(store)

    def check(row: tuple[str, int]) -> Problem | None:
        digest, size = row
        return _blob(blobs, digest, size)

    for problem in ordered(store, check, connection.execute("SELECT digest, size FROM payloads")):
        verdict.count("blobs")
        if problem is not None:
            verdict.problems.append(problem)
    verdict.count("blob_bytes", _one(connection, "SELECT coalesce(sum(size), 0) FROM payloads"))
    spare = 0
    for digest in blobs.digests():
        known = connection.execute("SELECT 1 FROM payloads WHERE digest = ?", (digest,))
        spare += known.fetchone() is None
    if isinstance(store, FolderStore):  # object storage shows no object before it is whole
        drafts = sum(1 for _ in store.path("blobs").glob(f"??/??/{PREFIX}*"))
        if drafts:
            what = f"{drafts} files '{PREFIX}…' in blobs/ are not complete; delete them"
            verdict.notes.append(what)
    if spare:
        verdict.notes.append(
            f"{spare} stored files are named by no row: a run was cut off there, or one goes on"
        )


def _blob(blobs: BlobStore, digest: str, size: int) -> Problem | None:
    place = blobs.place(digest)
    advice = f"{_FROM_BACKUP}, or rebuild the archive from the WARC files with 'nianbao restore'"
    try:
        with blobs.open(digest) as stream:
            found, length = _sha256(stream)
    except StoreError:
        raise
    except FileNotFoundError:
        return Problem("blob", place, "The stored file is missing.", advice)
    except OSError as error:
        return Problem("blob", place, f"The stored file can't be read: {error}.", advice)
    if found != digest:
        what = f"Its bytes have the digest {found}, not the one that it is filed under."
        return Problem("blob", place, what, advice)
    if length != size:
        what = f"It has {length} bytes, the database says {size}."
        return Problem("database", place, what, _WHOLE_DATABASE)
    return None


def _sha256(stream: BinaryIO) -> tuple[str, int]:
    whole, length = hashlib.sha256(), 0
    while piece := stream.read(_PIECE):
        whole.update(piece)
        length += len(piece)
    return whole.hexdigest(), length


def _warc(
    connection: sqlite3.Connection, store: Store, verdict: Verdict, progress: Progress
) -> None:
    named = _named_files(connection)
    there = {name for name in store.names("") if name.endswith(".warc.gz")}
    progress("WARC files", len(there))
    for name in sorted(named - there):
        verdict.problems.append(
            Problem(
                "warc",
                store.place(name),
                "The WARC file is missing.",
                f"{_FROM_BACKUP}; the stored files that it holds are checked by themselves",
            )
        )

    def tasks() -> Iterator[tuple[str, Named]]:
        for name in sorted(there):
            yield name, _named_records(connection, name)

    originals: set[tuple[str, str]] = set()
    leaning: list[tuple[str, str, str]] = []
    for name, report in zip(
        sorted(there), ordered(store, lambda task: verify_file(store, *task), tasks()), strict=True
    ):
        verdict.count("warc_files")
        verdict.count("records", report.records)
        running = _is_running(connection, name)
        for what, can_wait in report.damages:
            if can_wait and running:
                verdict.notes.append(f"{name}: {what} The run goes on, or the next one mends it.")
            else:
                verdict.problems.append(Problem("warc", store.place(name), what, _FROM_BACKUP))
        originals |= report.originals
        leaning.extend(
            (place, url, date)
            for place, url, date in report.leaning
            if not connection.execute(
                "SELECT 1 FROM captures WHERE url = ? AND captured_at = ?", (url, date)
            ).fetchone()
        )
    for place, url, date in leaning:
        if (url, date) not in originals:
            what = f"It repeats an answer of {url} of {date} that no WARC file holds."
            verdict.problems.append(Problem("warc", place, what, _FROM_BACKUP))


def _has_places(connection: sqlite3.Connection) -> bool:
    # An archive that no crawl has opened since visits name their records has no such column yet.
    columns = {row[1] for row in connection.execute("PRAGMA table_info(run_visits)")}
    return "warc_file" in columns


def _named_files(connection: sqlite3.Connection) -> set[str]:
    tables = ["captures", *(["run_visits"] if _has_places(connection) else [])]
    return {
        name
        for table in tables
        for (name,) in connection.execute(
            f"SELECT DISTINCT warc_file FROM {table} WHERE warc_file IS NOT NULL"  # noqa: S608 - our own names
        )
    }


def _named_records(connection: sqlite3.Connection, file: str) -> Named:
    """Return length and address of the records that rows name in a file, by offset."""
    found: Named = {}
    tables = ["captures", *(["run_visits"] if _has_places(connection) else [])]
    for table in tables:
        for offset, length, url in connection.execute(
            f"SELECT warc_offset, warc_length, url FROM {table} WHERE warc_file = ?",  # noqa: S608 - our own names
            (file,),
        ):
            found.setdefault(offset, set()).add((length, url))
    return found


def _is_running(connection: sqlite3.Connection, file: str) -> bool:
    site, run, _ = file.removesuffix(".warc.gz").rsplit("-", 2)
    row = connection.execute(
        "SELECT finished_at IS NULL FROM runs WHERE id = ? AND site_id = ?", (run, site)
    ).fetchone()
    return bool(row and row[0])


def _release(folder: Path, verdict: Verdict) -> None:
    pointer = public_folder(folder) / POINTER
    if not pointer.exists():
        return
    try:
        by = json.loads(pointer.read_text(encoding="utf-8")).get("by")
    except (OSError, ValueError, AttributeError):
        by = None  # told of below
    advice = "run 'nianbao publish' to build the public database anew"
    if by is None:
        _release_at(pointer, advice, verdict)
        return
    for region in sorted((pointer.parent / REGIONS / str(by)).glob(f"*/{POINTER}")):
        _release_at(region, advice.replace("publish", f"publish --by {by}"), verdict)


def _release_at(pointer: Path, advice: str, verdict: Verdict) -> None:
    try:
        found = json.loads(pointer.read_text(encoding="utf-8"))
        path, digest = pointer.parent / found["file"], str(found["digest"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"It does not say what is published ({type(error).__name__}: {error})."
        verdict.problems.append(Problem("release", str(pointer), what, advice))
        return
    verdict.count("releases")
    _published(path, digest, "It was published last and is missing.", advice, verdict)
    exports = pointer.parent / digest[:12]
    try:
        package = json.loads((exports / PACKAGE).read_text(encoding="utf-8"))
        files = [(exports / r["path"], str(r["hash"])) for r in package["resources"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"It does not list the published tables ({type(error).__name__}: {error})."
        verdict.problems.append(Problem("release", str(exports / PACKAGE), what, advice))
        return
    for file, claimed in files:
        _published(
            file, claimed.removeprefix("sha256:"), "A published table is missing.", advice, verdict
        )


def _published(path: Path, digest: str, missing: str, advice: str, verdict: Verdict) -> None:
    try:
        with path.open("rb") as stream:
            found, _ = _sha256(stream)
    except OSError as error:
        what = missing if isinstance(error, FileNotFoundError) else f"It can't be read: {error}."
        verdict.problems.append(Problem("release", str(path), what, advice))
        return
    if found != digest:
        what = "Its bytes are not those that were published."
        verdict.problems.append(Problem("release", str(path), what, advice))
