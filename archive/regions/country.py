"""A whole archive published region by region, and what is served of it.

``public/regions/<way>/<region>/current.json`` names the release of a region and is replaced when
that region is switched; ``public/current.json`` says by which way the archive is divided, and is
replaced once all regions are there. Until then, and after a publish that was killed, what was
published before is served.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from archive import atomic
from archive.changes import freeze_changes
from archive.home import Archive
from archive.publish import (
    DRAFT,
    POINTER,
    REGIONS,
    Release,
    ReleaseDamagedError,
    clear,
    clear_regions,
    current,
    leave_out_waiting,
    point,
    pointed_at,
    public_folder,
    release_of,
    sole_publisher,
)
from archive.regions.build import Built, Task, build, end_with_parent, made_by
from archive.regions.dataset import write_dataset
from archive.regions.divide import WAYS, divide, shares
from archive.regions.region import Region
from archive.schema import migrations

# Touched with every region that is switched, so that a server need not look at all of them.
SWITCHED = "switched"
# Of what a pointer tells; raised when a page needs to be told more.
_FORM = 1
# Bytes of all that is built for a byte of the archive's database: the copy that is divided, the
# databases of the regions, their tables as CSV and twice as Parquet. Measured with 100,000 reports.
_BYTES_NEEDED = 2.6


class NoRoomError(OSError):
    """The disk has no room for what is to be built."""


class RegionsFailedError(RuntimeError):
    """Some regions could not be built."""


@dataclass(frozen=True, slots=True)
class Country:
    """An archive that is published region by region.

    Args:
        by: one of ``WAYS``.
        folder: with a folder a region.
        dataset: folder of the Parquet data set.
        published_at: when the last publish ended, UTC, ISO 8601.

    """

    by: str
    folder: Path
    dataset: Path
    published_at: str

    @property
    def digest(self) -> str:
        """Tells one state from another where the way to divide has changed."""
        return f"by {self.by}"

    def codes(self) -> list[str]:
        """Return the codes of the regions in order."""
        return sorted(path.parent.name for path in self.folder.glob(f"*/{POINTER}"))

    def region(self, code: str) -> Region:
        """Return a region as its pointer says.

        Raises:
            ReleaseDamagedError: its database is gone.
            OSError: the pointer can't be read.

        """
        pointer = self.folder / code / POINTER
        found = pointed_at(pointer)
        if found is None:
            raise ReleaseDamagedError(f"{pointer} is gone: run 'nianbao publish --by {self.by}'")
        return Region(code, release_of(pointer, found), found["facts"], found["content"],
                      found["parts"])  # fmt: skip

    def switched_at(self) -> int:
        """Return when a region was switched last, as the file system tells it."""
        return (self.folder / SWITCHED).stat().st_mtime_ns

    def is_outdated(self) -> bool:
        """Tell whether a region lacks something: an earlier version made it."""
        wanted = {"form": _FORM, "migrations": len(migrations.pending(Database(memory=True)))}
        return any(
            {name: self.region(code).facts.get(name) for name in wanted} != wanted
            for code in self.codes()
        )


def published(folder: Path) -> Release | Country | None:
    """Return what is served of a data folder; None when nothing has been published yet.

    Raises:
        ReleaseDamagedError: it is gone.

    """
    public = public_folder(folder)
    found = pointed_at(public / POINTER)
    if found is None or "file" in found:
        return current(folder)
    country = Country(
        found["by"], public / REGIONS / found["by"], public / found["parquet"],
        found["published_at"],
    )  # fmt: skip
    if not (country.folder / SWITCHED).exists():
        raise ReleaseDamagedError(
            f"{country.folder} was published and is gone: run 'nianbao publish --by {country.by}'"
        )
    return country


def division(folder: Path) -> str | None:
    """Return by which of ``WAYS`` what is served is divided; None when it is not divided."""
    found = pointed_at(public_folder(folder) / POINTER)
    return None if found is None or "file" in found else str(found["by"])


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish did: the country, the regions switched and those that stayed as they were."""

    country: Country
    switched: tuple[str, ...]
    unchanged: tuple[str, ...]


def publish_regions(
    archive: Archive,
    by: str,
    *,
    workers: int | None = None,
    tell: Callable[[str], object] = lambda _: None,
) -> Published:
    """Publish an archive region by region.

    Args:
        archive: the archive; it may be written to meanwhile, one state of it is published.
        by: one of ``WAYS``.
        workers: processes that build; None for one a core.
        tell: is given a line now and then.

    Raises:
        NoRoomError: the disk is too full; nothing was built.
        RegionsFailedError: some regions could not be built and stay as they were.
        OSError: a file could not be written; what was published stays.

    """
    public = public_folder(archive.folder)
    public.mkdir(exist_ok=True)
    with sole_publisher(public):
        size = _check_room(archive, public)
        tell(f"needs up to {size / 1e9:.1f} GB beside what is published")
        drafts = public / DRAFT
        drafts.mkdir()
        try:
            return _publish(archive, public, drafts, by, workers or os.cpu_count() or 1, tell)
        finally:
            shutil.rmtree(drafts, ignore_errors=True)


