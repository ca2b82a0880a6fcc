"""Runs: who walks a site now, how earlier walks ended, and what they visited."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from archive import journal, warc
from archive.home import Archive
from archive.run_blocks import next_number
from archive.synthetic import refuse_mixing

# Endings that are not the site's doing: the next run of the same night goes on from there.
_GOES_ON = frozenset(("interrupted", "paused", "stopped", "storage"))
_LONGEST_NIGHT = timedelta(hours=20)
# A night is named by the day it begins on in Beijing and lasts from noon to noon.
_NOON_IN_BEIJING = timedelta(hours=4)


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


def night(moment: str) -> date:
    """Return the night that a moment belongs to: noon to noon in Beijing, by its first day.

    Args:
        moment: ISO 8601 in UTC.

    """
    return (datetime.fromisoformat(moment) - _NOON_IN_BEIJING).date()


@contextmanager
def sole_walk(archive: Archive, site_id: str) -> Iterator[None]:
    """Hold a site for one process; the system lets go when the process ends, however it ends.

    Raises:
        SiteBusyError: another process holds it, or all sites.

    """
    with (
        _locked(
            archive.folder / ".walks.lock",
            fcntl.LOCK_SH,
            f"sites are being crawled into {archive.folder} by another process ('nianbao crawl "
            "--sites'); wait until it ends or name another --data",
        ),
        _locked(
            archive.folder / f".walk-{site_id}.lock",
            fcntl.LOCK_EX,
            f"site {site_id} is being walked into {archive.folder} by another process; "
            "wait until it ends or name another --data",
        ),
    ):
        yield


@contextmanager
def sole_crawl(folder: Path) -> Iterator[None]:
    """Hold all sites of a data folder, as ``sole_walk`` holds one.

    Raises:
        SiteBusyError: another process holds one of them, or all.

    """
    with _locked(
        folder / ".walks.lock",
        fcntl.LOCK_EX,
        f"another process walks sites into {folder}; wait until it ends or name another --data",
    ):
        yield


@contextmanager
def _locked(file: Path, how: int, refused: str) -> Iterator[None]:
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise SiteBusyError(refused) from error
    try:
        yield
    finally:
        os.close(handle)


def close_killed(archive: Archive, site_id: str) -> None:
    """Note of the runs of a site that were killed that they are over, and mend their WARC files.

    Call it while nobody walks the site.
    """
    killed = archive.db.execute(
        "SELECT id, coalesce((SELECT max(visited_at) FROM run_visits v WHERE v.run_id = r.id), "
        "started_at) FROM runs r WHERE site_id = ? AND finished_at IS NULL",
        (site_id,),
    ).fetchall()
    for run_id, last_seen in killed:
        archive.run_files(site_id, run_id).mend()
        finish_run(
            archive, run_id, "interrupted", "the process ended before the walk did", last_seen
        )


def start_run(archive: Archive, site: Site, number: int | None = None) -> int:
    """Note the site and the beginning of a run; close runs that were killed. Returns the run id.

    Call it while holding ``sole_walk``: the WARC files of killed runs are mended.

    Args:
        archive: the archive.
        site: the site.
        number: id of the run, of a block that was given to the site; None for the next one.

    Raises:
        SyntheticMixedError: the site is invented and the archive real, or the other way round.

    """
    refuse_mixing(archive.db, site.id)
    close_killed(archive, site.id)
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
        began_at = now()
        run_id = next_number(db) if number is None else number
        db.execute(
            "INSERT INTO runs (id, site_id, started_at) VALUES (?, ?, ?)",
            (run_id, site.id, began_at),
        )
        # A run that was killed before its row was stored had the same number.
        archive.run_files(site.id, run_id).mend()
        journal.note_run(archive, run_id, "begun", began_at, {"site": row})
        return run_id


def same_night(archive: Archive, site_id: str, run_id: int) -> frozenset[int]:
    """Return the runs whose answers a run need not ask for again: its own and those it continues.

    Args:
        archive: the archive.
        site_id: the site.
        run_id: the run.

    """
    earliest = datetime.now(UTC) - _LONGEST_NIGHT
    runs = [run_id]
    rows = archive.db.execute(
        "SELECT id, outcome, started_at FROM runs WHERE site_id = ? AND id < ? ORDER BY id DESC",
        (site_id, run_id),
    )
    for earlier, outcome, started_at in rows:
        if outcome not in _GOES_ON or datetime.fromisoformat(started_at) < earliest:
            break
        runs.append(int(earlier))
    return frozenset(runs)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How a run came to its end.

    Args:
        run_id: the run.
        outcome: as of ``finish_run``.
        reason: one sentence for the operator; None when all went well.
        counts: how far it had come, by name.

    """

    run_id: int
    outcome: str
    reason: str | None
    counts: dict[str, int]


