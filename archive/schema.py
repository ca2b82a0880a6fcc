"""Schema of the archive, as numbered migrations.

A migration is never edited once it has landed; a change is a new one.
Tables named ``run…`` record what one run did; every other table depends on bytes alone, so a
second walk over unchanged sites leaves them equal row by row.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from archive.codebook import metrics
from archive.search import create_tables
from archive.views import create_views

migrations = Migrations("nianbao")

_FOUNDATION = """
CREATE TABLE sites (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    region_code TEXT NOT NULL,
    region_name TEXT NOT NULL,
    region_parents TEXT NOT NULL,
    home TEXT NOT NULL,
    hosts TEXT NOT NULL
);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites(id),
    started_at TEXT NOT NULL,
    finished_at TEXT,
    outcome TEXT,
    reason TEXT,
    counts TEXT
);
CREATE TABLE payloads (
    digest TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    format TEXT
);
CREATE TABLE captures (
    id INTEGER PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites(id),
    url TEXT NOT NULL,
    status INTEGER NOT NULL,
    digest TEXT NOT NULL REFERENCES payloads(digest),
    captured_at TEXT NOT NULL,
    content_type TEXT,
    etag TEXT,
    last_modified TEXT,
    location TEXT,
    headers TEXT NOT NULL,
    referrer TEXT,
    warc_file TEXT NOT NULL,
    warc_offset INTEGER NOT NULL,
    warc_length INTEGER NOT NULL,
    UNIQUE (url, status, digest)
);
CREATE INDEX captures_digest ON captures(digest);
CREATE TABLE run_visits (
    run_id INTEGER NOT NULL REFERENCES runs(id),
    url TEXT NOT NULL,
    visited_at TEXT NOT NULL,
    status INTEGER NOT NULL,
    capture_id INTEGER REFERENCES captures(id),
    note TEXT
);
CREATE INDEX run_visits_url ON run_visits(url, visited_at);
CREATE INDEX run_visits_run ON run_visits(run_id);
CREATE INDEX run_visits_capture ON run_visits(capture_id);
CREATE TABLE agencies (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    region_code TEXT NOT NULL,
    area_code TEXT,
    basis TEXT NOT NULL
);
CREATE TABLE agency_names (
    agency_id INTEGER NOT NULL REFERENCES agencies(id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    first_year INTEGER,
    last_year INTEGER,
    PRIMARY KEY (agency_id, name, kind)
) WITHOUT ROWID;
CREATE TABLE reports (
    id INTEGER PRIMARY KEY,
    agency_id INTEGER NOT NULL REFERENCES agencies(id),
    year INTEGER NOT NULL,
    document_id INTEGER REFERENCES documents(id),
    status TEXT NOT NULL,
    template TEXT,
    title TEXT NOT NULL,
    published TEXT,
    UNIQUE (agency_id, year)
);
CREATE INDEX reports_document ON reports(document_id);
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE REFERENCES payloads(digest),
    format TEXT NOT NULL,
    status TEXT NOT NULL,
    report_id INTEGER REFERENCES reports(id),
    agency_printed TEXT,
    year INTEGER,
    title TEXT,
    template TEXT,
    period_start TEXT,
    period_end TEXT,
    signed TEXT,
    preamble TEXT,
    reader TEXT NOT NULL
);
CREATE INDEX documents_report ON documents(report_id);
CREATE TABLE sources (
    document_id INTEGER NOT NULL REFERENCES documents(id),
    url TEXT NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures(id),
    site_id TEXT NOT NULL REFERENCES sites(id),
    role TEXT NOT NULL,
    parent_url TEXT,
    link_text TEXT,
    column_path TEXT,
    published TEXT,
    is_current INTEGER NOT NULL,
    PRIMARY KEY (document_id, url)
) WITHOUT ROWID;
CREATE INDEX sources_url ON sources(url);
CREATE INDEX sources_capture ON sources(capture_id);
CREATE TABLE sections (
    document_id INTEGER NOT NULL REFERENCES documents(id),
    ordinal INTEGER NOT NULL,
    heading TEXT NOT NULL,
    text TEXT NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (document_id, ordinal)
) WITHOUT ROWID;
CREATE TABLE contacts (
    document_id INTEGER PRIMARY KEY REFERENCES documents(id),
    office TEXT,
    address TEXT,
    postcode TEXT,
    phone TEXT,
    fax TEXT,
    email TEXT,
    website TEXT
);
CREATE TABLE metrics (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    "table" TEXT NOT NULL,
    row_group TEXT NOT NULL,
    row_label TEXT NOT NULL,
    column_label TEXT NOT NULL,
    row_code TEXT NOT NULL,
    column_code TEXT NOT NULL,
    unit TEXT NOT NULL,
    value_type TEXT NOT NULL,
    is_total INTEGER NOT NULL,
    order_2019 INTEGER,
    order_2021 INTEGER,
    law_basis TEXT NOT NULL,
    maps_to TEXT NOT NULL,
    mapping TEXT NOT NULL
);
CREATE TABLE cells (
    document_id INTEGER NOT NULL REFERENCES documents(id),
    metric_id INTEGER NOT NULL REFERENCES metrics(id),
    raw TEXT,
    value NUMERIC,
    state TEXT NOT NULL CHECK (state IN ('value', 'blank', 'dash', 'note', 'unread')),
    note TEXT,
    place TEXT NOT NULL,
    PRIMARY KEY (document_id, metric_id)
) WITHOUT ROWID;
CREATE INDEX cells_metric ON cells(metric_id, document_id, value);
CREATE TABLE figures (
    document_id INTEGER NOT NULL REFERENCES documents(id),
    ordinal INTEGER NOT NULL,
    section INTEGER NOT NULL,
    raw TEXT NOT NULL,
    value NUMERIC NOT NULL,
    unit TEXT NOT NULL,
    kind TEXT NOT NULL,
    clause TEXT NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (document_id, ordinal)
) WITHOUT ROWID;
CREATE TABLE findings (
    id TEXT PRIMARY KEY,
    document_id INTEGER REFERENCES documents(id),
    report_id INTEGER REFERENCES reports(id),
    site_id TEXT REFERENCES sites(id),
    url TEXT,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('error', 'warning', 'info')),
    message TEXT NOT NULL,
    quote TEXT NOT NULL,
    place TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX findings_document ON findings(document_id);
CREATE INDEX findings_report ON findings(report_id);
CREATE INDEX findings_rule ON findings(rule);
"""


def _execute_all(db: Database, script: str) -> None:
    # executescript() would commit the transaction that the migration runs in.
    for statement in script.split(";"):
        if statement.strip():
            db.execute(statement)


@migrations(name="0001_foundation")
def foundation(db: Database) -> None:
    """Create the tables for sites, captures, documents, reports, cells and findings."""
    _execute_all(db, _FOUNDATION)
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
