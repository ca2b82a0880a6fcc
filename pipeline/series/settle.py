"""Settle: rules over several reports, for those that changed and those that they touch."""

from __future__ import annotations

from sqlite_utils import Database

from archive.home import Archive
from pipeline.check.checker import RULES
from pipeline.finding import Verdict
from pipeline.keep import write_findings, write_verdicts
from pipeline.series.case import Case, Copy, Held, Text, changes, held_reports, texts
from pipeline.series.copies import find_copies, renew_sketch
from pipeline.series.rules import GROUPED, NOTES, SERIES_RULES, copied
from pipeline.series.text import similarity
from pipeline.series.unsettled import mark_all

# Reports or agencies in one transaction.
_BATCH = 200
_IDS = tuple(dict.fromkeys((*(one.id for one in SERIES_RULES), NOTES[0][0])))


def settle_series(archive: Archive, *, everything: bool = False) -> int:
    """Settle the rules over several reports.

    Args:
        archive: the archive.
        everything: settle all reports anew; what is stored afterwards is the same either way.

    Returns:
        How many agencies were looked at.

    """
    with archive.transaction() as db:
        _write_rules(db)
        if everything:
            mark_all(db)
    while _renew_sketches(archive):
        pass
    count = 0
    while settled := _settle_batch(archive):
        count += settled
    return count


def _write_rules(db: Database) -> None:
    # An id stands twice where a part of the rule needs other years.
    rows = [(r.id, r.severity, r.scope, r.title, r.source) for r in RULES]
    rows.extend((r.id, r.severity, r.scope, r.title, r.source) for r in SERIES_RULES)
    rows.extend((*NOTES, *GROUPED))
    db.execute("DELETE FROM rules")
    db.conn.executemany("INSERT INTO rules VALUES (?, ?, ?, ?, ?)", rows)


def _renew_sketches(archive: Archive) -> int:
    with archive.transaction() as db:
        rows = db.execute(
            "SELECT report_id, agency_id FROM unsettled WHERE stage = 'changed' LIMIT ?", (_BATCH,)
        ).fetchall()
        for report_id, agency_id in rows:
            renew_sketch(db, report_id)
            db.execute(
                "UPDATE unsettled SET stage = 'sketched' WHERE report_id = ? AND agency_id = ?",
                (report_id, agency_id),
            )
    return len(rows)


def _settle_batch(archive: Archive) -> int:
    with archive.transaction() as db:
        agencies = [
            row[0]
            for row in db.execute(
                "SELECT DISTINCT agency_id FROM unsettled ORDER BY agency_id LIMIT ?", (_BATCH,)
            ).fetchall()
        ]
        for agency_id in agencies:
            _settle_agency(db, agency_id)
    return len(agencies)


def _settle_agency(db: Database, agency_id: int) -> None:
    """Settle the waiting reports of an agency, and each that follows a changed one."""
    waiting = dict(
        db.execute(
            "SELECT report_id, stage FROM unsettled WHERE agency_id = ?", (agency_id,)
        ).fetchall()
    )
    gone = [
        number
        for number in waiting
        if not db.execute("SELECT 1 FROM reports WHERE id = ?", (number,)).fetchone()
    ]
    for number in gone:
        db.execute("DELETE FROM similarities WHERE report_id = ?", (number,))
    earlier: Held | None = None
    earlier_texts: dict[int, Text] | None = None
    for report in held_reports(db, agency_id):
        own: dict[int, Text] | None = None
        after_changed = earlier is not None and waiting.get(earlier.report_id) == "sketched"
        if gone or after_changed or report.report_id in waiting:
            own = texts(db, report.report_id)
            if earlier_texts is None and earlier is not None:
                earlier_texts = texts(db, earlier.report_id)
            copies = tuple(find_copies(db, report, own, earlier_texts or {}, earlier))
            if gone or after_changed or waiting[report.report_id] != "touched":
                _settle_report(db, report, own, earlier, earlier_texts or {}, copies)
            else:
                _settle_copies(db, Case(report, earlier, copies))
        earlier, earlier_texts = report, own
    db.execute("DELETE FROM unsettled WHERE agency_id = ?", (agency_id,))


def _settle_copies(db: Database, case: Case) -> None:
    """Settle the one rule that rests on texts of others, for a report that did not change itself.

    A text that becomes common does so for all who have it, half a hundred reports at a time.
    """
    report = case.report
    findings, verdict = copied.apply(case)
    db.execute(
        "DELETE FROM findings WHERE report_id = ? AND rule = ?", (report.report_id, copied.id)
    )
    owner = {"report_id": report.report_id, "document_id": report.document_id}
    write_findings(db, f"{report.agency_key}/{report.year}", findings, owner)
    db.execute(
        "UPDATE verdicts SET outcome = ?, reason = ?"
        " WHERE document_id = ? AND rule = ? AND scope = 'series'",
        (verdict.outcome, verdict.reason, report.document_id, copied.id),
    )


def _settle_report(  # noqa: PLR0913, PLR0917
    db: Database,
    report: Held,
    own: dict[int, Text],
    earlier: Held | None,
    earlier_texts: dict[int, Text],
    copies: tuple[Copy, ...],
) -> None:
    case = Case(report, earlier, copies, changes(db, report.report_id))
    said = [one.apply(case) for one in SERIES_RULES]
    marks = ", ".join("?" * len(_IDS))
    db.execute(
        f"DELETE FROM findings WHERE report_id = ? AND rule IN ({marks})",  # noqa: S608 - question marks only
        (report.report_id, *_IDS),
    )
    owner = {"report_id": report.report_id, "document_id": report.document_id}
    findings = [finding for found, _ in said for finding in found]
    write_findings(db, f"{report.agency_key}/{report.year}", findings, owner)
    db.execute(
        "DELETE FROM verdicts WHERE scope = 'series'"
        " AND document_id IN (SELECT id FROM documents WHERE report_id = ?)",
        (report.report_id,),
    )
    verdicts = [verdict for _, verdict in said]
    for identity, *_ in GROUPED:
        broken = db.execute(
            "SELECT 1 FROM findings WHERE report_id = ? AND rule = ?", (report.report_id, identity)
        ).fetchone()
        verdicts.append(Verdict(identity, "failed" if broken else "passed"))
    write_verdicts(db, report.document_id, verdicts, "series")
    db.execute("DELETE FROM similarities WHERE report_id = ?", (report.report_id,))
    if earlier is not None:
        db.conn.executemany(
            "INSERT INTO similarities VALUES (?, ?, ?, ?)",
            [
                (
                    report.report_id,
                    section,
                    earlier.report_id,
                    similarity(text.shingles, earlier_texts[section].shingles),
                )
                for section, text in own.items()
                if text.shingles and section in earlier_texts and earlier_texts[section].shingles
            ],
        )
