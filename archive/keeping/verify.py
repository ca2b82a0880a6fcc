"""Verify: everything that the archive holds is read again and compared with what it claims to be.

Nothing is written, so that a damaged archive stays as it was met, and nothing is held in memory
but what one WARC file has to hold.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from archive.atomic import PREFIX
from archive.blobs import BlobStore
from archive.exports import PACKAGE
from archive.keeping.verify_warc import Named, verify_file
from archive.publish import public_folder

_PIECE = 1 << 20
_WORKERS = 2
_AHEAD = 64  # tasks handed to the workers before their results are taken

In = TypeVar("In")
Out = TypeVar("Out")
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

    """
    verdict = Verdict()
    with closing(_open(folder / "nianbao.db")) as connection:
        try:
            if _database(connection, verdict):
                _references(connection, verdict)
                progress("stored files", _one(connection, "SELECT count(*) FROM payloads"))
                _blobs(connection, BlobStore(folder / "blobs"), verdict)
                _warc(connection, folder / "warc", verdict, progress)
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


def _ordered(task: Callable[[In], Out], arguments: Iterable[In]) -> Iterator[Out]:
    """Do tasks on both cores, few at a time; reading and hashing let go of the interpreter."""
    waiting: deque[Future[Out]] = deque()
    with ThreadPoolExecutor(_WORKERS, "verify") as workers:
        for argument in arguments:
            waiting.append(workers.submit(task, argument))
            if len(waiting) >= _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _blobs(connection: sqlite3.Connection, blobs: BlobStore, verdict: Verdict) -> None:
    def check(row: tuple[str, int]) -> Problem | None:
        digest, size = row
        return _blob(blobs.path(digest), digest, size)

    for problem in _ordered(check, connection.execute("SELECT digest, size FROM payloads")):
        verdict.count("blobs")
        if problem is not None:
            verdict.problems.append(problem)
    verdict.count("blob_bytes", _one(connection, "SELECT coalesce(sum(size), 0) FROM payloads"))
    drafts = spare = 0
    for path in blobs.root.glob("??/??/*"):
        if path.name.startswith(PREFIX):
            drafts += 1
        elif not connection.execute(
            "SELECT 1 FROM payloads WHERE digest = ?", (path.name,)
        ).fetchone():
            spare += 1
    if drafts:
        verdict.notes.append(f"{drafts} files '{PREFIX}…' in blobs/ are not complete; delete them")
    if spare:
        verdict.notes.append(
            f"{spare} stored files are named by no row: a run was cut off there, or one goes on"
        )


def _blob(path: Path, digest: str, size: int) -> Problem | None:
    advice = f"{_FROM_BACKUP}, or rebuild the archive from the WARC files with 'nianbao restore'"
    try:
        found, length = _sha256(path)
    except FileNotFoundError:
        return Problem("blob", str(path), "The stored file is missing.", advice)
    except OSError as error:
        return Problem("blob", str(path), f"The stored file can't be read: {error}.", advice)
    if found != digest:
        what = f"Its bytes have the digest {found}, not the one that it is filed under."
        return Problem("blob", str(path), what, advice)
    if length != size:
        what = f"It has {length} bytes, the database says {size}."
        return Problem("database", str(path), what, _WHOLE_DATABASE)
    return None


def _sha256(path: Path) -> tuple[str, int]:
    whole, length = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            whole.update(piece)
            length += len(piece)
    return whole.hexdigest(), length


def _warc(
    connection: sqlite3.Connection, folder: Path, verdict: Verdict, progress: Progress
) -> None:
    named = _named_files(connection)
    there = {path.name for path in folder.glob("*.warc.gz")}
    progress("WARC files", len(there))
    for name in sorted(named - there):
        verdict.problems.append(
            Problem(
                "warc",
                str(folder / name),
                "The WARC file is missing.",
                f"{_FROM_BACKUP}; the stored files that it holds are checked by themselves",
            )
        )

    def tasks() -> Iterator[tuple[Path, Named]]:
        for name in sorted(there):
            yield folder / name, _named_records(connection, name)

    originals: set[tuple[str, str]] = set()
    leaning: list[tuple[str, str, str]] = []
    for path, report in zip(
        sorted(there), _ordered(lambda t: verify_file(*t), tasks()), strict=True
    ):
        verdict.count("warc_files")
        verdict.count("records", report.records)
        running = _is_running(connection, path)
        for what, can_wait in report.damages:
            if can_wait and running:
                verdict.notes.append(f"{path}: {what} The run goes on, or the next one mends it.")
            else:
                verdict.problems.append(Problem("warc", str(folder / path), what, _FROM_BACKUP))
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
    pointer = public_folder(folder) / "current.json"
    advice = "run 'nianbao publish' to build the public database anew"
    if not pointer.exists():
        return
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
        found, _ = _sha256(path)
    except OSError as error:
        what = missing if isinstance(error, FileNotFoundError) else f"It can't be read: {error}."
        verdict.problems.append(Problem("release", str(path), what, advice))
        return
    if found != digest:
        what = "Its bytes are not those that were published."
        verdict.problems.append(Problem("release", str(path), what, advice))
