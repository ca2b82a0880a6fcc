"""Health: a walk is judged by what the last good walk saw of its site; a person may accept it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from archive.journal import note_run
from archive.runs import now
from crawler.health_rules import HEALTH_RULES, Column, Seen, Verdict, compare

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from archive.home import Archive
    from crawler.run import Run

_GONE = (404, 410)


class NothingToAcceptError(ValueError):
    """The last walk of a site is not one that a person could call right."""


def judge(run: Run) -> str | None:
    """Say whether a complete walk saw what its site held at the last good one.

    Findings are said for what it did not see. The counts that the next walk is compared by are
    added to those of the run.

    Args:
        run: a walk that nothing has ended early; its columns are stored.

    Returns:
        None for a good walk, else a sentence for the operator: rule, column, numbers.

    """
    run.counts.update(fill_counts(run.archive, run.profile.id))
    run.counts["agencies_missing"] = sum(rule == "W-AGENCY-MISSING" for rule, _, _ in run.said)
    before = last_good(run.archive, run.profile.id, run.id)
    if before is None:
        return None
    present = Seen(_columns(run.archive, run.id), dict(run.counts))
    earlier = Seen(_columns(run.archive, before), _counts(run.archive, before))
    removed = _removed(run.archive, run.tonight, earlier.columns)
    verdicts = compare(earlier, present, run.profile.entries[0], removed=removed)
    for verdict in verdicts:
        run.say(verdict.rule, verdict.url, verdict.message)
    if not verdicts:
        return None
    first, more = verdicts[0], len(verdicts) - 1
    others = f"; {more} more such findings" if more else ""
    return (
        f"{first.rule}: {first.reason}{_answer(run, first)}{others}; compared with run {before}. "
        f"If the site is right, say 'nianbao accept {run.profile.id}'; if not, try "
        f"'nianbao probe {run.profile.id}'"
    )


def _answer(run: Run, verdict: Verdict) -> str:
    """Return what a column that was not met answered tonight; nothing when it was not asked."""
    if verdict.rule != "E-COLUMN-VANISHED":
        return ""
    row = run.archive.db.execute(
        "SELECT status FROM run_visits WHERE run_id = ? AND url = ?"
        " ORDER BY visited_at DESC LIMIT 1",
        (run.id, verdict.url),
    ).fetchone()
    if row is None:
        return " (no page led to it)"
    return f" (it answered HTTP {row[0]})" if row[0] else " (it gave no answer)"


def last_good(archive: Archive, site_id: str, before: int) -> int | None:
    """Return the last run of a site that finished or was accepted, before another; None if none."""
    row = archive.db.execute(
        "SELECT max(id) FROM runs WHERE site_id = ? AND id < ? AND (outcome = 'finished'"
        " OR id IN (SELECT run_id FROM run_acceptances))",
        (site_id, before),
    ).fetchone()
    return int(row[0]) if row[0] is not None else None


def accept(archive: Archive, site_id: str) -> int:
    """Note a person's word that the last walk of a site saw what is there; return its run.

    Args:
        archive: the archive.
        site_id: the site.

    Raises:
        NothingToAcceptError: the site's last walk was good, or did not come to its end.

    """
    row = archive.db.execute(
        "SELECT id, outcome, reason FROM runs WHERE site_id = ? ORDER BY id DESC LIMIT 1",
        (site_id,),
    ).fetchone()
    if row is None:
        known = ", ".join(name for (name,) in archive.db.execute("SELECT id FROM sites"))
        raise NothingToAcceptError(f"no walk of {site_id} is known; sites are {known or 'none'}")
    run_id, outcome, reason = row
    if outcome == "finished":
        raise NothingToAcceptError(
            f"run {run_id} of {site_id} finished well: there is nothing to accept"
        )
    if outcome != "failed" or (reason or "").partition(":")[0] not in HEALTH_RULES:
        raise NothingToAcceptError(
            f"run {run_id} of {site_id} ended before it had seen the site "
            f"({outcome or 'not finished'}: {reason or 'no reason'}): walk it again"
        )
    accepted_at = now()
    with archive.transaction() as db:
        db.execute("INSERT OR IGNORE INTO run_acceptances VALUES (?, ?)", (run_id, accepted_at))
        note_run(archive, run_id, "accepted", accepted_at, {})
    return int(run_id)


# A document that waits for the walk to be judged stands for the one it is to replace.
_FILL = """
WITH held AS (
    SELECT p.document_id FROM pending_sources p WHERE p.site_id = :site
    UNION
    SELECT s.document_id FROM sources s WHERE s.site_id = :site AND s.is_current = 1
    AND NOT EXISTS (SELECT 1 FROM pending_sources p WHERE p.url = s.url)
), found AS (
    SELECT d.id, d.status IN ('verified', 'read', 'partial') AS readable
    FROM held JOIN documents d ON d.id = held.document_id
)
SELECT count(*), coalesce(sum(readable), 0),
    (SELECT count(*) FROM cells c JOIN found f ON f.id = c.document_id WHERE f.readable),
    (SELECT count(*) FROM cells c JOIN found f ON f.id = c.document_id
     WHERE f.readable AND c.state <> 'unread')
