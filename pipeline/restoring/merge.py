"""Merge: what walks left in the store becomes rows of a database that does not know them yet.

The records are taken as a restore takes them, a run at a time and each in one transaction: what is
cut off between two runs goes on with the next, and what is done twice changes nothing. Whoever
merges is the only one who writes to the database.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from archive.blobs import BlobStore
from archive.home import Archive
from archive.records import Damage
from archive.run_blocks import blocks_of, close_blocks
from pipeline.cluster.stored import Answer, LocalReaders, StoredReaders
from pipeline.restoring.records import in_order
from pipeline.restoring.replay import Replay
from pipeline.restoring.restore import Restored, take
from pipeline.restoring.runs_again import RunsAgain
from pipeline.restoring.snapshot import take_lines

logger = logging.getLogger(__name__)


class _NotEndedError(Exception):
    """A run is being walked still, or nobody has noted yet that it was killed."""


@dataclass(slots=True)
class Merged:
    """What was merged.

    Args:
        runs: ids of the runs, in the order in which they were merged.
        lost: what is damaged or leans on something damaged, one sentence each.

    """

    runs: list[int] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


class LateReaders:
    """Readers on this machine that start when there is something to read, as on few nights.

    Args:
        workers: number of processes; None for one a core.

    """

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers
        self._held = ExitStack()
        self._readers: LocalReaders | None = None

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End what was started."""
        self._held.close()

    def parse_stored(self, blobs: BlobStore, digests: Iterable[str]) -> Iterator[Answer]:
        """Read stored documents, as ``StoredReaders`` says."""
        if self._readers is None:
            self._readers = self._held.enter_context(LocalReaders(self._workers))
        return self._readers.parse_stored(blobs, digests)


def merge(archive: Archive, site_id: str, readers: StoredReaders) -> Merged:
    """Bring in the runs that walks on other machines have ended.

    Args:
        archive: the archive; nobody else writes to it.
        site_id: the site; its runs have the numbers of its blocks.
        readers: read what the archive has not read.

    Raises:
        OSError: disk or store refuse; what was brought in stays, call it again.
        sqlite3.Error: the database refuses; likewise.

    """
    merged = bring_in(archive, site_id, blocks_of(archive, site_id), readers, cut_off=False)
    if merged.runs:
        take_lines(archive, site_id, merged.runs[-1])
    close_blocks(archive, site_id)
    return merged


def take_home(archive: Archive, site_id: str) -> None:
    """Bring in what a crawl on other machines left behind, before this machine walks the site.

    Args:
        archive: the archive; ``archive.runs.sole_walk`` is held for the site.
        site_id: the site.

    Raises:
        OSError: disk or store refuse.
        sqlite3.Error: the database refuses.

    """
    with LateReaders() as readers:
        merged = bring_in(archive, site_id, blocks_of(archive, site_id), readers, cut_off=True)
    for line in merged.lost:
        logger.error("%s: %s", site_id, line)
    close_blocks(archive, site_id)


def bring_in(
    archive: Archive,
    site_id: str,
    blocks: Iterable[range],
    readers: StoredReaders,
    *,
    cut_off: bool,
) -> Merged:
    """Bring in the runs of a site that a database does not know.

    Args:
        archive: the archive; its store holds their WARC files.
        site_id: the site.
        blocks: the numbers that its runs can have, ascending; those of a block are used in order.
        readers: read what the archive has not read.
        cut_off: whether runs count that have not come to their end, since nobody walks them any
            more. Without, they and all later ones are left for another time.

    Raises:
        OSError: disk or store refuse.
        sqlite3.Error: the database refuses.

    """
    merged = Merged()
    for run_id in _unknown(archive, site_id, blocks):
        try:
            with _replaying(archive), archive.transaction():
                told = _one(archive, site_id, run_id, readers, cut_off=cut_off)
        except _NotEndedError:
            break
        merged.runs.append(run_id)
        merged.lost += told
    return merged


def _unknown(archive: Archive, site_id: str, blocks: Iterable[range]) -> Iterator[int]:
    for block in blocks:
        for run_id in block:
            row = archive.db.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone()
            if row is not None:
                continue
            if not archive.run_files(site_id, run_id).last():
                break
            yield run_id


@contextmanager
def _replaying(archive: Archive) -> Iterator[None]:
    archive.replays = True
    try:
        yield
    finally:
        archive.replays = False


def _one(
    archive: Archive, site_id: str, run_id: int, readers: StoredReaders, *, cut_off: bool
) -> list[str]:
    files = archive.run_files(site_id, run_id)
    names = [files.name(number) for number in range(1, files.last() + 1)]
    damages: list[Damage] = []
    runs, restored = RunsAgain(archive), Restored()
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.jsonl"
        with journal.open("w", encoding="utf-8") as out:
            for item in in_order(archive.warc, names, damages):
                take(archive, runs, item, out, restored)
        if not cut_off and not runs.has_ended(run_id):
            raise _NotEndedError
        runs.close(damages)
        replay = Replay(archive, journal)
        readings = readers.parse_stored(archive.blobs, replay.digests) if replay.digests else ()
        replay.run(iter(readings))
    damaged = [
        f"{d.file}: at {d.offset}, {d.length} bytes are no record ({d.what})"
        for d in damages
        if d not in runs.torn
    ]
    return [*damaged, *restored.lost, *runs.untold, *replay.lost]