def _check_room(archive: Archive, public: Path) -> int:
    pages, size = (
        archive.db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
    )
    needed = int(pages * size * _BYTES_NEEDED)
    free = shutil.disk_usage(public).free
    if free < needed:
        raise NoRoomError(
            f"publishing needs up to {needed / 1e9:.1f} GB in {public} and {free / 1e9:.1f} GB are "
            "free: make room, or put the folder on another disk"
        )
    return needed


def _publish(  # noqa: PLR0913, PLR0917
    archive: Archive, public: Path, drafts: Path, by: str, workers: int,
    tell: Callable[[str], object],
) -> Published:  # fmt: skip
    folder = public / REGIONS / by
    folder.mkdir(parents=True, exist_ok=True)
    snapshot = drafts / "whole.db"
    archive.db.execute("VACUUM INTO ?", (str(snapshot),))
    with closing(sqlite3.connect(snapshot, isolation_level=None)) as connection:
        for setting in ("journal_mode = OFF", "synchronous = OFF"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute("BEGIN")
        leave_out_waiting(connection)
        freeze_changes(connection)
        codes = divide(connection, WAYS[by])
        connection.execute("COMMIT")
        newest = connection.execute("SELECT max(year) FROM reports").fetchone()[0]
        shares(connection)  # a table that cannot be divided is told of before anything is built
    tell(f"{len(codes)} regions")
    programs = made_by()
    tasks = [
        Task(
            code, snapshot, drafts / code, folder / code, newest, _content(folder / code), programs
        )
        for code in codes
    ]
    switched, unchanged = [], []
    for task, built in _built(tasks, workers):
        if built is None:
            unchanged.append(task.region)
            continue
        _switch(folder, built)
        switched.append(task.region)
        tell(f"switched {task.region}")
    was = pointed_at(public / POINTER) or {}
    country = _point(public, folder, by, codes)
    _clear(public, folder, was, codes)
    return Published(country, tuple(sorted(switched)), tuple(sorted(unchanged)))


def _content(folder: Path) -> str:
    """Return the digest of what is published of a region; empty when files of it are gone."""
    pointer = folder / POINTER
    found = pointed_at(pointer)
    if found is None:
        return ""
    try:
        release = release_of(pointer, found)
    except ReleaseDamagedError:
        return ""
    return str(found["content"]) if release.exports.exists() else ""


def _built(tasks: list[Task], workers: int) -> Iterator[tuple[Task, Built | None]]:
    """Yield what becomes of the tasks, in the order in which they are done.

    Raises:
        RegionsFailedError: at the end, when some failed.

    """
    failed: list[str] = []
    # Forked from a process that has loaded the programs once: the caller may have threads.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([build.__module__])
    with ProcessPoolExecutor(min(workers, len(tasks) or 1), context, end_with_parent) as pool:
        waiting: dict[Future[Built | None], Task] = {pool.submit(build, t): t for t in tasks}
        for future in as_completed(waiting):
            task = waiting[future]
            try:
                built = future.result()
            except (OSError, sqlite3.Error, BrokenProcessPool) as error:
                failed.append(f"{task.region} ({type(error).__name__}: {error})")
                continue
            yield task, built
    if failed:
        raise RegionsFailedError(
            f"{len(failed)} regions could not be built and stay as they were published: "
            + "; ".join(sorted(failed)[:5])
        )


def _switch(folder: Path, built: Built) -> None:
    pointer = folder / built.region / POINTER
    before = pointed_at(pointer)
    facts = {"form": _FORM, **built.facts}
    point(pointer, built.release, content=built.content, facts=facts, parts=built.parts)
    atomic.write(folder / SWITCHED, built.region.encode())
    keep = {built.release.path}
    if before is not None:
        keep.add(pointer.parent / before["file"])
    clear(pointer.parent, keep)


def _point(public: Path, folder: Path, by: str, codes: list[str]) -> Country:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    country = Country(by, folder, public, at)
    regions = [country.region(code) for code in codes]
    known = hashlib.sha256(" ".join(region.release.digest for region in regions).encode())
    dataset = write_dataset(public, known.hexdigest()[:12], at, regions)
    atomic.write(
        public / POINTER,
        json.dumps({"by": by, "published_at": at, "parquet": dataset.name}, indent=1).encode(),
    )
    return Country(by, folder, dataset, at)


def _clear(public: Path, folder: Path, was: dict[str, Any], codes: list[str]) -> None:
    """Delete regions that are no more, and what was published in another way before the last."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in codes:
            shutil.rmtree(path)
            atomic.write(folder / SWITCHED, path.name.encode())
    # What was served until now stays for the servers that are still answering from it.
    clear_regions(public, keep={folder.name, str(was.get("by"))})
    clear(public, keep={public / was["file"]} if "file" in was else set())