FROM found
"""


_REPLACED = """
SELECT count(*), coalesce(sum(d.status NOT IN ('verified', 'read', 'partial')), 0)
FROM pending_sources p JOIN documents d ON d.id = p.document_id
JOIN sources s ON s.url = p.url AND s.is_current = 1 AND s.document_id <> p.document_id
JOIN documents e ON e.id = s.document_id AND e.status IN ('verified', 'read', 'partial')
WHERE p.site_id = :site
"""


def fill_counts(archive: Archive, site_id: str) -> dict[str, int]:
    """Return how many documents a site has, how many are readable, and so with their cells."""
    known, readable, cells, read = archive.db.execute(_FILL, {"site": site_id}).fetchone()
    replaced, spoiled = archive.db.execute(_REPLACED, {"site": site_id}).fetchone()
    return {
        "known": known,
        "readable": readable,
        "cells": cells,
        "cells_read": read,
        "replaced": replaced,
        "spoiled": spoiled,
    }


def _columns(archive: Archive, run_id: int) -> tuple[Column, ...]:
    rows = archive.db.execute(
        "SELECT url, name, items, pages, pager FROM run_columns WHERE run_id = ? ORDER BY url",
        (run_id,),
    )
    return tuple(Column(*row) for row in rows)


def _counts(archive: Archive, run_id: int) -> dict[str, int]:
    row = archive.db.execute("SELECT counts, outcome FROM runs WHERE id = ?", (run_id,)).fetchone()
    counts: dict[str, int] = json.loads(row[0] or "{}")
    if row[1] == "finished":
        # What it had replaced has come to count; what an accepted run had still waits.
        counts.pop("spoiled", None)
    return counts


def _removed(
    archive: Archive, tonight: Collection[int], columns: Iterable[Column]
) -> dict[str, int]:
    """Return, by column, how many known articles of it answered tonight that they are gone."""
    rows = archive.db.execute(
        "SELECT s.parent_url, count(DISTINCT s.url) FROM run_visits v"
        " JOIN sources s ON s.url = v.url AND s.is_current = 1"
        " WHERE v.run_id IN (SELECT value FROM json_each(?))"
        " AND v.status IN (?, ?) AND s.parent_url IS NOT NULL GROUP BY s.parent_url",
        (json.dumps(list(tonight)), *_GONE),
    ).fetchall()
    # Further pages of a list lie beside its first one.
    urls = {column.url for column in columns}
    beside = Counter(_folder(url) for url in urls)
    by_folder = {_folder(url): url for url in urls}
    removed: Counter[str] = Counter()
    for page, number in rows:
        if page in urls:
            removed[page] += number
        elif beside[_folder(page)] == 1:
            removed[by_folder[_folder(page)]] += number
    return dict(removed)


def _folder(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[0]
