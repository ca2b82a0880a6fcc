"""Grow the archive of a synthetic country county by county, and keep what each one cost."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from pipeline.pool import ReaderPool
from tests.country.fill import STEPS, country, fill_county
from tests.country.make import reports
from tests.country.places import BODIES, County
from tests.country.spent import Spent, children, peak_memory, readers_seconds

YEARS = 5
OF_COUNTY = YEARS * len(BODIES)
# Reading does not depend on what is held; its cost is told by format, so that few of the dear
# formats do. The share of each format on real sites is not known.
FORMS = (("html", 0.96), ("docx", 0.02), ("pdf", 0.02))

# Counties over which the cost of storing one more report is taken.
COMPARED = 10

Cost = dict[str, Any]


def counties_of(size: int) -> int:
    """Return how many whole counties hold so many reports."""
    return -(-size // OF_COUNTY)


def _log(folder: Path) -> Path:
    return folder / "bench-scale.jsonl"


def costs(folder: Path) -> list[Cost]:
    """Return what each county cost, in order.

    Keys: county, reports, first (of its process, which had to load everything), processor seconds
    of read and of each of ``STEPS``, most bytes of memory of writer and reader until then; beside,
    what a county cost right after in the smallest archive, if that was asked for.
    """
    if not _log(folder).exists():
        return []
    return [json.loads(line) for line in _log(folder).read_text().splitlines()]


def smallest(folder: Path) -> Path:
    """Return where the copy lies of the archive as it was at the first size."""
    return folder / "smallest"


def keep_smallest(folder: Path) -> None:
    """Copy the archive in a folder, for larger ones to be compared with."""
    part = folder / "smallest.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    with closing(sqlite3.connect(folder / "nianbao.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for name in ("blobs", "warc"):
        shutil.copytree(folder / name, part / name)
    for name in ("nianbao.db", _log(folder).name):
        shutil.copy(folder / name, part / name)
    part.rename(smallest(folder))


def grow(folder: Path, size: int, workers: int, say: Callable[[str], None]) -> list[Cost]:
    """Grow the archive in a folder to a size; go on where an earlier call was ended.

    What a machine does in a second changes from hour to hour. So each of the last counties is
    followed by one in a copy of the smallest archive, if that was kept.

    Args:
        folder: the data folder.
        size: reports.
        workers: processes that read.
        say: takes a line of progress.

    Returns:
        What each county cost.

    Raises:
        SyntheticMixedError: the folder holds a real archive.

    """
    done, wanted = len(costs(folder)), counties_of(size)
    if done < wanted:
        with ExitStack() as held:
            growing = Growing(held, folder, workers)
            beside = None
            while done < wanted:
                if wanted - done <= COMPARED + 1 and smallest(folder).exists():
                    beside = beside or Growing(held, _copy(folder), workers)
                growing.grow(beside)
                if done % 10 == 0:
                    say(f"{(done + 1) * OF_COUNTY} reports are stored")
                done += 1
    return costs(folder)


def _copy(folder: Path) -> Path:
    copy = folder / "beside"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(smallest(folder), copy)
    return copy


class Growing:
    """An archive that grows county by county.

    Args:
        held: closes the archive and ends its readers.
        folder: its data folder.
        workers: processes that read.

    """

    def __init__(self, held: ExitStack, folder: Path, workers: int) -> None:
        self._folder = folder
        self._archive = held.enter_context(closing(country(folder)))
        self._pool = held.enter_context(ReaderPool(workers=workers))
        # A county that was begun and not finished is done again: what it stored already stays.
        self._county = self._first = len(costs(folder))

    def grow(self, beside: Growing | None = None) -> Cost:
        """Store one more county, and another one beside it; note and return what it cost."""
        spent, readers = Spent(), readers_seconds()
        county = County(self._county)
        made = reports([county.number], YEARS, FORMS)
        count = fill_county(self._archive, self._pool, county, made, spent)
        line: Cost = {
            "county": county.number,
            "reports": count,
            "first": county.number == self._first,
            "read": round(readers_seconds() - readers, 4),
            **{step: round(spent.seconds[step], 4) for step in STEPS},
            "writer": peak_memory(os.getpid()),
            "reader": max(map(peak_memory, children(os.getpid())), default=0),
        }
        if beside:
            line["beside"] = beside.grow()
        with _log(self._folder).open("a") as log:
            log.write(json.dumps(line) + "\n")
        self._county += 1
        return line
