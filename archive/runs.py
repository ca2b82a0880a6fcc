"""Runs: who walks a site now, how earlier walks ended, and what they visited."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from archive import warc
from archive.home import Archive


class SiteBusyError(RuntimeError):
    """Another process walks the same site into the same archive."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site as the archive knows it.

    Args:
        id: short name, e.g. spt.
        name: what it is called, Chinese.
        region_code: six-digit code of its region.
        region_name: short name of its region.
        region_parents: names of the regions above, outermost first.
        home: address of its home page.
        hosts: host names, the present one first.

    """

    id: str
    name: str
    region_code: str
    region_name: str
    region_parents: tuple[str, ...]
    home: str
    hosts: tuple[str, ...]


def now() -> str:
    """Return the present moment in UTC, ISO 8601 with microseconds and "Z"."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@contextmanager
def sole_walk(archive: Archive, site_id: str) -> Iterator[None]:
    """Hold a site for one process; the system lets go when the process ends, however it ends.

    Raises:
        SiteBusyError: another process holds it.

    """
    handle = os.open(archive.folder / f".walk-{site_id}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise SiteBusyError(
            f"site {site_id} is being walked into {archive.folder} by another process; "
            "wait until it ends or name another --data"
        ) from error
    try:
        yield
    finally:
        os.close(handle)


def start_run(archive: Archive, site: Site) -> int:
    """Note the site and the beginning of a run; close runs that were killed. Returns the run id.

    Call it while holding ``sole_walk``: the WARC files of killed runs are mended.
    """
    killed = archive.db.execute(
        "SELECT id, coalesce((SELECT max(visited_at) FROM run_visits v WHERE v.run_id = r.id), "
        "started_at) FROM runs r WHERE site_id = ? AND finished_at IS NULL",
        (site.id,),
    ).fetchall()
    for run_id, last_seen in killed:
        warc.mend(warc.RunFiles(archive.warc_folder, site.id, run_id))
        finish_run(
            archive, run_id, "interrupted", "the process ended before the walk did", last_seen
        )
    row = {
        "id": site.id,
        "name": site.name,
        "region_code": site.region_code,
        "region_name": site.region_name,
        "region_parents": json.dumps(site.region_parents, ensure_ascii=False),
        "home": site.home,
        "hosts": json.dumps(site.hosts, ensure_ascii=False),
    }
    with archive.transaction() as db:
        db.table("sites").upsert(row, pk="id")
        cursor = db.execute(
            "INSERT INTO runs (site_id, started_at) VALUES (?, ?)", (site.id, now())
        )
        return int(cursor.lastrowid or 0)


def note_counts(archive: Archive, run_id: int, counts: Mapping[str, int]) -> None:
    """Keep how far a run has come."""
    with archive.transaction() as db:
        db.execute("UPDATE runs SET counts = ? WHERE id = ?", (json.dumps(dict(counts)), run_id))


def finish_run(
    archive: Archive, run_id: int, outcome: str, reason: str | None, finished_at: str | None = None
) -> None:
    """Note how a run ended.

    Args:
        archive: the archive.
        run_id: the run.
        outcome: finished, blocked, robots, failed, no-results, stopped, storage or interrupted.
        reason: one sentence for the operator; None when all went well.
        finished_at: when; now when not given.

    """
    with archive.transaction() as db:
        db.execute(
            "UPDATE runs SET outcome = ?, reason = ?, finished_at = ? WHERE id = ?",
            (outcome, reason, finished_at or now(), run_id),
        )


def note_visit(  # noqa: PLR0913 - one column each
    archive: Archive,
    run_id: int,
    url: str,
    status: int,
    capture_id: int | None,
    *,
    note: str | None = None,
    visited_at: str | None = None,
) -> None:
    """Note a visit that brought no new capture; status 0 means that there was no answer."""
    with archive.transaction() as db:
        db.execute(
            "INSERT INTO run_visits (run_id, url, visited_at, status, capture_id, note) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (run_id, url, visited_at or now(), status, capture_id, note),
        )


def forget_findings(
    archive: Archive, site_id: str, rules: Collection[str], kept: Collection[tuple[str, str, str]]
) -> None:
    """Drop what earlier runs had to say of a site and the last complete one did not.

    Args:
        archive: the archive.
        site_id: the site.
        rules: rules that the crawl speaks for.
        kept: (rule, url, message) of the findings that stand.

    """
    with archive.transaction() as db:
        rows = db.execute(
            "SELECT id, rule, url, message FROM findings "
            "WHERE site_id = ? AND document_id IS NULL AND report_id IS NULL",
            (site_id,),
        ).fetchall()
        for identity, rule, url, message in rows:
            if rule in rules and (rule, url, message) not in kept:
                db.execute("DELETE FROM findings WHERE id = ?", (identity,))
