"""The list of reports whose series rules are out of date.

A report waits as changed until its text sketch is renewed, then as sketched until its agency is
settled; one that only shares text with a changed report, or follows it, waits as touched.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database


def mark_changed(db: Database, report_id: int) -> None:
    """Note that a report is new, has other documents, or is about to go.

    Args:
        db: the database, inside a transaction.
        report_id: the report; its row still exists.

    """
    db.execute(
        "INSERT OR REPLACE INTO unsettled (report_id, agency_id, stage)"
        " SELECT id, agency_id, 'changed' FROM reports WHERE id = ?",
        (report_id,),
    )


def mark_touched(db: Database, reports: Iterable[int]) -> None:
    """Note reports that have to be compared again; one that has changed itself stays changed."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO unsettled (report_id, agency_id, stage)"
        " SELECT id, agency_id, 'touched' FROM reports WHERE id = ?",
        [(report_id,) for report_id in reports],
    )


def mark_all(db: Database) -> None:
    """Note every report as changed: a full pass follows."""
    db.execute(
        "INSERT OR REPLACE INTO unsettled (report_id, agency_id, stage)"
        " SELECT id, agency_id, 'changed' FROM reports"
    )
