"""Copies: which earlier reports have the same text, found without comparing all with all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from sqlite_utils import Database

from pipeline.series.case import Copy, Held, Text, texts
from pipeline.series.rules import copied
from pipeline.series.text import SECTIONS, buckets, common_passage, similarity
from pipeline.series.unsettled import mark_touched

# From here on two sections are near-identical.
NEAR = 0.8
# A text that more reports than this share is a circular or a template, no agency's own: it does
# not count, and the work for one report stays bounded however many reports there are.
CROWD = 50
# Two texts with 80 % of their shingles in common share at least so many buckets in 98 of 100 cases,
# two with 30 % in 4 of 1000.
_SHARED = 2
# Candidates compared word by word, those first that share most buckets.
_COMPARED = 3


def renew_sketch(db: Database, report_id: int) -> None:
    """Bring the sketch of a report up to date and mark the reports that share text with it.

    Args:
        db: the database, inside a transaction.
        report_id: a report, or the former number of one that is gone.

    """
    row = db.execute("SELECT buckets FROM sketches WHERE report_id = ?", (report_id,)).fetchone()
    before = {int(bucket) for bucket in row[0].split()} if row else set()
    found = texts(db, report_id)
    after = {
        bucket
        for section in SECTIONS
        if section in found
        for bucket in buckets(section, found[section].shingles)
    }
    crowds, sharing = _members(db, before)
    touched = {member for bucket in before - after for member in crowds.get(bucket, ())}
    if after != before:
        db.conn.executemany(
            "DELETE FROM sketch_buckets WHERE bucket = ? AND report_id = ?",
            [(bucket, report_id) for bucket in before - after],
        )
        db.conn.executemany(
            "INSERT INTO sketch_buckets (bucket, report_id) VALUES (?, ?)",
            [(bucket, report_id) for bucket in sorted(after - before)],
        )
        db.execute("DELETE FROM sketches WHERE report_id = ?", (report_id,))
        if after:
            db.execute(
                "INSERT INTO sketches VALUES (?, ?)",
                (report_id, " ".join(map(str, sorted(after)))),
            )
        crowds, more = _members(db, after)
        sharing |= more
        new = {bucket: crowds[bucket] for bucket in after - before if bucket in crowds}
        touched.update(_losing(db, new))
    mark_touched(db, touched - {report_id})
    mark_touched(db, _followers(db, sharing, report_id))


def _followers(db: Database, reports: set[int], report_id: int) -> list[int]:
    """Return the reports that can have copied from a report: of other bodies, and none before it.

    Without this half of a country would be settled again for each report that is added to it.
    """
    row = db.execute(
        "SELECT r.year, a.key FROM reports r JOIN agencies a ON a.id = r.agency_id WHERE r.id = ?",
        (report_id,),
    ).fetchone()
    if row is None:
        return sorted(reports)
    marks = ", ".join("?" * len(reports))
    rows = db.execute(
        "SELECT r.id FROM reports r JOIN agencies a ON a.id = r.agency_id"  # noqa: S608 - question marks only
        f" WHERE r.id IN ({marks}) AND a.key <> ? AND (r.year, a.key) > (?, ?)",
        (*reports, row[1], *row),
    ).fetchall()
    return [number for (number,) in rows]


def _bucket(db: Database, bucket: int) -> list[int]:
    """Return the reports of a bucket; of a crowded one more than ``CROWD``, but not all."""
    rows = db.execute(
        "SELECT report_id FROM sketch_buckets WHERE bucket = ? LIMIT ?", (bucket, CROWD + 2)
    ).fetchall()
    return [row[0] for row in rows]


def _members(db: Database, numbers: set[int]) -> tuple[dict[int, list[int]], set[int]]:
    """Return the reports for which a change in these buckets can matter.

    Returns:
        The buckets that have just become crowded, or cease to be when one report leaves, with all
        their reports, as they no longer count, or count again, between any two of them; and the
        reports that share enough buckets.

    """
    crowds: dict[int, list[int]] = {}
    shared: Counter[int] = Counter()
    for number in numbers:
        found = _bucket(db, number)
        if len(found) <= CROWD:
            shared.update(found)
        elif len(found) == CROWD + 1:
            crowds[number] = found
    return crowds, {report for report, count in shared.items() if count >= _SHARED}


def _losing(db: Database, crowds: Mapping[int, Collection[int]]) -> Iterator[int]:
    """Yield the reports that may lose a copy, or get another one, by buckets that become crowded.

    Who had no copy gets none by having fewer candidates, if all of them were compared.
    """
    for report in {report for found in crowds.values() for report in found}:
        said = db.execute(
            "SELECT 1 FROM findings WHERE report_id = ? AND rule = ?", (report, copied.id)
        ).fetchone()
        if said or _candidates(db, report, crowds) > _COMPARED:
            yield report


def _candidates(db: Database, report: int, counting: Collection[int]) -> int:
    """Return how many reports share enough buckets with one, crowded ones counting too if told."""
    row = db.execute("SELECT buckets FROM sketches WHERE report_id = ?", (report,)).fetchone()
    shared: Counter[int] = Counter()
    for number in map(int, row[0].split() if row else ()):
        found = _bucket(db, number)
        if len(found) <= CROWD or number in counting:
            shared.update(found)
    del shared[report]
    return sum(count >= _SHARED for count in shared.values())


def find_copies(
    db: Database, report: Held, own: dict[int, Text], earlier: dict[int, Text], before: Held | None
) -> Iterator[Copy]:
    """Yield the sections of a report that stand in an earlier one too, at most one a section.

    Args:
        db: the database.
        report: the report.
        own: its texts.
        earlier: texts of the body's last report.
        before: that report, None when there is none.

    """
    for section in SECTIONS:
        text = own.get(section)
        if text is None or not text.shingles:
            continue
        last = earlier.get(section)
        if before is not None and last is not None:
            value = similarity(text.shingles, last.shingles)
            if value >= NEAR:
                yield _copy(text, last, (before.agency, before.year), value, own=True)
                continue
        found = _elsewhere(db, report, text)
        if found is not None:
            yield found


def _elsewhere(db: Database, report: Held, text: Text) -> Copy | None:
    """Return the nearest copy of a text in another body's report of that year or before."""
    shared: Counter[int] = Counter()
    for number in buckets(text.ordinal, text.shingles):
        members = _bucket(db, number)
        if len(members) <= CROWD:
            shared.update(members)
    del shared[report.report_id]
    alike = [number for number, count in shared.items() if count >= _SHARED]
    if not alike:
        return None
    marks = ", ".join("?" * len(alike))
    candidates = []
    for number, year, key, name in db.execute(
        "SELECT r.id, r.year, a.key, a.name FROM reports r JOIN agencies a ON a.id = r.agency_id"  # noqa: S608 - question marks only
        f" WHERE r.id IN ({marks})",
        tuple(alike),
    ).fetchall():
        precedes = (year, key) < (report.year, report.agency_key)
        if key != report.agency_key and precedes:
            candidates.append((-shared[number], year, key, name, number))
    best: Copy | None = None
    for _, year, _, name, number in sorted(candidates)[:_COMPARED]:
        other = texts(db, number).get(text.ordinal)
        value = similarity(text.shingles, other.shingles) if other else 0.0
        if other and value >= NEAR and (best is None or value > best.value):
            best = _copy(text, other, (name, year), value, own=False)
    return best


def _copy(text: Text, other: Text, whose: tuple[str, int], value: float, *, own: bool) -> Copy:
    passage = common_passage(text.words, other.shingles)
    return Copy(text.ordinal, text.place, *whose, own, value, passage)
