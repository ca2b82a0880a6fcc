"""Grow the archive of a synthetic country county by county, and keep what each one cost."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archive.home import Archive
from tests.country.fill import STEPS, country, fill
from tests.country.make import reports
from tests.country.places import BODIES, County
from tests.country.spent import Spent, children, peak_memory, readers_seconds

YEARS = 5
OF_COUNTY = YEARS * len(BODIES)
# Reading does not depend on what is held; its cost is told by format, so that few of the dear
# formats do. The share of each format on real sites is not known.
FORMS = (("html", 0.96), ("docx", 0.02), ("pdf", 0.02))

Cost = dict[str, Any]


def counties_of(size: int) -> int:
    """Return how many whole counties hold so many reports."""
    return -(-size // OF_COUNTY)


def _log(folder: Path) -> Path:
    return folder / "bench-scale.jsonl"


def costs(folder: Path) -> list[Cost]:
    """Return what each county cost, in order.

    Keys: county, reports, first (of its process, which had to load everything), processor seconds
    of read and of each of ``STEPS``, most bytes of memory of writer and reader until then.
    """
    if not _log(folder).exists():
        return []
    return [json.loads(line) for line in _log(folder).read_text().splitlines()]


def grow(folder: Path, size: int, workers: int, say: Callable[[str], None]) -> list[Cost]:
    """Grow the archive in a folder to a size; go on where an earlier call was ended.

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
    archive = country(folder)
    try:
        _grow(archive, folder, size, workers, say)
    finally:
        archive.close()
    return costs(folder)


def _grow(
    archive: Archive, folder: Path, size: int, workers: int, say: Callable[[str], None]
) -> None:
    # A county that was begun and not finished is done again: what it stored already stays.
    done, wanted = len(costs(folder)), counties_of(size)
    if done >= wanted:
        return
    spent = Spent()
    before, readers = dict.fromkeys(STEPS, 0.0), readers_seconds()

    def told(county: County, count: int) -> None:
        nonlocal before, readers
        after, read = {step: spent.seconds[step] for step in STEPS}, readers_seconds()
        cost = {step: round(after[step] - before[step], 4) for step in STEPS}
        line = {
            "county": county.number,
            "reports": count,
            "first": county.number == done,
            "read": round(read - readers, 4),
            **cost,
            "writer": peak_memory(os.getpid()),
            "reader": max(map(peak_memory, children(os.getpid())), default=0),
        }
        with _log(folder).open("a") as log:
            log.write(json.dumps(line) + "\n")
        before, readers = after, read
        if county.number % 10 == 0:
            say(f"{(county.number + 1) * OF_COUNTY} reports are stored")

    fill(archive, reports(range(done, wanted), YEARS, FORMS), workers, spent, told)
