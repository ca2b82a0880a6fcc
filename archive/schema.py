"""Schema of the archive, as numbered migrations.

A migration is never edited once it has landed; a change is a new one.
Tables named ``run…`` record what one run did; every other table depends on bytes alone, so a
second walk over unchanged sites leaves them equal row by row.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from archive.changes import create_changes, tell_of_events
from archive.codebook import metrics
from archive.content import fill_content_digests
from archive.indicators import create_indicators
from archive.measures import measures
from archive.search import create_tables, index_by_report
from archive.summary import create_summary
from archive.tables import AUDIT, BLOCKS, FOUNDATION, HISTORY, NARRATIVE
from archive.views import create_views

migrations = Migrations("nianbao")


def _execute_all(db: Database, script: str) -> None:
    # executescript() would commit the transaction that the migration runs in.
    for statement in script.split(";"):
        if statement.strip():
            db.execute(statement)


@migrations(name="0001_foundation")
def foundation(db: Database) -> None:
    """Create the tables for sites, captures, documents, reports, cells and findings."""
    _execute_all(db, FOUNDATION)
    db.table("metrics").insert_all(
        {
            "id": number,
            "code": m.code,
            "table": m.table,
            "row_group": m.row_group,
            "row_label": m.row_label,
            "column_label": m.column_label,
            "row_code": m.row_code,
            "column_code": m.column_code,
            "unit": m.unit,
            "value_type": m.value_type,
            "is_total": m.is_total,
            "order_2019": m.order_2019,
            "order_2021": m.order_2021,
            "law_basis": m.law_basis,
            "maps_to": m.maps_to,
            "mapping": m.mapping,
        }
        for number, m in enumerate(metrics().values(), start=1)
    )


@migrations(name="0002_search")
def full_text_search(db: Database) -> None:
    """Create the full-text index of the reports."""
    create_tables(db)


@migrations(name="0003_views")
def reading_views(db: Database) -> None:
    """Create the views that show reports, metrics, cells and sources with their names."""
    create_views(db)


@migrations(name="0004_narrative")
def narrative(db: Database) -> None:
    """Create the list of measures, the statements, and what figures say about each other."""
    _execute_all(db, NARRATIVE)
    db.table("measures").insert_all(
        {
            "code": measure.code,
            "label": measure.label,
            "units": "|".join(measure.units),
            "counts": measure.counts,
            "cells": "|".join(measure.cells),
        }
        for measure in measures().values()
    )


@migrations(name="0005_audit")
def audit(db: Database) -> None:
    """Add rules, verdicts, derived values, what series compare, and the indicators."""
    _execute_all(db, AUDIT)
    # Reports of an archive that is older than the audit have no series settled yet.
    db.execute(
        "INSERT INTO unsettled (report_id, agency_id, stage)"
        " SELECT id, agency_id, 'changed' FROM reports"
    )
    create_indicators(db)


@migrations(name="0006_changes")
def changes(db: Database) -> None:
    """Create the view that tells what turned up, was replaced or went away."""
    create_changes(db)


@migrations(name="0007_summary")
def summary(db: Database) -> None:
    """Create the tables that a release sums up in, and the indexes of long lists."""
    create_summary(db)


@migrations(name="0008_search_by_report")
def search_by_report(db: Database) -> None:
    """Make the full-text index one of whole reports."""
    index_by_report(db)


@migrations(name="0009_history")
def history(db: Database) -> None:
    """Add what became of addresses, what waits for a walk to be judged, and counts of columns."""
    _execute_all(db, HISTORY)
    fill_content_digests(db)
    tell_of_events(db)


@migrations(name="0010_blocks")
def blocks(db: Database) -> None:
    """Add the numbers given to walks on other machines, and indexes that many sites want."""
    _execute_all(db, BLOCKS)


@migrations(name="0011_index_of_releases")
def index_of_releases(db: Database) -> None:
    """Leave the index of cells by metric to releases: each report wrote to 200 pages of it."""
    db.execute("DROP INDEX cells_metric")
