"""WACZ: WARC files, their index and a list of pages as one file that replay tools show.

Source: https://specs.webrecorder.net/wacz/1.1.1/.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from sqlite_utils import Database

from archive import atomic
from archive.home import Archive
from archive.keeping.cdx import write_compressed
from archive.records import Record, read_records
from archive.store import FolderStore, Store
from archive.warc import Place
from archive.warc_files import files_of, named

VERSION = "1.1.1"
_INDEX = "index.cdx.gz"
_LEANED_ON = "originals.warc.gz"
_PIECE = 1 << 20

Range = tuple[int, int]


class NothingToPackError(LookupError):
    """No WARC file belongs to what was asked for."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What a package holds.

    Args:
        files: WARC files.
        pages: pages and files in the list that replay tools show.
        size: bytes of the package.

    """

    files: int
    pages: int
    size: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Which runs are packed.

    Args:
        site_id: only those of a site; None for all sites.
        since: only those that ended on or after this day (ISO 8601) or go on; None for all.

    """

    site_id: str | None = None
    since: str | None = None


def write_wacz(archive: Archive, out: Path, choice: Choice) -> Packed:
    """Write a package.

    Answers that repeat one of an earlier run, which is not chosen, bring the record of that one
    along.

    Args:
        archive: the archive.
        out: the package; replaced in one step.
        choice: which runs are packed.

    Raises:
        NothingToPackError: no WARC file belongs to the choice.
        archive.warc.WarcDamagedError: a record that others lean on can't be read.
        OSError: the disk is full or read-only; ``out`` is as before.

    """
    runs = _runs(archive.db, choice)
    names = [name for name in files_of(archive.warc) if (named(name) or ("", 0, 0))[:2] in runs]
    if not names:
        raise NothingToPackError("no WARC file belongs to these runs; see 'nianbao status'")
    with TemporaryDirectory(prefix="nianbao-wacz-") as scratch, ExitStack() as held:
        files = _local(archive.warc, names, Path(scratch))
        leaned_on = Path(scratch) / _LEANED_ON
        if _write_originals(archive, set(names), runs, leaned_on):
            files.append(leaned_on)
        stream = held.enter_context(atomic.writing(out))
        with zipfile.ZipFile(stream, "w") as package:
            made = _Package(package)
            for file in files:
                made.copy(f"archive/{file.name}", file)
            data, blocks = Path(scratch) / _INDEX, Path(scratch) / "index.idx"
            with data.open("wb") as data_out, blocks.open("wb") as blocks_out:
                write_compressed(files, _INDEX, data_out, blocks_out)
            made.copy(f"indexes/{_INDEX}", data)
            made.copy("indexes/index.idx", blocks, zipfile.ZIP_DEFLATED)
            listed = Path(scratch) / "pages.jsonl"
            pages = _write_pages(archive.db, runs, listed)
            made.copy("pages/pages.jsonl", listed, zipfile.ZIP_DEFLATED)
            made.describe(_title(archive.db, choice))
    return Packed(len(files), pages, out.stat().st_size)


