"""Blocks of run numbers: walks on different machines never share a number.

Whoever merges walks into a database gives each site a block beforehand. A walk takes the first
number of it that no walk has had; one that is begun anew takes the next. The block stays noted
until a later walk of the site is in the database.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from archive.home import Archive

SIZE = 16
"""Times that a walk may be begun anew; an engine gives a task up that has cost a few workers."""


class BlockUsedUpError(RuntimeError):
    """A walk was begun so often that its block holds no number any more."""


def next_number(db: Database) -> int:
    """Return the least number that neither a run nor a block has had."""
    row = db.execute(
        "SELECT max(coalesce((SELECT max(id) FROM runs), 0),"
        " coalesce((SELECT max(last) FROM run_blocks), 0)) + 1"
    ).fetchone()
    return int(row[0])


def give_blocks(archive: Archive, site_ids: Iterable[str]) -> dict[str, range]:
    """Give each site a block of numbers, and note it."""
    given = {}
    with archive.transaction() as db:
        for site_id in site_ids:
            first = next_number(db)
            given[site_id] = range(first, first + SIZE)
            db.execute(
                "INSERT INTO run_blocks (first, last, site_id) VALUES (?, ?, ?)",
                (first, first + SIZE - 1, site_id),
            )
    return given


def blocks_of(archive: Archive, site_id: str) -> list[range]:
    """Return the blocks of a site that may hold runs which are not merged yet, the oldest first."""
    rows = archive.db.execute(
        "SELECT first, last FROM run_blocks WHERE site_id = ? ORDER BY first", (site_id,)
    )
    return [range(int(first), int(last) + 1) for first, last in rows]


def sites_with_blocks(archive: Archive) -> list[str]:
    """Return the sites that have blocks, sorted."""
    rows = archive.db.execute("SELECT DISTINCT site_id FROM run_blocks ORDER BY site_id")
    return [site_id for (site_id,) in rows]


def close_blocks(archive: Archive, site_id: str) -> None:
    """Forget the blocks that lie before the last run of a site: no walk writes there any more."""
    with archive.transaction() as db:
        db.execute(
            "DELETE FROM run_blocks WHERE site_id = :site"
            " AND last < (SELECT max(id) FROM runs WHERE site_id = :site)",
            {"site": site_id},
        )