def concluded(
    archive: Archive, site_id: str, *, since: datetime | None = None, after: int = 0
) -> Conclusion | None:
    """Return how the last run of a site ended, if nothing of it is left to do this night.

    Args:
        archive: the archive.
        site_id: the site.
        since: when the night's work began; not known by default, so that all runs count that may
            be of this night.
        after: only runs with greater numbers.

    """
    since = since or datetime.now(UTC) - _LONGEST_NIGHT
    row = archive.db.execute(
        "SELECT id, outcome, reason, counts, started_at FROM runs WHERE site_id = ? AND id > ?"
        " ORDER BY id DESC LIMIT 1",
        (site_id, after),
    ).fetchone()
    if row is None or row[1] is None or row[1] in _GOES_ON:
        return None
    if datetime.fromisoformat(row[4]) < since:
        return None
    return Conclusion(int(row[0]), row[1], row[2], json.loads(row[3] or "{}"))


def began(archive: Archive, runs: Collection[int]) -> str:
    """Return when the first of some runs began."""
    marks = ", ".join("?" * len(runs))
    row = archive.db.execute(
        f"SELECT min(started_at) FROM runs WHERE id IN ({marks})",  # noqa: S608 - marks only
        tuple(runs),
    ).fetchone()
    return str(row[0])


def spent(archive: Archive, runs: Collection[int]) -> int:
    """Return how many requests some runs have made, by what they noted of each."""
    marks = ", ".join("?" * len(runs))
    row = archive.db.execute(
        f"SELECT count(*) FROM run_visits WHERE run_id IN ({marks})",  # noqa: S608 - marks only
        tuple(runs),
    ).fetchone()
    return int(row[0])


def was_good(archive: Archive, site_id: str) -> bool:
    """Tell whether a walk of a site has ever come to a good end."""
    row = archive.db.execute(
        "SELECT 1 FROM runs WHERE site_id = ? AND outcome = 'finished'", (site_id,)
    ).fetchone()
    return row is not None


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
        outcome: finished, blocked, robots, failed, no-results, stopped, paused, storage or
            interrupted.
        reason: one sentence for the operator; None when all went well.
        finished_at: when; now when not given.

    """
    ended = {"outcome": outcome, "reason": reason, "finished_at": finished_at or now()}
    with archive.transaction() as db:
        db.execute(
            "UPDATE runs SET outcome = :outcome, reason = :reason, finished_at = :finished_at"
            " WHERE id = :id",
            {**ended, "id": run_id},
        )
        journal.note_end(archive, run_id, ended)


def note_visit(  # noqa: PLR0913 - one column each
    archive: Archive,
    run_id: int,
    url: str,
    status: int,
    capture_id: int | None,
    *,
    note: str | None = None,
    visited_at: str | None = None,
    place: warc.Place | None = None,
) -> None:
    """Note a visit and where its record stands; status 0 means that there was no answer."""
    visited_at = visited_at or now()
    at = (place.file, place.offset, place.length) if place else (None, None, None)
    with archive.transaction() as db:
        db.execute(
            "INSERT INTO run_visits (run_id, url, visited_at, status, capture_id, note,"
            " warc_file, warc_offset, warc_length) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (run_id, url, visited_at, status, capture_id, note, *at),
        )
        if place is None:  # nothing went over the wire that would tell of it
            told = {"url": url, "status": status, "note": note, "capture": capture_id}
            journal.note_run(archive, run_id, "visit", visited_at, told)


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