class _Package:
    """The package as it is written: each file with its digest for the description at the end."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self._resources: list[dict[str, object]] = []

    def copy(self, name: str, source: Path, method: int = zipfile.ZIP_STORED) -> None:
        """Add a file; what is to be read from the middle is not compressed once more."""
        about = zipfile.ZipInfo.from_file(source, name, strict_timestamps=False)
        about.compress_type = method
        whole, size = hashlib.sha256(), 0
        with (
            source.open("rb") as stream,
            self._package.open(about, "w", force_zip64=True) as out,
        ):
            while piece := stream.read(_PIECE):
                whole.update(piece)
                size += len(piece)
                out.write(piece)
        self._resources.append(
            {
                "name": source.name.lower(),
                "path": name,
                "hash": f"sha256:{whole.hexdigest()}",
                "bytes": size,
            }
        )

    def describe(self, title: str) -> None:
        """Add what says what is in the package, and the digest of that."""
        described = {
            "profile": "data-package",
            "wacz_version": VERSION,
            "title": title,
            "software": "nianbao",
            "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "resources": self._resources,
        }
        text = json.dumps(described, ensure_ascii=False, indent=2).encode()
        digest = {
            "path": "datapackage.json",
            "hash": f"sha256:{hashlib.sha256(text).hexdigest()}",
        }
        self._package.writestr("datapackage.json", text, zipfile.ZIP_DEFLATED)
        self._package.writestr(
            "datapackage-digest.json", json.dumps(digest, indent=2), zipfile.ZIP_DEFLATED
        )


def _local(store: Store, names: list[str], scratch: Path) -> list[Path]:
    """Return the WARC files as files on disk.

    In object storage every record has a file of its own; what a run wrote becomes one file again,
    as WARC files behind each other are a WARC file.
    """
    if isinstance(store, FolderStore):
        return [store.path(name) for name in names]
    files: dict[Path, None] = {}
    for name in names:
        file = scratch / f"{name.rpartition('-')[0]}.warc.gz"
        files[file] = None
        with file.open("ab") as out, store.open(name) as stream:
            shutil.copyfileobj(stream, out, _PIECE)
    return list(files)


def _runs(db: Database, choice: Choice) -> set[tuple[str, int]]:
    rows = db.execute(
        "SELECT site_id, id FROM runs WHERE (? IS NULL OR site_id = ?)"
        " AND (? IS NULL OR coalesce(finished_at, '9') >= ?)",
        (choice.site_id, choice.site_id, choice.since, choice.since),
    )
    return set(rows.fetchall())


def _title(db: Database, choice: Choice) -> str:
    names = db.execute(
        "SELECT name FROM sites WHERE ? IS NULL OR id = ? ORDER BY id",
        (choice.site_id, choice.site_id),
    ).fetchall()
    since = f"，{choice.since}以来" if choice.since else ""
    return f"政府信息公开工作年度报告：{'、'.join(name for (name,) in names)}{since}"


def _write_originals(
    archive: Archive, packed: set[str], runs: set[tuple[str, int]], out: Path
) -> bool:
    """Copy the records of other runs that those of the chosen ones lean on; return whether any."""
    wanted: dict[str, set[int]] = {}
    for _, run in sorted(runs):
        rows = archive.db.execute(
            "SELECT DISTINCT c.warc_file, c.warc_offset FROM run_visits v"
            " JOIN captures c ON c.id = v.capture_id WHERE v.run_id = ?",
            (run,),
        )
        for name, offset in rows:
            if name not in packed:
                wanted.setdefault(name, set()).add(offset)
    if not wanted:
        return False
    with out.open("wb") as stream:
        for name, offsets in sorted(wanted.items()):
            for start, length in _with_requests(archive.warc, name, offsets):
                with archive.warc.open(name) as source:
                    _copy_bytes(source, start, length, stream)
    return True


def _with_requests(store: Store, file: str, offsets: set[int]) -> Iterator[Range]:
    """Yield where the wanted responses stand, and the requests behind them."""
    identity = ""
    for record in read_records(store, file):
        if not isinstance(record, Record):
            continue
        place: Place = record.place
        if place.offset in offsets:
            identity = record.headers.get("warc-record-id", "")
            yield place.offset, place.length
        elif identity and record.headers.get("warc-concurrent-to") == identity:
            yield place.offset, place.length


def _copy_bytes(source: BinaryIO, start: int, length: int, out: BinaryIO) -> None:
    source.seek(start)
    rest = length
    while rest and (piece := source.read(min(rest, _PIECE))):
        out.write(piece)
        rest -= len(piece)


def _write_pages(db: Database, runs: set[tuple[str, int]], out: Path) -> int:
    """List each report, page or file, that a chosen run met, at the time of its own record."""
    rows = db.execute(
        """
        SELECT s.url, v.run_id, s.site_id, c.captured_at,
               coalesce(nullif(d.title, ''), nullif(s.link_text, ''), s.url), d.id
        FROM sources s JOIN documents d ON d.id = s.document_id
        JOIN captures c ON c.id = s.capture_id
        JOIN run_visits v ON v.capture_id = c.id
        WHERE d.report_id IS NOT NULL
        ORDER BY d.year DESC, s.url, d.id
        """
    )
    pages = {
        (url, document): (captured, title)
        for url, run, site, captured, title, document in rows
        if (site, run) in runs
    }
    with out.open("w", encoding="utf-8") as stream:
        header = {"format": "json-pages-1.0", "id": "pages", "title": "年度报告"}
        stream.write(json.dumps(header, ensure_ascii=False) + "\n")
        for (url, document), (captured, title) in pages.items():
            page = {"id": str(document), "url": url, "ts": captured, "title": title}
            stream.write(json.dumps(page, ensure_ascii=False) + "\n")
    return len(pages)
